//! What reaches lanes, and which.

use super::connected::Connected;
use super::entry::Held;
use crate::core::Peer;
use snug_wire::frame::{Put, Request};
use snug_wire::{Address, InvitationId};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Whose lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A mailbox's.
    Mailbox(Address),
    /// An invitation's.
    Invitation(InvitationId),
}

/// What reaches a lane.
pub enum Ask {
    /// A connection asks.
    Asked(Box<Asked>),
    /// It has ended.
    Left(Peer),
    /// Time has passed.
    Look,
    /// Forget entries up to there, and say whether that was done.
    Forget(u64, Held, oneshot::Sender<bool>),
    /// Say so when everything that was stored by now has been delivered.
    Settle(oneshot::Sender<()>),
}

/// A request, until it is answered.
pub struct Asked {
    /// Who asks.
    pub from: Arc<Connected>,
    /// The number its answer carries.
    pub number: u64,
    /// What is asked.
    pub request: Request,
    pub(super) _held: OwnedSemaphorePermit,
    pub(super) _waits: Waits,
}

/// Counts what waits.
pub(super) struct Waits(Arc<AtomicUsize>);

impl Waits {
    /// One more.
    pub fn one(all: &Arc<AtomicUsize>) -> Self {
        all.fetch_add(1, Relaxed);
        Self(Arc::clone(all))
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

impl Key {
    /// Whose lane a request is for.
    pub fn of(request: &Request) -> Self {
        match request {
            Request::Create(address, ..)
            | Request::Open(address, ..)
            | Request::Close(address)
            | Request::Put(Put { address, .. })
            | Request::Fetch(address, ..)
            | Request::Signal(address, ..)
            | Request::Trim(address, ..)
            | Request::Retire(address, _)
            | Request::Take(address) => Self::Mailbox(*address),
            Request::Stock(stock) => Self::Mailbox(stock.address),
            Request::Publish(publish) => Self::Invitation(publish.id),
            Request::Card(id) | Request::Claim(id, _) | Request::Revoke(id, _) => {
                Self::Invitation(*id)
            }
        }
    }
}
