//! The engine beside a small relay in memory: people who meet and write, and people who mean harm.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test says what went wrong by panicking"
)]

mod account;
mod block;
mod bytes;
mod circle;
mod database;
mod election;
mod forge;
mod group;
mod invitation;
mod keeping;
mod lead;
mod message;
mod met;
mod moving;
mod offer;
mod outbox;
mod people;
mod pointer;
mod pool;
mod receipt;
mod rejoin;
mod relay;
mod request;
mod search;
mod signal;
mod talk;
mod verify;
mod welcome;
mod wish;
