//! What the relay promises, rule by rule, against a reference model, and over the network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod catching_up;
mod client;
mod closed;
mod expiry;
mod forms;
mod guard;
mod hostile;
mod in_memory;
mod inboxes;
mod invitations;
mod locks;
mod mailboxes;
mod model;
mod nats;
mod network;
mod operation;
mod outside;
mod pools;
mod process;
mod random;
mod socket_io;
mod tls;
mod world;
