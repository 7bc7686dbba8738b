//! A device: an engine over a real database file, and the few lines a host needs around it.

use crate::crash::Fuse;
use crate::network::Link;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use snug_engine::{Access, Engine, Error, OutgoingId, Result, connect};
use snug_wire::frame::{Answer, Delivery, RelayFrame, Request};
use snug_wire::{Address, RelayAddress, RelayKey, Secret};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

enum Asked {
    Outgoing(OutgoingId),
    Open(Address),
    Card,
}

pub struct Device {
    pub name: &'static str,
    /// Which of the world's accounts it belongs to.
    pub account: usize,
    path: PathBuf,
    key: Secret,
    seed: u64,
    lives: u64,
    relay: RelayKey,
    pub fuse: Fuse,
    pub engine: Engine,
    pub link: Option<Link>,
    asked: BTreeMap<u64, Asked>,
    /// Of which relay the mailboxes are that were opened.
    opened: BTreeMap<Address, RelayKey>,
    next_number: u64,
    /// The last card the relay answered with.
    pub card: Option<Answer>,
}

/// Another relay, as far as engines can tell: the world's one keeps its mailboxes as well.
pub fn other_relay() -> RelayAddress {
    RelayAddress {
        url: "ws://127.0.0.1:2".into(),
        key: RelayKey([0x99; 32]),
    }
}

fn start(path: &Path, key: &Secret, seed: u64, fuse: &Fuse) -> Engine {
    let db = connect(path, key, Access::Write).expect("the database opens");
    let rng = ChaCha20Rng::seed_from_u64(seed);
    let mut engine = Engine::open(db, Box::new(rng)).expect("the engine opens");
    engine.set_interrupt(fuse.interrupt());
    engine
}

