//! How others are there: what their signals said, for as long as it holds.

use crate::store::table::presence::LastSeen;
use snug_wire::signal::{Presence, PresenceState};
use snug_wire::{AccountId, ConversationId, DeviceId};
use std::collections::{BTreeMap, BTreeSet};

/// How long somebody is shown as typing after they last said so, in milliseconds. They repeat it
/// every three seconds; who has vanished is gone from the screen within six.
pub(super) const TYPING: u64 = 5_000;
/// How long a presence holds, in milliseconds: two refreshes may be lost.
pub(super) const PRESENCE: u64 = 150_000;

/// A clock that goes back by less than this, in milliseconds, ends nothing.
const BACK: u64 = 60_000;

/// What a device said.
#[derive(Clone, Debug)]
struct There {
    state: PresenceState,
    text: String,
    /// When its person was last there.
    seen: u64,
    heard: u64,
}

/// Others, as far as they let us know. As many as there are members of our groups.
#[derive(Default)]
pub(super) struct Around {
    /// Until when.
    typing: BTreeMap<(ConversationId, AccountId), u64>,
    there: BTreeMap<AccountId, BTreeMap<DeviceId, There>>,
    /// What is to be stored.
    pub unstored: BTreeMap<AccountId, LastSeen>,
    /// Whose presence has changed since it was last taken.
    pub changed: BTreeSet<AccountId>,
    /// Who began or ceased to type since it was last taken.
    pub typed: BTreeMap<(ConversationId, AccountId), bool>,
}

impl Around {
    pub fn is_typing(&mut self, who: (ConversationId, AccountId), on: bool, now: u64) {
        let before = match on {
            true => self
                .typing
                .insert(who, now.saturating_add(TYPING))
                .is_some(),
            false => self.typing.remove(&who).is_some(),
        };
        if before != on {
            self.typed.insert(who, on);
        }
    }

    /// Whether anybody is typing.
    pub fn are_typing(&self) -> bool {
        !self.typing.is_empty()
    }

    pub fn is_there(&mut self, who: AccountId, device: DeviceId, said: Presence, now: u64) {
        let seen = now.saturating_sub(said.idle);
        let last = LastSeen {
            at: seen,
            text: said.text.clone(),
        };
        self.unstored.insert(who, last);
        let devices = self.there.entry(who).or_default();
        let there = There {
            state: said.state,
            text: said.text,
            seen,
            heard: now,
        };
        let same = |before: &There| (before.state, &before.text) == (there.state, &there.text);
        if !devices.get(&device).is_some_and(same) {
            self.changed.insert(who);
        }
        match there.state {
            PresenceState::Offline => devices.remove(&device),
            _ => devices.insert(device, there),
        };
    }

    /// An account's state, the most present of its devices', with the newest words and sign.
    pub fn state(&self, who: &AccountId) -> Option<(PresenceState, LastSeen)> {
        let devices = self.there.get(who)?;
        let state = devices.values().map(|there| there.state).max()?;
        let newest = devices.values().max_by_key(|there| there.heard)?;
        let last = LastSeen {
            at: devices.values().map(|there| there.seen).max()?,
            text: newest.text.clone(),
        };
        Some((state, last))
    }

    /// All of whom something is known.
    pub fn known(&self) -> impl Iterator<Item = AccountId> + '_ {
        self.there.keys().chain(self.unstored.keys()).copied()
    }

    /// Forgets what we may not be shown.
    pub fn forget(
        &mut self,
        hides_typing: &BTreeSet<AccountId>,
        hides_presence: &BTreeSet<AccountId>,
    ) {
        let typing = self.typing.keys();
        let hidden: Vec<_> = typing
            .filter(|(_, who)| hides_typing.contains(who))
            .copied()
            .collect();
        for who in hidden {
            self.typing.remove(&who);
            self.typed.insert(who, false);
        }
        self.there.retain(|who, _| !hides_presence.contains(who));
    }

    /// Ends what holds no longer. A clock that was set back must not keep anything for ever.
    pub fn expire(&mut self, now: u64) {
        let over = |until: u64, life: u64| until <= now || until > now.saturating_add(life + BACK);
        let typing = &mut self.typing;
        typing.retain(|who, until| {
            let over = over(*until, TYPING);
            if over {
                self.typed.insert(*who, false);
            }
            !over
        });
        self.there.retain(|who, devices| {
            let before = devices.len();
            devices.retain(|_, there| !over(there.heard.saturating_add(PRESENCE), PRESENCE));
            if devices.len() < before {
                self.changed.insert(*who);
            }
            !devices.is_empty()
        });
    }

    /// When something will end.
    pub fn due(&self) -> Option<u64> {
        let heard = self.there.values().flat_map(BTreeMap::values);
        let presence = heard
            .map(|there| there.heard.saturating_add(PRESENCE))
            .min();
        self.typing.values().copied().chain(presence).min()
    }
}
