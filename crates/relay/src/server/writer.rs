//! What owns the core: takes what waits, does it in one transaction, and puts answers and deliveries
//! into the connections' queues. A relay on disk has a thread for it, so that one wait for the disk
//! does for many; one in memory has nothing to wait for, and each connection does it in passing.

use super::outgoing::{EASY_BYTES, Full, Outgoing, Wake};
use super::stats::Stats;
use crate::core::{Core, Job, Out, Peer};
use crate::nats::Hub;
use axum::body::Bytes;
use snug_wire::encode_into;
use snug_wire::frame::{Answer, RelayFrame};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// What may wait for the writer; connections that have more wait in turn, so that a flood of one
/// does not starve the others.
pub const INPUTS: usize = 1_024;
/// What is done in a connection's own thread before others have their turn.
const PIECE: usize = 16;
/// What one transaction takes at most.
const BATCH: usize = 512;
/// Bytes of stored entries read for one connection at a time.
const PAGE: usize = EASY_BYTES / 2;
/// Bytes kept to encode frames in.
const SCRATCH: usize = 64 << 10;
/// Bytes of stored entries after which requests come first again, however many are behind.
const TURN: usize = 8 * PAGE;

/// What reaches the writer.
pub enum Input {
    /// A connection is authenticated; its frames go there.
    Joined(Peer, Outgoing),
    /// It asks; the permit is given back when it was done.
    Asked(Job, OwnedSemaphorePermit),
    /// It has room for more of what it catches up with.
    Room(Peer),
    /// It has ended.
    Left(Peer),
    /// A piece of what is too old is to be forgotten.
    Expire,
}

/// How everything reaches the writer.
pub enum Door {
    /// Its thread.
    Thread(mpsc::Sender<Input>),
    /// Whoever comes in.
    Here(Box<Mutex<Writer>>),
    /// Lanes of mailboxes in NATS.
    Lanes(Arc<Hub>),
}

/// The writer has ended.
pub struct Ended;

impl Door {
    /// To be used where the store is in memory alone.
    pub fn here(writer: Writer) -> Self {
        Self::Here(Box::new(Mutex::new(writer)))
    }

    /// How much waits for the thread.
    pub fn waiting(&self) -> usize {
        match self {
            Self::Thread(inputs) => inputs.max_capacity() - inputs.capacity(),
            Self::Here(_) => 0,
            Self::Lanes(hub) => hub.waiting(),
        }
    }

    /// Hands over what one connection has, at most [`INPUTS`]; waits while too much waits for the
    /// thread.
    pub async fn send(&self, all: &mut Vec<Input>) -> Result<(), Ended> {
        match self {
            Self::Lanes(hub) => {
                // Large: no connection of another relay is to carry it.
                let take = async {
                    for input in all.drain(..) {
                        hub.take(input).await;
                    }
                };
                Box::pin(take).await;
            }
            Self::Thread(inputs) => {
                let room = inputs.reserve_many(all.len()).await.map_err(|_| Ended)?;
                room.zip(all.drain(..))
                    .for_each(|(room, input)| room.send(input));
            }
            Self::Here(writer) => {
                while turn(writer, all) {
                    tokio::task::yield_now().await;
                }
            }
        }
        Ok(())
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        if let Self::Lanes(hub) = self {
            hub.end();
        }
    }
}

/// Does some of it, in the caller's thread; whether there is more to do. Connections are woken when the
/// next may come in.
fn turn(writer: &Mutex<Writer>, all: &mut Vec<Input>) -> bool {
    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    let behind = writer.turn(all.drain(..all.len().min(PIECE)));
    let wakes = std::mem::take(&mut writer.wakes);
    drop(writer);
    wakes.into_iter().for_each(Wake::wake);
    behind || !all.is_empty()
}

/// The core and the connections' queues.
pub struct Writer {
    core: Core,
    connections: BTreeMap<Peer, Outgoing>,
    /// Those who are behind and have room.
    pulling: BTreeSet<Peer>,
    /// Who of them was served last.
    pulled: Peer,
    /// Room to encode frames in.
    scratch: Vec<u8>,
    /// Those for whom something waits that they do not know of, where others wait for this meanwhile.
    wakes: Vec<Wake>,
    is_alone: bool,
    stats: Arc<Stats>,
    /// Whether the last batch was written.
    ready: Arc<AtomicBool>,
}

/// Runs until every sender is gone.
pub fn run(mut writer: Writer, mut inputs: mpsc::Receiver<Input>) {
    writer.is_alone = true;
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        if writer.pulling.is_empty() {
            if inputs.blocking_recv_many(&mut batch, BATCH) == 0 {
                return;
            }
        } else {
            while batch.len() < BATCH
                && let Ok(input) = inputs.try_recv()
            {
                batch.push(input);
            }
        }
        writer.turn(batch.drain(..));
    }
}

