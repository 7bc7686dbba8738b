//! The thread that owns the engine: one loop over [`Input`]s.
//!
//! After each input, what the engine wants to send goes out, new mailboxes are opened, and what
//! changed is told, in that order: a person's message is on its way before anything is drawn.
//!
//! Queues: [`CALLS`] calls may wait, then callers wait; [`EVENTS`] events may wait, then sockets
//! are not read. Calls come first.

mod lane;
mod publish;
mod relays;
mod signals;

pub(crate) use publish::Published;

use crate::clock::now;
use crate::connection::{Event, Ground, Origin};
use crate::{DataDir, Problem};
use publish::Publisher;
use relays::Relays;
use snug_engine::Engine;
use snug_wire::RelayAddress;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How many calls may wait.
pub(crate) const CALLS: usize = 64;
/// How many events of connections may wait. Few, so that frames pile up into batches instead.
pub(crate) const EVENTS: usize = 4;
/// Longest sleep, milliseconds: clocks are set, computers suspended.
const NAP: u64 = 60_000;
/// So long after it arrived a text gets into the search index, milliseconds.
const INDEX_AFTER: u64 = 1_000;
/// Between two batches of texts for the index, milliseconds: what people do goes first.
const INDEX_PAUSE: u64 = 20;
/// Pause after our own disk has failed, milliseconds.
const RECOVERY: u64 = 5_000;

/// Held by the driver and the handles; `None` once it is closed.
pub(crate) type SharedDataDir = Arc<Mutex<Option<DataDir>>>;

/// Work on the engine; answers by itself. The number is the time.
pub(crate) type Call = Box<dyn FnOnce(&mut Engine, u64) + Send>;

/// Everything that can happen to the driver.
enum Input {
    Call(Call),
    Connection(Origin, Event),
    /// The application asks to connect at once.
    Reconnect,
    Deadline,
    Shutdown,
}

/// What the driver owns.
pub(crate) struct Driver {
    pub engine: Engine,
    pub calls: mpsc::Receiver<Call>,
    pub events: mpsc::Receiver<(Origin, Event)>,
    pub reconnect: Arc<tokio::sync::Notify>,
    pub shutdown: CancellationToken,
    pub ground: Ground,
    /// The relay inside the application, where it really is.
    pub embedded: Option<RelayAddress>,
    pub published: Published,
    /// Held until the engine has closed its database.
    pub data: SharedDataDir,
}

impl Driver {
    /// Starts the thread. It ends on shutdown, when no handle is left, or by an error of its own;
    /// that is then said by [`Published`].
    pub fn start(self) -> std::io::Result<std::thread::JoinHandle<()>> {
        // Timers of its own: they must not depend on how the host runs.
        let clock = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        std::thread::Builder::new()
            .name("snug-driver".into())
            .spawn(move || self.run(&clock))
    }

    fn run(self, clock: &tokio::runtime::Runtime) {
        let Self {
            engine,
            mut calls,
            mut events,
            reconnect,
            shutdown,
            ground,
            embedded,
            published,
            data,
        } = self;
        let mut state = State {
            engine,
            relays: Relays::new(ground, embedded.clone()),
            publisher: Publisher::new(published, embedded),
            held: None,
            tick_at: 0,
            index_at: Some(0),
        };
        let mut input = Input::Deadline;
        loop {
            match catch_unwind(AssertUnwindSafe(|| state.turn(input))) {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => {
                    tracing::error!("the driver stopped by a panic");
                    state
                        .publisher
                        .is_dead(Problem::broken("an internal error"));
                    break;
                }
            }
            let nap = state.nap();
            input = clock.block_on(async {
                tokio::select! {
                    biased;
                    () = shutdown.cancelled() => Input::Shutdown,
                    call = calls.recv() => call.map_or(Input::Shutdown, Input::Call),
                    () = reconnect.notified() => Input::Reconnect,
                    Some((origin, event)) = events.recv() => Input::Connection(origin, event),
                    () = tokio::time::sleep(nap) => Input::Deadline,
                }
            });
        }
        state.end();
        drop(data);
    }
}

/// What a turn works on.
struct State {
    engine: Engine,
    relays: Relays,
    publisher: Publisher,
    /// Our own disk failed: no connections until then.
    held: Option<u64>,
    /// When time alone is to be looked at.
    tick_at: u64,
    /// When texts that may not be in the search index get into it.
    index_at: Option<u64>,
}

