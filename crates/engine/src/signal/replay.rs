//! Each signal counts once (rule 23).

use std::collections::VecDeque;

/// How many runs of a device are remembered as over. One more and the oldest could be played again;
/// a device starts that often within one epoch and one run of ours only if somebody means harm.
const OVER: usize = 64;

/// The run of a device in one group, and those before it.
#[derive(Debug, Default)]
pub(super) struct Runs {
    now: Option<([u8; 16], u64)>,
    over: VecDeque<[u8; 16]>,
}

impl Runs {
    /// Whether this is newer than all that came: a higher counter, or a run that was never there.
    pub fn accept(&mut self, run: [u8; 16], counter: u64) -> bool {
        match &mut self.now {
            Some((now, last)) if *now == run => {
                let newer = counter > *last;
                *last = counter.max(*last);
                return newer;
            }
            _ if self.over.contains(&run) => return false,
            Some((before, _)) => {
                if self.over.len() == OVER {
                    self.over.pop_front();
                }
                self.over.push_back(*before);
            }
            None => {}
        }
        self.now = Some((run, counter));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_rise_and_runs_do_not_come_back() {
        let mut runs = Runs::default();
        let said = [
            (1, 5, true),
            (1, 5, false),
            (1, 4, false),
            (1, 9, true),
            (2, 1, true),
            (1, 10, false),
            (2, 1, false),
            (2, 2, true),
            (3, 0, true),
            (2, 3, false),
            (1, 99, false),
            (3, 1, true),
        ];
        for (run, counter, counts) in said {
            assert_eq!(runs.accept([run; 16], counter), counts, "{run} {counter}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut runs = Runs::default();
        for n in 0..=255 {
            assert!(runs.accept([n; 16], 1));
        }
        assert_eq!(runs.over.len(), OVER);
        assert!(!runs.accept([254; 16], 2), "a late one is over for good");
    }
}
