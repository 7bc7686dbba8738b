//! The relay's protocol: a proof of keys, a mailbox with a lock, puts that are answered.

use super::line::{Heard, Line, said, stamp};
use anyhow::{Context as _, Result, bail};
use ed25519_dalek::SigningKey;
use snug_wire::frame::{
    Answer, ClientFrame, Cursor, MailboxKind, Opened, Put, RelayFrame, Request,
};
use snug_wire::handshake::{Auth, Hello, Side, Transcript};
use snug_wire::{
    Address, ConnectionKey, EnvelopeId, FRAME_LIMIT, LockSecret, PROTOCOL_VERSION, Seq, decode,
    encode,
};
use tokio_tungstenite::tungstenite::Message;

const CREATE: u64 = u64::MAX;
const OPEN: u64 = u64::MAX - 1;

/// Where a reader is in its mailbox, and which run of puts this is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// Tells apart the ids of connections that put to one mailbox after one another.
    pub run: u64,
    /// Of the mailbox; 0 before it was opened.
    generation: u64,
    /// The last entry, with its place.
    last: Option<(EnvelopeId, u64)>,
}

impl Place {
    /// The last entry that came; 0 for none.
    pub fn last(&self) -> u64 {
        self.last.map_or(0, |(_, seq)| seq)
    }
}

pub fn address(topic: u64) -> Address {
    let mut address = [0; 32];
    // The mailboxes of a real relay are spread over the whole range.
    let spread = topic.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    address[..8].copy_from_slice(&spread.to_be_bytes());
    address[8..16].copy_from_slice(&topic.to_be_bytes());
    Address(address)
}

pub fn secret(topic: u64) -> LockSecret {
    let mut secret = [5; 32];
    secret[..8].copy_from_slice(&topic.to_be_bytes());
    LockSecret::new(secret)
}

pub fn put(topic: u64, number: u64, place: &Place) -> Vec<u8> {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&place.run.to_be_bytes());
    id[8..].copy_from_slice(&number.to_be_bytes());
    let put = Put {
        address: address(topic),
        secret: Some(secret(topic)),
        id: EnvelopeId(id),
        flagged: false,
        rests_on: Seq(0),
        lock: None,
        attachments: Vec::new(),
        bytes: said(),
    };
    encode(&ClientFrame::Request(number, Request::Put(put)))
}

/// Proves both keys; then makes the mailbox if it is not there, opens it and catches up.
pub async fn greet(line: &mut Line, who: u64) -> Result<()> {
    prove(line, who).await?;
    let (topic, place) = (line.topic, line.snug);
    let cursor = place.last.map(|(id, seq)| Cursor {
        generation: place.generation,
        seq: Seq(seq),
        id,
    });
    if cursor.is_none() {
        let lock = secret(topic).lock();
        let create = Request::Create(address(topic), MailboxKind::Conversation, lock);
        line.say(asked(CREATE, create)).await?;
    }
    let open = Request::Open(address(topic), secret(topic), cursor);
    line.say(asked(OPEN, open)).await
}

/// The handshake alone.
pub async fn prove(line: &mut Line, who: u64) -> Result<()> {
    let mut seed = [9; 32];
    seed[..8].copy_from_slice(&line.topic.to_be_bytes());
    seed[8..16].copy_from_slice(&who.to_be_bytes());
    let key = SigningKey::from_bytes(&seed);
    let hello = Hello {
        version: PROTOCOL_VERSION,
        key: ConnectionKey(key.verifying_key().to_bytes()),
        nonce: rand::random(),
    };
    let message = encode(&ClientFrame::Hello(hello.clone()));
    line.say(message).await?;
    let RelayFrame::Challenge(challenge) = frame(&line.listen().await?)? else {
        bail!("the relay did not prove its key");
    };
    let transcript = Transcript {
        device_nonce: hello.nonce,
        relay_nonce: challenge.nonce,
        connection: hello.key,
        relay: challenge.relay,
    };
    if !transcript.verify(Side::Relay, &challenge.signature) {
        bail!("the relay has another key");
    }
    let signature = transcript.sign(Side::Device, &key);
    let auth = encode(&ClientFrame::Auth(Auth {
        signature,
        token: None,
    }));
    line.say(auth).await
}

pub fn request(number: u64, request: Request) -> Message {
    Message::binary(asked(number, request))
}

fn asked(number: u64, request: Request) -> Vec<u8> {
    encode(&ClientFrame::Request(number, request))
}

pub fn frame(message: &Message) -> Result<RelayFrame> {
    let Message::Binary(bytes) = message else {
        bail!("the relay said {message:?}");
    };
    decode(bytes, FRAME_LIMIT).context("a frame of the relay")
}

/// Anything that is refused, lost or out of order is an error.
pub fn hear(message: &Message, place: &mut Place) -> Result<Heard> {
    if matches!(message, Message::Ping(_) | Message::Pong(_)) {
        return Ok(Heard::Other);
    }
    Ok(match frame(message)? {
        RelayFrame::Answer(_, Answer::Stored(seq)) => Heard::Taken(seq.0),
        RelayFrame::Answer(_, Answer::Opened(Opened { generation, .. })) => {
            place.generation = generation;
            Heard::Other
        }
        RelayFrame::Answer(_, Answer::Done) | RelayFrame::Ready => Heard::Other,
        RelayFrame::Delivery(delivery) => {
            if let Some((_, last)) = place.last
                && delivery.previous.0 != last
            {
                bail!("entries between {last} and {} are lost", delivery.seq.0);
            }
            place.last = Some((delivery.id, delivery.seq.0));
            Heard::Entry(stamp(&delivery.bytes))
        }
        RelayFrame::CaughtUp(_) => Heard::CaughtUp,
        other => bail!("the relay said {other:?}"),
    })
}
