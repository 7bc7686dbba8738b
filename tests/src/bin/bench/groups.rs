//! Groups of 2 to 1,000 participants: what making one, a change of it, a message and coming in cost in the
//! engine, in processor time, and how much is stored and sent.
//!
//! Every participant is a real engine with a database of its own that asks to come in by the group's code.
//! Four of them stay and are looked at: Ada, who made it, Bo and Cyan, who are in it, and Dee, who comes
//! last. The relay is its own machine, without sockets. `GROUP_SIZES=2,50` chooses other sizes.

use crate::figure::{Goal, Report};
use anyhow::{Context as _, Result};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use snug_engine::{
    Access, Engine, Extras, GroupEntry, GroupWish, InvitationState, NewInvitation, OutgoingId,
    connect,
};
use snug_relay::Store;
use snug_relay::core::{Core, Job, Peer};
use snug_wire::code::InviteCode;
use snug_wire::frame::{Answer, RelayFrame, Request};
use snug_wire::{AccountId, Address, ConversationId, RelayAddress, Secret};
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

const SIZES: [usize; 5] = [2, 6, 50, 200, 1_000];
/// Messages of which the mean is taken.
const MESSAGES: u32 = 40;
/// How many ask to come in before the group's admin sees to them.
const AT_ONCE: usize = 90;

/// The processor time of this thread.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let spent = text.split_whitespace().next().and_then(|t| t.parse().ok());
    Duration::from_nanos(spent.unwrap_or_default())
}

enum Asked {
    Outgoing(OutgoingId),
    Open(Address),
    Card,
}

struct Person {
    peer: Peer,
    engine: Engine,
    path: PathBuf,
    asked: BTreeMap<u64, Asked>,
    frames: VecDeque<RelayFrame>,
    card: Option<Vec<u8>>,
    /// In its engine, and bytes of frames either way, since they were last taken.
    spent: Duration,
    bytes: u64,
}

struct World {
    relay: Core,
    people: Vec<Person>,
    dir: tempfile::TempDir,
    now: u64,
    number: u64,
}

impl World {
    fn new() -> Result<Self> {
        Ok(Self {
            relay: Core::open(Store::in_memory()?, [9; 32])?,
            people: Vec::new(),
            dir: scratch()?,
            now: 1_800_000_000_000,
            number: 0,
        })
    }

    fn address(&self) -> RelayAddress {
        RelayAddress {
            url: "ws://127.0.0.1:1".into(),
            key: self.relay.key(),
        }
    }

    fn join(&mut self, name: &str) -> Result<usize> {
        self.number += 1;
        let n = self.number;
        let path = self.dir.path().join(format!("{n}.db"));
        let db = connect(&path, &Secret::new([7; 32]), Access::Write)?;
        let mut engine = Engine::open(db, Box::new(ChaCha20Rng::seed_from_u64(n)))?;
        let mut key = [3; 32];
        key[..8].copy_from_slice(&n.to_be_bytes());
        engine.create_account(name, &Secret::new(key), &self.address(), self.now)?;
        self.people.push(Person {
            peer: Peer(n),
            engine,
            path,
            asked: BTreeMap::new(),
            frames: VecDeque::new(),
            card: None,
            spent: Duration::ZERO,
            bytes: 0,
        });
        let who = self.people.len() - 1;
        let open = self.people[who].engine.subscriptions(&self.relay.key())?;
        for one in open {
            let request = Request::Open(one.address, one.secret, one.after);
            self.ask(who, Asked::Open(one.address), request);
        }
        // The others are not asked: who sees to those who wait sees to many at once.
        while self.tend(who)? {}
        Ok(who)
    }

    fn ask(&mut self, who: usize, what: Asked, request: Request) {
        self.number += 1;
        let person = &mut self.people[who];
        person.asked.insert(self.number, what);
        if let Request::Put(put) = &request {
            let attached: usize = put.attachments.iter().map(|a| a.bytes.len()).sum();
            person.bytes += (put.bytes.len() + attached) as u64;
        }
        let job = Job {
            peer: person.peer,
            number: self.number,
            request,
        };
        let out = self
            .relay
            .apply(&mut std::iter::once(job), self.now, &mut || 5);
        for out in out {
            for person in &mut self.people {
                if out.to.contains(&person.peer) {
                    person.frames.push_back(out.frame.clone());
                }
            }
        }
    }

    /// Until nothing moves.
    fn rest(&mut self) -> Result<()> {
        loop {
            let mut moved = false;
            for who in 0..self.people.len() {
                moved |= self.tend(who)?;
            }
            if !moved {
                return Ok(());
            }
        }
    }

