//! OpenMLS' own state: keys and values it chooses, CBOR.

use rusqlite::{Connection, OptionalExtension, Result};

pub(crate) fn get(db: &Connection, key: &[u8]) -> Result<Option<Vec<u8>>> {
    db.prepare_cached("SELECT value FROM mls WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

pub(crate) fn put(db: &Connection, key: &[u8], value: &[u8]) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO mls (key, value) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )?
    .execute((key, value))?;
    Ok(())
}

pub(crate) fn delete(db: &Connection, key: &[u8]) -> Result<()> {
    db.prepare_cached("DELETE FROM mls WHERE key = ?1")?
        .execute([key])?;
    Ok(())
}
