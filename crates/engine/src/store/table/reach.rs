//! Where the devices of a conversation are reached when it does not work itself (rule 17).

use crate::error::Result;
use rusqlite::{Connection, OptionalExtension};
use snug_wire::card::InboxAddress;
use snug_wire::inbox::Reach;
use snug_wire::{AccountId, ConversationId, DeviceId, FRAME_LIMIT, decode, encode};

/// Keeps where a device is reached now.
pub(crate) fn put(db: &Connection, conversation: &ConversationId, reach: &Reach) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO reach (conversation, device, account, inbox) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (conversation, device) DO UPDATE SET
           account = excluded.account, inbox = excluded.inbox",
    )?
    .execute((
        conversation.0,
        reach.device.0,
        reach.account.0,
        encode(&reach.inbox),
    ))?;
    Ok(())
}

/// Where one device is reached.
pub(crate) fn of(
    db: &Connection,
    conversation: &ConversationId,
    device: &DeviceId,
) -> Result<Option<InboxAddress>> {
    let inbox: Option<Vec<u8>> = db
        .prepare_cached("SELECT inbox FROM reach WHERE conversation = ?1 AND device = ?2")?
        .query_row((conversation.0, device.0), |row| row.get(0))
        .optional()?;
    inbox
        .map(|inbox| Ok(decode(&inbox, FRAME_LIMIT)?))
        .transpose()
}

/// A device is not reached there any more.
pub(crate) fn delete(
    db: &Connection,
    conversation: &ConversationId,
    device: &DeviceId,
) -> Result<()> {
    db.prepare_cached("DELETE FROM reach WHERE conversation = ?1 AND device = ?2")?
        .execute((conversation.0, device.0))?;
    Ok(())
}

/// Where at most `limit` devices of a conversation are reached.
pub(crate) fn all(
    db: &Connection,
    conversation: &ConversationId,
    limit: u32,
) -> Result<Vec<Reach>> {
    let mut query = db.prepare_cached(
        "SELECT account, device, inbox FROM reach WHERE conversation = ?1 ORDER BY device LIMIT ?2",
    )?;
    let rows = query.query_map((conversation.0, limit), |row| {
        Ok((
            AccountId(row.get(0)?),
            DeviceId(row.get(1)?),
            row.get::<_, Vec<u8>>(2)?,
        ))
    })?;
    rows.map(|row| {
        let (account, device, inbox) = row?;
        Ok(Reach {
            account,
            device,
            inbox: decode(&inbox, FRAME_LIMIT)?,
        })
    })
    .collect()
}

/// Forgets where an account's devices are reached: it is not in the conversation any more.
pub(crate) fn forget(
    db: &Connection,
    conversation: &ConversationId,
    account: &AccountId,
) -> Result<()> {
    db.prepare_cached("DELETE FROM reach WHERE conversation = ?1 AND account = ?2")?
        .execute((conversation.0, account.0))?;
    Ok(())
}
