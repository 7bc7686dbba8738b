//! What of a mailbox is state and outlives its entries (rule 3): one key of the bucket of heads.
//!
//! Log and bucket are written one after the other: a commit is stored first, then the state that
//! follows from it. A relay that ends between the two leaves a head behind its log, so whoever
//! loads a mailbox looks at its last commit too and first does what was left undone. Nobody puts
//! a commit on a state that was not written, so that there is never more than one to follow.

use super::api::{JetStream, PATIENCE, Write, pause};
use super::entry::{Entry, Held};
use super::names::Stream;
use super::stored::Stored;
use super::trouble::Trouble;
use crate::core::limits;
use crate::core::rules::{self, Access};
use crate::store::mailbox::Mailbox;
use serde::{Deserialize, Serialize};
use snug_wire::frame::{MailboxKind, Refusal};
use snug_wire::{Address, Lock, LockSecret, Seq};
use std::time::Duration;
use tokio::time::Instant;

/// The key's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// 0 conversation, 1 inbox, 2 rendezvous.
    kind: u8,
    /// Random, made with it.
    pub generation: u64,
    #[serde(with = "hex")]
    lock: Lock,
    /// Locks it had and the commit that ended each, the newest first.
    old: Vec<Old>,
    /// The last commit; 0 for none.
    pub head: u64,
    /// One past the highest entry that was forgotten.
    pub first: u64,
    /// How much was forgotten by then.
    forgotten_bytes: u64,
    forgotten_entries: u64,
    /// What stands up to there is of an earlier mailbox with this address.
    pub base: u64,
    /// Whether nothing can be put any more.
    pub retired: bool,
    /// Milliseconds of Unix time.
    made_at: u64,
    /// To the day.
    pub opened_at: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Old {
    until: u64,
    #[serde(with = "hex")]
    lock: Lock,
}

/// Locks as text.
mod hex {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
    use snug_wire::Lock;

    pub fn serialize<S: Serializer>(lock: &Lock, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(lock)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Lock, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl State {
    /// A new mailbox behind what stands there.
    pub fn new(kind: MailboxKind, generation: u64, lock: Lock, base: u64, now: u64) -> Self {
        Self {
            kind: match kind {
                MailboxKind::Conversation => 0,
                MailboxKind::Inbox => 1,
                MailboxKind::Rendezvous => 2,
            },
            generation,
            lock,
            old: Vec::new(),
            head: 0,
            first: base + 1,
            forgotten_bytes: 0,
            forgotten_entries: 0,
            base,
            retired: false,
            made_at: now,
            opened_at: now,
        }
    }

    /// What it is for.
    pub fn kind(&self) -> MailboxKind {
        match self.kind {
            0 => MailboxKind::Conversation,
            1 => MailboxKind::Inbox,
            _ => MailboxKind::Rendezvous,
        }
    }

    /// When it is forgotten, milliseconds of Unix time.
    pub fn ends_at(&self) -> u64 {
        match self.kind() {
            MailboxKind::Rendezvous => self.made_at.saturating_add(limits::RENDEZVOUS),
            _ => self.opened_at.saturating_add(limits::UNOPENED),
        }
    }

    /// The lock of now.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// What a secret opens.
    pub fn access(&self, secret: &LockSecret) -> Result<Access, Refusal> {
        let old: Vec<_> = self
            .old
            .iter()
            .map(|old| (Seq(old.until), old.lock))
            .collect();
        rules::access(&self.lock, &old, secret)
    }

    /// Whether this is its lock or was it.
    pub fn had(&self, lock: &Lock) -> bool {
        let mut old = self.old.iter();
        rules::same(&self.lock, lock) || old.any(|old| rules::same(&old.lock, lock))
    }

    /// What follows from a commit.
    pub fn commit(&mut self, seq: u64, lock: Option<Lock>) {
        if seq <= self.head {
            return;
        }
        self.head = seq;
        if let Some(lock) = lock.filter(|lock| *lock != self.lock) {
            let old = std::mem::replace(&mut self.lock, lock);
            let old = Old {
                until: seq,
                lock: old,
            };
            self.old.insert(0, old);
        }
    }

    /// Entries up to there were forgotten.
    pub fn forget(&mut self, last: u64, held: Held) {
        if last < self.first {
            return;
        }
        self.first = last + 1;
        self.forgotten_bytes = self.forgotten_bytes.max(held.bytes);
        self.forgotten_entries = self.forgotten_entries.max(held.entries);
    }

    /// How much was forgotten.
    pub fn forgotten(&self) -> Held {
        Held {
            bytes: self.forgotten_bytes,
            entries: self.forgotten_entries,
        }
    }
}

/// A mailbox as it was when it was looked at.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its state, `None` when there is no such mailbox.
    pub state: Option<State>,
    /// The state's place in the bucket; 0 for none.
    revision: u64,
    /// The last message among its commits; 0 for none: against it puts are checked. It may be gone
    /// while the head stays.
    pub commit: u64,
    /// The last entry, or the last that was forgotten.
    pub last: Seq,
    /// The last entry's envelope, if it is held.
    pub last_id: Option<snug_wire::EnvelopeId>,
    /// How much was put.
    pub held: Held,
}

impl Known {
    /// Its state.
    pub fn state(&self) -> Result<&State, Refusal> {
        self.state.as_ref().ok_or(Refusal::NoMailbox)
    }

