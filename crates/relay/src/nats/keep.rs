//! Making, trimming and retiring mailboxes; attachments; signals.

use super::api::{PATIENCE, pause};
use super::connected::Connected;
use super::entry::{Entry, Held};
use super::lane::Lane;
use super::live::{FROM, UNDER};
use super::names::Stream;
use super::pages::{self, Span};
use super::state::{self, State};
use super::trouble::Stop;
use crate::core::limits;
use async_nats::HeaderMap;
use axum::body::Bytes;
use snug_wire::frame::{Answer, MailboxKind, Refusal, RelayFrame};
use snug_wire::{Lock, LockSecret, SIGNAL_LIMIT, Seq, encode};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

/// Bytes of headers one piece of trimming reads.
const PIECE: usize = 8_192 * pages::OVERHEAD;

impl Lane {
    /// Changes the state as it is now; `change` says whether there is anything to write. It is asked again
    /// when somebody else wrote in between.
    pub(super) async fn change(
        &mut self,
        mut change: impl FnMut(&mut State) -> Result<bool, Refusal>,
    ) -> Result<(), Stop> {
        let begun = Instant::now();
        loop {
            self.load().await?;
            let Some(mut known) = self.known.take() else {
                return Err(Refusal::NoMailbox.into());
            };
            let state = known.state.as_mut().ok_or(Refusal::NoMailbox)?;
            if !change(state)? {
                self.known = Some(known);
                return Ok(());
            }
            let now = self.hub.now();
            match state::save(self.nats(), &self.address, &mut known, now).await {
                Ok(()) => {
                    self.first = self.first.max(known.state()?.first);
                    self.known = Some(known);
                    return Ok(());
                }
                Err(trouble) if trouble.is_full() || begun.elapsed() >= PATIENCE => {
                    return Err(trouble.into());
                }
                // Also after silence: doing it again changes nothing more.
                Err(_) => pause().await,
            }
        }
    }

    pub(super) async fn create(
        &mut self,
        kind: MailboxKind,
        lock: Lock,
    ) -> Result<Option<Answer>, Stop> {
        let begun = Instant::now();
        loop {
            let known = self.load().await?;
            if let Some(there) = &known.state {
                // A repeated `Create` may come after its lock was replaced.
                return match there.kind() == kind && there.had(&lock) {
                    true => Ok(Some(Answer::Done)),
                    false => Err(Refusal::Taken.into()),
                };
            }
            let mut known = known.clone();
            let hub = &self.hub;
            if hub.is_full.load(Relaxed) || hub.mailboxes.load(Relaxed) >= hub.quotas.mailboxes {
                return Err(Refusal::Full.into());
            }
            let now = hub.now();
            let base = known.last.0.max(known.commit);
            known.state = Some(State::new(kind, rand::random(), lock, base, now));
            match state::save(&hub.nats, &self.address, &mut known, now).await {
                Ok(()) => {
                    let count = hub.mailboxes.fetch_add(1, Relaxed) + 1;
                    hub.stats().written.mailboxes.set(count);
                    self.known = None;
                    return Ok(Some(Answer::Done));
                }
                Err(trouble) if trouble.is_full() || begun.elapsed() >= PATIENCE => {
                    return Err(trouble.into());
                }
                Err(_) => pause().await,
            }
        }
    }

    pub(super) async fn fetch(
        &mut self,
        seq: Seq,
        secret: &LockSecret,
    ) -> Result<Option<Answer>, Stop> {
        let first = self.load().await?.state()?.first;
        let nothing = || Stop::from(Refusal::Nothing);
        if seq.0 < first {
            return Err(nothing());
        }
        let entry = self
            .nats()
            .at(Stream::Log, seq.0)
            .await?
            .ok_or_else(nothing)?;
        if entry.subject != self.nats().names.commits(&self.address) {
            return Err(nothing());
        }
        let at = Entry::read(&entry)?
            .attachment(&secret.lock())
            .ok_or_else(nothing)?;
        let attachment = self.nats().at(Stream::Log, at).await?.ok_or_else(nothing)?;
        if attachment.subject != self.nats().names.attachments(&self.address) {
            return Err(nothing());
        }
        Ok(Some(Answer::Bytes(attachment.bytes.to_vec())))
    }

    pub(super) async fn signal(
        &mut self,
        from: &Connected,
        secret: &LockSecret,
        bytes: &[u8],
    ) -> Result<Option<Answer>, Stop> {
        if bytes.len() > SIGNAL_LIMIT {
            return Err(Refusal::TooLarge(SIGNAL_LIMIT as u64).into());
        }
        let (_, access) = self.access(secret).await?;
        access.current()?;
        let mut headers = HeaderMap::new();
        headers.insert(UNDER, secret.lock().to_string());
        headers.insert(FROM, format!("{} {}", self.hub.run, from.peer.0));
        let subject = self.nats().names.live(&self.address, "s");
        let bytes = Bytes::copy_from_slice(bytes);
        // Signals may be lost.
        let _ = self
            .nats()
            .client
            .publish_with_headers(subject, headers, bytes)
            .await;
        Ok(None)
    }

