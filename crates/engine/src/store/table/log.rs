//! Logs: an MLS group in a mailbox, carrying a conversation. One conversation may have several (rule 19).

use crate::error::Result;
use crate::store::table::{conversation, log_state};
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::log_state::{ConversationKind, LogState};
use snug_wire::{Address, ConversationId, FRAME_LIMIT, GroupId, RelayAddress, Seq, decode, encode};

/// Why a log cannot be followed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Others go on in an epoch we do not have: one of them takes us in again (rule 17).
    Behind = 1,
    /// Its mailbox is not there, or not ours: the conversation is founded anew (rule 18).
    Unusable = 2,
}

/// A log.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub group: GroupId,
    pub conversation: ConversationId,
    pub address: Address,
    /// What it carries. What it has established is read apart ([`log_state`]).
    pub kind: ConversationKind,
    /// The last flagged entry applied (rule 5).
    pub head: Seq,
    /// Whether its founding commit stands: before, nothing is written to it.
    pub ready: bool,
    /// Everything up to here was on the person's screen.
    pub read: Seq,
    /// Why nothing is read or written in it now.
    pub trouble: Option<Trouble>,
}

impl Log {
    /// Whether it can be written to.
    pub fn is_sound(&self) -> bool {
        self.ready && self.trouble.is_none()
    }
}

const COLUMNS: &str = "group_id, conversation, address, kind, head, ready, read, trouble";

fn row(row: &Row<'_>) -> rusqlite::Result<Log> {
    Ok(Log {
        group: GroupId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        address: Address(row.get(2)?),
        kind: conversation::kind_of(row.get(3)?)?,
        head: Seq(uint(row.get(4)?)),
        ready: row.get(5)?,
        read: Seq(uint(row.get(6)?)),
        trouble: match row.get(7)? {
            1 => Some(Trouble::Behind),
            2 => Some(Trouble::Unusable),
            _ => None,
        },
    })
}

/// Adds a log and what it has established.
pub(crate) fn insert(db: &Connection, new: &Log, state: &LogState) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO log (group_id, conversation, address, kind, head, ready, read)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        new.group.0,
        new.conversation.0,
        new.address.0,
        conversation::kind_number(new.kind),
        int(new.head.0),
        new.ready,
        int(new.read.0),
    ))?;
    log_state::put(db, &new.group, state)
}

pub(crate) fn at(db: &Connection, address: &Address) -> Result<Option<Log>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM log WHERE address = ?1"))?
        .query_row([address.0], row)
        .optional()
        .map_err(Into::into)
}

pub(crate) fn get(db: &Connection, group: &GroupId) -> Result<Option<Log>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM log WHERE group_id = ?1"))?
        .query_row([group.0], row)
        .optional()
        .map_err(Into::into)
}

/// All logs of a conversation, lowest group id first: the first ready one is written to (rule 19).
pub(crate) fn of(db: &Connection, conversation: &ConversationId) -> Result<Vec<Log>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM log WHERE conversation = ?1 ORDER BY group_id"
    ))?;
    let rows = query.query_map([conversation.0], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn set_head(db: &Connection, group: &GroupId, head: Seq) -> Result<()> {
    db.prepare_cached("UPDATE log SET head = ?2 WHERE group_id = ?1")?
        .execute((group.0, int(head.0)))?;
    Ok(())
}

pub(crate) fn set_trouble(
    db: &Connection,
    group: &GroupId,
    trouble: Option<Trouble>,
) -> Result<()> {
    db.prepare_cached("UPDATE log SET trouble = ?2 WHERE group_id = ?1")?
        .execute((group.0, trouble.map_or(0, |trouble| trouble as i64)))?;
    Ok(())
}

/// When others were last asked for help; 0 never.
pub(crate) fn asked_at(db: &Connection, group: &GroupId) -> Result<u64> {
    let at: i64 = db
        .prepare_cached("SELECT asked_at FROM log WHERE group_id = ?1")?
        .query_row([group.0], |row| row.get(0))?;
    Ok(uint(at))
}

pub(crate) fn set_asked_at(db: &Connection, group: &GroupId, at: u64) -> Result<()> {
    db.prepare_cached("UPDATE log SET asked_at = ?2 WHERE group_id = ?1")?
        .execute((group.0, int(at)))?;
    Ok(())
}

/// Logs that cannot be followed.
pub(crate) fn troubled(db: &Connection) -> Result<Vec<Log>> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM log WHERE trouble <> 0"))?;
    let rows = query.query_map([], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// At which relay a log's conversation goes on, in another log; `None` while it stays.
pub(crate) fn moved(db: &Connection, group: &GroupId) -> Result<Option<RelayAddress>> {
    let moved: Option<Vec<u8>> = db
        .prepare_cached("SELECT moved FROM log WHERE group_id = ?1")?
        .query_row([group.0], |row| row.get(0))?;
    let moved = moved.map(|form| decode(&form, FRAME_LIMIT));
    Ok(moved.transpose()?)
}

/// Its conversation goes on in another log, at that relay.
pub(crate) fn set_moved(db: &Connection, group: &GroupId, to: &RelayAddress) -> Result<()> {
    db.prepare_cached("UPDATE log SET moved = ?2 WHERE group_id = ?1")?
        .execute((group.0, encode(to)))?;
    Ok(())
}

/// Whether it can be written to: its founding commit stands, and one is in it.
pub(crate) fn set_ready(db: &Connection, group: &GroupId, ready: bool) -> Result<()> {
    db.prepare_cached("UPDATE log SET ready = ?2 WHERE group_id = ?1")?
        .execute((group.0, ready))?;
    Ok(())
}

/// Raises the read watermark; says whether it rose.
pub(crate) fn raise_read(db: &Connection, group: &GroupId, seq: Seq) -> Result<bool> {
    let changed = db
        .prepare_cached("UPDATE log SET read = ?2 WHERE group_id = ?1 AND read < ?2")?
        .execute((group.0, int(seq.0)))?;
    Ok(changed > 0)
}
