//! What each log has established (rule 20), apart from the log: in a group it is large.

use crate::error::Result;
use rusqlite::{Connection, OptionalExtension};
use snug_wire::log_state::LogState;
use snug_wire::{FRAME_LIMIT, GroupId, decode, encode};

/// Keeps a log's state, under a new version.
pub(crate) fn put(db: &Connection, group: &GroupId, state: &LogState) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO log_state (group_id, state) VALUES (?1, ?2)
         ON CONFLICT (group_id) DO UPDATE SET state = excluded.state",
    )?
    .execute((group.0, encode(state)))?;
    db.prepare_cached("UPDATE log SET version = version + 1 WHERE group_id = ?1")?
        .execute([group.0])?;
    Ok(())
}

pub(crate) fn get(db: &Connection, group: &GroupId) -> Result<Option<LogState>> {
    let state: Option<Vec<u8>> = db
        .prepare_cached("SELECT state FROM log_state WHERE group_id = ?1")?
        .query_row([group.0], |row| row.get(0))
        .optional()?;
    state
        .map(|state| Ok(decode(&state, FRAME_LIMIT)?))
        .transpose()
}

/// Which state it is, counted from the first one.
pub(crate) fn version(db: &Connection, group: &GroupId) -> Result<Option<i64>> {
    Ok(db
        .prepare_cached("SELECT version FROM log WHERE group_id = ?1")?
        .query_row([group.0], |row| row.get(0))
        .optional()?)
}
