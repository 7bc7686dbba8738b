//! The handle hosts hold: opening, closing, and the way to the engine.

mod account;
mod awaiting;
mod chats;
mod connection;
mod contacts;
mod groups;
mod inviting;
mod local_network;
mod pictures;
mod presence;
mod talk;

pub use awaiting::Updates;
pub use pictures::code_in_file;

use crate::clock::now;
use crate::connection::{Change, Ground, Ledger, Timing, Way, look};
use crate::driver::{CALLS, Call, Driver, EVENTS, Published, SharedDataDir};
use crate::keychain::{Keychain, KeychainKind, Keys};
use crate::local_network::Door;
use crate::local_network::sharing::Sharing;
use crate::view::{self, ConnectionRow};
use crate::{DataDir, Problem, ProblemCode, Settings};
use inviting::Fetched;
use snug_engine::{Access, Engine, Reader, View, connect};
use snug_wire::RelayAddress;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// For everything to end.
const CLOSING: Duration = Duration::from_secs(2);

/// How a client is opened.
#[derive(Clone)]
pub struct Options {
    /// Where the keys are.
    pub keychain: Keychain,
    /// The relay that runs inside the application, as it listens now; `None` without one.
    pub embedded: Option<RelayAddress>,
    /// Its way to the local network, if the host has one.
    pub door: Option<Arc<dyn Door>>,
    /// Delays of connections, as long as the person has set none.
    pub timing: Timing,
}

impl Options {
    /// With this keychain, no relay of our own and the usual delays.
    pub fn new(keychain: Keychain) -> Self {
        Self {
            keychain,
            embedded: None,
            door: None,
            timing: Timing::default(),
        }
    }
}

/// A messenger at work. Clones are handles to the same one; it ends with [`Client::close`] or the
/// last handle.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    calls: mpsc::Sender<Call>,
    /// `None` once it is closed.
    reader: Arc<Mutex<Option<Reader>>>,
    published: Published,
    reconnect: Arc<Notify>,
    keys: Keys,
    keychain: KeychainKind,
    embedded: Option<RelayAddress>,
    sharing: Option<Arc<Sharing>>,
    timing: Timing,
    way: watch::Sender<Way>,
    ledger: Ledger,
    data: SharedDataDir,
    fetched: Mutex<Option<Fetched>>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
    driver: Mutex<Option<JoinHandle<()>>>,
}

/// Without [`Client::close`] everything ends all the same, and before the process does: the database's
/// library takes its own memory down at exit, under whoever still closes a database.
impl Drop for Inner {
    fn drop(&mut self) {
        self.shutdown.cancel();
        self.tasks.close();
        if let Some(driver) = lock(&self.driver).take()
            && driver.thread().id() != std::thread::current().id()
        {
            // It has said itself why it stopped, if it did.
            let _ = driver.join();
        }
    }
}

