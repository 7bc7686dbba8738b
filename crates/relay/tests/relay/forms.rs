//! Short ways to write requests. Small numbers stand for ids, addresses and secrets.

use snug_wire::frame::{
    Answer, Attachment, Cursor, MailboxKind, Publish, Put, Refusal, Request, Stock,
};
use snug_wire::{Address, ClaimId, EnvelopeId, InvitationId, Lock, LockSecret, Seq};

pub fn address(n: u8) -> Address {
    Address([n; 32])
}

pub fn secret(n: u8) -> LockSecret {
    LockSecret::new([n; 32])
}

pub fn lock(n: u8) -> Lock {
    secret(n).lock()
}

pub fn envelope(n: u8) -> EnvelopeId {
    EnvelopeId([n; 16])
}

pub fn invitation(n: u8) -> InvitationId {
    InvitationId([n; 16])
}

pub fn claim(n: u8) -> ClaimId {
    ClaimId([n; 16])
}

pub fn create(at: u8, kind: MailboxKind, by: u8) -> Request {
    Request::Create(address(at), kind, lock(by))
}

pub fn open(at: u8, with: u8) -> Request {
    Request::Open(address(at), secret(with), None)
}

pub fn open_from(at: u8, with: u8, generation: u64, seq: u64, id: u8) -> Request {
    let cursor = Cursor {
        generation,
        seq: Seq(seq),
        id: envelope(id),
    };
    Request::Open(address(at), secret(with), Some(cursor))
}

/// An unflagged entry whose bytes are its id.
pub fn text(at: u8, with: u8, id: u8, rests_on: u64) -> Put {
    Put {
        address: address(at),
        secret: Some(secret(with)),
        id: envelope(id),
        flagged: false,
        rests_on: Seq(rests_on),
        lock: None,
        attachments: Vec::new(),
        bytes: vec![id],
    }
}

/// The same as a commit.
pub fn commit(at: u8, with: u8, id: u8, rests_on: u64) -> Put {
    Put {
        flagged: true,
        ..text(at, with, id, rests_on)
    }
}

/// An entry from a stranger.
pub fn knock(at: u8, id: u8) -> Put {
    Put {
        secret: None,
        ..text(at, 0, id, 0)
    }
}

pub fn attachment(by: u8, bytes: &[u8]) -> Attachment {
    Attachment {
        lock: lock(by),
        bytes: bytes.to_vec(),
    }
}

pub fn trim(at: u8, with: u8, below: u64) -> Request {
    Request::Trim(address(at), secret(with), Seq(below))
}

pub fn publish(id: u8, uses: Option<u32>, expires_at: Option<u64>) -> Publish {
    Publish {
        id: invitation(id),
        lock: lock(id),
        uses,
        expires_at,
        card: vec![id; 40],
    }
}

pub fn stock(at: u8, with: u8, packages: &[&[u8]], last_resort: Option<&[u8]>) -> Request {
    Request::Stock(Stock {
        address: address(at),
        secret: secret(with),
        packages: packages
            .iter()
            .map(|package| package.to_vec().into())
            .collect(),
        last_resort: last_resort.map(|package| package.to_vec().into()),
    })
}

pub const fn stored(seq: u64) -> Answer {
    Answer::Stored(Seq(seq))
}

pub const fn refused(refusal: Refusal) -> Answer {
    Answer::Refused(refusal)
}
