//! `snug-relay`: a relay of one's own.

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use snug_relay::{Config, Relay};
use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

/// Carries sealed envelopes between Snug devices. It can read none of them.
///
/// Prints `listening on ws://HOST:PORT` when it is ready, then `key HEX`: the relay's own key.
/// Stops on SIGTERM and SIGINT. Logs go to stderr; RUST_LOG=debug says more.
#[derive(Debug, Parser)]
#[command(name = "snug-relay", version)]
struct Arguments {
    /// Address to listen on; port 0 chooses a free one
    #[arg(long, value_name = "HOST:PORT", env = "SNUG_RELAY_LISTEN")]
    listen: String,
    /// Directory of the relay's file; made if it is not there
    #[arg(
        long,
        value_name = "DIR",
        env = "SNUG_RELAY_DATA",
        required_unless_present = "store"
    )]
    data: Option<PathBuf>,
    /// Where entries are kept, if not in that directory
    #[arg(long, value_enum, env = "SNUG_RELAY_STORE", conflicts_with = "data")]
    store: Option<Place>,
}

/// Where entries are kept.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Place {
    /// In memory, for trying out and measuring: all is forgotten when the relay stops
    Memory,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
        )
        .init();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("snug-relay: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let listen = resolve(&arguments.listen)?;
    let stop = stop_signal()?;
    let config = Config {
        data: arguments.data.unwrap_or_default(),
        listen,
        keep_port: false,
    };
    let started = match arguments.store {
        None => Relay::start(config).await,
        Some(Place::Memory) => Relay::start_in_memory(config).await,
    };
    // It says what caused it itself: a chain of causes would say it twice.
    let running = started.map_err(|error| anyhow::anyhow!("{error}"))?;
    // Whoever reads may have stopped after the first line; the relay serves all the same.
    let _ = announce(&running.url(), &running.key().to_string());
    stop.await;
    tracing::info!("stopping");
    running.stop().await;
    Ok(())
}

/// Two lines: where it listens, and which relay it is.
fn announce(url: &str, key: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "listening on {url}\nkey {key}")?;
    stdout.flush()
}

fn resolve(listen: &str) -> anyhow::Result<SocketAddr> {
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

/// Resolves when the relay is asked to stop. Signals count from now on.
#[cfg(unix)]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("signals cannot be watched")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("signals cannot be watched")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves when the relay is asked to stop.
#[cfg(not(unix))]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without the signal there is no other way to stop than to be ended.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
