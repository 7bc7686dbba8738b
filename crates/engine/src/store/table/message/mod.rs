//! Messages, ours and others', in the order of their logs.

mod types;

use types::priority;
pub use types::{Amended, Event, Message, MessageKind, MessageState, Place, Problem};

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::{AccountId, ConversationId, GroupId, MessageId, Seq};
use std::collections::BTreeSet;

const COLUMNS: &str = "id, conversation, place, group_id, seq, author, own, kind, at, text, \
     content, priority, state, problem, amended, reacted, to_me, timer, expires_at";

/// The columns of a message, of a table under another name.
pub(crate) fn columns(table: &str) -> String {
    let names = COLUMNS.split(", ").map(str::trim);
    names
        .map(|name| format!("{table}.{name}"))
        .collect::<Vec<_>>()
        .join(", ")
}

pub(crate) fn row(row: &Row<'_>) -> rusqlite::Result<Message> {
    Ok(Message {
        id: MessageId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        place: Place(row.get(2)?),
        group: row.get::<_, Option<[u8; 16]>>(3)?.map(GroupId),
        seq: Seq(uint(row.get(4)?)),
        author: AccountId(row.get(5)?),
        own: row.get(6)?,
        kind: MessageKind::from_number(row.get(7)?),
        at: uint(row.get(8)?),
        text: row.get(9)?,
        content: row.get(10)?,
        priority: priority(row.get(11)?),
        state: MessageState::from_number(row.get(12)?),
        problem: Problem::from_number(row.get(13)?),
        amended: Amended::from_bits(row.get(14)?),
        reacted: row.get(15)?,
        to_me: row.get(16)?,
        timer: row.get(17)?,
        expires_at: row.get::<_, Option<i64>>(18)?.map(uint),
    })
}

/// Adds a message; one already there stays (rule 16). Says whether it was new.
pub(crate) fn insert(db: &Connection, new: &Message) -> Result<bool> {
    let added = db
        .prepare_cached(&format!(
            "INSERT INTO message ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
             ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
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
            new.kind.number(),
            int(new.at),
            new.text,
            new.content,
            new.priority as i64,
            new.state.number(),
            new.problem.map_or(0, Problem::number),
            new.amended.bits(),
            new.reacted,
            new.to_me,
            new.timer,
            new.expires_at.map(int),
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

/// The oldest `limit` after a place, oldest first.
pub(crate) fn page_after(
    db: &Connection,
    conversation: &ConversationId,
    after: Place,
    limit: u32,
) -> Result<Vec<Message>> {
    upwards(db, ">", conversation, after, limit)
}

/// The oldest `limit` from a place on, oldest first.
pub(crate) fn page_from(
    db: &Connection,
    conversation: &ConversationId,
    from: Place,
    limit: u32,
) -> Result<Vec<Message>> {
    upwards(db, ">=", conversation, from, limit)
}

fn upwards(
    db: &Connection,
    than: &str,
    conversation: &ConversationId,
    place: Place,
    limit: u32,
) -> Result<Vec<Message>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message WHERE conversation = ?1 AND place {than} ?2
         ORDER BY place LIMIT ?3"
    ))?;
    let rows = query.query_map((conversation.0, place.0, limit), row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Where a conversation's messages become as new as `at`, found by halves over the places of each log.
pub(crate) fn first_since(
    db: &Connection,
    conversation: &ConversationId,
    at: u64,
) -> Result<Option<Message>> {
    // A log's places are consecutive numbers behind its group id; the log is the last to begin before.
    let first_from = |place: Place| -> Result<Option<Message>> {
        Ok(db
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM message WHERE conversation = ?1 AND place >= ?2
                 ORDER BY place LIMIT 1"
            ))?
            .query_row((conversation.0, place.0), row)
            .optional()?)
    };
    let mut begin = Place([0; 24]);
    while let Some(start) = first_from(begin)? {
        let Some(group) = start.group.filter(|_| start.at < at) else {
            return Ok(Some(start));
        };
        // The first entry of this log that is not older, or past its end.
        let (mut low, mut high) = (start.seq.0, i64::MAX.cast_unsigned());
        while low < high {
            let middle = low + (high - low) / 2;
            let found = first_from(Place::of(&group, Seq(middle)))?;
            match found.filter(|m| m.group == Some(group)) {
                Some(found) if found.at < at => low = found.seq.0 + 1,
                _ => high = middle,
            }
        }
        match first_from(Place::of(&group, Seq(low)))? {
            Some(found) if found.group == Some(group) => return Ok(Some(found)),
            _ => begin = Place::of(&group, Seq(u64::MAX)),
        }
    }
    Ok(None)
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

/// Our own messages in a log, below an entry, that nobody is known to have or that could not be opened,
/// but for those taken back.
pub(crate) fn unheard(db: &Connection, group: &GroupId, below: Seq) -> Result<Vec<Message>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE group_id = ?1 AND seq < ?2 AND own = 1 AND (state = 1 OR (state = 4 AND problem = 3))
           AND amended & 2 = 0 ORDER BY seq"
    ))?;
    let rows = query.query_map((group.0, int(below.0)), row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Our own messages between these places of a log that nobody is known to have, but for those taken back.
pub(crate) fn unreceived(
    db: &Connection,
    group: &GroupId,
    (from, to): (Seq, Seq),
) -> Result<Vec<Message>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message
         WHERE group_id = ?1 AND seq BETWEEN ?2 AND ?3 AND own = 1 AND state = 1 AND amended & 2 = 0 ORDER BY seq"
    ))?;
    let rows = query.query_map((group.0, int(from.0), int(to.0)), row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Puts an own message where its log has it.
pub(crate) fn set_place(db: &Connection, id: &MessageId, group: &GroupId, seq: Seq) -> Result<()> {
    db.prepare_cached(
        "UPDATE message SET place = ?2, group_id = ?3, seq = ?4, was_sent = 1 WHERE id = ?1",
    )?
    .execute((id.0, Place::of(group, seq).0, group.0, int(seq.0)))?;
    Ok(())
}

/// Whether an own message was in a log once: then others may have it.
pub(crate) fn was_sent(db: &Connection, id: &MessageId) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT 1 FROM message WHERE id = ?1 AND was_sent = 1")?
        .exists([id.0])?)
}

