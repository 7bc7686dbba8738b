//! What a connection has done, for those who look.

use crate::view::ConnectionState;
use crate::{Problem, ProblemCode};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// For how long round trips are kept, milliseconds.
const HOUR: u64 = 3_600_000;
/// The most round trips kept, an hour of the fastest heartbeat; then the oldest is forgotten.
const TRIPS: usize = 720;
/// The most reconnects kept; then the oldest is forgotten.
const RECONNECTS: usize = 50;

/// State and counts of the connection to one relay, since the client was opened.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// What it is now.
    pub state: ConnectionState,
    /// Since when, milliseconds of Unix time.
    pub since: u64,
    /// When the next attempt is due, milliseconds of Unix time.
    pub retry_at: Option<u64>,
    /// Why it is not connected.
    pub problem: Option<Problem>,
    /// The last ping's.
    pub round_trip: Option<Duration>,
    round_trips: VecDeque<(u64, Duration)>,
    /// Why frames go over HTTP, in a few words; `None` over a WebSocket.
    pub instead: Option<String>,
    /// How often it was tried.
    pub attempts: u64,
    /// How often it was connected.
    pub connected: u64,
    /// The last times it was connected again, oldest first.
    pub reconnects: VecDeque<Reconnect>,
    /// How often an attempt or a connection ended for each reason.
    pub errors: BTreeMap<ProblemCode, u64>,
    /// Frames sent and received.
    pub frames: (u64, u64),
    /// Their bytes, without what WebSocket, TLS and TCP add.
    pub bytes: (u64, u64),
    /// When it was lost and why, until it is there again.
    lost: Option<(u64, Reason)>,
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It failed.
    Failed(Problem),
    /// It was given up on purpose; why, in a sentence.
    Meant(String),
}

/// A connection that was there again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// When, milliseconds of Unix time.
    pub at: u64,
    /// Why it had ended; `None` when that was on purpose.
    pub reason: Option<ProblemCode>,
    /// The same in words.
    pub text: String,
    /// How long it was away.
    pub after: Duration,
}

impl Statistics {
    pub(super) fn new(now: u64) -> Self {
        Self {
            state: ConnectionState::Offline,
            since: now,
            retry_at: None,
            problem: None,
            round_trip: None,
            round_trips: VecDeque::new(),
            instead: None,
            attempts: 0,
            connected: 0,
            reconnects: VecDeque::new(),
            errors: BTreeMap::new(),
            frames: (0, 0),
            bytes: (0, 0),
            lost: None,
        }
    }

    /// Those of a connection that takes the place of this one.
    pub(super) fn continued(mut self, now: u64) -> Self {
        if self.state == ConnectionState::Connected {
            self.lost = Some((now, Reason::Meant("Snug connected anew.".into())));
        }
        self.becomes(ConnectionState::Offline, now);
        self
    }

    pub(super) fn becomes(&mut self, state: ConnectionState, now: u64) {
        if self.state != state {
            self.since = now;
        }
        self.state = state;
        self.retry_at = None;
        match state {
            ConnectionState::Connected => {
                self.problem = None;
                self.connected += 1;
                if let Some((at, reason)) = self.lost.take() {
                    self.is_back(now, at, reason);
                }
            }
            ConnectionState::Connecting => self.attempts += 1,
            ConnectionState::Offline => self.round_trip = None,
        }
    }

    fn is_back(&mut self, now: u64, lost: u64, reason: Reason) {
        let (reason, text) = match reason {
            Reason::Failed(problem) => (Some(problem.code), problem.text),
            Reason::Meant(text) => (None, text),
        };
        keep(
            &mut self.reconnects,
            RECONNECTS,
            Reconnect {
                at: now,
                reason,
                text,
                after: Duration::from_millis(now.saturating_sub(lost)),
            },
        );
    }

    /// An attempt, or the connection, came to an end.
    pub(super) fn ended(&mut self, reason: Reason, now: u64) {
        let was_up = self.state == ConnectionState::Connected;
        self.becomes(ConnectionState::Offline, now);
        self.problem = match &reason {
            Reason::Failed(problem) => {
                *self.errors.entry(problem.code).or_default() += 1;
                Some(problem.clone())
            }
            Reason::Meant(_) => None,
        };
        if was_up {
            self.lost = Some((now, reason));
        }
    }

    /// A ping was answered.
    pub(super) fn measured(&mut self, trip: Duration, now: u64) {
        self.round_trip = Some(trip);
        keep(&mut self.round_trips, TRIPS, (now, trip));
    }

    /// Round trips of the last hour, oldest first, with when each was measured.
    pub fn trips(&self, now: u64) -> impl Iterator<Item = (u64, Duration)> {
        let lately = move |(at, _): &(u64, Duration)| now.saturating_sub(*at) <= HOUR;
        self.round_trips.iter().copied().filter(lately)
    }
}

/// Adds to what is kept, the oldest first to go.
pub(super) fn keep<T>(all: &mut VecDeque<T>, most: usize, one: T) {
    if all.len() >= most {
        all.pop_front();
    }
    all.push_back(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> Reason {
        Reason::Failed(Problem::new(
            ProblemCode::RelayUnreachable,
            "It fell silent.",
        ))
    }

    #[test]
    fn reconnects_are_told_with_their_reason_and_no_more_than_fifty() {
        let mut statistics = Statistics::new(0);
        // Failing to connect at all is an error, not a reconnect.
        statistics.becomes(ConnectionState::Connecting, 1);
        statistics.ended(problem(), 2);
        statistics.becomes(ConnectionState::Connecting, 3);
        statistics.becomes(ConnectionState::Connected, 4);
        assert!(statistics.reconnects.is_empty());

        for n in 1..=60 {
            statistics.ended(problem(), n * 1_000);
            statistics.becomes(ConnectionState::Connecting, n * 1_000 + 1);
            statistics.ended(problem(), n * 1_000 + 2);
            statistics.becomes(ConnectionState::Connecting, n * 1_000 + 3);
            statistics.becomes(ConnectionState::Connected, n * 1_000 + 500);
        }
        assert_eq!(statistics.reconnects.len(), RECONNECTS);
        assert_eq!(
            statistics.reconnects.back(),
            Some(&Reconnect {
                at: 60_500,
                reason: Some(ProblemCode::RelayUnreachable),
                text: "It fell silent.".into(),
                after: Duration::from_millis(500),
            })
        );
        assert_eq!(statistics.errors[&ProblemCode::RelayUnreachable], 121);
        assert_eq!(statistics.attempts, 122);
        assert_eq!(statistics.connected, 61);
    }

    #[test]
    fn what_was_meant_is_no_error() {
        let mut statistics = Statistics::new(0);
        statistics.becomes(ConnectionState::Connected, 1);
        statistics.ended(Reason::Meant("The network changed.".into()), 10);
        assert_eq!(statistics.problem, None);
        statistics.becomes(ConnectionState::Connected, 20);
        let back = statistics.reconnects.back().unwrap();
        assert_eq!(
            (back.reason, back.text.as_str()),
            (None, "The network changed.")
        );
        assert!(statistics.errors.is_empty());
    }

    #[test]
    fn round_trips_are_those_of_an_hour_and_bounded() {
        let mut statistics = Statistics::new(0);
        let trip = Duration::from_millis(3);
        for second in 0..2_000 {
            statistics.measured(trip, second * 1_000);
        }
        assert_eq!(statistics.trips(1_999_000).count(), TRIPS);
        let mut lately = statistics.trips(1_500_000 + HOUR);
        assert_eq!(lately.next(), Some((1_500_000, trip)));
    }
}
