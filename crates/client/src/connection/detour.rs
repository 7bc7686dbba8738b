//! When frames leave WebSockets for HTTP, and when a WebSocket is tried again.

use std::time::Duration;
use tokio::time::Instant;

/// A WebSocket that was cut sooner than that tells of a network that cuts them.
const SHORT: Duration = Duration::from_secs(60);
/// So many of them in a row.
const CUTS: u32 = 2;
/// The longest time until a WebSocket is tried again.
const LONGEST: Duration = Duration::from_secs(3_600);

/// What is known of the network, until it changes.
#[derive(Debug, Default)]
pub(super) struct Detour {
    taken: Option<Taken>,
    /// WebSockets in a row that were cut.
    cuts: u32,
    /// How often WebSockets were left.
    times: u32,
}

#[derive(Debug)]
struct Taken {
    why: String,
    /// When a WebSocket is tried again.
    due: Instant,
}

impl Detour {
    /// No WebSocket gets through; `first` is the time until one is tried again the first time, and
    /// doubles from time to time.
    pub fn begin(&mut self, why: String, first: Duration, now: Instant) {
        let pause = first.saturating_mul(1 << self.times.min(10)).min(LONGEST);
        self.times += 1;
        self.cuts = 0;
        self.taken = Some(Taken {
            why,
            due: now + pause,
        });
    }

    /// Why no WebSocket is to be tried now.
    pub fn why(&self, now: Instant) -> Option<&str> {
        let taken = self.taken.as_ref()?;
        (now < taken.due).then_some(&taken.why)
    }

    /// When the next one is to be tried.
    pub fn due(&self) -> Option<Instant> {
        self.taken.as_ref().map(|taken| taken.due)
    }

    /// A WebSocket was opened.
    pub fn end(&mut self) {
        self.taken = None;
    }

    /// A WebSocket that had lived so long was cut.
    pub fn cut(&mut self, lived: Duration, first: Duration, now: Instant) {
        if lived >= SHORT {
            (self.cuts, self.times) = (0, 0);
            return;
        }
        self.cuts += 1;
        if self.cuts >= CUTS {
            let why = format!("it was cut after {} s", lived.as_secs());
            self.begin(why, first, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(300);

    #[test]
    fn a_web_socket_is_tried_again_less_and_less_often() {
        let mut now = Instant::now();
        let mut detour = Detour::default();
        assert_eq!((detour.why(now), detour.due()), (None, None));
        for minutes in [5, 10, 20, 40, 60, 60] {
            detour.begin("the answer is HTTP 400".into(), FIRST, now);
            now += Duration::from_secs(minutes * 60 - 1);
            assert_eq!(detour.why(now), Some("the answer is HTTP 400"));
            now += Duration::from_secs(1);
            assert_eq!(detour.why(now), None);
        }
        detour.end();
        assert_eq!(detour.due(), None);
    }

    #[test]
    fn two_that_are_cut_soon_are_enough() {
        let now = Instant::now();
        let mut detour = Detour::default();
        let (soon, late) = (Duration::from_secs(30), Duration::from_secs(90));
        for lived in [soon, late, soon] {
            detour.cut(lived, FIRST, now);
            assert_eq!(detour.why(now), None, "{lived:?}");
        }
        detour.cut(soon, FIRST, now);
        assert_eq!(detour.why(now), Some("it was cut after 30 s"));
    }
}
