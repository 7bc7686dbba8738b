//! The relay beside what others do the same work with, in turn, several rounds of one run.

use super::load::{self, Done, Pace, Work};
use super::server::{Kind, Server, load as machine_load};
use crate::baseline;
use crate::figure::{Goal, Report, percentile};
use anyhow::Result;
use std::collections::BTreeMap;
use std::time::Duration;

/// Each server in turn, so often; the median counts.
const ROUNDS: usize = 3;
/// Two connections each.
const TOPICS: u64 = 100;
/// Two connections each, of which most say nothing.
const IDLE_TOPICS: u64 = 1_000;
const STEADY: Work = Work {
    topics: TOPICS,
    pace: Pace::PerSecond(2_000),
    time: Duration::from_secs(4),
};
const FLAT_OUT: Work = Work {
    topics: TOPICS,
    pace: Pace::Ahead(8),
    time: Duration::from_secs(3),
};
/// After connecting, before memory is looked at.
const SETTLE: Duration = Duration::from_secs(2);

/// What is measured, with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    SteadyCpu,
    P50,
    P99,
    FlatOut,
    FlatOutCpu,
    SetUp,
    SetUpCpu,
    Memory,
}

impl What {
    const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::SteadyCpu, "CPU per message, 2,000/s", "µs"),
        (Self::P50, "live p50, 2,000/s", "ms"),
        (Self::P99, "live p99, 2,000/s", "ms"),
        (Self::FlatOut, "messages per second, flat out", "/s"),
        (Self::FlatOutCpu, "CPU per message, flat out", "µs"),
        (Self::SetUp, "set-up of a connection, p50", "ms"),
        (Self::SetUpCpu, "CPU per set-up", "µs"),
        (Self::Memory, "memory per idle connection", "KiB"),
    ];
}

type Figures = BTreeMap<(Kind, What), Vec<f64>>;

/// Runs all and prints each figure beside the bare router's.
pub async fn run(report: &mut Report) -> Result<()> {
    let (taking, absent): (Vec<Kind>, Vec<Kind>) = Kind::ALL
        .into_iter()
        .filter(|kind| is_wanted(*kind))
        .partition(|kind| kind.missing().is_none());
    for line in absent.iter().filter_map(|kind| kind.missing()) {
        report.note(&line);
    }
    let place = tempfile::tempdir()?;
    let mut figures = Figures::new();
    let mut synced = Vec::new();
    for round in 1..=ROUNDS {
        report.note(&format!(
            "round {round} of {ROUNDS}, load {}",
            machine_load()
        ));
        for kind in &taking {
            one(*kind, &mut figures).await?;
        }
        synced.push(baseline::fdatasync(place.path())?);
    }
    let medians = figures
        .into_iter()
        .map(|(key, values)| (key, median(values)));
    tell(report, &medians.collect(), percentile(&mut synced, 0.5));
    Ok(())
}

/// All are, unless `PEERS` names some.
fn is_wanted(kind: Kind) -> bool {
    match std::env::var("PEERS") {
        Ok(some) => some.split(';').any(|name| name == kind.name()),
        Err(_) => true,
    }
}

async fn one(kind: Kind, figures: &mut Figures) -> Result<()> {
    let mut add = |what, value| figures.entry((kind, what)).or_default().push(value);
    let mut steady = work(kind, STEADY).await?;
    add(What::SteadyCpu, micros(&steady));
    add(What::P50, millis(percentile(&mut steady.latencies, 0.5)));
    add(What::P99, millis(percentile(&mut steady.latencies, 0.99)));
    let flat_out = work(kind, FLAT_OUT).await?;
    add(
        What::FlatOut,
        flat_out.puts as f64 / FLAT_OUT.time.as_secs_f64(),
    );
    add(What::FlatOutCpu, micros(&flat_out));

    let server = Server::start(kind)?;
    let (cpu, memory) = (server.cpu()?, server.memory()?);
    let (lines, mut times) = load::open(&server, IDLE_TOPICS, 8).await?;
    let connections = lines.len() as f64;
    add(What::SetUp, millis(percentile(&mut times, 0.5)));
    let cpu = server.cpu()? - cpu;
    add(What::SetUpCpu, cpu.as_secs_f64() * 1e6 / connections);
    tokio::time::sleep(SETTLE).await;
    add(What::Memory, (server.memory()? - memory) / connections);
    Ok(())
}

async fn work(kind: Kind, work: Work) -> Result<Done> {
    let server = Server::start(kind)?;
    let (lines, _) = load::open(&server, work.topics, 8).await?;
    let done = load::run(&server, lines, work).await?;
    anyhow::ensure!(done.lost == 0, "{} lost {} entries", kind.name(), done.lost);
    Ok(done)
}

fn micros(done: &Done) -> f64 {
    done.cpu.as_secs_f64() * 1e6 / done.puts as f64
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn tell(report: &mut Report, medians: &BTreeMap<(Kind, What), f64>, synced: Duration) {
    let of = |kind, what| medians.get(&(kind, what)).copied();
    for (what, name, unit) in What::ALL {
        for kind in Kind::ALL {
            let Some(value) = of(kind, what) else {
                continue;
            };
            let beside = of(Kind::Bare, what).filter(|_| kind != Kind::Bare);
            let name = format!("{}: {name}", kind.name());
            report.add(&name, value, unit, beside, goal(kind, what));
        }
    }
    report.milliseconds("fdatasync", synced, None, Goal::None);
    let (memory, durable) = (Kind::Memory, Kind::Durable);
    for what in [What::SteadyCpu, What::FlatOutCpu] {
        if let (Some(ours), Some(node)) = (of(memory, what), of(Kind::NodeWs, what)) {
            report.add(
                "node ws beside relay, memory: CPU",
                node,
                "µs",
                Some(ours),
                Goal::Times(3.0),
            );
        }
    }
    for what in [What::SteadyCpu, What::FlatOutCpu] {
        if let (Some(ours), Some(node)) = (of(Kind::Events, what), of(Kind::SocketIo, what)) {
            let name = "Socket.IO beside node socket.io: CPU";
            report.add(name, ours, "µs", Some(node), Goal::Ratio(0.35));
        }
    }
    if let (Some(ours), Some(all)) = (of(durable, What::FlatOut), of(memory, What::FlatOut)) {
        let name = "durable beside memory: flat out";
        report.add(name, ours, "/s", Some(all), Goal::Times(0.3));
    }
    if let (Some(ours), Some(live)) = (of(durable, What::P50), of(memory, What::P50)) {
        let most = 5.0 * millis(synced) + live;
        let name = "durable p50 beside 5 × fdatasync + live";
        report.add(name, ours, "ms", Some(most), Goal::Ratio(1.0));
    }
}

/// Beside the bare router's figure.
fn goal(kind: Kind, what: What) -> Goal {
    match (kind, what) {
        (Kind::Memory, What::SteadyCpu | What::FlatOutCpu) => Goal::Ratio(1.25),
        (Kind::Memory, What::P50) => Goal::Ratio(1.2),
        (Kind::Memory | Kind::Durable, What::Memory) => Goal::Value(10.0),
        _ => Goal::None,
    }
}
