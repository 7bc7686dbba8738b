//! Appending an entry: rules 4 to 8.

use super::mailboxes::Access;
use super::{Context, Decided, Effect, Stop, before, limits};
use crate::store::mailbox::Mailbox;
use crate::store::{attachment, entry, mailbox, old_lock};
use sha2::{Digest as _, Sha256};
use snug_wire::frame::{Answer, Delivery, MailboxKind, Put, Refusal};
use snug_wire::{Lock, Seq};
use std::collections::BTreeSet;

impl Context<'_> {
    pub(super) fn put(&mut self, put: Put) -> Result<Decided, Stop> {
        let mut mailbox = self.mailbox(&put.address)?;
        let digest = digest(&put);
        // Idempotence first: before lock and head are looked at (rule 6).
        if let Some((seq, known)) = entry::known(self.conn, mailbox.id, &put.id)? {
            let answer = if known == digest {
                Ok(Answer::Stored(seq))
            } else {
                Err(Refusal::OtherBytes)
            };
            return Ok(answer?.into());
        }
        check_form(&put)?;
        match mailbox.kind {
            MailboxKind::Conversation => self.may_append(&mailbox, &put)?,
            MailboxKind::Inbox | MailboxKind::Rendezvous => self.inbox_takes(&mailbox, &put)?,
        }
        self.has_room()?;
        let new_lock = put.lock.filter(|lock| *lock != mailbox.lock);
        let seq = self.append(&mut mailbox, &put, &digest, new_lock)?;
        Ok(Decided {
            answer: Some(Answer::Stored(seq)),
            effect: Effect::Stored {
                delivery: Delivery {
                    address: put.address,
                    seq,
                    previous: before(seq),
                    id: put.id,
                    flagged: put.flagged,
                    bytes: put.bytes,
                },
                new_lock: new_lock.is_some(),
            },
        })
    }

    fn may_append(&self, mailbox: &Mailbox, put: &Put) -> Result<(), Stop> {
        let secret = put.secret.as_ref().ok_or(Refusal::WrongLock)?;
        if let Access::Until(at) = self.access(mailbox, secret)? {
            return Err(Refusal::Outdated(at).into());
        }
        if put.rests_on != mailbox.head {
            return Err(Refusal::Stale(mailbox.head).into());
        }
        if mailbox.size + size(put) > self.quotas.conversation_bytes {
            return Err(Refusal::Full.into());
        }
        Ok(())
    }

    /// An inbox has no commits, may be closed, and holds only so much (rule 9).
    fn inbox_takes(&self, mailbox: &Mailbox, put: &Put) -> Result<(), Refusal> {
        if put.flagged || put.rests_on != Seq(0) {
            return Err(Refusal::Malformed);
        }
        if mailbox.retired {
            return Err(Refusal::Retired);
        }
        let entries = mailbox.last.0 + 1 - mailbox.first.0;
        let is_full = entries >= self.quotas.inbox_entries
            || mailbox.size + size(put) > self.quotas.inbox_bytes;
        if is_full {
            return Err(Refusal::Full);
        }
        Ok(())
    }

    fn append(
        &self,
        mailbox: &mut Mailbox,
        put: &Put,
        digest: &[u8; 32],
        new_lock: Option<Lock>,
    ) -> Result<Seq, Stop> {
        let seq = Seq(mailbox.last.0 + 1);
        entry::insert(
            self.conn,
            mailbox.id,
            seq,
            &put.id,
            digest,
            put.flagged,
            self.now,
            &put.bytes,
        )?;
        for attachment in &put.attachments {
            attachment::insert(self.conn, mailbox.id, seq, attachment)?;
        }
        mailbox.last = seq;
        mailbox.size += size(put);
        if put.flagged {
            mailbox.head = seq;
        }
        if let Some(lock) = new_lock {
            old_lock::insert(self.conn, mailbox.id, seq, &mailbox.lock)?;
            mailbox.lock = lock;
        }
        mailbox::update(self.conn, mailbox)?;
        Ok(seq)
    }
}

/// What holds for any entry: a lock and attachments come with a commit only, each attachment has
/// a lock of its own, and everything fits a frame.
fn check_form(put: &Put) -> Result<(), Refusal> {
    if !put.flagged && (put.lock.is_some() || !put.attachments.is_empty()) {
        return Err(Refusal::Malformed);
    }
    let locks: BTreeSet<_> = put
        .attachments
        .iter()
        .map(|attachment| attachment.lock)
        .collect();
    if locks.len() != put.attachments.len() || locks.len() > limits::ATTACHMENTS {
        return Err(Refusal::Malformed);
    }
    let largest = put
        .attachments
        .iter()
        .map(|attachment| attachment.bytes.len())
        .max();
    if put.bytes.len().max(largest.unwrap_or(0)) > limits::ENTRY {
        return Err(Refusal::TooLarge(limits::ENTRY as u64));
    }
    Ok(())
}

/// What an entry holds, in bytes.
fn size(put: &Put) -> u64 {
    let attached = put.attachments.iter();
    let attached: usize = attached.map(|attachment| attachment.bytes.len()).sum();
    (put.bytes.len() + attached) as u64
}

/// Over all that was put except where and with which secret: what a repeated `Put` must equal.
fn digest(put: &Put) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([u8::from(put.flagged), u8::from(put.lock.is_some())]);
    hash.update(put.lock.map_or([0; 32], |lock| lock.0));
    hash.update(put.rests_on.0.to_be_bytes());
    hash.update((put.attachments.len() as u64).to_be_bytes());
    for attachment in &put.attachments {
        hash.update(attachment.lock.0);
        hash.update((attachment.bytes.len() as u64).to_be_bytes());
        hash.update(&attachment.bytes);
    }
    hash.update(&put.bytes);
    hash.finalize().into()
}
