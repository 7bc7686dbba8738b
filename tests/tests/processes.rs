//! `snug-cli` and `snug-relay`, each a process of its own, also when they are killed or their disk is full.
//!
//! Nothing here waits for time to pass: commands end, and who listens prints lines.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed, which is all it can say"
)]

#[path = "processes/contacts.rs"]
mod contacts;
#[path = "processes/crashes.rs"]
mod crashes;
#[path = "processes/crowd.rs"]
mod crowd;
// Files that may not grow are Linux's `prlimit`.
#[cfg(target_os = "linux")]
#[path = "processes/full.rs"]
mod full;
#[path = "processes/grouping.rs"]
mod grouping;
#[path = "processes/killed.rs"]
mod killed;
#[path = "processes/listening.rs"]
mod listening;
#[path = "processes/nearby.rs"]
mod nearby;
#[path = "processes/offline.rs"]
mod offline;
#[path = "processes/outside.rs"]
mod outside;
#[path = "processes/refused.rs"]
mod refused;
#[path = "processes/scaled.rs"]
mod scaled;
#[path = "processes/signals.rs"]
mod signals;
#[path = "processes/story.rs"]
mod story;
#[path = "processes/talking.rs"]
mod talking;

use serde_json::Value;

/// A field of each line.
fn each<'a>(lines: &'a [Value], field: &str) -> Vec<&'a str> {
    lines
        .iter()
        .map(|line| line[field].as_str().unwrap())
        .collect()
}
