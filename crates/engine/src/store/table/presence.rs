//! When others were last there, and their own words then: all that stays of signals.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::AccountId;

/// What stays of somebody's presence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LastSeen {
    /// When they were last there, milliseconds of Unix time.
    pub at: u64,
    /// Their own words.
    pub text: String,
}

fn row(row: &Row<'_>) -> rusqlite::Result<LastSeen> {
    Ok(LastSeen {
        at: uint(row.get(1)?),
        text: row.get(2)?,
    })
}

pub(crate) fn get(db: &Connection, account: &AccountId) -> Result<Option<LastSeen>> {
    Ok(db
        .prepare_cached("SELECT account, last_seen, text FROM presence WHERE account = ?1")?
        .query_row([account.0], row)
        .optional()?)
}

pub(crate) fn all(db: &Connection) -> Result<Vec<AccountId>> {
    let mut query = db.prepare_cached("SELECT account FROM presence")?;
    let rows = query.query_map([], |row| Ok(AccountId(row.get(0)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn put(db: &Connection, account: &AccountId, new: &LastSeen) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO presence (account, last_seen, text) VALUES (?1, ?2, ?3)
         ON CONFLICT (account) DO UPDATE SET
           last_seen = max(last_seen, excluded.last_seen), text = excluded.text",
    )?
    .execute((account.0, int(new.at), &new.text))?;
    Ok(())
}
