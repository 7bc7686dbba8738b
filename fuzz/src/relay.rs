//! The relay's core as its clients see it: what was asked, what was answered, and what must follow.
//!
//! The relay's own tests compare it with a full model; here only what devices rely on is written
//! down a second time, so that a wrong idea in that model is not repeated.

use snug_relay::Store;
use snug_relay::core::limits::{RENDEZVOUS, TIME_TO_LIVE};
use snug_relay::core::{Core, Job, Out, Peer};
use snug_wire::frame::{Answer, Delivery, MailboxKind, Put, Refusal, RelayFrame, Request};
use snug_wire::{Address, EnvelopeId, LockSecret, Seq};
use std::collections::BTreeMap;

/// Bytes pulled for a connection at a time: small, so that a log takes several turns.
const BUDGET: usize = 300;

/// An entry the relay has acknowledged.
struct Stored {
    id: EnvelopeId,
    flagged: bool,
    bytes: Vec<u8>,
    at: u64,
}

/// What is known of a mailbox from the answers alone.
struct Log {
    kind: MailboxKind,
    made_at: u64,
    entries: BTreeMap<u64, Stored>,
    last: u64,
    first: u64,
}

/// A core over a store in memory, and what its clients know.
pub struct Checked {
    core: Option<Core>,
    now: u64,
    drawn: u64,
    logs: BTreeMap<Address, Log>,
    /// The last entry delivered; `None` before the first one after an `Open`.
    reached: BTreeMap<(Peer, Address), Option<u64>>,
}

impl Checked {
    /// An empty relay.
    pub fn new() -> Self {
        let store = Store::in_memory().unwrap();
        Self {
            core: Some(Core::open(store, [7; 32]).unwrap()),
            now: 1_000_000_000_000,
            drawn: 0,
            logs: BTreeMap::new(),
            reached: BTreeMap::new(),
        }
    }

    fn core(&mut self) -> &mut Core {
        self.core.as_mut().unwrap()
    }

    /// Does a batch and looks at everything that comes of it.
    pub fn batch(&mut self, asked: Vec<(Peer, Request)>) {
        let mut drawn = self.drawn;
        let mut random = || {
            drawn += 1;
            drawn
        };
        let jobs: Vec<Job> = asked
            .iter()
            .cloned()
            .zip(0..)
            .map(|((peer, request), number)| Job {
                peer,
                number,
                request,
            })
            .collect();
        let mut jobs = jobs.into_iter();
        let now = self.now;
        let mut outs = Vec::new();
        while jobs.len() > 0 {
            outs.extend(self.core().apply(&mut jobs, now, &mut random));
        }
        self.drawn = drawn;
        assert!(!self.core().is_failing(), "no request makes the disk fail");
        let mut next = 0;
        for Out { to, frame } in outs {
            assert!(!to.is_empty(), "every frame goes to somebody");
            let RelayFrame::Answer(number, answer) = frame else {
                to.iter().for_each(|peer| self.hears(*peer, &frame));
                continue;
            };
            assert!(number >= next, "in the order of asking, each once");
            for (_, request) in &asked[next as usize..number as usize] {
                assert!(matches!(request, Request::Signal(..)), "left unanswered");
            }
            next = number + 1;
            let (peer, request) = &asked[number as usize];
            assert_eq!(to, [*peer], "who asked is answered");
            self.answered(*peer, request, answer);
        }
    }

    fn answered(&mut self, peer: Peer, request: &Request, answer: Answer) {
        match (request, answer) {
            (Request::Create(address, kind, _), Answer::Done) => {
                let now = self.now;
                self.logs.entry(*address).or_insert(Log {
                    kind: *kind,
                    made_at: now,
                    entries: BTreeMap::new(),
                    last: 0,
                    first: 1,
                });
            }
            (Request::Open(address, ..), Answer::Opened(opened) | Answer::Diverged(opened)) => {
                let log = &self.logs[address];
                assert!(opened.last.0 <= log.last && opened.first.0 <= log.first);
                self.reached.insert((peer, *address), None);
            }
            (Request::Close(address), Answer::Done) => {
                self.reached.remove(&(peer, *address));
            }
            (Request::Put(put), Answer::Stored(seq)) => self.stored(put, seq),
            (Request::Trim(address, _, below), Answer::Done) => {
                let log = self.logs.get_mut(address).unwrap();
                log.first = log.first.max(below.0.min(log.last + 1));
            }
            (
                Request::Open(address, ..)
                | Request::Trim(address, ..)
                | Request::Put(Put { address, .. }),
                Answer::Refused(Refusal::NoMailbox),
            ) => assert!(!self.logs.contains_key(address), "a mailbox was lost"),
            _ => {}
        }
    }

