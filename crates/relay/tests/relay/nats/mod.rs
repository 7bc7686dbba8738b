//! Relays over a real NATS: rule 14.

mod away;
mod cluster;
pub mod server;
mod stand;
mod together;

pub use stand::Stand;
