//! Key-package pools (rule 31). A package that was given keeps its digest, so that a repeated
//! `Stock` cannot bring it back, until the pool's time-to-live has passed.

use super::{StoreError, int};
use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};

pub(super) const SCHEMA: &str = "
CREATE TABLE key_package (
    id INTEGER PRIMARY KEY, -- the order they are given in
    mailbox INTEGER NOT NULL,
    digest BLOB NOT NULL,
    given INTEGER NOT NULL,
    at INTEGER NOT NULL,    -- milliseconds of Unix time
    bytes BLOB NOT NULL,    -- empty once given
    UNIQUE (mailbox, digest)
) STRICT;
CREATE INDEX key_package_waiting ON key_package (mailbox, id) WHERE given = 0;
CREATE INDEX key_package_at ON key_package (at);
CREATE TABLE last_resort (
    mailbox INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;";

/// How many wait in the pool.
pub fn count(conn: &Connection, mailbox: i64) -> Result<u32, StoreError> {
    Ok(conn
        .prepare_cached("SELECT count(*) FROM key_package WHERE mailbox = ?1 AND given = 0")?
        .query_row([mailbox], |row| row.get(0))?)
}

/// Whether the pool has or had that package.
pub fn known(conn: &Connection, mailbox: i64, bytes: &[u8]) -> Result<bool, StoreError> {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    Ok(conn
        .prepare_cached("SELECT 1 FROM key_package WHERE mailbox = ?1 AND digest = ?2")?
        .exists((mailbox, &digest))?)
}

/// Adds one, unless it is known.
pub fn insert(conn: &Connection, mailbox: i64, bytes: &[u8], now: u64) -> Result<(), StoreError> {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    conn.prepare_cached(
        "INSERT INTO key_package (mailbox, digest, given, at, bytes) VALUES (?1, ?2, 0, ?3, ?4)
         ON CONFLICT (mailbox, digest) DO NOTHING",
    )?
    .execute((mailbox, &digest, int(now), bytes))?;
    Ok(())
}

/// Sets the one that is given when the pool is empty.
pub fn set_last_resort(conn: &Connection, mailbox: i64, bytes: &[u8]) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO last_resort (mailbox, bytes) VALUES (?1, ?2)
         ON CONFLICT (mailbox) DO UPDATE SET bytes = excluded.bytes",
    )?
    .execute((mailbox, bytes))?;
    Ok(())
}

/// Gives the oldest for good, or the last resort, or nothing.
pub fn take(conn: &Connection, mailbox: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let oldest = conn
        .prepare_cached("SELECT id, bytes FROM key_package WHERE mailbox = ?1 AND given = 0 ORDER BY id LIMIT 1")?
        .query_row([mailbox], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, bytes)) = oldest else {
        return Ok(conn
            .prepare_cached("SELECT bytes FROM last_resort WHERE mailbox = ?1")?
            .query_row([mailbox], |row| row.get(0))
            .optional()?);
    };
    conn.prepare_cached("UPDATE key_package SET given = 1, bytes = x'' WHERE id = ?1")?
        .execute([id])?;
    Ok(Some(bytes))
}

/// Empties a pool.
pub fn clear(conn: &Connection, mailbox: i64) -> Result<(), StoreError> {
    conn.prepare_cached("DELETE FROM key_package WHERE mailbox = ?1")?
        .execute([mailbox])?;
    conn.prepare_cached("DELETE FROM last_resort WHERE mailbox = ?1")?
        .execute([mailbox])?;
    Ok(())
}

/// Removes up to `limit` that came before that time, given or not.
pub fn delete_old(conn: &Connection, before: u64, limit: u32) -> Result<(), StoreError> {
    conn.prepare_cached(
        "DELETE FROM key_package WHERE id IN
         (SELECT id FROM key_package WHERE at < ?1 ORDER BY at LIMIT ?2)",
    )?
    .execute((int(before), limit))?;
    Ok(())
}
