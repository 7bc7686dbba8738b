//! Invitations: sealed cards and the rules of their use (rules 13 and 27).

use super::{StoreError, bytes, int};
use rusqlite::{Connection, OptionalExtension as _};
use snug_wire::frame::Publish;
use snug_wire::{InvitationId, Lock};

pub(super) const SCHEMA: &str = "
CREATE TABLE invitation (
    id BLOB PRIMARY KEY NOT NULL,
    lock BLOB NOT NULL,
    uses INTEGER,       -- NULL: without limit
    used INTEGER NOT NULL,
    expires_at INTEGER, -- NULL: never
    revoked INTEGER NOT NULL,
    forget_at INTEGER,  -- NULL while it lives without an end
    card BLOB NOT NULL
) STRICT;
CREATE INDEX invitation_forget_at ON invitation (forget_at) WHERE forget_at IS NOT NULL;";

/// One row without its card.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Whose secret revokes it.
    pub lock: Lock,
    /// How often it can be claimed.
    pub uses: Option<u32>,
    /// How often it was.
    pub used: u32,
    /// When it ends, milliseconds of Unix time.
    pub expires_at: Option<u64>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// When the relay forgets it.
    pub forget_at: Option<u64>,
}

/// The invitation of that id.
pub fn find(conn: &Connection, id: &InvitationId) -> Result<Option<Invitation>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT lock, uses, used, expires_at, revoked, forget_at FROM invitation WHERE id = ?1",
        )?
        .query_row([&id.0], |row| {
            Ok(Invitation {
                id: *id,
                lock: Lock(bytes(row, 0)?),
                uses: row.get(1)?,
                used: row.get(2)?,
                expires_at: row.get::<_, Option<i64>>(3)?.map(|n| n as u64),
                revoked: row.get(4)?,
                forget_at: row.get::<_, Option<i64>>(5)?.map(|n| n as u64),
            })
        })
        .optional()?)
}

/// Its card.
pub fn card(conn: &Connection, id: &InvitationId) -> Result<Vec<u8>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT card FROM invitation WHERE id = ?1")?
        .query_row([&id.0], |row| row.get(0))?)
}

/// Keeps a new one. The id must be free.
pub fn insert(
    conn: &Connection,
    publish: &Publish,
    forget_at: Option<u64>,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO invitation (id, lock, uses, used, expires_at, revoked, forget_at, card)
         VALUES (?1, ?2, ?3, 0, ?4, 0, ?5, ?6)",
    )?
    .execute((
        &publish.id.0,
        &publish.lock.0,
        publish.uses,
        publish.expires_at.map(int),
        forget_at.map(int),
        &publish.card,
    ))?;
    Ok(())
}

/// Writes what changes in an invitation's life.
pub fn update(conn: &Connection, invitation: &Invitation) -> Result<(), StoreError> {
    conn.prepare_cached(
        "UPDATE invitation SET used = ?2, revoked = ?3, forget_at = ?4 WHERE id = ?1",
    )?
    .execute((
        &invitation.id.0,
        invitation.used,
        invitation.revoked,
        invitation.forget_at.map(int),
    ))?;
    Ok(())
}

/// Removes up to `limit` that are to be forgotten by now, claims included.
pub fn delete_old(conn: &Connection, now: u64, limit: u32) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM invitation WHERE forget_at < ?1 ORDER BY forget_at LIMIT ?2",
    )?;
    let ids: Vec<[u8; 16]> = statement
        .query_map((int(now), limit), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in ids {
        conn.prepare_cached("DELETE FROM claim WHERE invitation = ?1")?
            .execute([&id])?;
        conn.prepare_cached("DELETE FROM invitation WHERE id = ?1")?
            .execute([&id])?;
    }
    Ok(())
}
