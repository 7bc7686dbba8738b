//! Messages, ours and others', in the order of their logs.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::content::Priority;
use snug_wire::{AccountId, ConversationId, GroupId, MessageId, Seq};
use std::collections::BTreeSet;

pub(crate) const CREATE: &str = "
CREATE TABLE message (
  id           BLOB PRIMARY KEY NOT NULL,
  conversation BLOB NOT NULL REFERENCES conversation (id),
  place        BLOB NOT NULL,
  group_id     BLOB,
  seq          INTEGER NOT NULL,
  author       BLOB NOT NULL,
  own          INTEGER NOT NULL,
  kind         INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  text         TEXT NOT NULL,
  content      BLOB NOT NULL,
  priority     INTEGER NOT NULL,
  state        INTEGER NOT NULL
) STRICT;
CREATE INDEX message_by_place ON message (conversation, place);
CREATE INDEX message_by_log ON message (group_id, seq) WHERE own = 1;
CREATE INDEX message_unread ON message (conversation, place) WHERE state = 10;";

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// A text.
    Text,
    /// Written by a newer Snug; kept as it came.
    Unknown,
}

/// How far a message has come. Only states that have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// Ours, here only.
    Sending,
    /// Ours, on the relay's disk.
    Sent,
    /// Ours, in a recipient device's database.
    Delivered,
    /// Ours, on a person's screen.
    Read,
    /// Ours, given up: the person can send it again or discard it.
    Failed,
    /// Somebody else's, not yet on this person's screen.
    Unread,
    /// Somebody else's, seen.
    Seen,
}

impl MessageState {
    fn number(self) -> i64 {
        match self {
            Self::Sending => 0,
            Self::Sent => 1,
            Self::Delivered => 2,
            Self::Read => 3,
            Self::Failed => 4,
            Self::Unread => 10,
            Self::Seen => 11,
        }
    }

    fn from_number(number: i64) -> Self {
        match number {
            0 => Self::Sending,
            1 => Self::Sent,
            2 => Self::Delivered,
            3 => Self::Read,
            10 => Self::Unread,
            11 => Self::Seen,
            _ => Self::Failed,
        }
    }
}

/// Where a message stands in its conversation: compares as the conversation reads (rule 19: the
/// higher logs wholly before the lower ones, what has no place in a log yet at the end).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(pub [u8; 24]);

impl Place {
    /// The place of an entry of a log.
    pub(crate) fn of(group: &GroupId, seq: Seq) -> Self {
        let mut place = [0; 24];
        let bytes = group.0.iter().map(|byte| !byte).chain(seq.0.to_be_bytes());
        for (to, from) in place.iter_mut().zip(bytes) {
            *to = from;
        }
        Self(place)
    }

    /// The `n`th place after all logs.
    pub(crate) fn waiting(n: u64) -> Self {
        let mut place = [0xff; 24];
        for (to, from) in place.iter_mut().skip(16).zip(n.to_be_bytes()) {
            *to = from;
        }
        Self(place)
    }
}

/// A message.
#[derive(Clone)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The conversation.
    pub conversation: ConversationId,
    /// Where it stands.
    pub place: Place,
    /// Its log, once it is in one.
    pub group: Option<GroupId>,
    /// Its place there; 0 before.
    pub seq: Seq,
    /// Who wrote it.
    pub author: AccountId,
    /// Whether that is oneself.
    pub own: bool,
    /// What it is.
    pub kind: MessageKind,
    /// The author's clock, milliseconds of Unix time.
    pub at: u64,
    /// Its text.
    pub text: String,
    /// The content's CBOR as it came, so that nothing unknown is lost.
    pub content: Vec<u8>,
    /// How urgent.
    pub priority: Priority,
    /// How far it has come.
    pub state: MessageState,
}

/// Without what it says.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("conversation", &self.conversation)
            .field("seq", &self.seq)
            .field("author", &self.author)
            .field("kind", &self.kind)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

const COLUMNS: &str =
    "id, conversation, place, group_id, seq, author, own, kind, at, text, content, priority, state";

fn row(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: MessageId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        place: Place(row.get(2)?),
        group: row.get::<_, Option<[u8; 16]>>(3)?.map(GroupId),
        seq: Seq(uint(row.get(4)?)),
        author: AccountId(row.get(5)?),
        own: row.get(6)?,
        kind: match row.get::<_, i64>(7)? {
            1 => MessageKind::Text,
            _ => MessageKind::Unknown,
        },
        at: uint(row.get(8)?),
        text: row.get(9)?,
        content: row.get(10)?,
        priority: match row.get::<_, i64>(11)? {
            0 => Priority::Low,
            2 => Priority::High,
            3 => Priority::Urgent,
            _ => Priority::Normal,
        },
        state: MessageState::from_number(row.get(12)?),
    })
}

/// Adds a message; one already there stays (rule 16). Says whether it was new.
pub(crate) fn insert(db: &Connection, new: &Message) -> Result<bool> {
    let added = db
        .prepare_cached(&format!(
            "INSERT INTO message ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (id) DO NOTHING"
        ))?
        .execute(rusqlite::params![
            new.id.0,
            new.conversation.0,
            new.place.0,
            new.group.map(|group| group.0),
            int(new.seq.0),
            new.author.0,
            new.own,
            match new.kind {
                MessageKind::Text => 1,
                MessageKind::Unknown => 0,
            },
            int(new.at),
            new.text,
            new.content,
            new.priority as i64,
            new.state.number(),
        ])?;
    Ok(added > 0)
}

pub(crate) fn get(db: &Connection, id: &MessageId) -> Result<Option<Message>> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE id = ?1"))?
        .query_row([id.0], row)
        .optional()?)
}