    fn stored(&mut self, put: &Put, seq: Seq) {
        let log = self.logs.get_mut(&put.address).unwrap();
        if let Some((known, _)) = log.entries.iter().find(|(_, entry)| entry.id == put.id) {
            assert_eq!(*known, seq.0, "the same place as the first time");
            return;
        }
        assert_eq!(seq.0, log.last + 1, "places rise by one");
        log.last = seq.0;
        log.entries.insert(
            seq.0,
            Stored {
                id: put.id,
                flagged: put.flagged,
                bytes: put.bytes.clone(),
                at: self.now,
            },
        );
    }

    fn hears(&mut self, peer: Peer, frame: &RelayFrame) {
        match frame {
            RelayFrame::Delivery(delivery) => self.delivered(peer, delivery),
            RelayFrame::CaughtUp(address) => {
                assert!(self.reached.contains_key(&(peer, *address)));
            }
            RelayFrame::Ended(address, _) => {
                let was = self.reached.remove(&(peer, *address));
                assert!(was.is_some(), "what ends was open");
            }
            RelayFrame::Signal(address, _) => {
                assert!(self.reached.contains_key(&(peer, *address)));
            }
            _ => panic!("the core does not say {frame:?} unasked"),
        }
    }

    fn delivered(&mut self, peer: Peer, delivery: &Delivery) {
        let seq = delivery.seq.0;
        let reached = self.reached.get_mut(&(peer, delivery.address));
        let reached = reached.expect("only what is open is delivered");
        assert_eq!(delivery.previous.0 + 1, seq);
        assert!(reached.is_none_or(|reached| reached + 1 == seq), "a gap");
        *reached = Some(seq);
        let entry = &self.logs[&delivery.address].entries[&seq];
        assert_eq!(delivery.id, entry.id);
        assert_eq!(delivery.flagged, entry.flagged);
        assert_eq!(delivery.bytes, entry.bytes, "as it was acknowledged");
    }

    /// A connection takes what waits for it.
    pub fn pull(&mut self, peer: Peer) {
        for frame in self.core().pull(peer, BUDGET).unwrap() {
            self.hears(peer, &frame);
        }
    }

    /// A connection ends.
    pub fn disconnect(&mut self, peer: Peer) {
        self.core().disconnected(peer);
        self.reached.retain(|(reader, _), _| *reader != peer);
    }

    /// The process dies and starts again.
    pub fn crash(&mut self) {
        let store = self.core.take().unwrap().into_store();
        self.core = Some(Core::open(store, [8; 32]).unwrap());
        self.reached.clear();
    }

    /// Time goes by, and what is too old is forgotten.
    pub fn pass(&mut self, time: u64) {
        self.now += time;
        let now = self.now;
        for out in self.core().expire(now).unwrap() {
            out.to.iter().for_each(|peer| self.hears(*peer, &out.frame));
        }
        self.logs.retain(|_, log| {
            log.kind != MailboxKind::Rendezvous || log.made_at >= now - RENDEZVOUS
        });
        for log in self.logs.values_mut() {
            while let Some(oldest) = log.entries.first_entry()
                && log.kind != MailboxKind::Rendezvous
                && oldest.get().at < now - TIME_TO_LIVE
            {
                log.first = log.first.max(oldest.key() + 1);
                oldest.remove();
            }
        }
    }

    /// After a last crash everything acknowledged, and neither trimmed nor too old, is read back
    /// with one of these secrets.
    pub fn is_all_there(mut self, secrets: &[LockSecret]) {
        self.crash();
        let reader = Peer(99);
        let addresses: Vec<Address> = self.logs.keys().copied().collect();
        for address in addresses {
            for secret in secrets {
                let open = Request::Open(address, secret.clone(), None);
                self.batch(vec![(reader, open)]);
                let log = &self.logs[&address];
                let (first, last) = (log.first, log.last);
                while self.core().is_behind(reader) {
                    self.pull(reader);
                }
                match self.reached.remove(&(reader, address)) {
                    Some(Some(reached)) => assert_eq!(reached, last, "the end is missing"),
                    Some(None) => assert_eq!(first, last + 1, "nothing was delivered"),
                    // Another secret's, or one that was replaced.
                    None => {}
                }
                self.disconnect(reader);
            }
        }
    }
}

impl Default for Checked {
    fn default() -> Self {
        Self::new()
    }
}
