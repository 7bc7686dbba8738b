//! One fixed value for every variant of every frame.

use crate::fixtures::key;
use minicbor::bytes::ByteVec;
use snug_wire::frame::{
    Answer, Attachment, ClientFrame, Cursor, Delivery, MailboxKind, Opened, Publish, Put, Refusal,
    RelayFrame, Request, Stock,
};
use snug_wire::handshake::{Auth, Challenge, Hello, Side, Transcript};
use snug_wire::{
    Address, ClaimId, ConnectionKey, EnvelopeId, InvitationId, Lock, LockSecret, PROTOCOL_VERSION,
    RelayKey, Seq, Token,
};

const MAILBOX: Address = Address([0x21; 32]);
const INVITATION: InvitationId = InvitationId([0x11; 16]);

fn secret() -> LockSecret {
    LockSecret::new([0x31; 32])
}

pub fn transcript() -> Transcript {
    Transcript {
        device_nonce: [0x01; 32],
        relay_nonce: [0x02; 32],
        connection: ConnectionKey(key(0xc0).verifying_key().to_bytes()),
        relay: RelayKey(key(0x7e).verifying_key().to_bytes()),
    }
}

pub fn requests() -> Vec<Request> {
    vec![
        Request::Create(MAILBOX, MailboxKind::Conversation, secret().lock()),
        Request::Create(MAILBOX, MailboxKind::Inbox, secret().lock()),
        Request::Create(MAILBOX, MailboxKind::Rendezvous, secret().lock()),
        Request::Open(MAILBOX, secret(), None),
        Request::Open(
            MAILBOX,
            secret(),
            Some(Cursor {
                generation: u64::MAX,
                seq: Seq(6),
                id: EnvelopeId([0x41; 16]),
            }),
        ),
        Request::Close(MAILBOX),
        Request::Put(Put {
            address: MAILBOX,
            secret: Some(secret()),
            id: EnvelopeId([0x42; 16]),
            flagged: true,
            rests_on: Seq(5),
            lock: Some(Lock([0x43; 32])),
            attachments: vec![Attachment {
                lock: Lock([0x44; 32]),
                bytes: vec![1, 2],
            }],
            bytes: vec![3, 4, 5],
        }),
        Request::Put(Put {
            address: MAILBOX,
            secret: None,
            id: EnvelopeId([0x42; 16]),
            flagged: false,
            rests_on: Seq(0),
            lock: None,
            attachments: vec![],
            bytes: vec![3, 4, 5],
        }),
        Request::Fetch(MAILBOX, Seq(6), secret()),
        Request::Signal(MAILBOX, secret(), vec![9, 8]),
        Request::Trim(MAILBOX, secret(), Seq(6)),
        Request::Retire(MAILBOX, secret()),
        Request::Publish(Publish {
            id: INVITATION,
            lock: secret().lock(),
            uses: Some(1),
            expires_at: Some(1_800_000_000_000),
            card: vec![7, 7],
        }),
        Request::Card(INVITATION),
        Request::Claim(INVITATION, ClaimId([0x44; 16])),
        Request::Revoke(INVITATION, secret()),
        Request::Stock(Stock {
            address: MAILBOX,
            secret: secret(),
            packages: vec![ByteVec::from(vec![1]), ByteVec::from(vec![2])],
            last_resort: Some(ByteVec::from(vec![3])),
        }),
        Request::Take(MAILBOX),
    ]
}

pub fn request_name(request: &Request) -> &'static str {
    match request {
        Request::Create(..) => "Create",
        Request::Open(..) => "Open",
        Request::Close(_) => "Close",
        Request::Put(_) => "Put",
        Request::Fetch(..) => "Fetch",
        Request::Signal(..) => "Signal",
        Request::Trim(..) => "Trim",
        Request::Retire(..) => "Retire",
        Request::Publish(_) => "Publish",
        Request::Card(_) => "Card",
        Request::Claim(..) => "Claim",
        Request::Revoke(..) => "Revoke",
        Request::Stock(_) => "Stock",
        Request::Take(_) => "Take",
    }
}

pub fn client_frames() -> Vec<ClientFrame> {
    let transcript = transcript();
    vec![
        ClientFrame::Hello(Hello {
            version: PROTOCOL_VERSION,
            key: transcript.connection,
            nonce: transcript.device_nonce,
        }),
        ClientFrame::Auth(Auth {
            signature: transcript.sign(Side::Device, &key(0xc0)),
            token: None,
        }),
        ClientFrame::Auth(Auth {
            signature: transcript.sign(Side::Device, &key(0xc0)),
            token: Some(Token::new("e30.e30.AA")),
        }),
        ClientFrame::Request(7, Request::Take(MAILBOX)),
    ]
}

pub fn client_frame_name(frame: &ClientFrame) -> &'static str {
    match frame {
        ClientFrame::Hello(_) => "Hello",
        ClientFrame::Auth(_) => "Auth",
        ClientFrame::Request(..) => "Request",
    }
}

