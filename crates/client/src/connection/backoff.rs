//! Pauses between attempts: exponential, with full jitter, so that the devices of a relay that was
//! away do not all come back in the same moment (Brooker, "Exponential Backoff And Jitter", 2015).
//!
//! Pauses grow by a tenth, not to the double: who pauses waits, when the relay is back, for a part of
//! how long it was away, and that part is what the growth decides (`bench live` shows it). A relay
//! that restarts is met again within a second; one that is away for minutes is left in peace.

use std::time::Duration;

/// How much longer a pause may be than the one before.
const GROWTH: f64 = 1.1;

/// How pauses grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause is at most this long.
    pub first: Duration,
    /// No pause is longer.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// Longest pause after that many failures in a row.
    fn ceiling(&self, failures: u32) -> Duration {
        let steps = i32::try_from(failures.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.first.as_secs_f64() * GROWTH.powi(steps);
        Duration::from_secs_f64(seconds.min(self.longest.as_secs_f64()))
    }

    /// A pause after that many failures in a row; `chance` is even in 0..1.
    pub fn pause(&self, failures: u32, chance: f64) -> Duration {
        self.ceiling(failures).mul_f64(chance)
    }
}

/// How many failures in a row there were, after one more of a connection that had stood for so long;
/// `None` when it was not even made. One that stood longer than `steady` begins a new row.
pub(super) fn in_a_row(before: u32, stood: Option<Duration>, steady: Duration) -> u32 {
    match stood {
        Some(stood) if stood > steady => 1,
        _ => before.saturating_add(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let backoff = Backoff::default();
        let ceiling = |failures| backoff.ceiling(failures).as_secs_f64();
        let first: Vec<f64> = (1..=4).map(ceiling).collect();
        assert_eq!(first, [0.5, 0.55, 0.605, 0.6655]);
        assert!(ceiling(43) < 30.0);
        assert_eq!(ceiling(44), 30.0);
        assert_eq!(backoff.ceiling(u32::MAX), backoff.longest);
        assert_eq!(backoff.pause(9, 0.0), Duration::ZERO);
        assert_eq!(backoff.pause(44, 0.5), Duration::from_secs(15));
        let none = Backoff {
            first: Duration::ZERO,
            ..backoff
        };
        assert_eq!(none.pause(2, 0.5), Duration::ZERO);
    }

    #[test]
    fn an_attempt_that_takes_long_is_no_connection_that_stood() {
        let second = Duration::from_secs;
        assert_eq!(in_a_row(7, None, second(10)), 8);
        assert_eq!(in_a_row(7, Some(second(1)), second(10)), 8);
        assert_eq!(in_a_row(7, Some(second(11)), second(10)), 1);
        assert_eq!(in_a_row(u32::MAX, None, second(10)), u32::MAX);
    }
}
