//! Our inboxes: mailboxes others seal to, with the keys that open what they send (rule 9).

use crate::error::Result;
use rusqlite::{Connection, OptionalExtension};
use snug_wire::{Address, InvitationId};

/// An inbox; `invitation` is set where requests for one arrive.
#[derive(Clone)]
pub(crate) struct Inbox {
    pub address: Address,
    /// X-Wing private key.
    pub key: Vec<u8>,
    pub invitation: Option<InvitationId>,
}

pub(crate) fn insert(db: &Connection, new: &Inbox) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO inbox (address, key, invitation) VALUES (?1, ?2, ?3)
         ON CONFLICT (address) DO NOTHING",
    )?
    .execute((new.address.0, &new.key, new.invitation.map(|id| id.0)))?;
    Ok(())
}

/// How many key packages of ours wait beside an inbox.
pub(crate) fn pool(db: &Connection, address: &Address) -> Result<u32> {
    Ok(db
        .prepare_cached("SELECT pool FROM inbox WHERE address = ?1")?
        .query_row([address.0], |row| row.get(0))
        .optional()?
        .unwrap_or_default())
}

pub(crate) fn set_pool(db: &Connection, address: &Address, pool: u32) -> Result<()> {
    db.prepare_cached("UPDATE inbox SET pool = ?2 WHERE address = ?1")?
        .execute((address.0, pool))?;
    Ok(())
}

pub(crate) fn get(db: &Connection, address: &Address) -> Result<Option<Inbox>> {
    Ok(db
        .prepare_cached("SELECT address, key, invitation FROM inbox WHERE address = ?1")?
        .query_row([address.0], |row| {
            Ok(Inbox {
                address: Address(row.get(0)?),
                key: row.get(1)?,
                invitation: row.get::<_, Option<[u8; 16]>>(2)?.map(InvitationId),
            })
        })
        .optional()?)
}
