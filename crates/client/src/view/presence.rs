//! How others are there, how one is oneself, and who may know.

use super::{Millis, millis};
use serde::{Deserialize, Serialize};
use snug_engine as engine;
use snug_wire::signal as wire;

/// How somebody is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum PresenceState {
    /// There.
    Online,
    /// Their program runs, nobody touches it.
    Away,
    /// There, and not to be disturbed.
    Busy,
    /// Not there, or not to be known.
    Offline,
}

/// How somebody is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct PresenceRow {
    /// Account id.
    pub account: String,
    /// Their state.
    pub state: PresenceState,
    /// Their own words; may be empty.
    pub text: String,
    /// When they were last there, by our clock.
    pub last_seen: Option<Millis>,
}

/// What one chose to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum OwnState {
    /// There; away when idle.
    Online,
    /// Away.
    Away,
    /// Not to be disturbed.
    Busy,
    /// Nothing is sent: no presence, no typing.
    Invisible,
}

/// One's own presence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct OwnPresence {
    /// What one chose.
    pub state: OwnState,
    /// One's own words, at most 140 characters.
    pub text: String,
    /// After how many idle seconds one is away; 0 never.
    pub away_after: u32,
}

/// What is told to everybody and, in turn, shown of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Privacy {
    /// That one is typing.
    pub typing: bool,
    /// How one is there, and when one was last.
    pub presence: bool,
    /// That one has read a message. That it arrived is always told.
    pub receipts: bool,
}

/// What differs for one contact; `None` is as for everybody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct PrivacyOverride {
    /// That one is typing.
    pub typing: Option<bool>,
    /// How one is there, and when one was last.
    pub presence: Option<bool>,
    /// That one has read a message.
    pub receipts: Option<bool>,
}

/// Somebody's presence as hosts see it.
pub(crate) fn presence_row(now: engine::PresenceNow) -> PresenceRow {
    PresenceRow {
        account: now.account.to_string(),
        state: match now.state {
            wire::PresenceState::Online => PresenceState::Online,
            wire::PresenceState::Away => PresenceState::Away,
            wire::PresenceState::Busy => PresenceState::Busy,
            wire::PresenceState::Offline => PresenceState::Offline,
        },
        text: now.text,
        last_seen: now.last_seen.map(millis),
    }
}

impl From<engine::OwnPresence> for OwnPresence {
    fn from(own: engine::OwnPresence) -> Self {
        Self {
            state: match own.state {
                engine::OwnState::Online => OwnState::Online,
                engine::OwnState::Away => OwnState::Away,
                engine::OwnState::Busy => OwnState::Busy,
                engine::OwnState::Invisible => OwnState::Invisible,
            },
            text: own.text,
            away_after: own.away_after,
        }
    }
}

impl From<OwnPresence> for engine::OwnPresence {
    fn from(own: OwnPresence) -> Self {
        Self {
            state: match own.state {
                OwnState::Online => engine::OwnState::Online,
                OwnState::Away => engine::OwnState::Away,
                OwnState::Busy => engine::OwnState::Busy,
                OwnState::Invisible => engine::OwnState::Invisible,
            },
            text: own.text,
            away_after: own.away_after,
        }
    }
}

impl From<engine::Privacy> for Privacy {
    fn from(told: engine::Privacy) -> Self {
        Self {
            typing: told.typing,
            presence: told.presence,
            receipts: told.receipts,
        }
    }
}

impl From<Privacy> for engine::Privacy {
    fn from(told: Privacy) -> Self {
        Self {
            typing: told.typing,
            presence: told.presence,
            receipts: told.receipts,
        }
    }
}

impl From<engine::PrivacyOverride> for PrivacyOverride {
    fn from(told: engine::PrivacyOverride) -> Self {
        Self {
            typing: told.typing,
            presence: told.presence,
            receipts: told.receipts,
        }
    }
}

impl From<PrivacyOverride> for engine::PrivacyOverride {
    fn from(told: PrivacyOverride) -> Self {
        Self {
            typing: told.typing,
            presence: told.presence,
            receipts: told.receipts,
        }
    }
}
