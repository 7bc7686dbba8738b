//! What is told to whom. The row of nobody's account, zeros, is for everybody.

use crate::error::Result;
use crate::privacy::PrivacyOverride;
use rusqlite::{Connection, OptionalExtension};
use snug_wire::AccountId;

/// Whose row is for all without one of their own. No account's key is zeros.
pub(crate) const EVERYBODY: AccountId = AccountId([0; 32]);

pub(crate) fn get(db: &Connection, account: &AccountId) -> Result<PrivacyOverride> {
    let row = db
        .prepare_cached("SELECT typing, presence, receipts FROM privacy WHERE account = ?1")?
        .query_row([account.0], |row| {
            Ok(PrivacyOverride {
                typing: row.get(0)?,
                presence: row.get(1)?,
                receipts: row.get(2)?,
            })
        })
        .optional()?;
    Ok(row.unwrap_or_default())
}

pub(crate) fn put(db: &Connection, account: &AccountId, new: &PrivacyOverride) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO privacy (account, typing, presence, receipts) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (account) DO UPDATE SET typing = excluded.typing,
           presence = excluded.presence, receipts = excluded.receipts",
    )?
    .execute((account.0, new.typing, new.presence, new.receipts))?;
    Ok(())
}
