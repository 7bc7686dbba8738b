//! Relays our mailboxes live on, each with the random key we connect with (rule 10).

use crate::error::Result;
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::{RelayAddress, RelayKey, Secret};

/// Remembers a relay that others named; a known one stays where we know it to be, whatever they say.
pub(crate) fn remember(db: &Connection, relay: &RelayAddress, connection: &Secret) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO relay (key, url, connection) VALUES (?1, ?2, ?3) ON CONFLICT (key) DO NOTHING",
    )?
    .execute((relay.key.0, &relay.url, connection.expose()))?;
    Ok(())
}

/// Remembers where a relay was reached; it keeps its connection key.
pub(crate) fn put(db: &Connection, relay: &RelayAddress, connection: &Secret) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO relay (key, url, connection) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET url = excluded.url",
    )?
    .execute((relay.key.0, &relay.url, connection.expose()))?;
    Ok(())
}

fn row(row: &Row<'_>) -> rusqlite::Result<RelayAddress> {
    Ok(RelayAddress {
        key: RelayKey(row.get(0)?),
        url: row.get(1)?,
    })
}

pub(crate) fn all(db: &Connection) -> Result<Vec<RelayAddress>> {
    let mut query = db.prepare_cached("SELECT key, url FROM relay ORDER BY key")?;
    let rows = query.query_map([], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn get(db: &Connection, key: &RelayKey) -> Result<Option<RelayAddress>> {
    Ok(db
        .prepare_cached("SELECT key, url FROM relay WHERE key = ?1")?
        .query_row([key.0], row)
        .optional()?)
}

pub(crate) fn connection_key(db: &Connection, key: &RelayKey) -> Result<Option<Secret>> {
    Ok(db
        .prepare_cached("SELECT connection FROM relay WHERE key = ?1")?
        .query_row([key.0], |row| row.get(0).map(Secret::new))
        .optional()?)
}
