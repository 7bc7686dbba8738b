//! Entries. One below its mailbox's `first` is remembered only: its bytes are gone, its id and
//! digest still answer a repeated `Put` until the time-to-live, counted from when it was put.
//! That is long enough: a device that has not read the log for so long must rejoin anyway, and
//! what it had encrypted is void.

use super::memory::Row;
use super::{Db, StoreError, bytes, int};
use rusqlite::OptionalExtension as _;
use snug_wire::{EnvelopeId, Seq};
use std::ops::Range;

pub(super) const SCHEMA: &str = "
CREATE TABLE entry (
    mailbox INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    digest BLOB NOT NULL, -- over all that was put
    flagged INTEGER NOT NULL,
    at INTEGER NOT NULL,  -- milliseconds of Unix time
    bytes BLOB NOT NULL,  -- empty once forgotten
    PRIMARY KEY (mailbox, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entry_id ON entry (mailbox, id);";

/// One row.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place.
    pub seq: Seq,
    /// The envelope.
    pub id: EnvelopeId,
    /// Whether it was put as a commit.
    pub flagged: bool,
    /// The sealed bytes.
    pub bytes: Vec<u8>,
}

/// What a frame counts beside its bytes when budgets are spent: about its other fields.
pub const OVERHEAD: usize = 128;

impl Entry {
    /// What it counts when budgets are spent, in bytes.
    pub fn cost(&self) -> usize {
        self.bytes.len() + OVERHEAD
    }
}

/// Where that envelope is or was, and the digest of what was put.
pub fn known(
    conn: &Db<'_>,
    mailbox: i64,
    id: &EnvelopeId,
) -> Result<Option<(Seq, [u8; 32])>, StoreError> {
    if let Some(memory) = conn.memory() {
        return Ok(memory.known(mailbox, id));
    }
    Ok(conn
        .prepare_cached("SELECT seq, digest FROM entry WHERE mailbox = ?1 AND id = ?2")?
        .query_row((mailbox, &id.0), |row| {
            Ok((Seq(row.get::<_, i64>(0)? as u64), bytes(row, 1)?))
        })
        .optional()?)
}

/// The envelope at that place, if it is remembered.
pub fn id_at(conn: &Db<'_>, mailbox: i64, seq: Seq) -> Result<Option<EnvelopeId>, StoreError> {
    if let Some(memory) = conn.memory() {
        return Ok(memory.id_at(mailbox, seq));
    }
    Ok(conn
        .prepare_cached("SELECT id FROM entry WHERE mailbox = ?1 AND seq = ?2")?
        .query_row((mailbox, int(seq.0)), |row| bytes(row, 0))
        .optional()?
        .map(EnvelopeId))
}

/// Appends; gives the bytes back for those who get them now.
#[expect(clippy::too_many_arguments, reason = "the columns")]
pub fn insert(
    conn: &Db<'_>,
    mailbox: i64,
    seq: Seq,
    id: &EnvelopeId,
    digest: &[u8; 32],
    flagged: bool,
    now: u64,
    bytes: Vec<u8>,
) -> Result<Vec<u8>, StoreError> {
    if let Some(mut memory) = conn.memory() {
        // What stays is the first: its room was made where nobody waits for it.
        let copy = bytes.clone();
        let row = Row {
            id: *id,
            digest: *digest,
            flagged,
            at: now,
            bytes,
        };
        memory.append(mailbox, seq, row);
        return Ok(copy);
    }
    conn.prepare_cached(
        "INSERT INTO entry (mailbox, seq, id, digest, flagged, at, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((mailbox, int(seq.0), &id.0, digest, flagged, int(now), &bytes))?;
    Ok(bytes)
}

/// Entries from `from` to `to`, both included, rising, until their bytes reach `budget` (at least one).
pub fn page(
    conn: &Db<'_>,
    mailbox: i64,
    from: Seq,
    to: Seq,
    budget: usize,
) -> Result<Vec<Entry>, StoreError> {
    if let Some(memory) = conn.memory() {
        return Ok(memory.entries(mailbox, from, to, budget));
    }
    let mut statement = conn.prepare_cached(
        "SELECT seq, id, flagged, bytes FROM entry WHERE mailbox = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
    )?;
    let mut rows = statement.query((mailbox, int(from.0), int(to.0)))?;
    let mut entries = Vec::new();
    let mut size = 0;
    while size < budget
        && let Some(row) = rows.next()?
    {
        let entry = Entry {
            seq: Seq(row.get::<_, i64>(0)? as u64),
            id: EnvelopeId(bytes(row, 1)?),
            flagged: row.get(2)?,
            bytes: row.get(3)?,
        };
        size += entry.cost();
        entries.push(entry);
    }
    Ok(entries)
}

/// Forgets the bytes of the entries `from..below`; says how many bytes they were.
pub fn forget(conn: &Db<'_>, mailbox: i64, from: Seq, below: Seq) -> Result<u64, StoreError> {
    if let Some(mut memory) = conn.memory() {
        return Ok(memory.forget(mailbox, from, below));
    }
    let range = (mailbox, int(from.0), int(below.0));
    let size: i64 = conn
        .prepare_cached(
            "SELECT coalesce(sum(length(bytes)), 0) FROM entry WHERE mailbox = ?1 AND seq >= ?2 AND seq < ?3",
        )?
        .query_row(range, |row| row.get(0))?;
    conn.prepare_cached(
        "UPDATE entry SET bytes = x'' WHERE mailbox = ?1 AND seq >= ?2 AND seq < ?3",
    )?
    .execute(range)?;
    Ok(size as u64)
}

/// What a row counts when work is bounded, beside its bytes and those of its attachments.
pub(super) const ROW: u64 = 4_096;

/// How far a piece of work on the entries of `range` reaches that were put before that time: one past
/// the last, and what they count, `budget` or a little more. `None` when the first is younger.
pub fn reach(
    conn: &Db<'_>,
    mailbox: i64,
    range: Range<Seq>,
    before: u64,
    budget: u64,
) -> Result<Option<(Seq, u64)>, StoreError> {
    if let Some(memory) = conn.memory() {
        return Ok(memory.reach(mailbox, range, before, budget));
    }
    let mut statement = conn.prepare_cached(
        "SELECT seq, at, length(bytes) + (SELECT coalesce(sum(length(a.bytes)), 0) FROM attachment a
             WHERE a.mailbox = entry.mailbox AND a.seq = entry.seq)
         FROM entry WHERE mailbox = ?1 AND seq >= ?2 AND seq < ?3 ORDER BY seq",
    )?;
    let mut rows = statement.query((mailbox, int(range.start.0), int(range.end.0)))?;
    let mut reach = None;
    let mut size = 0;
    while size < budget
        && let Some(row) = rows.next()?
        && row.get::<_, i64>(1)? < int(before)
    {
        size += ROW + row.get::<_, i64>(2)? as u64;
        reach = Some((Seq(row.get::<_, i64>(0)? as u64 + 1), size));
    }
    Ok(reach)
}

/// Removes the entries below, memory of their ids included; says how many bytes they still held.
pub fn delete(conn: &Db<'_>, mailbox: i64, below: Seq) -> Result<u64, StoreError> {
    if let Some(mut memory) = conn.memory() {
        return Ok(memory.delete_below(mailbox, below));
    }
    let range = (mailbox, int(below.0));
    let size: i64 = conn
        .prepare_cached(
            "SELECT coalesce(sum(length(bytes)), 0) FROM entry WHERE mailbox = ?1 AND seq < ?2",
        )?
        .query_row(range, |row| row.get(0))?;
    conn.prepare_cached("DELETE FROM entry WHERE mailbox = ?1 AND seq < ?2")?
        .execute(range)?;
    Ok(size as u64)
}
