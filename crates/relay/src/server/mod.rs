//! The machine on the network.
//!
//! ```text
//! accept ── HTTP ── connection (a task each) ──Input──► writer (one thread, owns the core)
//!                        ▲                                  │ after each commit
//!                        └──────────── frames ◄─────────────┘
//! ```
//!
//! A connection reads frames, decodes them and hands requests over; the writer does all that
//! wait in one transaction and puts encoded frames into the connections' queues. There are no
//! timers on that way and no other hops. Every queue is bounded: see [`writer::INPUTS`],
//! [`connection::IN_FLIGHT`] and [`outgoing::QUEUE_BYTES`].

mod connection;
mod handshake;
mod http;
mod outgoing;
mod writer;

use crate::core::Core;
use crate::data_dir::{DataDir, DataError};
use crate::store::{Store, StoreError};
use ed25519_dalek::SigningKey;
use snug_wire::RelayKey;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{interval, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// How long connections have to say goodbye when the relay stops.
const FAREWELL: Duration = Duration::from_millis(1_200);
/// How long the last transaction has after that.
const LAST_WRITE: Duration = Duration::from_millis(600);
/// How often a piece of what is too old is forgotten.
const EXPIRY: Duration = Duration::from_secs(10);

/// Where a relay keeps its file and listens.
#[derive(Clone, Debug)]
pub struct Config {
    /// The data directory; made if it is not there.
    pub data: PathBuf,
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// With port 0: choose the port of last time again, if it is free (rule 1).
    pub keep_port: bool,
}

/// Why a relay could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its data directory.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Its file, after it was opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's word.
        source: std::io::Error,
    },
    /// Its thread.
    #[error("the relay's thread cannot be started: {0}")]
    Thread(std::io::Error),
}

/// What every connection shares.
struct Shared {
    writer: writer::Door,
    /// Bytes of requests that wait for the writer.
    in_flight: Arc<Semaphore>,
    key: SigningKey,
    next_peer: AtomicU64,
    /// Whether the disk takes writes.
    ready: Arc<AtomicBool>,
    leaving: CancellationToken,
    tasks: TaskTracker,
}

/// The relay, not yet started.
#[derive(Debug)]
pub struct Relay;

/// A relay that listens. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    key: RelayKey,
    tasks: TaskTracker,
    leaving: DropGuard,
    written: oneshot::Receiver<()>,
}

impl Relay {
    /// Starts a relay on the current tokio runtime. When this returns the port is bound.
    ///
    /// # Errors
    /// [`StartError`] says in plain words what is in the way.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let (data_dir, store) = DataDir::take(&config.data)?;
        Self::serve(config, Some(data_dir), store).await
    }

    /// The same without a file: all it takes is gone when it stops, its key too. The data directory
    /// is not looked at.
    ///
    /// # Errors
    /// As [`Relay::start`].
    pub async fn start_in_memory(config: Config) -> Result<Running, StartError> {
        Self::serve(config, None, Store::forgetful()?).await
    }

    async fn serve(
        config: Config,
        data_dir: Option<DataDir>,
        store: Store,
    ) -> Result<Running, StartError> {
        let core = Core::open(store, rand::random())?;
        let keep = config.keep_port && config.listen.port() == 0;
        let kept = if keep { core.port()? } else { None };
        let listener = listen(&config, kept).await?;
        let address = listener.local_addr().map_err(|source| StartError::Listen {
            address: config.listen,
            source,
        })?;
        if keep && kept != Some(address.port()) {
            core.set_port(address.port())?;
        }
        let key = core.key();
        let ready = Arc::new(AtomicBool::new(true));
        let signing_key = core.signing_key().clone();
        let (writer, written) = match data_dir {
            Some(data_dir) => on_disk(core, data_dir, Arc::clone(&ready))?,
            None => in_memory(core),
        };
        let shared = Arc::new(Shared {
            writer,
            in_flight: Arc::new(Semaphore::new(connection::IN_FLIGHT)),
            key: signing_key,
            next_peer: AtomicU64::new(1),
            ready,
            leaving: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        let running = Running {
            address,
            key,
            tasks: shared.tasks.clone(),
            leaving: shared.leaving.clone().drop_guard(),
            written,
        };
        shared.tasks.spawn(expire(Arc::clone(&shared)));
        shared
            .tasks
            .spawn(http::accept(listener, Arc::clone(&shared)));
        Ok(running)
    }
}

impl Running {
    /// What devices connect to: `ws://host:port`.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// What the relay is.
    pub fn key(&self) -> RelayKey {
        self.key
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops: connections are told `Leaving`, what was asked is written, within two seconds.
    pub async fn stop(self) {
        drop(self.leaving);
        self.tasks.close();
        if timeout(FAREWELL, self.tasks.wait()).await.is_err() {
            tracing::info!("some connections did not take their leave");
        }
        // An error is a writer that has ended, or never had anything to write.
        if timeout(LAST_WRITE, self.written).await.is_err() {
            tracing::info!("the last requests are still being written");
        }
    }
}

/// Binds the port of last time, if there is one to keep and it is free, else as configured.
async fn listen(config: &Config, kept: Option<u16>) -> Result<TcpListener, StartError> {
    if let Some(port) = kept {
        // Taken by now: a new one is chosen, and devices are told the new address.
        let again = SocketAddr::new(config.listen.ip(), port);
        if let Ok(listener) = TcpListener::bind(again).await {
            return Ok(listener);
        }
    }
    let failed = |source| StartError::Listen {
        address: config.listen,
        source,
    };
    TcpListener::bind(config.listen).await.map_err(failed)
}

/// A thread that ends when every connection has.
fn on_disk(
    core: Core,
    data_dir: DataDir,
    ready: Arc<AtomicBool>,
) -> Result<(writer::Door, oneshot::Receiver<()>), StartError> {
    let (inputs, waiting) = mpsc::channel(writer::INPUTS);
    let (done, written) = oneshot::channel();
    std::thread::Builder::new()
        .name("snug-relay-writer".into())
        .spawn(move || {
            writer::run(core, waiting, &ready);
            drop(data_dir);
            // Nobody waits if the relay was dropped.
            let _ = done.send(());
        })
        .map_err(StartError::Thread)?;
    Ok((writer::Door::Thread(inputs), written))
}

/// There is nothing to write at the end.
fn in_memory(core: Core) -> (writer::Door, oneshot::Receiver<()>) {
    let (_, written) = oneshot::channel();
    (writer::Door::here(core), written)
}

async fn expire(shared: Arc<Shared>) {
    let mut due = interval(EXPIRY);
    loop {
        tokio::select! {
            () = shared.leaving.cancelled() => return,
            _ = due.tick() => {}
        }
        if shared.writer.send(writer::Input::Expire).await.is_err() {
            return;
        }
    }
}
