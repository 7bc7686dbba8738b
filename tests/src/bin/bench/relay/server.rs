//! The servers that are compared, as processes, and what the system says of them.

use super::line::Dialect;
use anyhow::{Context as _, Result, bail};
use snug_tests::nats::Nats;
use snug_tests::program::{Process, program};
use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Who does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// tokio-tungstenite and a table.
    Bare,
    /// Our relay, which forgets everything with its process.
    Memory,
    /// The same over Socket.IO.
    Events,
    /// Our relay as people run it: on disk before it is delivered.
    Durable,
    /// The same, behind a proxy it trusts: strangers come from elsewhere and are limited.
    Guarded,
    /// The same over one NATS server, on disk too. What that uses is not in its figures.
    Nats,
    /// The same over three.
    NatsThree,
    /// Node with `ws`.
    NodeWs,
    /// Node with `socket.io`.
    SocketIo,
    /// The broker, where it is installed.
    Mosquitto,
}

impl Kind {
    /// In the order they are measured.
    pub const ALL: [Self; 9] = [
        Self::Bare,
        Self::Memory,
        Self::Events,
        Self::Durable,
        Self::Nats,
        Self::NatsThree,
        Self::NodeWs,
        Self::SocketIo,
        Self::Mosquitto,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare router",
            Self::Memory => "relay, memory",
            Self::Events => "relay, memory, Socket.IO",
            Self::Durable => "relay, durable",
            Self::Guarded => "relay, guarded",
            Self::Nats => "relay, NATS",
            Self::NatsThree => "relay, three NATS",
            Self::NodeWs => "node ws",
            Self::SocketIo => "node socket.io",
            Self::Mosquitto => "mosquitto",
        }
    }

    fn dialect(self) -> Dialect {
        match self {
            Self::Memory | Self::Durable | Self::Guarded | Self::Nats | Self::NatsThree => {
                Dialect::Snug
            }
            Self::Events => Dialect::SnugEvents,
            Self::Bare | Self::NodeWs => Dialect::Plain,
            Self::SocketIo => Dialect::SocketIo,
            Self::Mosquitto => Dialect::Mqtt,
        }
    }

    fn script(self) -> Option<PathBuf> {
        let name = match self {
            Self::NodeWs => "ws.js",
            Self::SocketIo => "socketio.js",
            _ => return None,
        };
        Some(peers().join(name))
    }

    /// Why it cannot take part.
    pub fn missing(self) -> Option<String> {
        let installed = match (self, self.script()) {
            (Self::Mosquitto, _) => mosquitto().is_some(),
            (Self::Nats | Self::NatsThree, _) => Nats::is_there(),
            (_, Some(script)) => script.with_file_name("node_modules").is_dir(),
            (_, None) => true,
        };
        (!installed).then(|| format!("{} is not installed: skipped", self.name()))
    }
}

fn mosquitto() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps it where only root looks.
    let places = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    places
        .map(|place| place.join("mosquitto"))
        .find(|file| file.is_file())
}

/// Where the peers are.
fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../bench/peers")
}

/// A server that runs; killed when dropped.
pub struct Server {
    process: Process,
    data: Option<TempDir>,
    nats: Vec<Nats>,
    pub kind: Kind,
    pub address: SocketAddr,
}

impl Server {
    /// Starts one on a free port.
    pub fn start(kind: Kind) -> Result<Self> {
        let data = match kind {
            Kind::Durable | Kind::Guarded | Kind::Mosquitto => Some(tempfile::tempdir()?),
            _ => None,
        };
        let nats = match kind {
            Kind::Nats => Nats::start().into_iter().collect(),
            Kind::NatsThree => Nats::cluster().unwrap_or_default(),
            _ => Vec::new(),
        };
        let place = data.as_ref().map(TempDir::path);
        let (process, address) = run(kind, place, &nats, "127.0.0.1:0")?;
        Ok(Self {
            process,
            data,
            nats,
            kind,
            address,
        })
    }

    /// Our relay on data that is there already.
    pub fn on(data: TempDir) -> Result<Self> {
        let (process, address) = run(Kind::Durable, Some(data.path()), &[], "127.0.0.1:0")?;
        Ok(Self {
            process,
            data: Some(data),
            nats: Vec::new(),
            kind: Kind::Durable,
            address,
        })
    }

    pub fn dialect(&self) -> Dialect {
        self.kind.dialect()
    }

