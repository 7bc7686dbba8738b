//! `cargo xtask test`: everything CI runs, in the order in which it is cheapest to learn of a mistake.
//!
//! All of cargo's steps name the same packages and features, so that nothing is compiled twice.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::app::UI_INSIDE;
use crate::packages::{self, For};
use crate::screen::Screen;
use crate::setup;
use crate::sys;

/// Compiles the tests that need the application and a display.
const END_TO_END: &str = "snug-tests/e2e";

pub fn test() -> Result<()> {
    let start = Instant::now();
    step("Set-up", set_up)?;
    step("Formatting of Rust", || {
        sys::run(sys::cargo().args(["fmt", "--all", "--check"]))
    })?;
    step("UI: types", || sys::run(sys::npm().args(["run", "check"])))?;
    step("UI: tests", || sys::run(sys::npm().arg("test")))?;
    step("UI: build", || sys::run(sys::npm().args(["run", "build"])))?;
    step("Lints of Rust", || {
        sys::run(
            workspace(&["clippy"])
                .arg("--all-targets")
                .args(["--", "--deny", "warnings"]),
        )
    })?;
    step("Build, also of the programs the tests start", || {
        sys::run(workspace(&["build"]).arg("--all-targets"))
    })?;
    step("Tests of Rust", || {
        sys::run(&mut nextest("not binary(e2e)"))
    })?;
    step("Examples in the documentation", || {
        sys::run(workspace(&["test"]).arg("--doc"))
    })?;
    step("End to end", end_to_end)?;
    step("Licences and sources of dependencies", dependencies)?;
    println!("\nAll of it passed in {} s.", start.elapsed().as_secs());
    Ok(())
}

/// Runs one step and says how long it took.
fn step(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    println!("\n▸ {name}");
    let start = Instant::now();
    let done = work().with_context(|| format!("failed: {name}"));
    let outcome = if done.is_ok() { "✓" } else { "✗" };
    println!("{outcome} {name}: {:.1} s", start.elapsed().as_secs_f64());
    done
}

fn set_up() -> Result<()> {
    packages::install(&[For::Windows, For::Screen, For::EndToEnd])?;
    setup::rust_components()?;
    setup::nextest()?;
    setup::nats_server()?;
    if cfg!(target_os = "linux") {
        setup::tauri_driver()?;
    }
    setup::npm()?;
    setup::npm_peers()
}

/// A cargo command over the whole workspace.
fn workspace(command: &[&str]) -> Command {
    let mut cargo = sys::cargo();
    cargo.args(command).arg("--workspace");
    cargo.args(["--features", UI_INSIDE, "--features", END_TO_END]);
    cargo
}

/// The tests a filter names, each once.
fn nextest(filter: &str) -> Command {
    let mut cargo = workspace(&["nextest", "run"]);
    cargo.args(["--retries", "0", "--filterset", filter]);
    cargo
}

/// Real windows, driven through WebDriver, on a virtual display with a bus of its own.
fn end_to_end() -> Result<()> {
    if !cfg!(target_os = "linux") {
        println!("Skipped: WebDriver reaches Snug's windows only on Linux here; CI runs these.");
        return Ok(());
    }
    let screen = Screen::open()?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::split_paths(&path).chain(setup::cargo_bin());
    let mut tests = nextest("binary(e2e)");
    tests.args(["--profile", "e2e"]);
    tests.env("PATH", std::env::join_paths(path)?);
    tests.env("SNUG_BIN", snug()?);
    sys::run(screen.place(&mut tests))
}

/// The application of the development build.
fn snug() -> Result<PathBuf> {
    Ok(sys::target_dir()?.join("debug").join("snug"))
}

/// What is checked depends on the commit alone: advisories change by themselves and are looked at
/// before a release (`cargo deny check`).
fn dependencies() -> Result<()> {
    if !sys::succeeds(sys::cargo().args(["deny", "--version"])) {
        println!("Skipped: cargo-deny is not installed (`cargo install cargo-deny --locked`).");
        return Ok(());
    }
    sys::run(sys::cargo().args([
        "deny",
        "--workspace",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))
}
