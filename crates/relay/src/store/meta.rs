//! What the relay is: its key's seed, and the port it once chose.

use super::StoreError;
use rusqlite::{Connection, OptionalExtension as _};

pub(super) const SCHEMA: &str = "
CREATE TABLE meta (
    name TEXT PRIMARY KEY NOT NULL,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;";

const SEED: &str = "seed";
const PORT: &str = "port";

/// The seed of the relay's Ed25519 key; `fresh` becomes it the first time.
pub fn seed(conn: &Connection, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
    if let Some(seed) = value(conn, SEED)? {
        return Ok(seed);
    }
    set(conn, SEED, &fresh)?;
    Ok(fresh)
}

/// The port that was chosen.
pub fn port(conn: &Connection) -> Result<Option<u16>, StoreError> {
    Ok(value(conn, PORT)?.map(u16::from_be_bytes))
}

/// Remembers a port.
pub fn set_port(conn: &Connection, port: u16) -> Result<(), StoreError> {
    set(conn, PORT, &port.to_be_bytes())
}

fn value<const N: usize>(conn: &Connection, name: &str) -> Result<Option<[u8; N]>, StoreError> {
    Ok(conn
        .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()?)
}

fn set(conn: &Connection, name: &str, value: &[u8]) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO meta (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )?;
    Ok(())
}
