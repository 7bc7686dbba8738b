//! `cargo xtask bench`: what takes long and is asked for by name.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::app;
use crate::packages::{self, For};
use crate::screen::{self, Screen};
use crate::setup;
use crate::sys;

/// What is measured, and how much of it.
#[derive(Args)]
pub struct Wanted {
    /// Which measurement; `relay` has parts: relay-peers, relay-hostile, relay-hold, relay-many, relay-deflate
    name: Option<String>,
    /// One line of JSON per figure
    #[arg(long)]
    json: bool,
    /// For `history`: how many messages its database has
    #[arg(long)]
    messages: Option<u64>,
    /// For `relay-hold`: how long 10,000 connections are held [default: 2]
    #[arg(long)]
    minutes: Option<u64>,
    /// For `relay-peers`: only these servers, by name, as in "bare router;relay, memory"
    #[arg(long)]
    servers: Option<String>,
}

impl Wanted {
    fn program(&self) -> Result<Command> {
        let mut bench = sys::program(sys::target_dir()?.join("release").join("bench"));
        bench.args(&self.name).args(self.json.then_some("--json"));
        for (variable, value) in [
            ("HISTORY_MESSAGES", self.messages.map(|n| n.to_string())),
            ("HOLD_MINUTES", self.minutes.map(|n| n.to_string())),
            ("PEERS", self.servers.clone()),
        ] {
            bench.envs(value.map(|value| (variable, value)));
        }
        Ok(bench)
    }
}

/// Measures with a release build; the figures come from `tests/src/bin/bench`.
pub fn bench(wanted: &Wanted) -> Result<()> {
    if wanted
        .name
        .as_deref()
        .is_some_and(|name| name.starts_with("relay"))
    {
        return relay(wanted);
    }
    packages::install(&[For::Windows, For::Screen])?;
    setup::npm()?;
    sys::run(sys::npm().args(["run", "build"]).stdout(std::io::stderr()))?;
    // The bare window that the application is measured beside is an example.
    sys::run(app::build().arg("--examples"))?;
    let mut bench = wanted.program()?;
    if screen::is_missing() {
        let screen = Screen::open()?;
        return sys::run(screen.place(&mut bench));
    }
    sys::run(&mut bench)
}

/// The relay needs neither window nor screen, but its peers and as many open files as there can be.
fn relay(wanted: &Wanted) -> Result<()> {
    setup::bench_peers()?;
    setup::nats_server()?;
    let mut build = sys::cargo();
    build.args(["build", "--release", "--bins"]);
    sys::run(build.args(["--package", "snug-relay", "--package", "snug-tests"]))?;
    let bench = wanted.program()?;
    let mut shell = sys::program("sh");
    shell.args(["-c", "ulimit -n $(ulimit -Hn); exec \"$@\"", "sh"]);
    shell.arg(bench.get_program()).args(bench.get_args());
    for (variable, value) in bench.get_envs() {
        shell.env(variable, value.unwrap_or_default());
    }
    sys::run(&mut shell)
}
