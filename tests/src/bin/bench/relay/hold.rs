//! Ten thousand connections on one relay: held for minutes under a steady load, then all back at once
//! after its process was killed.

use super::line::{Heard, Line, now};
use super::load::{self, Pace, Work};
use super::server::{Kind, Server, load as machine_load};
use crate::figure::{Goal, Report, percentile};
use anyhow::{Context as _, Result, ensure};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

/// Each with an author and a reader.
const TOPICS: u64 = 5_000;
/// Entries a second, of all authors together.
const RATE: u32 = 1_000;
/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(15);
/// How long the load lasts before the kill.
const BEFORE_KILL: Duration = Duration::from_secs(5);
/// How long a connection waits before it knocks again.
const KNOCK: Duration = Duration::from_millis(100);
/// What has not come back by then does not count as back.
const PATIENCE: Duration = Duration::from_secs(120);

/// Holds them for so many minutes.
pub async fn run(report: &mut Report, minutes: u64) -> Result<()> {
    let mut server = Server::start(Kind::Durable)?;
    let empty = server.memory()?;
    let began = now();
    let (lines, _) = load::open(&server, TOPICS, 64).await?;
    report.note(&format!(
        "{} connections after {:.1} s, load {}",
        lines.len(),
        (now() - began).as_secs_f64(),
        machine_load()
    ));
    let work = Work {
        topics: TOPICS,
        pace: Pace::PerSecond(RATE),
        time: Duration::from_secs(60 * minutes),
    };
    let mut looks = Vec::new();
    let mut done = tokio::select! {
        done = load::run(&server, lines, work) => done?,
        failed = watch(&server, &mut looks) => return failed,
    };
    let name = |what: &str| format!("10,000 connections, {RATE}/s, {minutes} min: {what}");
    report.add(&name("entries"), done.puts as f64, "", None, Goal::None);
    report.add(&name("lost"), done.lost as f64, "", None, Goal::Value(0.0));
    for (part, percent) in [(0.5, 50), (0.99, 99)] {
        let time = percentile(&mut done.latencies, part);
        report.milliseconds(&name(&format!("p{percent}")), time, None, Goal::None);
    }
    let cpu = done.cpu.as_secs_f64() * 1e6 / done.puts as f64;
    report.add(&name("CPU per message"), cpu, "µs", None, Goal::None);
    // The first looks are of buffers that grow to what they need.
    let early = looks.get(looks.len() / 4).copied().unwrap_or(empty);
    let late = looks.last().copied().unwrap_or(empty);
    let all: Vec<String> = looks
        .iter()
        .map(|kib| format!("{:.0}", kib / 1_024.0))
        .collect();
    report.note(&format!("memory every {LOOK:?}, MiB: {}", all.join(" ")));
    report.add(
        &name("memory"),
        late / 1_024.0,
        "MiB",
        Some(early / 1_024.0),
        Goal::Ratio(1.1),
    );
    killed(report, &mut server, done.lines).await
}

/// Looks at memory until it fails.
async fn watch(server: &Server, looks: &mut Vec<f64>) -> Result<()> {
    let mut due = interval(LOOK);
    loop {
        due.tick().await;
        looks.push(server.memory()?);
    }
}

/// Kills the relay in the middle of the load, starts it again, and waits for everybody.
async fn killed(report: &mut Report, server: &mut Server, lines: Vec<(Line, Line)>) -> Result<()> {
    let mut ends = JoinSet::new();
    for (author, reader) in lines {
        ends.spawn(async move { tokio::join!(write(author), read(reader)) });
    }
    sleep(BEFORE_KILL).await;
    server.kill();
    let mut cut = Vec::new();
    while let Some(end) = ends.join_next().await {
        cut.push(end?);
    }
    let acknowledged: u64 = cut.iter().map(|((_, taken), _)| taken).sum();
    let load = machine_load();
    let began = now();
    server.restart()?;
    let up = now() - began;
    let cpu = server.cpu()?;
    let mut back = JoinSet::new();
    for ((author, taken), reader) in cut {
        let (address, topic) = (server.address, author.topic);
        for (line, who) in [(author, 0), (reader, 1)] {
            back.spawn(async move {
                let line = again(line, address, who).await?;
                ensure!(
                    line.snug.last() >= taken,
                    "mailbox {topic}: {taken} was acknowledged, {} is the last",
                    line.snug.last()
                );
                anyhow::Ok(line)
            });
        }
    }
    let mut lines = Vec::new();
    while let Some(line) = back.join_next().await {
        lines.push(line??);
    }
    let all = now() - began;
    let missed: u64 = lines.iter().map(|line| line.missed).sum();
    let used = server.cpu()? - cpu;
    report.note(&format!(
        "kill -9: {acknowledged} entries were acknowledged in all, {missed} caught up with; the relay listened after \
         {:.1} s and used {:.1} s; load {load}",
        up.as_secs_f64(),
        used.as_secs_f64(),
    ));
    let name = "10,000 back at once after kill -9, caught up";
    report.add(name, all.as_secs_f64(), "s", None, Goal::Value(30.0));
    Ok(())
}

/// Puts until the relay has gone; the last place that was acknowledged.
async fn write(mut line: Line) -> (Line, u64) {
    let every = Duration::from_secs(TOPICS) / RATE;
    sleep(every.mul_f64(rand::random())).await;
    let mut due = interval(every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What came before counts too.
    let mut taken = line.snug.last();
    loop {
        let done = tokio::select! {
            _ = due.tick() => match line.put().await {
                Ok(()) => line.flush().await,
                failed => failed,
            },
            heard = line.hear() => heard.map(|heard| {
                if let Heard::Taken(place) = heard {
                    taken = taken.max(place);
                }
            }),
        };
        if done.is_err() {
            return (line, taken);
        }
    }
}

/// Reads until the relay has gone.
async fn read(mut line: Line) -> Line {
    while line.hear().await.is_ok() {}
    line
}

/// Knocks until the relay opens, and catches up from where it was.
async fn again(line: Line, address: std::net::SocketAddr, who: u64) -> Result<Line> {
    let (topic, dialect, mut place) = (line.topic, line.dialect, line.snug);
    drop(line);
    place.run += 1;
    let knocking = async {
        loop {
            match Line::open(address, dialect, topic, who, place).await {
                Ok(line) => return line,
                Err(_) => sleep(KNOCK).await,
            }
        }
    };
    timeout(PATIENCE, knocking)
        .await
        .context("a connection did not come back")
}
