//! Locks a mailbox had, and the commit that ended each (rule 4). Kept as long as the mailbox.

use super::{StoreError, bytes, int};
use rusqlite::Connection;
use snug_wire::{Lock, Seq};

pub(super) const SCHEMA: &str = "
CREATE TABLE old_lock (
    mailbox INTEGER NOT NULL,
    until INTEGER NOT NULL, -- the commit that replaced it
    lock BLOB NOT NULL,
    PRIMARY KEY (mailbox, until)
) STRICT, WITHOUT ROWID;";

/// Remembers a replaced lock.
pub fn insert(conn: &Connection, mailbox: i64, until: Seq, lock: &Lock) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT INTO old_lock (mailbox, until, lock) VALUES (?1, ?2, ?3)")?
        .execute((mailbox, int(until.0), &lock.0))?;
    Ok(())
}

/// Every lock the mailbox had, the newest first.
pub fn all(conn: &Connection, mailbox: i64) -> Result<Vec<(Seq, Lock)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT until, lock FROM old_lock WHERE mailbox = ?1 ORDER BY until DESC",
    )?;
    let rows = statement.query_map([mailbox], |row| {
        Ok((Seq(row.get::<_, i64>(0)? as u64), Lock(bytes(row, 1)?)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
