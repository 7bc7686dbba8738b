//! A core on disk, with connections that are only numbers.

use snug_relay::Store;
use snug_relay::core::{Core, Job, Out, Peer};
use snug_wire::frame::{Answer, Put, RelayFrame, Request};
use std::collections::BTreeMap;
use tempfile::TempDir;

pub const ADA: Peer = Peer(1);
pub const BO: Peer = Peer(2);
pub const CYAN: Peer = Peer(3);

pub struct World {
    pub core: Core,
    /// Milliseconds of Unix time.
    pub now: u64,
    /// The next generation is one more.
    pub drawn: u64,
    pub dir: TempDir,
    got: BTreeMap<Peer, Vec<RelayFrame>>,
}

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

    fn over(store: Store, dir: TempDir) -> Self {
        Self {
            core: Core::open(store, [7; 32]).unwrap(),
            now: 1_000_000_000_000,
            drawn: 0,
            dir,
            got: BTreeMap::new(),
        }
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
            out.extend(self.core.apply(&mut jobs, self.now, &mut random));
        }
        out
    }

    /// One request. Its answer is given back, what else comes out goes to who gets it.
    pub fn ask(&mut self, peer: Peer, request: Request) -> Option<Answer> {
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

    /// Everything that connection got since, after it has caught up.
    pub fn got(&mut self, peer: Peer) -> Vec<String> {
        loop {
            let frames = self.core.pull(peer, 200).unwrap();
            if frames.is_empty() {
                break;
            }
            self.got.entry(peer).or_default().extend(frames);
        }
        self.got
            .remove(&peer)
            .unwrap_or_default()
            .iter()
            .map(shown)
            .collect()
    }

    pub fn expire(&mut self, now: u64) {
        self.now = now;
        for out in self.core.expire(now).unwrap() {
            self.give(&out.to, &out.frame);
        }
    }

    /// As after kill -9: what the file system holds at this moment is all there is.
    pub fn crash(&mut self) {
        if !self.dir.path().join("relay.db").exists() {
            return self.restart();
        }
        let dir = tempfile::tempdir().unwrap();
        for file in ["relay.db", "relay.db-wal"] {
            std::fs::copy(self.dir.path().join(file), dir.path().join(file)).unwrap();
        }
        let store = Store::open(&dir.path().join("relay.db")).unwrap();
        self.core = Core::open(store, [9; 32]).unwrap();
        self.dir = dir;
        self.got.clear();
    }

    /// Everybody is disconnected; what is in memory stays.
    fn restart(&mut self) {
        let other = Core::open(Store::in_memory().unwrap(), [9; 32]).unwrap();
        let store = std::mem::replace(&mut self.core, other).into_store();
        self.core = Core::open(store, [9; 32]).unwrap();
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
