//! Relays over a real NATS: rule 14.

mod away;
mod cluster;
mod crowd;
mod lost;
mod proxy;
pub mod server;
mod stand;
mod together;

pub use stand::Stand;
