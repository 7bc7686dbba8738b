//! Attachments: Welcomes, held as long as their commit's entry (rule 8).

use super::{StoreError, int};
use rusqlite::{Connection, OptionalExtension as _};
use snug_wire::frame::Attachment;
use snug_wire::{Lock, Seq};

pub(super) const SCHEMA: &str = "
CREATE TABLE attachment (
    mailbox INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    lock BLOB NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (mailbox, seq, lock)
) STRICT, WITHOUT ROWID;";

/// Keeps one with its entry.
pub fn insert(
    conn: &Connection,
    mailbox: i64,
    seq: Seq,
    attachment: &Attachment,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO attachment (mailbox, seq, lock, bytes) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((mailbox, int(seq.0), &attachment.lock.0, &attachment.bytes))?;
    Ok(())
}

/// The one of that entry which that lock closes.
pub fn find(
    conn: &Connection,
    mailbox: i64,
    seq: Seq,
    lock: &Lock,
) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT bytes FROM attachment WHERE mailbox = ?1 AND seq = ?2 AND lock = ?3",
        )?
        .query_row((mailbox, int(seq.0), &lock.0), |row| row.get(0))
        .optional()?)
}

/// Removes those of entries below; how many bytes they held.
pub fn delete(conn: &Connection, mailbox: i64, below: Seq) -> Result<u64, StoreError> {
    let held: i64 = conn
        .prepare_cached(
            "SELECT coalesce(sum(length(bytes)), 0) FROM attachment WHERE mailbox = ?1 AND seq < ?2",
        )?
        .query_row((mailbox, int(below.0)), |row| row.get(0))?;
    conn.prepare_cached("DELETE FROM attachment WHERE mailbox = ?1 AND seq < ?2")?
        .execute((mailbox, int(below.0)))?;
    Ok(held as u64)
}
