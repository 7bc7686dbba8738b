//! Changes of groups that are wished here and not done yet. They outlive restarts, and logs.

use crate::error::Result;
use crate::store::table::candidate;
use crate::store::{int, uint};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::card::Signed;
use snug_wire::log_state::{Leave, Role};
use snug_wire::vote::Vote;
use snug_wire::{AccountId, ClaimId, ConversationId, FRAME_LIMIT, RelayAddress, decode, encode};

/// What is wished.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) enum Wanted {
    /// Add somebody: a contact, or who asked by a claim.
    #[n(0)]
    Add(#[n(0)] AccountId, #[n(1)] Option<ClaimId>),
    /// Take somebody out.
    #[n(1)]
    Remove(#[n(0)] AccountId),
    /// Give somebody a role.
    #[n(2)]
    Role(#[n(0)] AccountId, #[n(1)] Role),
    /// Call the group this.
    #[n(3)]
    Rename(#[n(0)] String),
    /// Say what it is about.
    #[n(4)]
    Describe(#[n(0)] String),
    /// Give it a picture, or none.
    #[n(5)]
    Picture(#[n(0)] Option<ByteVec>),
    /// Carry out that somebody leaves.
    #[n(6)]
    Leave(#[n(0)] Box<Signed<Leave>>),
    /// Go on at another relay.
    #[n(7)]
    Move(#[n(0)] RelayAddress),
    /// Make whom these are for an admin.
    #[n(8)]
    Elect(#[n(0)] Vec<Signed<Vote>>),
}

/// A wish, with its number.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub id: i64,
    pub conversation: ConversationId,
    pub at: u64,
    /// Not before this time; 0 is at once.
    pub not_before: u64,
    pub wanted: Wanted,
}

const COLUMNS: &str = "id, conversation, at, not_before, wanted";

type Raw = (i64, ConversationId, u64, u64, Vec<u8>);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((
        row.get(0)?,
        ConversationId(row.get(1)?),
        uint(row.get(2)?),
        uint(row.get(3)?),
        row.get(4)?,
    ))
}

fn whole((id, conversation, at, not_before, wanted): Raw) -> Result<Pending> {
    Ok(Pending {
        id,
        conversation,
        at,
        not_before,
        wanted: decode(&wanted, FRAME_LIMIT)?,
    })
}

/// Adds a wish; its number.
pub(crate) fn add(
    db: &Connection,
    conversation: &ConversationId,
    wanted: &Wanted,
    (now, not_before): (u64, u64),
) -> Result<i64> {
    db.prepare_cached(
        "INSERT INTO pending (conversation, at, not_before, adds, wanted) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute((
        conversation.0,
        int(now),
        int(not_before),
        matches!(wanted, Wanted::Add(..)),
        encode(wanted),
    ))?;
    Ok(db.last_insert_rowid())
}

pub(crate) fn get(db: &Connection, id: i64) -> Result<Option<Pending>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM pending WHERE id = ?1"))?
        .query_row([id], raw)
        .optional()?
        .map(whole)
        .transpose()
}

/// The wishes of a conversation, oldest first.
pub(crate) fn of(db: &Connection, conversation: &ConversationId) -> Result<Vec<Pending>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM pending WHERE conversation = ?1 ORDER BY id"
    ))?;
    let rows = query.query_map([conversation.0], raw)?;
    rows.map(|row| whole(row?)).collect()
}

/// Those of a conversation that can be set about now, oldest first: nobody is added before the key packages
/// of all their devices are there.
pub(crate) fn ripe(
    db: &Connection,
    conversation: &ConversationId,
    now: u64,
) -> Result<Vec<Pending>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM pending WHERE {RIPE} ORDER BY id"
    ))?;
    let rows = query.query_map((conversation.0, int(now)), raw)?;
    rows.map(|row| whole(row?)).collect()
}

const RIPE: &str = "conversation = ?1 AND not_before <= ?2 AND (NOT adds
  OR EXISTS (SELECT 1 FROM candidate WHERE pending = id)
    AND NOT EXISTS (SELECT 1 FROM candidate WHERE pending = id AND package IS NULL))";

/// Whether there is one of them.
pub(crate) fn is_any_ripe(
    db: &Connection,
    conversation: &ConversationId,
    now: u64,
) -> Result<bool> {
    Ok(db
        .prepare_cached(&format!(
            "SELECT EXISTS (SELECT 1 FROM pending WHERE {RIPE})"
        ))?
        .query_row((conversation.0, int(now)), |row| row.get(0))?)
}

/// Whether just that is wished of a conversation.
pub(crate) fn is_wished(
    db: &Connection,
    conversation: &ConversationId,
    wanted: &Wanted,
) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM pending WHERE conversation = ?1 AND wanted = ?2)",
        )?
        .query_row((conversation.0, encode(wanted)), |row| row.get(0))?)
}

/// How many are to be added to a conversation.
pub(crate) fn adds(db: &Connection, conversation: &ConversationId) -> Result<usize> {
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM pending WHERE conversation = ?1 AND adds")?
        .query_row([conversation.0], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// All of them.
pub(crate) fn all(db: &Connection) -> Result<Vec<Pending>> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM pending ORDER BY id"))?;
    let rows = query.query_map([], raw)?;
    rows.map(|row| whole(row?)).collect()
}

/// All that were put off until some time up to now.
pub(crate) fn due(db: &Connection, now: u64) -> Result<Vec<Pending>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM pending WHERE not_before BETWEEN 1 AND ?1 ORDER BY id"
    ))?;
    let rows = query.query_map([int(now)], raw)?;
    rows.map(|row| whole(row?)).collect()
}

/// Additions that were put off.
pub(crate) fn put_off(db: &Connection) -> Result<Vec<Pending>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM pending WHERE not_before > 0 AND adds ORDER BY id"
    ))?;
    let rows = query.query_map([], raw)?;
    rows.map(|row| whole(row?)).collect()
}

/// When the next one is due that was put off.
pub(crate) fn next_due(db: &Connection) -> Result<Option<u64>> {
    let at: Option<i64> = db
        .prepare_cached("SELECT min(not_before) FROM pending WHERE not_before > 0")?
        .query_row([], |row| row.get(0))?;
    Ok(at.map(uint))
}

/// Puts one off; 0 is at once.
pub(crate) fn delay(db: &Connection, id: i64, not_before: u64) -> Result<()> {
    db.prepare_cached("UPDATE pending SET not_before = ?2 WHERE id = ?1")?
        .execute((id, int(not_before)))?;
    Ok(())
}

/// It is done, or moot.
pub(crate) fn delete(db: &Connection, id: i64) -> Result<()> {
    candidate::forget(db, id)?;
    db.prepare_cached("DELETE FROM pending WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}
