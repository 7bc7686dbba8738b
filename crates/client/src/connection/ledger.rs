//! What is counted for the Connection page, written by driver and connections, read by hosts.

use super::Statistics;
use super::statistics::keep;
use snug_engine::{Message, MessageState};
use snug_wire::{MessageId, RelayKey};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// For how long delivery times are kept, milliseconds.
const HOUR: u64 = 3_600_000;
/// The most messages followed at once, and the most delivery times kept. More than these are not
/// followed; of times the oldest is forgotten.
const FOLLOWED: usize = 1_000;

/// A handle; clones are the same ledger.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// As many as relays were named since the client was opened.
    relays: Mutex<BTreeMap<RelayKey, watch::Receiver<Statistics>>>,
    messages: Mutex<Messages>,
}

impl Ledger {
    /// How the connection to that relay goes, and went before it was begun anew.
    pub fn statistics(&self, relay: &RelayKey) -> Option<Statistics> {
        let relays = lock(&self.0.relays);
        relays.get(relay).map(|seen| seen.borrow().clone())
    }

    pub(super) fn follow(&self, relay: RelayKey, statistics: watch::Receiver<Statistics>) {
        lock(&self.0.relays).insert(relay, statistics);
    }

    /// Counts of messages. Held for a moment only.
    pub fn messages(&self) -> MutexGuard<'_, Messages> {
        lock(&self.0.messages)
    }
}

/// Messages since the client was opened.
#[derive(Default)]
pub(crate) struct Messages {
    /// By others.
    pub received: u64,
    /// Of ours, as a relay has them on disk.
    pub sent: u64,
    /// Entries that did not count.
    pub ignored: u64,
    /// Of ours, with when they were written.
    on_their_way: BTreeMap<MessageId, u64>,
    /// When each was delivered, and how long after it was written, milliseconds.
    delivered: VecDeque<(u64, u64)>,
}

impl Messages {
    /// A message is new or different. Its way is followed from the first time it is seen under way.
    pub fn saw(&mut self, message: &Message, now: u64) {
        if !message.own {
            return;
        }
        match message.state {
            MessageState::Sending | MessageState::Sent => {
                if self.on_their_way.len() < FOLLOWED {
                    self.on_their_way.insert(message.id, message.at);
                }
            }
            MessageState::Delivered | MessageState::Read => {
                if let Some(written) = self.on_their_way.remove(&message.id) {
                    let took = now.saturating_sub(written);
                    keep(&mut self.delivered, FOLLOWED, (now, took));
                }
            }
            _ => {
                self.on_their_way.remove(&message.id);
            }
        }
    }

    /// Delivery times of the last hour, milliseconds.
    pub fn deliveries(&self, now: u64) -> Vec<f64> {
        let lately = |(at, _): &&(u64, u64)| now.saturating_sub(*at) <= HOUR;
        let lately = self.delivered.iter().filter(lately);
        lately.map(|(_, took)| *took as f64).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
