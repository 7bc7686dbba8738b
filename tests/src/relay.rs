//! `snug-relay` as a process.

use crate::program::{Process, program};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// A relay with its data, on the same port however often it is killed.
pub struct Relay {
    process: Process,
    data: TempDir,
    address: SocketAddr,
    /// NATS, if everything is kept there.
    nats: Option<String>,
}

impl Relay {
    /// A new one, on a free port.
    pub fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let (process, address) = run(data.path(), None, "127.0.0.1:0");
        Self {
            process,
            data,
            address,
            nats: None,
        }
    }

    /// A new one over NATS: with others there it is one relay.
    pub fn on_nats(nats: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let (process, address) = run(data.path(), Some(nats), "127.0.0.1:0");
        Self {
            process,
            data,
            address,
            nats: Some(nats.to_owned()),
        }
    }

    /// What devices connect to.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its file is.
    pub fn data(&self) -> PathBuf {
        self.data.path().to_path_buf()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again after it was killed.
    pub fn restart(&mut self) {
        let nats = self.nats.as_deref();
        (self.process, _) = run(self.data.path(), nats, &self.address.to_string());
    }

    /// Starts another relay, with other data, in its place.
    pub fn replace(&mut self) {
        self.kill();
        self.data = tempfile::tempdir().unwrap();
        self.restart();
    }
}

fn run(data: &Path, nats: Option<&str>, listen: &str) -> (Process, SocketAddr) {
    let mut command = program("snug-relay");
    command.args(["--listen", listen]);
    match nats {
        Some(servers) => command.args(["--store", servers]),
        None => command.arg("--data").arg(data),
    };
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = Process {
        child: command.spawn().unwrap(),
    };
    // Both lines: it would miss a reader of the second.
    let said: Vec<String> = process.lines().take(2).map(Result::unwrap).collect();
    let url = said[0].strip_prefix("listening on ws://");
    let address = url.unwrap().parse().unwrap();
    (process, address)
}