/// Puts an own message back to the end, to be sent once more.
pub(crate) fn set_waiting(db: &Connection, id: &MessageId, place: Place) -> Result<()> {
    db.prepare_cached(
        "UPDATE message SET place = ?2, group_id = NULL, seq = 0, state = 0, problem = 0 WHERE id = ?1",
    )?
    .execute((id.0, place.0))?;
    Ok(())
}

pub(crate) fn set_state(db: &Connection, id: &MessageId, state: MessageState) -> Result<()> {
    db.prepare_cached("UPDATE message SET state = ?2 WHERE id = ?1")?
        .execute((id.0, state.number()))?;
    Ok(())
}

/// It will not leave by itself any more; why.
pub(crate) fn set_failed(db: &Connection, id: &MessageId, problem: Problem) -> Result<()> {
    db.prepare_cached("UPDATE message SET state = 4, problem = ?2 WHERE id = ?1")?
        .execute((id.0, problem.number()))?;
    Ok(())
}

/// What a message that has not left says now.
pub(crate) fn rewrite(db: &Connection, id: &MessageId, text: &str, content: &[u8]) -> Result<()> {
    db.prepare_cached("UPDATE message SET text = ?2, content = ?3 WHERE id = ?1")?
        .execute((id.0, text, content))?;
    Ok(())
}

/// What a message says after its author amended it. `content` only goes with a deletion.
pub(crate) fn amend(
    db: &Connection,
    id: &MessageId,
    amended: Amended,
    text: &str,
    to_me: bool,
) -> Result<()> {
    db.prepare_cached("UPDATE message SET amended = ?2, text = ?3, to_me = ?4 WHERE id = ?1")?
        .execute((id.0, amended.bits(), text, to_me))?;
    Ok(())
}

/// Nothing of what it said stays.
pub(crate) fn erase(db: &Connection, id: &MessageId) -> Result<()> {
    db.prepare_cached(
        "UPDATE message SET amended = ?2, text = '', content = x'', to_me = 0, reacted = 0,
         state = iif(state = 10, 11, state) WHERE id = ?1",
    )?
    .execute((
        id.0,
        Amended {
            deleted: true,
            ..Amended::default()
        }
        .bits(),
    ))?;
    Ok(())
}

pub(crate) fn set_reacted(db: &Connection, id: &MessageId, reacted: bool) -> Result<()> {
    db.prepare_cached("UPDATE message SET reacted = ?2 WHERE id = ?1")?
        .execute((id.0, reacted))?;
    Ok(())
}

