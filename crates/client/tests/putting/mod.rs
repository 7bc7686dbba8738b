//! What is put into the one mailbox of a test, frame by frame.

use snug_wire::frame::{Put, Request};
use snug_wire::{Address, EnvelopeId, LockSecret, Secret, Seq};

pub const MAILBOX: Address = Address([1; 32]);

pub fn secret() -> LockSecret {
    LockSecret(Secret::new([1; 32]))
}

/// An entry of so many bytes, each its number.
pub fn put(n: u8, size: usize) -> Request {
    Request::Put(Put {
        address: MAILBOX,
        secret: Some(secret()),
        id: EnvelopeId([n; 16]),
        flagged: false,
        rests_on: Seq(0),
        lock: None,
        attachments: Vec::new(),
        bytes: vec![n; size],
    })
}
