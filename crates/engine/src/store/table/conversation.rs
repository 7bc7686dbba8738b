//! Conversations: what a person sees as chats, and the own one, which nobody sees.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::log_state::ConversationKind;
use snug_wire::{AccountId, ConversationId};

/// How one stands in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatStanding {
    /// One can read and write.
    In = 0,
    /// One left; what was said before can be read.
    Left = 1,
    /// One was taken out; what was said before can be read.
    Removed = 2,
}

/// A conversation; `peer` is the other account of a direct one, `name` what a group is called.
#[derive(Clone, Debug)]
pub(crate) struct Conversation {
    pub id: ConversationId,
    pub kind: ConversationKind,
    pub peer: Option<AccountId>,
    pub created_at: u64,
    pub name: String,
    pub standing: ChatStanding,
}

impl Conversation {
    /// One that begins now.
    pub fn new(id: ConversationId, kind: ConversationKind, created_at: u64) -> Self {
        Self {
            id,
            kind,
            peer: None,
            created_at,
            name: String::new(),
            standing: ChatStanding::In,
        }
    }
}

pub(crate) fn kind_number(kind: ConversationKind) -> i64 {
    match kind {
        ConversationKind::Direct => 0,
        ConversationKind::Group => 1,
        ConversationKind::Own => 2,
    }
}

pub(crate) fn kind_of(number: i64) -> rusqlite::Result<ConversationKind> {
    match number {
        0 => Ok(ConversationKind::Direct),
        1 => Ok(ConversationKind::Group),
        2 => Ok(ConversationKind::Own),
        n => Err(rusqlite::Error::IntegralValueOutOfRange(1, n)),
    }
}

fn row(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: ConversationId(row.get(0)?),
        kind: kind_of(row.get(1)?)?,
        peer: row.get::<_, Option<[u8; 32]>>(2)?.map(AccountId),
        created_at: uint(row.get(3)?),
        name: row.get(4)?,
        standing: match row.get(5)? {
            0 => ChatStanding::In,
            1 => ChatStanding::Left,
            _ => ChatStanding::Removed,
        },
    })
}

const COLUMNS: &str = "id, kind, peer, created_at, name, standing";

/// Adds a conversation if it is not there yet; says whether it was new.
pub(crate) fn insert(db: &Connection, new: &Conversation) -> Result<bool> {
    let added = db
        .prepare_cached(
            "INSERT INTO conversation (id, kind, peer, created_at, name) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute((
            new.id.0,
            kind_number(new.kind),
            new.peer.map(|peer| peer.0),
            int(new.created_at),
            &new.name,
        ))?;
    Ok(added > 0)
}

pub(crate) fn get(db: &Connection, id: &ConversationId) -> Result<Option<Conversation>> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM conversation WHERE id = ?1"))?
        .query_row([id.0], row)
        .optional()?)
}

/// All that a person sees.
pub(crate) fn visible(db: &Connection) -> Result<Vec<Conversation>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM conversation WHERE kind <> 2 ORDER BY id"
    ))?;
    let rows = query.query_map([], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn set_name(db: &Connection, id: &ConversationId, name: &str) -> Result<()> {
    db.prepare_cached("UPDATE conversation SET name = ?2 WHERE id = ?1")?
        .execute((id.0, name))?;
    Ok(())
}

/// The picture of a group.
pub(crate) fn picture(db: &Connection, id: &ConversationId) -> Result<Option<Vec<u8>>> {
    let picture = db
        .prepare_cached("SELECT picture FROM conversation WHERE id = ?1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    Ok(picture.flatten())
}

pub(crate) fn set_picture(
    db: &Connection,
    id: &ConversationId,
    picture: Option<&[u8]>,
) -> Result<()> {
    db.prepare_cached("UPDATE conversation SET picture = ?2 WHERE id = ?1")?
        .execute((id.0, picture))?;
    Ok(())
}

pub(crate) fn set_standing(
    db: &Connection,
    id: &ConversationId,
    standing: ChatStanding,
) -> Result<()> {
    db.prepare_cached("UPDATE conversation SET standing = ?2 WHERE id = ?1")?
        .execute((id.0, standing as i64))?;
    Ok(())
}
