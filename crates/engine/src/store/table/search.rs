//! The search index over messages' texts.

use super::message::{Message, row};
use super::setting;
use crate::error::Result;
use crate::store::{int, uint};
use rusqlite::{Connection, types::Value};
use snug_wire::{AccountId, ConversationId};

const INDEXED: &str = "indexed";

/// Up to which number messages are in the index.
pub(crate) fn indexed(db: &Connection) -> Result<i64> {
    let stored = setting::get(db, INDEXED)?;
    let bytes = stored.and_then(|bytes| bytes.try_into().ok());
    Ok(bytes.map_or(0, |bytes| int(u64::from_be_bytes(bytes))))
}

pub(crate) fn set_indexed(db: &Connection, n: i64) -> Result<()> {
    setting::put(db, INDEXED, &uint(n).to_be_bytes())
}

/// The highest number there is.
pub(crate) fn last(db: &Connection) -> Result<i64> {
    Ok(db
        .prepare_cached("SELECT ifnull(max(n), 0) FROM message")?
        .query_row([], |row| row.get(0))?)
}

/// Texts after a number, at most `limit` rows; `None` for what is not searched.
pub(crate) fn next(db: &Connection, after: i64, limit: u32) -> Result<Vec<(i64, Option<String>)>> {
    let mut query = db.prepare_cached(
        "SELECT n, iif(kind = 1 AND content <> x'', text, NULL) FROM message WHERE n > ?1 ORDER BY n LIMIT ?2",
    )?;
    let rows = query.query_map((after, limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(crate) fn put(db: &Connection, n: i64, text: &str, pairs: &str) -> Result<()> {
    db.prepare_cached("INSERT INTO message_text (rowid, text) VALUES (?1, ?2)")?
        .execute((n, text))?;
    if !pairs.is_empty() {
        db.prepare_cached("INSERT INTO message_pairs (rowid, text) VALUES (?1, ?2)")?
            .execute((n, pairs))?;
    }
    Ok(())
}

/// Takes a text out again: it must be the very text that was put in.
pub(crate) fn remove(db: &Connection, n: i64, text: &str, pairs: &str) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO message_text (message_text, rowid, text) VALUES ('delete', ?1, ?2)",
    )?
    .execute((n, text))?;
    if !pairs.is_empty() {
        db.prepare_cached(
            "INSERT INTO message_pairs (message_pairs, rowid, text) VALUES ('delete', ?1, ?2)",
        )?
        .execute((n, pairs))?;
    }
    Ok(())
}

/// Which messages are looked through.
#[derive(Clone, Debug, Default)]
pub struct Within {
    /// Only this conversation's.
    pub conversation: Option<ConversationId>,
    /// Only this account's.
    pub author: Option<AccountId>,
    /// Only those written at this time or later, milliseconds of Unix time.
    pub from: Option<u64>,
    /// Only those written before.
    pub to: Option<u64>,
}

/// Of a conversation with at most so many messages their numbers are gathered before the index is
/// asked: what it finds elsewhere is then passed over without being read. In a larger one so much of
/// what is found is its own that gathering costs more.
const GATHERED: i64 = 50_000;

impl Within {
    /// As [`Self::sql`], in the conversation too, for what the index finds as `f`.
    fn found_sql(&self, db: &Connection, values: &mut Vec<Value>) -> Result<String> {
        let mut sql = self.sql(values);
        if let Some(id) = &self.conversation {
            let count: i64 = db
                .prepare_cached(
                    "SELECT count(*) FROM (SELECT 1 FROM message WHERE conversation = ?1 LIMIT ?2)",
                )?
                .query_row((id.0, GATHERED + 1), |row| row.get(0))?;
            values.push(Value::Blob(id.0.to_vec()));
            sql.push_str(&if count > GATHERED {
                format!(" AND m.conversation = ?{}", values.len())
            } else {
                // Without the plus the index would be asked once for each number.
                format!(
                    " AND +f.rowid IN (SELECT n FROM message WHERE conversation = ?{})",
                    values.len()
                )
            });
        }
        Ok(sql)
    }

    /// Conditions of a message `m`, but for its conversation.
    fn sql(&self, values: &mut Vec<Value>) -> String {
        let mut sql = String::new();
        let mut also = |condition: &str, value: Value| {
            values.push(value);
            sql.push_str(&format!(" AND {condition} ?{}", values.len()));
        };
        if let Some(id) = &self.author {
            also("m.author =", Value::Blob(id.0.to_vec()));
        }
        if let Some(from) = self.from {
            also("m.at >=", Value::Integer(int(from)));
        }
        if let Some(to) = self.to {
            also("m.at <", Value::Integer(int(to)));
        }
        sql
    }
}

/// A message and its number.
pub(crate) type Numbered = (i64, Message);

fn numbered(
    db: &Connection,
    sql: &str,
    values: Vec<Value>,
    mut take: impl FnMut(Numbered) -> bool,
) -> Result<()> {
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(rusqlite::params_from_iter(values))?;
    while let Some(found) = rows.next()? {
        if !take((found.get("n")?, row(found)?)) {
            break;
        }
    }
    Ok(())
}

/// Goes through what the index finds below a number, newest first, until `take` has enough.
pub(crate) fn find(
    db: &Connection,
    (text, pairs): (&str, &str),
    within: &Within,
    before: i64,
    take: impl FnMut(Numbered) -> bool,
) -> Result<()> {
    let mut values = vec![Value::Integer(before)];
    let mut sql = String::new();
    for (table, query) in [("message_text", text), ("message_pairs", pairs)] {
        if !query.is_empty() {
            values.push(Value::Text(query.to_owned()));
            sql.push_str(&format!(
                " AND m.n IN (SELECT rowid FROM {table} WHERE {table} MATCH ?{})",
                values.len()
            ));
        }
    }
    // One index leads, in its own order; the other only filters.
    if text.is_empty() != pairs.is_empty() {
        let (table, query) = if text.is_empty() {
            ("message_pairs", pairs)
        } else {
            ("message_text", text)
        };
        let mut values = vec![Value::Integer(before), Value::Text(query.to_owned())];
        let rest = within.found_sql(db, &mut values)?;
        let sql = format!(
            "SELECT {}, m.n FROM {table} f JOIN message m ON m.n = f.rowid
             WHERE f.{table} MATCH ?2 AND f.rowid < ?1{rest} ORDER BY f.rowid DESC",
            super::message::columns("m")
        );
        return numbered(db, &sql, values, take);
    }
    let mut rest = within.sql(&mut values);
    if let Some(id) = &within.conversation {
        values.push(Value::Blob(id.0.to_vec()));
        rest.push_str(&format!(" AND +m.conversation = ?{}", values.len()));
    }
    let sql = format!(
        "SELECT {}, m.n FROM message m WHERE m.n < ?1{sql}{rest} ORDER BY m.n DESC",
        super::message::columns("m")
    );
    numbered(db, &sql, values, take)
}

/// Goes through texts between two numbers without the index, newest first, at most `most` of them.
pub(crate) fn scan(
    db: &Connection,
    within: &Within,
    (above, before): (i64, i64),
    most: u32,
    take: impl FnMut(Numbered) -> bool,
) -> Result<()> {
    let mut values = vec![
        Value::Integer(above),
        Value::Integer(before),
        Value::Integer(i64::from(most)),
    ];
    let mut rest = within.sql(&mut values);
    if let Some(id) = &within.conversation {
        // The newest by place are the newest by number too, but for a few.
        values.push(Value::Blob(id.0.to_vec()));
        rest.push_str(&format!(
            " AND m.n IN (SELECT n FROM message WHERE conversation = ?{} ORDER BY place DESC LIMIT ?3)",
            values.len()
        ));
    }
    let sql = format!(
        "SELECT {}, m.n FROM message m WHERE m.n > ?1 AND m.n < ?2 AND m.kind = 1{rest}
         ORDER BY m.n DESC LIMIT ?3",
        super::message::columns("m")
    );
    numbered(db, &sql, values, take)
}
