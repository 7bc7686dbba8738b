//! Who is in each group, as lists show them. What counts is the log's state.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::log_state::{ParticipantKind, Role};
use snug_wire::{AccountId, ConversationId};

/// A participant of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub account: AccountId,
    /// The name it shows to everybody.
    pub name: String,
    /// What it is.
    pub kind: ParticipantKind,
    /// What it may do.
    pub role: Role,
    /// Whether a device of theirs has spoken: before, they are only invited.
    pub joined: bool,
    /// When one of them was last heard of here, milliseconds of Unix time, to an hour; else when they came.
    pub spoke_at: u64,
}

fn row(row: &Row<'_>) -> rusqlite::Result<Member> {
    Ok(Member {
        account: AccountId(row.get(0)?),
        name: row.get(1)?,
        kind: match row.get(2)? {
            1 => ParticipantKind::Agent,
            _ => ParticipantKind::User,
        },
        role: match row.get(3)? {
            1 => Role::Admin,
            _ => Role::Member,
        },
        joined: row.get(4)?,
        spoke_at: uint(row.get(5)?),
    })
}

const COLUMNS: &str = "account, name, kind, role, joined, spoke_at";

/// Keeps a participant as it is now; who has joined stays joined.
pub(crate) fn put(db: &Connection, conversation: &ConversationId, new: &Member) -> Result<()> {
    db.prepare_cached(&format!(
        "INSERT INTO participant (conversation, {COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (conversation, account) DO UPDATE SET
           name = excluded.name, kind = excluded.kind, role = excluded.role,
           joined = max(joined, excluded.joined)"
    ))?
    .execute((
        conversation.0,
        new.account.0,
        &new.name,
        i64::from(!new.kind.is_user()),
        i64::from(new.role == Role::Admin),
        new.joined,
        int(new.spoke_at),
    ))?;
    Ok(())
}

pub(crate) fn delete(
    db: &Connection,
    conversation: &ConversationId,
    account: &AccountId,
) -> Result<()> {
    db.prepare_cached("DELETE FROM participant WHERE conversation = ?1 AND account = ?2")?
        .execute((conversation.0, account.0))?;
    Ok(())
}

/// A device of theirs has spoken; says whether that is news.
pub(crate) fn spoke(
    db: &Connection,
    conversation: &ConversationId,
    account: &AccountId,
    now: u64,
) -> Result<bool> {
    let changed = db
        .prepare_cached(
            "UPDATE participant SET joined = 1, spoke_at = ?3
             WHERE conversation = ?1 AND account = ?2 AND (joined = 0 OR spoke_at < ?3 - ?4)",
        )?
        .execute((conversation.0, account.0, int(now), int(HOUR)))?;
    Ok(changed > 0)
}

/// How exactly it is kept when somebody spoke, in milliseconds.
const HOUR: u64 = 3_600_000;

/// Everybody in a group, by account.
pub(crate) fn of(db: &Connection, conversation: &ConversationId) -> Result<Vec<Member>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM participant WHERE conversation = ?1 ORDER BY account"
    ))?;
    let rows = query.query_map([conversation.0], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many are in a group.
pub(crate) fn count(db: &Connection, conversation: &ConversationId) -> Result<u64> {
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM participant WHERE conversation = ?1")?
        .query_row([conversation.0], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// The name that somebody shows in a group that we share.
pub(crate) fn name(db: &Connection, account: &AccountId) -> Result<Option<String>> {
    Ok(db
        .prepare_cached("SELECT name FROM participant WHERE account = ?1 LIMIT 1")?
        .query_row([account.0], |row| row.get(0))
        .optional()?)
}
