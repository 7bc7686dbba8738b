//! Twenty people in one group, two of them admins who act at the same instant, again and again, and a relay
//! that is killed in between: in the end everybody who is in has the same of everything.
//!
//! A test run does a few rounds. `cargo xtask soak crowd` does hundreds.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use snug_tests::crowd::{ADMINS, Crowd, accounts, agreed};
use std::collections::BTreeSet;

/// How many they are.
const PEOPLE: usize = 20;
/// Rounds of a test run.
const SHORT: u64 = 8;
/// An act comes too late when the other's was done already: refused, each in one of these words.
const LATE: [&str; 2] = ["There is no participant", "in the group already"];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Something an admin may do now: what `group` is asked for, and with what.
fn act(
    rng: &mut ChaCha20Rng,
    round: u64,
    row: &Value,
    all: &[(String, String)],
) -> (&'static str, Value) {
    let inside: BTreeSet<&str> = accounts(row).into_iter().collect();
    let is_admin = |account: &str| {
        let people = row["participants"].as_array().unwrap();
        people
            .iter()
            .any(|one| one["account"] == account && one["role"] == "admin")
    };
    // Oneself and the other admin stay.
    let (account, name) = &all[rng.random_range(ADMINS.len()..all.len())];
    let person = json!({ "person": account });
    match rng.random_range(0..8) {
        0 => (
            "rename",
            json!({ "name": format!("Round {round}, {}", rng.random_range(0..9)) }),
        ),
        1 => (
            "describe",
            json!({ "text": format!("Round {round}, {}", rng.random_range(0..9)) }),
        ),
        _ if !inside.contains(account.as_str()) => ("invite", json!({ "contacts": [name] })),
        2..=4 if is_admin(account) => ("demote", person),
        2..=4 => ("promote", person),
        _ => ("remove", person),
    }
}

#[test]
fn two_admins_act_at_once_again_and_again() {
    let soak = number("CROWD_ROUNDS");
    let seed = number("CROWD_SEED").unwrap_or(1);
    let (rounds, mut rng) = (soak.unwrap_or(SHORT), ChaCha20Rng::seed_from_u64(seed));
    let mut crowd = Crowd::gather(PEOPLE);
    let all: Vec<_> = crowd
        .members
        .iter_mut()
        .map(|member| member.known())
        .collect();
    let (mut late, mut acts) = (0, 0);
    for round in 0..rounds {
        let row = crowd.members[ADMINS[0]].settles(is_done);
        for admin in ADMINS {
            let (what, with) = act(&mut rng, round, &row, &all);
            crowd.asks(admin, what, with);
            acts += 1;
        }
        if round == rounds / 2 {
            crowd.relay.kill();
            crowd.relay.restart();
        }
        for admin in ADMINS {
            let answer = crowd.members[admin].answer();
            if answer["ok"] == false {
                let said = answer["error"].as_str().unwrap();
                assert!(LATE.iter().any(|word| said.contains(word)), "{said}");
                late += 1;
            }
        }
        for admin in ADMINS {
            crowd.members[admin].settles(is_done);
        }
        if soak.is_some() && (round + 1) % 20 == 0 {
            println!("{} of {rounds} rounds (seed {seed})", round + 1);
        }
    }
    let inside = compare(&mut crowd, &all, seed);
    println!("{acts} acts of two, {late} of them too late: {inside} people are in and agree");
}

/// Nothing is asked for that is not done yet.
fn is_done(row: &Value) -> bool {
    row["pending"] == json!([])
}

/// Everybody who is in has the same roster, roles and name; everybody else knows that they are out.
fn compare(crowd: &mut Crowd, all: &[(String, String)], seed: u64) -> usize {
    // What comes last in the log tells that all before it has come.
    crowd.members[0]
        .does(json!({ "do": "group", "what": "rename", "chat": crowd.group, "name": "The end" }));
    let is_last = |row: &Value| row["name"] == "The end" && is_done(row);
    let row = crowd.members[0].settles(is_last);
    let inside = accounts(&row);
    for (member, (account, name)) in crowd.members.iter_mut().zip(all) {
        if inside.contains(&account.as_str()) {
            let theirs = member.settles(|row| row["standing"] == "in" && is_last(row));
            assert_eq!(agreed(&theirs), agreed(&row), "{name} (seed {seed})");
        } else {
            member.settles(|row| row["standing"] == "removed");
        }
    }
    inside.len()
}