    fn tend(&mut self, who: usize) -> Result<bool> {
        let key = self.relay.key();
        let mut moved = false;
        let person = &mut self.people[who];
        person
            .frames
            .extend(self.relay.pull(person.peer, 16 << 20)?);
        while let Some(frame) = self.people[who].frames.pop_front() {
            moved = true;
            self.take(who, frame)?;
        }
        loop {
            let (person, began) = (&mut self.people[who], cpu());
            let next = person.engine.next_outgoing(&key, self.now)?;
            person.spent += cpu().saturating_sub(began);
            let Some(next) = next else { break };
            moved = true;
            self.ask(who, Asked::Outgoing(next.id), next.request);
        }
        let open = self.people[who].engine.take_subscriptions(&key)?;
        for one in open {
            moved = true;
            let request = Request::Open(one.address, one.secret, one.after);
            self.ask(who, Asked::Open(one.address), request);
        }
        Ok(moved)
    }

    fn take(&mut self, who: usize, frame: RelayFrame) -> Result<()> {
        let (key, now) = (self.relay.key(), self.now);
        let person = &mut self.people[who];
        let began = cpu();
        match frame {
            RelayFrame::Delivery(delivery) => {
                person.bytes += delivery.bytes.len() as u64;
                person.engine.receive(&key, &[delivery], now)?;
            }
            RelayFrame::Answer(number, answer) => {
                if let Answer::Bytes(bytes) = &answer {
                    person.bytes += bytes.len() as u64;
                }
                match (person.asked.remove(&number), answer) {
                    (Some(Asked::Outgoing(id)), answer) => {
                        person.engine.settle(id, &answer, now)?;
                    }
                    (Some(Asked::Open(address)), answer) => {
                        person.engine.opened(&key, address, &answer, now)?;
                    }
                    (Some(Asked::Card), Answer::Card(card, _)) => person.card = Some(card),
                    _ => {}
                }
            }
            RelayFrame::CaughtUp(address) => person.engine.caught_up(address),
            RelayFrame::Ended(address, at) => person.engine.ended(&key, address, at, now)?,
            _ => {}
        }
        person.spent += cpu().saturating_sub(began);
        Ok(())
    }

    /// Somebody asks to come into the group; their engine is not asked any more after that, unless they
    /// are to stay.
    fn request(&mut self, name: &str, code: &InviteCode) -> Result<usize> {
        let who = self.join(name)?;
        self.ask(who, Asked::Card, Request::Card(code.id));
        self.tend(who)?;
        let card = self.people[who].card.take().context("there is a card")?;
        let (at, now) = (self.address(), self.now);
        let engine = &mut self.people[who].engine;
        engine.accept(code, &at, &card, "", now)?;
        while self.tend(who)? {}
        Ok(who)
    }

    fn forget(&mut self, from: usize) {
        for person in self.people.split_off(from) {
            self.relay.disconnected(person.peer);
            drop(person.engine);
            // It is on a disk of memory.
            let _ = std::fs::remove_file(person.path);
        }
    }

    fn spent(&mut self, who: usize) -> (Duration, u64) {
        let person = &mut self.people[who];
        let spent = (person.spent, person.bytes);
        (person.spent, person.bytes) = (Duration::ZERO, 0);
        spent
    }

    fn clear(&mut self) {
        for who in 0..self.people.len() {
            self.spent(who);
        }
    }
}

fn scratch() -> Result<tempfile::TempDir> {
    let memory = Path::new("/dev/shm");
    Ok(if memory.is_dir() {
        tempfile::tempdir_in(memory)?
    } else {
        tempfile::tempdir()?
    })
}

fn sizes() -> Vec<usize> {
    let chosen = std::env::var("GROUP_SIZES").unwrap_or_default();
    let chosen: Vec<usize> = chosen.split(',').filter_map(|n| n.parse().ok()).collect();
    if chosen.is_empty() {
        SIZES.to_vec()
    } else {
        chosen
    }
}

const ADA: usize = 0;
const BO: usize = 1;

pub fn run(report: &mut Report) -> Result<()> {
    for size in sizes() {
        of(report, size)?;
    }
    Ok(())
}

