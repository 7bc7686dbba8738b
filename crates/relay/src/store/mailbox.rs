//! Mailboxes: what of a log is state and outlives its entries (rule 3).

use super::{Db, StoreError, bytes, int};
use rusqlite::{OptionalExtension as _, Row};
use snug_wire::frame::MailboxKind;
use snug_wire::{Address, Lock, Seq};

pub(super) const SCHEMA: &str = "
CREATE TABLE mailbox (
    id INTEGER PRIMARY KEY,
    address BLOB NOT NULL UNIQUE,
    kind INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    lock BLOB NOT NULL,
    first INTEGER NOT NULL,   -- first entry held; last + 1 when none is
    last INTEGER NOT NULL,    -- last entry given out
    head INTEGER NOT NULL,    -- last flagged entry; 0 for none
    size INTEGER NOT NULL,    -- bytes of the entries held
    retired INTEGER NOT NULL,
    made_at INTEGER NOT NULL, -- milliseconds of Unix time
    opened_at INTEGER NOT NULL
) STRICT;
CREATE INDEX mailbox_rendezvous ON mailbox (made_at) WHERE kind = 2;";

/// One row.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Key of the other tables.
    pub id: i64,
    /// Its address.
    pub address: Address,
    /// What it is for.
    pub kind: MailboxKind,
    /// Random, made with it.
    pub generation: u64,
    /// The lock that opens it now.
    pub lock: Lock,
    /// First entry held; one past `last` when none is.
    pub first: Seq,
    /// Last entry given out.
    pub last: Seq,
    /// Last flagged entry; 0 for none.
    pub head: Seq,
    /// Bytes of the entries held.
    pub size: u64,
    /// Whether nothing can be put any more.
    pub retired: bool,
    /// When it was last opened, to the day, milliseconds of Unix time.
    pub opened_at: u64,
}

const COLUMNS: &str =
    "id, address, kind, generation, lock, first, last, head, size, retired, opened_at";

fn read(row: &Row<'_>) -> rusqlite::Result<Mailbox> {
    let number = |column| row.get::<_, i64>(column).map(|n: i64| n as u64);
    Ok(Mailbox {
        id: row.get(0)?,
        address: Address(bytes(row, 1)?),
        kind: match row.get(2)? {
            0 => MailboxKind::Conversation,
            1 => MailboxKind::Inbox,
            _ => MailboxKind::Rendezvous,
        },
        generation: number(3)?,
        lock: Lock(bytes(row, 4)?),
        first: Seq(number(5)?),
        last: Seq(number(6)?),
        head: Seq(number(7)?),
        size: number(8)?,
        retired: row.get(9)?,
        opened_at: number(10)?,
    })
}

fn kind_number(kind: MailboxKind) -> i64 {
    match kind {
        MailboxKind::Conversation => 0,
        MailboxKind::Inbox => 1,
        MailboxKind::Rendezvous => 2,
    }
}

/// The mailbox at that address.
pub fn find(conn: &Db<'_>, address: &Address) -> Result<Option<Mailbox>, StoreError> {
    if let Some(memory) = conn.memory() {
        return Ok(memory.find(address));
    }
    Ok(conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM mailbox WHERE address = ?1"))?
        .query_row([&address.0], read)
        .optional()?)
}

/// How many there are.
pub fn count(conn: &Db<'_>) -> Result<u64, StoreError> {
    if let Some(memory) = conn.memory() {
        return Ok(memory.count());
    }
    let count: i64 = conn.query_row("SELECT count(*) FROM mailbox", [], |row| row.get(0))?;
    Ok(count as u64)
}

/// Makes an empty one. The address must be free.
pub fn insert(
    conn: &Db<'_>,
    address: &Address,
    kind: MailboxKind,
    generation: u64,
    lock: &Lock,
    now: u64,
) -> Result<(), StoreError> {
    if let Some(mut memory) = conn.memory() {
        memory.insert(address, kind, generation, lock, now);
        return Ok(());
    }
    conn.prepare_cached(
        "INSERT INTO mailbox (address, kind, generation, lock, first, last, head, size, retired, made_at, opened_at)
         VALUES (?1, ?2, ?3, ?4, 1, 0, 0, 0, 0, ?5, ?5)",
    )?
    .execute((&address.0, kind_number(kind), generation as i64, &lock.0, int(now)))?;
    Ok(())
}

/// Writes what changes in a mailbox's life.
pub fn update(conn: &Db<'_>, mailbox: &Mailbox) -> Result<(), StoreError> {
    if let Some(mut memory) = conn.memory() {
        memory.update(mailbox);
        return Ok(());
    }
    conn.prepare_cached(
        "UPDATE mailbox SET lock = ?2, first = ?3, last = ?4, head = ?5, size = ?6, retired = ?7, opened_at = ?8
         WHERE id = ?1",
    )?
    .execute((
        mailbox.id,
        &mailbox.lock.0,
        int(mailbox.first.0),
        int(mailbox.last.0),
        int(mailbox.head.0),
        int(mailbox.size),
        mailbox.retired,
        int(mailbox.opened_at),
    ))?;
    Ok(())
}

/// Removes it with everything in it.
pub fn delete(conn: &Db<'_>, id: i64) -> Result<(), StoreError> {
    if let Some(mut memory) = conn.memory() {
        memory.delete(id);
    }
    for table in [
        "entry",
        "attachment",
        "old_lock",
        "key_package",
        "last_resort",
    ] {
        conn.prepare_cached(&format!("DELETE FROM {table} WHERE mailbox = ?1"))?
            .execute([id])?;
    }
    conn.prepare_cached("DELETE FROM mailbox WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// Up to `limit` mailboxes with an id above `after`, rising.
pub fn page(conn: &Db<'_>, after: i64, limit: u32) -> Result<Vec<Mailbox>, StoreError> {
    if let Some(memory) = conn.memory() {
        return Ok(memory.page(after, limit));
    }
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM mailbox WHERE id > ?1 ORDER BY id LIMIT ?2"
    ))?;
    let rows = statement.query_map((after, limit), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Up to `limit` rendezvous made before that time, oldest first.
pub fn old_rendezvous(conn: &Db<'_>, before: u64, limit: u32) -> Result<Vec<Mailbox>, StoreError> {
    if let Some(memory) = conn.memory() {
        return Ok(memory.old_rendezvous(before, limit));
    }
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM mailbox WHERE kind = 2 AND made_at < ?1 ORDER BY made_at LIMIT ?2"
    ))?;
    let rows = statement.query_map((int(before), limit), read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
