//! Why an attempt at a connection failed, and how soon another makes sense.

use super::dial::farewell;
use crate::{Problem, ProblemCode};
use snug_wire::frame::Refusal;
use std::time::Duration;

/// A problem, and the pause the relay asks for.
#[derive(Debug)]
pub(super) struct Refused {
    pub problem: Problem,
    pub at_least: Duration,
    /// Why a WebSocket does not get through, in a few words, when it may be that alone.
    pub blocked: Option<String>,
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
            blocked: None,
        }
    }

    /// Something between may let no WebSocket through, for what is known.
    pub fn blocked(problem: Problem, why: &dyn std::fmt::Display) -> Self {
        Self {
            blocked: Some(why.to_string()),
            ..problem.into()
        }
    }

    /// Whether the relay itself said so.
    pub fn is_told(&self) -> bool {
        !self.at_least.is_zero() || self.problem.code != ProblemCode::RelayUnreachable
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            at_least: Duration::ZERO,
            blocked: None,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        refused.problem
    }
}
