//! Edits and deletions, in the order of their places.

use super::message::Place;
use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension};
use snug_wire::content::{Body, Content};
use snug_wire::{AccountId, FRAME_LIMIT, MessageId, decode};

/// An edit or a deletion.
#[derive(Clone)]
pub(crate) struct Amendment {
    pub message: MessageId,
    pub author: AccountId,
    /// A waiting place while it has not come back from the log.
    pub place: Place,
    /// Its own id.
    pub id: MessageId,
    /// The author's clock, milliseconds of Unix time.
    pub at: u64,
    /// Its content's CBOR.
    pub content: Vec<u8>,
}

impl Amendment {
    /// What it does.
    pub fn body(&self) -> Result<Body> {
        Ok(decode::<Content>(&self.content, FRAME_LIMIT)?.body)
    }
}

/// Adds one; one that was sent again moves to where it stands now, for everyone.
pub(crate) fn insert(db: &Connection, new: &Amendment) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO amendment (message, author, place, id, at, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET place = excluded.place
           WHERE message = excluded.message AND author = excluded.author
         ON CONFLICT DO NOTHING",
    )?
    .execute((
        new.message.0,
        new.author.0,
        new.place.0,
        new.id.0,
        int(new.at),
        &new.content,
    ))?;
    Ok(())
}

/// All by a message's author, in the order of their places.
pub(crate) fn of(
    db: &Connection,
    message: &MessageId,
    author: &AccountId,
) -> Result<Vec<Amendment>> {
    let mut query = db.prepare_cached(
        "SELECT place, id, at, content FROM amendment WHERE message = ?1 AND author = ?2
         ORDER BY place",
    )?;
    let rows = query.query_map((message.0, author.0), |row| {
        Ok(Amendment {
            message: *message,
            author: *author,
            place: Place(row.get(0)?),
            id: MessageId(row.get(1)?),
            at: uint(row.get(2)?),
            content: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// An author's between two places, both in it, each with all that the same author said later about the
/// same message, waiting or not: what is sent again must not count more than what was said after it.
pub(crate) fn from_between(
    db: &Connection,
    author: &AccountId,
    from: Place,
    to: Place,
) -> Result<Vec<Amendment>> {
    let mut query = db.prepare_cached(
        "SELECT message, place, id, at, content FROM amendment
         WHERE author = ?1 AND place >= ?2 AND message IN
           (SELECT message FROM amendment WHERE author = ?1 AND place BETWEEN ?2 AND ?3)
         ORDER BY place",
    )?;
    let rows = query.query_map((author.0, from.0, to.0), |row| {
        Ok(Amendment {
            message: MessageId(row.get(0)?),
            author: *author,
            place: Place(row.get(1)?),
            id: MessageId(row.get(2)?),
            at: uint(row.get(3)?),
            content: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Moves one to another place.
pub(crate) fn set_place(db: &Connection, id: &MessageId, place: Place) -> Result<()> {
    db.prepare_cached("UPDATE amendment SET place = ?2 WHERE id = ?1")?
        .execute((id.0, place.0))?;
    Ok(())
}

/// Forgets one by its own id; says what it was about.
pub(crate) fn delete(db: &Connection, id: &MessageId) -> Result<Option<MessageId>> {
    Ok(db
        .prepare_cached("DELETE FROM amendment WHERE id = ?1 RETURNING message")?
        .query_row([id.0], |row| row.get(0).map(MessageId))
        .optional()?)
}

/// Forgets all about a message, but for one.
pub(crate) fn forget(db: &Connection, message: &MessageId, but: Option<&MessageId>) -> Result<()> {
    db.prepare_cached("DELETE FROM amendment WHERE message = ?1 AND id IS NOT ?2")?
        .execute((message.0, but.map(|id| id.0)))?;
    Ok(())
}
