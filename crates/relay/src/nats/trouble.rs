//! What goes wrong with NATS.

use snug_wire::frame::Refusal;

/// A write was checked against another last entry than there is.
const WRONG_LAST: u64 = 10_071;
/// The check cannot be made yet, since another write is under way. Also the answer to a batch that
/// writes one checked subject twice.
const TRY_AGAIN: u64 = 10_164;
/// The account, the server, the stream hold all they may.
const FULL: [u64; 4] = [10_002, 10_023, 10_047, 10_077];
/// A cluster that is just coming together: no leader, or too few servers yet.
const PASSING: [u64; 2] = [10_005, 10_008];
/// A stream that is not there.
const NO_STREAM: u64 = 10_059;
/// A message that is not there.
const NO_MESSAGE: u64 = 10_037;
/// A write meant for another stream.
const OTHER_STREAM: u64 = 10_060;

/// Why something was not done.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Trouble {
    /// No answer: NATS cannot be reached, or has no leader at the moment. What was asked for may have
    /// been done all the same.
    #[error("NATS does not answer: {0}")]
    Silent(String),
    /// Nobody is there who would answer: JetStream is off, or not for this account, or not yet.
    #[error("nobody in NATS answers that")]
    Nobody,
    /// It says why.
    #[error("NATS says: {words} ({code})")]
    Said {
        /// JetStream's own number for it.
        code: u64,
        /// In words.
        words: String,
    },
    /// Something stands there that this program did not write.
    #[error("what is kept in NATS cannot be read: {0}")]
    Form(String),
}

impl Trouble {
    /// JetStream's number.
    fn code(&self) -> Option<u64> {
        match self {
            Self::Said { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether somebody else wrote in between.
    pub fn is_conflict(&self) -> bool {
        matches!(self.code(), Some(WRONG_LAST | TRY_AGAIN))
    }

    /// Whether servers that are just coming together say so, or nothing.
    pub fn is_passing(&self) -> bool {
        let has_said = self.code().is_some_and(|code| PASSING.contains(&code));
        has_said || matches!(self, Self::Silent(_))
    }

    /// Whether there was no answer.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Silent(_) | Self::Nobody)
    }

    /// Whether there is no such message.
    pub fn is_no_message(&self) -> bool {
        self.code() == Some(NO_MESSAGE)
    }

    /// Whether there is no such stream.
    pub fn is_no_stream(&self) -> bool {
        self.code() == Some(NO_STREAM)
    }

    /// Whether it was for another stream.
    pub fn is_other_stream(&self) -> bool {
        self.code() == Some(OTHER_STREAM)
    }

    /// Whether there is no room, so that trying again does not help.
    pub fn is_full(&self) -> bool {
        self.code().is_some_and(|code| FULL.contains(&code))
    }
}

/// Why a request was not done: its own fault, or NATS'.
#[derive(Debug)]
pub enum Stop {
    /// It is refused.
    Refused(Refusal),
    /// It could not be done.
    Trouble(Trouble),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}
