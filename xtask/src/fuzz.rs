//! `cargo xtask fuzz`: the targets of `fuzz/`, one after the other (docs/fuzzing.md).

use std::process::Command;

use anyhow::{Result, bail};

use crate::{setup, sys};

/// Seconds one input may take before it counts as a finding.
const TIMEOUT: u32 = 20;

/// Runs one target, or all of them in turn; `minutes` are shared out among them.
pub fn fuzz(target: Option<&str>, minutes: u32) -> Result<()> {
    if !sys::succeeds(sys::program("rustup").args(["run", "nightly", "cargo", "--version"])) {
        bail!(
            "fuzzing needs a nightly compiler: install one with `rustup toolchain install nightly`, then run this again"
        );
    }
    setup::cargo_fuzz()?;
    let targets = match target {
        Some(target) => target.to_owned(),
        None => sys::output(cargo_fuzz().arg("list"))?,
    };
    let count = targets.lines().count() as u32;
    let seconds = (minutes * 60 / count.max(1)).max(1);
    for target in targets.lines() {
        println!("\n▸ {target}, {seconds} s");
        let mut run = cargo_fuzz();
        // The house forbids `unsafe`: an address sanitizer would only make it slower.
        run.args(["run", "--sanitizer", "none", target]);
        run.args(["--", "-print_final_stats=1"]);
        run.arg(format!("-max_total_time={seconds}"));
        run.arg(format!("-timeout={TIMEOUT}"));
        sys::run(&mut run)?;
    }
    Ok(())
}

fn cargo_fuzz() -> Command {
    let mut command = sys::program("rustup");
    command.args(["run", "nightly", "cargo", "fuzz"]);
    command
}
