//! Reading stored entries, a page at a time, by a consumer that lives as long as the page.

use super::api::{JetStream, PATIENCE, heard, nanos};
use super::entry::Entry;
use super::names::Stream;
use super::stored::Stored;
use super::trouble::Trouble;
use axum::body::Bytes;
use serde_json::json;
use snug_wire::{Address, Seq};
use std::time::Duration;

/// Messages asked for at once.
const BATCH: usize = 512;
/// How long the consumer waits for a message it knows of.
const WAIT: Duration = Duration::from_secs(1);

/// Stored entries, rising.
#[derive(Debug, Default)]
pub struct Page {
    /// They.
    pub entries: Vec<Entry>,
    /// Up to where there is nothing else.
    pub reached: Seq,
}

/// What is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Whose.
    pub address: Address,
    /// Entries behind that one.
    pub after: Seq,
    /// Up to this one, which is known to have been stored.
    pub to: Seq,
    /// Bytes after which the page ends, entries counting at least [`OVERHEAD`].
    pub budget: usize,
    /// Whether their bytes are left out.
    pub headers_only: bool,
}

/// What an entry counts beside its bytes.
pub const OVERHEAD: usize = crate::store::entry::OVERHEAD;

/// Reads a page.
pub async fn read(nats: &JetStream, span: Span) -> Result<Page, Trouble> {
    let filters = [
        nats.names.commits(&span.address),
        nats.names.texts(&span.address),
    ];
    let consumer = nats
        .consumer(&filters, span.after.0 + 1, span.headers_only)
        .await?;
    let page = fetch(nats, &consumer, span).await;
    forget(nats, &consumer).await;
    let (mut page, is_full) = page?;
    if !is_full && page.reached < span.to {
        // What was to come is gone, or the consumer's server does not have it yet: the leader knows.
        let entries = nats.names.entries(&span.address);
        match nats.next(Stream::Log, &entries, page.reached.0 + 1).await? {
            Some(next) if next.seq <= span.to.0 && page.entries.is_empty() => {
                return Err(Trouble::Silent("a consumer is behind its stream".into()));
            }
            Some(next) if next.seq <= span.to.0 => {}
            _ => page.reached = span.to,
        }
    }
    Ok(page)
}

/// A page, and whether it ended because it was full.
async fn fetch(nats: &JetStream, consumer: &str, span: Span) -> Result<(Page, bool), Trouble> {
    let mut page = Page {
        reached: span.after,
        ..Page::default()
    };
    let is_full = each(nats, consumer, span.budget, |stored| {
        let past = stored.seq > span.to.0;
        if !past {
            let entry = Entry::read(&stored)?;
            page.reached = entry.seq;
            page.entries.push(entry);
        }
        let is_last = past || stored.seq >= span.to.0;
        if is_last {
            page.reached = span.to;
        }
        Ok(!is_last)
    });
    let is_full = is_full.await?;
    Ok((page, is_full))
}

/// Entries of any mailbox from there on, without their bytes, as long as they are wanted.
pub async fn all(
    nats: &JetStream,
    from: u64,
    budget: usize,
    wanted: impl FnMut(Stored) -> Result<bool, Trouble>,
) -> Result<(), Trouble> {
    let consumer = nats
        .consumer(&[nats.names.all_entries()], from, true)
        .await?;
    let read = each(nats, &consumer, budget, wanted).await;
    forget(nats, &consumer).await;
    read.map(drop)
}

/// Nobody waits for it: it would end by itself a little later.
async fn forget(nats: &JetStream, consumer: &str) {
    let log = nats.names.stream(Stream::Log);
    let delete = format!("$JS.API.CONSUMER.DELETE.{log}.{consumer}");
    let _ = nats.client.publish(delete, Bytes::new()).await;
}

/// Messages of a consumer as long as they are wanted, there are any, and the budget lasts; whether it was
/// the budget that ended it.
async fn each(
    nats: &JetStream,
    consumer: &str,
    budget: usize,
    mut wanted: impl FnMut(Stored) -> Result<bool, Trouble>,
) -> Result<bool, Trouble> {
    let silent = |error: String| Trouble::Silent(error);
    let inbox = nats.client.new_inbox();
    let subscribed = nats.client.subscribe(inbox.clone()).await;
    let mut messages = subscribed.map_err(|error| silent(error.to_string()))?;
    let log = nats.names.stream(Stream::Log);
    let next = format!("$JS.API.CONSUMER.MSG.NEXT.{log}.{consumer}");
    let ask = async |batch: usize, budget: Option<usize>| {
        let mut what = json!({ "batch": batch, "expires": nanos(WAIT) });
        if let (Some(budget), Some(what)) = (budget, what.as_object_mut()) {
            what.insert("max_bytes".into(), budget.into());
        }
        let bytes = Bytes::from(what.to_string());
        let asked = nats
            .client
            .publish_with_reply(next.clone(), inbox.clone(), bytes);
        asked.await.map_err(|error| silent(error.to_string()))
    };
    ask(BATCH, Some(budget.max(OVERHEAD))).await?;
    let (mut size, mut expected, mut alone) = (0, 1, false);
    while size < budget {
        let Some(message) = heard(&mut messages, PATIENCE).await else {
            return Err(silent("a consumer delivers nothing".into()));
        };
        if message.reply.is_none() {
            // A status: what was asked for has ended. One too large for a page comes alone.
            if expected == 1 && !alone && message.status.is_some_and(|s| s.as_u16() == 409) {
                alone = true;
                ask(1, None).await?;
                continue;
            }
            break;
        }
        let (stored, count, pending) = Stored::from_consumer(message)?;
        if count != expected {
            return Err(silent("a consumer left something out".into()));
        }
        expected += 1;
        size += stored.bytes.len() + OVERHEAD;
        if !wanted(stored)? || pending == 0 || alone {
            break;
        }
        if count % BATCH as u64 == 0 && size < budget {
            // As many as were asked for: it waits to be asked again.
            ask(BATCH, Some((budget - size).max(OVERHEAD))).await?;
        }
    }
    Ok(size >= budget)
}
