//! Accounts nothing is taken of.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension};
use snug_wire::AccountId;

/// Somebody blocked.
#[derive(Clone, PartialEq, Eq)]
pub struct Blocked {
    /// Who.
    pub account: AccountId,
    /// Their name when they were blocked.
    pub name: String,
    /// Since when, milliseconds of Unix time.
    pub at: u64,
    /// How many of their requests were ignored since.
    pub ignored: u64,
}

/// Without the name.
impl std::fmt::Debug for Blocked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocked")
            .field("account", &self.account)
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

/// Adds an account; says whether it was new.
pub(crate) fn insert(db: &Connection, account: &AccountId, name: &str, at: u64) -> Result<bool> {
    let added = db
        .prepare_cached(
            "INSERT INTO blocked (account, name, at, ignored) VALUES (?1, ?2, ?3, 0)
             ON CONFLICT (account) DO NOTHING",
        )?
        .execute((account.0, name, int(at)))?;
    Ok(added > 0)
}

/// Takes an account out; says whether it was in.
pub(crate) fn delete(db: &Connection, account: &AccountId) -> Result<bool> {
    let gone = db
        .prepare_cached("DELETE FROM blocked WHERE account = ?1")?
        .execute([account.0])?;
    Ok(gone > 0)
}

/// Whether an account is blocked.
pub(crate) fn is(db: &Connection, account: &AccountId) -> Result<bool> {
    Ok(db
        .prepare_cached("SELECT 1 FROM blocked WHERE account = ?1")?
        .exists([account.0])?)
}

/// A request of theirs was ignored.
pub(crate) fn count(db: &Connection, account: &AccountId) -> Result<()> {
    db.prepare_cached("UPDATE blocked SET ignored = ignored + 1 WHERE account = ?1")?
        .execute([account.0])?;
    Ok(())
}

/// All of them, the last one first.
pub(crate) fn all(db: &Connection) -> Result<Vec<Blocked>> {
    let mut query = db.prepare_cached(
        "SELECT account, name, at, ignored FROM blocked ORDER BY at DESC, account",
    )?;
    let rows = query.query_map([], |row| {
        Ok(Blocked {
            account: AccountId(row.get(0)?),
            name: row.get(1)?,
            at: uint(row.get(2)?),
            ignored: uint(row.get(3)?),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The name of one.
pub(crate) fn name(db: &Connection, account: &AccountId) -> Result<Option<String>> {
    Ok(db
        .prepare_cached("SELECT name FROM blocked WHERE account = ?1")?
        .query_row([account.0], |row| row.get(0))
        .optional()?)
}
