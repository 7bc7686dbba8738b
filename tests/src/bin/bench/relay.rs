//! `cargo xtask bench relay`: the relay as a process, under loads it must bear, beside what others do
//! the same work with. One program makes the load for all; what it costs is in nobody's figure.

mod deflate;
mod hold;
mod hostile;
mod line;
mod load;
mod many;
mod mqtt;
mod peers;
mod plain;
mod server;
mod snug;
mod socket_io;

use crate::figure::Report;
use anyhow::Result;
pub use hostile::attack;

/// Its parts, by name; `relay` is all of them.
pub const PARTS: [&str; 5] = [
    "relay-peers",
    "relay-hold",
    "relay-many",
    "relay-hostile",
    "relay-deflate",
];
/// Minutes that many connections are held, unless `HOLD_MINUTES` says otherwise.
const HOLD_MINUTES: u64 = 2;

/// Runs the parts that are wanted.
pub async fn run(report: &mut Report, wanted: impl Fn(&str) -> bool) -> Result<()> {
    if wanted("relay-peers") {
        peers::run(report).await?;
    }
    if wanted("relay-deflate") {
        deflate::run(report)?;
    }
    if wanted("relay-hostile") {
        hostile::run(report).await?;
    }
    if wanted("relay-hold") {
        let minutes = std::env::var("HOLD_MINUTES").ok();
        let minutes = minutes.map(|minutes| minutes.parse()).transpose()?;
        hold::run(report, minutes.unwrap_or(HOLD_MINUTES)).await?;
    }
    if wanted("relay-many") {
        many::run(report).await?;
    }
    Ok(())
}
