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
//! [`connection::IN_FLIGHT`] and [`outgoing::Bounds`].

mod connection;
mod doer;
mod forwarded;
mod gate;
mod handshake;
mod http;
mod line;
mod metrics;
mod operator;
mod origins;
pub(crate) mod outgoing;
mod outside;
mod own_certificate;
mod seats;
mod socket_io;
pub(crate) mod stats;
mod tls;
mod watched;
pub(crate) mod writer;

pub use outside::{Outside, OutsideError};
pub(crate) use watched::Watched;
pub(crate) use writer::now;

use crate::data_dir::{DataDir, DataError};
use crate::nats;
use crate::settings::Settings;
use crate::store::{Store, StoreError};
use crate::tokens::Tokens;
use doer::{Kept, door, take_up};
use ed25519_dalek::SigningKey;
use gate::Gate;
use outgoing::Bounds;
use snug_wire::RelayKey;
use stats::Stats;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tls::Certificate;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{interval, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// How long connections have to take their leave when a relay inside an application stops.
const FAREWELL: Duration = Duration::from_millis(1_200);
/// How long what is left of HTTP, and then the last transaction, has after that.
const LAST: Duration = Duration::from_millis(400);
/// How often a piece of what is too old is forgotten, and files are looked at.
const TENDING: Duration = Duration::from_secs(10);

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
    /// What it was told: certificate, keys of tokens.
    #[error("{0}")]
    Settings(String),
}

/// How long things may take.
struct Times {
    header: Duration,
    handshake: Duration,
    silence: Duration,
    drain: Duration,
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
    /// Connections are to take their leave, and no new one begins.
    leaving: CancellationToken,
    /// Nobody is listened to any more.
    closing: CancellationToken,
    /// WebSockets.
    connections: TaskTracker,
    /// All else.
    tasks: TaskTracker,
    settings: Settings,
    times: Times,
    stats: Arc<Stats>,
    bounds: Arc<Bounds>,
    gate: Arc<Gate>,
    certificate: Option<Arc<Certificate>>,
    tokens: Option<Tokens>,
}

/// The relay, not yet started.
#[derive(Debug)]
pub struct Relay;

/// A relay that listens. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    key: RelayKey,
    has_tls: bool,
    /// Gone once nothing runs any more: only the writer's end frees the data.
    shared: Weak<Shared>,
    leaving: DropGuard,
    closing: DropGuard,
    written: oneshot::Receiver<()>,
    outside: Outside,
}

impl Relay {
    /// Starts a relay inside an application, on the current tokio runtime. When this returns the port
    /// is bound.
    ///
    /// # Errors
    /// [`StartError`] says in plain words what is in the way.
    pub async fn start(config: Config) -> Result<Running, StartError> {
        let kept = on_disk(&config)?;
        begin(config, Settings::default(), FAREWELL, kept).await
    }

    /// The same, as an operator set it.
    ///
    /// # Errors
    /// [`StartError`] says in plain words what is in the way.
    pub async fn start_with(config: Config, settings: Settings) -> Result<Running, StartError> {
        let kept = on_disk(&config)?;
        let drain = drain(&settings);
        begin(config, settings, drain, kept).await
    }

    /// The same without a file: all it takes is gone when it stops, its key too. The data directory
    /// is not looked at.
    ///
    /// # Errors
    /// As [`Relay::start_with`].
    pub async fn start_in_memory(
        config: Config,
        settings: Settings,
    ) -> Result<Running, StartError> {
        let kept = Kept::Store(Store::forgetful()?, None);
        let drain = drain(&settings);
        begin(config, settings, drain, kept).await
    }

    /// The same with everything in NATS JetStream, at servers such as `nats://127.0.0.1:4222`: all
    /// relays there with the same `nats-name` are one relay. The data directory is not looked at.
    ///
    /// # Errors
    /// As [`Relay::start_with`].
    pub async fn start_on_nats(
        config: Config,
        settings: Settings,
        servers: &[String],
        clock: nats::Clock,
    ) -> Result<Running, StartError> {
        let drain = drain(&settings);
        let kept = Kept::Nats(servers.to_vec(), clock);
        begin(config, settings, drain, kept).await
    }
}

