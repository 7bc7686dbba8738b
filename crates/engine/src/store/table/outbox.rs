//! What waits to leave: intents in order, each with its frozen request once it has one.

use crate::error::Result;
use crate::store::table::message;
use crate::store::{int, uint};
use minicbor::{Decode, Encode};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::card::Signed;
use snug_wire::content::Priority;
use snug_wire::frame::Request;
use snug_wire::inbox::Pointer;
use snug_wire::own::{Decision, OwnRecord};
use snug_wire::vote::Vote;
use snug_wire::{
    Address, ClaimId, DeviceId, EnvelopeId, FRAME_LIMIT, GroupId, InvitationId, MessageId,
    RelayKey, decode, encode,
};
use std::collections::BTreeMap;

/// A wish, kept until the relay or the log has answered it.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub(crate) enum Intent {
    /// Send this message in the log.
    #[n(0)]
    Message(#[n(0)] MessageId),
    /// Send our watermarks of the log, as they are by then.
    #[n(1)]
    Receipt(#[n(0)] GroupId),
    /// Tell our own devices.
    #[n(2)]
    Own(#[n(0)] OwnRecord),
    /// Add the requester's devices to the log founded for them.
    #[n(3)]
    Found(#[n(0)] GroupId, #[n(1)] ClaimId),
    /// Renew our leaf (rule 21).
    #[n(4)]
    Renew(#[n(0)] GroupId),
    /// Make a mailbox of ours.
    #[n(5)]
    Create(#[n(0)] Address),
    /// Publish an invitation's card.
    #[n(6)]
    Publish(#[n(0)] InvitationId),
    /// End an invitation at the relay.
    #[n(7)]
    Revoke(#[n(0)] InvitationId),
    /// Bind a use of somebody's invitation.
    #[n(8)]
    Claim(#[n(0)] ClaimId),
    /// Put a request into the inviter's inbox.
    #[n(9)]
    Ask(#[n(0)] ClaimId),
    /// Put a pointer or a denial into somebody's inbox.
    #[n(10)]
    Tell,
    /// Fetch the Welcome a pointer names.
    #[n(11)]
    Fetch(#[n(0)] Box<Pointer>),
    /// Send this content about a message in the log: an edit, a deletion, a reaction. The id is its own.
    #[n(12)]
    Post(
        #[n(0)] MessageId,
        #[n(1)]
        #[cbor(with = "minicbor::bytes")]
        Vec<u8>,
    ),
    /// Commit what is wished of the log: who comes in, what changes.
    #[n(13)]
    Admit(#[n(0)] GroupId),
    /// Say in the log where this device is reached.
    #[n(15)]
    Reach(#[n(0)] GroupId),
    /// Say in the log that we leave.
    #[n(16)]
    Leave(#[n(0)] GroupId),
    /// Say in the log whom we would have for an admin.
    #[n(19)]
    Vote(#[n(0)] Box<Signed<Vote>>),
    /// Put key packages of ours beside an inbox.
    #[n(17)]
    Stock(#[n(0)] Address),
    /// Take a key package of a device that is to be added by a pending change.
    #[n(18)]
    Take(#[n(0)] i64, #[n(1)] DeviceId),
    /// End an inbox of ours at its relay.
    #[n(30)]
    Retire(#[n(0)] Address),
    /// Tell our own devices what the person decided.
    #[n(31)]
    Decide(#[n(0)] Decision),
}

/// How far an intent has come. Its row is there until the log's echo (rule 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// No bytes yet.
    Waiting = 0,
    /// Its bytes are frozen: a retry sends the same.
    Frozen = 1,
}

/// A row of the outbox.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub id: i64,
    pub relay: RelayKey,
    pub lane: Address,
    pub stage: Stage,
    pub intent: Intent,
    pub request: Option<Request>,
}

/// What is put into the outbox.
#[derive(Clone, Debug)]
pub(crate) struct New {
    pub relay: RelayKey,
    /// Everything of a lane goes out one after the other; mostly the mailbox.
    pub lane: Address,
    pub priority: Priority,
    pub not_before: u64,
    pub intent: Intent,
    /// Set where the bytes do not depend on an epoch.
    pub request: Option<Request>,
}

const COLUMNS: &str = "id, relay, lane, stage, intent, request";

type Raw = (i64, RelayKey, Address, Stage, Vec<u8>, Option<Vec<u8>>);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((
        row.get(0)?,
        RelayKey(row.get(1)?),
        Address(row.get(2)?),
        match row.get(3)? {
            0 => Stage::Waiting,
            _ => Stage::Frozen,
        },
        row.get(4)?,
        row.get(5)?,
    ))
}

fn whole((id, relay, lane, stage, intent, request): Raw) -> Result<Queued> {
    Ok(Queued {
        id,
        relay,
        lane,
        stage,
        intent: decode(&intent, FRAME_LIMIT)?,
        request: request
            .map(|bytes| decode(&bytes, FRAME_LIMIT))
            .transpose()?,
    })
}

/// Adds a row under an id that no row had before in this process.
pub(crate) fn insert(db: &Connection, id: i64, new: &New, now: u64) -> Result<()> {
    let (message, bytes) = match &new.intent {
        Intent::Message(id) => (Some(id.0), message::bytes(db, id)?),
        Intent::Post(id, content) => (Some(id.0), content.len() as u64),
        _ => (None, 0),
    };
    db.prepare_cached(
        "INSERT INTO outbox (id, relay, lane, priority, not_before, stage, intent, request, message, added_at, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(rusqlite::params![
        id,
        new.relay.0,
        new.lane.0,
        new.priority as i64,
        int(new.not_before),
        if new.request.is_some() { Stage::Frozen } else { Stage::Waiting } as i64,
        encode(&new.intent),
        new.request.as_ref().map(encode),
        message,
        int(now),
        int(bytes),
    ])?;
    Ok(())
}

/// The highest id there is.
pub(crate) fn last_id(db: &Connection) -> Result<i64> {
    Ok(
        db.query_row("SELECT ifnull(max(id), 0) FROM outbox", [], |row| {
            row.get(0)
        })?,
    )
}

pub(crate) fn get(db: &Connection, id: i64) -> Result<Option<Queued>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE id = ?1"))?
        .query_row([id], raw)
        .optional()?
        .map(whole)
        .transpose()
}

/// The row whose frozen request has this envelope.
pub(crate) fn by_envelope(
    db: &Connection,
    lane: &Address,
    id: &EnvelopeId,
) -> Result<Option<Queued>> {
    let is = |row: &Queued| matches!(&row.request, Some(Request::Put(put)) if put.id == *id);
    Ok(frozen(db, lane)?.into_iter().find(is))
}

/// The row that sends this message.
pub(crate) fn by_message(db: &Connection, id: &MessageId) -> Result<Option<Queued>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE message = ?1"))?
        .query_row([id.0], raw)
        .optional()?
        .map(whole)
        .transpose()
}

/// Rows whose request the relay has answered with `Stored` on this connection: their echo is on its
/// way. With the lane, and whether it is a commit.
pub(crate) type Stored = BTreeMap<i64, (Address, bool)>;

/// What stands first in a lane.
struct First {
    id: i64,
    relay: RelayKey,
    priority: i64,
    message: Option<MessageId>,
}

fn first(row: &Row<'_>) -> rusqlite::Result<(First, u64)> {
    let first = First {
        id: row.get(0)?,
        relay: RelayKey(row.get(1)?),
        priority: row.get(2)?,
        message: row.get::<_, Option<[u8; 16]>>(4)?.map(MessageId),
    };
    Ok((first, uint(row.get(3)?)))
}

/// What a lane sends next: what is frozen first, then by priority, then by age. Nothing overtakes
/// frozen bytes that the relay asked to have later.
fn first_in(db: &Connection, stored: &Stored, lane: &Address, now: u64) -> Result<Option<First>> {
    let mut query = db.prepare_cached(
        "SELECT id, relay, priority, not_before, message FROM outbox WHERE lane = ?1 AND stage = 1
         ORDER BY priority DESC, id",
    )?;
    for frozen in query.query_map([lane.0], first)? {
        let (frozen, not_before) = frozen?;
        if !stored.contains_key(&frozen.id) {
            return Ok((not_before <= now).then_some(frozen));
        }
    }
    let waiting = db
        .prepare_cached(
            "SELECT id, relay, priority, not_before, message FROM outbox
             WHERE lane = ?1 AND stage = 0 AND not_before <= ?2
             ORDER BY priority DESC, id LIMIT 1",
        )?
        .query_row((lane.0, int(now)), first)
        .optional()?;
    Ok(waiting.map(|(first, _)| first))
}

/// Lanes of a relay in which something is to be sent now, the one with the most urgent first entry
/// first. Goes from lane to lane by the index, however much waits in each.
pub(crate) fn lanes(
    db: &Connection,
    stored: &Stored,
    relay: &RelayKey,
    now: u64,
) -> Result<Vec<Address>> {
    let mut query = db.prepare_cached(
        "WITH RECURSIVE each (lane) AS (
           SELECT min(lane) FROM outbox
           UNION ALL
           SELECT (SELECT min(lane) FROM outbox WHERE lane > each.lane) FROM each
           WHERE each.lane IS NOT NULL)
         SELECT lane FROM each WHERE lane IS NOT NULL",
    )?;
    let all = query.query_map([], |row| row.get(0).map(Address))?;
    let mut lanes = Vec::new();
    for lane in all {
        let lane = lane?;
        let first = first_in(db, stored, &lane, now)?;
        if let Some(first) = first.filter(|first| first.relay == *relay) {
            // In their lane messages keep their order; among lanes what is urgent counts.
            let urgency = first
                .message
                .map(|id| message::urgency(db, &id))
                .transpose()?;
            let urgency = urgency.flatten().unwrap_or(first.priority);
            lanes.push((std::cmp::Reverse(urgency), first.id, lane));
        }
    }
    lanes.sort_unstable();
    Ok(lanes.into_iter().map(|(.., lane)| lane).collect())
}

/// What a lane sends next.
pub(crate) fn next_in(
    db: &Connection,
    stored: &Stored,
    lane: &Address,
    now: u64,
) -> Result<Option<Queued>> {
    match first_in(db, stored, lane, now)? {
        Some(first) => get(db, first.id),
        None => Ok(None),
    }
}

/// Whether an unfrozen intent of this form waits already.
pub(crate) fn waits(
    db: &Connection,
    lane: &Address,
    priority: Priority,
    intent: &Intent,
) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT 1 FROM outbox WHERE lane = ?1 AND stage = 0 AND priority = ?2 AND intent = ?3
             LIMIT 1",
        )?
        .exists((lane.0, priority as i64, encode(intent)))?)
}

pub(crate) fn freeze(db: &Connection, id: i64, request: &Request) -> Result<()> {
    db.prepare_cached("UPDATE outbox SET stage = 1, request = ?2 WHERE id = ?1")?
        .execute((id, encode(request)))?;
    Ok(())
}

/// Takes the bytes back: the intent is encrypted anew later, under a new envelope id (rule 5).
pub(crate) fn thaw(db: &Connection, id: i64) -> Result<()> {
    db.prepare_cached("UPDATE outbox SET stage = 0, request = NULL, not_before = 0 WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Puts a row without bytes into another lane.
pub(crate) fn relocate(db: &Connection, id: i64, relay: &RelayKey, lane: &Address) -> Result<()> {
    db.prepare_cached("UPDATE outbox SET relay = ?2, lane = ?3 WHERE id = ?1")?
        .execute((id, relay.0, lane.0))?;
    Ok(())
}

/// Everything of a lane, oldest first.
pub(crate) fn of_lane(db: &Connection, lane: &Address) -> Result<Vec<Queued>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE lane = ?1 ORDER BY id"
    ))?;
    let rows = query.query_map([lane.0], raw)?;
    rows.map(|row| whole(row?)).collect()
}

/// When a row was added.
pub(crate) fn added_at(db: &Connection, id: i64) -> Result<u64> {
    let at: Option<i64> = db
        .prepare_cached("SELECT added_at FROM outbox WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(at.map_or(0, uint))
}

pub(crate) fn delete(db: &Connection, id: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM outbox WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Leaves a row alone until then.
pub(crate) fn delay(db: &Connection, id: i64, until: u64) -> Result<()> {
    db.prepare_cached("UPDATE outbox SET not_before = ?2 WHERE id = ?1")?
        .execute((id, int(until)))?;
    Ok(())
}

/// Frozen rows of a lane, oldest first: few, as one of a lane is under way at a time.
pub(crate) fn frozen(db: &Connection, lane: &Address) -> Result<Vec<Queued>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE lane = ?1 AND stage = 1 ORDER BY id"
    ))?;
    let rows = query.query_map([lane.0], raw)?;
    rows.map(|row| whole(row?)).collect()
}

/// Every row in a line: lane, stage and kind of intent.
pub(crate) fn describe(db: &Connection) -> Result<Vec<String>> {
    let mut query = db.prepare_cached(&format!("SELECT {COLUMNS} FROM outbox ORDER BY id"))?;
    let rows = query.query_map([], raw)?;
    rows.map(|row| {
        let row = whole(row?)?;
        let kind = match row.intent {
            Intent::Message(_) => "message",
            Intent::Receipt(_) => "receipt",
            Intent::Own(_) => "own record",
            Intent::Found(..) => "founding commit",
            Intent::Renew(_) => "renewal",
            Intent::Create(_) => "mailbox",
            Intent::Publish(_) => "card",
            Intent::Revoke(_) => "revocation",
            Intent::Claim(_) => "claim",
            Intent::Ask(_) => "request",
            Intent::Tell => "inbox entry",
            Intent::Fetch(..) => "Welcome",
            Intent::Post(..) => "post",
            Intent::Admit(_) => "admission",
            Intent::Leave(_) => "leave",
            Intent::Vote(_) => "vote",
            Intent::Stock(_) => "key packages",
            Intent::Take(..) => "key package",
            Intent::Reach(_) => "reach",
            Intent::Retire(_) => "end of an inbox",
            Intent::Decide(_) => "decision",
        };
        Ok(format!("{:?} {:?} {kind}", row.lane, row.stage))
    })
    .collect()
}

/// How many messages wait to be sent, and their bytes.
pub(crate) fn messages_waiting(db: &Connection) -> Result<(u64, u64)> {
    let (count, bytes): (i64, i64) = db
        .prepare_cached(
            "SELECT count(*), ifnull(sum(bytes), 0) FROM outbox WHERE message IS NOT NULL",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((uint(count), uint(bytes)))
}

/// Messages without bytes yet that were written before then.
pub(crate) fn waiting_since(db: &Connection, then: u64) -> Result<Vec<Queued>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE message IS NOT NULL AND added_at < ?1 AND stage = 0
         ORDER BY id"
    ))?;
    let rows = query.query_map([int(then)], raw)?;
    rows.map(|row| whole(row?)).collect()
}

/// When the next delayed intent is due.
pub(crate) fn next_due(db: &Connection, now: u64) -> Result<Option<u64>> {
    let due: Option<i64> = db
        .prepare_cached(
            "SELECT min(not_before) FROM outbox WHERE not_before > ?1 AND not_before > 0",
        )?
        .query_row([int(now)], |row| row.get(0))?;
    Ok(due.map(uint))
}

/// Whether nothing waits, apart from what is delayed on purpose.
pub(crate) fn is_empty(db: &Connection) -> Result<bool> {
    Ok(!db
        .prepare_cached("SELECT 1 FROM outbox WHERE not_before = 0 LIMIT 1")?
        .exists([])?)
}
