//! Whom members of groups would have for an admin.

use crate::error::Result;
use rusqlite::Connection;
use snug_wire::card::Signed;
use snug_wire::vote::Vote;
use snug_wire::{ConversationId, FRAME_LIMIT, decode, encode};

/// Keeps an account's vote in place of the one before.
pub(crate) fn put(db: &Connection, vote: &Signed<Vote>) -> Result<()> {
    let form = &vote.form;
    db.prepare_cached(
        "INSERT INTO vote (conversation, account, form) VALUES (?1, ?2, ?3)
         ON CONFLICT (conversation, account) DO UPDATE SET form = excluded.form",
    )?
    .execute((form.conversation.0, form.account.0, encode(vote)))?;
    Ok(())
}

/// The votes of a group.
pub(crate) fn of(db: &Connection, conversation: &ConversationId) -> Result<Vec<Signed<Vote>>> {
    let mut query =
        db.prepare_cached("SELECT form FROM vote WHERE conversation = ?1 ORDER BY account")?;
    let rows = query.query_map([conversation.0], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|form| Ok(decode(&form?, FRAME_LIMIT)?)).collect()
}

/// They are counted.
pub(crate) fn forget(db: &Connection, conversation: &ConversationId) -> Result<()> {
    db.prepare_cached("DELETE FROM vote WHERE conversation = ?1")?
        .execute([conversation.0])?;
    Ok(())
}
