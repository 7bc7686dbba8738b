//! How far others have stored and read each log (rule 22), and what of a log we could not open.

use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, OptionalExtension};
use snug_wire::{AccountId, ConversationId, GroupId, Seq};

/// For how long it is known when a watermark rose, in milliseconds.
const KEPT: u64 = 30 * 24 * 3_600_000;

/// An account's watermarks: delivered and read.
pub(crate) fn get(db: &Connection, group: &GroupId, account: &AccountId) -> Result<(Seq, Seq)> {
    let marks = db
        .prepare_cached("SELECT delivered, read FROM receipt WHERE group_id = ?1 AND account = ?2")?
        .query_row((group.0, account.0), |row| {
            Ok((Seq(uint(row.get(0)?)), Seq(uint(row.get(1)?))))
        })
        .optional()?;
    Ok(marks.unwrap_or_default())
}

/// The lowest watermarks of all others who are in a group.
pub(crate) fn least(
    db: &Connection,
    (group, conversation): (&GroupId, &ConversationId),
    own: &AccountId,
) -> Result<(Seq, Seq)> {
    Ok(db
        .prepare_cached(
            "SELECT ifnull(min(ifnull(delivered, 0)), 0), ifnull(min(ifnull(read, 0)), 0)
             FROM participant p LEFT JOIN receipt r ON r.group_id = ?1 AND r.account = p.account
             WHERE p.conversation = ?2 AND p.account <> ?3 AND p.joined = 1",
        )?
        .query_row((group.0, conversation.0, own.0), |row| {
            Ok((Seq(uint(row.get(0)?)), Seq(uint(row.get(1)?))))
        })?)
}

/// Notes when a watermark rose; old notes go one by one.
pub(crate) fn mark(
    db: &Connection,
    (group, account): (&GroupId, &AccountId),
    (read, seq): (bool, Seq),
    now: u64,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO receipt_mark (group_id, account, read, seq, at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
    )?
    .execute((group.0, account.0, read, int(seq.0), int(now)))?;
    db.prepare_cached(
        "DELETE FROM receipt_mark WHERE group_id = ?1 AND account = ?2 AND read = ?3 AND at < ?4
         AND seq IN (SELECT seq FROM receipt_mark
           WHERE group_id = ?1 AND account = ?2 AND read = ?3 ORDER BY seq LIMIT 2)",
    )?
    .execute((group.0, account.0, read, int(now.saturating_sub(KEPT))))?;
    Ok(())
}

/// When the entry at `seq` was delivered to an account, or read by it, as far as that is known.
pub(crate) fn when(
    db: &Connection,
    (group, account): (&GroupId, &AccountId),
    (read, seq): (bool, Seq),
) -> Result<Option<u64>> {
    let at: Option<i64> = db
        .prepare_cached(
            "SELECT at FROM receipt_mark WHERE group_id = ?1 AND account = ?2 AND read = ?3
             AND seq >= ?4 ORDER BY seq LIMIT 1",
        )?
        .query_row((group.0, account.0, read, int(seq.0)), |row| row.get(0))
        .optional()?;
    Ok(at.map(uint))
}

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
