//! The messenger itself: synchronous, over one SQLite database and OpenMLS.
//!
//! Every operation is one transaction: MLS state, rows, outbox and cursors change together or not at
//! all, and what changed is told only after the commit. Time comes in as milliseconds of Unix time,
//! randomness as a generator, keys as arguments.
//!
//! Absent on purpose: network, clock, threads, keychain. A host moves bytes between
//! [`Engine::next_outgoing`] and a relay, and between a relay and [`Engine::receive`].

mod account;
mod admit;
mod block;
mod changes;
mod contacts;
mod conversation;
mod decision;
mod election;
mod error;
mod group;
mod host;
mod inbox;
mod invitation;
mod joining;
mod keeping;
mod linking;
mod message;
mod mls;
mod offer;
mod outbox;
mod own;
mod participant;
mod pool;
mod post;
mod privacy;
mod read;
mod receipt;
mod rehome;
mod rejoin;
mod request;
mod seal;
mod search;
mod signal;
mod statistics;
mod store;
mod talk;
#[cfg(test)]
mod tests;
mod timer;
mod verify;
mod work;

pub use account::Account;
pub use changes::{ChangeSet, Notice};
pub use contacts::Contact;
pub use election::silent_since;
pub use error::{Error, Rejection, Result};
pub use group::GroupWish;
pub use inbox::{Ignored, Received};
pub use invitation::{GroupEntry, NewInvitation, Preview, Relation};
pub use message::{Extras, WAITING_BYTES, WAITING_LIMIT};
pub use offer::GroupInvitation;
pub use outbox::{Outgoing, OutgoingId};
pub use participant::Happened;
pub use privacy::{Privacy, PrivacyOverride};
pub use read::{Chat, Group, PendingChange, Reader, View};
pub use search::{Found, Search, Within, fold};
pub use signal::{OwnPresence, OwnState, PresenceNow, Signs, TypingNow};
pub use store::table::blocked::Blocked;
pub use store::table::conversation::ChatStanding;
pub use store::table::draft::Draft;
pub use store::table::invitation::{Invitation, InvitationState};
pub use store::table::message::{
    Amended, Event, Message, MessageKind, MessageState, Place, Problem, Unread,
};
pub use store::table::participant::Member;
pub use store::table::request::{Request as ConnectRequest, RequestState};
pub use store::{Access, connect};
pub use verify::{Compared, SafetyNumber, Trust};
pub use work::Interrupt;

use account::Me;
use openmls::prelude::MlsGroup;
use rand::Rng;
use rusqlite::{Connection, TransactionBehavior};
use snug_wire::code::InviteCode;
use snug_wire::frame::{Answer, Cursor, Delivery};
use snug_wire::{
    Address, ClaimId, GroupId, InvitationId, LockSecret, RelayAddress, RelayKey, Secret, Seq,
};
use std::collections::{BTreeMap, BTreeSet};
use store::table::message as message_table;
use store::table::outbox::Stage;
use store::table::{
    keeping as kept, log, mailbox, outbox as queue, pending, quarantine, relay, setting,
};
use work::{Live, Work};

/// An entry that ended the program this often before it was applied is set aside (rule 24). More than
/// twice: two power cuts may hit the same entry by chance, and what is set aside is not read.
const POISON_TRIES: u32 = 5;

/// A mailbox to open at its relay, again after every connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The mailbox.
    pub address: Address,
    /// Opens it.
    pub secret: LockSecret,
    /// The last entry applied; `None` reads from the first.
    pub after: Option<Cursor>,
}

/// The messenger of one account on one device.
pub struct Engine {
    db: Connection,
    crypto: mls::Crypto,
    rng: Box<dyn Rng + Send>,
    me: Option<Me>,
    groups: BTreeMap<GroupId, MlsGroup>,
    live: Live,
    changes: ChangeSet,
    interrupt: Option<Interrupt>,
    /// Whether the process before this one ended without `close`: then a mailbox is first caught up
    /// entry by entry, so that one that stops the program is found (rule 24).
    crashed: bool,
    /// Mailboxes that have been caught up since, and are read in batches again.
    sound: BTreeSet<Address>,
}

impl Engine {
    /// Over a connection made by [`connect`]. `rng` must be cryptographic.
    ///
    /// # Errors
    /// The disk, or a database of a newer Snug.
    pub fn open(db: Connection, rng: Box<dyn Rng + Send>) -> Result<Self> {
        store::migrate(&db)?;
        let crypto = mls::Crypto::new()?;
        let crashed = setting::get(&db, "running")?.is_some_and(|running| running == [1]);
        setting::put(&db, "running", &[1])?;
        let me = Me::load(&db)?;
        let live = Live {
            last_row: queue::last_id(&db)?,
            ..Live::default()
        };
        Ok(Self {
            db,
            crypto,
            rng,
            me,
            groups: BTreeMap::new(),
            live,
            changes: ChangeSet::default(),
            interrupt: None,
            crashed,
            sound: BTreeSet::new(),
        })
    }

