//! Groups one is invited to, and has not come into.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::card::Signed;
use snug_wire::inbox::Pointer;
use snug_wire::log_state::Leave;
use snug_wire::{AccountId, ConversationId, FRAME_LIMIT, decode, encode};

/// An offer; `taken` is set while we are on our way in.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub conversation: ConversationId,
    /// Who invites.
    pub account: AccountId,
    pub at: u64,
    pub taken: bool,
    pub pointer: Pointer,
}

const COLUMNS: &str = "conversation, account, at, state, pointer";

type Raw = (ConversationId, AccountId, u64, bool, Vec<u8>);

fn raw(row: &Row<'_>) -> rusqlite::Result<Raw> {
    Ok((
        ConversationId(row.get(0)?),
        AccountId(row.get(1)?),
        uint(row.get(2)?),
        row.get(3)?,
        row.get(4)?,
    ))
}

fn whole((conversation, account, at, taken, pointer): Raw) -> Result<Offer> {
    Ok(Offer {
        conversation,
        account,
        at,
        taken,
        pointer: decode(&pointer, FRAME_LIMIT)?,
    })
}

/// Keeps an offer, in place of the one before for the same group.
pub(crate) fn put(db: &Connection, new: &Offer) -> Result<()> {
    db.prepare_cached(&format!(
        "INSERT INTO offer ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (conversation) DO UPDATE SET account = excluded.account, at = excluded.at,
           state = excluded.state, pointer = excluded.pointer"
    ))?
    .execute((
        new.conversation.0,
        new.account.0,
        int(new.at),
        new.taken,
        encode(&new.pointer),
    ))?;
    Ok(())
}

pub(crate) fn get(db: &Connection, conversation: &ConversationId) -> Result<Option<Offer>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM offer WHERE conversation = ?1"
    ))?
    .query_row([conversation.0], raw)
    .optional()?
    .map(whole)
    .transpose()
}

/// All of them, newest first.
pub(crate) fn all(db: &Connection) -> Result<Vec<Offer>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM offer ORDER BY at DESC, conversation"
    ))?;
    let rows = query.query_map([], raw)?;
    rows.map(|row| whole(row?)).collect()
}

/// Words of those who leave a group before one has come in.
pub(crate) fn leaves(db: &Connection, conversation: &ConversationId) -> Result<Vec<Signed<Leave>>> {
    let form: Option<Option<Vec<u8>>> = db
        .prepare_cached("SELECT leaves FROM offer WHERE conversation = ?1")?
        .query_row([conversation.0], |row| row.get(0))
        .optional()?;
    let leaves = form.flatten().map(|form| decode(&form, FRAME_LIMIT));
    Ok(leaves.transpose()?.unwrap_or_default())
}

/// Keeps them.
pub(crate) fn set_leaves(
    db: &Connection,
    conversation: &ConversationId,
    leaves: &[Signed<Leave>],
) -> Result<()> {
    db.prepare_cached("UPDATE offer SET leaves = ?2 WHERE conversation = ?1")?
        .execute((conversation.0, encode(&leaves.to_vec())))?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, conversation: &ConversationId) -> Result<()> {
    db.prepare_cached("DELETE FROM offer WHERE conversation = ?1")?
        .execute([conversation.0])?;
    Ok(())
}
