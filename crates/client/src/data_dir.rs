//! Where one installation keeps its data, for one process at a time.
//!
//! ```text
//! lock            locked while a process has the data open
//! settings.json   what must be known before the database opens
//! keys            the keys under a passphrase, where the keychain is a file
//! snug.db         the engine's database, encrypted
//! ```

use crate::keychain::KeychainKind;
use crate::view::ConnectionSettings;
use crate::{Problem, ProblemCode};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// The engine's database.
const DATABASE: &str = "snug.db";
/// How long a second process waits for the first one to end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it looks again; a file lock cannot be awaited.
const LOOK: Duration = Duration::from_millis(50);

/// A data directory this process has for itself.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    settings: Settings,
    /// Held, never read: the lock ends with the file.
    _lock: File,
}

/// What must be known before the database opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// Random, 16 bytes in hexadecimal: names this installation's entry in the keychain.
    pub install: String,
    /// Where the keys are, once they are somewhere.
    pub keychain: Option<KeychainKind>,
    /// The relay that was chosen, `ws://host:port` or `wss://host:port`; `None` for the one inside the application.
    pub relay: Option<String>,
    /// The relay inside the application in the local network, once a person has shared it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_network: Option<LocalNetwork>,
    /// How connections are made, once a person has set it. A proxy's password is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionSettings>,
}

/// Whether the relay inside the application is shared on the local network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalNetwork {
    /// Shared.
    pub on: bool,
    /// The port it had there, to have again; 0 for none yet.
    pub port: u16,
}

impl DataDir {
    /// Opens the directory, making it if need be. Waits up to ten seconds for another process.
    ///
    /// # Errors
    /// `databaseBusy` if the other process stays, `databaseDamaged` if the settings cannot be read,
    /// else what the file system says.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, Problem> {
        Self::open_within(path, PATIENCE).await
    }

    /// The same with another patience.
    ///
    /// # Errors
    /// As [`DataDir::open`].
    pub async fn open_within(
        path: impl Into<PathBuf>,
        patience: Duration,
    ) -> Result<Self, Problem> {
        let path = path.into();
        make_private(&path).map_err(|e| Problem::file(&path, &e))?;
        let lock = lock(&path, patience).await?;
        let settings = Settings::load(&path)?;
        Ok(Self {
            path,
            settings,
            _lock: lock,
        })
    }

    /// Whether there is data in that directory. Makes nothing, waits for nobody.
    pub fn is_used(path: &Path) -> bool {
        path.join(DATABASE).exists()
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Changes settings, on disk when this returns.
    ///
    /// # Errors
    /// What the file system says; the settings are then as before.
    pub fn change(&mut self, change: impl FnOnce(&mut Settings)) -> Result<(), Problem> {
        let mut settings = self.settings.clone();
        change(&mut settings);
        if settings != self.settings {
            settings.store(&self.path)?;
            self.settings = settings;
        }
        Ok(())
    }

    /// The engine's database.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// The same, a file only its owner can read from now on: SQLite would ask the `umask`.
    pub(crate) fn private_database(&self) -> Result<PathBuf, Problem> {
        let path = self.database();
        private_file(&path, false).map_err(|e| Problem::file(&path, &e))?;
        Ok(path)
    }

    /// The passphrase file.
    pub(crate) fn keys(&self) -> PathBuf {
        self.path.join("keys")
    }
}

impl Settings {
    fn file(dir: &Path) -> PathBuf {
        dir.join("settings.json")
    }

    fn load(dir: &Path) -> Result<Self, Problem> {
        let path = Self::file(dir);
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| {
                let text = format!(
                    "{} is damaged: {e}. Restore it from a backup.",
                    path.display()
                );
                Problem::new(ProblemCode::DatabaseDamaged, text)
            }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let settings = Self {
                    install: HEXLOWER.encode(&rand::random::<[u8; 16]>()),
                    keychain: None,
                    relay: None,
                    local_network: None,
                    connection: None,
                };
                settings.store(dir)?;
                Ok(settings)
            }
            Err(e) => Err(Problem::file(&path, &e)),
        }
    }

    fn store(&self, dir: &Path) -> Result<(), Problem> {
        let path = Self::file(dir);
        let bytes = serde_json::to_vec_pretty(self).map_err(Problem::broken)?;
        write_atomically(&path, &bytes).map_err(|e| Problem::file(&path, &e))
    }
}

async fn lock(dir: &Path, patience: Duration) -> Result<File, Problem> {
    let path = dir.join("lock");
    let failed = |e: &std::io::Error| Problem::file(&path, e);
    let file = private_file(&path, false).map_err(|e| failed(&e))?;
    let until = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(e)) => return Err(failed(&e)),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => {
                let text = format!(
                    "Another Snug has {} open. Close it, or use another data directory.",
                    dir.display()
                );
                return Err(Problem::new(ProblemCode::DatabaseBusy, text));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK).await,
        }
    }
}

/// Makes a directory only its owner can look into.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A file only its owner can read, whatever it was; made if it was not there.
fn private_file(path: &Path, truncate: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(truncate);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

/// Replaces a file as a whole: after a crash it is the old one or the new one. Only its owner can
/// read it.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = private_file(&beside, true)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    // The rename itself is durable once its directory is.
    #[cfg(unix)]
    if let Some(dir) = path.parent() {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}
