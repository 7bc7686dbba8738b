//! What the bytes of Snug are, and that no decoder is harmed by bytes that are none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod changes;
mod codes;
mod device_lists;
mod fixtures;
mod forms;
mod frames;
mod growth;
mod hostile;
mod log_states;
mod padding;
mod signals;
mod signatures;
mod verify;
mod votes;
