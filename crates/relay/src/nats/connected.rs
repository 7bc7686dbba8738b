//! A connection as the lanes see it.

use crate::core::Peer;
use crate::server::outgoing::{Full, Outgoing, Wake};
use axum::body::Bytes;
use snug_wire::Address;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// One connection. Its queue ends when nobody holds it any more: not before what it asked for is done.
#[derive(Debug)]
pub struct Connected {
    /// Which.
    pub peer: Peer,
    outgoing: Outgoing,
    room: Notify,
    opens: Mutex<BTreeSet<Address>>,
}

impl Connected {
    /// With that queue.
    pub fn new(peer: Peer, outgoing: Outgoing) -> Self {
        Self {
            peer,
            outgoing,
            room: Notify::new(),
            opens: Mutex::default(),
        }
    }

    /// What it has open.
    pub fn opens(&self) -> MutexGuard<'_, BTreeSet<Address>> {
        self.opens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a frame.
    pub fn send(&self, frame: Bytes) -> Result<(), Full> {
        let wake = self.outgoing.send(frame)?;
        wake.into_iter().for_each(Wake::wake);
        Ok(())
    }

    /// Whether little waits.
    pub fn is_easy(&self) -> bool {
        self.outgoing.is_easy()
    }

    /// Ends it as too slow.
    pub fn cut(&self) {
        self.outgoing.cut();
    }

    /// It says that little waits.
    pub fn has_room(&self) {
        self.room.notify_waiters();
    }

    /// Waits until little waits.
    pub async fn room(&self) {
        loop {
            // Watched before it is looked at: what is said in between is heard.
            let mut told = std::pin::pin!(self.room.notified());
            told.as_mut().enable();
            if self.is_easy() {
                return;
            }
            self.outgoing.want_room();
            if self.is_easy() {
                return;
            }
            told.await;
        }
    }
}
