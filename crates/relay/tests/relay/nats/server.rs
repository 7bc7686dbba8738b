//! A real `nats-server`, alone or three of them, each a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Where `cargo xtask` puts it, below the target directory.
const PLACE: &str = "nats-server/bin/nats-server";

/// The program: `SNUG_NATS_SERVER`, or what `cargo xtask test` has fetched. Says so loudly when there is
/// none; a test then passes without having tried anything.
pub fn program() -> Option<PathBuf> {
    if let Some(said) = std::env::var_os("SNUG_NATS_SERVER") {
        return Some(said.into());
    }
    let exe = std::env::current_exe().unwrap();
    let found = exe
        .ancestors()
        .map(|above| above.join(PLACE))
        .find(|path| path.is_file());
    if found.is_none() {
        eprintln!("LEFT OUT: there is no nats-server; `cargo xtask nats` fetches it");
    }
    found
}

/// One server. Dropping it ends it.
pub struct Server {
    child: Child,
    config: PathBuf,
    port: u16,
    _dir: TempDir,
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn run(config: &Path) -> Option<Child> {
    let mut child = Command::new(program()?)
        .arg("--config")
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = lines.any(|line| line.unwrap().contains("Server is ready"));
    assert!(ready, "nats-server did not start");
    // It must not wait for somebody to read what it says.
    std::thread::spawn(move || lines.for_each(drop));
    Some(child)
}

impl Server {
    /// One alone; `None` where there is no such program.
    pub fn start() -> Option<Self> {
        Self::start_with("max_payload: 8MB")
    }

    /// The same, with more lines of settings.
    pub fn start_with(more: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("jetstream");
        Self::of(
            dir,
            &format!("jetstream {{ store_dir: {store:?} }}\n{more}"),
        )
    }

    /// One that keeps nothing.
    pub fn start_without_jetstream() -> Option<Self> {
        Self::of(tempfile::tempdir().unwrap(), "max_payload: 8MB")
    }

    fn of(dir: TempDir, more: &str) -> Option<Self> {
        let port = free_port();
        let config = dir.path().join("nats.conf");
        let text = format!("listen: 127.0.0.1:{port}\nserver_name: n{port}\n{more}\n");
        std::fs::write(&config, text).unwrap();
        Some(Self {
            child: run(&config)?,
            config,
            port,
            _dir: dir,
        })
    }

    /// Three that are one cluster.
    pub fn cluster() -> Option<Vec<Self>> {
        let routes: Vec<u16> = (0..3).map(|_| free_port()).collect();
        let urls: Vec<String> = routes
            .iter()
            .map(|port| format!("nats://127.0.0.1:{port}"))
            .collect();
        let urls = urls.join(", ");
        routes
            .iter()
            .map(|port| {
                Self::start_with(&format!(
                    "max_payload: 8MB\ncluster {{ name: snug, listen: \"127.0.0.1:{port}\", routes: [{urls}] }}"
                ))
            })
            .collect()
    }

    /// What a relay is told.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What it is called among the others.
    pub fn name(&self) -> String {
        format!("n{}", self.port)
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, with what it had.
    pub fn again(&mut self) {
        self.child = run(&self.config).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
