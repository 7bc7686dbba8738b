//! Reactions: one of each account counts, the one in the highest place.

use super::message::Place;
use crate::error::Result;
use rusqlite::{Connection, OptionalExtension};
use snug_wire::{AccountId, MessageId};

/// Adds one and drops what it replaces; one that was sent again moves to where it stands now.
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
         ON CONFLICT (id) DO UPDATE SET place = excluded.place
           WHERE message = excluded.message AND author = excluded.author
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

/// An author's last words between two places, both in it: its id, the message and the emoji.
pub(crate) fn from_between(
    db: &Connection,
    author: &AccountId,
    from: Place,
    to: Place,
) -> Result<Vec<(MessageId, MessageId, String)>> {
    let mut query = db.prepare_cached(
        "SELECT id, message, emoji FROM reaction AS this
         WHERE author = ?1 AND place BETWEEN ?2 AND ?3 AND NOT EXISTS
           (SELECT 1 FROM reaction WHERE message = this.message AND author = ?1
              AND place > this.place)
         ORDER BY place",
    )?;
    let rows = query.query_map((author.0, from.0, to.0), |row| {
        Ok((MessageId(row.get(0)?), MessageId(row.get(1)?), row.get(2)?))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The ids of an author's to a message.
pub(crate) fn ids(
    db: &Connection,
    message: &MessageId,
    author: &AccountId,
) -> Result<Vec<MessageId>> {
    let mut query =
        db.prepare_cached("SELECT id FROM reaction WHERE message = ?1 AND author = ?2")?;
    let rows = query.query_map((message.0, author.0), |row| row.get(0).map(MessageId))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Moves one to another place.
pub(crate) fn set_place(db: &Connection, id: &MessageId, place: Place) -> Result<()> {
    db.prepare_cached("UPDATE reaction SET place = ?2 WHERE id = ?1")?
        .execute((id.0, place.0))?;
    Ok(())
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
