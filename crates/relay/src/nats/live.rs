//! Hearing what is stored, from the log's `republish`: what is refused is not heard, and everything is
//! heard in the order it stands in. Core NATS may lose a message, though, when a connection or a
//! leader is lost; so each is checked against the one before, and after such an event the log is read
//! from the last entry delivered.

use super::entry::Entry;
use super::lane::Lane;
use super::names::Stream;
use super::pages::{self, Span};
use super::readers::Place;
use super::stored::Stored;
use super::trouble::Trouble;
use async_nats::{HeaderMap, Message, Subscriber};
use axum::body::Bytes;
use futures_util::StreamExt as _;
use snug_wire::frame::RelayFrame;
use snug_wire::{EnvelopeId, Lock, Seq, encode};
use tokio::sync::oneshot;

/// Bytes of stored entries read at once when something was missed.
const PAGE: usize = 1 << 20;
/// On a signal: the lock it was sent under.
pub const UNDER: &str = "Snug-Under";
/// On a signal: which connection sent it.
pub const FROM: &str = "Snug-From";

/// What is heard, and up to where.
pub struct Live {
    heard: Subscriber,
    /// The last entry delivered to those who are live.
    pub last: Seq,
    /// Its envelope, if it is known.
    pub last_id: Option<EnvelopeId>,
    /// The last commit delivered.
    pub head: Seq,
}

/// Somebody who waits until all is delivered.
pub struct Settling {
    last: Seq,
    mark: String,
    is_heard: bool,
    done: Option<oneshot::Sender<()>>,
}

/// The next message; for ever none while nobody reads.
pub async fn next(live: &mut Option<Live>) -> Option<Message> {
    match live {
        Some(live) => live.heard.next().await,
        None => std::future::pending().await,
    }
}

impl Lane {
    /// Hears the mailbox from now on, and knows it as it is at that moment.
    pub(super) async fn go_live(&mut self) -> Result<(), Trouble> {
        if self.live.is_some() {
            return Ok(());
        }
        let names = &self.nats().names;
        let (subject, fence) = (names.live(&self.address, "*"), names.texts(&self.address));
        let subscribed = self.nats().client.subscribe(subject).await;
        let heard = subscribed.map_err(|error| Trouble::Silent(error.to_string()))?;
        // What is stored after this is heard; what was stored before is seen by looking after it.
        self.nats().fence(&fence).await?;
        let known = self.load().await?;
        let live = Live {
            heard,
            last: known.last,
            last_id: known.last_id,
            head: Seq(known.state.as_ref().map_or(0, |state| state.head)),
        };
        self.live = Some(live);
        self.missed = false;
        Ok(())
    }

    /// A message was heard.
    pub(super) async fn heard(&mut self, message: Option<Message>) {
        let Some(message) = message else {
            // The connection has ended for good.
            self.live = None;
            return;
        };
        match message.subject.rsplit('.').next() {
            Some("c" | "m") => match Stored::from_live(message) {
                Ok(stored) => self.stored(&stored).await,
                Err(error) => tracing::error!(%error, "a live message cannot be read"),
            },
            Some("s") => self.signalled(message),
            Some("t") => self.changed(&message.payload),
            Some("x") => self.marked(&message.payload),
            _ => {}
        }
    }

    async fn stored(&mut self, stored: &Stored) {
        let Some(live) = &self.live else {
            return;
        };
        if stored.seq <= live.last.0 {
            return;
        }
        let entry = match Entry::read(stored) {
            Ok(entry) => entry,
            Err(error) => {
                tracing::error!(%error, "a live entry cannot be read");
                return;
            }
        };
        // The one before it on its own subject.
        let before = stored.number("Nats-Last-Sequence").unwrap_or(u64::MAX);
        let mut gap = before > live.last.0;
        if !entry.flagged {
            gap |= entry.rests_on > live.head;
        } else if !gap {
            // Texts before a commit, which its number says nothing of. Two leaders in turn may be heard in
            // the other order.
            gap = self.misses_texts(stored.seq).await;
        }
        if gap {
            tracing::debug!(address = ?self.address, seq = stored.seq, "entries before it were not heard");
            self.missed = true;
        } else {
            self.deliver(&entry);
        }
    }

    async fn misses_texts(&self, commit: u64) -> bool {
        let Some(live) = &self.live else {
            return false;
        };
        let texts = self.nats().names.texts(&self.address);
        match self.nats().next(Stream::Log, &texts, live.last.0 + 1).await {
            Ok(text) => text.is_some_and(|text| text.seq < commit),
            Err(_) => true,
        }
    }

    /// Reads what may have been missed; what is heard meanwhile is passed over if it was read.
    pub(super) async fn refill(&mut self) {
        match self.read_missed().await {
            Ok(()) => self.missed = false,
            Err(trouble) => {
                tracing::debug!(%trouble, "what may have been missed cannot be read yet");
            }
        }
    }

    /// The same, saying whether it worked.
    pub(super) async fn read_missed(&mut self) -> Result<(), Trouble> {
        let names = &self.nats().names;
        let (entries, fence) = (names.entries(&self.address), names.texts(&self.address));
        self.nats().fence(&fence).await?;
        let Some(last) = self.nats().last(Stream::Log, &entries).await? else {
            return Ok(());
        };
        while let Some(live) = &self.live
            && live.last.0 < last.seq
        {
            let span = Span {
                address: self.address,
                after: live.last,
                to: Seq(last.seq),
                budget: PAGE,
                headers_only: false,
            };
            let page = pages::read(self.nats(), span).await?;
            for entry in &page.entries {
                self.deliver(entry);
            }
            if let Some(live) = &mut self.live
                && page.reached > live.last
            {
                live.last = page.reached;
                live.last_id = None;
            }
        }
        Ok(())
    }