impl Writer {
    /// Counts what it does, and says after each batch whether it could be written.
    pub fn new(core: Core, stats: Arc<Stats>, ready: Arc<AtomicBool>) -> Self {
        let writer = Self {
            core,
            connections: BTreeMap::new(),
            pulling: BTreeSet::new(),
            pulled: Peer(0),
            scratch: Vec::new(),
            wakes: Vec::new(),
            is_alone: false,
            stats,
            ready,
        };
        writer.measure();
        writer
    }

    /// Does what came in, then a bounded piece of catching up; whether there is more of that.
    fn turn(&mut self, inputs: impl Iterator<Item = Input>) -> bool {
        self.take(inputs);
        self.catch_up();
        self.ready.store(!self.core.is_failing(), Ordering::Relaxed);
        !self.pulling.is_empty()
    }

    /// Joining comes before a connection's requests, leaving after them.
    fn take(&mut self, inputs: impl Iterator<Item = Input>) {
        let mut jobs = Vec::new();
        let mut held = Vec::new();
        let mut left = Vec::new();
        let mut expire = false;
        for input in inputs {
            match input {
                Input::Joined(peer, outgoing) => {
                    self.connections.insert(peer, outgoing);
                }
                Input::Asked(job, permit) => {
                    jobs.push(job);
                    held.push(permit);
                }
                Input::Room(peer) => {
                    self.pulling.insert(peer);
                }
                Input::Left(peer) => left.push(peer),
                Input::Expire => expire = true,
            }
        }
        self.apply(jobs);
        drop(held);
        for peer in left {
            self.forget(peer);
        }
        if expire {
            match self.core.expire(now()) {
                Ok(outs) => self.send(outs),
                Err(error) => tracing::error!(%error, "what is too old could not be forgotten"),
            }
            self.measure();
        }
    }

    /// How much there is.
    fn measure(&self) {
        if let Ok(bytes) = self.core.store_bytes() {
            self.stats.written.store_bytes.set(bytes);
        }
        self.stats.written.mailboxes.set(self.core.mailboxes());
    }

    fn apply(&mut self, jobs: Vec<Job>) {
        let mut peers: Vec<Peer> = jobs.iter().map(|job| job.peer).collect();
        peers.dedup();
        self.stats.written.requests.add(jobs.len() as u64);
        let mut jobs = jobs.into_iter();
        while jobs.len() > 0 {
            let begun = Instant::now();
            let outs = self.core.apply(&mut jobs, now(), &mut rand::random);
            self.stats.batch(begun.elapsed());
            self.send(outs);
        }
        self.stats.written.mailboxes.set(self.core.mailboxes());
        self.pulling
            .extend(peers.into_iter().filter(|peer| self.core.is_behind(*peer)));
    }

    fn encode(&mut self, frame: &RelayFrame) -> Bytes {
        self.scratch.clear();
        // After a large frame room for small ones is enough.
        self.scratch.shrink_to(SCRATCH);
        encode_into(frame, &mut self.scratch);
        Bytes::copy_from_slice(&self.scratch)
    }

    /// Encodes a frame once, whomever it goes to.
    fn send(&mut self, outs: Vec<Out>) {
        for out in outs {
            self.count(&out);
            let bytes = self.encode(&out.frame);
            let droppable = matches!(out.frame, RelayFrame::Signal(..));
            for peer in out.to {
                self.send_to(peer, bytes.clone(), droppable);
            }
        }
    }

    fn count(&self, out: &Out) {
        let written = &self.stats.written;
        match &out.frame {
            RelayFrame::Answer(_, Answer::Stored(_)) => written.puts.add(1),
            RelayFrame::Answer(_, Answer::Opened(_) | Answer::Diverged(_)) => written.opens.add(1),
            RelayFrame::Answer(_, Answer::Refused(why)) => self.stats.refused(why),
            RelayFrame::Delivery(_) => written.deliveries.add(out.to.len() as u64),
            RelayFrame::Signal(..) => written.signals.add(out.to.len() as u64),
            _ => {}
        }
    }

    fn send_to(&mut self, peer: Peer, bytes: Bytes, droppable: bool) {
        let Some(outgoing) = self.connections.get(&peer) else {
            return;
        };
        if droppable && !outgoing.is_easy() {
            self.stats.written.signals_dropped.add(1);
            return;
        }
        match outgoing.send(bytes) {
            Ok(Some(wake)) if self.is_alone => wake.wake(),
            Ok(wake) => self.wakes.extend(wake),
            Err(Full) => {
                tracing::debug!(?peer, "cut: it does not read");
                if let Some(outgoing) = self.forget(peer) {
                    outgoing.cut();
                }
            }
        }
    }