impl Client {
    /// Opens the data: keys, database, engine; then connects. Makes them if the data is new.
    /// Connections live on the runtime this is called on.
    ///
    /// # Errors
    /// `keychainMissing` (offer [`Keychain::file`]), `keychainLocked`, `passphraseWrong`,
    /// `databaseDamaged`, `databaseTooNew`, `diskFull`.
    pub async fn open(mut data: DataDir, options: Options) -> Result<Self, Problem> {
        let keys = options.keychain.keys(&mut data).await?;
        let (path, key) = (data.private_database()?, keys.database.clone());
        // While it is shared, others know it by another address than this computer does.
        let is_shared =
            options.door.is_some() && data.settings().local_network.is_some_and(|kept| kept.on);
        let embedded = options.embedded.clone().filter(|_| !is_shared);
        let (engine, reader) = blocking(move || {
            let mut engine = Engine::open(connect(&path, &key, Access::Write)?, Box::new(rng()))?;
            // A relay is its key: the one in this process may have had to take another port.
            let known = engine.relays()?;
            if let Some(here) = embedded
                && known
                    .iter()
                    .any(|relay| relay.key == here.key && relay.url != here.url)
            {
                engine.relay_moved(&here, now())?;
            }
            Ok((engine, Reader::open(connect(&path, &key, Access::Read)?)))
        })
        .await?;
        let way = connection::chosen(data.settings(), engine.view(), &options.timing)?;
        let (way, chosen) = watch::channel(way);
        let (changing, changes) = watch::channel(Change::default());
        let ledger = Ledger::default();
        let home = engine.view().account()?.map(|account| account.home);
        let row = view::connection_at_first(home.as_ref(), options.embedded.as_ref(), now());
        let (calls, called) = mpsc::channel(CALLS);
        let (events, happened) = mpsc::channel(EVENTS);
        let tasks = TaskTracker::new();
        tasks.spawn(look(changing));
        let shutdown = CancellationToken::new();
        let published = Published::new(row);
        let reconnect = Arc::new(Notify::new());
        let data = Arc::new(Mutex::new(Some(data)));
        let driver = Driver {
            engine,
            calls: called,
            events: happened,
            reconnect: Arc::clone(&reconnect),
            shutdown: shutdown.clone(),
            ground: Ground {
                runtime: tokio::runtime::Handle::current(),
                tasks: tasks.clone(),
                way: chosen,
                changes,
                events,
                ledger: ledger.clone(),
            },
            embedded: options.embedded.clone(),
            published: published.clone(),
            data: Arc::clone(&data),
        };
        let driver = driver.start().map_err(Problem::broken)?;
        let sharing = local_network::sharing(&options, &calls, &data, &published);
        if let Some(sharing) = &sharing {
            sharing.begin().await;
            tasks.spawn(Arc::clone(sharing).follow(shutdown.clone()));
        }
        Ok(Self(Arc::new(Inner {
            calls,
            reader: Arc::new(Mutex::new(Some(reader))),
            published,
            reconnect,
            keys,
            keychain: options.keychain.kind(),
            embedded: options.embedded,
            sharing,
            timing: options.timing,
            way,
            ledger,
            data,
            fetched: Mutex::new(None),
            shutdown,
            tasks,
            driver: Mutex::new(Some(driver)),
        })))
    }

    /// Ends everything within two seconds, for all handles: connections say goodbye, the database is
    /// closed, the data directory is free.
    pub async fn close(self) {
        self.0.shutdown.cancel();
        self.0.tasks.close();
        let driver = lock(&self.0.driver).take();
        let ended = async {
            self.0.tasks.wait().await;
            // Joining blocks; the thread ends after the turn it is in.
            let _ = tokio::task::spawn_blocking(|| driver.map(JoinHandle::join)).await;
            let reader = Arc::clone(&self.0.reader);
            let _ = tokio::task::spawn_blocking(move || lock(&reader).take()).await;
            lock(&self.0.data).take();
        };
        if tokio::time::timeout(CLOSING, ended).await.is_err() {
            tracing::warn!("closing took longer than two seconds");
        }
    }

    /// The connection to the home relay.
    pub fn connection(&self) -> ConnectionRow {
        self.0.published.standing.borrow().connection.clone()
    }

    /// Connects at once instead of when the pause is over; asks connections that are up for a sign of
    /// life.
    pub fn reconnect(&self) {
        self.0.reconnect.notify_one();
    }

    /// Lets the engine do something, after what was asked before. The number is the time.
    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Engine, u64) -> snug_engine::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let (answer, answered) = oneshot::channel();
        let call: Call = Box::new(move |engine, now| {
            // Whoever asked may have stopped waiting; it is done all the same.
            let _ = answer.send(work(engine, now));
        });
        self.0.calls.send(call).await.map_err(|_| self.dead())?;
        Ok(answered.await.map_err(|_| self.dead())??)
    }

    /// Reads from the database without waiting for the engine.
    async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(View<'_>) -> snug_engine::Result<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let reader = Arc::clone(&self.0.reader);
        let done = blocking(move || {
            lock(&reader)
                .as_ref()
                .map(|open| look(open.view()))
                .transpose()
        });
        done.await?.ok_or_else(|| self.dead())
    }

    /// The settings of the data directory.
    fn settings(&self) -> Result<Settings, Problem> {
        let data = lock(&self.0.data);
        data.as_ref()
            .map(|data| data.settings().clone())
            .ok_or_else(|| self.dead())
    }

    fn change_settings(&self, change: impl FnOnce(&mut Settings)) -> Result<(), Problem> {
        let mut data = lock(&self.0.data);
        data.as_mut().ok_or_else(|| self.dead())?.change(change)
    }

    /// Why the driver does not answer.
    fn dead(&self) -> Problem {
        let standing = self.0.published.standing.borrow();
        standing
            .dead
            .clone()
            .unwrap_or_else(|| Problem::broken("it is closing"))
    }
}

