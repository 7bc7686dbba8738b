//! `cargo xtask bench` and `cargo xtask fuzz`: what takes long and is asked for by name.

use anyhow::{Result, bail};

use crate::app;
use crate::packages::{self, For};
use crate::screen::{self, Screen};
use crate::setup;
use crate::sys;

/// Measures with a release build; the figures come from `tests/src/bin/bench`.
pub fn bench(name: Option<&str>, json: bool, messages: Option<u64>) -> Result<()> {
    packages::install(&[For::Windows, For::Screen])?;
    setup::npm()?;
    sys::run(sys::npm().args(["run", "build"]).stdout(std::io::stderr()))?;
    // The bare window that the application is measured beside is an example.
    sys::run(app::build().arg("--examples"))?;
    let mut bench = sys::program(sys::target_dir()?.join("release").join("bench"));
    bench.args(name).args(json.then_some("--json"));
    if let Some(messages) = messages {
        bench.env("HISTORY_MESSAGES", messages.to_string());
    }
    if screen::is_missing() {
        let screen = Screen::open()?;
        return sys::run(screen.place(&mut bench));
    }
    sys::run(&mut bench)
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