    /// The data, after the process has been killed.
    pub fn into_data(mut self) -> Result<TempDir> {
        self.process.kill();
        self.data.take().context("it has no data")
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again after it was killed, where it was.
    pub fn restart(&mut self) -> Result<()> {
        let place = self.data.as_ref().map(TempDir::path);
        let listen = self.address.to_string();
        (self.process, self.address) = run(self.kind, place, &self.nats, &listen)?;
        Ok(())
    }

    /// Processor time it has used, of all its threads.
    pub fn cpu(&self) -> Result<Duration> {
        let stat = self.proc("stat")?;
        // Behind the name, which may hold anything: state is the first, user and system time are 12
        // and 13, in hundredths of a second (proc(5)).
        let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat")?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.filter_map(|field| field.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Memory that is its own, in KiB.
    pub fn memory(&self) -> Result<f64> {
        let rollup = self.proc("smaps_rollup")?;
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let pss = pss.and_then(|line| line.split_whitespace().next());
        Ok(pss.context("no Pss")?.parse()?)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.process.child.id());
        std::fs::read_to_string(&path)
            .with_context(|| format!("{path}: Linux says what a process uses"))
    }
}

/// A broker takes its port from a file and says nothing when it listens.
fn run_mosquitto(data: &Path) -> Result<(Process, SocketAddr)> {
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let settings = data.join("mosquitto.conf");
    let text = format!(
        "listener {} 127.0.0.1\nprotocol websockets\nallow_anonymous true\npersistence false\n\
         set_tcp_nodelay true\nmax_inflight_messages 0\nmax_queued_messages 0\nlog_type error\n",
        address.port()
    );
    std::fs::write(&settings, text)?;
    let program = mosquitto().context("mosquitto")?;
    let words = [program.into(), "-c".into(), settings.into()];
    let mut command = with_all_files(&words);
    let process = Process {
        child: command.stdin(Stdio::null()).spawn()?,
    };
    for _ in 0..100 {
        if TcpStream::connect(address).is_ok() {
            return Ok((process, address));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("mosquitto did not start");
}

fn run(
    kind: Kind,
    data: Option<&Path>,
    nats: &[Nats],
    listen: &str,
) -> Result<(Process, SocketAddr)> {
    let mut words: Vec<OsString> = Vec::new();
    match kind {
        Kind::Memory | Kind::Events => {
            words.push(program("snug-relay").get_program().to_owned());
            words.extend(["--store", "memory", "--listen", listen].map(OsString::from));
            if kind == Kind::Events {
                words.push("--socket-io-websocket".into());
            }
        }
        Kind::Durable | Kind::Guarded => {
            words.push(program("snug-relay").get_program().to_owned());
            words.extend(["--listen", listen].map(OsString::from));
            if kind == Kind::Guarded {
                words.extend(["--trusted-proxies", "127.0.0.0/8"].map(OsString::from));
            }
            words.push("--data".into());
            words.push(data.context("a place on disk")?.into());
        }
        Kind::Nats | Kind::NatsThree => {
            words.push(program("snug-relay").get_program().to_owned());
            words.extend(["--listen", listen, "--store"].map(OsString::from));
            let servers: Vec<String> = nats.iter().map(Nats::url).collect();
            words.push(servers.join(",").into());
        }
        Kind::Mosquitto => return run_mosquitto(data.context("a place on disk")?),
        Kind::Bare => words.push(program("bare-router").get_program().to_owned()),
        Kind::NodeWs | Kind::SocketIo => {
            words.push("node".into());
            words.extend(kind.script().map(OsString::from));
        }
    }
    let mut process = Process {
        child: with_all_files(&words)
            .env("SNUG_RELAY_LOG", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be started", kind.name()))?,
    };
    // Ours has two lines: it would miss a reader of the second.
    let lines = match kind.dialect() {
        Dialect::Snug | Dialect::SnugEvents => 2,
        _ => 1,
    };
    let said: Vec<String> = process.lines().take(lines).collect::<Result<_, _>>()?;
    let url = said
        .first()
        .and_then(|line| line.strip_prefix("listening on ws://"));
    let Some(url) = url else {
        bail!("{} did not start", kind.name());
    };
    Ok((process, url.parse()?))
}

/// A program that may have as many files open as the system lets it.
fn with_all_files(words: &[OsString]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n $(ulimit -Hn); exec \"$@\"", "sh"]);
    command.args(words);
    command
}

/// Threads that want a core, on average over the last minute: what else goes on here.
pub fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("unknown").to_owned()
}