    /// As the rules see it.
    pub fn mailbox(&self, address: Address) -> Result<Mailbox, Refusal> {
        let state = self.state()?;
        Ok(Mailbox {
            id: 0,
            address,
            kind: state.kind(),
            generation: state.generation,
            lock: state.lock,
            first: Seq(state.first),
            last: self.last,
            head: Seq(state.head),
            size: self.held.without(state.forgotten()).bytes,
            retired: state.retired,
            opened_at: state.opened_at,
        })
    }
}

/// Looks at a mailbox, as the leaders have it, and follows a commit that nobody followed.
pub async fn load(nats: &JetStream, address: &Address, now: u64) -> Result<Known, Trouble> {
    let begun = Instant::now();
    loop {
        let mut known = look(nats, address, now).await?;
        let Some(state) = &mut known.state else {
            return Ok(known);
        };
        if known.commit <= state.head.max(state.base) {
            return Ok(known);
        }
        follow(nats, address, state).await?;
        match save(nats, address, &mut known, now).await {
            Err(trouble) if !trouble.is_conflict() || begun.elapsed() >= PATIENCE => {
                return Err(trouble);
            }
            Err(_) => pause().await,
            Ok(()) => return Ok(known),
        }
    }
}

async fn look(nats: &JetStream, address: &Address, now: u64) -> Result<Known, Trouble> {
    let names = &nats.names;
    let (head, commits, entries) = (
        names.head(address),
        names.commits(address),
        names.entries(address),
    );
    let (head, commit, last) = tokio::try_join!(
        nats.last(Stream::Heads, &head),
        nats.last(Stream::Log, &commits),
        nats.last(Stream::Log, &entries),
    )?;
    let revision = head.as_ref().map_or(0, |head| head.seq);
    let state = head
        .as_ref()
        .and_then(|head| read(head).transpose())
        .transpose()?;
    let state = state.filter(|state| now < state.ends_at());
    let commit = commit.map_or(0, |commit| commit.seq);
    let mut known = Known {
        revision,
        commit,
        last: Seq(0),
        last_id: None,
        held: Held::default(),
        state: None,
    };
    let Some(state) = state else {
        known.last = Seq(last.map_or(0, |last| last.seq));
        return Ok(known);
    };
    known.last = Seq(commit.max(state.first.saturating_sub(1)).max(state.head));
    known.held = state.forgotten();
    if let Some(last) = last.filter(|last| last.seq > state.base) {
        let last = Entry::read(&last)?;
        known.last = known.last.max(last.seq);
        known.last_id = (known.last == last.seq).then_some(last.id);
        known.held = known.held.max(last.held);
    }
    known.state = Some(state);
    Ok(known)
}

/// A bucket's message that removes a key has no value.
fn read(head: &Stored) -> Result<Option<State>, Trouble> {
    if head.bytes.is_empty() {
        return Ok(None);
    }
    let state = serde_json::from_slice(&head.bytes);
    state
        .map(Some)
        .map_err(|error| Trouble::Form(format!("{}: {error}", head.subject)))
}

async fn follow(nats: &JetStream, address: &Address, state: &mut State) -> Result<(), Trouble> {
    let commits = nats.names.commits(address);
    loop {
        let from = state.head.max(state.base) + 1;
        let Some(commit) = nats.next(Stream::Log, &commits, from).await? else {
            return Ok(());
        };
        let commit = Entry::read(&commit)?;
        tracing::info!(
            ?address,
            seq = commit.seq.0,
            "a commit is followed that nobody followed"
        );
        state.commit(commit.seq.0, commit.lock);
    }
}

/// Writes the state, if nobody has since it was looked at.
pub async fn save(
    nats: &JetStream,
    address: &Address,
    known: &mut Known,
    now: u64,
) -> Result<(), Trouble> {
    let Some(state) = &known.state else {
        return Ok(());
    };
    let bytes = serde_json::to_vec(state).map_err(|error| Trouble::Form(error.to_string()))?;
    let left = Duration::from_millis(state.ends_at().saturating_sub(now));
    let write = Write::new(nats.names.head(address), bytes);
    let write = write.after(known.revision).lasting(Some(left));
    known.revision = nats.write(write).await?;
    Ok(())
}
