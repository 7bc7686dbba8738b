//! Our signals on their way out.

use super::own::OwnPresence;
use crate::Engine;
use crate::error::{Rejection, Result};
use crate::privacy::{self, Privacy};
use crate::store::table::conversation;
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox::{self, Standing};
use crate::store::table::participant;
use snug_wire::frame::Request;
use snug_wire::log_state::ConversationKind;
use snug_wire::signal::{Presence, PresenceState, Signal, SignalBody, Typing};
use snug_wire::{Address, ConversationId, LockSecret, RelayKey, encode};

/// How long a presence that found no room waits, in milliseconds.
const LATER: u64 = 20;
/// How long a question is put off after something could not be opened, in milliseconds.
const ASK_AGAIN: u64 = 1_000;

/// In a group with more participants nobody is told who types or is there.
const MOST: u64 = 50;

/// Where a signal goes.
struct Target {
    log: Log,
    relay: RelayKey,
    secret: LockSecret,
}

impl Engine {
    /// The person types in a chat, or has stopped: to be said at every key, at least every three seconds
    /// while it lasts. What comes too soon after another, or while there is no connection, is dropped.
    ///
    /// # Errors
    /// [`Rejection::NotFound`] when there is no such conversation.
    pub fn set_typing(&mut self, id: ConversationId, on: bool, now: u64) -> Result<()> {
        conversation::get(&self.db, &id)?.ok_or(Rejection::NotFound)?;
        self.live.signals.own.types(id, on, now);
        Ok(())
    }

    /// One's own presence as chosen.
    ///
    /// # Errors
    /// The disk.
    pub fn own_presence(&mut self) -> Result<OwnPresence> {
        let own = &mut self.live.signals.own;
        match &own.presence {
            Some(presence) => Ok(presence.clone()),
            None => Ok(own.presence.insert(OwnPresence::load(&self.db)?).clone()),
        }
    }

    /// Chooses one's own presence. Who becomes invisible says goodbye, then nothing.
    ///
    /// # Errors
    /// [`Rejection::TextTooLong`].
    pub fn set_presence(&mut self, new: OwnPresence, now: u64) -> Result<()> {
        self.write(now, |w| new.store(w.db))?;
        self.live.signals.own.presence = Some(new);
        self.tell_everybody(now)
    }

    /// How long nobody has touched this computer, in seconds; 0 when somebody does. To be said when it
    /// reaches [`OwnPresence::away_after`] and when the person is back.
    ///
    /// # Errors
    /// The disk.
    pub fn set_idle(&mut self, seconds: u32, now: u64) -> Result<()> {
        let before = self.own_state(now)?;
        let since = now.saturating_sub(u64::from(seconds) * 1_000);
        self.live.signals.own.idle_since = (seconds > 0).then_some(since);
        if self.own_state(now)? != before {
            self.live.signals.own.tell_all_told(now);
        }
        Ok(())
    }

    /// A mailbox has been read to the end: those who read it too may know of us, and we ask for them.
    ///
    /// # Errors
    /// The disk.
    pub fn announce(&mut self, address: &Address, now: u64) -> Result<()> {
        if let Some(log) = log::at(&self.db, address)?
            && log.kind != ConversationKind::Own
        {
            let own = &mut self.live.signals.own;
            own.told.remove(&log.conversation);
            own.tell(log.conversation, now);
        }
        Ok(())
    }

    /// The program ends: those who know that we are here are told, by the signals that come next.
    ///
    /// # Errors
    /// The disk.
    pub fn farewell(&mut self, now: u64) -> Result<()> {
        let own = &mut self.live.signals.own;
        own.closing = true;
        own.tell_all_told(now);
        self.store_last_seen(now)
    }

    /// The next signal for a relay that has room; what others have no room for is dropped, a presence
    /// put off. Asked after messages have left, so that signals never delay one.
    ///
    /// # Errors
    /// The disk.
    pub fn next_signal(
        &mut self,
        now: u64,
        has_room: impl Fn(&RelayKey) -> bool,
    ) -> Result<Option<(RelayKey, Request)>> {
        let state = self.own_state(now)?;
        while let Some((id, on)) = self.live.signals.own.typing_due.pop_first() {
            let Some(target) = self.target(&id)?.filter(|to| has_room(&to.relay)) else {
                continue;
            };
            if state.is_some() && self.tells(&target.log, |allowed| allowed.typing)? {
                return self.sealed(target, SignalBody::Typing(Typing { on }));
            }
        }
        loop {
            let own = &mut self.live.signals.own;
            let due = own.due.iter().find(|(_, at)| **at <= now);
            let Some(id) = due.map(|(id, _)| *id) else {
                return Ok(None);
            };
            own.due.remove(&id);
            let Some(target) = self.target(&id)? else {
                // It is announced anew when it can be written to again.
                self.live.signals.own.told.remove(&id);
                continue;
            };
            if !has_room(&target.relay) {
                self.live.signals.own.tell(id, now.saturating_add(LATER));
                continue;
            }
            let shown = self.tells(&target.log, |allowed| allowed.presence)?;
            if let Some(presence) = self.presence_for(&id, state.filter(|_| shown), now)? {
                return self.sealed(target, SignalBody::Presence(presence));
            }
        }
    }

