//! Relays over a real NATS: rule 14.

pub mod server;
mod stand;
mod together;

pub use stand::Stand;
