//! Why an attempt at a connection failed, and how soon another makes sense.

use super::dial::farewell;
use crate::Problem;
use snug_wire::frame::Refusal;
use std::time::Duration;

/// A problem, and the pause the relay asks for.
#[derive(Debug)]
pub(super) struct Refused {
    pub problem: Problem,
    pub at_least: Duration,
}

impl Refused {
    /// The relay's last word.
    pub fn goodbye(url: &str, why: &Refusal) -> Self {
        let at_least = match why {
            Refusal::Busy(wait) => Duration::from_millis(*wait),
            // Another attempt with the same token, or none, has the same end.
            Refusal::TokenWanted | Refusal::TokenRefused | Refusal::TokenExpired => {
                Duration::from_secs(30)
            }
            _ => Duration::ZERO,
        };
        Self {
            problem: farewell(url, why),
            at_least,
        }
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            at_least: Duration::ZERO,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        refused.problem
    }
}
