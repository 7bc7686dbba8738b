//! Devices of those who are to be added to groups, with their key packages once the relay gave them.

use crate::error::Result;
use rusqlite::Connection;
use snug_wire::card::InboxAddress;
use snug_wire::{DeviceId, FRAME_LIMIT, decode, encode};

/// A device that a pending change is to add.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub device: DeviceId,
    /// Where it is pointed to its Welcome.
    pub inbox: InboxAddress,
    /// `None` until the relay has given it.
    pub package: Option<Vec<u8>>,
}

pub(crate) fn put(db: &Connection, pending: i64, new: &Candidate) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO candidate (pending, device, inbox, package) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (pending, device) DO UPDATE SET
           inbox = excluded.inbox, package = excluded.package",
    )?
    .execute((
        pending,
        new.device.0,
        encode(&new.inbox),
        new.package.as_deref(),
    ))?;
    Ok(())
}

pub(crate) fn of(db: &Connection, pending: i64) -> Result<Vec<Candidate>> {
    let mut query = db.prepare_cached(
        "SELECT device, inbox, package FROM candidate WHERE pending = ?1 ORDER BY device",
    )?;
    let rows = query.query_map([pending], |row| {
        Ok((
            DeviceId(row.get(0)?),
            row.get::<_, Vec<u8>>(1)?,
            row.get::<_, Option<Vec<u8>>>(2)?,
        ))
    })?;
    rows.map(|row| {
        let (device, inbox, package) = row?;
        Ok(Candidate {
            device,
            inbox: decode(&inbox, FRAME_LIMIT)?,
            package,
        })
    })
    .collect()
}

pub(crate) fn delete(db: &Connection, pending: i64, device: &DeviceId) -> Result<()> {
    db.prepare_cached("DELETE FROM candidate WHERE pending = ?1 AND device = ?2")?
        .execute((pending, device.0))?;
    Ok(())
}

/// All of a pending change.
pub(crate) fn forget(db: &Connection, pending: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM candidate WHERE pending = ?1")?
        .execute([pending])?;
    Ok(())
}
