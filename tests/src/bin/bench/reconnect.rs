//! A relay that goes away and comes back, and a thousand devices that want it again: how long they
//! wait, and whether they come in one burst.
//!
//! Played with real sockets, real handshakes and the back-off that connections use, for outages of
//! seconds. Longer ones are computed from the back-off alone, a seed for each device: there a
//! handshake is nothing beside a pause.

use crate::figure::{Goal, Report, percentile};
use anyhow::{Context as _, Result};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use snug_client::connection::{Backoff, Direct, Timing};
use snug_relay::{Config, Relay, Running};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const DEVICES: usize = 1_000;
/// Played.
const SHORT: [u64; 2] = [2, 10];
/// Computed.
const LONG: [u64; 2] = [60, 600];
/// Who comes within so long comes at once.
const BURST: Duration = Duration::from_millis(100);
/// Of a histogram.
const BARS: u32 = 20;

/// How a device came back.
struct Came {
    /// When its attempt began, since the first one of all that succeeded.
    knocked: Duration,
    /// How long it was without the relay, which was there again.
    waited: Duration,
}

/// How long devices wait once the relay is back.
pub async fn run(report: &mut Report) -> Result<()> {
    let second = Goal::Value(1_000.0);
    for seconds in SHORT {
        let came = played(Duration::from_secs(seconds)).await?;
        tell(report, &format!("{seconds} s away"), &came, second);
    }
    for seconds in LONG {
        let came = computed(Duration::from_secs(seconds));
        tell(
            report,
            &format!("{seconds} s away, computed"),
            &came,
            Goal::None,
        );
    }
    Ok(())
}

fn tell(report: &mut Report, what: &str, came: &[Came], goal: Goal) {
    let name = |part| format!("reconnect, {what}, {part}");
    let mut waits: Vec<Duration> = came.iter().map(|one| one.waited).collect();
    let (p50, p99) = (percentile(&mut waits, 0.5), percentile(&mut waits, 0.99));
    report.milliseconds(&name("p50"), p50, None, goal);
    report.milliseconds(&name("p99"), p99, None, Goal::None);
    let knocks: Vec<Duration> = came.iter().map(|one| one.knocked).collect();
    let burst = most(&histogram(&knocks, BURST)) as f64 * 100.0 / DEVICES as f64;
    report.add(&name("most in 100 ms"), burst, "%", None, Goal::Value(25.0));
    let last = knocks.iter().max().copied().unwrap_or_default();
    let slot = (last / BARS).max(BURST);
    let bars = histogram(&knocks, slot);
    for (n, count) in (0_u32..).zip(&bars) {
        let bar = "█".repeat((count * 40).div_ceil(most(&bars)));
        report.note(&format!(
            "  {:>5} ms {count:>4} {bar}",
            (slot * n).as_millis()
        ));
    }
}

/// Devices by when they came.
fn histogram(times: &[Duration], slot: Duration) -> Vec<usize> {
    let mut bars = Vec::new();
    for time in times {
        let n = (time.as_nanos() / slot.as_nanos()) as usize;
        bars.resize(bars.len().max(n + 1), 0);
        bars[n] += 1;
    }
    bars
}

fn most(bars: &[usize]) -> usize {
    bars.iter().max().copied().unwrap_or_default().max(1)
}

async fn start(place: &Path) -> Result<Running> {
    let config = Config {
        data: place.to_owned(),
        listen: ([127, 0, 0, 1], 0).into(),
        keep_port: true,
    };
    Ok(Relay::start(config).await?)
}

/// Real devices, as far as a connection goes.
async fn played(away: Duration) -> Result<Vec<Came>> {
    let place = tempfile::tempdir_in(".")?;
    let relay = start(place.path()).await?;
    let url: Arc<str> = relay.url().into();
    let there = Arc::new(Semaphore::new(0));
    let mut devices = JoinSet::new();
    for _ in 0..DEVICES {
        devices.spawn(device(Arc::clone(&url), Arc::clone(&there)));
    }
    // All are connected.
    let _all = there.acquire_many(DEVICES as u32).await?;
    relay.stop().await;
    tokio::time::sleep(away).await;
    let relay = start(place.path()).await?;
    let back = Instant::now();
    let mut all = Vec::with_capacity(DEVICES);
    while let Some(came) = devices.join_next().await {
        all.push(came??);
    }
    relay.stop().await;
    let first = all.iter().map(|(knocked, _)| *knocked).min();
    let came = all.into_iter().map(|(knocked, there)| Came {
        knocked: knocked.saturating_duration_since(first.unwrap_or(back)),
        waited: there.saturating_duration_since(back),
    });
    Ok(came.collect())
}

/// Connects, loses the relay and comes back to it, as the client's connections do; says when it
/// knocked and when it was in.
async fn device(url: Arc<str>, there: Arc<Semaphore>) -> Result<(Instant, Instant)> {
    let timing = Timing {
        connect: Duration::from_secs(60),
        ..Timing::default()
    };
    let mut line = Direct::dial(&url, &timing)
        .await
        .context("the first time")?;
    there.add_permits(1);
    // Nothing is sent here: what comes is the end.
    while line.receive().await.is_ok() {}
    let mut failures = 1;
    loop {
        let pause = timing.backoff.pause(failures, rand::random());
        tokio::time::sleep(pause).await;
        let knocked = Instant::now();
        if Direct::dial(&url, &timing).await.is_ok() {
            return Ok((knocked, Instant::now()));
        }
        failures += 1;
    }
}

/// By the back-off alone.
fn computed(away: Duration) -> Vec<Came> {
    let backoff = Backoff::default();
    let wait = |seed| {
        let mut chance = ChaCha20Rng::seed_from_u64(seed);
        let mut tried = Duration::ZERO;
        for failures in 1.. {
            if tried >= away {
                break;
            }
            tried += backoff.pause(failures, chance.random());
        }
        let waited = tried.saturating_sub(away);
        Came {
            knocked: waited,
            waited,
        }
    };
    (0..DEVICES as u64).map(wait).collect()
}
