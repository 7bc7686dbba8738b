//! The same work for every server: topics with an author and a reader each, who both have it open.
//! The author's entries come back to both, and each is acknowledged.

use super::line::{Heard, Line, now};
use super::server::Server;
use super::snug::Place;
use anyhow::{Context as _, Result, bail};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

/// Before anything is counted.
const WARM: Duration = Duration::from_secs(1);
/// What is not there after that is lost.
const PATIENCE: Duration = Duration::from_secs(15);

/// How often one that says nothing shows that it is there.
const PING: Duration = Duration::from_secs(25);

/// How fast authors write.
#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// So many entries a second, of all authors together.
    PerSecond(u32),
    /// Each has so many under way, and puts the next when one is acknowledged.
    Ahead(u64),
}

/// What is done.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    pub topics: u64,
    pub pace: Pace,
    pub time: Duration,
}

/// What came of it.
#[derive(Default)]
pub struct Done {
    /// Entries put while it was measured.
    pub puts: u64,
    /// From putting to being read by the other.
    pub latencies: Vec<Duration>,
    /// Of the server, meanwhile.
    pub cpu: Duration,
    /// Entries that an author or a reader never got.
    pub lost: u64,
    /// Author and reader of each topic, in no order, as they are now.
    pub lines: Vec<(Line, Line)>,
}

/// When entries count.
#[derive(Clone, Copy)]
struct Window {
    begin: Duration,
    end: Duration,
}

impl Window {
    fn has(self, time: Duration) -> bool {
        time >= self.begin && time < self.end
    }
}

/// One connection's part of [`Done`].
#[derive(Default)]
struct Part {
    puts: u64,
    latencies: Vec<Duration>,
    lost: u64,
}

/// Opens connections, `at_once` of them at a time: an author and a reader for each topic.
pub async fn open(
    server: &Server,
    topics: u64,
    at_once: usize,
) -> Result<(Vec<Line>, Vec<Duration>)> {
    let (address, dialect) = (server.address, server.dialect());
    let opened = stream::iter(0..2 * topics)
        .map(|n| async move {
            let began = now();
            let line = Line::open(address, dialect, n / 2, n % 2, Place::default()).await?;
            anyhow::Ok((line, now() - began))
        })
        .buffered(at_once)
        .try_collect::<Vec<_>>()
        .await?;
    Ok(opened.into_iter().unzip())
}

/// Does the work on connections of [`open`].
pub async fn run(server: &Server, lines: Vec<Line>, work: Work) -> Result<Done> {
    let begin = now() + WARM;
    let end = begin + work.time;
    let window = Window { begin, end };
    let mut parts = JoinSet::new();
    let mut lines = lines.into_iter();
    while let (Some(author), Some(reader)) = (lines.next(), lines.next()) {
        let (total, told) = oneshot::channel();
        parts.spawn(async move {
            let write = write(author, work, window, total);
            let (write, read) = tokio::try_join!(write, read(reader, window, told))?;
            anyhow::Ok((write, read))
        });
    }
    sleep(begin.saturating_sub(now())).await;
    let before = server.cpu()?;
    sleep(end.saturating_sub(now())).await;
    let cpu = server.cpu()? - before;
    let mut done = Done {
        cpu,
        ..Done::default()
    };
    while let Some(part) = parts.join_next().await {
        let ((author, written), (reader, read)) = part??;
        done.puts += written.puts;
        done.latencies.extend(read.latencies);
        done.lost += written.lost + read.lost;
        done.lines.push((author, reader));
    }
    if done.puts == 0 {
        bail!("nothing was put");
    }
    Ok(done)
}

async fn write(
    mut line: Line,
    work: Work,
    window: Window,
    total: oneshot::Sender<u64>,
) -> Result<(Line, Part)> {
    let (every, ahead) = match work.pace {
        Pace::PerSecond(all) => (Duration::from_secs(work.topics) / all, 0),
        Pace::Ahead(ahead) => (window.end + PATIENCE, ahead),
    };
    // Not all at the same instant.
    sleep(every.min(WARM).mul_f64(rand::random())).await;
    let mut due = interval(every);
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut part = Part::default();
    let (mut taken, mut back) = (0, 0);
    for _ in 1..ahead {
        put(&mut line, window, &mut part).await?;
    }
    while now() < window.end || taken < line.puts || back < line.puts {
        tokio::select! {
            _ = due.tick(), if now() < window.end => put(&mut line, window, &mut part).await?,
            heard = line.hear() => {
                let mut heard = Some(heard?);
                while let Some(one) = heard {
                    match one {
                        Heard::Entry(_) => back += 1,
                        Heard::Taken(_) => {
                            taken += 1;
                            if ahead > 0 && now() < window.end {
                                put(&mut line, window, &mut part).await?;
                            }
                        }
                        Heard::CaughtUp | Heard::Other => {}
                    }
                    heard = line.hear().now_or_never().transpose()?;
                }
            }
            () = sleep((window.end + PATIENCE).saturating_sub(now())) => break,
        }
        line.flush().await?;
    }
    part.lost = line.puts - back;
    // Its reader may have failed, which is told elsewhere.
    let _ = total.send(line.puts);
    Ok((line, part))
}

async fn put(line: &mut Line, window: Window, part: &mut Part) -> Result<()> {
    part.puts += u64::from(window.has(now()));
    line.put().await
}

async fn read(
    mut line: Line,
    window: Window,
    told: oneshot::Receiver<u64>,
) -> Result<(Line, Part)> {
    let mut part = Part::default();
    let mut told = std::pin::pin!(told.fuse());
    let mut total = None;
    let mut got = 0;
    let mut silent = interval(PING);
    while total.is_none_or(|total| got < total) {
        tokio::select! {
            said = &mut told => total = Some(said.context("an author failed")?),
            heard = line.hear() => {
                if let Heard::Entry(put) = heard? {
                    got += 1;
                    if window.has(put) {
                        part.latencies.push(now() - put);
                    }
                }
            }
            _ = silent.tick() => line.ping().await?,
            () = sleep((window.end + 2 * PATIENCE).saturating_sub(now())) => break,
        }
    }
    part.lost = total.unwrap_or(got).saturating_sub(got);
    Ok((line, part))
}
