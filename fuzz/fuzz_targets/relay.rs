//! Checked: the relay's core against any requests of three connections, batched, with crashes and
//! time between. It never panics; every request is answered once; places rise by one; what is
//! delivered is what was acknowledged, without gaps; after a crash all of it is still there.
//!
//! The input is a list of steps. Addresses, secrets and ids are few, so that requests meet; a step
//! may also be a frame's own bytes, as a client sends them.
//!
//! Run: `cargo xtask fuzz relay`.
//! Replay: `cargo +nightly fuzz run relay fuzz/artifacts/relay/crash-…`.
//!
//! Not asserted: which reason a refusal has, and what becomes of invitations and key packages:
//! `crates/relay/tests` does. Sockets and the handshake are not played.
#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use snug_fuzz::relay::Checked;
use snug_relay::core::Peer;
use snug_wire::frame::{
    Attachment, ClientFrame, Cursor, MailboxKind, Publish, Put, Request, Stock,
};
use snug_wire::{Address, ClaimId, EnvelopeId, FRAME_LIMIT, InvitationId, LockSecret, Seq, decode};

const MINUTE: u64 = 60_000;
/// Enough for entries to grow too old, and too few in all for a mailbox to be given up.
const DAYS: u64 = 31 * 1_440 * MINUTE;
/// Steps of an input: eleven of the long ones stay below a year.
const STEPS: usize = 64;

fuzz_target!(|bytes: &[u8]| {
    let mut relay = Checked::new();
    let mut input = Unstructured::new(bytes);
    let mut days = 0;
    for _ in 0..STEPS {
        if input.is_empty() || step(&mut input, &mut relay, &mut days).is_err() {
            break;
        }
    }
    relay.is_all_there(&[0, 1, 2].map(secret));
});

fn step(input: &mut Unstructured<'_>, relay: &mut Checked, days: &mut u32) -> Result<()> {
    match input.int_in_range(0..=9)? {
        0..=4 => {
            let mut batch = Vec::new();
            for _ in 0..input.int_in_range(1..=6)? {
                batch.push((peer(input)?, request(input)?));
            }
            relay.batch(batch);
        }
        5 => raw(input, relay)?,
        6 => relay.pull(peer(input)?),
        7 => relay.disconnect(peer(input)?),
        8 => relay.crash(),
        _ if input.arbitrary()? || *days == 11 => relay.pass(6 * MINUTE),
        _ => {
            *days += 1;
            relay.pass(DAYS);
        }
    }
    Ok(())
}

/// What a connection makes of a message: a request, or nothing.
fn raw(input: &mut Unstructured<'_>, relay: &mut Checked) -> Result<()> {
    let peer = peer(input)?;
    let length = input.arbitrary_len::<u8>()?;
    if let Ok(ClientFrame::Request(_, request)) = decode(input.bytes(length)?, FRAME_LIMIT) {
        relay.batch(vec![(peer, request)]);
    }
    Ok(())
}

fn peer(input: &mut Unstructured<'_>) -> Result<Peer> {
    Ok(Peer(input.int_in_range(1..=3)?))
}

fn few(input: &mut Unstructured<'_>) -> Result<u8> {
    input.int_in_range(0..=2)
}

fn secret(n: u8) -> LockSecret {
    LockSecret::new([n; 32])
}

fn address(input: &mut Unstructured<'_>) -> Result<Address> {
    Ok(Address([few(input)?; 32]))
}

fn with(input: &mut Unstructured<'_>) -> Result<LockSecret> {
    Ok(secret(few(input)?))
}

fn invitation(input: &mut Unstructured<'_>) -> Result<InvitationId> {
    Ok(InvitationId([few(input)?; 16]))
}

fn seq(input: &mut Unstructured<'_>) -> Result<Seq> {
    Ok(Seq(match input.int_in_range(0..=15_u8)? {
        15 => input.arbitrary()?,
        small => small.into(),
    }))
}

fn some_bytes(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let length = input.int_in_range(0..=200)?;
    Ok(vec![few(input)?; length])
}

fn request(input: &mut Unstructured<'_>) -> Result<Request> {
    Ok(match input.int_in_range(0..=17)? {
        0 => Request::Create(address(input)?, kind(input)?, with(input)?.lock()),
        1 | 2 => Request::Open(address(input)?, with(input)?, cursor(input)?),
        3 => Request::Close(address(input)?),
        4 => Request::Fetch(address(input)?, seq(input)?, with(input)?),
        5 => Request::Signal(address(input)?, with(input)?, some_bytes(input)?),
        6 => Request::Trim(address(input)?, with(input)?, seq(input)?),
        7 => Request::Retire(address(input)?, with(input)?),
        8 => Request::Publish(publish(input)?),
        9 => Request::Card(invitation(input)?),
        10 => Request::Claim(invitation(input)?, ClaimId([few(input)?; 16])),
        11 => Request::Revoke(invitation(input)?, with(input)?),
        12 => Request::Stock(stock(input)?),
        13 => Request::Take(address(input)?),
        _ => Request::Put(put(input)?),
    })
}

fn kind(input: &mut Unstructured<'_>) -> Result<MailboxKind> {
    Ok(*input.choose(&[
        MailboxKind::Conversation,
        MailboxKind::Inbox,
        MailboxKind::Rendezvous,
    ])?)
}

fn cursor(input: &mut Unstructured<'_>) -> Result<Option<Cursor>> {
    if input.arbitrary()? {
        return Ok(None);
    }
    Ok(Some(Cursor {
        generation: input.int_in_range(0..=4)?,
        seq: seq(input)?,
        id: EnvelopeId([input.int_in_range(0..=15)?; 16]),
    }))
}

fn put(input: &mut Unstructured<'_>) -> Result<Put> {
    let flagged = input.ratio(1, 4)?;
    Ok(Put {
        address: address(input)?,
        secret: if input.ratio(1, 8)? { None } else { Some(with(input)?) },
        id: EnvelopeId([input.int_in_range(0..=15)?; 16]),
        flagged,
        rests_on: seq(input)?,
        lock: if input.ratio(1, 4)? { Some(with(input)?.lock()) } else { None },
        attachments: if flagged { attachments(input)? } else { Vec::new() },
        bytes: some_bytes(input)?,
    })
}

fn attachments(input: &mut Unstructured<'_>) -> Result<Vec<Attachment>> {
    let mut attachments = Vec::new();
    for _ in 0..few(input)? {
        attachments.push(Attachment {
            lock: with(input)?.lock(),
            bytes: some_bytes(input)?,
        });
    }
    Ok(attachments)
}

fn publish(input: &mut Unstructured<'_>) -> Result<Publish> {
    Ok(Publish {
        id: invitation(input)?,
        lock: with(input)?.lock(),
        uses: input.arbitrary()?,
        expires_at: input.arbitrary()?,
        card: some_bytes(input)?,
    })
}

fn stock(input: &mut Unstructured<'_>) -> Result<Stock> {
    let mut packages = Vec::new();
    for _ in 0..few(input)? {
        packages.push(some_bytes(input)?.into());
    }
    Ok(Stock {
        address: address(input)?,
        secret: with(input)?,
        packages,
        last_resort: if input.arbitrary()? { Some(some_bytes(input)?.into()) } else { None },
    })
}
