//! Finding and ending programs of this workspace.

use std::io::{BufRead as _, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command};

/// A program that was built beside the test that runs: cargo names only those of a test's own package.
pub fn program(name: &str) -> Command {
    let path = directory().join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.exists(),
        "{} is not built: run `cargo build -p snug-cli -p snug-relay`, or `cargo xtask test`, which does",
        path.display()
    );
    let mut command = Command::new(path);
    // Nothing of the person's own who runs the tests.
    for variable in [
        "SNUG_DATA",
        "SNUG_KEYCHAIN",
        "SNUG_RELAY_DATA",
        "SNUG_RELAY_LISTEN",
        "SNUG_RELAY_STORE",
        "SNUG_RELAY_CONFIG",
        "SNUG_RELAY_LOG",
        "RUST_LOG",
    ] {
        command.env_remove(variable);
    }
    command
}

/// `target/debug`, of which tests are in `deps`; benchmarks are in `target/release` itself.
fn directory() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let beside = test.parent().unwrap();
    match beside.ends_with("deps") {
        true => beside.parent().unwrap().to_path_buf(),
        false => beside.to_path_buf(),
    }
}

/// A process that is killed when dropped.
pub struct Process {
    /// The process.
    pub child: Child,
}

impl Process {
    /// Kills it (SIGKILL) and waits until it is gone.
    pub fn kill(&mut self) {
        // Ended already, or killed now.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Lines of its stdout.
    pub fn lines(&mut self) -> Lines<BufReader<ChildStdout>> {
        BufReader::new(self.child.stdout.take().unwrap()).lines()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
