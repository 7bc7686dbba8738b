//! What is under way on one live connection.

use crate::connection::IN_FLIGHT;
use snug_engine::{OutgoingId, Subscription};
use snug_wire::frame::{Answer, ClientFrame, Request};
use snug_wire::{Address, Seq};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use tokio::sync::mpsc;

/// Places in the connection's queue that only signals may take, so that they take none from requests.
const SIGNALS: usize = 16;

/// Numbers requests and remembers what each was for.
pub(super) struct Lane {
    requests: mpsc::Sender<ClientFrame>,
    number: u64,
    /// With the mailbox that an entry goes to.
    pending: BTreeMap<u64, (Pending, Option<Address>)>,
    /// Mailboxes still to be opened: as many as there are.
    to_open: VecDeque<Subscription>,
    /// Opened, and not read to the end.
    behind: BTreeSet<Address>,
    /// Open mailboxes, with the entry up to which each is read once it is not behind.
    read: BTreeMap<Address, Seq>,
    /// The last entry of ours that the relay has, in mailboxes that are open: it will come back.
    stored: BTreeMap<Address, Seq>,
}

/// What a request was for.
pub(super) enum Pending {
    Outgoing(OutgoingId),
    Open(Address),
}

impl Lane {
    pub fn new(requests: mpsc::Sender<ClientFrame>, to_open: Vec<Subscription>) -> Self {
        Self {
            requests,
            number: 0,
            pending: BTreeMap::new(),
            to_open: to_open.into(),
            behind: BTreeSet::new(),
            read: BTreeMap::new(),
            stored: BTreeMap::new(),
        }
    }

    /// Mailboxes to open besides.
    pub fn open(&mut self, more: Vec<Subscription>) {
        self.to_open.extend(more);
    }

    /// Whether another request may be under way.
    pub fn has_room(&self) -> bool {
        self.pending.len() < IN_FLIGHT - SIGNALS
    }

    /// Whether a signal may leave: at most [`SIGNALS`] requests and signals wait in the queue.
    pub fn has_room_for_signal(&self) -> bool {
        self.requests.capacity() > IN_FLIGHT - SIGNALS
    }

    /// Sends a signal. It is answered only when refused, which changes nothing.
    pub fn signal(&mut self, request: Request) {
        self.number += 1;
        let _ = self
            .requests
            .try_send(ClientFrame::Request(self.number, request));
    }

    /// Opens as many mailboxes as there is room for.
    pub fn open_waiting(&mut self) {
        while self.has_room() {
            let Some(Subscription {
                address,
                secret,
                after,
            }) = self.to_open.pop_front()
            else {
                return;
            };
            self.ask(
                Pending::Open(address),
                Request::Open(address, secret, after),
            );
        }
    }

    /// Sends a request. The queue has room for all that may be under way; when the connection has
    /// ended, `Down` is on its way to us and everything is asked anew.
    pub fn ask(&mut self, pending: Pending, request: Request) {
        self.number += 1;
        let into = match &request {
            Request::Put(put) => Some(put.address),
            _ => None,
        };
        self.pending.insert(self.number, (pending, into));
        let _ = self
            .requests
            .try_send(ClientFrame::Request(self.number, request));
    }

    /// What this answers, if it is known.
    pub fn answered(&mut self, number: u64, answer: &Answer) -> Option<Pending> {
        let (pending, into) = self.pending.remove(&number)?;
        match (&pending, answer) {
            (Pending::Open(address), Answer::Opened(opened) | Answer::Diverged(opened)) => {
                self.behind.insert(*address);
                self.read.insert(*address, opened.last);
            }
            (_, Answer::Stored(seq)) => self.stored.extend(into.map(|address| (address, *seq))),
            _ => {}
        }
        Some(pending)
    }

    /// An entry came.
    pub fn delivered(&mut self, address: &Address, seq: Seq) {
        if let Some(read) = self.read.get_mut(address) {
            *read = seq.max(*read);
        }
    }

    pub fn caught_up(&mut self, address: &Address) {
        self.behind.remove(address);
    }

    /// Nothing more will come from a mailbox over this connection.
    pub fn ended(&mut self, address: &Address) {
        self.behind.remove(address);
        self.read.remove(address);
        self.stored.remove(address);
    }

    /// Everything is read, our own entries too, and nothing unanswered.
    pub fn is_quiet(&self) -> bool {
        let came_back = |(address, seq): (&Address, &Seq)| {
            let read = self.read.get(address);
            read.is_none_or(|read| read >= seq)
        };
        self.pending.is_empty()
            && self.to_open.is_empty()
            && self.behind.is_empty()
            && self.stored.iter().all(came_back)
    }
}
