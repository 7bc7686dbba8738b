//! Uses of invitations that are bound (rule 13). Kept as long as the invitation.

use super::StoreError;
use rusqlite::Connection;
use snug_wire::{ClaimId, InvitationId};

pub(super) const SCHEMA: &str = "
CREATE TABLE claim (
    invitation BLOB NOT NULL,
    id BLOB NOT NULL,
    PRIMARY KEY (invitation, id)
) STRICT, WITHOUT ROWID;";

/// Whether that claim has a use.
pub fn exists(
    conn: &Connection,
    invitation: &InvitationId,
    id: &ClaimId,
) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM claim WHERE invitation = ?1 AND id = ?2")?
        .exists((&invitation.0, &id.0))?)
}

/// Binds a use.
pub fn insert(
    conn: &Connection,
    invitation: &InvitationId,
    id: &ClaimId,
) -> Result<(), StoreError> {
    conn.prepare_cached("INSERT INTO claim (invitation, id) VALUES (?1, ?2)")?
        .execute((&invitation.0, &id.0))?;
    Ok(())
}
