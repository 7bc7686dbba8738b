//! Where the two keys of an installation rest: never beside the data in the clear.
//!
//! The database key and the account key are made together, once, and kept as one entry, so that
//! there is never one without the other.

mod file;
mod os;

use crate::data_dir::DataDir;
use crate::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use snug_wire::Secret;
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The keys of an installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// Opens the database.
    pub database: Secret,
    /// The account's Ed25519 seed.
    pub account: Secret,
}

impl Keys {
    const LEN: usize = 64;

    fn random() -> Self {
        Self {
            database: Secret::new(rand::random()),
            account: Secret::new(rand::random()),
        }
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([*self.database.expose(), *self.account.expose()].concat())
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (database, account) = bytes.split_at_checked(Self::LEN / 2)?;
        Some(Self {
            database: Secret::from_slice(database)?,
            account: Secret::from_slice(account)?,
        })
    }
}

/// Which keychain, as settings and hosts name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum KeychainKind {
    /// The operating system's.
    Os,
    /// A file sealed under a passphrase.
    File,
    /// None: the keys end with the process.
    Memory,
}

/// A keychain.
#[derive(Clone)]
pub enum Keychain {
    /// The operating system's.
    Os,
    /// A file in the data directory, sealed under this passphrase.
    File(Zeroizing<String>),
    /// For tests: clones share their keys, which end with the last of them.
    Memory(Arc<Mutex<Option<Keys>>>),
}

impl Keychain {
    /// A keychain file under this passphrase.
    pub fn file(passphrase: impl Into<String>) -> Self {
        Self::File(Zeroizing::new(passphrase.into()))
    }

    /// An empty keychain in memory.
    pub fn memory() -> Self {
        Self::Memory(Arc::default())
    }

    /// Its kind.
    pub fn kind(&self) -> KeychainKind {
        match self {
            Self::Os => KeychainKind::Os,
            Self::File(_) => KeychainKind::File,
            Self::Memory(_) => KeychainKind::Memory,
        }
    }

    /// The keys of this data. Makes them if the data is new: no database stands there yet.
    ///
    /// # Errors
    /// `keychainMissing`, `keychainLocked`, `passphraseWrong`, `databaseDamaged` (a keychain file that
    /// is no longer what it was).
    pub async fn keys(&self, dir: &mut DataDir) -> Result<Keys, Problem> {
        if let Some(kind) = dir.settings().keychain
            && kind != self.kind()
        {
            let text = format!(
                "The keys of {} are in another keychain: {}. Open it with that one.",
                dir.path().display(),
                kind.name()
            );
            return Err(Problem::new(ProblemCode::KeychainMissing, text));
        }
        let is_new = !dir.database().exists();
        let keys = match self {
            Self::Os => {
                let entry = dir.settings().install.clone();
                os::on_a_thread(move || os::keys(&entry, is_new)).await?
            }
            Self::File(passphrase) => {
                let (path, passphrase) = (dir.keys(), passphrase.clone());
                tokio::task::spawn_blocking(move || file::keys(&path, &passphrase, is_new))
                    .await
                    .map_err(Problem::broken)??
            }
            Self::Memory(keys) => {
                let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
                match (&*keys, is_new) {
                    (Some(keys), _) => keys.clone(),
                    (None, true) => keys.insert(Keys::random()).clone(),
                    (None, false) => return Err(lost("memory")),
                }
            }
        };
        let kind = self.kind();
        dir.change(|settings| settings.keychain = Some(kind))?;
        Ok(keys)
    }
}

impl KeychainKind {
    /// In words.
    fn name(self) -> &'static str {
        match self {
            Self::Os => "the operating system's",
            Self::File => "the passphrase file",
            Self::Memory => "memory, which ended with its process",
        }
    }
}

/// There is a database, and its keys are gone. New ones would not open it.
fn lost(place: &str) -> Problem {
    let text = format!(
        "The keys of this data are not in the keychain ({place}). Without them it cannot be opened: \
         restore the keychain, or start with another data directory."
    );
    Problem::new(ProblemCode::KeychainMissing, text)
}
