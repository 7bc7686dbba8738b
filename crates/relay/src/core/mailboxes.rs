//! Making, opening, trimming and retiring mailboxes; attachments; signals.

use super::rules::{Access, by_old_lock, same};
use super::{Context, Decided, Effect, Open, Peer, Stop, limits};
use crate::store::mailbox::Mailbox;
use crate::store::{Db, StoreError, attachment, entry, key_package, mailbox, old_lock};
use snug_wire::frame::{Answer, Cursor, MailboxKind, Opened, Refusal};
use snug_wire::{Address, Lock, LockSecret, SIGNAL_LIMIT, Seq};

impl Context<'_> {
    pub(super) fn mailbox(&self, address: &Address) -> Result<Mailbox, Stop> {
        Ok(mailbox::find(self.conn, address)?.ok_or(Refusal::NoMailbox)?)
    }

    pub(super) fn access(&self, mailbox: &Mailbox, secret: &LockSecret) -> Result<Access, Stop> {
        let mine = secret.lock();
        if same(&mailbox.lock, &mine) {
            return Ok(Access::Current);
        }
        // Looked for only where it is asked with another: reading them costs more than all the rest.
        let old = old_lock::all(self.conn, mailbox.id)?;
        Ok(by_old_lock(&old, &mine)?)
    }

    /// The mailbox, if that secret opens it now.
    pub(super) fn unlocked(&self, address: &Address, secret: &LockSecret) -> Result<Mailbox, Stop> {
        let mailbox = self.mailbox(address)?;
        match self.access(&mailbox, secret)? {
            Access::Current => Ok(mailbox),
            Access::Until(at) => Err(Refusal::Outdated(at).into()),
        }
    }

    pub(super) fn create(
        &mut self,
        address: Address,
        kind: MailboxKind,
        lock: Lock,
    ) -> Result<Decided, Stop> {
        let Some(there) = mailbox::find(self.conn, &address)? else {
            self.has_room()?;
            if self.mailboxes >= self.quotas.mailboxes {
                return Err(Refusal::Full.into());
            }
            self.mailboxes += 1;
            mailbox::insert(self.conn, &address, kind, (self.random)(), &lock, self.now)?;
            return Ok(Answer::Done.into());
        };
        // A repeated `Create` may come after its lock was replaced.
        let had = |old: Vec<(Seq, Lock)>| old.iter().any(|(_, old)| same(old, &lock));
        if there.kind == kind
            && (same(&there.lock, &lock) || had(old_lock::all(self.conn, there.id)?))
        {
            Ok(Answer::Done.into())
        } else {
            Err(Refusal::Taken.into())
        }
    }

    pub(super) fn open(
        &mut self,
        peer: Peer,
        address: Address,
        secret: &LockSecret,
        cursor: Option<Cursor>,
    ) -> Result<Decided, Stop> {
        let mut mailbox = self.mailbox(&address)?;
        let until = match self.access(&mailbox, secret)? {
            Access::Current => None,
            Access::Until(at) => Some(at),
        };
        if self.readers.get(peer, &address).is_none()
            && self.readers.count(peer) >= self.quotas.opens
        {
            return Err(Refusal::Full.into());
        }
        // To the day, so that opening rarely writes. Those who were removed keep nothing alive.
        if until.is_none() && self.now >= mailbox.opened_at.saturating_add(limits::DAY) {
            mailbox.opened_at = self.now;
            mailbox::update(self.conn, &mailbox)?;
        }
        // An old secret learns nothing of what came after its end.
        let last = until.unwrap_or(mailbox.last);
        let opened = Opened {
            generation: mailbox.generation,
            first: mailbox.first.min(Seq(last.0 + 1)),
            last,
            head: until.unwrap_or(mailbox.head),
        };
        let (after, answer) = match cursor {
            None => (Seq(0), Answer::Opened(opened)),
            Some(cursor) if belongs(self.conn, &mailbox, &cursor, last)? => {
                (cursor.seq, Answer::Opened(opened))
            }
            Some(_) => (Seq(0), Answer::Diverged(opened)),
        };
        Ok(Decided {
            answer: Some(answer),
            effect: Effect::Open(address, Open::Behind { after, until }),
        })
    }

    pub(super) fn fetch(
        &self,
        address: Address,
        seq: Seq,
        secret: &LockSecret,
    ) -> Result<Decided, Stop> {
        let mailbox = self.mailbox(&address)?;
        let bytes = attachment::find(self.conn, mailbox.id, seq, &secret.lock())?;
        Ok(Answer::Bytes(bytes.ok_or(Refusal::Nothing)?).into())
    }

    pub(super) fn signal(
        &self,
        address: Address,
        secret: &LockSecret,
        bytes: Vec<u8>,
    ) -> Result<Decided, Stop> {
        if bytes.len() > SIGNAL_LIMIT {
            return Err(Refusal::TooLarge(SIGNAL_LIMIT as u64).into());
        }
        self.unlocked(&address, secret)?;
        Ok(Decided {
            answer: None,
            effect: Effect::Signal(address, bytes),
        })
    }

    /// A piece at a time: `Busy` says that it was not the last one.
    pub(super) fn trim(
        &self,
        address: Address,
        secret: &LockSecret,
        below: Seq,
    ) -> Result<Decided, Stop> {
        let mut mailbox = self.unlocked(&address, secret)?;
        let below = below.min(Seq(mailbox.last.0 + 1));
        if below <= mailbox.first {
            return Ok(Answer::Done.into());
        }
        let range = mailbox.first..below;
        let reach = entry::reach(self.conn, mailbox.id, range, u64::MAX, limits::PIECE)?;
        let end = reach.map_or(below, |(end, _)| end);
        let freed = entry::forget(self.conn, mailbox.id, mailbox.first, end)?
            + attachment::delete(self.conn, mailbox.id, end)?;
        mailbox.first = end;
        mailbox.size = mailbox.size.saturating_sub(freed);
        mailbox::update(self.conn, &mailbox)?;
        if end < below {
            return Ok(Answer::Refused(Refusal::Busy(0)).into());
        }
        Ok(Answer::Done.into())
    }

    pub(super) fn retire(&self, address: Address, secret: &LockSecret) -> Result<Decided, Stop> {
        let mut mailbox = self.unlocked(&address, secret)?;
        if mailbox.kind == MailboxKind::Conversation {
            return Err(Refusal::Malformed.into());
        }
        if !mailbox.retired {
            mailbox.retired = true;
            mailbox::update(self.conn, &mailbox)?;
            key_package::clear(self.conn, mailbox.id)?;
        }
        Ok(Answer::Done.into())
    }
}

/// Whether a cursor is of this log, as far as the relay remembers (rule 2).
fn belongs(
    conn: &Db<'_>,
    mailbox: &Mailbox,
    cursor: &Cursor,
    last: Seq,
) -> Result<bool, StoreError> {
    if cursor.generation != mailbox.generation || cursor.seq > last {
        return Ok(false);
    }
    let there = entry::id_at(conn, mailbox.id, cursor.seq)?;
    Ok(there.is_none_or(|id| id == cursor.id))
}
