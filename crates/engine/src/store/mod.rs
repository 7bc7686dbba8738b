//! The one database: SQLCipher, write-ahead log, every commit on disk.

pub(crate) mod table;

use crate::error::{Error, Result};
use rusqlite::{Connection, OpenFlags};
use snug_wire::Secret;
use std::fmt::Write as _;
use std::path::Path;

/// How a connection is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The engine's own; creates the database if there is none.
    Write,
    /// A second one for reads that must not queue behind writes.
    Read,
}

/// Opens the database at `path` with its 32-byte key.
///
/// # Errors
/// [`Error::Database`]: the disk, or a key that does not fit the file (`NotADatabase`).
pub fn connect(path: &Path, key: &Secret, access: Access) -> Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags |= match access {
        Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let db = Connection::open_with_flags(path, flags)?;
    // A raw key: no derivation, the key is random already (SQLCipher API, "PRAGMA key").
    let mut hex = String::with_capacity(67);
    hex.push_str("x'");
    for byte in key.expose() {
        let _ = write!(hex, "{byte:02x}");
    }
    hex.push('\'');
    // What goes wrong comes back as an error; SQLCipher would also write it to stderr.
    db.pragma_update(None, "cipher_log_level", "NONE")?;
    db.pragma_update(None, "key", &hex)?;
    zeroize::Zeroize::zeroize(&mut hex);
    db.busy_timeout(std::time::Duration::from_secs(10))?;
    db.set_prepared_statement_cache_capacity(128);
    // Reading proves the key before anything is decided on it.
    db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    db.pragma_update(None, "cache_size", -8192)?;
    db.pragma_update(None, "temp_store", "MEMORY")?;
    db.pragma_update(None, "foreign_keys", true)?;
    if access == Access::Write {
        db.pragma_update(None, "journal_mode", "WAL")?;
        // A ratchet step must never come back after power loss.
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "secure_delete", true)?;
    }
    Ok(db)
}

/// Dated migrations, in order; the database's `user_version` counts those applied. Never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];

/// Brings the schema up to date in one transaction.
pub(crate) fn migrate(db: &Connection) -> Result<()> {
    let version: usize =
        db.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))? as usize;
    if version > MIGRATIONS.len() {
        return Err(Error::TooNew);
    }
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    let tx = db.unchecked_transaction()?;
    for migration in MIGRATIONS.iter().skip(version) {
        db.execute_batch(migration)?;
    }
    db.pragma_update(None, "user_version", MIGRATIONS.len() as u32)?;
    tx.commit()?;
    Ok(())
}

/// SQLite's integers are signed; ours are not. The bits are kept.
pub(crate) fn int(value: u64) -> i64 {
    value.cast_signed()
}

/// The other way.
pub(crate) fn uint(value: i64) -> u64 {
    value.cast_unsigned()
}
