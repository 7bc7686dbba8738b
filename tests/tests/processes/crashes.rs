//! Real processes killed at seeded instants while both sides write: what was acknowledged is there, once,
//! in one order, on both sides.
//!
//! A test run does a few rounds, in which the instants are lines of output. `cargo xtask soak crashes`
//! does hundreds, in which up to 30 ms pass between the line and the kill.

use crate::each;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use snug_tests::person::{Listening, Person, meet};
use snug_tests::relay::Relay;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Rounds of a test run.
const SHORT: u64 = 4;
/// How many messages each side writes in a round.
const EACH: usize = 8;
/// The most messages `snug-cli history` tells at once.
const PAGE: &str = "500";

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Somebody who listens again after every kill.
struct Side {
    person: Person,
    other: &'static str,
    /// Nothing between the kill and the next start.
    listening: Option<Listening>,
    /// Ids of messages whose sending was acknowledged.
    acknowledged: Vec<String>,
    /// How many answers are still to come.
    awaited: usize,
}

impl Side {
    fn new(person: Person, other: &'static str) -> Self {
        Self {
            listening: Some(person.listens()),
            person,
            other,
            acknowledged: Vec::new(),
            awaited: 0,
        }
    }

    fn write(&mut self, round: u64) {
        for n in 0..EACH {
            let text = format!("{} {round} {n}", self.person.name);
            let listening = self.listening.as_mut().unwrap();
            listening.asks(&json!({ "do": "send", "chat": self.other, "text": text, "for": n }));
        }
        self.awaited = EACH;
    }

    /// Reads one line.
    fn line(&mut self) {
        let line = self.listening.as_mut().unwrap().line();
        if line["type"] == "answer" {
            assert_eq!(line["ok"], true, "{line}");
            let id = line["rows"][0]["id"].as_str().unwrap();
            self.acknowledged.push(id.to_owned());
            self.awaited -= 1;
        }
    }

    /// Kills it; what was not answered never will be.
    fn end(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.kill();
        }
        self.awaited = 0;
    }

    /// Starts it again, if it was killed.
    fn begin(&mut self) {
        let person = &self.person;
        self.listening.get_or_insert_with(|| person.listens());
    }

    /// Everything in the one chat, oldest first.
    fn history(&self) -> Vec<Value> {
        let chat = self.person.chat();
        let mut all: Vec<Value> = Vec::new();
        loop {
            let before = all
                .first()
                .map(|line| line["order"].as_str().unwrap().to_owned());
            let mut words = vec!["history", &chat, "--limit", PAGE];
            words.extend(before.iter().flat_map(|before| ["--before", before]));
            let page = self.person.does(&words);
            if page.is_empty() {
                return all;
            }
            all.splice(0..0, page);
        }
    }
}

#[test]
fn crashes_at_random_instants() {
    let soak = number("CRASH_ROUNDS");
    let seed = number("CRASH_SEED").unwrap_or(1);
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut relay = Relay::start();
    let people = ["Ada", "Bo"].map(|name| Person::on(&relay.url(), name));
    meet(&people[0], &people[1]);
    let [ada, bo] = people;
    let mut sides = [Side::new(ada, "Bo"), Side::new(bo, "Ada")];
    let rounds = soak.unwrap_or(SHORT);
    for round in 0..rounds {
        for side in &mut sides {
            side.write(round);
        }
        // Every message brings its writer at least an answer: so many lines come, whatever happens.
        let watched = rng.random_range(0..2);
        for _ in 0..rng.random_range(0..EACH) {
            sides[watched].line();
        }
        if soak.is_some() {
            let pause = Duration::from_micros(rng.random_range(0..30_000));
            let line = Instant::now();
            while line.elapsed() < pause {
                std::thread::yield_now();
            }
        }
        // One of the three, or the relay and one more.
        let killed = rng.random_range(0..5);
        if killed >= 2 {
            relay.kill();
        }
        if let side @ (0 | 1) = killed % 3 {
            sides[side].end();
        }
        if killed >= 2 {
            relay.restart();
        }
        for side in &mut sides {
            side.begin();
            while side.awaited > 0 {
                side.line();
            }
        }
        if soak.is_some() && (round + 1) % 20 == 0 {
            println!("{} of {rounds} rounds (seed {seed})", round + 1);
        }
    }
    compare(sides, seed);
}

/// Both have the same messages in the same order, none twice, and each acknowledged one.
fn compare(mut sides: [Side; 2], seed: u64) {
    sides.iter_mut().for_each(Side::end);
    let [ada, bo] = &sides;
    // Whoever is asked first also sends what still waits there.
    ada.history();
    let (with_bo, with_ada) = (bo.history(), ada.history());
    for field in ["id", "text"] {
        let told = each(&with_bo, field);
        assert_eq!(told, each(&with_ada, field), "one order (seed {seed})");
        let once: BTreeSet<_> = told.iter().collect();
        assert_eq!(once.len(), told.len(), "each {field} once (seed {seed})");
    }
    let ids: BTreeSet<&str> = each(&with_bo, "id").into_iter().collect();
    let all: Vec<&String> = sides.iter().flat_map(|side| &side.acknowledged).collect();
    for id in &all {
        assert!(
            ids.contains(id.as_str()),
            "{id} was acknowledged and is lost (seed {seed})"
        );
    }
    println!(
        "{} messages, {} of them acknowledged: all there, once, in one order",
        ids.len(),
        all.len()
    );
}
