//! What honest people feel while strangers do what they should not. The strangers are a process of
//! their own, on the same cores.

use super::line::{Dialect, Line, STRANGE};
use super::load::{self, Pace, Work};
use super::server::{Kind, Server, load as machine_load};
use super::snug::{prove, request};
use crate::figure::{Goal, Report, percentile};
use anyhow::{Context as _, Result, bail};
use rand::Rng as _;
use snug_tests::program::Process;
use snug_wire::frame::{MailboxKind, Put, Request};
use snug_wire::{Address, EnvelopeId, LockSecret, Seq};
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};
use tokio_tungstenite::tungstenite::Message;

/// What the strangers do, by the name that is the first argument of their process, and how much of it
/// the relay's limits let one address do at once, as they are by default.
const ATTACKS: [(&str, &str, u64); 4] = [
    ("garbage", "connections that say garbage", 2 * 2_000),
    (
        "opens",
        "opening of guessed addresses, 100,000 in a row",
        100_000,
    ),
    ("puts", "puts to guessed addresses", 100_000),
    ("creates", "new mailboxes without end", 100_000),
];
/// Connections of theirs at a time.
const STRANGERS: u64 = 8;
/// Requests under way on each.
const AHEAD: u64 = 256;
/// Requests, then the connection is begun anew.
const IN_A_ROW: u64 = 100_000;
/// After a refused connection.
const PAUSE: Duration = Duration::from_millis(10);
/// How often strangers say how much they did.
const SAID: Duration = Duration::from_millis(500);
const HONEST: Work = Work {
    topics: 100,
    pace: Pace::PerSecond(500),
    time: Duration::from_secs(8),
};

/// Honest people alone, then beside each attack.
pub async fn run(report: &mut Report) -> Result<()> {
    feel(report, "alone", Kind::Durable, None).await?;
    for (attack, what, at_once) in ATTACKS {
        let unlimited = format!("{what}, no limits");
        feel(report, &unlimited, Kind::Durable, Some((attack, 1))).await?;
        feel(report, what, Kind::Guarded, Some((attack, at_once))).await?;
    }
    Ok(())
}

/// Strangers have done that much before anybody is asked.
async fn feel(
    report: &mut Report,
    what: &str,
    kind: Kind,
    attack: Option<(&str, u64)>,
) -> Result<()> {
    let server = Server::start(kind)?;
    let (lines, _) = load::open(&server, HONEST.topics, 8).await?;
    let mut strangers = attack
        .map(|(attack, _)| start(attack, server.address))
        .transpose()?;
    let mut said = strangers.as_mut().map(Process::lines);
    if let (Some(said), Some((_, at_once))) = (&mut said, attack) {
        let done = |line: &str| line.split(' ').next()?.parse::<u64>().ok();
        while said
            .next()
            .transpose()?
            .is_some_and(|line| done(&line) < Some(at_once))
        {}
    }
    let mut done = load::run(&server, lines, HONEST).await?;
    for (part, percent) in [(0.5, 50), (0.99, 99)] {
        let name = format!("honest p{percent}, {what}");
        let time = percentile(&mut done.latencies, part);
        let goal = if percent == 99 {
            Goal::Value(50.0)
        } else {
            Goal::None
        };
        report.milliseconds(&name, time, None, goal);
    }
    anyhow::ensure!(done.lost == 0, "honest people lost {} entries", done.lost);
    if let (Some(strangers), Some(said)) = (&mut strangers, said) {
        strangers.kill();
        let last = said.map_while(Result::ok).last();
        report.note(&format!(
            "  meanwhile: {}; relay {:.0} MiB, load {}",
            last.unwrap_or_default(),
            server.memory()? / 1_024.0,
            machine_load()
        ));
    }
    Ok(())
}

fn start(attack: &str, server: SocketAddr) -> Result<Process> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["attack", attack, &server.to_string()]);
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
    Ok(Process {
        child: command.spawn()?,
    })
}

/// The strangers' process: attacks until it is killed.
pub async fn attack(arguments: &[String]) -> Result<()> {
    let [attack, server] = arguments else {
        bail!("an attack and a server");
    };
    let server: SocketAddr = server.parse()?;
    let done = Arc::new(AtomicU64::new(0));
    let mut strangers = JoinSet::new();
    for n in 0..STRANGERS {
        let (attack, done) = (attack.clone(), Arc::clone(&done));
        strangers.spawn(async move {
            loop {
                let ended = match attack.as_str() {
                    "garbage" => garbage(server, &done).await,
                    _ => requests(&attack, server, n, &done).await,
                };
                if ended.is_err() {
                    sleep(PAUSE).await;
                }
            }
        });
    }
    let mut due = interval(SAID);
    loop {
        due.tick().await;
        let mut stdout = std::io::stdout().lock();
        let done = done.load(Ordering::Relaxed);
        writeln!(stdout, "{done} of them by {STRANGERS} connections")?;
        stdout.flush()?;
    }
}

/// Bytes that are no HTTP, then a WebSocket with bytes that are no frame.
async fn garbage(server: SocketAddr, done: &AtomicU64) -> Result<()> {
    let mut bytes = vec![0; super::line::SIZE];
    rand::rng().fill_bytes(&mut bytes);
    let mut plain = TcpStream::connect(server).await?;
    plain.write_all(&bytes).await?;
    let mut line = Line::strange(server, Dialect::Snug, STRANGE).await?;
    line.send(Message::binary(bytes)).await?;
    done.fetch_add(2, Ordering::Relaxed);
    while line.receive().await.is_ok() {}
    Ok(())
}

/// Requests that make no sense, as fast as they are answered.
async fn requests(attack: &str, server: SocketAddr, n: u64, done: &AtomicU64) -> Result<()> {
    let mut line = Line::strange(server, Dialect::Snug, STRANGE + n).await?;
    prove(&mut line, n).await?;
    line.receive().await?;
    for number in 0..IN_A_ROW {
        line.send(request(number, guess(attack)?)).await?;
        if number >= AHEAD {
            line.receive().await?;
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

fn guess(attack: &str) -> Result<Request> {
    let (address, secret) = (Address(rand::random()), LockSecret::new(rand::random()));
    Ok(match attack {
        "opens" => Request::Open(address, secret, None),
        "creates" => Request::Create(address, MailboxKind::Conversation, secret.lock()),
        "puts" => Request::Put(Put {
            address,
            secret: Some(secret),
            id: EnvelopeId(rand::random()),
            flagged: false,
            rests_on: Seq(0),
            lock: None,
            attachments: Vec::new(),
            bytes: vec![7; super::line::SIZE],
        }),
        other => return Err(anyhow::anyhow!("{other}")).context("there is no such attack"),
    })
}
