//! Texts that wait for the same mailbox are stored in one batch. Together they go as fast as one; if the
//! batch is refused, each is put by itself and gets the answer that is its own.

use super::api::Write;
use super::asks::{Ask, Asked};
use super::entry::{self, Held};
use super::lane::Lane;
use super::put::{KEPT, decide};
use super::trouble::Trouble;
use crate::core::rules::{digest, size};
use snug_wire::Seq;
use snug_wire::frame::{Answer, MailboxKind, Put, Request};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;
use tokio::sync::mpsc;

/// Texts in one batch: each is two messages, of which NATS takes 1,000 a batch.
const MOST: usize = 200;
/// Bytes in one batch, about.
const LARGE: u64 = 1 << 20;

/// The text it puts, if it does.
fn text(asked: &Asked) -> Option<&Put> {
    match &asked.request {
        Request::Put(put) if !put.flagged => Some(put),
        _ => None,
    }
}

impl Lane {
    /// Does what is asked, together with the texts that wait behind it.
    pub(super) async fn take(&mut self, ask: Ask, asks: &mut mpsc::Receiver<Ask>) {
        let mut next = Some(ask);
        while let Some(ask) = next.take() {
            match ask {
                Ask::Asked(asked) if text(&asked).is_some() => {
                    let mut group = vec![*asked];
                    next = gather(&mut group, asks);
                    self.put_all(group).await;
                }
                other => self.take_one(other).await,
            }
        }
    }

    async fn put_all(&mut self, group: Vec<Asked>) {
        let stored = match group.len() {
            0 | 1 => None,
            _ => self.append_all(&group).await,
        };
        for (asked, number) in group.iter().zip(0..) {
            match stored {
                Some(first) => {
                    let seq = Seq(first.0 + 2 * number);
                    self.hub.settle(asked, Ok(Some(Answer::Stored(seq))));
                }
                None => {
                    if let Some(put) = text(asked) {
                        let done = self.put(put).await;
                        self.hub.settle(asked, done);
                    }
                }
            }
        }
    }

    /// Stores all of them, if as far as is known every one may be put; the place of the first.
    async fn append_all(&mut self, group: &[Asked]) -> Option<Seq> {
        let mut known = self.known.clone()?;
        let state = known.state.clone()?;
        if state.kind() != MailboxKind::Conversation || self.hub.is_full.load(Relaxed) {
            return None;
        }
        let names = &self.nats().names;
        let (commits, texts) = (names.commits(&self.address), names.texts(&self.address));
        let mut batch = Vec::with_capacity(2 * group.len());
        for put in group.iter().filter_map(text) {
            decide(&known, put, &self.hub.quotas).ok()?;
            known.held = Held {
                bytes: known.held.bytes + size(put),
                entries: known.held.entries + 1,
            };
            known.last_id = Some(put.id);
            let envelope = names.envelope(&self.address, &put.id);
            let envelope = Write::new(envelope, digest(put).to_vec());
            batch.push(envelope.after(0).lasting(Some(KEPT)));
            let entry = entry::write(texts.clone(), put, None, known.held, self.hub.now());
            batch.push(entry.after_of(&commits, known.commit).lasting(Some(KEPT)));
        }
        let begun = Instant::now();
        let stored: Result<u64, Trouble> = self.nats().store(batch).await;
        match stored {
            Ok(last) => {
                self.hub.stats().batch(begun.elapsed());
                known.last = Seq(last);
                self.known = Some(known);
                last.checked_sub(2 * (group.len() as u64 - 1)).map(Seq)
            }
            Err(trouble) => {
                tracing::debug!(%trouble, "texts are put one by one");
                self.known = None;
                None
            }
        }
    }
}

/// Adds the texts that wait; gives back what came behind them.
fn gather(group: &mut Vec<Asked>, asks: &mut mpsc::Receiver<Ask>) -> Option<Ask> {
    let put = group.first().and_then(text);
    let mut bytes = put.map_or(0, size);
    let mut ids: BTreeSet<_> = put.map(|put| put.id).into_iter().collect();
    while group.len() < MOST
        && bytes < LARGE
        && let Ok(ask) = asks.try_recv()
    {
        let asked = match ask {
            Ask::Asked(asked) => asked,
            other => return Some(other),
        };
        match text(&asked) {
            Some(put) if ids.insert(put.id) => bytes += size(put),
            _ => return Some(Ask::Asked(asked)),
        }
        group.push(*asked);
    }
    None
}
