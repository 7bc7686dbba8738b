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
mod relay;
mod scroll;
mod signals;

use anyhow::{Result, bail};
use figure::Report;

/// The benchmarks, by name; beside them the [parts](relay::PARTS) of `relay`.
const NAMES: [&str; 9] = [
    "delivery",
    "connection",
    "invitation",
    "live",
    "app",
    "scroll",
    "history",
    "groups",
    "relay",
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    if let Some(("attack", rest)) = arguments.split_first().map(|(a, rest)| (a.as_str(), rest)) {
        return runtime.block_on(relay::attack(rest));
    }
    let json = arguments.iter().any(|a| a == "--json");
    let chosen: Vec<&str> = arguments
        .iter()
        .map(String::as_str)
        .filter(|a| *a != "--json")
        .collect();
    let known = |name: &&&str| NAMES.contains(*name) || relay::PARTS.contains(*name);
    if let Some(unknown) = chosen.iter().find(|name| !known(name)) {
        bail!(
            "there is no benchmark {unknown:?}; there are: {}",
            [NAMES.as_slice(), &relay::PARTS].concat().join(", ")
        );
    }
    let runs = |name: &str| chosen.is_empty() || chosen.contains(&name);
    let mut report = Report::new(json);
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
    let relay = |part: &str| chosen.contains(&"relay") || chosen.contains(&part);
    runtime.block_on(relay::run(&mut report, relay))?;
    Ok(())
}
