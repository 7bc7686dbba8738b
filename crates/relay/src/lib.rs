//! The Snug relay: append-only mailboxes it cannot read.
//!
//! [`core`] is the relay as a deterministic machine over one SQLite file, for the server and for
//! simulations alike. [`Relay::start`] puts it on the network, embedded or as `snug-relay`, and
//! [`Relay::start_on_nats`] makes one of several over NATS JetStream.
//!
//! The rules it keeps are 1 to 14 and 31 of `docs/PROTOCOL.md`; comments name them.

pub mod core;
mod data_dir;
mod nats;
mod server;
pub mod settings;
mod store;
pub mod tokens;

pub use data_dir::DataError;
pub use nats::Clock;
pub use server::{Config, Outside, OutsideError, Relay, Running, StartError};
pub use store::{Store, StoreError};

/// The system's clock: milliseconds of Unix time.
pub fn clock() -> Clock {
    std::sync::Arc::new(server::now)
}