    /// Delivers the next entry to those who are live. A new lock ends who reads under another one.
    fn deliver(&mut self, entry: &Entry) {
        let forgotten = Seq(self.first.saturating_sub(1));
        let Some(live) = &mut self.live else {
            return;
        };
        let previous = live.last.max(forgotten);
        live.last = entry.seq;
        live.last_id = Some(entry.id);
        if entry.flagged {
            live.head = live.head.max(entry.seq);
        }
        self.note(entry);
        let frame = RelayFrame::Delivery(entry.delivery(self.address, previous));
        let frame = Bytes::from(encode(&frame));
        let mut delivered = 0;
        for reader in self.readers.values() {
            if reader.place == Place::Live {
                delivered += 1;
                self.hub.send(&reader.to, frame.clone());
            }
        }
        self.hub.stats().written.deliveries.add(delivered);
        if let Some(lock) = entry.lock {
            self.relocked(entry.seq, lock);
        }
    }

    /// What is remembered of the mailbox goes with what is heard.
    fn note(&mut self, entry: &Entry) {
        let Some(known) = &mut self.known else {
            return;
        };
        if entry.flagged && known.commit < entry.seq.0 {
            // Another relay's commit: its state is looked at when it is needed.
            self.known = None;
            return;
        }
        if known.last < entry.seq {
            known.last = entry.seq;
            known.last_id = Some(entry.id);
        }
        known.held = known.held.max(entry.held);
    }

    fn relocked(&mut self, at: Seq, lock: Lock) {
        let ended = Bytes::from(encode(&RelayFrame::Ended(self.address, at)));
        let hub = &self.hub;
        let address = self.address;
        self.readers.retain(|_, reader| {
            if reader.lock == lock {
                return true;
            }
            match &mut reader.place {
                Place::Live => {
                    hub.send(&reader.to, ended.clone());
                    reader.to.opens().remove(&address);
                    false
                }
                Place::Behind { until, .. } => {
                    until.get_or_insert(at);
                    true
                }
            }
        });
    }

    /// A signal goes to the others who read under the lock it was sent under.
    fn signalled(&self, message: Message) {
        let headers = message.headers.unwrap_or_default();
        let text = |name| headers.get(name).map(|value| value.as_str());
        let under = text(UNDER).and_then(|lock| lock.parse::<Lock>().ok());
        let frame = RelayFrame::Signal(self.address, message.payload.to_vec());
        let frame = Bytes::from(encode(&frame));
        let written = &self.hub.stats().written;
        for (peer, reader) in &self.readers {
            let is_own = text(FROM) == Some(format!("{} {}", self.hub.run, peer.0).as_str());
            let is_ended = matches!(reader.place, Place::Behind { until: Some(_), .. });
            if is_own || is_ended || Some(reader.lock) != under {
                continue;
            }
            if reader.to.is_easy() {
                self.hub.send(&reader.to, frame.clone());
                written.signals.add(1);
            } else {
                written.signals_dropped.add(1);
            }
        }
    }

    /// Another relay changed the mailbox's state: its first entry is said, the rest is looked at.
    fn changed(&mut self, first: &[u8]) {
        self.known = None;
        let first = std::str::from_utf8(first)
            .ok()
            .and_then(|first| first.parse().ok());
        self.first = self.first.max(first.unwrap_or(0));
    }

    /// Tells the other relays where somebody reads.
    pub(super) async fn tell_changed(&self) {
        let subject = self.nats().names.live(&self.address, "t");
        let first = Bytes::from(self.first.to_string());
        // Who does not hear it delivers what has been trimmed a little longer.
        let _ = self.nats().client.publish(subject, first).await;
    }

    pub(super) async fn settle(&mut self, done: oneshot::Sender<()>) {
        if self.live.is_none() {
            return;
        }
        let names = &self.nats().names;
        let (entries, subject) = (names.entries(&self.address), names.live(&self.address, "x"));
        let last = match self.nats().last(Stream::Log, &entries).await {
            Ok(last) => Seq(last.map_or(0, |last| last.seq)),
            Err(_) => return,
        };
        let mark = format!("{:x}", rand::random::<u128>());
        let (headers, bytes) = (HeaderMap::new(), Bytes::from(mark.clone()));
        let _ = self
            .nats()
            .client
            .publish_with_headers(subject, headers, bytes)
            .await;
        self.settling.push(Settling {
            last,
            mark,
            is_heard: false,
            done: Some(done),
        });
    }

    fn marked(&mut self, mark: &[u8]) {
        for settling in &mut self.settling {
            settling.is_heard |= settling.mark.as_bytes() == mark;
        }
    }

    pub(super) fn tell_settled(&mut self) {
        if self.settling.is_empty() {
            return;
        }
        let last = self.live.as_ref().map(|live| live.last);
        let is_behind = self
            .readers
            .values()
            .any(|reader| reader.place != Place::Live);
        self.settling.retain_mut(|settling| {
            let is_delivered = last.is_none_or(|last| last >= settling.last && settling.is_heard);
            if !is_delivered || is_behind {
                return true;
            }
            if let Some(done) = settling.done.take() {
                let _ = done.send(());
            }
            false
        });
    }
}
