//! Opening a mailbox and catching up with it, page by page: a long log neither blocks the others nor
//! fills memory. Nothing has to wait aside for who catches up: what is stored meanwhile is in the log.

use super::asks::Asked;
use super::entry::Entry;
use super::lane::Lane;
use super::names::Stream;
use super::pages::{self, Span};
use super::readers::{Place, Reader};
use super::state::State;
use super::trouble::{Stop, Trouble};
use crate::core::rules::Access;
use crate::core::{Peer, limits};
use crate::server::outgoing::EASY_BYTES;
use snug_wire::frame::{Answer, Cursor, Opened, RelayFrame};
use snug_wire::{LockSecret, Seq, encode};
use std::sync::Arc;

/// Bytes of stored entries read for one connection at a time.
const PAGE: usize = EASY_BYTES / 2;

impl Lane {
    /// Opens, or opens anew.
    pub(super) async fn open(
        &mut self,
        asked: &Asked,
        secret: &LockSecret,
        cursor: Option<Cursor>,
    ) -> Result<(), Stop> {
        self.go_live().await?;
        let (state, access) = self.access(secret).await?;
        if cursor.is_some_and(|cursor| self.live.as_ref().is_some_and(|it| cursor.seq > it.last)) {
            // Read at another relay, before it was heard here.
            self.read_missed().await?;
        }
        let until = match access {
            Access::Current => None,
            Access::Until(at) => Some(at),
        };
        if until.is_none() {
            self.touch(&state).await;
        }
        let Some(live) = &self.live else {
            return Err(Trouble::Silent("the connection has ended".into()).into());
        };
        // An old secret learns nothing of what came after its end.
        let last = until.unwrap_or(live.last);
        let opened = Opened {
            generation: state.generation,
            first: Seq(self.first).min(Seq(last.0 + 1)),
            last,
            head: until.unwrap_or(live.head),
        };
        let (after, answer) = match cursor {
            None => (Seq(0), Answer::Opened(opened)),
            Some(cursor) if self.belongs(&state, &cursor, last).await? => {
                (cursor.seq, Answer::Opened(opened))
            }
            Some(_) => (Seq(0), Answer::Diverged(opened)),
        };
        self.hub.set_ready(true);
        self.hub.answer(&asked.from, asked.number, answer);
        self.runs += 1;
        let reader = Reader {
            to: Arc::clone(&asked.from),
            lock: secret.lock(),
            run: self.runs,
            place: Place::Behind {
                delivered: after,
                reached: after,
                until,
            },
            reading: None,
        };
        let peer = reader.to.peer;
        reader.to.opens().insert(self.address);
        self.readers.insert(peer, reader);
        self.ends_at = Some(state.ends_at());
        self.go_on(peer);
        Ok(())
    }

    /// Notes that it was opened: to the day, so that opening rarely writes.
    async fn touch(&mut self, state: &State) {
        let now = self.hub.now();
        if now < state.opened_at.saturating_add(limits::DAY) {
            return;
        }
        let touched = self.change(|state| {
            state.opened_at = state.opened_at.max(now);
            Ok(true)
        });
        if let Err(stop) = touched.await {
            tracing::warn!(?stop, "that a mailbox was opened could not be noted");
        }
    }

    /// Whether a cursor is of this log, as far as it is remembered (rule 2).
    async fn belongs(&self, state: &State, cursor: &Cursor, last: Seq) -> Result<bool, Trouble> {
        let seq = cursor.seq.0;
        if cursor.generation != state.generation || cursor.seq > last {
            return Ok(false);
        }
        if seq <= state.base {
            return Ok(seq == 0);
        }
        if let Some(live) = &self.live
            && live.last == cursor.seq
            && let Some(id) = live.last_id
        {
            return Ok(id == cursor.id);
        }
        let names = &self.nats().names;
        if let Some(there) = self.nats().at(Stream::Log, seq).await? {
            let mine = [names.commits(&self.address), names.texts(&self.address)];
            return Ok(mine.contains(&there.subject) && Entry::read(&there)?.id == cursor.id);
        }
        if seq >= self.first {
            return Ok(false);
        }
        // Forgotten; what tells that it was put stands before it and stays longer.
        let before = self.nats().at(Stream::Log, seq - 1).await?;
        let mine = names.envelope(&self.address, &cursor.id);
        Ok(before.is_none_or(|before| before.subject == mine))
    }

    /// What a reader who is behind gets next: a page, or word that there is no more.
    fn go_on(&mut self, peer: Peer) {
        let Some(live) = &self.live else {
            return;
        };
        let Some(reader) = self.readers.get_mut(&peer) else {
            return;
        };
        let Place::Behind { reached, until, .. } = reader.place else {
            return;
        };
        let end = until.unwrap_or(live.last);
        let after = reached.max(Seq(self.first.saturating_sub(1)));
        if after < end {
            let span = Span {
                address: self.address,
                after,
                to: end,
                budget: PAGE,
                headers_only: false,
            };
            let (hub, to, run) = (Arc::clone(&self.hub), Arc::clone(&reader.to), reader.run);
            let read = async move {
                to.room().await;
                let _turn = hub.pages.acquire().await;
                let page = pages::read(&hub.nats, span).await;
                if page.is_err() {
                    super::api::pause().await;
                }
                (Some((peer, run)), page)
            };
            reader.reading = Some(self.pages.spawn(read));
            return;
        }
        let frame = match until {
            Some(at) => RelayFrame::Ended(self.address, at),
            None => RelayFrame::CaughtUp(self.address),
        };
        self.hub.send(&reader.to, encode(&frame).into());
        reader.place = Place::Live;
        if until.is_some() {
            reader.to.opens().remove(&self.address);
            self.readers.remove(&peer);
        }
    }

    /// A page was read for a reader, who may have gone.
    pub(super) fn page(&mut self, peer: Peer, run: u64, page: Result<pages::Page, Trouble>) {
        let (address, first) = (self.address, self.first);
        let Some(reader) = self
            .readers
            .get_mut(&peer)
            .filter(|reader| reader.run == run)
        else {
            return;
        };
        let Place::Behind {
            delivered, reached, ..
        } = &mut reader.place
        else {
            return;
        };
        let page = match page {
            Ok(page) => page,
            Err(trouble) => {
                tracing::debug!(%trouble, "a page is read again");
                pages::Page::default()
            }
        };
        let mut count = 0;
        for entry in &page.entries {
            // Trimmed meanwhile, or delivered.
            if entry.seq.0 < first || entry.seq <= *reached {
                continue;
            }
            let previous = (*delivered).max(Seq(first.saturating_sub(1)));
            let frame = RelayFrame::Delivery(entry.delivery(address, previous));
            *delivered = entry.seq;
            count += 1;
            self.hub.send(&reader.to, encode(&frame).into());
        }
        *reached = page.reached.max(*reached);
        self.hub.stats().written.deliveries.add(count);
        self.go_on(peer);
    }
}