/// The content of the timer that counts in a conversation: the one in the highest place.
pub(crate) fn last_timer(
    db: &Connection,
    conversation: &ConversationId,
) -> Result<Option<Vec<u8>>> {
    Ok(db
        .prepare_cached(
            "SELECT content FROM message WHERE conversation = ?1 AND kind = 2
             ORDER BY place DESC LIMIT 1",
        )?
        .query_row([conversation.0], |row| row.get(0))
        .optional()?)
}

/// It was seen: from now on its time runs.
pub(crate) fn start_timer(db: &Connection, id: &MessageId, now: u64) -> Result<()> {
    db.prepare_cached(
        "UPDATE message SET expires_at = ?2 + timer * 1000
         WHERE id = ?1 AND timer IS NOT NULL AND expires_at IS NULL",
    )?
    .execute((id.0, int(now)))?;
    Ok(())
}

/// Messages whose time is over, at most `limit`.
pub(crate) fn expired(db: &Connection, now: u64, limit: u32) -> Result<Vec<Message>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM message WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2"
    ))?;
    let rows = query.query_map((int(now), limit), row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// When the next message goes.
pub(crate) fn next_expiry(db: &Connection) -> Result<Option<u64>> {
    let next: Option<i64> = db
        .prepare_cached("SELECT min(expires_at) FROM message WHERE expires_at IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    Ok(next.map(uint))
}

/// How urgent a message is.
pub(crate) fn urgency(db: &Connection, id: &MessageId) -> Result<Option<i64>> {
    Ok(db
        .prepare_cached("SELECT priority FROM message WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?)
}

/// How many bytes a message's content has.
pub(crate) fn bytes(db: &Connection, id: &MessageId) -> Result<u64> {
    let bytes: Option<i64> = db
        .prepare_cached("SELECT length(content) FROM message WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    Ok(bytes.map_or(0, uint))
}

/// The number under which the search index has a message.
pub(crate) fn number(db: &Connection, id: &MessageId) -> Result<Option<i64>> {
    Ok(db
        .prepare_cached("SELECT n FROM message WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?)
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

/// Unread messages of a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many.
    pub count: u64,
    /// The first of them.
    pub first: Option<MessageId>,
    /// How many name this account.
    pub mentions: u64,
    /// The first of those.
    pub first_mention: Option<MessageId>,
}

/// What is unread.
pub(crate) fn unread(db: &Connection, conversation: &ConversationId) -> Result<Unread> {
    let (count, mentions): (i64, i64) = db
        .prepare_cached(
            "SELECT count(*), ifnull(sum(to_me), 0) FROM message WHERE conversation = ?1 AND state = 10",
        )?
        .query_row([conversation.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if count == 0 {
        return Ok(Unread::default());
    }
    let first = |mention: bool| {
        let only = if mention { "AND to_me = 1" } else { "" };
        // Left to itself SQLite would go through the whole conversation in its order.
        db.prepare_cached(&format!(
            "SELECT id FROM message INDEXED BY message_unread
             WHERE conversation = ?1 AND state = 10 {only} ORDER BY place LIMIT 1"
        ))?
        .query_row([conversation.0], |row| row.get(0).map(MessageId))
        .optional()
    };
    Ok(Unread {
        count: uint(count),
        first: first(false)?,
        mentions: uint(mentions),
        first_mention: if mentions > 0 { first(true)? } else { None },
    })
}

/// Whether something of a log before an entry is unread.
pub(crate) fn is_unread_before(
    db: &Connection,
    conversation: &ConversationId,
    group: &GroupId,
    seq: Seq,
) -> Result<bool> {
    let (from, to) = (Place::of(group, Seq(0)), Place::of(group, seq));
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM message INDEXED BY message_unread
             WHERE conversation = ?1 AND place >= ?2 AND place < ?3 AND state = 10 LIMIT 1",
        )?
        .exists((conversation.0, from.0, to.0))?)
}

/// Our own message at a place of a log that is not known to be seen.
pub(crate) fn own_at(db: &Connection, group: &GroupId, seq: Seq) -> Result<Vec<MessageId>> {
    let mut query = db.prepare_cached(
        "SELECT id FROM message WHERE group_id = ?1 AND seq = ?2 AND own = 1 AND state IN (1, 2)",
    )?;
    let rows = query.query_map((group.0, int(seq.0)), |row| row.get(0).map(MessageId))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
