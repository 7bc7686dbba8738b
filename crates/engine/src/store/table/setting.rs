//! Single values: who we are, and what the engine remembers of itself.

use crate::error::Result;
use rusqlite::{Connection, OptionalExtension};

pub(crate) fn get(db: &Connection, name: &str) -> Result<Option<Vec<u8>>> {
    Ok(db
        .prepare_cached("SELECT value FROM setting WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?)
}

pub(crate) fn put(db: &Connection, name: &str, value: &[u8]) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO setting (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )?
    .execute((name, value))?;
    Ok(())
}
