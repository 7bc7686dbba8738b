//! How we are there, and whom that is told when.

use crate::error::{Rejection, Result};
use crate::store::table::setting;
use minicbor::{Decode, Encode};
use rusqlite::Connection;
use snug_wire::signal::{PresenceState, STATUS_LIMIT};
use snug_wire::{ConversationId, FRAME_LIMIT, decode, encode};
use std::collections::{BTreeMap, BTreeSet};

/// Between two signals that one is still typing, in milliseconds. Hosts repeat it every three seconds,
/// by clocks and timers that are never exact.
const STILL: u64 = 2_500;
/// Between two signals that one began to type, in milliseconds.
const AGAIN: u64 = 1_000;
/// Between two answers to one conversation, in milliseconds: who asks on and on is not answered so.
const ANSWERS: u64 = 1_000;

/// What a person chose to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum OwnState {
    /// There; away when idle.
    #[n(0)]
    Online,
    /// Away.
    #[n(1)]
    Away,
    /// Not to be disturbed.
    #[n(2)]
    Busy,
    /// Nothing is said at all: no presence, no typing, no answers.
    #[n(3)]
    Invisible,
}

/// One's own presence as chosen.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct OwnPresence {
    /// The state.
    #[n(0)]
    pub state: OwnState,
    /// One's own words, at most [`STATUS_LIMIT`] characters.
    #[n(1)]
    pub text: String,
    /// After how many idle seconds who is online is away; 0 never.
    #[n(2)]
    pub away_after: u32,
}

impl Default for OwnPresence {
    fn default() -> Self {
        Self {
            state: OwnState::Online,
            text: String::new(),
            away_after: 300,
        }
    }
}

impl OwnPresence {
    pub(super) fn load(db: &Connection) -> Result<Self> {
        let stored = setting::get(db, "presence")?;
        let stored = stored
            .map(|bytes| decode(&bytes, FRAME_LIMIT))
            .transpose()?;
        Ok(stored.unwrap_or_default())
    }

    pub(super) fn store(&self, db: &Connection) -> Result<()> {
        if self.text.chars().count() > STATUS_LIMIT {
            return Err(Rejection::TextTooLong.into());
        }
        setting::put(db, "presence", &encode(self))
    }
}

/// Our side of signals.
#[derive(Default)]
pub(super) struct Own {
    /// Made when first needed.
    pub run: Option<[u8; 16]>,
    pub counter: u64,
    /// As stored; read when first needed.
    pub presence: Option<OwnPresence>,
    /// Since when nobody has touched this computer.
    pub idle_since: Option<u64>,
    /// The program ends: from now on we are gone.
    pub closing: bool,
    /// Conversations that know we are here.
    pub told: BTreeSet<ConversationId>,
    /// When conversations were answered last, or will be.
    answered: BTreeMap<ConversationId, u64>,
    /// Conversations to be told, and when. As many as there are at most.
    pub due: BTreeMap<ConversationId, u64>,
    /// Where we were said to be typing, when last, and whether we still are.
    typing: BTreeMap<ConversationId, (u64, bool)>,
    /// What of it leaves with the next turn, or never.
    pub typing_due: BTreeMap<ConversationId, bool>,
}

impl Own {
    /// How we are there; `None` when that is not said.
    pub fn state(&self, now: u64) -> Option<PresenceState> {
        let chosen = self.presence.as_ref()?;
        let idle = self.idle(now) / 1_000;
        match chosen.state {
            _ if self.closing => None,
            OwnState::Invisible => None,
            OwnState::Away => Some(PresenceState::Away),
            OwnState::Busy => Some(PresenceState::Busy),
            OwnState::Online => match u64::from(chosen.away_after) {
                1.. if idle >= u64::from(chosen.away_after) => Some(PresenceState::Away),
                _ => Some(PresenceState::Online),
            },
        }
    }

    /// For how long nobody has touched this computer, in milliseconds.
    pub fn idle(&self, now: u64) -> u64 {
        self.idle_since.map_or(0, |since| now.saturating_sub(since))
    }

    /// Tells a conversation at that time, or earlier if it is due earlier.
    pub fn tell(&mut self, conversation: ConversationId, at: u64) {
        let due = self.due.entry(conversation).or_insert(at);
        *due = at.min(*due);
    }

    /// Answers who has just come, at once unless somebody there was answered a moment ago.
    pub fn answer(&mut self, conversation: ConversationId, now: u64) {
        let at = match self.answered.get(&conversation) {
            Some(last) if now.abs_diff(*last) < ANSWERS => last.saturating_add(ANSWERS),
            _ => now,
        };
        self.answered.insert(conversation, at);
        self.tell(conversation, at);
    }

    /// Everybody who knows of us hears again.
    pub fn tell_all_told(&mut self, now: u64) {
        let told: Vec<_> = self.told.iter().copied().collect();
        told.into_iter().for_each(|one| self.tell(one, now));
    }

    /// The person types, or has stopped. What would come too often is not said.
    pub fn types(&mut self, conversation: ConversationId, on: bool, now: u64) {
        let before = self.typing.get(&conversation).copied();
        match (before, on) {
            (Some((at, true)), true) if now.abs_diff(at) < STILL => {}
            (Some((at, false)), true) if now.abs_diff(at) < AGAIN => {}
            (_, true) => {
                self.typing.insert(conversation, (now, true));
                self.typing_due.insert(conversation, true);
            }
            (Some((at, true)), false) => {
                self.typing.insert(conversation, (at, false));
                self.typing_due.insert(conversation, false);
            }
            (_, false) => {}
        }
    }

    /// A message of ours: whoever gets it knows that we have stopped typing.
    pub fn wrote(&mut self, conversation: &ConversationId) {
        self.typing.remove(conversation);
        self.typing_due.remove(conversation);
    }

    /// Whether we were said to be typing anywhere.
    pub fn has_typed(&self) -> bool {
        !self.typing.is_empty()
    }
}