    /// A piece at a time: `Busy` says that it was not the last one.
    pub(super) async fn trim(
        &mut self,
        secret: &LockSecret,
        below: Seq,
    ) -> Result<Option<Answer>, Stop> {
        let known = self.load().await?;
        let state = known.state()?;
        state.access(secret)?.current()?;
        let (first, last) = (state.first, known.last);
        let below = below.min(Seq(last.0 + 1));
        if below.0 <= first {
            return Ok(Some(Answer::Done));
        }
        let span = Span {
            address: self.address,
            after: Seq(first - 1),
            to: Seq(below.0 - 1),
            budget: PIECE,
            headers_only: true,
        };
        let page = pages::read(self.nats(), span).await?;
        // The highest entry itself, not what was asked for: between the two stand other mailboxes' entries,
        // which nobody misses here.
        if let Some(highest) = page.entries.last() {
            self.forget_below(highest.seq.0, highest.held).await?;
        }
        match page.reached < span.to {
            true => Err(Refusal::Busy(0).into()),
            false => Ok(Some(Answer::Done)),
        }
    }

    /// Notes that entries up to that one are forgotten.
    async fn note_forgotten(&mut self, last: u64, held: Held) -> Result<(), Stop> {
        self.change(|state| {
            let is_new = last >= state.first;
            state.forget(last, held);
            Ok(is_new)
        })
        .await?;
        self.tell_changed().await;
        Ok(())
    }

    /// Forgets entries up to that one: first the state says so, then they go.
    async fn forget_below(&mut self, last: u64, held: Held) -> Result<(), Stop> {
        self.note_forgotten(last, held).await?;
        let head = self.remembered().await?.commit;
        let (nats, names) = (self.nats(), &self.nats().names);
        nats.purge(&names.texts(&self.address), last + 1).await?;
        nats.purge(&names.attachments(&self.address), last + 1)
            .await?;
        // The last commit stays, though nobody reads it: against it puts are checked.
        let below = (last + 1).min(head);
        if below > 1 {
            nats.purge(&names.commits(&self.address), below).await?;
        }
        Ok(())
    }

    /// Their time-to-live has ended; NATS lets them go by itself. Whether it was done.
    pub(super) async fn forget_up_to(&mut self, last: u64, held: Held) -> bool {
        match self.note_forgotten(last, held).await {
            Ok(()) | Err(Stop::Refused(_)) => true,
            Err(stop) => {
                tracing::warn!(?stop, "entries that are too old could not be forgotten");
                false
            }
        }
    }

    pub(super) async fn retire(&mut self, secret: &LockSecret) -> Result<Option<Answer>, Stop> {
        let mut is_new = false;
        self.change(|state| {
            state.access(secret)?.current()?;
            if state.kind() == MailboxKind::Conversation {
                return Err(Refusal::Malformed);
            }
            is_new = !std::mem::replace(&mut state.retired, true);
            Ok(is_new)
        })
        .await?;
        if is_new {
            self.clear_pool().await?;
        }
        Ok(Some(Answer::Done))
    }

    /// Time has passed: a rendezvous ends, what is read goes on living.
    pub(super) async fn look(&mut self) {
        if self.readers.is_empty() {
            return;
        }
        let now = self.hub.now();
        let state = match self.remembered().await {
            Ok(known) => known.state.clone(),
            Err(trouble) => return self.hub.troubled(&trouble),
        };
        let is_over = self.ends_at.is_some_and(|at| now >= at)
            && state
                .as_ref()
                .is_none_or(|state| state.kind() == MailboxKind::Rendezvous);
        if is_over {
            return self.end_all();
        }
        if let Some(state) = state
            && state.kind() != MailboxKind::Rendezvous
            && now >= state.opened_at.saturating_add(limits::DAY)
        {
            let touched = self.change(|state| {
                state.opened_at = state.opened_at.max(now);
                Ok(true)
            });
            if let Err(Stop::Trouble(trouble)) = touched.await {
                self.hub.troubled(&trouble);
            }
        }
    }

    fn end_all(&mut self) {
        let last = self.live.as_ref().map_or(Seq(0), |live| live.last);
        let frame = Bytes::from(encode(&RelayFrame::Ended(self.address, last)));
        for reader in self.readers.values() {
            reader.to.opens().remove(&self.address);
            self.hub.send(&reader.to, frame.clone());
        }
        self.readers.clear();
        self.known = None;
    }
}
