//! What hosts show of others' signals.

use crate::changes::{ChangeSet, Notice};
use crate::error::Result;
use crate::store::table::message::{self, MessageState};
use crate::store::table::presence::{self, LastSeen};
use crate::{Engine, privacy};
use snug_wire::signal::PresenceState;
use snug_wire::{AccountId, ConversationId};
use std::collections::BTreeSet;

/// How somebody is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresenceNow {
    /// Who.
    pub account: AccountId,
    /// The most present of their devices; offline also when nothing is known or shown.
    pub state: PresenceState,
    /// Their own words.
    pub text: String,
    /// When they were last there, milliseconds of Unix time.
    pub last_seen: Option<u64>,
}

/// Somebody began to type, or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypingNow {
    /// Where.
    pub conversation: ConversationId,
    /// Who.
    pub account: AccountId,
    /// Whether they type.
    pub on: bool,
}

/// What changed around us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// Whose presence.
    pub presence: Vec<PresenceNow>,
    /// Who types.
    pub typing: Vec<TypingNow>,
}

impl Engine {
    /// What changed around us since it was last asked. `changes` are those of the same time: who has
    /// sent a message has stopped typing it.
    ///
    /// # Errors
    /// The disk.
    pub fn take_signs(&mut self, changes: &ChangeSet) -> Result<Signs> {
        self.messages_end_typing(changes)?;
        let around = &mut self.live.signals.around;
        let typing = std::mem::take(&mut around.typed).into_iter();
        let changed = std::mem::take(&mut around.changed).into_iter();
        Ok(Signs {
            presence: changed
                .map(|who| self.presence(who))
                .collect::<Result<_>>()?,
            typing: typing
                .map(|((conversation, account), on)| TypingNow {
                    conversation,
                    account,
                    on,
                })
                .collect(),
        })
    }

    fn messages_end_typing(&mut self, changes: &ChangeSet) -> Result<()> {
        let signals = &mut self.live.signals;
        if signals.around.are_typing() {
            for notice in &changes.notices {
                if let Notice::Message(id) = notice
                    && let Some(message) = message::get(&self.db, id)?
                {
                    let whose = (message.conversation, message.author);
                    signals.around.is_typing(whose, false, 0);
                }
            }
        }
        if signals.own.has_typed() {
            for id in &changes.messages {
                let message = message::get(&self.db, id)?;
                let is_new = |m: &message::Message| m.own && m.state == MessageState::Sending;
                if let Some(message) = message.filter(is_new) {
                    signals.own.wrote(&message.conversation);
                }
            }
        }
        Ok(())
    }

    /// How all are there of whom anything is known.
    ///
    /// # Errors
    /// The disk.
    pub fn presences(&self) -> Result<Vec<PresenceNow>> {
        let all = self.accounts_around()?.into_iter();
        all.map(|who| self.presence(who)).collect()
    }

    pub(super) fn accounts_around(&self) -> Result<BTreeSet<AccountId>> {
        let stored = presence::all(&self.db)?.into_iter();
        Ok(stored.chain(self.live.signals.around.known()).collect())
    }

    fn presence(&self, account: AccountId) -> Result<PresenceNow> {
        let around = &self.live.signals.around;
        let shown = privacy::of(&self.db, &account)?.presence;
        let last = match around.unstored.get(&account).filter(|_| shown) {
            Some(last) => Some(last.clone()),
            None if shown => presence::get(&self.db, &account)?,
            None => None,
        };
        let (state, last) = match around.state(&account).filter(|_| shown) {
            Some((state, last)) => (state, Some(last)),
            None => (PresenceState::Offline, last),
        };
        let (text, at) = match last {
            Some(LastSeen { text, at }) => (text, Some(at)),
            None => (String::new(), None),
        };
        Ok(PresenceNow {
            account,
            state,
            text,
            last_seen: at,
        })
    }
}
