//! What is to be done now and then: measure, end rendezvous, forget what is too old.
//!
//! Mailboxes end by themselves: their state lives for a year after it was opened, and NATS forgets it.
//! Entries end at their time-to-live by a sweep from the log's beginning, which notes in every mailbox
//! that they are gone, so that who missed them sees the gap; NATS lets them go a week later. One relay
//! sweeps at a time, holding a lease.

use super::api::Write;
use super::asks::{Ask, Key};
use super::entry::{Entry, Held};
use super::hub::Hub;
use super::names::Stream;
use super::pages;
use super::trouble::Trouble;
use crate::core::limits;
use serde::{Deserialize, Serialize};
use snug_wire::Address;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a lease lasts: longer than a sweep takes, and than its relay pauses between two.
const LEASE: Duration = Duration::from_secs(60);
/// Bytes of headers one sweep reads.
const SWEEP: usize = 32_768 * pages::OVERHEAD;
/// Mailboxes one sweep notes it in.
const MAILBOXES: usize = 2_000;

/// Who sweeps, and from where.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sweep {
    run: u64,
    /// Everything before was looked at.
    from: u64,
    /// Until when others keep off, milliseconds of Unix time.
    until: u64,
}

/// All of it, a bounded piece.
pub async fn now_and_then(hub: &Arc<Hub>) {
    if let Err(trouble) = measure(hub).await {
        hub.troubled(&trouble);
    }
    look(hub);
    let hub = Arc::clone(hub);
    hub.clone().spawn(async move {
        if let Err(trouble) = sweep(&hub).await {
            tracing::warn!(%trouble, "what is too old could not be forgotten");
        }
    });
}

/// Every mailbox that is asked for looks at the time.
pub fn look(hub: &Hub) {
    for (_, lane) in hub.mailboxes() {
        // One that has much to do looks next time.
        let _ = lane.try_send(Ask::Look);
    }
}

/// How much there is.
pub async fn measure(hub: &Hub) -> Result<(), Trouble> {
    let (log, heads, state) = tokio::try_join!(
        hub.nats.info(Stream::Log),
        hub.nats.info(Stream::Heads),
        hub.nats.info(Stream::State),
    )?;
    let bytes = log.state.bytes + heads.state.bytes + state.state.bytes;
    let mailboxes = heads.state.num_subjects;
    let is_full = hub.quotas.store_bytes.is_some_and(|most| bytes >= most);
    hub.is_full.store(is_full, Relaxed);
    hub.mailboxes.store(mailboxes, Relaxed);
    let written = &hub.stats().written;
    written.store_bytes.set(bytes);
    written.mailboxes.set(mailboxes);
    Ok(())
}

/// Forgets what is at the log's beginning and too old.
pub async fn sweep(hub: &Arc<Hub>) -> Result<(), Trouble> {
    let Some((mut mine, revision)) = lease(hub).await? else {
        return Ok(());
    };
    let too_old = hub.now().saturating_sub(limits::TIME_TO_LIVE);
    let mut gone: BTreeMap<Address, (u64, Held)> = BTreeMap::new();
    pages::all(&hub.nats, mine.from, SWEEP, |next| {
        let entry = Entry::read(&next)?;
        if entry.at >= too_old {
            return Ok(false);
        }
        let address = next
            .subject
            .split('.')
            .nth(2)
            .and_then(|part| part.parse().ok());
        let address = address.ok_or_else(|| Trouble::Form(next.subject.clone()))?;
        gone.insert(address, (next.seq, entry.held));
        mine.from = next.seq + 1;
        Ok(gone.len() < MAILBOXES)
    })
    .await?;
    let mut noted = Vec::new();
    for (address, (last, held)) in gone {
        let (done, told) = oneshot::channel();
        hub.tell(Key::Mailbox(address), Ask::Forget(last, held, done))
            .await;
        noted.push(told);
    }
    for told in noted {
        if !matches!(told.await, Ok(true)) {
            // The same ones are looked at again.
            return Ok(());
        }
    }
    save(hub, mine, revision).await.map(drop)
}

/// The lease, if nobody else has it.
async fn lease(hub: &Hub) -> Result<Option<(Sweep, u64)>, Trouble> {
    let there = hub
        .nats
        .last(Stream::State, &hub.nats.names.sweep())
        .await?;
    let revision = there.as_ref().map_or(0, |there| there.seq);
    // One that cannot be read is begun anew.
    let there = there.and_then(|there| serde_json::from_slice::<Sweep>(&there.bytes).ok());
    let mut sweep = there.unwrap_or_default();
    let now = hub.now();
    if sweep.run != hub.run && now < sweep.until {
        return Ok(None);
    }
    sweep.run = hub.run;
    sweep.from = sweep.from.max(1);
    sweep.until = now + LEASE.as_millis() as u64;
    match save(hub, sweep, revision).await {
        Ok(revision) => Ok(Some((sweep, revision))),
        Err(trouble) if trouble.is_conflict() => Ok(None),
        Err(trouble) => Err(trouble),
    }
}

async fn save(hub: &Hub, sweep: Sweep, revision: u64) -> Result<u64, Trouble> {
    let bytes = serde_json::to_vec(&sweep).map_err(|error| Trouble::Form(error.to_string()))?;
    let write = Write::new(hub.nats.names.sweep(), bytes).after(revision);
    hub.nats.write(write).await
}
