//! Appending an entry: rules 4 to 8.

use super::rules::{check_form, digest, inbox_takes, may_append, size};
use super::{Context, Decided, Effect, Stop, before};
use crate::store::mailbox::Mailbox;
use crate::store::{attachment, entry, mailbox, old_lock};
use snug_wire::frame::{Answer, Delivery, MailboxKind, Put, Refusal};
use snug_wire::{Lock, Seq};

impl Context<'_> {
    pub(super) fn put(&mut self, mut put: Put) -> Result<Decided, Stop> {
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
            MailboxKind::Conversation => {
                let secret = put.secret.as_ref().ok_or(Refusal::WrongLock)?;
                let access = self.access(&mailbox, secret)?;
                may_append(&mailbox, access, &put, self.quotas)?;
            }
            MailboxKind::Inbox | MailboxKind::Rendezvous => {
                let entries = mailbox.last.0 + 1 - mailbox.first.0;
                inbox_takes(&mailbox, entries, &put, self.quotas)?;
            }
        }
        self.has_room()?;
        let new_lock = put.lock.filter(|lock| *lock != mailbox.lock);
        let seq = self.append(&mut mailbox, &mut put, &digest, new_lock)?;
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

    fn append(
        &self,
        mailbox: &mut Mailbox,
        put: &mut Put,
        digest: &[u8; 32],
        new_lock: Option<Lock>,
    ) -> Result<Seq, Stop> {
        let seq = Seq(mailbox.last.0 + 1);
        mailbox.last = seq;
        mailbox.size += size(put);
        put.bytes = entry::insert(
            self.conn,
            mailbox.id,
            seq,
            &put.id,
            digest,
            put.flagged,
            self.now,
            std::mem::take(&mut put.bytes),
        )?;
        for attachment in &put.attachments {
            attachment::insert(self.conn, mailbox.id, seq, attachment)?;
        }
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