impl Device {
    /// With an account of its own, made now.
    pub fn new(
        (account, name): (usize, &'static str),
        path: PathBuf,
        seed: u64,
        relay: &RelayAddress,
        now: u64,
    ) -> Self {
        let mut device = Self::resume((account, name), path, seed, relay.key);
        let mut account_key = [0; 32];
        account_key[..8].copy_from_slice(&seed.to_be_bytes());
        device
            .engine
            .create_account(name, &Secret::new(account_key), relay, now)
            .expect("an account");
        device
    }

    /// Over a database that may have an account already.
    pub fn resume(
        (account, name): (usize, &'static str),
        path: PathBuf,
        seed: u64,
        relay: RelayKey,
    ) -> Self {
        let key = Secret::new([7; 32]);
        let fuse = Fuse::default();
        let engine = start(&path, &key, seed, &fuse);
        Self {
            name,
            account,
            path,
            key,
            seed,
            lives: 0,
            relay,
            fuse,
            engine,
            link: None,
            asked: BTreeMap::new(),
            opened: BTreeMap::new(),
            next_number: 1,
            card: None,
        }
    }

    /// Ends without any order, and starts again over the same file.
    pub fn crash(&mut self) {
        self.fuse.douse();
        self.link = None;
        self.asked.clear();
        self.lives += 1;
        self.engine = start(
            &self.path,
            &self.key,
            self.seed ^ (self.lives << 32),
            &self.fuse,
        );
    }

    pub fn connect(&mut self, peer: u64) {
        self.asked.clear();
        self.link = Some(Link::new(peer));
        for relay in self.relays() {
            for subscription in self.engine.subscriptions(&relay).unwrap() {
                self.open(relay, subscription);
            }
        }
    }

    pub fn cut(&mut self) {
        self.link = None;
        self.asked.clear();
        for relay in self.relays() {
            self.engine.disconnected(&relay).unwrap();
        }
    }

    fn relays(&self) -> [RelayKey; 2] {
        [self.relay, other_relay().key]
    }

    fn open(&mut self, relay: RelayKey, s: snug_engine::Subscription) {
        self.opened.insert(s.address, relay);
        if std::env::var_os("SIM_TRACE").is_some() {
            println!("{} opens {:?} {:?}", self.name, s.address, s.after);
        }
        self.ask(
            Asked::Open(s.address),
            Request::Open(s.address, s.secret, s.after),
        );
    }

    fn ask(&mut self, what: Asked, request: Request) {
        if let Some(link) = &mut self.link {
            let number = self.next_number;
            self.next_number += 1;
            self.asked.insert(number, what);
            link.to_relay.push_back((number, request));
        }
    }

    pub fn ask_for_card(&mut self, id: snug_wire::InvitationId) {
        self.ask(Asked::Card, Request::Card(id));
    }

    /// Does an operation; an interruption is a crash.
    pub fn attempt<T>(&mut self, operation: impl FnOnce(&mut Engine) -> Result<T>) -> Option<T> {
        match operation(&mut self.engine) {
            Ok(value) => Some(value),
            Err(Error::Interrupted) => {
                self.crash();
                None
            }
            Err(error) => panic!("{}: {error}", self.name),
        }
    }

    /// Takes up to `most` frames that have come.
    pub fn receive(&mut self, most: usize, now: u64) {
        let mut batch: Vec<Delivery> = Vec::new();
        for _ in 0..most {
            let Some(frame) = self
                .link
                .as_mut()
                .and_then(|link| link.to_device.pop_front())
            else {
                break;
            };
            if let RelayFrame::Delivery(delivery) = frame {
                if std::env::var_os("SIM_TRACE").is_some() {
                    println!(
                        "{now} {} gets {:?} {:?}",
                        self.name, delivery.address, delivery.seq
                    );
                }
                batch.push(delivery);
                continue;
            }
            let applied = std::mem::take(&mut batch);
            if !self.apply(&applied, now) {
                return;
            }
            self.other(frame, now);
        }
        self.apply(&batch, now);
    }

    fn apply(&mut self, batch: &[Delivery], now: u64) -> bool {
        let opened = self.opened.clone();
        let relay = |delivery: &Delivery| opened[&delivery.address];
        let mut parts = batch.chunk_by(|one, next| relay(one) == relay(next));
        parts.all(|part| self.apply_of(relay(&part[0]), part, now))
    }

    fn apply_of(&mut self, relay: RelayKey, batch: &[Delivery], now: u64) -> bool {
        let received = self.attempt(|e| e.receive(&relay, batch, now));
        if let Some(received) = &received
            && std::env::var_os("SIM_TRACE").is_some()
        {
            for ignored in &received.ignored {
                println!("{now} {} ignored {ignored:?}", self.name);
            }
        }
        received.is_some()
    }

    fn other(&mut self, frame: RelayFrame, now: u64) {
        if std::env::var_os("SIM_TRACE").is_some()
            && let RelayFrame::Answer(_, answer) = &frame
        {
            println!(
                "{now} {} is told {}",
                self.name,
                format!("{answer:?}").chars().take(150).collect::<String>()
            );
        }
        match frame {
            RelayFrame::Answer(number, answer) => match self.asked.remove(&number) {
                Some(Asked::Outgoing(id)) => {
                    self.attempt(|e| e.settle(id, &answer, now));
                }
                Some(Asked::Open(address)) => {
                    let relay = self.opened[&address];
                    self.attempt(|e| e.opened(&relay, address, &answer, now));
                }
                Some(Asked::Card) => self.card = Some(answer),
                None => {}
            },
            RelayFrame::CaughtUp(address) => self.engine.caught_up(address),
            RelayFrame::Ended(address, at) => {
                if std::env::var_os("SIM_TRACE").is_some() {
                    println!("{now} {} ended {address:?} {at:?}", self.name);
                }
                let relay = self.opened[&address];
                self.attempt(|e| e.ended(&relay, address, at, now));
            }
            _ => {}
        }
    }

    /// Sends everything that may leave now.
    pub fn pump(&mut self, now: u64) {
        for relay in self.relays() {
            self.pump_to(relay, now);
        }
    }

    fn pump_to(&mut self, relay: RelayKey, now: u64) {
        while self.link.is_some() {
            match self.attempt(|e| e.next_outgoing(&relay, now)) {
                Some(Some(outgoing)) => self.ask(Asked::Outgoing(outgoing.id), outgoing.request),
                _ => break,
            }
        }
        if self.link.is_some() {
            for subscription in self.engine.take_subscriptions(&relay).unwrap() {
                self.open(relay, subscription);
            }
        }
    }

    /// Does what time alone brings, if it is time.
    pub fn tick(&mut self, now: u64) {
        let due = self.engine.next_deadline(now).unwrap();
        if due.is_some_and(|at| at <= now) {
            self.attempt(|e| e.tick(now));
        }
    }

    /// Why it is not quiet.
    pub fn describe(&self, now: u64) -> String {
        format!(
            "{}: link quiet {:?}, {} unanswered, idle {:?}, due {:?}, {}",
            self.name,
            self.link.as_ref().map(Link::is_quiet),
            self.asked.len(),
            self.engine.is_idle(),
            self.engine.next_deadline(now),
            self.engine.view().outbox().unwrap().join("; "),
        )
    }

    /// Whether nothing is under way or waits; messages may still wait to disappear.
    pub fn is_quiet(&self) -> bool {
        self.link.as_ref().is_some_and(Link::is_quiet)
            && self.asked.is_empty()
            && self.engine.is_idle().unwrap()
    }
}
