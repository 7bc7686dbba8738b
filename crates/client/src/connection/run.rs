//! The task of a connection: attempts, pauses, attempts.

use super::dial::{Expected, dial};
use super::link::{Ended, Link};
use super::{Event, Origin, Statistics, Timing};
use crate::Problem;
use crate::clock::now;
use crate::view::ConnectionState;
use snug_wire::{RelayAddress, Secret};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// A connection that keeps itself up until it is dropped.
pub(crate) struct Connection {
    retry: Arc<Notify>,
    statistics: watch::Receiver<Statistics>,
    _ends: DropGuard,
}

/// Where connections live and report to.
#[derive(Clone)]
pub(crate) struct Ground {
    pub runtime: Handle,
    pub tasks: TaskTracker,
    pub timing: Timing,
    pub events: mpsc::Sender<(Origin, Event)>,
}

impl Connection {
    /// Starts connecting to this relay with this connection key (rule 10).
    pub fn start(ground: &Ground, instance: u64, relay: RelayAddress, key: Secret) -> Self {
        let (statistics, seen) = watch::channel(Statistics::new(now()));
        let retry = Arc::new(Notify::new());
        let end = CancellationToken::new();
        let task = Task {
            origin: Origin {
                relay: relay.key,
                instance,
            },
            relay,
            key,
            timing: ground.timing,
            events: ground.events.clone(),
            statistics,
            retry: Arc::clone(&retry),
            end: end.clone(),
        };
        ground.tasks.spawn_on(task.run(), &ground.runtime);
        Self {
            retry,
            statistics: seen,
            _ends: end.drop_guard(),
        }
    }

    /// Tries at once if it is pausing.
    pub fn retry(&self) {
        self.retry.notify_one();
    }

    /// How it goes.
    pub fn statistics(&self) -> Statistics {
        self.statistics.borrow().clone()
    }
}

struct Task {
    origin: Origin,
    relay: RelayAddress,
    key: Secret,
    timing: Timing,
    events: mpsc::Sender<(Origin, Event)>,
    statistics: watch::Sender<Statistics>,
    retry: Arc<Notify>,
    end: CancellationToken,
}

impl Task {
    async fn run(self) {
        // Between two attempts nothing needs to be said goodbye to; within one, `Link` does it.
        let mut failures = 0;
        while !self.end.is_cancelled() {
            let began = Instant::now();
            let ended = self.attempt().await;
            // One that stood for a while is no failure in a row.
            failures = if began.elapsed() > self.timing.silence {
                1
            } else {
                failures + 1
            };
            let pause = self
                .timing
                .backoff
                .pause(failures, rand::random())
                .max(ended.at_least);
            self.pause(ended.problem, pause).await;
        }
    }

    async fn attempt(&self) -> Ended {
        self.becomes(ConnectionState::Connecting);
        self.tell(Event::Connecting).await;
        let expected = Expected::Key(self.relay.key);
        let dialled = tokio::select! {
            dialled = dial(&self.relay.url, &expected, &self.key, &self.timing) => dialled,
            () = self.end.cancelled() => return Ended::on_purpose(),
        };
        let socket = match dialled {
            Ok((socket, _)) => socket,
            Err(problem) => return problem.into(),
        };
        self.becomes(ConnectionState::Connected);
        let link = Link {
            origin: self.origin,
            url: &self.relay.url,
            timing: &self.timing,
            events: &self.events,
            statistics: &self.statistics,
        };
        link.run(socket, &self.end).await
    }

    async fn pause(&self, problem: Problem, pause: Duration) {
        tracing::info!(
            relay = self.relay.host(),
            ?pause,
            "not connected: {problem}"
        );
        self.becomes(ConnectionState::Offline);
        let due = now().saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        self.statistics.send_modify(|statistics| {
            statistics.problem = Some(problem);
            statistics.retry_at = Some(due);
        });
        self.tell(Event::Down).await;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.retry.notified() => {}
            () = self.end.cancelled() => {}
        }
    }

    fn becomes(&self, state: ConnectionState) {
        self.statistics
            .send_modify(|statistics| statistics.becomes(state, now()));
    }

    async fn tell(&self, event: Event) {
        // When the driver has gone, `end` is cancelled too.
        tokio::select! {
            _ = self.events.send((self.origin, event)) => {}
            () = self.end.cancelled() => {}
        }
    }
}
