//! `cargo xtask bench` and `cargo xtask fuzz`: what takes long and is asked for by name.

use anyhow::{Result, bail};

use crate::sys;

/// Measures with a release build; the figures come from `tests/src/bin/bench.rs`.
pub fn bench(name: Option<&str>, json: bool) -> Result<()> {
    let mut cargo = sys::cargo();
    cargo.args([
        "run",
        "--release",
        "--package",
        "snug-tests",
        "--bin",
        "bench",
        "--",
    ]);
    cargo.args(name).args(json.then_some("--json"));
    sys::run(&mut cargo)
}

/// Runs one target of `fuzz/` or all, each for so many seconds. cargo-fuzz needs a nightly compiler.
pub fn fuzz(target: Option<&str>, seconds: u32) -> Result<()> {
    let fuzz = || {
        let mut command = sys::program("rustup");
        command.args(["run", "nightly", "cargo", "fuzz"]);
        command
    };
    if !sys::succeeds(fuzz().arg("--version")) {
        bail!(
            "cargo-fuzz is missing; install it with: rustup toolchain install nightly && cargo install cargo-fuzz --locked"
        );
    }
    let targets = match target {
        Some(target) => target.to_owned(),
        None => sys::output(fuzz().arg("list"))?,
    };
    for target in targets.lines() {
        println!("\n▸ {target}");
        sys::run(fuzz().args(["run", target, "--", &format!("-max_total_time={seconds}")]))?;
    }
    Ok(())
}
