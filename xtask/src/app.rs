//! The application and its two companions, as people get them: release builds with the UI inside.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::sys;

/// Carries the built UI in the binary instead of asking a development server for it.
pub const UI_INSIDE: &str = "snug/custom-protocol";

/// The programs of a release build.
pub struct App {
    pub snug: PathBuf,
    pub cli: PathBuf,
    pub relay: PathBuf,
}

/// The release build of all programs, benchmarks too: one set of features, nothing compiled twice.
pub fn build() -> Command {
    let mut cargo = sys::cargo();
    cargo.args(["build", "--release", "--workspace", "--bins"]);
    cargo.args(["--features", UI_INSIDE]);
    cargo
}

/// Builds the UI and all three.
pub fn release() -> Result<App> {
    println!("Building the UI");
    sys::run(sys::npm().args(["run", "build"]))?;
    println!("Building Snug (the first time takes a while)");
    sys::run(&mut build())?;
    let dir = sys::target_dir()?.join("release");
    let program = |name: &str| dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Ok(App {
        snug: program("snug"),
        cli: program("snug-cli"),
        relay: program("snug-relay"),
    })
}
