//! One SQLite file: everything a relay knows. One small module per table.
//!
//! Absent on purpose: a storage trait, and any knowledge of who is connected.

pub mod attachment;
pub mod claim;
mod db;
pub mod entry;
pub mod invitation;
pub mod key_package;
pub mod mailbox;
mod memory;
pub mod meta;
pub mod old_lock;

pub(crate) use db::{Batch, Db};
use memory::Memory;
use rusqlite::Connection;
use std::cell::RefCell;
use std::fs::File;
use std::path::Path;

/// Schema version, kept in `PRAGMA user_version`.
const SCHEMA: i64 = 1;

/// Why the relay's file could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite's word: the disk is full or broken, or the file is damaged.
    #[error("the relay's file cannot be used: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file cannot be made or opened.
    #[error("the relay's file cannot be opened: {0}")]
    File(#[from] std::io::Error),
    /// Made by a later version.
    #[error("the relay's file was made by a newer snug-relay (schema {0}): update snug-relay")]
    Newer(i64),
}

/// The open file. Dropping it ends all use.
#[derive(Debug)]
pub struct Store {
    conn: Connection,
    /// Mailboxes and entries, if they are not in SQLite.
    memory: Option<RefCell<Memory>>,
}

impl Store {
    /// Opens or makes the file, readable by its owner alone. Every commit is on disk when it returns.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be opened, is damaged, or was made by a newer version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        private_file(path)?;
        let conn = Connection::open(path)?;
        // Before the first table, or they have no effect. On pages of the usual 4 KiB an entry of more
        // than 1,000 bytes, as most are, would have a page of its own beside the table's.
        conn.pragma_update(None, "page_size", 8_192)?;
        conn.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        // In pages, 16 MiB: the last page of a busy mailbox, written with each of its entries, goes to the
        // file itself seldom. More would save more, and whoever comes just then would wait longer.
        conn.pragma_update(None, "wal_autocheckpoint", 2_000)?;
        // macOS calls a write done that only its disk's memory has, unless asked like this.
        conn.pragma_update(None, "fullfsync", true)?;
        Self::prepare(conn)
    }

    /// A store that is gone when dropped, for simulations.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    /// A store that is gone when dropped, mailboxes and entries in maps of our own: as quick as a
    /// relay can be that need not keep anything.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn forgetful() -> Result<Self, StoreError> {
        Ok(Self {
            memory: Some(RefCell::default()),
            ..Self::in_memory()?
        })
    }

    fn prepare(mut conn: Connection) -> Result<Self, StoreError> {
        conn.set_prepared_statement_cache_capacity(64);
        conn.pragma_update(None, "cache_size", -8_192)?;
        let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match version {
            SCHEMA => {}
            0 => {
                let tx = conn.transaction()?;
                for table in [
                    meta::SCHEMA,
                    mailbox::SCHEMA,
                    old_lock::SCHEMA,
                    entry::SCHEMA,
                    attachment::SCHEMA,
                    invitation::SCHEMA,
                    claim::SCHEMA,
                    key_package::SCHEMA,
                ] {
                    tx.execute_batch(table)?;
                }
                tx.pragma_update(None, "user_version", SCHEMA)?;
                tx.commit()?;
            }
            newer => return Err(StoreError::Newer(newer)),
        }
        Ok(Self { conn, memory: None })
    }

    /// Begins a batch.
    pub(crate) fn begin(&mut self) -> Result<Batch<'_>, StoreError> {
        Batch::begin(self.reader())
    }

    /// To read outside a batch.
    pub(crate) fn reader(&self) -> Db<'_> {
        Db::new(&self.conn, self.memory.as_ref())
    }

    /// Brings what was committed into the file itself.
    pub(crate) fn checkpoint(&self) -> Result<(), StoreError> {
        let pragma = "wal_checkpoint";
        self.conn
            .pragma_update_and_check(None, pragma, "TRUNCATE", |_| Ok(()))?;
        Ok(())
    }

    /// Bytes the file holds, without the pages freed in it; in memory about what that holds.
    pub(crate) fn bytes(&self) -> Result<u64, StoreError> {
        let number = |pragma| {
            self.conn
                .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
        };
        let pages = number("page_count")? - number("freelist_count")?;
        let memory = self.reader().memory().map_or(0, |memory| memory.bytes());
        Ok((pages * number("page_size")?) as u64 + memory)
    }

    /// Gives 4 MiB of freed pages back to the file system, if they are more than a quarter of the
    /// file: what is less is soon used again.
    pub(crate) fn shrink(&self) -> Result<(), StoreError> {
        let count = |pragma| {
            self.conn
                .pragma_query_value(None, pragma, |row| row.get::<_, i64>(0))
        };
        if count("freelist_count")? * 4 < count("page_count")? {
            return Ok(());
        }
        let mut statement = self.conn.prepare_cached("PRAGMA incremental_vacuum(512)")?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(())
    }
}

/// An unsigned number as SQLite keeps it. What is beyond its range (a cursor nobody can have,
/// a date in 292 million years) becomes its largest, so that no request can make a statement fail.
pub(crate) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A column of exactly `N` bytes.
pub(crate) fn bytes<const N: usize>(
    row: &rusqlite::Row<'_>,
    column: usize,
) -> rusqlite::Result<[u8; N]> {
    row.get(column)
}

/// A file that is there from now on and only its owner can read, whatever it was.
pub(crate) fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}
