//! A core on disk or in memory, or a relay over NATS, with connections that are only numbers.

use crate::nats::Stand;
use snug_relay::Store;
use snug_relay::core::{Core, Job, Out, Peer};
use snug_wire::RelayKey;
use snug_wire::frame::{Answer, Put, RelayFrame, Request};
use std::collections::BTreeMap;
use tempfile::TempDir;

pub const ADA: Peer = Peer(1);
pub const BO: Peer = Peer(2);
pub const CYAN: Peer = Peer(3);

pub struct World {
    stand: On,
    /// Milliseconds of Unix time.
    pub now: u64,
    /// The next generation is one more.
    pub drawn: u64,
    pub dir: TempDir,
    got: BTreeMap<Peer, Vec<RelayFrame>>,
}

/// What does what is asked for.
enum On {
    Core(Box<Core>),
    Nats(Box<Stand>),
}

/// Each of these tests over everything that keeps mailboxes.
macro_rules! everywhere {
    ($($name:ident),* $(,)?) => {
        mod on_disk {
            $(#[test] fn $name() { super::$name(crate::world::World::new()) })*
        }
        mod in_memory {
            $(#[test] fn $name() { super::$name(crate::world::World::forgetful()) })*
        }
        mod on_nats {
            $(#[test] fn $name() { crate::world::World::on_nats().into_iter().for_each(super::$name) })*
        }
    };
}
pub(crate) use everywhere;

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("relay.db")).unwrap();
        Self::over(store, dir)
    }

    /// One that keeps nothing on disk.
    pub fn forgetful() -> Self {
        Self::over(Store::forgetful().unwrap(), tempfile::tempdir().unwrap())
    }

    /// One over NATS; `None` where there is no server.
    pub fn on_nats() -> Option<Self> {
        Some(Self::with(
            On::Nats(Box::new(Stand::new()?)),
            tempfile::tempdir().unwrap(),
        ))
    }

    fn over(store: Store, dir: TempDir) -> Self {
        let core = Core::open(store, [7; 32]).unwrap();
        Self::with(On::Core(Box::new(core)), dir)
    }

    fn with(stand: On, dir: TempDir) -> Self {
        Self {
            stand,
            now: 1_000_000_000_000,
            drawn: 0,
            dir,
            got: BTreeMap::new(),
        }
    }

    /// The core, where there is one.
    pub fn core(&mut self) -> &mut Core {
        match &mut self.stand {
            On::Core(core) => core,
            On::Nats(_) => panic!("no core is behind NATS"),
        }
    }

    /// Ends it; its directory stays a little longer.
    pub fn end(self) -> TempDir {
        self.dir
    }

    pub fn key(&self) -> RelayKey {
        match &self.stand {
            On::Core(core) => core.key(),
            On::Nats(stand) => stand.key(),
        }
    }

    pub fn disconnected(&mut self, peer: Peer) {
        match &mut self.stand {
            On::Core(core) => core.disconnected(peer),
            On::Nats(stand) => stand.disconnected(peer),
        }
    }

    /// How many mailboxes were made.
    pub fn made(&self) -> u64 {
        match &self.stand {
            On::Core(_) => self.drawn,
            On::Nats(stand) => stand.made(),
        }
    }

    /// Answers to requests, in one batch where there are batches.
    pub fn answers(&mut self, requests: &[(Peer, Request)]) -> Vec<Answer> {
        if let On::Nats(stand) = &mut self.stand {
            let asked = requests.iter().cloned();
            let answers = asked.map(|(peer, request)| stand.ask(peer, request, self.now).unwrap());
            return answers.collect();
        }
        let mut answers = Vec::new();
        for out in self.batch(requests) {
            match out.frame {
                RelayFrame::Answer(_, answer) => answers.push(answer),
                frame => self.give(&out.to, &frame),
            }
        }
        answers
    }

    /// Requests in one batch; what comes out, in order.
    pub fn batch(&mut self, requests: &[(Peer, Request)]) -> Vec<Out> {
        let drawn = &mut self.drawn;
        let mut random = || {
            *drawn += 1;
            *drawn
        };
        let mut jobs: Vec<Job> = Vec::new();
        for (peer, request) in requests {
            jobs.push(Job {
                peer: *peer,
                number: jobs.len() as u64,
                request: request.clone(),
            });
        }
        let mut jobs = jobs.into_iter();
        let mut out = Vec::new();
        while jobs.len() > 0 {
            let On::Core(core) = &mut self.stand else {
                panic!("no core is behind NATS");
            };
            out.extend(core.apply(&mut jobs, self.now, &mut random));
        }
        out
    }

    /// One request. Its answer is given back, what else comes out goes to who gets it.
    pub fn ask(&mut self, peer: Peer, request: Request) -> Option<Answer> {
        if let On::Nats(stand) = &mut self.stand {
            return stand.ask(peer, request, self.now);
        }
        let mut answer = None;
        for out in self.batch(&[(peer, request)]) {
            match out.frame {
                RelayFrame::Answer(0, it) => {
                    assert_eq!(
                        (out.to, &answer),
                        (vec![peer], &None),
                        "one answer to who asked"
                    );
                    answer = Some(it);
                }
                frame => self.give(&out.to, &frame),
            }
        }
        answer
    }

    pub fn put(&mut self, peer: Peer, put: Put) -> Answer {
        self.ask(peer, Request::Put(put)).unwrap()
    }

    pub fn give(&mut self, to: &[Peer], frame: &RelayFrame) {
        for peer in to {
            self.got.entry(*peer).or_default().push(frame.clone());
        }
    }

    /// Everything that connection got since, after it has caught up, in short.
    pub fn got(&mut self, peer: Peer) -> Vec<String> {
        self.raw(peer).iter().map(shown).collect()
    }

    /// The same, as it came.
    pub fn raw(&mut self, peer: Peer) -> Vec<RelayFrame> {
        if let On::Nats(stand) = &mut self.stand {
            return stand.got(peer, self.now);
        }
        loop {
            let frames = self.core().pull(peer, 200).unwrap();
            if frames.is_empty() {
                break;
            }
            self.got.entry(peer).or_default().extend(frames);
        }
        self.got.remove(&peer).unwrap_or_default()
    }

    pub fn expire(&mut self, now: u64) {
        self.now = now;
        for out in self.core().expire(now).unwrap() {
            self.give(&out.to, &out.frame);
        }
    }

    /// As after kill -9: what the file system holds at this moment is all there is.
    pub fn crash(&mut self) {
        if let On::Nats(stand) = &mut self.stand {
            return stand.crash();
        }
        if !self.dir.path().join("relay.db").exists() {
            return self.restart();
        }
        let dir = tempfile::tempdir().unwrap();
        for file in ["relay.db", "relay.db-wal"] {
            std::fs::copy(self.dir.path().join(file), dir.path().join(file)).unwrap();
        }
        let store = Store::open(&dir.path().join("relay.db")).unwrap();
        self.stand = On::Core(Box::new(Core::open(store, [9; 32]).unwrap()));
        self.dir = dir;
        self.got.clear();
    }

    /// Everybody is disconnected; what is in memory stays.
    fn restart(&mut self) {
        let other = Core::open(Store::in_memory().unwrap(), [9; 32]).unwrap();
        let store = std::mem::replace(self.core(), other).into_store();
        self.stand = On::Core(Box::new(Core::open(store, [9; 32]).unwrap()));
        self.got.clear();
    }
}

/// A frame in short: ids and bytes as the number they were made of.
pub fn shown(frame: &RelayFrame) -> String {
    match frame {
        RelayFrame::Delivery(it) => {
            let kind = if it.flagged { "commit" } else { "entry" };
            let (id, seq, previous) = (it.id.0[0], it.seq.0, it.previous.0);
            assert_eq!(it.bytes.first(), Some(&id), "the bytes that were put");
            format!(
                "{kind} {id} of {} at {seq} after {previous}",
                it.address.0[0]
            )
        }
        RelayFrame::CaughtUp(address) => format!("caught up {}", address.0[0]),
        RelayFrame::Ended(address, at) => format!("ended {} at {}", address.0[0], at.0),
        RelayFrame::Signal(address, bytes) => format!("signal {bytes:?} of {}", address.0[0]),
        other => format!("{other:?}"),
    }
}
