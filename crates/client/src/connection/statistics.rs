//! What a connection has done, for those who look.

use crate::Problem;
use crate::view::ConnectionState;
use std::time::Duration;

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
    /// How often it was connected.
    pub connected: u64,
    /// Frames sent and received.
    pub frames: (u64, u64),
    /// Their bytes.
    pub bytes: (u64, u64),
}

impl Statistics {
    pub(super) fn new(now: u64) -> Self {
        Self {
            state: ConnectionState::Offline,
            since: now,
            retry_at: None,
            problem: None,
            round_trip: None,
            connected: 0,
            frames: (0, 0),
            bytes: (0, 0),
        }
    }

    pub(super) fn becomes(&mut self, state: ConnectionState, now: u64) {
        if self.state != state {
            self.since = now;
        }
        self.state = state;
        self.retry_at = None;
        if state == ConnectionState::Connected {
            self.problem = None;
            self.connected += 1;
        } else {
            self.round_trip = None;
        }
    }
}
