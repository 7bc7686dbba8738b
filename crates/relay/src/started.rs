//! The relay itself, from its start to its end.

use anyhow::Context as _;
use snug_relay::settings::{Keeping, LogFormat, Logs, Operation};
use snug_relay::{Config, Relay, Running};
use std::io::{IsTerminal as _, Write as _};
use std::net::{SocketAddr, ToSocketAddrs as _};
use tracing_subscriber::EnvFilter;

/// Runs until it is asked to stop.
#[tokio::main]
pub async fn run(operation: Operation) -> anyhow::Result<()> {
    log(&operation.logs)?;
    let listen = resolve(&operation.place.listen)?;
    let mut signals = Signals::watch()?;
    let connections = operation.settings.limits.max_connections;
    let config = Config {
        data: operation.place.data,
        listen,
        keep_port: false,
    };
    let started = match operation.place.store {
        Keeping::Disk => Relay::start_with(config, operation.settings).await,
        Keeping::Memory => Relay::start_in_memory(config, operation.settings).await,
        Keeping::Nats(servers) => {
            Relay::start_on_nats(config, operation.settings, &servers, snug_relay::clock()).await
        }
    };
    let running = started?;
    allow_open_files(connections);
    // Whoever reads may have stopped after the first line; the relay serves all the same.
    let _ = announce(&running);
    while signals.next().await == Asked::ToReload {
        if let Err(problem) = running.reload() {
            tracing::error!("{problem}; what was good before stays in use");
        }
    }
    tracing::info!("stopping");
    running.stop().await;
    tracing::info!("stopped");
    Ok(())
}

fn log(logs: &Logs) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&logs.log)
        .with_context(|| format!("{:?} does not say how much to log", logs.log))?;
    let lines = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_env_filter(filter);
    match logs.log_format {
        LogFormat::Text => lines.init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Each connection is an open file, and the relay has some of its own. What it may have of itself it
/// takes; more only who runs it can give.
#[cfg(unix)]
fn allow_open_files(connections: u32) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const OWN: u64 = 128;
    let wanted = u64::from(connections) + OWN;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let allow = |files| {
        let raised = Rlimit {
            current: Some(limit.maximum.map_or(files, |most| most.min(files))),
            ..limit
        };
        setrlimit(Resource::Nofile, raised)
    };
    // Where there is said to be no limit there may be one all the same: macOS has this.
    if allow(wanted).is_err() && allow(10_240).is_err() {
        tracing::debug!("the limit of open files stays as it is");
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(wanted);
    if files < wanted {
        tracing::warn!(
            files,
            connections,
            "the system allows fewer open files than connections are set: raise `ulimit -n` (LimitNOFILE= of systemd)"
        );
    }
}

/// There is no such limit.
#[cfg(not(unix))]
fn allow_open_files(_: u32) {}

/// Two lines: where it listens, and which relay it is.
fn announce(running: &Running) -> std::io::Result<()> {
    let (url, key) = (running.url(), running.key());
    tracing::info!(url, %key, version = env!("CARGO_PKG_VERSION"), "listening");
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on {url}\nkey {key}")?;
    stdout.flush()
}

/// The address a setting names.
pub fn resolve(listen: &str) -> anyhow::Result<SocketAddr> {
    listen
        .to_socket_addrs()
        .with_context(|| {
            format!(
                "{listen} is not an address to listen on: write HOST:PORT, for example 127.0.0.1:0"
            )
        })?
        .next()
        .with_context(|| format!("{listen} names no address"))
}

/// What a signal asks for.
#[derive(PartialEq, Eq)]
enum Asked {
    ToStop,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no such signal"))]
    ToReload,
}

/// What the system may ask. Signals count from when they are watched.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn watch() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let watch = |kind| signal(kind).context("signals cannot be watched");
        Ok(Self {
            terminate: watch(SignalKind::terminate())?,
            interrupt: watch(SignalKind::interrupt())?,
            hangup: watch(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::ToStop,
            _ = self.interrupt.recv() => Asked::ToStop,
            _ = self.hangup.recv() => Asked::ToReload,
        }
    }
}

/// What the system may ask.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn watch() -> anyhow::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Asked {
        // Without the signal there is no other way to stop than to be ended.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Asked::ToStop
    }
}
