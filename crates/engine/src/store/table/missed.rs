//! Ranges of a mailbox that the relay had not kept: their authors are told, and send them again.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::Connection;
use snug_wire::content::MISSED;
use snug_wire::{Address, Seq};

/// Notes a range, both ends in it; only the newest few are kept.
pub(crate) fn add(db: &Connection, address: &Address, first: Seq, last: Seq) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO missed (address, first, last) VALUES (?1, ?2, ?3)
         ON CONFLICT (address, first) DO UPDATE SET last = max(last, excluded.last)",
    )?
    .execute((address.0, int(first.0), int(last.0)))?;
    db.prepare_cached(
        "DELETE FROM missed WHERE address = ?1 AND first <=
         (SELECT first FROM missed WHERE address = ?1 ORDER BY first DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute((address.0, MISSED as i64))?;
    Ok(())
}

/// All of a mailbox, rising.
pub(crate) fn of(db: &Connection, address: &Address) -> Result<Vec<(Seq, Seq)>> {
    let mut query =
        db.prepare_cached("SELECT first, last FROM missed WHERE address = ?1 ORDER BY first")?;
    let rows = query.query_map([address.0], |row| {
        Ok((Seq(uint(row.get(0)?)), Seq(uint(row.get(1)?))))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Forgets them: others know.
pub(crate) fn forget(db: &Connection, address: &Address) -> Result<()> {
    db.prepare_cached("DELETE FROM missed WHERE address = ?1")?
        .execute([address.0])?;
    Ok(())
}
