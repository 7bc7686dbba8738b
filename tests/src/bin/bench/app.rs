//! The application itself beside a bare Tauri window: start to settled window, and memory then.
//!
//! It is started as people do whose operating system keeps their keys: they are there at once. Whoever
//! protects them with a passphrase pays for each guess that somebody else would have to make, with
//! memory and time on purpose; that start stands beside it without a goal.
//!
//! All are started under the display that is there. A window counts as settled when its page has
//! said so: the application and the bare window print a line `window settled` to stdout when
//! `SNUG_SAY_WHEN_SETTLED` is set. Memory is the proportional set size of all processes started.

use crate::figure::{Goal, Report};
use anyhow::{Context as _, Result, anyhow, bail};
use snug_client::keychain::Keychain;
use snug_client::{Client, DataDir, Options, Problem};
use snug_relay::{Config, Relay};
use snug_wire::RelayAddress;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const STARTS: usize = 8;
pub const PASSPHRASE: &str = "a bench";
/// A window that has not settled by then never will.
const PATIENCE: Duration = Duration::from_secs(30);

struct Start {
    time: Duration,
    pss_kib: u64,
}

/// Beside this program, where `cargo xtask bench` builds both.
pub fn beside(name: &str) -> Result<PathBuf> {
    let here = std::env::current_exe()?;
    let path = here.parent().context("a program has a folder")?.join(name);
    if !path.is_file() {
        bail!(
            "{} is not built; run it by `cargo xtask bench app`",
            path.display()
        );
    }
    Ok(path)
}

fn start(program: &Path, data: &Path, keychain: &str) -> Result<Start> {
    let begin = Instant::now();
    let mut child = Command::new(program)
        .env("SNUG_DATA", data)
        .env("SNUG_KEYCHAIN", keychain)
        .env("SNUG_PASSPHRASE", PASSPHRASE)
        .env("SNUG_SAY_WHEN_SETTLED", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{} does not start", program.display()))?;
    let (settling, settles) = mpsc::channel::<()>();
    let id = child.id();
    let watch = std::thread::spawn(move || {
        if settles.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
            // Ends the lines below; what is missing then is said.
            let _ = Command::new("kill").args(["-9", &id.to_string()]).status();
        }
    });
    let lines = BufReader::new(child.stdout.take().context("its output")?).lines();
    let mut settled = None;
    for line in lines {
        if line?.trim() == "window settled" {
            settled = Some(begin.elapsed());
            break;
        }
    }
    drop(settling);
    let _ = watch.join();
    let pss_kib = tree(child.id()).into_iter().map(pss).sum();
    child.kill()?;
    child.wait()?;
    Ok(Start {
        time: settled.context("the window never settled")?,
        pss_kib,
    })
}

/// A process and all below it.
fn tree(root: u32) -> Vec<u32> {
    let mut all = vec![root];
    let mut next = 0;
    while let Some(pid) = all.get(next).copied() {
        let children =
            std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        all.extend(
            children
                .split_whitespace()
                .filter_map(|child| child.parse::<u32>().ok()),
        );
        next += 1;
    }
    all
}

fn pss(pid: u32) -> u64 {
    std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kib| kib.parse().ok())
        .unwrap_or_default()
}

/// Makes an account as the application does.
pub async fn join(data: &Path) -> Result<()> {
    let say = |problem: Problem| anyhow!(problem.text);
    let relay = Relay::start(Config {
        data: data.join("relay"),
        listen: ([127, 0, 0, 1], 0).into(),
        keep_port: true,
    })
    .await?;
    let options = Options {
        embedded: Some(RelayAddress {
            url: relay.url(),
            key: relay.key(),
        }),
        ..Options::new(Keychain::file(PASSPHRASE))
    };
    let dir = DataDir::open(data).await.map_err(say)?;
    let client = Client::open(dir, options).await.map_err(say)?;
    client.create_account("Ada", None).await.map_err(say)?;
    client.caught_up().await.map_err(say)?;
    client.close().await;
    relay.stop().await;
    Ok(())
}

fn middle<T: Ord + Copy>(mut all: Vec<T>) -> T {
    all.sort_unstable();
    all[all.len() / 2]
}

pub async fn run(report: &mut Report) -> Result<()> {
    if std::env::var_os("DISPLAY").is_none() && std::env::var_os("WAYLAND_DISPLAY").is_none() {
        bail!("the application needs a display; `cargo xtask bench app` brings a virtual one");
    }
    let (bare, snug) = (beside("examples/bare")?, beside("snug")?);
    let dir = tempfile::tempdir_in(".")?;
    let known = dir.path().canonicalize()?;
    join(&known).await?;
    let mut times = [const { Vec::new() }; 3];
    let mut memory = [const { Vec::new() }; 3];
    for n in 0..STARTS {
        let new = tempfile::tempdir_in(".")?;
        let here = new.path().canonicalize()?;
        // In turn, so that all meet the same noise; the first round only warms the caches.
        let starts = [
            start(&bare, &here, "memory")?,
            start(&snug, &here, "memory")?,
            start(&snug, &known, "file")?,
        ];
        for (i, started) in starts.into_iter().enumerate().filter(|_| n > 0) {
            times[i].push(started.time);
            memory[i].push(started.pss_kib);
        }
    }
    let [bare, first, known] = times.map(middle);
    report.milliseconds("settled window, p50", first, Some(bare), Goal::Ratio(1.5));
    let name = "settled window, keys under a passphrase, p50";
    report.milliseconds(name, known, Some(bare), Goal::None);
    let [bare, first, known] = memory.map(|kib| middle(kib) as f64 / 1024.0);
    let name = "memory of all processes, p50";
    report.add(name, first, "MB", Some(bare), Goal::Ratio(1.15));
    let name = "memory of all processes, with an account";
    report.add(name, known, "MB", Some(bare), Goal::None);
    Ok(())
}
