//! Appending an entry: rules 4 to 8 and 14.
//!
//! One atomic batch stores, one behind the other, a commit's attachments, a message that the envelope
//! was put, and the entry. NATS stores it only if that envelope was never put, and if the commit the
//! entry rests on is still the last one. So a relay may decide on what it remembers: if that is
//! outdated the batch is refused, and only then is everything looked at. That a lock has changed needs
//! no check of its own: it changes with a commit, after which whoever knows the old secret rests on an
//! outdated one.

use super::api::{PATIENCE, Write, pause};
use super::entry::{self, Held};
use super::lane::Lane;
use super::names::Stream;
use super::state::Known;
use super::trouble::{Stop, Trouble};
use crate::core::limits;
use crate::core::rules::{check_form, digest, inbox_takes, may_append, size};
use snug_wire::Seq;
use snug_wire::frame::{Answer, MailboxKind, Put, Refusal};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// How long it is known that an envelope was put, and entries are kept at most: longer than the
/// time-to-live, so that it is the relays that forget them and know which.
pub const KEPT: Duration = Duration::from_millis(limits::TIME_TO_LIVE + 7 * limits::DAY);

/// What is known of an envelope.
enum Earlier {
    /// It was put: the answer.
    Answered(Answer),
    /// It was not; its subject's last message.
    Not(u64),
}

impl Lane {
    pub(super) async fn put(&mut self, put: &Put) -> Result<Option<Answer>, Stop> {
        let digest = digest(put);
        let begun = Instant::now();
        let mut mark = 0;
        let mut is_fresh = false;
        loop {
            let is_remembered = self.known.is_some() && !is_fresh;
            self.remembered().await?;
            let decided = match &self.known {
                Some(known) => decide(known, put, &self.hub.quotas),
                None => Err(Refusal::NoMailbox),
            };
            // Only a conversation's puts are checked by the log.
            let is_sure = !is_remembered || matches!(decided, Ok(MailboxKind::Conversation));
            if !is_sure {
                self.known = None;
                is_fresh = true;
                continue;
            }
            if let Err(refusal) = decided {
                // Idempotence first: before lock and head are looked at (rule 6).
                return match self.earlier(put, &digest).await? {
                    Earlier::Answered(answer) => Ok(Some(answer)),
                    Earlier::Not(_) => Err(refusal.into()),
                };
            }
            if self.hub.is_full.load(Relaxed) {
                return match self.earlier(put, &digest).await? {
                    Earlier::Answered(answer) => Ok(Some(answer)),
                    Earlier::Not(_) => Err(Refusal::Full.into()),
                };
            }
            let trouble = match self.append(put, &digest, mark).await {
                Ok(seq) => return Ok(Some(Answer::Stored(seq))),
                Err(trouble) => trouble,
            };
            self.known = None;
            if trouble.is_full() || begun.elapsed() >= PATIENCE {
                return Err(trouble.into());
            }
            match self.earlier(put, &digest).await? {
                Earlier::Answered(answer) => return Ok(Some(answer)),
                Earlier::Not(last) => mark = last,
            }
            pause().await;
        }
    }

    /// Whether that envelope was put before.
    async fn earlier(&mut self, put: &Put, digest: &[u8; 32]) -> Result<Earlier, Stop> {
        let base = self
            .remembered()
            .await?
            .state
            .as_ref()
            .map(|state| state.base);
        let Some(base) = base else {
            return Ok(Earlier::Not(0));
        };
        let subject = self.nats().names.envelope(&self.address, &put.id);
        let Some(there) = self.nats().last(Stream::Log, &subject).await? else {
            return Ok(Earlier::Not(0));
        };
        if there.seq <= base {
            return Ok(Earlier::Not(there.seq));
        }
        if there.bytes.as_ref() == digest {
            // The entry stands right behind it.
            return Ok(Earlier::Answered(Answer::Stored(Seq(there.seq + 1))));
        }
        Err(Refusal::OtherBytes.into())
    }

    /// Stores it, if the log is as it is remembered.
    async fn append(&mut self, put: &Put, digest: &[u8; 32], mark: u64) -> Result<Seq, Trouble> {
        let now = self.hub.now();
        let Some(mut known) = self.known.take() else {
            return Err(Trouble::Form("nothing is known of the mailbox".into()));
        };
        let Some(state) = &known.state else {
            return Err(Trouble::Form("there is no such mailbox".into()));
        };
        let kept = match state.kind() {
            MailboxKind::Rendezvous => Duration::from_millis(2 * limits::RENDEZVOUS),
            _ => KEPT,
        };
        let held = Held {
            bytes: known.held.bytes + size(put),
            entries: known.held.entries + 1,
        };
        let lock = put.lock.filter(|lock| lock != state.lock());
        let names = &self.nats().names;
        let commits = names.commits(&self.address);
        let subject = match put.flagged {
            true => commits.clone(),
            false => names.texts(&self.address),
        };
        let mut batch = Vec::with_capacity(put.attachments.len() + 2);
        for attachment in &put.attachments {
            let at = names.attachments(&self.address);
            batch.push(Write::new(at, attachment.bytes.clone()).lasting(Some(kept)));
        }
        let envelope = names.envelope(&self.address, &put.id);
        let envelope = Write::new(envelope, digest.to_vec());
        batch.push(envelope.after(mark).lasting(Some(kept)));
        let entry = entry::write(subject, put, lock, held, now);
        batch.push(entry.after_of(&commits, known.commit).lasting(Some(kept)));
        let begun = Instant::now();
        let seq = self.nats().store(batch).await?;
        self.hub.stats().batch(begun.elapsed());
        known.last = Seq(seq);
        known.last_id = Some(put.id);
        known.held = held;
        if put.flagged {
            known.commit = seq;
            self.follow(known, seq, lock).await;
        } else {
            self.known = Some(known);
        }
        Ok(Seq(seq))
    }

    /// Writes the state that follows from a commit. If that fails, whoever looks at the mailbox next
    /// does it.
    async fn follow(&mut self, mut known: Known, seq: u64, lock: Option<snug_wire::Lock>) {
        if let Some(state) = &mut known.state {
            state.commit(seq, lock);
        }
        let now = self.hub.now();
        match super::state::save(self.nats(), &self.address, &mut known, now).await {
            Ok(()) => self.known = Some(known),
            Err(trouble) => tracing::debug!(%trouble, "a commit is to be followed later"),
        }
    }
}

/// What the rules say to a put, as far as is known.
pub fn decide(known: &Known, put: &Put, quotas: &limits::Quotas) -> Result<MailboxKind, Refusal> {
    let state = known.state()?;
    let mailbox = known.mailbox(put.address)?;
    check_form(put)?;
    if state.kind() == MailboxKind::Conversation {
        let secret = put.secret.as_ref().ok_or(Refusal::WrongLock)?;
        may_append(&mailbox, state.access(secret)?, put, quotas)?;
    } else {
        let held = known.held.without(state.forgotten());
        inbox_takes(&mailbox, held.entries, put, quotas)?;
    }
    Ok(state.kind())
}
