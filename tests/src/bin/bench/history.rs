//! A long history: what opening, paging and searching cost with a million messages in the database.
//!
//! The rows are written as the engine writes them, but many to a transaction; the search index is then
//! made by the engine itself. `HISTORY_MESSAGES` says how many there are.

mod rows;
mod words;

use crate::figure::{Goal, Report, percentile};
use anyhow::{Context as _, Result};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use rows::Rows;
use snug_engine::{Access, Engine, Reader, Search, Within, connect};
use snug_wire::{ConversationId, RelayAddress, RelayKey, Secret};
use std::path::Path;
use std::time::{Duration, Instant};

/// Messages unless told otherwise.
const MESSAGES: u64 = 1_000_000;
/// What a screen asks for at once.
const PAGE: u32 = 50;
/// How often each thing is done.
const TIMES: usize = 200;
/// When the history ends.
pub const NOW: u64 = 1_800_000_000_000;

/// How many messages there are to be.
pub fn asked_for() -> Result<u64> {
    let told = std::env::var("HISTORY_MESSAGES").ok();
    Ok(told.map_or(Ok(MESSAGES), |text| text.parse())?)
}

/// Puts a history into a database that has an account, indexed.
pub fn fill(path: &Path, key: &Secret, count: u64) -> Result<()> {
    Rows::new(engine(path, key, false)?, path, key)?.write(count)?;
    let mut engine = engine(path, key, false)?;
    while engine.index(NOW)? {}
    engine.close()?;
    Ok(())
}

pub fn run(report: &mut Report) -> Result<()> {
    let count = asked_for()?;
    let dir = tempfile::tempdir_in(".")?;
    let path = dir.path().join("engine.db");
    let key = Secret::new([7; 32]);
    let begun = Instant::now();
    let chats = Rows::new(engine(&path, &key, true)?, &path, &key)?.write(count)?;
    report.note(&format!(
        "{count} messages in {} chats written in {:.0} s",
        chats.len(),
        begun.elapsed().as_secs_f64()
    ));
    index(report, engine(&path, &key, false)?)?;
    let bytes = std::fs::metadata(&path)?.len();
    report.add("file", mebibytes(bytes), "MB", None, Goal::None);
    report.add(
        "file, per message",
        bytes as f64 / count as f64,
        "B",
        None,
        Goal::None,
    );

    let reader = Reader::open(connect(&path, &key, Access::Read)?);
    let before = memory()?;
    report.add("memory before", before, "MB", None, Goal::None);
    open_and_page(report, &reader, &chats)?;
    search(report, &reader, "search everywhere as one types, p95", None)?;
    let long = chats.first().copied();
    search(report, &reader, "search in the longest chat, p95", long)?;
    let short = chats.last().copied();
    search(report, &reader, "search in a short chat, p95", short)?;
    report.add("memory after", memory()?, "MB", Some(before), Goal::None);
    Ok(())
}

fn engine(path: &Path, key: &Secret, new: bool) -> Result<Engine> {
    let db = connect(path, key, Access::Write)?;
    let mut engine = Engine::open(db, Box::new(ChaCha20Rng::seed_from_u64(1)))?;
    if new {
        let relay = RelayAddress {
            url: "ws://127.0.0.1:1".into(),
            key: RelayKey([9; 32]),
        };
        engine.create_account("Ada", &Secret::new([1; 32]), &relay, 1)?;
    }
    Ok(engine)
}

/// As a host does it in quiet moments, one batch after the other.
fn index(report: &mut Report, mut engine: Engine) -> Result<()> {
    let begun = Instant::now();
    let mut times = Vec::new();
    loop {
        let start = Instant::now();
        let more = engine.index(NOW)?;
        times.push(start.elapsed());
        if !more {
            break;
        }
    }
    report.note(&format!(
        "indexed in {:.0} s",
        begun.elapsed().as_secs_f64()
    ));
    report.milliseconds(
        "a batch for the search index, p95",
        percentile(&mut times, 0.95),
        None,
        Goal::None,
    );
    engine.close()?;
    Ok(())
}

fn timed<T>(times: &mut Vec<Duration>, f: impl FnOnce() -> snug_engine::Result<T>) -> Result<T> {
    let start = Instant::now();
    let value = f()?;
    times.push(start.elapsed());
    Ok(value)
}

fn open_and_page(report: &mut Report, reader: &Reader, chats: &[ConversationId]) -> Result<()> {
    let view = reader.view();
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    let (mut list, mut open, mut page) = (Vec::new(), Vec::new(), Vec::new());
    let long = chats.first().context("there is a chat")?;
    let (first, last) = (
        view.messages_from(long, snug_engine::Place([0; 24]), 1)?,
        view.messages(long, None, 1)?,
    );
    let ends = first.first().map(|m| m.at).zip(last.first().map(|m| m.at));
    let (from, to) = ends.context("there are messages")?;
    for _ in 0..TIMES {
        timed(&mut list, || view.chats())?;
        let chat = chats[rng.random_range(0..chats.len())];
        timed(&mut open, || {
            let messages = view.messages(&chat, None, PAGE)?;
            for message in messages.iter().filter(|m| m.reacted) {
                view.reactions(&message.id)?;
            }
            view.chat(&chat)
        })?;
        // Anywhere in the long one, then on in either direction.
        let at = rng.random_range(from..=to);
        let there = view.first_since(long, at)?.context("a message")?.place;
        let up = timed(&mut page, || view.messages(long, Some(there), PAGE))?;
        if let Some(message) = up.first() {
            timed(&mut page, || view.messages(long, Some(message.place), PAGE))?;
        }
        timed(&mut page, || view.messages_after(long, there, PAGE))?;
    }
    let p95 = |times: &mut Vec<Duration>| percentile(times, 0.95);
    report.milliseconds("the list of chats, p95", p95(&mut list), None, Goal::None);
    report.milliseconds("open a chat, p95", p95(&mut open), None, Goal::Value(50.0));
    report.milliseconds("a page, p95", p95(&mut page), None, Goal::Value(20.0));
    Ok(())
}

/// Words typed letter by letter, a search at each letter.
fn search(
    report: &mut Report,
    reader: &Reader,
    name: &str,
    conversation: Option<ConversationId>,
) -> Result<()> {
    let view = reader.view();
    let (mut times, mut slowest) = (Vec::new(), (Duration::ZERO, String::new()));
    for word in words::typed() {
        let ends = word.char_indices().skip(1).map(|(at, _)| at);
        for end in ends.chain([word.len()]) {
            let search = Search {
                text: word.get(..end).unwrap_or_default().to_owned(),
                within: Within {
                    conversation,
                    ..Within::default()
                },
                before: None,
            };
            timed(&mut times, || view.search(&search, PAGE as usize))?;
            let time = times.last().copied().unwrap_or_default();
            slowest = slowest.max((time, search.text));
        }
    }
    let p95 = percentile(&mut times, 0.95);
    report.milliseconds(name, p95, None, Goal::Value(50.0));
    let (time, text) = slowest;
    report.note(&format!(
        "  the slowest was {text:?}: {:.0} ms",
        time.as_secs_f64() * 1e3
    ));
    Ok(())
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// What this process holds in memory, in MiB; 0 where that is not told.
fn memory() -> Result<f64> {
    if !cfg!(target_os = "linux") {
        return Ok(0.0);
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0)
}
