//! What all lanes share, and how requests get to them.
//!
//! Every mailbox and invitation that is asked for has a lane, a task of its own that does one thing after
//! the other; different ones go side by side. A lane ends when it has been idle for a while.

use super::api::{JetStream, PATIENCE};
use super::asks::{Ask, Asked, Key, Waits};
use super::connected::Connected;
use super::invitations;
use super::lane::Lane;
use super::trouble::{Stop, Trouble};
use crate::core::limits::Quotas;
use crate::core::{Job, Peer};
use crate::server::stats::Stats;
use crate::server::writer::Input;
use axum::body::Bytes;
use ed25519_dalek::SigningKey;
use snug_wire::frame::{Answer, Refusal, RelayFrame, Request};
use snug_wire::{Address, encode};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What may wait for one lane; then the connections that have more wait.
const WAITING: usize = 256;
/// How long a lane that nobody needs stays, with what it knows.
pub const IDLE: Duration = Duration::from_secs(10);
/// Pages read at once, over all connections.
const PAGES: usize = 64;

/// Milliseconds of Unix time.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// All of it.
pub struct Hub {
    /// NATS.
    pub nats: JetStream,
    /// The relay's key.
    pub key: SigningKey,
    /// How much it takes.
    pub quotas: Quotas,
    /// The time.
    pub clock: Clock,
    /// Which run of a relay this is, so that it knows its own signals.
    pub run: u64,
    /// Pages being read.
    pub pages: Arc<Semaphore>,
    /// Mailboxes there are, about.
    pub mailboxes: AtomicU64,
    /// Whether nothing new is taken.
    pub is_full: AtomicBool,
    stats: Arc<Stats>,
    ready: Arc<AtomicBool>,
    /// When it stopped being ready.
    away: Mutex<Option<Instant>>,
    /// Requests that are not answered yet.
    waiting: Arc<AtomicUsize>,
    peers: Mutex<HashMap<Peer, Arc<Connected>>>,
    lanes: Mutex<HashMap<Key, mpsc::Sender<Ask>>>,
    /// Grows when something may have been missed.
    missed: watch::Sender<u64>,
    tasks: TaskTracker,
    ended: CancellationToken,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// Over NATS, nobody connected.
    pub fn new(
        nats: JetStream,
        key: SigningKey,
        quotas: Quotas,
        clock: Clock,
        (stats, ready): (Arc<Stats>, Arc<AtomicBool>),
    ) -> Self {
        Self {
            nats,
            key,
            quotas,
            clock,
            run: rand::random(),
            pages: Arc::new(Semaphore::new(PAGES)),
            mailboxes: AtomicU64::new(0),
            is_full: AtomicBool::new(false),
            stats,
            ready,
            away: Mutex::default(),
            waiting: Arc::default(),
            peers: Mutex::default(),
            lanes: Mutex::default(),
            missed: watch::channel(0).0,
            tasks: TaskTracker::new(),
            ended: CancellationToken::new(),
        }
    }

    /// Milliseconds of Unix time.
    pub fn now(&self) -> u64 {
        (self.clock)()
    }

