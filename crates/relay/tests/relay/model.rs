//! The relay as simply as it can be said: everything in memory, no pages, no queues.
//! `random.rs` compares the core with it.

use crate::world::shown;
use snug_relay::core::limits::{RENDEZVOUS, TIME_TO_LIVE};
use snug_relay::core::{Out, Peer};
use snug_wire::frame::{Answer, Delivery, MailboxKind, Opened, Put, Refusal, RelayFrame, Request};
use snug_wire::{Address, Lock, LockSecret, Seq};
use std::collections::BTreeMap;

struct Entry {
    put: Put,
    at: u64,
}

struct Mailbox {
    kind: MailboxKind,
    generation: u64,
    made_at: u64,
    lock: Lock,
    old: Vec<(u64, Lock)>,
    /// Every entry not older than the time-to-live, by its place.
    entries: BTreeMap<u64, Entry>,
    first: u64,
    last: u64,
    head: u64,
    retired: bool,
}

enum Open {
    Behind(u64, Option<u64>),
    Live,
}

#[derive(Default)]
pub struct Model {
    mailboxes: BTreeMap<Address, Mailbox>,
    /// In the order of their last opening.
    opens: Vec<(Peer, Address, Open)>,
    pub drawn: u64,
}

fn refused(refusal: Refusal) -> Answer {
    Answer::Refused(refusal)
}

impl Mailbox {
    /// `Ok(None)`: opens now; `Ok(Some)`: opened until there.
    fn access(&self, secret: &LockSecret) -> Result<Option<u64>, Answer> {
        if secret.lock() == self.lock {
            return Ok(None);
        }
        let old = self
            .old
            .iter()
            .rev()
            .find(|(_, lock)| *lock == secret.lock());
        old.map(|(until, _)| Some(*until))
            .ok_or(refused(Refusal::WrongLock))
    }

    fn now(&self, secret: &LockSecret) -> Result<(), Answer> {
        match self.access(secret)? {
            None => Ok(()),
            Some(until) => Err(refused(Refusal::Outdated(Seq(until)))),
        }
    }

    fn delivery(&self, seq: u64) -> RelayFrame {
        let put = &self.entries[&seq].put;
        RelayFrame::Delivery(Delivery {
            address: put.address,
            seq: Seq(seq),
            previous: Seq(seq - 1),
            id: put.id,
            flagged: put.flagged,
            bytes: put.bytes.clone(),
        })
    }
}

impl Model {
    pub fn ask(&mut self, peer: Peer, number: u64, request: Request, now: u64) -> Vec<Out> {
        let mut out = Vec::new();
        let answer = self
            .answer(peer, request, now, &mut out)
            .unwrap_or_else(Some);
        if let Some(answer) = answer {
            out.insert(
                0,
                Out {
                    to: vec![peer],
                    frame: RelayFrame::Answer(number, answer),
                },
            );
        }
        out
    }

