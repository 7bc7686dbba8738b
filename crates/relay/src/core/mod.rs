//! The relay as a machine: requests in, frames out. Synchronous, deterministic, without clock,
//! randomness, threads or network, so that a simulation runs the very code the server runs.
//!
//! A batch is one transaction. Each request is first *decided*: read, refused or written. After
//! the commit, and only then, what was decided is *told*: who has what open changes, answers and
//! deliveries come out (rule 7). Refusals are found by reading, before anything is written, so
//! one bad request costs the others of its batch nothing.

#[cfg(test)]
mod disk_full;
mod expire;
mod invitations;
pub mod limits;
mod mailboxes;
mod pool;
mod pull;
mod put;
mod readers;
pub(crate) mod rules;

use crate::store::{Db, Store, StoreError, mailbox, meta};
use ed25519_dalek::SigningKey;
use limits::Quotas;
use readers::{Open, Readers};
use snug_wire::frame::{Answer, Delivery, Refusal, RelayFrame, Request};
use snug_wire::{Address, RelayKey, Seq};

/// One connection, as long as it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer(pub u64);

/// A request of a connection.
#[derive(Clone, Debug)]
pub struct Job {
    /// Who asks.
    pub peer: Peer,
    /// The number its answer carries.
    pub number: u64,
    /// What is asked.
    pub request: Request,
}

/// A frame and the connections it goes to, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// Who gets it.
    pub to: Vec<Peer>,
    /// What they get.
    pub frame: RelayFrame,
}

/// The machine: the file, and who has which mailbox open.
#[derive(Debug)]
pub struct Core {
    store: Store,
    key: SigningKey,
    readers: Readers,
    /// Whether the last batch could not be written.
    failing: bool,
    /// The mailbox the rolling [`Core::expire`] looked at last.
    swept: i64,
    quotas: Quotas,
    /// How many mailboxes there are.
    mailboxes: u64,
}

/// What one request came to, before it is told.
struct Decided {
    answer: Option<Answer>,
    effect: Effect,
}

/// What a request changes outside the file.
enum Effect {
    Nothing,
    /// The peer reads that mailbox.
    Open(Address, Open),
    /// It does not any more.
    Close(Address),
    /// An entry was appended; with a new lock, readers under the old one end there.
    Stored {
        delivery: Delivery,
        new_lock: bool,
    },
    /// For the others who have it open.
    Signal(Address, Vec<u8>),
}

/// Why a request was not done: its own fault, or the disk's.
enum Stop {
    Refused(Refusal),
    Disk(StoreError),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Disk(error)
    }
}

impl From<Answer> for Decided {
    fn from(answer: Answer) -> Self {
        Self {
            answer: Some(answer),
            effect: Effect::Nothing,
        }
    }
}

/// What deciding needs.
struct Context<'a> {
    conn: &'a Db<'a>,
    key: &'a SigningKey,
    readers: &'a Readers,
    now: u64,
    random: &'a mut dyn FnMut() -> u64,
    quotas: &'a Quotas,
    /// How many mailboxes there are, those of this batch included.
    mailboxes: u64,
    /// Whether nothing new is taken.
    full: bool,
}

impl Core {
    /// Takes up a file. The relay's key is the one kept there; `fresh_seed` becomes it the first time.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be used.
    pub fn open(store: Store, fresh_seed: [u8; 32]) -> Result<Self, StoreError> {
        let seed = meta::seed(&store.reader(), fresh_seed)?;
        // A copy of the file alone is then an older state of this relay, and not another one.
        store.checkpoint()?;
        Ok(Self {
            mailboxes: mailbox::count(&store.reader())?,
            store,
            key: SigningKey::from_bytes(&seed),
            readers: Readers::default(),
            failing: false,
            swept: 0,
            quotas: Quotas::default(),
        })
    }

    /// The same with other quotas.
    #[must_use]
    pub fn with_quotas(self, quotas: Quotas) -> Self {
        Self { quotas, ..self }
    }

    /// How many mailboxes there are.
    pub fn mailboxes(&self) -> u64 {
        self.mailboxes
    }