/// The newest `limit` before a place, oldest first.
pub(crate) fn page(
    db: &Connection,
    conversation: &ConversationId,
    before: Option<Place>,
    limit: u32,
) -> Result<Vec<Message>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message WHERE conversation = ?1 AND place < ?2
         ORDER BY place DESC LIMIT ?3"
    ))?;
    let before = before.map_or(vec![0xff; 25], |place| place.0.to_vec());
    let rows = query.query_map((conversation.0, before, limit), row)?;
    let mut page: Vec<Message> = rows.collect::<rusqlite::Result<_>>()?;
    page.reverse();
    Ok(page)
}

/// The place after everything that waits.
pub(crate) fn next_waiting(db: &Connection, conversation: &ConversationId) -> Result<Place> {
    let last: Option<[u8; 24]> = db
        .prepare_cached(
            "SELECT place FROM message WHERE conversation = ?1 AND place >= ?2 ORDER BY place DESC LIMIT 1",
        )?
        .query_row((conversation.0, Place::waiting(0).0), |row| row.get(0))
        .optional()?;
    let n = last
        .and_then(|place| place.last_chunk::<8>().copied())
        .map_or(1, |n| u64::from_be_bytes(n).saturating_add(1));
    Ok(Place::waiting(n))
}

/// Our own messages between these places of a log that nobody is known to have.
pub(crate) fn unreceived(
    db: &Connection,
    group: &GroupId,
    (from, to): (Seq, Seq),
) -> Result<Vec<Message>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE group_id = ?1 AND seq BETWEEN ?2 AND ?3 AND own = 1 AND state = 1 ORDER BY seq"
    ))?;
    let rows = query.query_map((group.0, int(from.0), int(to.0)), row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Puts an own message where its log has it.
pub(crate) fn set_place(db: &Connection, id: &MessageId, group: &GroupId, seq: Seq) -> Result<()> {
    db.prepare_cached("UPDATE message SET place = ?2, group_id = ?3, seq = ?4 WHERE id = ?1")?
        .execute((id.0, Place::of(group, seq).0, group.0, int(seq.0)))?;
    Ok(())
}

/// Puts an own message back to the end, to be sent once more.
pub(crate) fn set_waiting(db: &Connection, id: &MessageId, place: Place) -> Result<()> {
    db.prepare_cached(
        "UPDATE message SET place = ?2, group_id = NULL, seq = 0, state = 0 WHERE id = ?1",
    )?
    .execute((id.0, place.0))?;
    Ok(())
}

pub(crate) fn set_state(db: &Connection, id: &MessageId, state: MessageState) -> Result<()> {
    db.prepare_cached("UPDATE message SET state = ?2 WHERE id = ?1")?
        .execute((id.0, state.number()))?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, id: &MessageId) -> Result<()> {
    db.prepare_cached("DELETE FROM message WHERE id = ?1")?
        .execute([id.0])?;
    Ok(())
}

/// Raises own messages of a log up to `seq` from a lower state; says which.
pub(crate) fn raise_own(
    db: &Connection,
    group: &GroupId,
    seq: Seq,
    state: MessageState,
    except: &BTreeSet<Seq>,
) -> Result<Vec<MessageId>> {
    let mut query = db.prepare_cached(
        "SELECT id, seq FROM message WHERE group_id = ?1 AND own = 1 AND seq <= ?2 AND state < ?3 ORDER BY seq",
    )?;
    let rows = query.query_map((group.0, int(seq.0), state.number()), |row| {
        Ok((MessageId(row.get(0)?), Seq(uint(row.get(1)?))))
    })?;
    let mut raised = Vec::new();
    for found in rows {
        let (id, seq) = found?;
        if !except.contains(&seq) {
            set_state(db, &id, state)?;
            raised.push(id);
        }
    }
    Ok(raised)
}

/// Others' messages up to a place become seen; says which, with their logs.
pub(crate) fn mark_seen(
    db: &Connection,
    conversation: &ConversationId,
    up_to: Place,
) -> Result<Vec<(MessageId, GroupId, Seq)>> {
    let mut query = db.prepare_cached(
        "UPDATE message SET state = 11 WHERE conversation = ?1 AND place <= ?2 AND state = 10
         RETURNING id, group_id, seq",
    )?;
    let rows = query.query_map((conversation.0, up_to.0), |row| {
        Ok((
            MessageId(row.get(0)?),
            GroupId(row.get(1)?),
            Seq(uint(row.get(2)?)),
        ))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How many are unread, and the first of them.
pub(crate) fn unread(
    db: &Connection,
    conversation: &ConversationId,
) -> Result<(u64, Option<MessageId>)> {
    let count: i64 = db
        .prepare_cached("SELECT count(*) FROM message WHERE conversation = ?1 AND state = 10")?
        .query_row([conversation.0], |row| row.get(0))?;
    let first = db
        .prepare_cached(
            "SELECT id FROM message WHERE conversation = ?1 AND state = 10 ORDER BY place LIMIT 1",
        )?
        .query_row([conversation.0], |row| row.get(0).map(MessageId))
        .optional()?;
    Ok((uint(count), first))
}

/// Our own message at a place of a log that is not known to be seen.
pub(crate) fn own_at(db: &Connection, group: &GroupId, seq: Seq) -> Result<Vec<MessageId>> {
    let mut query = db.prepare_cached(
        "SELECT id FROM message WHERE group_id = ?1 AND seq = ?2 AND own = 1 AND state IN (1, 2)",
    )?;
    let rows = query.query_map((group.0, int(seq.0)), |row| row.get(0).map(MessageId))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
