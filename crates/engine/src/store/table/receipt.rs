//! How far others have stored and read each log (rule 22), and what of a log we could not open.

use crate::error::Result;
use crate::store::int;
use rusqlite::Connection;
use snug_wire::{AccountId, GroupId, Seq};

pub(crate) const CREATE: &str = "
CREATE TABLE receipt (
  group_id  BLOB NOT NULL REFERENCES log (group_id),
  account   BLOB NOT NULL,
  delivered INTEGER NOT NULL,
  read      INTEGER NOT NULL,
  PRIMARY KEY (group_id, account)
) STRICT, WITHOUT ROWID;";

/// Raises an account's watermarks; watermarks never fall.
pub(crate) fn raise(
    db: &Connection,
    group: &GroupId,
    account: &AccountId,
    delivered: Seq,
    read: Seq,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO receipt (group_id, account, delivered, read) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (group_id, account) DO UPDATE SET
           delivered = max(delivered, excluded.delivered), read = max(read, excluded.read)",
    )?
    .execute((group.0, account.0, int(delivered.0), int(read.0)))?;
    Ok(())
}
