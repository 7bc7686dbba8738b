//! What was begun to be written, one for each conversation.

use crate::error::Result;
use rusqlite::{Connection, OptionalExtension};
use snug_wire::{ConversationId, MessageId};

/// What was begun to be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// So far.
    pub text: String,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// The own message it would replace.
    pub editing: Option<MessageId>,
}

pub(crate) fn get(db: &Connection, conversation: &ConversationId) -> Result<Option<Draft>> {
    Ok(db
        .prepare_cached("SELECT text, reply_to, editing FROM draft WHERE conversation = ?1")?
        .query_row([conversation.0], |row| {
            Ok(Draft {
                text: row.get(0)?,
                reply_to: row.get::<_, Option<_>>(1)?.map(MessageId),
                editing: row.get::<_, Option<_>>(2)?.map(MessageId),
            })
        })
        .optional()?)
}

pub(crate) fn put(db: &Connection, conversation: &ConversationId, draft: &Draft) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO draft (conversation, text, reply_to, editing) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (conversation) DO UPDATE SET text = excluded.text,
         reply_to = excluded.reply_to, editing = excluded.editing",
    )?
    .execute((
        conversation.0,
        &draft.text,
        draft.reply_to.map(|id| id.0),
        draft.editing.map(|id| id.0),
    ))?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, conversation: &ConversationId) -> Result<()> {
    db.prepare_cached("DELETE FROM draft WHERE conversation = ?1")?
        .execute([conversation.0])?;
    Ok(())
}