    /// Bytes the relay's file holds, without those freed in it.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn store_bytes(&self) -> Result<u64, StoreError> {
        self.store.bytes()
    }

    /// The key this relay is (rule 1).
    pub fn key(&self) -> RelayKey {
        RelayKey(self.key.verifying_key().to_bytes())
    }

    /// The key's secret half, with which the server proves itself.
    pub fn signing_key(&self) -> &SigningKey {
        &self.key
    }

    /// The port the relay once chose.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read.
    pub fn port(&self) -> Result<Option<u16>, StoreError> {
        meta::port(&self.store.reader())
    }

    /// Remembers a port.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be written.
    pub fn set_port(&self, port: u16) -> Result<(), StoreError> {
        meta::set_port(&self.store.reader(), port)
    }

    /// Gives the file back; every connection is forgotten, as in a restart.
    pub fn into_store(self) -> Store {
        self.store
    }

    /// Whether the last batch could not be written.
    pub fn is_failing(&self) -> bool {
        self.failing
    }

    /// Does requests in one transaction, in order. `now` is milliseconds of Unix time; `random`
    /// gives the generations of new mailboxes. Takes no more jobs from the iterator once the
    /// answers hold [`limits::BATCH_ANSWERS`] bytes: call again while there are any.
    ///
    /// If the disk fails every job taken is answered `Refused(Disk)` and nothing is delivered.
    pub fn apply(
        &mut self,
        jobs: &mut impl Iterator<Item = Job>,
        now: u64,
        random: &mut dyn FnMut() -> u64,
    ) -> Vec<Out> {
        let mut asked = Vec::new();
        let mut out = Vec::new();
        match self.decide(jobs, now, random, &mut asked) {
            Ok(decided) => {
                self.failing = false;
                for ((peer, number), decided) in asked.into_iter().zip(decided) {
                    self.tell(peer, number, decided, &mut out);
                }
            }
            Err(error) => {
                self.failing = true;
                tracing::error!(%error, requests = asked.len(), "a batch could not be written");
                out.extend(asked.into_iter().map(|(peer, number)| Out {
                    to: vec![peer],
                    frame: RelayFrame::Answer(number, Answer::Refused(Refusal::Disk)),
                }));
            }
        }
        out
    }

    fn decide(
        &mut self,
        jobs: &mut impl Iterator<Item = Job>,
        now: u64,
        random: &mut dyn FnMut() -> u64,
        asked: &mut Vec<(Peer, u64)>,
    ) -> Result<Vec<Decided>, StoreError> {
        let full = match self.quotas.store_bytes {
            Some(most) => self.store.bytes().is_ok_and(|bytes| bytes >= most),
            None => false,
        };
        let conn = match self.store.begin() {
            Ok(conn) => conn,
            Err(error) => {
                // Taken all the same, so that each gets its answer.
                asked.extend(jobs.map(|job| (job.peer, job.number)));
                return Err(error);
            }
        };
        let mut context = Context {
            conn: &conn,
            key: &self.key,
            readers: &self.readers,
            now,
            random,
            quotas: &self.quotas,
            mailboxes: self.mailboxes,
            full,
        };
        let mut decided = Vec::new();
        let mut held = 0;
        let mut broken = None;
        while held < limits::BATCH_ANSWERS
            && let Some(job) = jobs.next()
        {
            asked.push((job.peer, job.number));
            if broken.is_some() {
                continue;
            }
            match context.request(job.peer, job.request) {
                Ok(done) => {
                    held += done.answer.as_ref().map_or(0, size);
                    decided.push(done);
                }
                Err(Stop::Refused(refusal)) => decided.push(Answer::Refused(refusal).into()),
                Err(Stop::Disk(error)) => broken = Some(error),
            }
        }
        match broken {
            Some(error) => Err(error),
            None => {
                let mailboxes = context.mailboxes;
                conn.commit()?;
                self.mailboxes = mailboxes;
                Ok(decided)
            }
        }
    }

    fn tell(&mut self, peer: Peer, number: u64, decided: Decided, out: &mut Vec<Out>) {
        if let Some(answer) = decided.answer {
            out.push(Out {
                to: vec![peer],
                frame: RelayFrame::Answer(number, answer),
            });
        }
        let mut send = |to: Vec<Peer>, frame| {
            if !to.is_empty() {
                out.push(Out { to, frame });
            }
        };
        match decided.effect {
            Effect::Nothing => {}
            Effect::Open(address, open) => self.readers.open(peer, address, open),
            Effect::Close(address) => self.readers.close(peer, &address),
            Effect::Stored { delivery, new_lock } => {
                let (address, seq) = (delivery.address, delivery.seq);
                let live = self.readers.live(&address);
                if new_lock {
                    self.readers.end(&address, seq);
                    send(live.clone(), RelayFrame::Delivery(delivery));
                    send(live, RelayFrame::Ended(address, seq));
                } else {
                    send(live, RelayFrame::Delivery(delivery));
                }
            }
            Effect::Signal(address, bytes) => {
                let others = self.readers.current(&address, peer);
                send(others, RelayFrame::Signal(address, bytes));
            }
        }
    }

    /// Forgets a connection.
    pub fn disconnected(&mut self, peer: Peer) {
        self.readers.disconnected(peer);
    }

    /// Whether stored entries wait to be [pulled](Core::pull) for that connection.
    pub fn is_behind(&self, peer: Peer) -> bool {
        self.readers.next_behind(peer).is_some()
    }
}

impl Context<'_> {
    /// Whether the file takes what is new.
    fn has_room(&self) -> Result<(), Refusal> {
        if self.full {
            return Err(Refusal::Full);
        }
        Ok(())
    }

    fn request(&mut self, peer: Peer, request: Request) -> Result<Decided, Stop> {
        match request {
            Request::Create(address, kind, lock) => self.create(address, kind, lock),
            Request::Open(address, secret, cursor) => self.open(peer, address, &secret, cursor),
            Request::Close(address) => Ok(Decided {
                answer: Some(Answer::Done),
                effect: Effect::Close(address),
            }),
            Request::Put(put) => self.put(put),
            Request::Fetch(address, seq, secret) => self.fetch(address, seq, &secret),
            Request::Signal(address, secret, bytes) => self.signal(address, &secret, bytes),
            Request::Trim(address, secret, below) => self.trim(address, &secret, below),
            Request::Retire(address, secret) => self.retire(address, &secret),
            Request::Publish(publish) => self.publish(&publish),
            Request::Card(id) => self.card(id),
            Request::Claim(id, claim) => self.claim(id, claim),
            Request::Revoke(id, secret) => self.revoke(id, &secret),
            Request::Stock(stock) => self.stock(&stock),
            Request::Take(address) => self.take(address),
        }
    }
}

/// What an answer holds beside its few fixed fields, in bytes.
fn size(answer: &Answer) -> usize {
    match answer {
        Answer::Bytes(bytes) | Answer::Card(bytes, _) => bytes.len(),
        _ => 0,
    }
}

/// The entry before: a relay with one file leaves no holes.
fn before(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1))
}
