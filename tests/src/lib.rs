//! What several tests need: programs as real processes, and eyes on all they leave behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is all it can say"
)]

pub mod crowd;
pub mod nats;
pub mod person;
pub mod program;
pub mod recorder;
pub mod relay;
pub mod search;
