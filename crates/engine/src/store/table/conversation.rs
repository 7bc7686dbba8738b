//! Conversations: what a person sees as chats, and the own one, which nobody sees.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::log_state::ConversationKind;
use snug_wire::{AccountId, ConversationId};

/// A conversation; `peer` is the other account of a direct one.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub peer: Option<AccountId>,
    pub created_at: u64,
}

fn kind_number(kind: ConversationKind) -> i64 {
    match kind {
        ConversationKind::Direct => 0,
        ConversationKind::Group => 1,
        ConversationKind::Own => 2,
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: ConversationId(row.get(0)?),
        kind: match row.get(1)? {
            0 => ConversationKind::Direct,
            1 => ConversationKind::Group,
            n => {
                if n == 2 {
                    ConversationKind::Own
                } else {
                    return Err(rusqlite::Error::IntegralValueOutOfRange(1, n));
                }
            }
        },
        peer: row.get::<_, Option<[u8; 32]>>(2)?.map(AccountId),
        created_at: uint(row.get(3)?),
    })
}

/// Adds a conversation if it is not there yet; says whether it was new.
pub(crate) fn insert(db: &Connection, new: &Conversation) -> Result<bool> {
    let added = db
        .prepare_cached(
            "INSERT INTO conversation (id, kind, peer, created_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute((
            new.id.0,
            kind_number(new.kind),
            new.peer.map(|peer| peer.0),
            int(new.created_at),
        ))?;
    Ok(added > 0)
}

pub(crate) fn get(db: &Connection, id: &ConversationId) -> Result<Option<Conversation>> {
    Ok(db
        .prepare_cached("SELECT id, kind, peer, created_at FROM conversation WHERE id = ?1")?
        .query_row([id.0], row)
        .optional()?)
}

/// All that a person sees.
pub(crate) fn visible(db: &Connection) -> Result<Vec<Conversation>> {
    let mut query = db.prepare_cached(
        "SELECT id, kind, peer, created_at FROM conversation WHERE kind <> 2 ORDER BY id",
    )?;
    let rows = query.query_map([], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
