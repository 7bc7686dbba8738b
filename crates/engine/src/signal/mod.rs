//! Signals: typing and presence (rule 23). They touch no ratchet and no disk, are dropped first when
//! there is much to do, and are never sent again.
//!
//! Ours ([`own`], [`saying`]): a conversation is told how we are when its mailbox has been read to the
//! end, with the wish to hear how the others are; then at every change, as an answer, and every
//! [`REFRESH`]. Theirs ([`around`], [`said`]) hold for a while and are forgotten when the program ends;
//! what is stored is when somebody was last there. Who may know what is said by [`crate::privacy`].

mod around;
mod key;
mod own;
mod replay;
mod said;
mod saying;

pub use own::{OwnPresence, OwnState};
pub use said::{PresenceNow, Signs, TypingNow};

use crate::error::Result;
use crate::mls::Provider;
use crate::store::table::log::{self, Log};
use crate::store::table::{mailbox, presence};
use crate::{Engine, privacy};
use around::Around;
use key::Keys;
use own::Own;
use replay::Runs;
use snug_wire::log_state::ConversationKind;
use snug_wire::signal::{PresenceState, STATUS_LIMIT, SealedSignal, SignalBody};
use snug_wire::{
    AccountId, Address, ConversationId, DeviceId, GroupId, RelayKey, SIGNAL_LIMIT, decode,
};
use std::collections::BTreeMap;

/// Between two signs of our presence, in milliseconds.
const REFRESH: u64 = 60_000;
/// Groups whose keys are kept in memory; one more and all are derived anew.
const GROUPS: usize = 1_024;

/// What is known of signals while the program runs.
#[derive(Default)]
pub(crate) struct Signals {
    keys: BTreeMap<GroupId, Keys>,
    runs: BTreeMap<(GroupId, DeviceId), Runs>,
    around: Around,
    own: Own,
    refresh_at: u64,
}

impl Signals {
    /// Somebody was blocked, or is no longer: what was known of them is forgotten, and conversations hear
    /// how we are for them now.
    pub(crate) fn stranger_or_not(&mut self, who: AccountId, told: &[ConversationId], now: u64) {
        let one = [who].into();
        self.around.forget(&one, &one);
        self.around.changed.insert(who);
        told.iter().for_each(|id| self.own.tell(*id, now));
    }
}

impl Engine {
    /// A signal from a mailbox. Says whether it counted: not when it is no signal, of nobody listed,
    /// not sealed in this epoch, played again, or not for us to see.
    ///
    /// # Errors
    /// Our own disk.
    pub fn receive_signal(
        &mut self,
        relay: &RelayKey,
        address: &Address,
        bytes: &[u8],
        now: u64,
    ) -> Result<bool> {
        let Some(log) = log::at(&self.db, address)? else {
            return Ok(false);
        };
        let theirs = mailbox::get(&self.db, address)?.is_some_and(|m| m.relay == *relay);
        let Ok(sealed) = decode::<SealedSignal>(bytes, SIGNAL_LIMIT) else {
            return Ok(false);
        };
        if !theirs || log.kind == ConversationKind::Own {
            return Ok(false);
        }
        let own = self.me.as_ref().map(|me| me.account);
        let Some(keys) = self.keys(&log)? else {
            return Ok(false);
        };
        let Some(author) = keys.author(&sealed).cloned() else {
            return Ok(false);
        };
        let Some(signal) = keys.open(&sealed)? else {
            // Of another epoch, most likely: once an epoch, ask them to say it again.
            if !std::mem::replace(&mut keys.asked, true) {
                self.ask_again(&log.conversation, now);
            }
            return Ok(false);
        };
        let signals = &mut self.live.signals;
        let runs = signals.runs.entry((log.group, author.device)).or_default();
        if own == Some(author.account) || !runs.accept(signal.run, signal.counter) {
            return Ok(false);
        }
        let allowed = privacy::of(&self.db, &author.account)?;
        let whose = (log.conversation, author.account);
        match signal.body {
            SignalBody::Typing(typing) if allowed.typing => {
                signals.around.is_typing(whose, typing.on, now);
            }
            SignalBody::Presence(said)
                if allowed.presence && said.text.chars().count() <= STATUS_LIMIT =>
            {
                if said.ask {
                    signals.own.answer(log.conversation, now);
                }
                if said.state == PresenceState::Offline {
                    signals.around.is_typing(whose, false, now);
                }
                let around = &mut signals.around;
                around.is_there(author.account, author.device, said, now);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The keys of a log's present epoch.
    fn keys(&mut self, log: &Log) -> Result<Option<&mut Keys>> {
        let kept = &self.live.signals.keys;
        if !kept.get(&log.group).is_some_and(|keys| keys.are_of(log)) {
            let state = self.live.state(&self.db, &log.group)?;
            let kept = &mut self.live.signals.keys;
            if kept.len() >= GROUPS {
                kept.clear();
            }
            let provider = Provider::new(&self.crypto, &self.db);
            match Keys::derive(&provider, &self.groups, (log, &state))? {
                Some(keys) => kept.insert(log.group, keys),
                None => return Ok(None),
            };
        }
        Ok(self.live.signals.keys.get_mut(&log.group))
    }

    /// When [`Engine::tick_signals`] is to be called next, milliseconds of Unix time.
    pub fn signals_due(&self) -> Option<u64> {
        let Signals { own, around, .. } = &self.live.signals;
        let at_work = !own.told.is_empty() || !around.unstored.is_empty();
        let refresh = at_work.then_some(self.live.signals.refresh_at);
        let own = own.due.values().copied().min();
        [own, around.due(), refresh].into_iter().flatten().min()
    }

    /// Does what time alone brings: others fall silent, we say that we are still here.
    ///
    /// # Errors
    /// The disk: when others were last there is stored now and then.
    pub fn tick_signals(&mut self, now: u64) -> Result<()> {
        let signals = &mut self.live.signals;
        signals.around.expire(now);
        let due = signals.refresh_at;
        if due > now && due <= now.saturating_add(REFRESH) {
            return Ok(());
        }
        signals.refresh_at = now.saturating_add(REFRESH);
        signals.own.tell_all_told(now);
        self.store_last_seen(now)
    }

    fn store_last_seen(&mut self, now: u64) -> Result<()> {
        let unstored = std::mem::take(&mut self.live.signals.around.unstored);
        if unstored.is_empty() {
            return Ok(());
        }
        self.write(now, |w| {
            unstored
                .iter()
                .try_for_each(|(who, last)| presence::put(w.db, who, last))
        })
    }
}
