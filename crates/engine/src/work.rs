//! One operation, one transaction: everything a change touches travels in [`Work`].

use crate::account::Me;
use crate::block::Declined;
use crate::changes::ChangeSet;
use crate::error::{Error, Result};
use crate::mls::{self, Crypto, Provider, group};
use crate::signal::Signals;
use crate::store::table::log_state;
use crate::store::table::outbox::Stored;
use openmls::prelude::MlsGroup;
use rand::Rng;
use rusqlite::Connection;
use snug_wire::log_state::LogState;
use snug_wire::{AccountId, Address, ConversationId, EnvelopeId, GroupId, Seq};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many groups are kept in memory; beyond that all are read again from the database.
const GROUPS: usize = 256;

/// How many logs' states are kept in memory.
const STATES: usize = 64;

/// Asked at every step inside a transaction; `true` abandons it. For tests that crash anywhere.
pub type Interrupt = Box<dyn FnMut(&'static str) -> bool + Send>;

/// What is true of connections now and need not outlive the process.
#[derive(Default)]
pub(crate) struct Live {
    /// Mailboxes read to the end since they were opened.
    pub caught_up: BTreeSet<Address>,
    /// Lanes with a request under way: the outbox row.
    pub in_flight: BTreeMap<Address, i64>,
    /// Lanes refused because a newer flagged entry stands: up to where to read first.
    pub behind: BTreeMap<Address, Seq>,
    /// Rows of the outbox that the relay has, until their echo.
    pub stored: Stored,
    /// Mailboxes that were made or joined and must be opened.
    pub to_open: BTreeSet<Address>,
    /// The highest id that a row of the outbox was given.
    pub last_row: i64,
    /// Typing and presence, ours and others'.
    pub signals: Signals,
    /// Requests of strangers that were declined by themselves.
    pub declined: Declined,
    /// What logs have established, with the version that is kept here.
    pub states: BTreeMap<GroupId, (i64, Arc<LogState>)>,
    /// When which account of a group last had us send again, or answer that somebody is in it no more.
    pub answered: BTreeMap<(ConversationId, AccountId), u64>,
    /// Mailboxes whose lock a commit changed while they were open: the last such commit.
    pub relocked: BTreeMap<Address, Seq>,
}

/// How often an account of a group may have us do something for it alone, in milliseconds.
const FOR_ONE: u64 = 10 * 60_000;
/// How many accounts are remembered that did.
const ASKERS: usize = 1_000;

impl Live {
    /// Whether an account may have us do something for it alone now: not again and again.
    pub fn may_ask(&mut self, who: (ConversationId, AccountId), now: u64) -> bool {
        let last = self.answered.get(&who).copied();
        if last.is_some_and(|last| now.abs_diff(last) < FOR_ONE) {
            return false;
        }
        if self.answered.len() >= ASKERS {
            self.answered
                .retain(|_, last| now.abs_diff(*last) < FOR_ONE);
        }
        if self.answered.len() >= ASKERS {
            return false;
        }
        self.answered.insert(who, now);
        true
    }

    /// What a log has established, from memory if it is there.
    pub fn state(&mut self, db: &Connection, group: &GroupId) -> Result<Arc<LogState>> {
        let missing = || Error::Mls("a log without its state".into());
        let version = log_state::version(db, group)?.ok_or_else(missing)?;
        if let Some((kept, state)) = self.states.get(group)
            && *kept == version
        {
            return Ok(state.clone());
        }
        let state = Arc::new(log_state::get(db, group)?.ok_or_else(missing)?);
        if self.states.len() >= STATES {
            self.states.clear();
        }
        self.states.insert(*group, (version, state.clone()));
        Ok(state)
    }
}

/// An open transaction and all it may touch.
pub(crate) struct Work<'a> {
    pub db: &'a Connection,
    pub crypto: &'a Crypto,
    pub rng: &'a mut (dyn Rng + Send),
    pub groups: &'a mut BTreeMap<GroupId, MlsGroup>,
    pub live: &'a mut Live,
    pub changes: ChangeSet,
    pub now: u64,
    pub interrupt: &'a mut Option<Interrupt>,
    pub me: Option<&'a Me>,
}

impl<'a> Work<'a> {
    pub fn provider(&self) -> Provider<'a> {
        Provider::new(self.crypto, self.db)
    }

    /// What a log has established (rule 20).
    pub fn state(&mut self, group: &GroupId) -> Result<Arc<LogState>> {
        self.live.state(self.db, group)
    }

    /// Who we are.
    pub fn me(&self) -> Result<&'a Me> {
        self.me
            .ok_or(Error::Rejected(crate::error::Rejection::NoAccount))
    }

    pub fn random<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        bytes
    }

    pub fn envelope_id(&mut self) -> EnvelopeId {
        EnvelopeId(self.random())
    }

    /// A place where a test may cut the operation short.
    pub fn step(&mut self, name: &'static str) -> Result<()> {
        if let Some(interrupt) = self.interrupt
            && interrupt(name)
        {
            return Err(Error::Interrupted);
        }
        Ok(())
    }

    /// Works on a group, reading it first if it is not in memory. `None` when there is none.
    pub fn with_group<T>(
        &mut self,
        id: &GroupId,
        f: impl FnOnce(&Provider<'_>, &mut MlsGroup) -> Result<T>,
    ) -> Result<Option<T>> {
        let provider = Provider::new(self.crypto, self.db);
        if !self.groups.contains_key(id) {
            if self.groups.len() >= GROUPS {
                self.groups.clear();
            }
            match group::load(&provider, id)? {
                Some(group) => self.groups.insert(*id, group),
                None => return Ok(None),
            };
        }
        self.groups
            .get_mut(id)
            .map(|group| f(&provider, group))
            .transpose()
    }

    /// Forgets a group and all its secrets.
    pub fn forget_group(&mut self, id: &GroupId) -> Result<()> {
        self.with_group(id, group::forget)?;
        self.groups.remove(id);
        self.live.states.remove(id);
        Ok(())
    }

    pub fn keep_group(&mut self, id: GroupId, group: MlsGroup) {
        self.groups.insert(id, group);
    }

    pub fn signer(&self) -> Result<openmls_basic_credential::SignatureKeyPair> {
        let me = self.me()?;
        Ok(mls::signer(me.device_seed.expose(), &me.device_key.0))
    }
}
