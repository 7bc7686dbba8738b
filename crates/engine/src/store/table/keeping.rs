//! How chats are kept in the list.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension};
use snug_wire::ConversationId;
use snug_wire::own::Keeping;

pub(crate) fn put(db: &Connection, id: &ConversationId, new: &Keeping) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO keeping (conversation, pinned, archived, muted_until) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (conversation) DO UPDATE SET pinned = excluded.pinned,
           archived = excluded.archived, muted_until = excluded.muted_until",
    )?
    .execute((id.0, new.pinned, new.archived, new.muted_until.map(int)))?;
    Ok(())
}

pub(crate) fn get(db: &Connection, id: &ConversationId) -> Result<Keeping> {
    let row = db
        .prepare_cached(
            "SELECT pinned, archived, muted_until FROM keeping WHERE conversation = ?1",
        )?
        .query_row([id.0], |row| {
            Ok(Keeping {
                pinned: row.get(0)?,
                archived: row.get(1)?,
                muted_until: row.get::<_, Option<i64>>(2)?.map(uint),
            })
        })
        .optional()?;
    Ok(row.unwrap_or_default())
}

/// When the next chat is loud again; not those that are muted for good.
pub(crate) fn next_end(db: &Connection) -> Result<Option<u64>> {
    let next: Option<i64> = db
        .prepare_cached(
            "SELECT min(muted_until) FROM keeping WHERE muted_until IS NOT NULL AND muted_until < ?1",
        )?
        .query_row([int(Keeping::FOR_GOOD)], |row| row.get(0))?;
    Ok(next.map(uint))
}

/// Chats that were muted until then are loud again: which.
pub(crate) fn end_mutes(db: &Connection, now: u64) -> Result<Vec<ConversationId>> {
    let mut query = db.prepare_cached(
        "UPDATE keeping SET muted_until = NULL
         WHERE muted_until IS NOT NULL AND muted_until <= ?1 RETURNING conversation",
    )?;
    let rows = query.query_map([int(now)], |row| row.get(0).map(ConversationId))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
