//! Pauses between attempts: exponential, with full jitter, so that the devices of a relay that was
//! away do not all come back in the same moment (Brooker, "Exponential Backoff And Jitter", 2015).

use std::time::Duration;

/// How pauses grow.
#[derive(Clone, Copy, Debug)]
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
    pub(crate) fn ceiling(&self, failures: u32) -> Duration {
        let doubled = 1u32
            .checked_shl(failures.saturating_sub(1))
            .unwrap_or(u32::MAX);
        self.first.saturating_mul(doubled).min(self.longest)
    }

    /// A pause after that many failures in a row; `chance` is even in 0..1.
    pub(crate) fn pause(&self, failures: u32, chance: f64) -> Duration {
        self.ceiling(failures).mul_f64(chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let backoff = Backoff::default();
        let seconds: Vec<f64> = (1..=9)
            .map(|failures| backoff.ceiling(failures).as_secs_f64())
            .collect();
        assert_eq!(seconds, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
        assert_eq!(backoff.ceiling(u32::MAX), backoff.longest);
        assert_eq!(backoff.pause(3, 0.0), Duration::ZERO);
        assert_eq!(backoff.pause(3, 0.5), Duration::from_secs(1));
    }
}