    /// `Err` is an answer too: it ends the deciding.
    fn answer(
        &mut self,
        peer: Peer,
        request: Request,
        now: u64,
        out: &mut Vec<Out>,
    ) -> Result<Option<Answer>, Answer> {
        match request {
            Request::Create(address, kind, lock) => {
                if let Some(it) = self.mailboxes.get(&address) {
                    let same = it.kind == kind
                        && (it.lock == lock || it.old.iter().any(|old| old.1 == lock));
                    return if same {
                        Ok(Some(Answer::Done))
                    } else {
                        Err(refused(Refusal::Taken))
                    };
                }
                self.drawn += 1;
                let generation = self.drawn;
                self.mailboxes.insert(
                    address,
                    Mailbox {
                        kind,
                        generation,
                        made_at: now,
                        lock,
                        old: vec![],
                        entries: BTreeMap::new(),
                        first: 1,
                        last: 0,
                        head: 0,
                        retired: false,
                    },
                );
                Ok(Some(Answer::Done))
            }
            Request::Open(address, secret, cursor) => {
                let it = self.mailbox(&address)?;
                let until = it.access(&secret)?;
                let last = until.unwrap_or(it.last);
                let opened = Opened {
                    generation: it.generation,
                    first: Seq(it.first.min(last + 1)),
                    last: Seq(last),
                    head: Seq(until.unwrap_or(it.head)),
                };
                let belongs = cursor.is_none_or(|c| {
                    c.generation == it.generation
                        && c.seq.0 <= last
                        && it
                            .entries
                            .get(&c.seq.0)
                            .is_none_or(|entry| entry.put.id == c.id)
                });
                let after = cursor.filter(|_| belongs).map_or(0, |c| c.seq.0);
                let behind = self
                    .opens
                    .iter()
                    .position(|o| (o.0, o.1) == (peer, address));
                match behind {
                    Some(at) if matches!(self.opens[at].2, Open::Behind(..)) => {
                        self.opens[at].2 = Open::Behind(after, until)
                    }
                    _ => {
                        self.close(peer, &address);
                        self.opens.push((peer, address, Open::Behind(after, until)));
                    }
                }
                Ok(Some(if belongs {
                    Answer::Opened(opened)
                } else {
                    Answer::Diverged(opened)
                }))
            }
            Request::Close(address) => {
                self.close(peer, &address);
                Ok(Some(Answer::Done))
            }
            Request::Put(put) => self.put(put, now, out).map(Some),
            Request::Fetch(address, seq, secret) => {
                let it = self.mailbox(&address)?;
                let entry = it.entries.get(&seq.0).filter(|_| seq.0 >= it.first);
                let found = entry.and_then(|entry| {
                    entry
                        .put
                        .attachments
                        .iter()
                        .find(|a| a.lock == secret.lock())
                });
                Ok(Some(found.map_or(refused(Refusal::Nothing), |a| {
                    Answer::Bytes(a.bytes.clone())
                })))
            }
            Request::Signal(address, secret, bytes) => {
                self.mailbox(&address)?.now(&secret)?;
                let hears = |open: &Open| !matches!(open, Open::Behind(_, Some(_)));
                self.tell(
                    &address,
                    RelayFrame::Signal(address, bytes),
                    |p, open| p != peer && hears(open),
                    out,
                );
                Ok(None)
            }
            Request::Trim(address, secret, below) => {
                let it = self.mailbox(&address)?;
                it.now(&secret)?;
                it.first = it.first.max(below.0.min(it.last + 1));
                Ok(Some(Answer::Done))
            }
            Request::Retire(address, secret) => {
                let it = self.mailbox(&address)?;
                it.now(&secret)?;
                if it.kind == MailboxKind::Conversation {
                    return Err(refused(Refusal::Malformed));
                }
                it.retired = true;
                Ok(Some(Answer::Done))
            }
            other => panic!("not modelled: {other:?}"),
        }
    }

    fn mailbox(&mut self, address: &Address) -> Result<&mut Mailbox, Answer> {
        self.mailboxes
            .get_mut(address)
            .ok_or(refused(Refusal::NoMailbox))
    }

