//! Messages that disappeared. What arrives about them later is not kept.

use crate::error::Result;
use crate::store::int;
use rusqlite::Connection;
use snug_wire::MessageId;

/// For how long it is remembered, in milliseconds: relays keep nothing for as long.
const KEPT: u64 = 100 * 24 * 3_600_000;

/// Remembers one; what has been remembered long enough goes bit by bit.
pub(crate) fn add(db: &Connection, id: &MessageId, now: u64) -> Result<()> {
    db.prepare_cached("INSERT INTO gone (message, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute((id.0, int(now)))?;
    db.prepare_cached(
        "DELETE FROM gone WHERE message IN
         (SELECT message FROM gone WHERE at < ?1 ORDER BY at LIMIT 2)",
    )?
    .execute([int(now.saturating_sub(KEPT))])?;
    Ok(())
}

pub(crate) fn is(db: &Connection, id: &MessageId) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT 1 FROM gone WHERE message = ?1")?
        .exists([id.0])?)
}