fn of(report: &mut Report, size: usize) -> Result<()> {
    let mut world = World::new()?;
    world.join("Ada")?;
    let now = world.now;
    let group = world.people[ADA]
        .engine
        .create_group("The group", &[], now)?;
    world.rest()?;
    let code = code(&mut world, group)?;
    let before = std::fs::metadata(&world.people[ADA].path)?.len();
    world.clear();
    let mut stay = 1;
    for n in 1..size {
        let who = world.request("Bo", &code)?;
        if n < 3 {
            stay = who + 1;
            world.rest()?;
        } else if world.people.len() >= stay + AT_ONCE || n + 1 == size {
            while world.tend(ADA)? {}
            world.forget(stay);
            world.rest()?;
        }
    }
    let is_all = |world: &World| -> Result<usize> {
        let view = world.people[ADA].engine.view();
        Ok(view.group(&group)?.map_or(0, |g| g.participants.len()))
    };
    anyhow::ensure!(is_all(&world)? == size, "{} came in", is_all(&world)?);
    let name = |what: &str| format!("{size}: {what}");
    let (made, sent) = world.spent(ADA);
    let each = (size - 1).max(1) as u32;
    report.milliseconds(
        &name("made, for each who came in"),
        made / each,
        None,
        Goal::None,
    );
    report.add(
        &name("made, sent for each"),
        sent as f64 / f64::from(each) / 1024.0,
        "KiB",
        None,
        Goal::None,
    );
    let file = std::fs::metadata(&world.people[ADA].path)?.len();
    report.add(
        &name("database for each"),
        file.saturating_sub(before) as f64 / f64::from(each) / 1024.0,
        "KiB",
        None,
        Goal::None,
    );

    talk(report, &mut world, group, &name)?;
    world.clear();
    let dee = world.request("Dee", &code)?;
    world.clear();
    world.rest()?;
    let (added, sent) = world.spent(ADA);
    let (seen, got) = world.spent(BO);
    let (came, fetched) = world.spent(dee);
    let limit = Goal::Value(500.0);
    report.milliseconds(&name("add one"), added, None, limit);
    report.milliseconds(&name("add one, at another"), seen, None, Goal::None);
    report.milliseconds(&name("come in"), came, None, Goal::None);
    let kib = |bytes: u64| bytes as f64 / 1024.0;
    report.add(&name("add one, sent"), kib(sent), "KiB", None, Goal::None);
    report.add(
        &name("add one, received by another"),
        kib(got),
        "KiB",
        None,
        Goal::None,
    );
    report.add(
        &name("come in, fetched"),
        kib(fetched),
        "KiB",
        None,
        Goal::None,
    );
    anyhow::ensure!(is_all(&world)? == size + 1, "Dee came in");
    let who = account(&world, dee)?;
    let now = world.now;
    world.people[ADA]
        .engine
        .change_group(group, &GroupWish::Remove(who), now)?;
    world.clear();
    world.rest()?;
    let (removed, _) = world.spent(ADA);
    let (seen, _) = world.spent(BO);
    report.milliseconds(&name("remove one"), removed, None, limit);
    report.milliseconds(&name("remove one, at another"), seen, None, Goal::None);
    Ok(())
}

fn account(world: &World, who: usize) -> Result<AccountId> {
    let account = world.people[who].engine.view().account()?;
    Ok(account.context("there is an account")?.id)
}

/// A code that leads into the group.
fn code(world: &mut World, group: ConversationId) -> Result<InviteCode> {
    let now = world.now;
    let entry = GroupEntry {
        group,
        uses: None,
        asks: false,
    };
    let new = NewInvitation {
        group: Some(entry),
        ..NewInvitation::default()
    };
    let id = world.people[ADA].engine.create_invitation(&new, now)?;
    world.rest()?;
    let found = world.people[ADA].engine.view().invitation(&id)?;
    let found = found.context("the invitation is kept")?;
    anyhow::ensure!(found.state == InvitationState::Open, "it is published");
    Ok(found.invited.code)
}

/// Ada writes, Bo reads.
fn talk(
    report: &mut Report,
    world: &mut World,
    group: ConversationId,
    name: &impl Fn(&str) -> String,
) -> Result<()> {
    if world.people.len() <= BO {
        return Ok(());
    }
    world.clear();
    for n in 0..MESSAGES {
        let (text, now) = (format!("A message of some length, number {n}"), world.now);
        let began = cpu();
        let person = &mut world.people[ADA];
        person
            .engine
            .send_text(group, &text, Extras::default(), now)?;
        person.spent += cpu().saturating_sub(began);
        world.rest()?;
    }
    let (sent, bytes) = world.spent(ADA);
    let (read, _) = world.spent(BO);
    let limit = Goal::Value(5.0);
    report.milliseconds(&name("send"), sent / MESSAGES, None, limit);
    report.milliseconds(&name("receive"), read / MESSAGES, None, limit);
    report.add(
        &name("send, bytes"),
        bytes as f64 / f64::from(MESSAGES) / 1024.0,
        "KiB",
        None,
        Goal::None,
    );
    Ok(())
}
