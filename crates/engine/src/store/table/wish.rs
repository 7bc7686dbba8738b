//! Wishes of devices to be in a conversation, ours and others' (rules 17, 21).

use crate::error::Result;
use crate::store::{int, uint};
use minicbor::{Decode, Encode};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::card::InboxAddress;
use snug_wire::device_list::DeviceList;
use snug_wire::log_state::Credential;
use snug_wire::{ConversationId, FRAME_LIMIT, GroupId, JoinId, Seq, decode, encode};

/// A device that wishes to be in a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Form {
    #[n(0)]
    pub who: Credential,
    /// The devices of its account, it among them.
    #[n(1)]
    pub devices: DeviceList,
    #[cbor(n(2), with = "minicbor::bytes")]
    pub key_package: Vec<u8>,
    /// Where the pointer goes.
    #[n(3)]
    pub inbox: InboxAddress,
    /// The log it lost, and the last entry it read there.
    #[n(4)]
    pub lost: Option<Lost>,
}

/// Up to where a log was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Lost {
    #[n(0)]
    pub group: GroupId,
    #[n(1)]
    pub read: Seq,
    /// Whether nobody can use it.
    #[n(2)]
    pub unusable: bool,
}

/// A wish; of a device that is in nothing yet the conversation is zeros.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub id: JoinId,
    pub conversation: ConversationId,
    pub incoming: bool,
    /// Whether it is not fulfilled yet.
    pub open: bool,
    pub at: u64,
    pub form: Form,
}

/// Where a device stands that is in nothing yet: it takes pointers to any conversation of its account.
pub(crate) const ANY: ConversationId = ConversationId([0; 32]);

const COLUMNS: &str = "id, conversation, incoming, open, at, form";

type Raw = (JoinId, ConversationId, bool, bool, u64, Vec<u8>);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((
        JoinId(row.get(0)?),
        ConversationId(row.get(1)?),
        row.get(2)?,
        row.get(3)?,
        uint(row.get(4)?),
        row.get(5)?,
    ))
}

fn whole((id, conversation, incoming, open, at, form): Raw) -> Result<Wish> {
    Ok(Wish {
        id,
        conversation,
        incoming,
        open,
        at,
        form: decode(&form, FRAME_LIMIT)?,
    })
}

/// Adds a wish; says whether it was new.
pub(crate) fn insert(db: &Connection, new: &Wish) -> Result<bool> {
    let added = db
        .prepare_cached(&format!(
            "INSERT INTO wish ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING"
        ))?
        .execute((
            new.id.0,
            new.conversation.0,
            new.incoming,
            new.open,
            int(new.at),
            encode(&new.form),
        ))?;
    Ok(added > 0)
}

/// An open wish of ours: of this conversation, or of a device that is in nothing yet.
pub(crate) fn ours(db: &Connection, id: &JoinId, of: &ConversationId) -> Result<Option<Wish>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM wish
         WHERE id = ?1 AND conversation IN (?2, ?3) AND incoming = 0 AND open = 1"
    ))?
    .query_row((id.0, of.0, ANY.0), raw)
    .optional()?
    .map(whole)
    .transpose()
}

/// Whether we wished that once.
pub(crate) fn was_ours(db: &Connection, id: &JoinId, of: &ConversationId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS
               (SELECT 1 FROM wish WHERE id = ?1 AND conversation = ?2 AND incoming = 0)",
        )?
        .query_row((id.0, of.0), |row| row.get(0))?)
}

/// Takes back what we wished of a conversation.
pub(crate) fn close_ours(db: &Connection, of: &ConversationId) -> Result<()> {
    db.prepare_cached(
        "UPDATE wish SET open = 0, form = x'' WHERE conversation = ?1 AND incoming = 0",
    )?
    .execute([of.0])?;
    Ok(())
}

/// The open wishes of a conversation, oldest first.
pub(crate) fn open(db: &Connection, of: &ConversationId, incoming: bool) -> Result<Vec<Wish>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM wish WHERE conversation = ?1 AND incoming = ?2 AND open = 1
         ORDER BY at, id"
    ))?;
    let rows = query.query_map((of.0, incoming), raw)?;
    rows.map(|row| whole(row?)).collect()
}

/// Conversations that somebody wishes to be in.
pub(crate) fn wished(db: &Connection) -> Result<Vec<ConversationId>> {
    let mut query = db
        .prepare_cached("SELECT DISTINCT conversation FROM wish WHERE open = 1 AND incoming = 1")?;
    let rows = query.query_map([], |row| row.get(0).map(ConversationId))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// It is fulfilled, whether or not it was heard of before: a wish is obeyed once (rule 17). Says which it
/// was, if it was open. Of what it said nothing is kept.
pub(crate) fn fulfilled(
    db: &Connection,
    id: &JoinId,
    conversation: &ConversationId,
    now: u64,
) -> Result<Option<Wish>> {
    let known = db
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM wish WHERE id = ?1 AND conversation = ?2 AND open = 1"
        ))?
        .query_row((id.0, conversation.0), raw)
        .optional()?;
    db.prepare_cached(&format!(
        "INSERT INTO wish ({COLUMNS}) VALUES (?1, ?2, 1, 0, ?3, x'')
         ON CONFLICT (id, conversation) DO UPDATE SET open = 0, form = x''"
    ))?
    .execute((id.0, conversation.0, int(now)))?;
    known.map(whole).transpose()
}

/// Nothing comes of it any more: its device wished anew, or cannot be taken in so.
pub(crate) fn close(db: &Connection, id: &JoinId, conversation: &ConversationId) -> Result<()> {
    db.prepare_cached(
        "UPDATE wish SET open = 0, form = x'' WHERE id = ?1 AND conversation = ?2 AND open = 1",
    )?
    .execute((id.0, conversation.0))?;
    Ok(())
}