/// A generator from the operating system's randomness.
fn rng() -> rand::rngs::StdRng {
    rand::make_rng()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs what blocks off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> snug_engine::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::broken)?;
    Ok(done?)
}

/// Something named by an id that is no id.
fn id<T: std::str::FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| not_found())
}

fn not_found() -> Problem {
    let text = "There is no such chat, message, invitation or request.";
    Problem::new(ProblemCode::NotFound, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Update;
    use snug_wire::RelayKey;

    /// At home on a relay that is not there.
    async fn ada(place: &tempfile::TempDir) -> Client {
        let mut options = Options::new(Keychain::memory());
        options.embedded = Some(RelayAddress {
            url: "ws://127.0.0.1:1".into(),
            key: RelayKey([7; 32]),
        });
        let data = DataDir::open(place.path()).await.unwrap();
        let client = Client::open(data, options).await.unwrap();
        client.create_account("Ada", None).await.unwrap();
        client
    }

    #[tokio::test]
    async fn a_panic_in_the_driver_is_said_to_everyone() {
        let place = tempfile::tempdir().unwrap();
        let client = ada(&place).await;
        let first = client
            .call(|_, _| -> snug_engine::Result<()> { panic!("on purpose") })
            .await;
        assert_eq!(first.unwrap_err().code, ProblemCode::Broken);
        let row = client
            .connection_that(|row| row.problem == Some(ProblemCode::Broken))
            .await;
        assert_eq!(row.unwrap_err().code, ProblemCode::Broken);
        assert_eq!(client.connection().problem, Some(ProblemCode::Broken));
        let next = client.create_invitation(false, None, "").await.unwrap_err();
        assert_eq!(next.code, ProblemCode::Broken);
        assert_eq!(
            client.caught_up().await.unwrap_err().code,
            ProblemCode::Broken
        );
        assert!(
            client.chats().await.unwrap().is_empty(),
            "what is there can still be read"
        );
        client.close().await;
    }

    #[tokio::test]
    async fn a_listener_that_falls_behind_is_told_to_load_anew() {
        let place = tempfile::tempdir().unwrap();
        let client = ada(&place).await;
        let mut updates = client.updates();
        for _ in 0..600 {
            client.create_invitation(false, None, "").await.unwrap();
        }
        assert_eq!(updates.next().await, Some(Update::Resync));
        // And on it goes; attempts to connect are told in between, and it may fall behind again.
        let next = loop {
            match updates.next().await {
                Some(Update::Connection { .. } | Update::Resync) => {}
                next => break next,
            }
        };
        assert!(matches!(next, Some(Update::Changed { .. })), "{next:?}");
        client.close().await;
    }

    #[tokio::test]
    async fn an_embedded_relay_may_move_to_another_port() {
        let place = tempfile::tempdir().unwrap();
        let client = ada(&place).await;
        assert!(client.startup().await.unwrap().embedded);
        let keychain = Keychain::Memory(Arc::new(Mutex::new(Some(client.0.keys.clone()))));
        client.close().await;
        let here = RelayAddress {
            url: "ws://127.0.0.1:2".into(),
            key: RelayKey([7; 32]),
        };
        let mut options = Options::new(keychain);
        options.embedded = Some(here.clone());
        let data = DataDir::open(place.path()).await.unwrap();
        let client = Client::open(data, options).await.unwrap();
        assert_eq!(
            client.call(|engine, _| engine.relays()).await.unwrap(),
            [here]
        );
        assert_eq!(client.startup().await.unwrap().relay, "this computer");
        client.close().await;
    }
}