    fn forget(&mut self, peer: Peer) -> Option<Outgoing> {
        self.core.disconnected(peer);
        self.pulling.remove(&peer);
        self.connections.remove(&peer)
    }

    /// Pages for those who are behind and have room, in turn; who has none says so later.
    fn catch_up(&mut self) {
        let mut left = TURN;
        while left > 0
            && let Some(peer) = self.next_pulling()
        {
            self.pulling.remove(&peer);
            self.pulled = peer;
            left = left.saturating_sub(self.pull(peer));
        }
    }

    fn next_pulling(&self) -> Option<Peer> {
        let mut after = self.pulling.range((Excluded(self.pulled), Unbounded));
        after.next().or_else(|| self.pulling.first()).copied()
    }

    /// A page for one; says how many bytes.
    fn pull(&mut self, peer: Peer) -> usize {
        let Some(outgoing) = self.connections.get(&peer) else {
            return 0;
        };
        if !outgoing.is_easy() {
            outgoing.want_room();
            // It may have sent all between the two.
            if !outgoing.is_easy() {
                return 0;
            }
        }
        let mut read = 0;
        match self.core.pull(peer, PAGE) {
            Ok(frames) => {
                let deliveries = frames.iter();
                let deliveries = deliveries.filter(|f| matches!(f, RelayFrame::Delivery(_)));
                let deliveries = deliveries.count() as u64;
                self.stats.written.deliveries.add(deliveries);
                for frame in frames {
                    let bytes = self.encode(&frame);
                    read += bytes.len();
                    self.send_to(peer, bytes, false);
                }
            }
            Err(error) => {
                tracing::error!(%error, "stored entries could not be read");
                if let Some(outgoing) = self.forget(peer) {
                    outgoing.cut();
                }
            }
        }
        if self.core.is_behind(peer) {
            self.pulling.insert(peer);
        }
        read
    }
}

/// Milliseconds of Unix time.
pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

#[cfg(test)]
mod tests {
    use super::super::outgoing::{Bounds, Frames, queue};
    use super::*;
    use crate::settings::Limits;
    use crate::store::Store;
    use snug_wire::frame::{MailboxKind, Put, Request};
    use snug_wire::{Address, EnvelopeId, LockSecret, Seq};

    const AT: Address = Address([1; 32]);

    fn secret() -> LockSecret {
        LockSecret::new([1; 32])
    }

    fn put(id: u8) -> Request {
        Request::Put(Put {
            address: AT,
            secret: Some(secret()),
            id: EnvelopeId([id; 16]),
            flagged: false,
            rests_on: Seq(0),
            lock: None,
            attachments: Vec::new(),
            bytes: vec![id; PAGE],
        })
    }

    /// Bytes that wait for a connection, taken out.
    fn waiting(frames: &mut Frames) -> usize {
        let mut bytes = 0;
        while let Some(frame) = frames.take_now() {
            bytes += frame.len();
            frames.sent(frame.len());
        }
        bytes
    }

    #[test]
    fn those_who_catch_up_are_served_in_turn_and_never_all_at_once() {
        let core = Core::open(Store::in_memory().unwrap(), [1; 32]).unwrap();
        let mut writer = Writer::new(core, Arc::new(Stats::new()), Arc::default());
        let bounds = Bounds::new(&Limits::default(), Arc::default());
        let mut number = 0;
        let mut ask = |writer: &mut Writer, peer, request| {
            number += 1;
            writer.apply(vec![Job {
                peer: Peer(peer),
                number,
                request,
            }]);
        };
        let lock = secret().lock();
        ask(
            &mut writer,
            0,
            Request::Create(AT, MailboxKind::Conversation, lock),
        );
        for id in 1..=3 {
            ask(&mut writer, 0, put(id));
        }
        let mut readers = Vec::new();
        for peer in 1..=100 {
            let (outgoing, frames) = queue(&bounds);
            writer.connections.insert(Peer(peer), outgoing);
            ask(&mut writer, peer, Request::Open(AT, secret(), None));
            readers.push(frames);
        }
        for frames in &mut readers {
            waiting(frames);
        }
        let mut got = vec![0; 100];
        let mut turns = 0;
        while !writer.pulling.is_empty() {
            writer.catch_up();
            turns += 1;
            let before: usize = got.iter().sum();
            for (got, frames) in got.iter_mut().zip(&mut readers) {
                *got += waiting(frames);
            }
            let turn = got.iter().sum::<usize>() - before;
            assert!(turn <= TURN + 2 * PAGE, "{turn} bytes in turn {turns}");
            let some = got.iter().filter(|got| **got > 0).count();
            assert!(some >= 100.min(turns * TURN / (2 * PAGE)), "the first only");
        }
        assert!(
            got.iter().all(|got| *got > 3 * PAGE),
            "all of them in the end"
        );
    }
}
