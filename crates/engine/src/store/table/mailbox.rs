//! Mailboxes we read, and how far we have applied each.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension, Row};
use snug_wire::frame::Cursor;
use snug_wire::{Address, EnvelopeId, LockSecret, RelayKey, Seq};

/// Whether a mailbox can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its `Create` is not settled.
    Asked = 0,
    /// It is there.
    There = 1,
    /// Not read any more.
    Over = 2,
}

/// A mailbox we read.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox {
    pub address: Address,
    pub relay: RelayKey,
    pub secret: LockSecret,
    pub standing: Standing,
    /// The log's generation; 0 before it was ever opened.
    pub generation: u64,
    /// The last entry applied; 0 before the first.
    pub seq: Seq,
    pub envelope: Option<EnvelopeId>,
}

impl Mailbox {
    /// What `Open` names; none before anything was applied.
    pub fn cursor(&self) -> Option<Cursor> {
        self.envelope.map(|id| Cursor {
            generation: self.generation,
            seq: self.seq,
            id,
        })
    }
}

const COLUMNS: &str = "address, relay, secret, standing, generation, seq, envelope";

fn row(row: &Row<'_>) -> rusqlite::Result<Mailbox> {
    Ok(Mailbox {
        address: Address(row.get(0)?),
        relay: RelayKey(row.get(1)?),
        secret: LockSecret::new(row.get(2)?),
        standing: match row.get(3)? {
            0 => Standing::Asked,
            1 => Standing::There,
            _ => Standing::Over,
        },
        generation: uint(row.get(4)?),
        seq: Seq(uint(row.get(5)?)),
        envelope: row.get::<_, Option<[u8; 16]>>(6)?.map(EnvelopeId),
    })
}

pub(crate) fn insert(db: &Connection, new: &Mailbox) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO mailbox (address, relay, secret, standing, generation, seq, envelope)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (address) DO NOTHING",
    )?
    .execute((
        new.address.0,
        new.relay.0,
        new.secret.0.expose(),
        new.standing as i64,
        int(new.generation),
        int(new.seq.0),
        new.envelope.map(|id| id.0),
    ))?;
    Ok(())
}

pub(crate) fn get(db: &Connection, address: &Address) -> Result<Option<Mailbox>> {
    Ok(db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM mailbox WHERE address = ?1"))?
        .query_row([address.0], row)
        .optional()?)
}

/// All of a relay's that can be opened.
pub(crate) fn there(db: &Connection, relay: &RelayKey) -> Result<Vec<Mailbox>> {
    let mut query = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM mailbox WHERE relay = ?1 AND standing = 1 ORDER BY address"
    ))?;
    let rows = query.query_map([relay.0], row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn set_standing(db: &Connection, address: &Address, standing: Standing) -> Result<()> {
    db.prepare_cached("UPDATE mailbox SET standing = ?2 WHERE address = ?1")?
        .execute((address.0, standing as i64))?;
    Ok(())
}

pub(crate) fn move_cursor(db: &Connection, address: &Address, cursor: &Cursor) -> Result<()> {
    db.prepare_cached(
        "UPDATE mailbox SET generation = ?2, seq = ?3, envelope = ?4 WHERE address = ?1",
    )?
    .execute((
        address.0,
        int(cursor.generation),
        int(cursor.seq.0),
        cursor.id.0,
    ))?;
    Ok(())
}

/// The lock was changed: this opens it from now on.
pub(crate) fn set_secret(db: &Connection, address: &Address, secret: &LockSecret) -> Result<()> {
    db.prepare_cached("UPDATE mailbox SET secret = ?2 WHERE address = ?1")?
        .execute((address.0, secret.0.expose()))?;
    Ok(())
}

/// Reads from there on: a device was taken in again by the entry before.
pub(crate) fn rejoin(db: &Connection, new: &Mailbox) -> Result<()> {
    db.prepare_cached(
        "UPDATE mailbox SET secret = ?2, standing = ?3, generation = ?4, seq = ?5, envelope = ?6
         WHERE address = ?1",
    )?
    .execute((
        new.address.0,
        new.secret.0.expose(),
        new.standing as i64,
        int(new.generation),
        int(new.seq.0),
        new.envelope.map(|id| id.0),
    ))?;
    Ok(())
}

/// Starts over in a log of another generation, before its first entry held.
pub(crate) fn restart(
    db: &Connection,
    address: &Address,
    generation: u64,
    before: Seq,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE mailbox SET generation = ?2, seq = ?3, envelope = NULL WHERE address = ?1",
    )?
    .execute((address.0, int(generation), int(before.0)))?;
    Ok(())
}
