//! A relay over NATS as a world sees it: connections that are only numbers, entries that are numbered
//! from 1 without holes, generations in the order mailboxes were made.

use super::server::Server;
use crate::client::Client;
use crate::network::config;
use snug_relay::core::Peer;
use snug_relay::settings::Settings;
use snug_relay::{Relay, Running};
use snug_wire::frame::{Answer, Cursor, Delivery, Opened, Put, Refusal, RelayFrame, Request};
use snug_wire::{Address, Lock, LockSecret, RelayKey, Seq};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use tokio::runtime::Runtime;

/// Where nobody has anything.
const NOWHERE: Address = Address([0xee; 32]);

pub struct Stand {
    runtime: Runtime,
    clock: Arc<AtomicU64>,
    clients: BTreeMap<Peer, Client>,
    seen: BTreeMap<Address, Seen>,
    relay: Option<Running>,
    nats: Server,
}

/// What is known of a mailbox.
#[derive(Default)]
struct Seen {
    /// Places of its entries, rising.
    places: Vec<u64>,
    generation: u64,
    /// The how-many-th mailbox it is.
    number: u64,
}

impl Seen {
    /// How many entries there are up to that place: the last one's number.
    fn number_of(&self, seq: Seq) -> Seq {
        Seq(self.places.partition_point(|place| *place <= seq.0) as u64)
    }

    /// The place of the entry of that number; one beyond all for others.
    fn place_of(&self, number: Seq) -> Seq {
        let last = self.places.last().copied().unwrap_or(0);
        match number.0 {
            0 => Seq(0),
            u64::MAX => number,
            n => match self.places.get(n as usize - 1) {
                Some(place) => Seq(*place),
                None => Seq(last + n - self.places.len() as u64),
            },
        }
    }

    fn add(&mut self, seq: Seq) {
        if self.places.last().is_none_or(|last| *last < seq.0) {
            self.places.push(seq.0);
        }
    }
}

fn begin(runtime: &Runtime, nats: &Server, clock: &Arc<AtomicU64>) -> Running {
    let (clock, servers) = (Arc::clone(clock), [nats.url()]);
    let started = Relay::start_on_nats(
        config(Path::new("not looked at")),
        Settings::default(),
        &servers,
        Arc::new(move || clock.load(SeqCst)),
    );
    runtime.block_on(started).unwrap()
}

impl Stand {
    /// `None` where there is no server.
    pub fn new() -> Option<Self> {
        let nats = Server::start()?;
        let runtime = Runtime::new().unwrap();
        let clock = Arc::default();
        let relay = begin(&runtime, &nats, &clock);
        Some(Self {
            runtime,
            clock,
            clients: BTreeMap::new(),
            seen: BTreeMap::new(),
            relay: Some(relay),
            nats,
        })
    }

    fn relay(&self) -> &Running {
        self.relay.as_ref().unwrap()
    }

    pub fn key(&self) -> RelayKey {
        self.relay().key()
    }

    pub fn made(&self) -> u64 {
        self.seen.len() as u64
    }

    /// One request and its answer. Only a signal has none, unless it is refused.
    pub fn ask(&mut self, peer: Peer, request: Request, now: u64) -> Option<Answer> {
        self.clock.store(now, SeqCst);
        let request = self.real(request);
        let client = client(
            &self.runtime,
            &mut self.clients,
            self.relay.as_ref().unwrap(),
            peer,
        );
        let is_signal = matches!(request, Request::Signal(..));
        let put_at = match &request {
            Request::Put(put) => Some(put.address),
            _ => None,
        };
        let (address, made) = (address(&request), made(&request));
        let answer = self.runtime.block_on(async {
            if is_signal {
                let number = client.post(request).await;
                // It is dealt with before what is asked of the same mailbox after it.
                let behind = Request::Fetch(address.unwrap(), Seq(1), LockSecret::new([0; 32]));
                client.ask(behind).await;
                return client.answer_to(number);
            }
            Some(client.ask(request).await)
        });
        if let (Some(address), Some(Answer::Stored(seq))) = (put_at, &answer) {
            self.seen.entry(address).or_default().add(*seq);
        }
        if let (Some((address, lock)), Some(Answer::Done)) = (made, &answer)
            && !self.seen.contains_key(&address)
        {
            self.learn(address, lock);
        }
        answer.map(|answer| self.answer(address, answer))
    }

    /// Opens a new mailbox once to learn its generation.
    fn learn(&mut self, address: Address, lock: Lock) {
        let secrets = (0..=u8::MAX).map(|n| LockSecret::new([n; 32]));
        let secret = secrets
            .into_iter()
            .find(|secret| secret.lock() == lock)
            .unwrap();
        let key = self.key();
        let url = self.relay().url();
        let generation = self.runtime.block_on(async {
            let mut client = Client::connect(&url, key).await;
            match client.ask(Request::Open(address, secret, None)).await {
                Answer::Opened(opened) => opened.generation,
                other => panic!("{other:?}"),
            }
        });
        let seen = Seen {
            number: self.made() + 1,
            generation,
            ..Seen::default()
        };
        self.seen.insert(address, seen);
    }

