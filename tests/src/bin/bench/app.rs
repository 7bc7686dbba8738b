//! The application itself beside a bare Tauri window: start to settled window, and memory then.
//!
//! It starts as it does every day: with an account, on the relay inside it.
//! Both are started under the display that is there. A window counts as settled when its page has
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
const PASSPHRASE: &str = "a bench";
/// A window that has not settled by then never will.
const PATIENCE: Duration = Duration::from_secs(30);

struct Start {
    time: Duration,
    pss_kib: u64,
}

/// Beside this program, where `cargo xtask bench` builds both.
fn beside(name: &str) -> Result<PathBuf> {
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

fn start(program: &Path, data: &Path) -> Result<Start> {
    let begin = Instant::now();
    let mut child = Command::new(program)
        .env("SNUG_DATA", data)
        .env("SNUG_KEYCHAIN", "file")
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
#[tokio::main]
async fn join(data: &Path) -> Result<()> {
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

pub fn run(report: &mut Report) -> Result<()> {
    if std::env::var_os("DISPLAY").is_none() && std::env::var_os("WAYLAND_DISPLAY").is_none() {
        bail!("the application needs a display; `cargo xtask bench app` brings a virtual one");
    }
    let (bare, snug) = (beside("examples/bare")?, beside("snug")?);
    let dir = tempfile::tempdir_in(".")?;
    let data = dir.path().canonicalize()?;
    join(&data)?;
    let mut times = [Vec::new(), Vec::new()];
    let mut memory = [Vec::new(), Vec::new()];
    for n in 0..STARTS {
        // In turn, so that both meet the same noise; the first round only warms the caches.
        for (i, program) in [&bare, &snug].into_iter().enumerate() {
            let started = start(program, &data)?;
            if n > 0 {
                times[i].push(started.time);
                memory[i].push(started.pss_kib);
            }
        }
    }
    let [bare, snug] = times.map(middle);
    report.milliseconds("settled window, p50", snug, Some(bare), Goal::Ratio(1.5));
    let [bare, snug] = memory.map(|kib| middle(kib) as f64 / 1024.0);
    let name = "memory of all processes, p50";
    report.add(name, snug, "MB", Some(bare), Goal::Ratio(1.15));
    Ok(())
}
