//! The data directory: one relay at a time, readable by its owner alone.

use crate::store::{Store, StoreError, private_file};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Why a data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Another relay runs on it.
    #[error(
        "another relay is running on {0}: stop it first, or give this one a data directory of its own"
    )]
    InUse(PathBuf),
    /// It cannot be made or written.
    #[error("the data directory {path} cannot be used: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// The relay's file in it cannot be used.
    #[error("{path}: {source}")]
    Store {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: StoreError,
    },
}

/// A data directory in use. Another relay may take it when this is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    _lock: File,
}

impl DataDir {
    /// Takes the directory, making it if needed, and opens the file in it.
    pub fn take(path: &Path) -> Result<(Self, Store), DataError> {
        let wrong = |source| DataError::Directory {
            path: path.to_owned(),
            source,
        };
        make(path).map_err(wrong)?;
        let lock = private_file(&path.join("relay.lock")).map_err(wrong)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => DataError::InUse(path.to_owned()),
            TryLockError::Error(source) => wrong(source),
        })?;
        let file = path.join("relay.db");
        let store = Store::open(&file).map_err(|source| DataError::Store { path: file, source })?;
        Ok((Self { _lock: lock }, store))
    }
}

fn make(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