fn on_disk(config: &Config) -> Result<Kept, StartError> {
    let (data_dir, store) = DataDir::take(&config.data)?;
    Ok(Kept::Store(store, Some(data_dir)))
}

/// How long connections have to take their leave, as an operator set it.
fn drain(settings: &Settings) -> Duration {
    Duration::from_secs(settings.operator.drain_seconds)
}

async fn begin(
    config: Config,
    settings: Settings,
    drain: Duration,
    kept: Kept,
) -> Result<Running, StartError> {
    let stats = Arc::new(Stats::new());
    let ready = Arc::new(AtomicBool::new(true));
    let counted = || (Arc::clone(&stats), Arc::clone(&ready));
    let doer = take_up(kept, &settings, counted()).await?;
    let signing_key = doer.key().clone();
    let key = RelayKey(signing_key.verifying_key().to_bytes());
    let (certificate, tokens) = guard(&settings, key).map_err(StartError::Settings)?;
    let keep = config.keep_port && config.listen.port() == 0;
    let kept = if keep { doer.port()? } else { None };
    // A core is of one thread at a time: nothing of it is lent while this waits.
    let (listener, address) = listen(&config, kept).await?;
    if keep && kept != Some(address.port()) {
        doer.set_port(address.port())?;
    }
    let (writer, written) = door(doer, counted())?;
    let seconds = |number: u32| Duration::from_secs(number.into());
    let limits = settings.limits.clone();
    let shared = Arc::new(Shared {
        writer,
        in_flight: Arc::new(Semaphore::new(connection::IN_FLIGHT)),
        key: signing_key,
        next_peer: AtomicU64::new(1),
        ready,
        leaving: CancellationToken::new(),
        closing: CancellationToken::new(),
        connections: TaskTracker::new(),
        tasks: TaskTracker::new(),
        times: Times {
            header: seconds(limits.header_seconds),
            handshake: seconds(limits.handshake_seconds),
            silence: seconds(limits.silence_seconds),
            drain,
        },
        bounds: Bounds::new(&limits, Arc::clone(&stats.waiting_out)),
        gate: Arc::new(Gate::new(limits)),
        certificate,
        tokens,
        settings,
        stats,
    });
    let tls = shared.certificate.as_ref();
    let entrance = http::Entrance {
        tls: tls
            .map(|certificate| certificate.acceptor())
            .transpose()
            .map_err(StartError::Settings)?,
        leaving: shared.leaving.clone(),
        closing: shared.closing.clone(),
        is_outside: false,
    };
    let running = Running {
        address,
        key,
        has_tls: shared.certificate.is_some(),
        leaving: shared.leaving.clone().drop_guard(),
        closing: shared.closing.clone().drop_guard(),
        written,
        outside: Outside::of(&shared),
        shared: Arc::downgrade(&shared),
    };
    shared.tasks.spawn(tend(Arc::clone(&shared)));
    http::accept(listener, &shared, entrance);
    Ok(running)
}

/// What lets people in: a certificate, keys of tokens; says in words what is wrong with them.
fn guard(
    settings: &Settings,
    key: RelayKey,
) -> Result<(Option<Arc<Certificate>>, Option<Tokens>), String> {
    let tls = &settings.tls;
    let certificate = match (&tls.tls_certificate, &tls.tls_key) {
        (Some(chain), Some(key)) => Some(Certificate::read(chain.clone(), key.clone())?),
        (None, None) => None,
        _ => return Err("tls-certificate and tls-key belong together: set both or none".into()),
    };
    let access = &settings.access;
    let tokens = access.token_keys.as_ref().map(|file| {
        let audience = access.token_audience.clone();
        Tokens::new(file.clone(), key, audience, access.token_skew_seconds)
    });
    Ok((certificate, tokens.transpose()?))
}

