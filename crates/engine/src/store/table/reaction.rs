//! Reactions: one of each account counts, the one in the highest place.

use super::message::Place;
use crate::error::Result;
use rusqlite::{Connection, OptionalExtension};
use snug_wire::{AccountId, MessageId};

/// Adds one and drops what it replaces; one already there stays (rule 16).
pub(crate) fn insert(
    db: &Connection,
    message: &MessageId,
    author: &AccountId,
    place: Place,
    id: &MessageId,
    emoji: &str,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO reaction (message, author, place, id, emoji) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
    )?
    .execute((message.0, author.0, place.0, id.0, emoji))?;
    if !place.is_waiting() {
        // Below the highest place of the log nothing counts any more.
        db.prepare_cached(
            "DELETE FROM reaction WHERE message = ?1 AND author = ?2 AND place <
             (SELECT max(place) FROM reaction WHERE message = ?1 AND author = ?2 AND place < ?3)",
        )?
        .execute((message.0, author.0, Place::waiting(0).0))?;
    }
    Ok(())
}

/// Who thinks what of a message, in the order of their accounts.
pub(crate) fn of(db: &Connection, message: &MessageId) -> Result<Vec<(AccountId, String)>> {
    let mut query = db.prepare_cached(
        "SELECT author, emoji, max(place) FROM reaction WHERE message = ?1 GROUP BY author",
    )?;
    let rows = query.query_map([message.0], |row| {
        Ok((AccountId(row.get(0)?), row.get::<_, String>(1)?))
    })?;
    let mut all = Vec::new();
    for row in rows {
        let (account, emoji) = row?;
        if !emoji.is_empty() {
            all.push((account, emoji));
        }
    }
    Ok(all)
}

/// Forgets one by its own id; says what it was about.
pub(crate) fn delete(db: &Connection, id: &MessageId) -> Result<Option<MessageId>> {
    Ok(db
        .prepare_cached("DELETE FROM reaction WHERE id = ?1 RETURNING message")?
        .query_row([id.0], |row| row.get(0).map(MessageId))
        .optional()?)
}

/// Forgets all to a message.
pub(crate) fn forget(db: &Connection, message: &MessageId) -> Result<()> {
    db.prepare_cached("DELETE FROM reaction WHERE message = ?1")?
        .execute([message.0])?;
    Ok(())
}