pub fn refusals() -> Vec<Refusal> {
    vec![
        Refusal::Stale(Seq(6)),
        Refusal::WrongLock,
        Refusal::Outdated(Seq(6)),
        Refusal::NoMailbox,
        Refusal::Taken,
        Refusal::Retired,
        Refusal::OtherBytes,
        Refusal::TooLarge(4 << 20),
        Refusal::Full,
        Refusal::Used,
        Refusal::Expired,
        Refusal::Revoked,
        Refusal::NoInvitation,
        Refusal::Nothing,
        Refusal::Malformed,
        Refusal::Version(PROTOCOL_VERSION),
        Refusal::NotProved,
        Refusal::Busy(1500),
        Refusal::Slow,
        Refusal::Leaving,
        Refusal::Disk,
        Refusal::TokenWanted,
        Refusal::TokenRefused,
        Refusal::TokenExpired,
    ]
}

pub fn refusal_name(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Stale(_) => "Stale",
        Refusal::WrongLock => "WrongLock",
        Refusal::Outdated(_) => "Outdated",
        Refusal::NoMailbox => "NoMailbox",
        Refusal::Taken => "Taken",
        Refusal::Retired => "Retired",
        Refusal::OtherBytes => "OtherBytes",
        Refusal::TooLarge(_) => "TooLarge",
        Refusal::Full => "Full",
        Refusal::Used => "Used",
        Refusal::Expired => "Expired",
        Refusal::Revoked => "Revoked",
        Refusal::NoInvitation => "NoInvitation",
        Refusal::Nothing => "Nothing",
        Refusal::Malformed => "Malformed",
        Refusal::Version(_) => "Version",
        Refusal::NotProved => "NotProved",
        Refusal::Busy(_) => "Busy",
        Refusal::Slow => "Slow",
        Refusal::Leaving => "Leaving",
        Refusal::Disk => "Disk",
        Refusal::TokenWanted => "TokenWanted",
        Refusal::TokenRefused => "TokenRefused",
        Refusal::TokenExpired => "TokenExpired",
    }
}

fn state() -> Opened {
    Opened {
        generation: 0x0123_4567_89ab_cdef,
        first: Seq(1),
        last: Seq(6),
        head: Seq(5),
    }
}

pub fn answers() -> Vec<Answer> {
    vec![
        Answer::Done,
        Answer::Opened(state()),
        Answer::Diverged(state()),
        Answer::Stored(Seq(7)),
        Answer::Bytes(vec![1, 2, 3]),
        Answer::Card(vec![7, 7], None),
        Answer::Card(vec![7, 7], Some(Refusal::Used)),
        Answer::Claimed([0x55; 64]),
        Answer::Stocked(12),
        Answer::Refused(Refusal::Stale(Seq(6))),
    ]
}

pub fn answer_name(answer: &Answer) -> &'static str {
    match answer {
        Answer::Done => "Done",
        Answer::Opened(_) => "Opened",
        Answer::Diverged(_) => "Diverged",
        Answer::Stored(_) => "Stored",
        Answer::Bytes(_) => "Bytes",
        Answer::Card(..) => "Card",
        Answer::Claimed(_) => "Claimed",
        Answer::Stocked(_) => "Stocked",
        Answer::Refused(_) => "Refused",
    }
}

pub fn relay_frames() -> Vec<RelayFrame> {
    let transcript = transcript();
    vec![
        RelayFrame::Challenge(Challenge {
            version: PROTOCOL_VERSION,
            relay: transcript.relay,
            nonce: transcript.relay_nonce,
            signature: transcript.sign(Side::Relay, &key(0x7e)),
        }),
        RelayFrame::Ready,
        RelayFrame::Answer(7, Answer::Stored(Seq(7))),
        RelayFrame::Delivery(Delivery {
            address: MAILBOX,
            seq: Seq(7),
            previous: Seq(5),
            id: EnvelopeId([0x42; 16]),
            flagged: true,
            bytes: vec![3, 4, 5],
        }),
        RelayFrame::CaughtUp(MAILBOX),
        RelayFrame::Signal(MAILBOX, vec![9, 8]),
        RelayFrame::Ended(MAILBOX, Seq(6)),
        RelayFrame::Goodbye(Refusal::Leaving),
    ]
}

pub fn relay_frame_name(frame: &RelayFrame) -> &'static str {
    match frame {
        RelayFrame::Challenge(_) => "Challenge",
        RelayFrame::Ready => "Ready",
        RelayFrame::Answer(..) => "Answer",
        RelayFrame::Delivery(_) => "Delivery",
        RelayFrame::CaughtUp(_) => "CaughtUp",
        RelayFrame::Signal(..) => "Signal",
        RelayFrame::Ended(..) => "Ended",
        RelayFrame::Goodbye(_) => "Goodbye",
    }
}

/// Every refusal has the code it is written with, a name of its own, words, and a close code.
#[test]
fn refusals_are_named_by_their_codes() {
    let all = refusals();
    assert_eq!(all.len(), Refusal::NAMES.len());
    for (refusal, code) in all.iter().zip(0..) {
        let bytes = snug_wire::encode(refusal);
        let mut decoder = minicbor::Decoder::new(&bytes);
        decoder.array().unwrap();
        assert_eq!(decoder.u8().unwrap(), code, "{refusal:?}");
        assert_eq!(refusal.code(), code, "{refusal:?}");
        assert_eq!(refusal.name(), Refusal::NAMES[usize::from(code)]);
        assert!((1000..2000).contains(&refusal.close_code()));
        assert!(!refusal.to_string().is_empty());
    }
}

#[test]
fn a_token_is_not_printed() {
    assert_eq!(format!("{:?}", Token::new("e30.e30.AA")), "<redacted>");
}