    /// What is counted.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Runs something until this relay ends.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let ended = self.ended.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = ended.cancelled() => {}
                () = task => {}
            }
        });
    }

    /// Ends all lanes.
    pub fn end(&self) {
        self.ended.cancel();
    }

    /// Something may have been missed: every lane looks what was stored.
    pub fn missed(&self) {
        self.missed.send_modify(|times| *times += 1);
    }

    /// Whether NATS does what it is asked for.
    pub fn is_ready(&self) -> bool {
        self.ready.load(Relaxed)
    }

    /// Whether it has not done so for long: nothing is tried then until it is asked how it is.
    pub fn is_away(&self) -> bool {
        let away = *lock(&self.away);
        away.is_some_and(|since| since.elapsed() >= PATIENCE)
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Relaxed)
    }

    /// It does, or does not.
    pub fn set_ready(&self, ready: bool) {
        if self.ready.swap(ready, Relaxed) != ready {
            *lock(&self.away) = (!ready).then(Instant::now);
            match ready {
                true => tracing::info!("NATS does what it is asked for again"),
                false => tracing::error!("NATS does not do what it is asked for"),
            }
        }
    }

    /// Takes what reaches the writer of other relays.
    pub async fn take(self: &Arc<Self>, input: Input) {
        match input {
            Input::Joined(peer, outgoing) => {
                let connected = Arc::new(Connected::new(peer, outgoing));
                lock(&self.peers).insert(peer, connected);
            }
            Input::Asked(job, held) => self.asked(job, held).await,
            Input::Room(peer) => {
                if let Some(peer) = lock(&self.peers).get(&peer) {
                    peer.has_room();
                }
            }
            Input::Left(peer) => {
                let left = lock(&self.peers).remove(&peer);
                if let Some(left) = left {
                    self.left(&left).await;
                }
            }
            Input::Expire => super::tend::now_and_then(self).await,
        }
    }

    async fn left(self: &Arc<Self>, left: &Connected) {
        let opens: Vec<Address> = left.opens().iter().copied().collect();
        for address in opens {
            self.tell(Key::Mailbox(address), Ask::Left(left.peer)).await;
        }
    }

    async fn asked(self: &Arc<Self>, job: Job, held: OwnedSemaphorePermit) {
        let Some(from) = lock(&self.peers).get(&job.peer).cloned() else {
            return;
        };
        self.stats.written.requests.add(1);
        let key = Key::of(&job.request);
        if self.is_away() && !matches!(job.request, Request::Close(_) | Request::Signal(..)) {
            self.answer(&from, job.number, Answer::Refused(Refusal::Disk));
            return;
        }
        if let Request::Open(address, ..) = &job.request
            && !self.may_open(&from, *address)
        {
            self.answer(&from, job.number, Answer::Refused(Refusal::Full));
            return;
        }
        let asked = Asked {
            from,
            number: job.number,
            request: job.request,
            _held: held,
            _waits: Waits::one(&self.waiting),
        };
        self.tell(key, Ask::Asked(Box::new(asked))).await;
    }

    /// Notes what it is about to open, so that its lane hears of its end.
    fn may_open(&self, from: &Connected, address: Address) -> bool {
        let mut opens = from.opens();
        if !opens.contains(&address) && opens.len() >= self.quotas.opens {
            return false;
        }
        opens.insert(address);
        true
    }

    /// Hands something to a lane, which begins with it if there is none.
    pub async fn tell(self: &Arc<Self>, key: Key, mut ask: Ask) {
        loop {
            let lane = self.lane(key);
            match lane.send(ask).await {
                Ok(()) => return,
                // It ended just then; what was meant for it comes back.
                Err(mpsc::error::SendError(back)) => ask = back,
            }
            if self.ended.is_cancelled() {
                return;
            }
            let mut lanes = lock(&self.lanes);
            if lanes.get(&key).is_some_and(mpsc::Sender::is_closed) {
                lanes.remove(&key);
            }
        }
    }

    fn lane(self: &Arc<Self>, key: Key) -> mpsc::Sender<Ask> {
        let mut lanes = lock(&self.lanes);
        if let Some(lane) = lanes.get(&key) {
            return lane.clone();
        }
        let (sender, asks) = mpsc::channel(WAITING);
        lanes.insert(key, sender.clone());
        match key {
            Key::Mailbox(address) => {
                let lane = Lane::new(Arc::clone(self), address);
                self.spawn(lane.run(asks, self.missed.subscribe()));
            }
            Key::Invitation(_) => {
                self.spawn(invitations::run(Arc::clone(self), key, asks));
            }
        }
        sender
    }

    /// Ends a lane if nothing waits for it.
    pub fn leave(self: &Arc<Self>, key: Key, asks: &mut mpsc::Receiver<Ask>) -> bool {
        let mut lanes = lock(&self.lanes);
        if !asks.is_empty() {
            return false;
        }
        asks.close();
        lanes.remove(&key);
        drop(lanes);
        // What came between the two goes to the next one; who comes now gets it back and begins one.
        let mut late = Vec::new();
        while let Ok(ask) = asks.try_recv() {
            late.push(ask);
        }
        if !late.is_empty() {
            let hub = Arc::clone(self);
            self.spawn(async move {
                for ask in late {
                    hub.tell(key, ask).await;
                }
            });
        }
        true
    }

    /// The lanes of mailboxes there are.
    pub fn mailboxes(&self) -> Vec<(Key, mpsc::Sender<Ask>)> {
        let lanes = lock(&self.lanes);
        let mailboxes = lanes
            .iter()
            .filter(|(key, _)| matches!(key, Key::Mailbox(_)));
        mailboxes.map(|(key, lane)| (*key, lane.clone())).collect()
    }

    /// Answers what was asked.
    pub fn answer(self: &Arc<Self>, to: &Connected, number: u64, answer: Answer) {
        let written = &self.stats.written;
        match &answer {
            Answer::Stored(_) => written.puts.add(1),
            Answer::Opened(_) | Answer::Diverged(_) => written.opens.add(1),
            Answer::Refused(why) => self.stats.refused(why),
            _ => {}
        }
        let frame = encode(&RelayFrame::Answer(number, answer));
        self.send(to, frame.into());
    }

    /// Answers with what came of it.
    pub fn settle(self: &Arc<Self>, asked: &Asked, done: Result<Option<Answer>, Stop>) {
        let answer = match done {
            Ok(answer) => {
                self.set_ready(true);
                answer
            }
            Err(Stop::Refused(refusal)) => Some(Answer::Refused(refusal)),
            Err(Stop::Trouble(trouble)) => {
                self.troubled(&trouble);
                Some(Answer::Refused(Refusal::Disk))
            }
        };
        if let Some(answer) = answer {
            self.answer(&asked.from, asked.number, answer);
        }
    }

    /// Something was not done.
    pub fn troubled(&self, trouble: &Trouble) {
        tracing::warn!(%trouble, "a request could not be done");
        if trouble.is_silent() || trouble.is_full() {
            self.set_ready(false);
        }
    }

    /// Sends a frame to a connection, which is cut if it does not read.
    pub fn send(self: &Arc<Self>, to: &Connected, frame: Bytes) {
        if to.send(frame).is_ok() {
            return;
        }
        let Some(left) = lock(&self.peers).remove(&to.peer) else {
            return;
        };
        tracing::debug!(peer = ?to.peer, "cut: it does not read");
        left.cut();
        let hub = Arc::clone(self);
        // A lane may be what sends: it cannot wait for itself.
        self.spawn(async move { hub.left(&left).await });
    }

    /// Does what is done now and then, and waits for it; for tests.
    pub async fn tended(self: &Arc<Self>) {
        super::tend::look(self);
        if let Err(trouble) = super::tend::sweep(self).await {
            self.troubled(&trouble);
        }
        self.settled().await;
    }

    /// Waits until everything that was stored by now has been delivered; for tests.
    pub async fn settled(self: &Arc<Self>) {
        for (key, _) in self.mailboxes() {
            let (done, settled) = oneshot::channel();
            self.tell(key, Ask::Settle(done)).await;
            let _ = settled.await;
        }
    }
}
