//! An entry as a message of the log: its bytes, and in headers what stands beside them.

use super::api::Write;
use super::stored::Stored;
use super::trouble::Trouble;
use data_encoding::HEXLOWER;
use snug_wire::frame::{Delivery, Put};
use snug_wire::{Address, EnvelopeId, Lock, Seq};

/// The envelope.
const ID: &str = "Snug-Id";
/// The commit it rests on.
const RESTS_ON: &str = "Snug-Rests-On";
/// The lock from there on.
const LOCK: &str = "Snug-Lock";
/// Locks of the attachments, which stand before it in their order, the id's message between.
const ATTACHED: &str = "Snug-Attached";
/// Bytes and entries put into the mailbox by then, this one included, about.
const HELD: &str = "Snug-Held";
/// When it was put, milliseconds of Unix time.
const AT: &str = "Snug-At";

/// How much was put into a mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// In bytes, attachments included.
    pub bytes: u64,
    /// In entries.
    pub entries: u64,
}

impl Held {
    /// What is left of it when so much was forgotten.
    pub fn without(self, forgotten: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_sub(forgotten.bytes),
            entries: self.entries.saturating_sub(forgotten.entries),
        }
    }
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// The envelope.
    pub id: EnvelopeId,
    /// Whether it is a commit.
    pub flagged: bool,
    /// The commit it rests on.
    pub rests_on: Seq,
    /// The lock from there on, if it changed.
    pub lock: Option<Lock>,
    /// Locks of its attachments.
    pub attached: Vec<Lock>,
    /// How much the mailbox holds with it.
    pub held: Held,
    /// When it was put, milliseconds of Unix time.
    pub at: u64,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

impl Entry {
    /// Reads a message of the log.
    pub fn read(stored: &Stored) -> Result<Self, Trouble> {
        Self::parse(stored)
            .ok_or_else(|| Trouble::Form(format!("entry {} of {}", stored.seq, stored.subject)))
    }

    fn parse(stored: &Stored) -> Option<Self> {
        let (bytes, entries) = stored.header(HELD)?.split_once(' ')?;
        let attached = stored
            .header(ATTACHED)
            .unwrap_or_default()
            .split_whitespace();
        Some(Self {
            seq: Seq(stored.seq),
            id: stored.header(ID)?.parse().ok()?,
            flagged: stored.subject.ends_with(".c"),
            rests_on: Seq(stored.number(RESTS_ON)?),
            lock: match stored.header(LOCK) {
                Some(lock) => Some(lock.parse().ok()?),
                None => None,
            },
            attached: attached.map(str::parse).collect::<Result<_, _>>().ok()?,
            held: Held {
                bytes: bytes.parse().ok()?,
                entries: entries.parse().ok()?,
            },
            at: stored.number(AT)?,
            bytes: stored.bytes.to_vec(),
        })
    }

    /// Where an attachment of it stands.
    pub fn attachment(&self, lock: &Lock) -> Option<u64> {
        let at = self.attached.iter().position(|mine| mine == lock)?;
        let first = self.seq.0.checked_sub(1 + self.attached.len() as u64)?;
        Some(first + at as u64)
    }

    /// As a device gets it.
    pub fn delivery(&self, address: Address, previous: Seq) -> Delivery {
        Delivery {
            address,
            seq: self.seq,
            previous,
            id: self.id,
            flagged: self.flagged,
            bytes: self.bytes.clone(),
        }
    }
}

/// The message of an entry.
pub fn write(subject: String, put: &Put, lock: Option<Lock>, held: Held, now: u64) -> Write {
    let mut write = Write::new(subject, put.bytes.clone())
        .header(ID, &put.id.to_string())
        .header(RESTS_ON, &put.rests_on.0.to_string())
        .header(HELD, &format!("{} {}", held.bytes, held.entries))
        .header(AT, &now.to_string());
    if let Some(lock) = lock {
        write = write.header(LOCK, &HEXLOWER.encode(&lock.0));
    }
    if !put.attachments.is_empty() {
        let locks = put
            .attachments
            .iter()
            .map(|attachment| HEXLOWER.encode(&attachment.lock.0));
        write = write.header(ATTACHED, &locks.collect::<Vec<_>>().join(" "));
    }
    write
}