    /// Everything that connection got, once everything that was stored has been delivered.
    pub fn got(&mut self, peer: Peer, now: u64) -> Vec<RelayFrame> {
        self.clock.store(now, SeqCst);
        let relay = self.relay.as_ref().unwrap();
        let client = client(&self.runtime, &mut self.clients, relay, peer);
        let frames: Vec<RelayFrame> = self.runtime.block_on(async {
            relay.settled().await;
            // What was delivered before stands before its answer.
            client.ask(Request::Close(NOWHERE)).await;
            client.taken()
        });
        frames.into_iter().map(|frame| self.frame(frame)).collect()
    }

    pub fn disconnected(&mut self, peer: Peer) {
        self.clients.remove(&peer);
    }

    /// Relay and NATS end as in a power cut, and begin again.
    pub fn crash(&mut self) {
        self.clients.clear();
        self.relay = None;
        self.nats.kill();
        self.nats.again();
        self.relay = Some(begin(&self.runtime, &self.nats, &self.clock));
    }

    /// A request with places instead of numbers.
    fn real(&self, request: Request) -> Request {
        let none = Seen::default();
        let seen = address(&request)
            .and_then(|address| self.seen.get(&address))
            .unwrap_or(&none);
        match request {
            Request::Put(put) => Request::Put(Put {
                rests_on: seen.place_of(put.rests_on),
                ..put
            }),
            Request::Open(address, secret, Some(cursor)) => {
                let cursor = Cursor {
                    generation: match cursor.generation == seen.number {
                        true => seen.generation,
                        false => seen.generation ^ cursor.generation,
                    },
                    seq: seen.place_of(cursor.seq),
                    id: cursor.id,
                };
                Request::Open(address, secret, Some(cursor))
            }
            Request::Fetch(address, seq, secret) => {
                Request::Fetch(address, seen.place_of(seq), secret)
            }
            Request::Trim(address, secret, below) => {
                Request::Trim(address, secret, seen.place_of(below))
            }
            other => other,
        }
    }

    fn answer(&self, address: Option<Address>, answer: Answer) -> Answer {
        let none = Seen::default();
        let seen = address
            .and_then(|address| self.seen.get(&address))
            .unwrap_or(&none);
        let opened = |opened: Opened| {
            assert_eq!(opened.generation, seen.generation);
            Opened {
                generation: seen.number,
                first: Seq(seen.number_of(Seq(opened.first.0 - 1)).0 + 1),
                last: seen.number_of(opened.last),
                head: seen.number_of(opened.head),
            }
        };
        match answer {
            Answer::Stored(seq) => Answer::Stored(seen.number_of(seq)),
            Answer::Opened(it) => Answer::Opened(opened(it)),
            Answer::Diverged(it) => Answer::Diverged(opened(it)),
            Answer::Refused(Refusal::Stale(seq)) => {
                Answer::Refused(Refusal::Stale(seen.number_of(seq)))
            }
            Answer::Refused(Refusal::Outdated(seq)) => {
                Answer::Refused(Refusal::Outdated(seen.number_of(seq)))
            }
            other => other,
        }
    }

    fn frame(&self, frame: RelayFrame) -> RelayFrame {
        match frame {
            RelayFrame::Delivery(it) => {
                let seen = &self.seen[&it.address];
                assert!(seen.places.contains(&it.seq.0), "{it:?}");
                let before = it.previous.0;
                assert!(
                    before == 0 || seen.places.contains(&before),
                    "{before} is no entry"
                );
                RelayFrame::Delivery(Delivery {
                    seq: seen.number_of(it.seq),
                    previous: seen.number_of(it.previous),
                    ..it
                })
            }
            RelayFrame::Ended(address, at) => {
                RelayFrame::Ended(address, self.seen[&address].number_of(at))
            }
            other => other,
        }
    }
}

/// That connection, made when it is first used.
fn client<'a>(
    runtime: &Runtime,
    clients: &'a mut BTreeMap<Peer, Client>,
    relay: &Running,
    peer: Peer,
) -> &'a mut Client {
    clients
        .entry(peer)
        .or_insert_with(|| runtime.block_on(Client::connect(&relay.url(), relay.key())))
}

fn made(request: &Request) -> Option<(Address, Lock)> {
    match request {
        Request::Create(address, _, lock) => Some((*address, *lock)),
        _ => None,
    }
}

fn address(request: &Request) -> Option<Address> {
    match request {
        Request::Create(address, ..)
        | Request::Open(address, ..)
        | Request::Close(address)
        | Request::Fetch(address, ..)
        | Request::Signal(address, ..)
        | Request::Trim(address, ..)
        | Request::Retire(address, _)
        | Request::Take(address) => Some(*address),
        Request::Put(put) => Some(put.address),
        Request::Stock(stock) => Some(stock.address),
        _ => None,
    }
}