    /// What a conversation is told now; `None` if nothing.
    fn presence_for(
        &mut self,
        id: &ConversationId,
        state: Option<PresenceState>,
        now: u64,
    ) -> Result<Option<Presence>> {
        let text = self.own_presence()?.text;
        let own = &mut self.live.signals.own;
        let (state, knew) = match state {
            Some(state) => (state, !own.told.insert(*id)),
            // Once, so that nobody is shown as here who is not.
            None if own.told.remove(id) => (PresenceState::Offline, true),
            None => return Ok(None),
        };
        Ok(Some(Presence {
            state,
            text,
            idle: own.idle(now),
            ask: !knew,
        }))
    }

    fn sealed(&mut self, to: Target, body: SignalBody) -> Result<Option<(RelayKey, Request)>> {
        let mut nonce = [0; 24];
        self.rng.fill_bytes(&mut nonce);
        let own = &mut self.live.signals.own;
        let run = *own.run.get_or_insert_with(|| {
            let mut run = [0; 16];
            self.rng.fill_bytes(&mut run);
            run
        });
        own.counter += 1;
        let counter = own.counter;
        let Some(keys) = self.keys(&to.log)? else {
            return Ok(None);
        };
        let signal = keys.seal(nonce, &Signal { run, counter, body })?;
        let request = Request::Signal(to.log.address, to.secret, encode(&signal));
        Ok(Some((to.relay, request)))
    }

    /// The log a conversation is written to, as for messages, if it can be written to now.
    fn target(&self, id: &ConversationId) -> Result<Option<Target>> {
        let logs = log::of(&self.db, id)?;
        let Some(log) = logs.into_iter().find(|log| log.ready) else {
            return Ok(None);
        };
        if !self.live.caught_up.contains(&log.address) {
            return Ok(None);
        }
        let mailbox = mailbox::get(&self.db, &log.address)?;
        Ok(mailbox
            .filter(|mailbox| mailbox.standing == Standing::There)
            .map(|mailbox| Target {
                log,
                relay: mailbox.relay,
                secret: mailbox.secret,
            }))
    }

    /// Whether all others of a log may be told: what one of them must not know, none of them is told.
    /// In a group what holds for everybody counts; in a large one nobody is told.
    fn tells(&mut self, log: &Log, what: impl Fn(Privacy) -> bool) -> Result<bool> {
        if log.kind == ConversationKind::Group {
            let is_small = participant::count(&self.db, &log.conversation)? <= MOST;
            return Ok(is_small && what(privacy::general(&self.db)?));
        }
        let own = self.me.as_ref().map(|me| me.account);
        let state = self.live.state(&self.db, &log.group)?;
        for participant in &state.participants {
            if Some(participant.account) != own
                && !what(privacy::of(&self.db, &participant.account)?)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn own_state(&mut self, now: u64) -> Result<Option<PresenceState>> {
        self.own_presence()?;
        Ok(self.live.signals.own.state(now))
    }

    fn tell_everybody(&mut self, now: u64) -> Result<()> {
        for conversation in conversation::visible(&self.db)? {
            self.live.signals.own.tell(conversation.id, now);
        }
        Ok(())
    }

    /// What may be known changed: everybody concerned hears of it, and what is not for us to see any
    /// more is forgotten.
    pub(crate) fn privacy_changed(&mut self, now: u64) -> Result<()> {
        self.tell_everybody(now)?;
        let (mut typing, mut presence) = (Vec::new(), Vec::new());
        for who in self.accounts_around()? {
            let allowed = privacy::of(&self.db, &who)?;
            typing.extend((!allowed.typing).then_some(who));
            presence.extend((!allowed.presence).then_some(who));
            self.live.signals.around.changed.insert(who);
        }
        let around = &mut self.live.signals.around;
        around.forget(
            &typing.into_iter().collect(),
            &presence.into_iter().collect(),
        );
        Ok(())
    }

    /// Something of a conversation could not be opened: we say how we are once more, and ask.
    pub(super) fn ask_again(&mut self, id: &ConversationId, now: u64) {
        let own = &mut self.live.signals.own;
        if own.told.remove(id) {
            own.tell(*id, now.saturating_add(ASK_AGAIN));
        }
    }
}
