//! Other accounts we know.

use crate::error::Result;
use rusqlite::{Connection, OptionalExtension};
use snug_wire::device_list::DeviceList;
use snug_wire::{AccountId, FRAME_LIMIT, decode, encode};

/// Keeps a contact's name and the newest of its device lists (rule 21: a lower one is refused).
pub(crate) fn put(
    db: &Connection,
    account: &AccountId,
    name: &str,
    devices: &DeviceList,
) -> Result<()> {
    let newest = match get(db, account)? {
        Some((_, known)) if known.version() > devices.version() => known,
        _ => devices.clone(),
    };
    db.prepare_cached(
        "INSERT INTO contact (account, name, devices) VALUES (?1, ?2, ?3)
         ON CONFLICT (account) DO UPDATE SET name = excluded.name, devices = excluded.devices",
    )?
    .execute((account.0, name, encode(&newest)))?;
    Ok(())
}

/// All of them.
pub(crate) fn all(db: &Connection) -> Result<Vec<(AccountId, String, DeviceList)>> {
    let mut query =
        db.prepare_cached("SELECT account, name, devices FROM contact ORDER BY account")?;
    let rows = query.query_map([], |row| {
        Ok((
            AccountId(row.get(0)?),
            row.get::<_, String>(1)?,
            row.get::<_, Vec<u8>>(2)?,
        ))
    })?;
    rows.map(|row| {
        let (account, name, devices) = row?;
        Ok((account, name, decode(&devices, FRAME_LIMIT)?))
    })
    .collect()
}

pub(crate) fn get(db: &Connection, account: &AccountId) -> Result<Option<(String, DeviceList)>> {
    let row: Option<(String, Vec<u8>)> = db
        .prepare_cached("SELECT name, devices FROM contact WHERE account = ?1")?
        .query_row([account.0], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(name, devices)| Ok((name, decode(&devices, FRAME_LIMIT)?)))
        .transpose()
}
