//! What a relay counts. Adding is one relaxed atomic operation, reading never stops anybody.
//!
//! `docs/relay/metrics.md` says what each number is. Names there are stable.

use snug_wire::frame::Refusal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Upper bounds of how long a batch takes, in microseconds; one more stands for all above.
pub const BOUNDS: [u64; 12] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
];

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// How many so far.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Says what is so.
    pub fn set(&self, now: u64) {
        self.0.store(now, Relaxed);
    }
}

/// Who was turned away before a connection began, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Away {
    /// The relay has as many connections as it takes.
    Crowded,
    /// Their address has as many, or comes too often.
    Address,
    /// A web page that may not.
    Origin,
    /// The relay is stopping.
    Leaving,
}

impl Away {
    /// All reasons.
    pub const ALL: [Self; 4] = [Self::Crowded, Self::Address, Self::Origin, Self::Leaving];

    /// Its name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crowded => "crowded",
            Self::Address => "address",
            Self::Origin => "origin",
            Self::Leaving => "leaving",
        }
    }
}

/// Kept apart from what the writer counts, so that neither makes the other wait for memory.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Traffic {
    /// Connections that proved their key.
    pub connected: Count,
    /// Connections that ended after that.
    pub disconnected: Count,
    /// Frames from devices.
    pub frames_in: Count,
    /// Their bytes.
    pub bytes_in: Count,
    /// Frames to devices.
    pub frames_out: Count,
    /// Their bytes.
    pub bytes_out: Count,
    /// Signals dropped because their sender sent too many.
    pub signals_held: Count,
    away: [Count; 4],
    refused: [Count; Refusal::NAMES.len()],
}

/// What the one writer counts.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Written {
    /// Requests done or refused.
    pub requests: Count,
    /// Entries stored.
    pub puts: Count,
    /// Mailboxes opened.
    pub opens: Count,
    /// Entries queued for readers, live and caught up with.
    pub deliveries: Count,
    /// Signals queued for readers.
    pub signals: Count,
    /// Signals dropped because much waited for their reader.
    pub signals_dropped: Count,
    /// Mailboxes there are.
    pub mailboxes: Count,
    /// Bytes the relay's file holds.
    pub store_bytes: Count,
    /// Transactions.
    pub batches: Count,
    /// Microseconds they took together.
    pub batch_micros: Count,
    /// How many took at most as long as each of [`BOUNDS`], and longer than the bound before.
    pub batch_buckets: [Count; BOUNDS.len() + 1],
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Stats {
    started: Instant,
    /// By connections.
    pub traffic: Traffic,
    /// By the writer.
    pub written: Written,
    /// Bytes that wait for devices, all together.
    pub waiting_out: Arc<AtomicUsize>,
}

impl Stats {
    /// Nothing yet.
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            traffic: Traffic::default(),
            written: Written::default(),
            waiting_out: Arc::default(),
        }
    }

    /// How long the relay has been running.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Connections that are there now.
    pub fn connections(&self) -> u64 {
        let ended = self.traffic.disconnected.get();
        self.traffic.connected.get().saturating_sub(ended)
    }

    /// A refusal was said.
    pub fn refused(&self, why: &Refusal) {
        if let Some(count) = self.traffic.refused.get(usize::from(why.code())) {
            count.add(1);
        }
    }

    /// Refusals by name, in the order of their codes.
    pub fn refusals(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.traffic.refused.iter().map(Count::get);
        Refusal::NAMES.into_iter().zip(counts)
    }

    /// Somebody was turned away.
    pub fn turned_away(&self, why: Away) {
        if let Some(count) = self.traffic.away.get(why as usize) {
            count.add(1);
        }
    }

    /// Turned away, by name.
    pub fn aways(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.traffic.away.iter().map(Count::get);
        Away::ALL.into_iter().map(Away::name).zip(counts)
    }

    /// A transaction took so long.
    pub fn batch(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < micros);
        let written = &self.written;
        written.batches.add(1);
        written.batch_micros.add(micros);
        if let Some(count) = written.batch_buckets.get(bucket) {
            count.add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_counts_where_it_belongs() {
        let stats = Stats::new();
        for micros in [0, 100, 101, 2_000_000] {
            stats.batch(Duration::from_micros(micros));
        }
        let buckets: Vec<u64> = stats.written.batch_buckets.iter().map(Count::get).collect();
        assert_eq!(buckets, [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(stats.written.batch_micros.get(), 2_000_201);
    }

    #[test]
    fn refusals_are_counted_by_name() {
        let stats = Stats::new();
        stats.refused(&Refusal::Busy(7));
        stats.refused(&Refusal::TokenExpired);
        stats.turned_away(Away::Origin);
        let some: Vec<_> = stats.refusals().filter(|(_, count)| *count > 0).collect();
        assert_eq!(some, [("busy", 1), ("token-expired", 1)]);
        let some: Vec<_> = stats.aways().filter(|(_, count)| *count > 0).collect();
        assert_eq!(some, [("origin", 1)]);
    }
}
