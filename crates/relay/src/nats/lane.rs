//! A mailbox's lane: what is asked of it is done one after the other, what is stored is delivered as it
//! is heard.

use super::api::JetStream;
use super::asks::{Ask, Asked, Key};
use super::hub::{Hub, IDLE};
use super::live::Live;
use super::pages::Page;
use super::readers::Reader;
use super::state::{self, Known, State};
use super::trouble::{Stop, Trouble};
use crate::core::Peer;
use crate::core::rules::Access;
use snug_wire::frame::{Answer, Refusal, Request};
use snug_wire::{Address, LockSecret};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// When something is tried again that NATS did not do.
const AGAIN: Duration = Duration::from_millis(500);

/// A page for a reader, or for those who are live.
pub type Read = (Option<(Peer, u64)>, Result<Page, Trouble>);

/// The lane.
pub struct Lane {
    pub(super) hub: Arc<Hub>,
    pub(super) address: Address,
    /// The mailbox as it was when it was looked at last. It may have changed since: nothing is refused
    /// for what is remembered, and what is put is checked by the log itself.
    pub(super) known: Option<Known>,
    /// What is stored is heard, while somebody reads.
    pub(super) live: Option<Live>,
    /// One past the highest entry that was forgotten, as far as is known.
    pub(super) first: u64,
    pub(super) readers: BTreeMap<Peer, Reader>,
    /// Being read for readers.
    pub(super) pages: JoinSet<Read>,
    /// The last run of a reader.
    pub(super) runs: u64,
    /// Something may have been missed.
    pub(super) missed: bool,
    /// When a rendezvous ends, milliseconds of Unix time.
    pub(super) ends_at: Option<u64>,
    pub(super) settling: Vec<super::live::Settling>,
}

impl Lane {
    /// Nothing known yet.
    pub fn new(hub: Arc<Hub>, address: Address) -> Self {
        Self {
            hub,
            address,
            known: None,
            live: None,
            first: 0,
            readers: BTreeMap::new(),
            pages: JoinSet::new(),
            runs: 0,
            missed: false,
            ends_at: None,
            settling: Vec::new(),
        }
    }

    /// NATS.
    pub(super) fn nats(&self) -> &JetStream {
        &self.hub.nats
    }

    /// Runs until nobody needs it.
    pub async fn run(mut self, mut asks: mpsc::Receiver<Ask>, mut missed: watch::Receiver<u64>) {
        loop {
            let is_idle = self.readers.is_empty();
            tokio::select! {
                ask = asks.recv() => match ask {
                    // What one request needs is not kept by every mailbox that is open: so the boxes.
                    Some(ask) => Box::pin(self.take(ask, &mut asks)).await,
                    None => return,
                },
                message = super::live::next(&mut self.live) => Box::pin(self.heard(message)).await,
                Some(read) = self.pages.join_next() => {
                    if let Ok((Some((peer, run)), page)) = read {
                        self.page(peer, run, page);
                    }
                }
                Ok(()) = missed.changed() => self.missed = true,
                () = sleep(AGAIN), if self.missed => {}
                () = sleep(IDLE), if is_idle => {
                    if self.hub.leave(Key::Mailbox(self.address), &mut asks) {
                        return;
                    }
                }
            }
            if self.readers.is_empty() {
                self.live = None;
                self.missed = false;
            } else if self.missed {
                Box::pin(self.refill()).await;
            }
            self.tell_settled();
        }
    }

    pub(super) async fn take_one(&mut self, ask: Ask) {
        match ask {
            Ask::Asked(asked) => self.asked(asked).await,
            Ask::Left(peer) => {
                self.readers.remove(&peer);
            }
            Ask::Look => self.look().await,
            Ask::Forget(last, held, done) => {
                // Nobody waits for it once the relay ends.
                let _ = done.send(self.forget_up_to(last, held).await);
            }
            Ask::Settle(done) => self.settle(done).await,
        }
    }

    async fn asked(&mut self, asked: Box<Asked>) {
        let done = match &asked.request {
            Request::Create(_, kind, lock) => self.create(*kind, *lock).await,
            Request::Open(_, secret, cursor) => {
                // It answers by itself: its answer comes before what it delivers.
                if let Err(stop) = self.open(&asked, secret, *cursor).await {
                    if !self.readers.contains_key(&asked.from.peer) {
                        asked.from.opens().remove(&self.address);
                    }
                    self.hub.settle(&asked, Err(stop));
                }
                return;
            }
            Request::Close(_) => {
                self.readers.remove(&asked.from.peer);
                asked.from.opens().remove(&self.address);
                Ok(Some(Answer::Done))
            }
            Request::Put(put) => self.put(put).await,
            Request::Fetch(_, seq, secret) => self.fetch(*seq, secret).await,
            Request::Signal(_, secret, bytes) => self.signal(&asked.from, secret, bytes).await,
            Request::Trim(_, secret, below) => self.trim(secret, *below).await,
            Request::Retire(_, secret) => self.retire(secret).await,
            Request::Stock(stock) => self.stock(stock).await,
            Request::Take(_) => self.take_package().await,
            // Invitations have lanes of their own.
            _ => Err(Refusal::Malformed.into()),
        };
        self.hub.settle(&asked, done);
    }

    /// The mailbox as it is now.
    pub(super) async fn load(&mut self) -> Result<&mut Known, Trouble> {
        self.known = None;
        let known = state::load(&self.hub.nats, &self.address, self.hub.now()).await?;
        if let Some(state) = &known.state {
            self.first = self.first.max(state.first);
        }
        Ok(self.known.insert(known))
    }

    /// The mailbox as it is remembered, if it is.
    pub(super) async fn remembered(&mut self) -> Result<&mut Known, Trouble> {
        match self.known.take() {
            Some(known) => Ok(self.known.insert(known)),
            None => self.load().await,
        }
    }

    /// What a secret opens; what is remembered opens, and only what is looked at refuses. An outdated
    /// secret that is taken for a while still puts nothing, since its commit is outdated too.
    pub(super) async fn access(&mut self, secret: &LockSecret) -> Result<(State, Access), Stop> {
        let known = self.remembered().await?;
        if let Some(state) = &known.state
            && let Ok(Access::Current) = state.access(secret)
        {
            return Ok((state.clone(), Access::Current));
        }
        let state = self.load().await?.state()?.clone();
        let access = state.access(secret)?;
        Ok((state, access))
    }
}
