//! Search over all texts: substrings of any language, as one types.
//!
//! Texts get into the index a moment after they arrived, so that nobody waits for it; what is not in
//! it yet is looked through as it is. The index knows every three letters, and every two of scripts
//! whose words are that short; shorter words are looked for in the newest texts only.

use crate::error::Result;
use crate::store::table::message::{self, Message, MessageKind};
pub use crate::store::table::search::Within;
use crate::store::table::search::{self as table, Numbered};
use crate::work::Work;
use rusqlite::Connection;
use snug_wire::MessageId;

/// How many texts get into the index in one transaction.
const BATCH: u32 = 256;
/// How many of the newest texts are looked through where no index helps.
const NEWEST: u32 = 20_000;
/// How many of a conversation's own: between them lie others', so that each costs a page to read.
const NEWEST_WITHIN: u32 = 2_000;

/// A search.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Words; a text that has all of them somewhere in it is found.
    pub text: String,
    /// Where.
    pub within: Within,
    /// Goes on below this place: `Found::next` of the page before.
    pub before: Option<i64>,
}

/// What a search found, newest first.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The messages.
    pub messages: Vec<Message>,
    /// Asks for more; `None` when that is all.
    pub next: Option<i64>,
}

/// A text as it is compared: small letters without accents.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(fold_char).collect()
}

fn fold_char(letter: char) -> impl Iterator<Item = char> {
    let plain = match letter {
        'À'..='Å' | 'à'..='å' | 'Ā'..='ą' => 'a',
        'Ç' | 'ç' | 'Ć'..='č' => 'c',
        'È'..='Ë' | 'è'..='ë' | 'Ē'..='ě' => 'e',
        'Ì'..='Ï' | 'ì'..='ï' | 'Ĩ'..='į' => 'i',
        'Ñ' | 'ñ' | 'Ń'..='ň' => 'n',
        'Ò'..='Ö' | 'ò'..='ö' | 'Ō'..='ő' => 'o',
        'Ù'..='Ü' | 'ù'..='ü' | 'Ũ'..='ų' => 'u',
        'Ý' | 'ý' | 'ÿ' | 'Ŷ'..='Ÿ' => 'y',
        other => other,
    };
    plain.to_lowercase()
}

/// Whether two letters can be a word of their own.
fn is_dense(letter: char) -> bool {
    matches!(letter,
        '\u{1100}'..='\u{11ff}' | '\u{2e80}'..='\u{2fdf}' | '\u{3040}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3134f}')
}

/// All pairs of such letters that stand side by side, as words.
fn pairs(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut words = String::new();
    for pair in letters.windows(2) {
        if pair.iter().all(|letter| is_dense(*letter)) {
            words.extend(pair);
            words.push(' ');
        }
    }
    words
}

/// Puts a changed text into the index, if its message is in it.
pub(crate) fn add(db: &Connection, id: &MessageId, text: &str) -> Result<()> {
    if let Some(n) = message::number(db, id)?.filter(|n| table::indexed(db).is_ok_and(|i| *n <= i))
    {
        table::put(db, n, text, &pairs(text))?;
    }
    Ok(())
}

/// Takes a message's text out of the index, before the text changes.
pub(crate) fn forget(db: &Connection, message: &Message) -> Result<()> {
    if message.kind != MessageKind::Text || message.content.is_empty() {
        return Ok(());
    }
    let indexed = table::indexed(db)?;
    if let Some(n) = message::number(db, &message.id)?.filter(|n| *n <= indexed) {
        table::remove(db, n, &message.text, &pairs(&message.text))?;
    }
    Ok(())
}

/// After a message has gone: the highest number may be given again, to one that is not in the index.
pub(crate) fn shrink(db: &Connection) -> Result<()> {
    let last = table::last(db)?;
    if table::indexed(db)? > last {
        table::set_indexed(db, last)?;
    }
    Ok(())
}

/// Whether there are texts that are not in the index.
pub(crate) fn is_behind(db: &Connection) -> Result<bool> {
    Ok(table::indexed(db)? < table::last(db)?)
}

/// Puts the next texts into the index; says whether there are more.
pub(crate) fn index(w: &mut Work<'_>) -> Result<bool> {
    let batch = table::next(w.db, table::indexed(w.db)?, BATCH)?;
    for (n, text) in &batch {
        if let Some(text) = text {
            table::put(w.db, *n, text, &pairs(text))?;
        }
    }
    w.step("index")?;
    if let Some((n, _)) = batch.last() {
        table::set_indexed(w.db, *n)?;
    }
    Ok(batch.len() >= BATCH as usize)
}

/// What the index is asked for words, and whether it can be asked at all.
struct Query {
    text: String,
    pairs: String,
    /// Words the index does not know; texts are compared.
    short: Vec<String>,
}

impl Query {
    fn new(words: &[String]) -> Self {
        let (mut text, mut two, mut short) = (Vec::new(), Vec::new(), Vec::new());
        for word in words {
            let count = word.chars().count();
            if count >= 3 {
                text.push(format!("\"{}\"", word.replace('"', "\"\"")));
            } else if count == 2 && word.chars().all(is_dense) {
                two.push(format!("\"{word}\""));
            } else {
                short.push(word.clone());
            }
        }
        Self {
            text: text.join(" AND "),
            pairs: two.join(" AND "),
            short,
        }
    }
}

/// Finds at most `limit` messages.
pub(crate) fn find(db: &Connection, search: &Search, limit: usize) -> Result<Found> {
    let words: Vec<String> = search
        .text
        .replace('\0', " ")
        .split_whitespace()
        .map(fold)
        .collect();
    if words.is_empty() {
        return Ok(Found::default());
    }
    let most = match search.within.conversation {
        Some(_) => NEWEST_WITHIN,
        None => NEWEST,
    };
    let indexed = table::indexed(db)?;
    let before = search.before.unwrap_or(i64::MAX);
    let mut found: Vec<Numbered> = Vec::new();
    // Not in the index yet: the newest.
    if before > indexed.saturating_add(1) {
        let range = (indexed, before);
        table::scan(db, &search.within, range, most, |hit| {
            take(&mut found, hit, &words, limit)
        })?;
    }
    let query = Query::new(&words);
    let below = before.min(indexed.saturating_add(1));
    if found.len() <= limit {
        if query.text.is_empty() && query.pairs.is_empty() {
            let range = (0, below);
            table::scan(db, &search.within, range, most, |hit| {
                take(&mut found, hit, &words, limit)
            })?;
        } else {
            let asked = (query.text.as_str(), query.pairs.as_str());
            table::find(db, asked, &search.within, below, |hit| {
                take(&mut found, hit, &query.short, limit)
            })?;
        }
    }
    let more = found.len() > limit;
    found.truncate(limit);
    Ok(Found {
        next: found.last().map(|(n, _)| *n).filter(|_| more),
        messages: found.into_iter().map(|(_, message)| message).collect(),
    })
}

/// Takes a text that has all these words; says whether more are wanted: one more than the limit, to
/// know whether there are more.
fn take(found: &mut Vec<Numbered>, hit: Numbered, words: &[String], limit: usize) -> bool {
    let text = if words.is_empty() {
        String::new()
    } else {
        fold(&hit.1.text)
    };
    let is_deleted = hit.1.amended.deleted;
    if !is_deleted && words.iter().all(|word| text.contains(word.as_str())) {
        found.push(hit);
    }
    found.len() <= limit
}
