//! What tables are read and written through.

use super::StoreError;
use super::memory::Memory;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::cell::{RefCell, RefMut};
use std::ops::Deref;

/// SQLite, and before it the mailboxes and entries of a relay that keeps them in memory.
#[derive(Clone, Copy, Debug)]
pub struct Db<'a> {
    conn: &'a Connection,
    memory: Option<&'a RefCell<Memory>>,
}

impl<'a> Db<'a> {
    pub(super) fn new(conn: &'a Connection, memory: Option<&'a RefCell<Memory>>) -> Self {
        Self { conn, memory }
    }

    /// Mailboxes and entries, if they are not in SQLite. Not to be held beyond a statement.
    pub fn memory(&self) -> Option<RefMut<'a, Memory>> {
        self.memory.map(RefCell::borrow_mut)
    }
}

impl Deref for Db<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.conn
    }
}

/// A batch in one transaction; dropped without commit, nothing of it stays. In memory there is none:
/// nothing is written there that could fail half-way.
#[derive(Debug)]
pub struct Batch<'a> {
    db: Db<'a>,
    transaction: Option<Transaction<'a>>,
}

impl<'a> Batch<'a> {
    pub(super) fn begin(db: Db<'a>) -> Result<Self, StoreError> {
        let transaction = match db.memory {
            Some(_) => None,
            None => Some(Transaction::new_unchecked(
                db.conn,
                TransactionBehavior::Deferred,
            )?),
        };
        Ok(Self { db, transaction })
    }

    /// On disk when it returns.
    pub fn commit(self) -> Result<(), StoreError> {
        if let Some(transaction) = self.transaction {
            transaction.commit()?;
        }
        Ok(())
    }
}

impl<'a> Deref for Batch<'a> {
    type Target = Db<'a>;

    fn deref(&self) -> &Db<'a> {
        &self.db
    }
}
