//! Key-package pools beside inboxes (rule 31): each given once over all relays. A pool is one key that
//! says which packages wait and which were given; whoever writes it without the first one has it, and
//! everybody else takes the next.

use super::api::{JetStream, Write};
use super::invitations::again;
use super::lane::Lane;
use super::names::Stream;
use super::trouble::{Stop, Trouble};
use crate::core::limits;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use snug_wire::Address;
use snug_wire::frame::{Answer, MailboxKind, Refusal, Stock};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// How long packages are kept.
const KEPT: Duration = Duration::from_millis(limits::TIME_TO_LIVE);
/// How long a pool is kept that nobody stocks.
const POOL: Duration = Duration::from_millis(limits::UNOPENED);

/// The key's value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Pool {
    /// In the order they are given in.
    waiting: Vec<Package>,
    /// So that a repeated `Stock` does not bring one back.
    given: Vec<Package>,
    last_resort: Option<String>,
    #[serde(skip)]
    revision: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Package {
    /// SHA-256, in hexadecimal.
    digest: String,
    /// When it came, milliseconds of Unix time.
    at: u64,
}

fn digest(package: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(package))
}

impl Lane {
    /// All of it or none: known packages are passed over, so that a repeated `Stock` adds nothing.
    pub(super) async fn stock(&mut self, stock: &Stock) -> Result<Option<Answer>, Stop> {
        let begun = Instant::now();
        let state = self.load().await?.state()?;
        state.access(&stock.secret)?.current()?;
        if state.kind() != MailboxKind::Inbox {
            return Err(Refusal::Malformed.into());
        }
        if state.retired {
            return Err(Refusal::Retired.into());
        }
        let mut all = stock.packages.iter().chain(&stock.last_resort);
        if all.any(|package| package.len() > limits::KEY_PACKAGE) {
            return Err(Refusal::TooLarge(limits::KEY_PACKAGE as u64).into());
        }
        if self.hub.is_full.load(Relaxed) {
            return Err(Refusal::Full.into());
        }
        loop {
            let now = self.hub.now();
            let mut pool = find(self.nats(), &self.address, now).await?;
            let known: BTreeSet<String> = pool
                .waiting
                .iter()
                .chain(&pool.given)
                .map(|package| package.digest.clone())
                .collect();
            let mut fresh = Vec::new();
            for package in &stock.packages {
                let digest = digest(package);
                let is_twice = fresh.iter().any(|(_, other)| *other == digest);
                if !known.contains(&digest) && !is_twice {
                    fresh.push((package.as_slice(), digest));
                }
            }
            let count = pool.waiting.len() + fresh.len();
            if count > limits::POOL as usize {
                return Err(Refusal::Full.into());
            }
            // The packages first: a pool names none that is not there.
            for (package, digest) in &fresh {
                self.keep(package, digest, KEPT).await?;
            }
            if let Some(package) = &stock.last_resort {
                let digest = digest(package);
                self.keep(package, &digest, POOL).await?;
                pool.last_resort = Some(digest);
            }
            let fresh = fresh
                .into_iter()
                .map(|(_, digest)| Package { digest, at: now });
            pool.waiting.extend(fresh);
            match save(self.nats(), &self.address, &pool).await {
                Ok(()) => return Ok(Some(Answer::Stocked(count as u32))),
                Err(trouble) => again(trouble, begun).await?,
            }
        }
    }

    async fn keep(&self, package: &[u8], digest: &str, time: Duration) -> Result<(), Trouble> {
        let subject = self.nats().names.package(&self.address, digest);
        let write = Write::new(subject, package.to_vec()).lasting(Some(time));
        self.nats().write(write).await.map(drop)
    }

    /// Gives the oldest for good, or the last resort, or nothing.
    pub(super) async fn take_package(&mut self) -> Result<Option<Answer>, Stop> {
        let begun = Instant::now();
        if self.load().await?.state()?.retired {
            return Err(Refusal::Retired.into());
        }
        loop {
            let mut pool = find(self.nats(), &self.address, self.hub.now()).await?;
            if pool.waiting.is_empty() {
                let digest = pool.last_resort.ok_or(Refusal::Nothing)?;
                let bytes = self.package(&digest).await?.ok_or(Refusal::Nothing)?;
                return Ok(Some(Answer::Bytes(bytes)));
            }
            let first = pool.waiting.remove(0);
            let bytes = self.package(&first.digest).await?;
            let digest = first.digest.clone();
            pool.given.push(first);
            match save(self.nats(), &self.address, &pool).await {
                Ok(()) => {}
                // After silence it may have been taken out: then nobody gets it.
                Err(trouble) => {
                    again(trouble, begun).await?;
                    continue;
                }
            }
            self.forget_package(&digest).await;
            // One that has gone by its age is passed over.
            if let Some(bytes) = bytes {
                return Ok(Some(Answer::Bytes(bytes)));
            }
        }
    }

    async fn package(&self, digest: &str) -> Result<Option<Vec<u8>>, Trouble> {
        let subject = self.nats().names.package(&self.address, digest);
        let there = self.nats().last(Stream::State, &subject).await?;
        let there = there.filter(|there| !there.bytes.is_empty());
        Ok(there.map(|there| there.bytes.to_vec()))
    }

    /// Its bytes are of no more use; what remains for a second is empty.
    async fn forget_package(&self, digest: &str) {
        let subject = self.nats().names.package(&self.address, digest);
        let empty = Write::new(subject, "").lasting(Some(Duration::from_secs(1)));
        let _ = self.nats().write(empty).await;
    }

    /// Empties the pool.
    pub(super) async fn clear_pool(&self) -> Result<(), Stop> {
        let begun = Instant::now();
        loop {
            let pool = find(self.nats(), &self.address, self.hub.now()).await?;
            if pool.waiting.is_empty() && pool.last_resort.is_none() {
                return Ok(());
            }
            let empty = Pool {
                revision: pool.revision,
                ..Pool::default()
            };
            match save(self.nats(), &self.address, &empty).await {
                Ok(()) => {
                    let waiting = pool.waiting.into_iter().map(|package| package.digest);
                    for digest in waiting.chain(pool.last_resort) {
                        self.forget_package(&digest).await;
                    }
                    return Ok(());
                }
                Err(trouble) => again(trouble, begun).await?,
            }
        }
    }
}

async fn find(nats: &JetStream, address: &Address, now: u64) -> Result<Pool, Trouble> {
    let subject = nats.names.pool(address);
    let Some(stored) = nats.last(Stream::State, &subject).await? else {
        return Ok(Pool::default());
    };
    let pool = serde_json::from_slice(&stored.bytes);
    let mut pool: Pool = pool.map_err(|error| Trouble::Form(format!("{subject}: {error}")))?;
    pool.revision = stored.seq;
    let is_young = |package: &Package| now < package.at.saturating_add(limits::TIME_TO_LIVE);
    pool.waiting.retain(is_young);
    pool.given.retain(is_young);
    Ok(pool)
}

async fn save(nats: &JetStream, address: &Address, pool: &Pool) -> Result<(), Trouble> {
    let bytes = serde_json::to_vec(pool).map_err(|error| Trouble::Form(error.to_string()))?;
    let write = Write::new(nats.names.pool(address), bytes);
    let write = write.after(pool.revision).lasting(Some(POOL));
    nats.write(write).await.map(drop)
}
