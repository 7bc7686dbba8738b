//! A million mailboxes in one file: what that costs who puts and opens, and whether the file gets
//! smaller when what is in it has lived its time.

use super::line::{Dialect, Heard, Line, STRANGE, now};
use super::server::{Server, load as machine_load};
use super::snug::{address, frame, prove, request, secret};
use crate::figure::{Goal, Report, percentile};
use anyhow::{Result, bail};
use snug_relay::Store;
use snug_relay::core::limits::{DAY, TIME_TO_LIVE, UNOPENED};
use snug_relay::core::{Core, Job, Peer};
use snug_wire::frame::{Answer, MailboxKind, Put, RelayFrame, Request};
use snug_wire::{EnvelopeId, Seq};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
/// Bytes of an entry: a short text, sealed and padded.
const SIZE: usize = 512;
/// Requests of one transaction while filling.
const BATCH: u64 = 5_000;
/// Puts and opens of each relay, in turns, so that both feel the same machine.
const TURNS: u64 = 40;
const IN_TURN: u64 = 50;

/// Fills two relays, asks both, and lets the large one grow old.
pub async fn run(report: &mut Report) -> Result<()> {
    let few = filled(FEW)?;
    let began = now();
    let many = filled(MANY)?;
    report.note(&format!(
        "{MANY} mailboxes with an entry each after {:.0} s: {:.0} MiB, load {}",
        (now() - began).as_secs_f64(),
        size(many.path())?,
        machine_load()
    ));
    let many = asked(report, few, many).await?;
    expired(report, &many)
}

async fn asked(report: &mut Report, few: TempDir, many: TempDir) -> Result<TempDir> {
    let (few, many) = (Server::on(few)?, Server::on(many)?);
    let mut of_few = Asker::new(&few, FEW).await?;
    let mut of_many = Asker::new(&many, MANY).await?;
    for _ in 0..TURNS {
        of_few.turn().await?;
        of_many.turn().await?;
    }
    for (name, small, large) in [
        ("put", &mut of_few.puts, &mut of_many.puts),
        ("open", &mut of_few.opens, &mut of_many.opens),
    ] {
        for (part, percent) in [(0.5, 50), (0.99, 99)] {
            let name = format!("{name} beside 1,000,000 mailboxes, p{percent}");
            let (value, beside) = (percentile(large, part), percentile(small, part));
            let goal = if percent == 50 {
                Goal::Ratio(2.0)
            } else {
                Goal::None
            };
            report.milliseconds(&name, value, Some(beside), goal);
        }
    }
    many.into_data()
}

fn filled(mailboxes: u64) -> Result<TempDir> {
    let place = tempfile::tempdir()?;
    let mut core = Core::open(Store::open(&place.path().join("relay.db"))?, [7; 32])?;
    let time = unix();
    for from in (0..mailboxes).step_by(BATCH as usize) {
        let jobs = (from..mailboxes.min(from + BATCH)).flat_map(|topic| {
            let create = Request::Create(
                address(topic),
                MailboxKind::Conversation,
                secret(topic).lock(),
            );
            [create, entry(topic, 0)].map(|request| Job {
                peer: Peer(1),
                number: topic,
                request,
            })
        });
        let mut jobs = jobs;
        core.apply(&mut jobs, time, &mut rand::random);
        if core.is_failing() {
            bail!("the disk is full");
        }
    }
    Ok(place)
}

fn entry(topic: u64, number: u64) -> Request {
    let mut id = [3; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    Request::Put(Put {
        address: address(topic),
        secret: Some(secret(topic)),
        id: EnvelopeId(id),
        flagged: false,
        rests_on: Seq(0),
        lock: None,
        attachments: Vec::new(),
        bytes: vec![7; SIZE],
    })
}

/// One connection that asks a relay for mailboxes here and there.
struct Asker {
    line: Line,
    mailboxes: u64,
    number: u64,
    puts: Vec<Duration>,
    opens: Vec<Duration>,
}

impl Asker {
    async fn new(server: &Server, mailboxes: u64) -> Result<Self> {
        let mut line = Line::strange(server.address, Dialect::Snug, STRANGE).await?;
        prove(&mut line, 0).await?;
        let RelayFrame::Ready = frame(&line.receive().await?)? else {
            bail!("the relay does not know us");
        };
        Ok(Self {
            line,
            mailboxes,
            number: 0,
            puts: Vec::new(),
            opens: Vec::new(),
        })
    }

    async fn turn(&mut self) -> Result<()> {
        for _ in 0..IN_TURN {
            let topic = rand::random::<u64>() % self.mailboxes;
            self.number += 1;
            let began = now();
            self.line
                .send(request(self.number, entry(topic, self.number)))
                .await?;
            while !matches!(self.next().await?, Heard::Taken(_)) {}
            self.puts.push(now() - began);

            let topic = rand::random::<u64>() % self.mailboxes;
            let began = now();
            let open = Request::Open(address(topic), secret(topic), None);
            self.line.send(request(self.number, open)).await?;
            while !matches!(self.next().await?, Heard::CaughtUp) {}
            self.opens.push(now() - began);
            // What follows is not to come here.
            self.line
                .send(request(self.number, Request::Close(address(topic))))
                .await?;
            while !matches!(self.next().await?, Heard::Other) {}
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Heard> {
        Ok(match frame(&self.line.receive().await?)? {
            RelayFrame::Answer(_, Answer::Stored(seq)) => Heard::Taken(seq.0),
            RelayFrame::Answer(_, Answer::Done) => Heard::Other,
            RelayFrame::CaughtUp(_) => Heard::CaughtUp,
            RelayFrame::Answer(_, Answer::Opened(_)) | RelayFrame::Delivery(_) => {
                Heard::Entry(Duration::ZERO)
            }
            other => bail!("the relay said {other:?}"),
        })
    }
}

/// Entries live 90 days, mailboxes that nobody opens a year.
fn expired(report: &mut Report, many: &TempDir) -> Result<()> {
    let mut core = Core::open(Store::open(&many.path().join("relay.db"))?, [7; 32])?;
    let full = size(many.path())?;
    for (what, time) in [
        ("entries", unix() + TIME_TO_LIVE + DAY),
        ("mailboxes", unix() + UNOPENED + DAY),
    ] {
        let mut longest = Duration::ZERO;
        let mut pieces = 0;
        let began = now();
        let mut before = f64::MAX;
        // As long as a whole round makes the file smaller.
        while size(many.path())? < before {
            before = size(many.path())?;
            for _ in 0..=MANY / 250 {
                let piece = now();
                core.expire(time)?;
                longest = longest.max(now() - piece);
                pieces += 1;
            }
        }
        let left = size(many.path())?;
        report.note(&format!(
            "forgetting {what}: {pieces} pieces in {:.0} s, the longest {longest:.1?}, load {}",
            (now() - began).as_secs_f64(),
            machine_load()
        ));
        let name = format!("file after {what} have lived their time");
        let goal = if what == "entries" {
            Goal::Ratio(0.6)
        } else {
            Goal::Ratio(0.1)
        };
        report.add(&name, left, "MiB", Some(full), goal);
    }
    Ok(())
}

/// Of the file and what belongs to it, in MiB.
fn size(place: &Path) -> Result<f64> {
    let mut bytes = 0;
    for file in std::fs::read_dir(place)? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes as f64 / f64::from(1 << 20))
}

/// Milliseconds of Unix time.
fn unix() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}
