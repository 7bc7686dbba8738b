//! A refusal's names: for people, for operators, for WebSocket.

use crate::frame::Refusal;
use std::fmt;

impl Refusal {
    /// Every name a refusal can have, in the order of the codes.
    pub const NAMES: [&str; 24] = [
        "stale",
        "wrong-lock",
        "outdated",
        "no-mailbox",
        "taken",
        "retired",
        "other-bytes",
        "too-large",
        "full",
        "used",
        "expired",
        "revoked",
        "no-invitation",
        "nothing",
        "malformed",
        "version",
        "not-proved",
        "busy",
        "slow",
        "leaving",
        "disk",
        "token-wanted",
        "token-refused",
        "token-expired",
    ];

    /// The code it has in a frame.
    pub fn code(&self) -> u8 {
        match self {
            Self::Stale(_) => 0,
            Self::WrongLock => 1,
            Self::Outdated(_) => 2,
            Self::NoMailbox => 3,
            Self::Taken => 4,
            Self::Retired => 5,
            Self::OtherBytes => 6,
            Self::TooLarge(_) => 7,
            Self::Full => 8,
            Self::Used => 9,
            Self::Expired => 10,
            Self::Revoked => 11,
            Self::NoInvitation => 12,
            Self::Nothing => 13,
            Self::Malformed => 14,
            Self::Version(_) => 15,
            Self::NotProved => 16,
            Self::Busy(_) => 17,
            Self::Slow => 18,
            Self::Leaving => 19,
            Self::Disk => 20,
            Self::TokenWanted => 21,
            Self::TokenRefused => 22,
            Self::TokenExpired => 23,
        }
    }

    /// Its name in logs and metrics, one of [`Self::NAMES`]. It never changes.
    pub fn name(&self) -> &'static str {
        let name = Self::NAMES.get(usize::from(self.code()));
        name.copied().unwrap_or_default()
    }

    /// The WebSocket close code (RFC 6455, section 7.4.1) that goes with it as a last word.
    pub fn close_code(&self) -> u16 {
        match self {
            Self::Leaving => 1001,
            Self::Malformed | Self::Version(_) => 1002,
            Self::TooLarge(_) => 1009,
            Self::Disk => 1011,
            Self::Busy(_) | Self::Full | Self::Slow => 1013,
            _ => 1008,
        }
    }
}

/// In words, for whoever reads a log or a closing frame.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stale(seq) => write!(f, "entry {} is a newer commit", seq.0),
            Self::WrongLock => f.write_str("the secret does not open this mailbox"),
            Self::Outdated(seq) => write!(f, "the secret was replaced at entry {}", seq.0),
            Self::NoMailbox => f.write_str("there is no such mailbox"),
            Self::Taken => f.write_str("the address is taken"),
            Self::Retired => f.write_str("the inbox was closed"),
            Self::OtherBytes => f.write_str("this id was used for other bytes"),
            Self::TooLarge(limit) => write!(f, "it is larger than {limit} bytes"),
            Self::Full => f.write_str("the mailbox, or the relay, is full"),
            Self::Used => f.write_str("the invitation has no use left"),
            Self::Expired => f.write_str("the invitation has expired"),
            Self::Revoked => f.write_str("the invitation was taken back"),
            Self::NoInvitation => f.write_str("there is no such invitation"),
            Self::Nothing => f.write_str("there is nothing to give"),
            Self::Malformed => f.write_str("it has no sense, or came before its time"),
            Self::Version(version) => write!(f, "this relay speaks version {version}"),
            Self::NotProved => f.write_str("the connection's key was not proved"),
            Self::Busy(wait) => write!(f, "it is too much at once: wait {wait} ms"),
            Self::Slow => f.write_str("the reader fell too far behind"),
            Self::Leaving => f.write_str("the relay is shutting down"),
            Self::Disk => f.write_str("the relay cannot write to its disk"),
            Self::TokenWanted => f.write_str("this relay wants an access token"),
            Self::TokenRefused => f.write_str("the access token is none of this relay's"),
            Self::TokenExpired => f.write_str("the access token has expired"),
        }
    }
}
