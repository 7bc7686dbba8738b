//! Entries that could not be applied, kept apart so that they hold nothing up (rule 24).

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::Connection;
use snug_wire::{Address, Seq};

/// The most entries named to their authors at once.
pub(crate) const UNOPENED: u32 = 256;
/// The most entries noted of a mailbox; then the oldest is forgotten for each that comes.
const KEPT: i64 = 1_000;

/// Notes an entry that could not be opened.
pub(crate) fn add(db: &Connection, address: &Address, seq: Seq, why: &str) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO quarantine (address, seq, why, tries) VALUES (?1, ?2, ?3, 0)
         ON CONFLICT (address, seq) DO UPDATE SET why = excluded.why, tries = 0",
    )?
    .execute((address.0, int(seq.0), why))?;
    db.prepare_cached(
        "DELETE FROM quarantine WHERE address = ?1 AND seq <=
         (SELECT seq FROM quarantine WHERE address = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute((address.0, KEPT))?;
    Ok(())
}

/// Counts an attempt before it is made; says how many there were before.
pub(crate) fn attempt(db: &Connection, address: &Address, seq: Seq) -> Result<u32> {
    Ok(db
        .prepare_cached(
            "INSERT INTO quarantine (address, seq, why, tries) VALUES (?1, ?2, 'applying', 1)
             ON CONFLICT (address, seq) DO UPDATE SET tries = tries + 1 RETURNING tries - 1",
        )?
        .query_row((address.0, int(seq.0)), |row| row.get(0))?)
}

/// Forgets an attempt that went well.
pub(crate) fn succeeded(db: &Connection, address: &Address, seq: Seq) -> Result<()> {
    db.prepare_cached("DELETE FROM quarantine WHERE address = ?1 AND seq = ?2 AND tries > 0")?
        .execute((address.0, int(seq.0)))?;
    Ok(())
}

/// What of a mailbox could not be opened, rising; at most the newest [`UNOPENED`].
pub(crate) fn unopened(db: &Connection, address: &Address) -> Result<Vec<Seq>> {
    let mut query = db.prepare_cached(
        "SELECT seq FROM (SELECT seq FROM quarantine WHERE address = ?1 AND tries = 0
         ORDER BY seq DESC LIMIT ?2) ORDER BY seq",
    )?;
    let rows = query.query_map((address.0, UNOPENED), |row| {
        row.get(0).map(|seq| Seq(uint(seq)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets what of a mailbox could not be opened: it is sent again.
pub(crate) fn forget(db: &Connection, address: &Address) -> Result<()> {
    db.prepare_cached("DELETE FROM quarantine WHERE address = ?1")?
        .execute([address.0])?;
    Ok(())
}

/// How many there are of a mailbox.
pub(crate) fn count_of(db: &Connection, address: &Address) -> Result<u64> {
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM quarantine WHERE address = ?1 AND tries = 0")?
        .query_row([address.0], |row| row.get(0))?;
    Ok(uint(count))
}

/// How many there are in all.
pub(crate) fn count(db: &Connection) -> Result<u64> {
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM quarantine WHERE tries = 0")?
        .query_row([], |row| row.get(0))?;
    Ok(uint(count))
}
