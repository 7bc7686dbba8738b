//! Whom one knows, whom one does not want to, and how chats are kept.

use super::{Millis, QrMatrix, count, millis};
use crate::{Problem, qr};
use serde::{Deserialize, Serialize};
use snug_engine as engine;
use snug_wire::own::Keeping;

/// What is known of who is behind an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum Trust {
    /// Their safety number was not compared.
    Unverified,
    /// It was.
    Verified,
    /// It was; they have another device since.
    Changed,
}

/// Somebody one has a chat with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ContactRow {
    /// Account id.
    pub account: String,
    /// The name they show.
    pub name: String,
    /// The chat with them.
    pub chat: String,
    /// Whether their safety number was compared, and holds.
    pub verified: bool,
    /// Whether nothing is taken of them.
    pub blocked: bool,
}

/// Somebody nothing is taken of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct BlockedRow {
    /// Account id.
    pub account: String,
    /// Their name when they were blocked.
    pub name: String,
    /// Since when.
    pub at: Millis,
    /// How many requests of theirs were ignored.
    pub ignored: u32,
}

/// What two people compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct SafetyNumber {
    /// Account id of the contact.
    pub account: String,
    /// Their name.
    pub name: String,
    /// Twelve groups of five digits, the same on both screens.
    pub digits: Vec<String>,
    /// What the other scans: `SNUG:V…`.
    pub code: String,
    /// The same as a picture.
    pub qr: QrMatrix,
    /// Whether it was compared.
    pub trust: Trust,
}

impl From<engine::Trust> for Trust {
    fn from(trust: engine::Trust) -> Self {
        match trust {
            engine::Trust::Unverified => Self::Unverified,
            engine::Trust::Verified => Self::Verified,
            engine::Trust::Changed => Self::Changed,
        }
    }
}

/// A contact.
pub(crate) fn contact_row(contact: engine::Contact) -> ContactRow {
    ContactRow {
        account: contact.account.to_string(),
        name: contact.name,
        chat: contact.chat.to_string(),
        verified: contact.trust == engine::Trust::Verified,
        blocked: contact.blocked,
    }
}

/// Somebody blocked.
pub(crate) fn blocked_row(blocked: engine::Blocked) -> BlockedRow {
    BlockedRow {
        account: blocked.account.to_string(),
        name: blocked.name,
        at: millis(blocked.at),
        ignored: count(blocked.ignored),
    }
}

/// A safety number with the account and name it is of.
pub(crate) fn safety_number(
    (account, name): (String, String),
    number: engine::SafetyNumber,
) -> Result<SafetyNumber, Problem> {
    let code = number.code.to_string();
    Ok(SafetyNumber {
        account,
        name,
        qr: qr::matrix(&code)?,
        digits: number.digits,
        code,
        trust: number.trust.into(),
    })
}

/// When a mute ends by itself.
pub(crate) fn muted_until(keeping: &Keeping) -> Option<Millis> {
    let ends = |until: &u64| *until < Keeping::FOR_GOOD;
    keeping.muted_until.filter(ends).map(millis)
}
