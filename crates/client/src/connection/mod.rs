//! The live transport to one relay: a task that connects, stays connected and says how it goes.
//!
//! The driver hands it requests and gets [`Event`]s. Both ways are bounded:
//! - requests: [`IN_FLIGHT`] may be unanswered, the driver counts; so the queue never fills;
//! - frames: when the driver is behind, nothing more is read from the socket. The relay then holds
//!   back, and at worst closes with `Slow`; everything is read again from the cursors.
//!
//! What was in flight when a connection ends is not repeated here: the driver asks the engine anew.

mod backoff;
mod detour;
mod dial;
mod direct;
mod ledger;
mod link;
mod nearby;
mod packet;
mod polling;
mod proxy;
mod refused;
mod run;
mod socket;
mod statistics;
mod stream;
mod surroundings;
mod tls;

pub use backoff::Backoff;
pub use dial::{ask, lookup, lookup_with};
pub use direct::Direct;
pub use statistics::{Reconnect, Statistics};

pub(crate) use ledger::{Ledger, Messages};
pub(crate) use proxy::gate;
pub(crate) use run::{Connection, Ground};
pub(crate) use surroundings::{Change, look, towards_the_internet};

use crate::view::Proxy;
use snug_wire::frame::{ClientFrame, RelayFrame};
use snug_wire::{RelayKey, Token};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// How many requests may be unanswered on one connection.
pub(crate) const IN_FLIGHT: usize = 64;
/// How many frames reach the driver at once.
pub(crate) const BATCH: usize = 256;

/// How relays are reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// With which delays.
    pub timing: Timing,
    /// Through which proxy.
    pub proxy: Proxy,
    /// What closed relays want to see.
    pub tokens: Arc<BTreeMap<RelayKey, Token>>,
}

impl From<Timing> for Way {
    /// Directly.
    fn from(timing: Timing) -> Self {
        Self {
            timing,
            ..Self::default()
        }
    }
}

/// Every delay of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// For a stream to the relay, through a proxy or not; and again for TLS, WebSocket and handshake.
    pub connect: Duration,
    /// Between two pings.
    pub heartbeat: Duration,
    /// For an answer to a ping, and for one write.
    pub silence: Duration,
    /// Until a WebSocket is tried again the first time, where none gets through.
    pub upgrade: Duration,
    /// Pauses between attempts.
    pub backoff: Backoff,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            heartbeat: Duration::from_secs(20),
            silence: Duration::from_secs(10),
            upgrade: Duration::from_secs(300),
            backoff: Backoff::default(),
        }
    }
}

/// Which connection speaks. A relay's former connection may still be heard after a new one began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub relay: RelayKey,
    /// Counts connections begun.
    pub instance: u64,
}

/// What a connection tells the driver.
#[derive(Debug)]
pub(crate) enum Event {
    /// An attempt begins.
    Connecting,
    /// The relay is at another URL than it was; `Up` follows.
    Found(String),
    /// Authenticated: requests may be sent, into this connection and no other.
    Up(mpsc::Sender<ClientFrame>),
    /// Frames, in their order. Only between `Up` and `Down`.
    Frames(Vec<RelayFrame>),
    /// A ping was answered.
    Measured,
    /// It ended, or could not be made; why stands in the statistics. Another attempt follows.
    Down,
}
