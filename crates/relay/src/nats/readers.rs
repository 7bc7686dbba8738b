//! Who reads a mailbox here, and how far they are.

use super::connected::Connected;
use snug_wire::{Lock, Seq};
use std::sync::Arc;
use tokio::task::AbortHandle;

/// One who reads. Dropping it ends its reading.
#[derive(Debug)]
pub struct Reader {
    /// Who.
    pub to: Arc<Connected>,
    /// The lock it opened with: a commit with another one ends it (rule 4).
    pub lock: Lock,
    /// Since when: what was read for an earlier run is not for it.
    pub run: u64,
    /// How far.
    pub place: Place,
    /// What is being read for it.
    pub reading: Option<AbortHandle>,
}

/// How far one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Stored entries are still to be delivered.
    Behind {
        /// The last one delivered.
        delivered: Seq,
        /// Up to where nothing else is to be delivered.
        reached: Seq,
        /// The commit it ends at, if its lock was replaced.
        until: Option<Seq>,
    },
    /// Entries are delivered as they are stored.
    Live,
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            reading.abort();
        }
    }
}
