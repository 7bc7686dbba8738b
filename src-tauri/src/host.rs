//! What the application runs: the client, and a relay inside the application where none is chosen.

use crate::embedded::{self, LocalDoor};
use crate::place::{self, Place};
use crate::updates;
use snug_client::keychain::KeychainKind;
use snug_client::{Client, DataDir, Door, Options, Problem, ProblemCode};
use snug_relay::Running;
use snug_wire::RelayAddress;
use std::mem;
use std::sync::Arc;
use std::time::Duration;
use tauri::AppHandle;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// For another copy of Snug on the same data to finish closing. After it the page says so.
const PATIENCE: Duration = Duration::from_secs(3);
/// For everything to end.
const CLOSING: Duration = Duration::from_secs(2);

/// The client, as far as it is open.
pub struct Host {
    app: AppHandle,
    place: Place,
    /// Held while opening: who asks meanwhile waits for the outcome.
    stage: Mutex<Stage>,
}

enum Stage {
    /// The next who asks opens it.
    New,
    /// The first attempt failed while the window was made: told once, then tried again.
    Failed(Problem),
    Open(Core),
}

struct Core {
    client: Client,
    relay: Option<Running>,
}

impl Host {
    /// Nothing is opened yet.
    pub fn new(app: AppHandle, place: Place) -> Self {
        Self {
            app,
            place,
            stage: Mutex::new(Stage::New),
        }
    }

    /// Opens the client while the page loads.
    pub async fn begin(&self) {
        let mut stage = self.stage.lock().await;
        if let Err(problem) = self.open(&mut stage, None).await {
            *stage = Stage::Failed(problem);
        }
    }

    /// The client. Opens it if an earlier attempt failed.
    ///
    /// # Errors
    /// As [`Client::open`], and `databaseBusy`.
    pub async fn client(&self) -> Result<Client, Problem> {
        let mut stage = self.stage.lock().await;
        match mem::replace(&mut *stage, Stage::New) {
            Stage::Failed(problem) => Err(problem),
            Stage::New => self.open(&mut stage, None).await,
            Stage::Open(core) => {
                let client = core.client.clone();
                *stage = Stage::Open(core);
                Ok(client)
            }
        }
    }

    /// Opens the client with keys under a passphrase, where the operating system keeps none.
    ///
    /// # Errors
    /// As [`Host::client`].
    pub async fn unlock(&self, passphrase: String) -> Result<(), Problem> {
        let mut stage = self.stage.lock().await;
        match &*stage {
            Stage::Open(_) => Ok(()),
            _ => self.open(&mut stage, Some(passphrase)).await.map(drop),
        }
    }

    async fn open(&self, stage: &mut Stage, passphrase: Option<String>) -> Result<Client, Problem> {
        let core = Core::open(&self.place, passphrase).await?;
        let client = core.client.clone();
        updates::forward(&client, self.app.clone());
        *stage = Stage::Open(core);
        Ok(client)
    }

    /// Ends everything within two seconds.
    pub async fn close(&self) {
        let ended = timeout(CLOSING, async {
            if let Stage::Open(core) = mem::replace(&mut *self.stage.lock().await, Stage::New) {
                core.client.close().await;
                if let Some(relay) = core.relay {
                    relay.stop().await;
                }
            }
        });
        if ended.await.is_err() {
            tracing::warn!("closing took longer than two seconds");
        }
    }
}

impl Core {
    async fn open(place: &Place, passphrase: Option<String>) -> Result<Self, Problem> {
        let data = DataDir::open_within(&place.data, PATIENCE).await?;
        let kept = data.settings().keychain;
        let keychain = place::keychain(kept, passphrase)?;
        let relay = match data.settings().relay {
            Some(_) => None,
            None => Some(embedded::start(place).await?),
        };
        let options = Options {
            embedded: relay.as_ref().map(|relay| RelayAddress {
                url: relay.url(),
                key: relay.key(),
            }),
            door: relay
                .as_ref()
                .map(|relay| Arc::new(LocalDoor(relay.outside())) as Arc<dyn Door>),
            ..Options::new(keychain)
        };
        match Client::open(data, options).await {
            Ok(client) => Ok(Self { client, relay }),
            Err(problem) => {
                // Its data must be free for the next attempt.
                if let Some(relay) = relay {
                    relay.stop().await;
                }
                Err(told(problem, kept))
            }
        }
    }
}

/// Keys that are in the operating system's keychain can only come from there: a passphrase, which
/// `keychainMissing` asks for, would not bring them back.
fn told(problem: Problem, kept: Option<KeychainKind>) -> Problem {
    match (problem.code, kept) {
        (ProblemCode::KeychainMissing, Some(KeychainKind::Os)) => {
            Problem::new(ProblemCode::KeychainLocked, problem.text)
        }
        _ => problem,
    }
}