impl State {
    /// Takes one input; says whether to go on.
    fn turn(&mut self, input: Input) -> bool {
        let now = now();
        // A clock that was set back holds nothing up.
        self.held = self.held.map(|until| until.min(now + RECOVERY));
        self.tick_at = self.tick_at.min(now + NAP);
        let arrived = matches!(input, Input::Connection(..));
        if !matches!(input, Input::Deadline) {
            self.index_at.get_or_insert(now + INDEX_AFTER);
        }
        let done = match input {
            Input::Shutdown => return false,
            Input::Call(call) => {
                self.publisher.stirs();
                call(&mut self.engine, now);
                Ok(())
            }
            Input::Connection(origin, event) => {
                self.relays.event(&mut self.engine, origin, event, now)
            }
            Input::Reconnect => {
                self.held = None;
                self.relays.retry();
                Ok(())
            }
            Input::Deadline => Ok(()),
        };
        let done = done
            .and_then(|()| self.tick(now))
            .and_then(|()| self.index(now));
        // What arrived is shown before our receipt for it is written; what a person wrote is on its way
        // before it is drawn.
        if arrived {
            self.publisher
                .publish(&mut self.engine, &self.relays, false, now);
        }
        if let Err(error) = done.and_then(|()| self.pump(now)) {
            self.hold(error, now);
        }
        self.publisher
            .publish(&mut self.engine, &self.relays, true, now);
        true
    }

    /// The search index grows by a batch when it is time.
    fn index(&mut self, now: u64) -> snug_engine::Result<()> {
        if self.index_at.is_some_and(|at| at <= now) {
            let more = self.engine.is_index_behind()? && self.engine.index(now)?;
            self.index_at = more.then_some(now + INDEX_PAUSE);
        }
        Ok(())
    }

    /// Sends what is to be sent.
    fn pump(&mut self, now: u64) -> snug_engine::Result<()> {
        if self.held.is_some_and(|until| now < until) {
            return Ok(());
        }
        if self.held.take().is_some() {
            self.publisher.is_well();
        }
        self.relays.follow(&mut self.engine)?;
        self.relays.pump(&mut self.engine, now)?;
        signals::pump(&mut self.engine, &mut self.relays, now)
    }

    /// Our own disk failed. Nothing was applied, so nothing is lost: everything is read again over
    /// new connections, a little later.
    fn hold(&mut self, error: snug_engine::Error, now: u64) {
        let problem = Problem::from(error);
        tracing::error!("pausing: {problem}");
        self.held = Some(now + RECOVERY);
        if let Err(error) = self.relays.drop_all(&mut self.engine) {
            tracing::error!("forgetting what is under way: {error}");
        }
        self.publisher.is_ill(problem);
    }

    /// Whatever else happens, time is looked at once a nap, and when something is due.
    fn tick(&mut self, now: u64) -> snug_engine::Result<()> {
        if now < self.tick_at && self.engine.next_deadline(now)?.is_none_or(|due| now < due) {
            return Ok(());
        }
        self.tick_at = now + NAP;
        self.engine.tick(now)
    }

    /// How long nothing is to be done by itself.
    fn nap(&mut self) -> Duration {
        let now = now();
        // A disk that fails here fails again where it is dealt with.
        let outgoing = self.engine.next_deadline(now).ok().flatten();
        let signals = self.engine.signals_due().filter(|_| self.held.is_none());
        let due = [
            self.held,
            outgoing,
            self.index_at,
            signals,
            Some(self.tick_at),
        ]
        .into_iter()
        .flatten()
        .min();
        Duration::from_millis(due.map_or(NAP, |due| due.saturating_sub(now)).clamp(1, NAP))
    }

    /// Ends in good order.
    fn end(mut self) {
        // Said while there are connections; whoever cannot be reached notices by our silence.
        let said = self
            .engine
            .farewell(now())
            .and_then(|()| signals::pump(&mut self.engine, &mut self.relays, now()));
        if let Err(error) = said {
            tracing::error!("saying goodbye: {}", Problem::from(error));
        }
        if let Err(error) = self
            .relays
            .drop_all(&mut self.engine)
            .and_then(|()| self.engine.close())
        {
            tracing::error!("closing: {}", Problem::from(error));
        }
        self.publisher.is_dead(Problem::broken("it is closing"));
    }
}
