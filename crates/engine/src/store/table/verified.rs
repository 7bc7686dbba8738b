//! Whose safety number was compared, and with which devices.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension};
use snug_wire::AccountId;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verified {
    /// The hash of the last entry of their device list.
    pub state: [u8; 32],
    /// Its version.
    pub version: u64,
    /// Whether they have no other device since.
    pub holds: bool,
}

/// They were compared now.
pub(crate) fn put(
    db: &Connection,
    account: &AccountId,
    (state, version): (&[u8; 32], u64),
    at: u64,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO verified (account, state, version, at, holds) VALUES (?1, ?2, ?3, ?4, 1)
         ON CONFLICT (account) DO UPDATE SET state = excluded.state, version = excluded.version,
           at = excluded.at, holds = 1",
    )?
    .execute((account.0, state, int(version), int(at)))?;
    Ok(())
}

/// What was compared holds no longer.
pub(crate) fn drop(db: &Connection, account: &AccountId) -> Result<()> {
    db.prepare_cached("UPDATE verified SET holds = 0 WHERE account = ?1")?
        .execute([account.0])?;
    Ok(())
}

/// As if they had never been compared.
pub(crate) fn delete(db: &Connection, account: &AccountId) -> Result<()> {
    db.prepare_cached("DELETE FROM verified WHERE account = ?1")?
        .execute([account.0])?;
    Ok(())
}

pub(crate) fn get(db: &Connection, account: &AccountId) -> Result<Option<Verified>> {
    Ok(db
        .prepare_cached("SELECT state, version, holds FROM verified WHERE account = ?1")?
        .query_row([account.0], |row| {
            Ok(Verified {
                state: row.get(0)?,
                version: uint(row.get(1)?),
                holds: row.get(2)?,
            })
        })
        .optional()?)
}