    fn put(&mut self, put: Put, now: u64, out: &mut Vec<Out>) -> Result<Answer, Answer> {
        let address = put.address;
        let it = self.mailbox(&address)?;
        if let Some((seq, known)) = it.entries.iter().find(|(_, entry)| entry.put.id == put.id) {
            let same = Put {
                secret: put.secret.clone(),
                ..known.put.clone()
            } == put;
            return if same {
                Ok(Answer::Stored(Seq(*seq)))
            } else {
                Err(refused(Refusal::OtherBytes))
            };
        }
        if !put.flagged && (put.lock.is_some() || !put.attachments.is_empty()) {
            return Err(refused(Refusal::Malformed));
        }
        if it.kind == MailboxKind::Conversation {
            it.now(put.secret.as_ref().ok_or(refused(Refusal::WrongLock))?)?;
            if put.rests_on.0 != it.head {
                return Err(refused(Refusal::Stale(Seq(it.head))));
            }
        } else if put.flagged || put.rests_on.0 != 0 {
            return Err(refused(Refusal::Malformed));
        } else if it.retired {
            return Err(refused(Refusal::Retired));
        }
        it.last += 1;
        let seq = it.last;
        if put.flagged {
            it.head = seq;
        }
        let new = put.lock.filter(|lock| *lock != it.lock);
        if let Some(new) = new {
            it.old.push((seq, std::mem::replace(&mut it.lock, new)));
        }
        it.entries.insert(seq, Entry { put, at: now });
        let delivery = it.delivery(seq);
        self.tell(
            &address,
            delivery,
            |_, open| matches!(open, Open::Live),
            out,
        );
        if new.is_some() {
            self.tell(
                &address,
                RelayFrame::Ended(address, Seq(seq)),
                |_, open| matches!(open, Open::Live),
                out,
            );
            self.opens
                .retain(|o| o.1 != address || !matches!(o.2, Open::Live));
            for (_, _, open) in self.opens.iter_mut().filter(|o| o.1 == address) {
                if let Open::Behind(_, until @ None) = open {
                    *until = Some(seq);
                }
            }
        }
        Ok(Answer::Stored(Seq(seq)))
    }

    fn tell(
        &self,
        address: &Address,
        frame: RelayFrame,
        to: impl Fn(Peer, &Open) -> bool,
        out: &mut Vec<Out>,
    ) {
        let mut to: Vec<Peer> = self
            .opens
            .iter()
            .filter(|o| o.1 == *address && to(o.0, &o.2))
            .map(|o| o.0)
            .collect();
        to.sort();
        if !to.is_empty() {
            out.push(Out { to, frame });
        }
    }

    fn close(&mut self, peer: Peer, address: &Address) {
        self.opens.retain(|o| (o.0, &o.1) != (peer, address));
    }

    /// The newest commit there.
    pub fn head(&self, address: &Address) -> Seq {
        Seq(self.mailboxes.get(address).map_or(0, |it| it.head))
    }

    /// Everything that waits for that connection.
    pub fn pull(&mut self, peer: Peer) -> Vec<String> {
        let mut frames = Vec::new();
        self.opens.retain_mut(|(whose, address, open)| {
            if *whose != peer {
                return true;
            }
            let Open::Behind(after, until) = *open else {
                return true;
            };
            let it = &self.mailboxes[address];
            let from = it.first.max(after + 1);
            let to = until.unwrap_or(it.last);
            frames.extend((from..=to).map(|seq| it.delivery(seq)));
            *open = Open::Live;
            frames.push(match until {
                Some(at) => RelayFrame::Ended(*address, Seq(at)),
                None => RelayFrame::CaughtUp(*address),
            });
            until.is_none()
        });
        frames.iter().map(shown).collect()
    }

    pub fn disconnected(&mut self, peer: Peer) {
        self.opens.retain(|o| o.0 != peer);
    }

    pub fn restart(&mut self) {
        self.opens.clear();
    }

    /// Steps of time are small enough that no mailbox dies unopened.
    pub fn expire(&mut self, now: u64) -> Vec<Out> {
        let mut out = Vec::new();
        for (address, it) in &mut self.mailboxes {
            if it.kind != MailboxKind::Rendezvous {
                it.entries.retain(|_, entry| entry.at >= now - TIME_TO_LIVE);
                it.first = it
                    .entries
                    .keys()
                    .next()
                    .map_or(it.last + 1, |seq| it.first.max(*seq));
            } else if it.made_at < now - RENDEZVOUS {
                let mut to: Vec<Peer> = self
                    .opens
                    .iter()
                    .filter(|o| o.1 == *address)
                    .map(|o| o.0)
                    .collect();
                to.sort();
                if !to.is_empty() {
                    out.push(Out {
                        to,
                        frame: RelayFrame::Ended(*address, Seq(it.last)),
                    });
                }
                self.opens.retain(|o| o.1 != *address);
            }
        }
        self.mailboxes
            .retain(|_, it| it.kind != MailboxKind::Rendezvous || it.made_at >= now - RENDEZVOUS);
        out
    }
}
