//! `nats-server` as a process, on disk before it acknowledges.

use crate::program::Process;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A server, with its data.
pub struct Nats {
    _process: Process,
    _data: TempDir,
    port: u16,
}

/// `SNUG_NATS_SERVER`, or what `cargo xtask nats` has fetched. Says so loudly when there is none; a test
/// then passes without having tried anything.
fn program() -> Option<PathBuf> {
    if let Some(said) = std::env::var_os("SNUG_NATS_SERVER") {
        return Some(said.into());
    }
    let exe = std::env::current_exe().unwrap();
    let mut places = exe
        .ancestors()
        .map(|above| above.join("nats-server/bin/nats-server"));
    let found = places.find(|path| path.is_file());
    if found.is_none() {
        eprintln!("LEFT OUT: there is no nats-server; `cargo xtask nats` fetches it");
    }
    found
}

fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().port()
}

impl Nats {
    /// Whether there is such a program.
    pub fn is_there() -> bool {
        program().is_some()
    }

    /// A new one, on a port that was free a moment ago; `None` where there is no such program.
    pub fn start() -> Option<Self> {
        Self::with("")
    }

    /// Three that are one cluster.
    pub fn cluster() -> Option<Vec<Self>> {
        let ports: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let routes = ports.iter().map(|port| format!("nats://127.0.0.1:{port}"));
        let routes = routes.collect::<Vec<_>>().join(", ");
        let one = |port| {
            Self::with(&format!(
                "cluster {{ name: snug, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}"
            ))
        };
        ports.iter().map(one).collect()
    }

    fn with(more: &str) -> Option<Self> {
        let data = tempfile::tempdir().unwrap();
        let port = free_port();
        let store = data.path().join("jetstream");
        let config = data.path().join("nats.conf");
        let text = format!(
            "listen: 127.0.0.1:{port}\nserver_name: n{port}\nmax_payload: 8MB\n\
             jetstream {{ store_dir: {store:?}, sync_interval: always }}\n{more}\n"
        );
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(program()?);
        command.arg("--config").arg(&config).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = Process {
            child: command.spawn().unwrap(),
        };
        let mut lines = BufReader::new(process.child.stderr.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("Server is ready")));
        // It must not wait for somebody to read what it says.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            _process: process,
            _data: data,
            port,
        })
    }

    /// What a relay is told.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }
}