impl Running {
    /// What devices connect to: `ws://host:port`, or `wss://host:port` with a certificate.
    pub fn url(&self) -> String {
        let scheme = if self.has_tls { "wss" } else { "ws" };
        format!("{scheme}://{}", self.address)
    }

    /// What the relay is.
    pub fn key(&self) -> RelayKey {
        self.key
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way in from the local network, closed until somebody opens it.
    pub fn outside(&self) -> Outside {
        self.outside.clone()
    }

    /// Waits until everything that was stored by now has been delivered here, if it is kept in NATS; for
    /// tests. Elsewhere that is so when it is answered.
    #[doc(hidden)]
    pub async fn settled(&self) {
        if let Some(shared) = self.shared.upgrade()
            && let writer::Door::Lanes(hub) = &shared.writer
        {
            hub.settled().await;
        }
    }

    /// Does what is done every ten seconds, and waits for it, if it is kept in NATS; for tests.
    #[doc(hidden)]
    pub async fn tend(&self) {
        if let Some(shared) = self.shared.upgrade()
            && let writer::Door::Lanes(hub) = &shared.writer
        {
            hub.tended().await;
        }
    }

    /// Reads the certificate and the keys of tokens again if they changed. It happens by itself every
    /// ten seconds.
    ///
    /// # Errors
    /// In words, what is wrong with them; what was good before stays.
    pub fn reload(&self) -> Result<(), String> {
        self.shared
            .upgrade()
            .map_or(Ok(()), |shared| shared.reload())
    }

    /// Stops: no connection begins any more, those there get what they have asked for and are told
    /// `Leaving`; who listens still learns that the relay is not ready. Takes as long as
    /// `drain-seconds` says at most, in an application two seconds, and a moment for the last write.
    pub async fn stop(self) {
        drop(self.leaving);
        let (connections, tasks, drain) = match self.shared.upgrade() {
            Some(shared) => (
                shared.connections.clone(),
                shared.tasks.clone(),
                shared.times.drain,
            ),
            None => return,
        };
        connections.close();
        if timeout(drain, connections.wait()).await.is_err() {
            tracing::info!("some connections did not take their leave");
        }
        drop(self.closing);
        tasks.close();
        // Nothing that is asked over HTTP takes long.
        let _ = timeout(LAST, tasks.wait()).await;
        // An error is a writer that has ended, or never had anything to write.
        if timeout(LAST, self.written).await.is_err() {
            tracing::info!("the last requests are still being written");
        }
    }
}

impl Shared {
    fn reload(&self) -> Result<(), String> {
        if let Some(certificate) = &self.certificate
            && certificate.look()?
        {
            tracing::info!("the certificate was changed");
        }
        if let Some(tokens) = &self.tokens
            && tokens.look()?
        {
            tracing::info!("the keys of access tokens were changed");
        }
        Ok(())
    }

    /// Whether devices can be served.
    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed) && !self.leaving.is_cancelled()
    }
}

/// Binds the port of last time, if there is one to keep and it is free, else as configured.
async fn listen(
    config: &Config,
    kept: Option<u16>,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen {
        address: config.listen,
        source,
    };
    let mut listener = None;
    if let Some(port) = kept {
        // Taken by now: a new one is chosen, and devices are told the new address.
        let again = SocketAddr::new(config.listen.ip(), port);
        listener = TcpListener::bind(again).await.ok();
    }
    let listener = match listener {
        Some(listener) => listener,
        None => TcpListener::bind(config.listen).await.map_err(failed)?,
    };
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// What is to be done now and then: forget what is too old, and who has gone; read files again.
async fn tend(shared: Arc<Shared>) {
    let mut due = interval(TENDING);
    loop {
        tokio::select! {
            () = shared.leaving.cancelled() => return,
            _ = due.tick() => {}
        }
        shared.gate.sweep();
        if let Err(problem) = shared.reload() {
            tracing::error!("{problem}; what was good before stays in use");
        }
        if shared
            .writer
            .send(&mut vec![writer::Input::Expire])
            .await
            .is_err()
        {
            return;
        }
    }
}