    /// Ends in good order.
    ///
    /// # Errors
    /// The disk.
    pub fn close(self) -> Result<()> {
        setting::put(&self.db, "running", &[0])
    }

    /// For tests: asked at every step inside transactions; `true` abandons the operation.
    pub fn set_interrupt(&mut self, interrupt: Interrupt) {
        self.interrupt = Some(interrupt);
    }

    /// Everything that can be read.
    pub fn view(&self) -> View<'_> {
        View(&self.db)
    }

    /// What changed since it was last asked.
    pub fn take_changes(&mut self) -> ChangeSet {
        std::mem::take(&mut self.changes)
    }

    /// One operation, one transaction.
    fn write<T>(&mut self, now: u64, f: impl FnOnce(&mut Work<'_>) -> Result<T>) -> Result<T> {
        let tx = rusqlite::Transaction::new_unchecked(&self.db, TransactionBehavior::Immediate)?;
        let mut work = Work {
            db: &self.db,
            crypto: &self.crypto,
            rng: &mut *self.rng,
            groups: &mut self.groups,
            live: &mut self.live,
            changes: ChangeSet::default(),
            now,
            interrupt: &mut self.interrupt,
            me: self.me.as_ref(),
        };
        let done = f(&mut work).and_then(|value| work.step("commit").map(|()| value));
        let changes = work.changes;
        match done.and_then(|value| Ok(tx.commit().map(|()| value)?)) {
            Ok(value) => {
                if changes.account {
                    self.me = Me::load(&self.db)?;
                }
                self.changes.merge(changes);
                Ok(value)
            }
            Err(error) => {
                // The transaction rolled back; what is in memory may be ahead of it.
                self.groups.clear();
                self.live.states.clear();
                Err(error)
            }
        }
    }

    /// Makes the account of this database. `account_key` is the seed that the recovery words will be.
    ///
    /// # Errors
    /// [`Rejection::AccountExists`], [`Rejection::NameEmpty`], [`Rejection::NameTooLong`].
    pub fn create_account(
        &mut self,
        name: &str,
        account_key: &Secret,
        home: &RelayAddress,
        now: u64,
    ) -> Result<Account> {
        let me = self.write(now, |w| account::create(w, name, account_key, home))?;
        Ok(me.as_account())
    }

    /// Makes an invitation.
    ///
    /// # Errors
    /// [`Rejection::NameTooLong`] for the greeting, [`Rejection::NoAccount`].
    pub fn create_invitation(&mut self, new: &NewInvitation, now: u64) -> Result<InvitationId> {
        self.write(now, |w| invitation::create(w, new))
    }

    /// Withdraws an invitation; one that is over stays as it is.
    ///
    /// # Errors
    /// [`Rejection::NotFound`].
    pub fn revoke_invitation(&mut self, id: InvitationId, now: u64) -> Result<()> {
        self.write(now, |w| invitation::revoke(w, id))
    }

    /// Asks to connect: `sealed` is the card that the relay at `relay` has for this code. Asking twice
    /// is asking once.
    ///
    /// # Errors
    /// As [`View::open_card`], and [`Rejection::NameTooLong`] for the greeting.
    pub fn accept(
        &mut self,
        code: &InviteCode,
        relay: &RelayAddress,
        sealed: &[u8],
        greeting: &str,
        now: u64,
    ) -> Result<ClaimId> {
        self.write(now, |w| request::ask(w, code, relay, sealed, greeting))
    }

    /// The person's answer to an incoming request.
    ///
    /// # Errors
    /// [`Rejection::NotFound`], [`Rejection::Answered`].
    pub fn answer_request(&mut self, claim: ClaimId, accept: bool, now: u64) -> Result<()> {
        self.write(now, |w| request::answer(w, claim, accept))
    }

    /// All relays our mailboxes live on.
    ///
    /// # Errors
    /// The disk.
    pub fn relays(&self) -> Result<Vec<RelayAddress>> {
        relay::all(&self.db)
    }

    /// A relay is the same one at another address now (rule 1): connections and new invitations use it.
    ///
    /// # Errors
    /// The disk.
    pub fn relay_moved(&mut self, to: &RelayAddress, now: u64) -> Result<()> {
        self.me = self.write(now, |w| account::relay_moved(w, to))?;
        Ok(())
    }

    /// The Ed25519 seed with which connections to a relay authenticate (rule 10).
    ///
    /// # Errors
    /// [`Rejection::NotFound`] for a relay we have nothing on.
    pub fn connection_key(&self, relay: &RelayKey) -> Result<Secret> {
        Ok(relay::connection_key(&self.db, relay)?.ok_or(Rejection::NotFound)?)
    }

    /// All mailboxes of a relay, to be opened when a connection to it stands.
    ///
    /// # Errors
    /// The disk.
    pub fn subscriptions(&mut self, relay: &RelayKey) -> Result<Vec<Subscription>> {
        if self.me.is_none() {
            // A device that is to be one of an account yet.
            return Ok(Vec::new());
        }
        let mailboxes = mailbox::there(&self.db, relay)?;
        for mailbox in &mailboxes {
            self.live.to_open.remove(&mailbox.address);
        }
        Ok(mailboxes.iter().map(subscription).collect())
    }

    /// Mailboxes of a relay that must be opened now: made, joined, or with a gap.
    ///
    /// # Errors
    /// The disk.
    pub fn take_subscriptions(&mut self, relay: &RelayKey) -> Result<Vec<Subscription>> {
        let mut open = Vec::new();
        if self.me.is_none() {
            return Ok(open);
        }
        for address in self.live.to_open.clone() {
            if let Some(mailbox) = mailbox::get(&self.db, &address)?
                && mailbox.relay == *relay
            {
                self.live.to_open.remove(&address);
                open.push(subscription(&mailbox));
            }
        }
        Ok(open)
    }

    /// The relay's answer to `Open`.
    ///
    /// # Errors
    /// The disk.
    pub fn opened(
        &mut self,
        relay: &RelayKey,
        address: Address,
        answer: &Answer,
        now: u64,
    ) -> Result<()> {
        self.live.caught_up.remove(&address);
        self.write(now, |w| inbox::opened(w, relay, &address, answer))
    }

    /// Applies deliveries in one transaction. Never fails because of what a peer sent.
    ///
    /// # Errors
    /// Our own disk; nothing of the batch was applied then, and no cursor moved.
    pub fn receive(&mut self, relay: &RelayKey, batch: &[Delivery], now: u64) -> Result<Received> {
        let mut received = Received::default();
        let suspect = |d: &&Delivery| self.crashed && !self.sound.contains(&d.address);
        let (suspects, batch): (Vec<_>, Vec<_>) = batch.iter().partition(suspect);
        for delivery in suspects {
            self.receive_carefully(relay, delivery, now, &mut received)?;
        }
        if !batch.is_empty() {
            self.write(now, |w| {
                for delivery in batch {
                    inbox::apply(w, relay, delivery, &mut received)?;
                }
                Ok(())
            })?;
        }
        Ok(received)
    }

    /// Applies one delivery, the attempt counted before it is made.
    fn receive_carefully(
        &mut self,
        relay: &RelayKey,
        delivery: &Delivery,
        now: u64,
        received: &mut Received,
    ) -> Result<()> {
        let tries = self.write(now, |w| {
            quarantine::attempt(w.db, &delivery.address, delivery.seq)
        })?;
        self.write(now, |w| {
            if tries >= POISON_TRIES {
                return inbox::set_aside(w, relay, delivery);
            }
            quarantine::succeeded(w.db, &delivery.address, delivery.seq)?;
            inbox::apply(w, relay, delivery, received)
        })
    }

    /// The relay ended the reading of a mailbox: its lock changed at that entry (rule 4).
    ///
    /// # Errors
    /// The disk.
    pub fn ended(&mut self, relay: &RelayKey, address: Address, at: Seq, now: u64) -> Result<()> {
        self.live.caught_up.remove(&address);
        self.write(now, |w| inbox::ended(w, relay, &address, at))
    }

    /// A mailbox has been read to the end since it was opened: now it may be written to (rule 15).
    pub fn caught_up(&mut self, address: Address) {
        self.live.caught_up.insert(address);
        self.sound.insert(address);
    }

    /// Whether every mailbox of a relay has been read to the end.
    ///
    /// # Errors
    /// The disk.
    pub fn is_caught_up(&self, relay: &RelayKey) -> Result<bool> {
        for mailbox in mailbox::there(&self.db, relay)? {
            if !self.live.caught_up.contains(&mailbox.address)
                // What cannot be followed is not waited for.
                && log::at(&self.db, &mailbox.address)?.is_none_or(|log| log.trouble.is_none())
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The connection to a relay is gone, and with it what was under way.
    ///
    /// # Errors
    /// The disk.
    pub fn disconnected(&mut self, relay: &RelayKey) -> Result<()> {
        let mut kept = BTreeMap::new();
        for (lane, id) in std::mem::take(&mut self.live.in_flight) {
            if queue::get(&self.db, id)?.is_some_and(|row| row.relay != *relay) {
                kept.insert(lane, id);
            }
        }
        self.live.in_flight = kept;
        let mut stored = std::mem::take(&mut self.live.stored);
        for mailbox in mailbox::there(&self.db, relay)? {
            self.live.caught_up.remove(&mailbox.address);
            self.live.behind.remove(&mailbox.address);
            stored.retain(|_, (lane, _)| *lane != mailbox.address);
        }
        self.live.stored = stored;
        Ok(())
    }

    /// The next request for a relay; `None` when nothing can leave now. Encrypts what is not frozen yet.
    ///
    /// # Errors
    /// The disk.
    pub fn next_outgoing(&mut self, relay: &RelayKey, now: u64) -> Result<Option<Outgoing>> {
        for lane in queue::lanes(&self.db, &self.live.stored, relay, now)? {
            while !self.live.in_flight.contains_key(&lane) {
                let Some(row) = queue::next_in(&self.db, &self.live.stored, &lane, now)? else {
                    break;
                };
                let request = match (row.stage, row.request.clone()) {
                    (Stage::Waiting, _) => self.write(now, |w| {
                        Ok(if outbox::may_leave(w.db, w.live, &row)? {
                            Some(outbox::freeze(w, &row)?)
                        } else {
                            None
                        })
                    })?,
                    (_, request) => {
                        if outbox::may_leave(&self.db, &self.live, &row)? {
                            Some(request)
                        } else {
                            None
                        }
                    }
                };
                match request {
                    // Not now: something of this lane must come first.
                    None => break,
                    // Moot, and gone: the next wish of this lane.
                    Some(None) => {}
                    Some(Some(request)) => {
                        self.live.in_flight.insert(lane, row.id);
                        return Ok(Some(Outgoing {
                            id: OutgoingId(row.id),
                            request,
                        }));
                    }
                }
            }
        }
        Ok(None)
    }

    /// The relay's answer to an outgoing request.
    ///
    /// # Errors
    /// The disk.
    pub fn settle(&mut self, id: OutgoingId, answer: &Answer, now: u64) -> Result<()> {
        if let Some(row) = queue::get(&self.db, id.0)?
            && !outbox::stored(&mut self.live, &row, answer)
        {
            self.write(now, |w| outbox::settle(w, &row, answer))?;
        }
        self.live
            .in_flight
            .retain(|_, under_way| *under_way != id.0);
        Ok(())
    }

    /// When `tick` is to be called next, milliseconds of Unix time.
    ///
    /// # Errors
    /// The disk.
    pub fn next_deadline(&self, now: u64) -> Result<Option<u64>> {
        let turn = self.me.as_ref().map(|me| rehome::next_turn(&self.db, me));
        let all = [
            queue::next_due(&self.db, now)?,
            message_table::next_expiry(&self.db)?,
            rejoin::next_asking(&self.db)?,
            kept::next_end(&self.db)?,
            pending::next_due(&self.db)?,
            turn.transpose()?.flatten(),
        ];
        Ok(all.into_iter().flatten().min())
    }

    /// Does what time alone brings: unanswered requests end, messages disappear, what waited too long
    /// to be sent fails.
    ///
    /// # Errors
    /// The disk.
    pub fn tick(&mut self, now: u64) -> Result<()> {
        if message_table::next_expiry(&self.db)?.is_some_and(|at| at <= now) {
            while self.write(now, timer::expire)? {}
        }
        self.write(now, |w| {
            request::expire(w)?;
            keeping::end_mutes(w)?;
            if w.me.is_some() {
                rejoin::ask_again(w)?;
                admit::serve_all(w)?;
            }
            message::give_up(w)
        })
    }

    /// Whether texts wait to get into the search index.
    ///
    /// # Errors
    /// The disk.
    pub fn is_index_behind(&self) -> Result<bool> {
        search::is_behind(&self.db)
    }

    /// Puts some of them into it: for moments when nothing else is to be done. Says whether there are
    /// more.
    ///
    /// # Errors
    /// The disk.
    pub fn index(&mut self, now: u64) -> Result<bool> {
        self.write(now, search::index)
    }

    /// Whether nothing waits to be sent or to come back, and every conversation can be followed: what
    /// tests await.
    ///
    /// # Errors
    /// The disk.
    pub fn is_idle(&self) -> Result<bool> {
        Ok(queue::is_empty(&self.db)?
            && rejoin::next_asking(&self.db)?.is_none()
            && !group::is_waiting(&self.db)?)
    }
}

fn subscription(mailbox: &mailbox::Mailbox) -> Subscription {
    Subscription {
        address: mailbox.address,
        secret: mailbox.secret.clone(),
        after: mailbox.cursor(),
    }
}
