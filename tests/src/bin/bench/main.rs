//! `cargo xtask bench [NAME] [--json]`: figures beside a baseline of the same run.
//!
//! These machines are shared and noisy: what counts is the ratio to what the same disk, loopback and
//! cores did a moment ago, never a time alone.
#![allow(
    clippy::indexing_slicing,
    missing_docs,
    reason = "a program for people who build Snug"
)]

mod app;
mod baseline;
mod crowd;
mod figure;
mod groups;
mod history;
mod live;
mod reconnect;
mod scroll;
mod signals;

use anyhow::{Result, bail};
use figure::Report;

/// The benchmarks, by name.
const NAMES: [&str; 8] = [
    "delivery",
    "connection",
    "invitation",
    "live",
    "app",
    "scroll",
    "history",
    "groups",
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|a| a == "--json");
    let chosen: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|a| *a != "--json")
        .collect();
    if let Some(unknown) = chosen.iter().find(|name| !NAMES.contains(name)) {
        bail!(
            "there is no benchmark {unknown:?}; there are: {}",
            NAMES.join(", ")
        );
    }
    let runs = |name: &str| chosen.is_empty() || chosen.contains(&name);
    let mut report = Report::new(json);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if runs("delivery") {
        runtime.block_on(live::delivery(&mut report))?;
    }
    if runs("connection") {
        runtime.block_on(live::connection(&mut report))?;
    }
    if runs("invitation") {
        runtime.block_on(live::invitation(&mut report))?;
    }
    if runs("live") {
        runtime.block_on(reconnect::run(&mut report))?;
        runtime.block_on(signals::run(&mut report))?;
    }
    if runs("app") {
        runtime.block_on(app::run(&mut report))?;
    }
    if runs("app") || runs("scroll") {
        runtime.block_on(scroll::run(&mut report))?;
    }
    // Minutes of writing before the first figure: only by name.
    if chosen.contains(&"history") {
        history::run(&mut report)?;
    }
    if chosen.contains(&"groups") {
        crowd::run(&mut report);
        groups::run(&mut report)?;
    }
    Ok(())
}
