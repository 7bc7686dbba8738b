//! Twenty people in one group, two of them admins who act at the same instant, again and again, and a relay
//! that is killed in between: in the end everybody who is in has the same of everything.
//!
//! A test run does a few rounds. `cargo xtask soak crowd` does hundreds.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use snug_tests::crowd::{ADMINS, Crowd, accounts, agreed};
use std::collections::BTreeMap;

/// How many they are.
const PEOPLE: usize = 20;
/// Rounds of a test run.
const SHORT: u64 = 5;
/// An act comes too late when the other's was done already: refused, each in one of these words.
const LATE: [&str; 2] = ["There is no participant", "in the group already"];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What is to be the same for all: roles by account, name, description.
#[derive(Clone, Debug, PartialEq)]
struct State {
    roles: BTreeMap<String, String>,
    texts: [String; 2],
}

impl State {
    fn of(row: &Value) -> Self {
        let text = |of: &Value, field: &str| of[field].as_str().unwrap().to_owned();
        let all = row["participants"].as_array().unwrap().iter();
        Self {
            roles: all
                .map(|one| (text(one, "account"), text(one, "role")))
                .collect(),
            texts: ["name", "description"].map(|field| text(row, field)),
        }
    }
}

/// Something an admin may ask for: the command of `group`, about whom or with which text.
#[derive(Clone, Debug)]
struct Act {
    what: &'static str,
    account: String,
    /// Of the account, or the new one.
    text: String,
}

impl Act {
    /// One of those that make sense now.
    fn choose(rng: &mut ChaCha20Rng, round: u64, now: &State, all: &[(String, String)]) -> Self {
        // Oneself and the other admin stay.
        let (account, name) = &all[rng.random_range(ADMINS.len()..all.len())];
        let what = match (rng.random_range(0..8), now.roles.get(account)) {
            (0, _) => "rename",
            (1, _) => "describe",
            (_, None) => "invite",
            (2..=4, Some(role)) if role == "admin" => "demote",
            (2..=4, Some(_)) => "promote",
            _ => "remove",
        };
        let text = match what {
            "rename" | "describe" => format!("Round {round}, {}", rng.random_range(0..9)),
            _ => name.clone(),
        };
        Self {
            what,
            account: account.clone(),
            text,
        }
    }

    fn with(&self) -> Value {
        match self.what {
            "rename" => json!({ "name": self.text }),
            "describe" => json!({ "text": self.text }),
            "invite" => json!({ "contacts": [self.text] }),
            _ => json!({ "person": self.account }),
        }
    }

    /// What it makes of a state; nothing where it is so already, or cannot be any more.
    fn done(&self, mut state: State) -> State {
        let roles = &mut state.roles;
        let is_in = roles.contains_key(&self.account);
        match (self.what, is_in) {
            ("rename", _) => state.texts[0].clone_from(&self.text),
            ("describe", _) => state.texts[1].clone_from(&self.text),
            ("invite", false) => drop(roles.insert(self.account.clone(), "member".into())),
            ("promote", true) => drop(roles.insert(self.account.clone(), "admin".into())),
            ("demote", true) => drop(roles.insert(self.account.clone(), "member".into())),
            ("remove", _) => drop(roles.remove(&self.account)),
            _ => {}
        }
        state
    }
}

#[test]
fn two_admins_act_at_once_again_and_again() {
    let soak = number("CROWD_ROUNDS");
    let seed = number("CROWD_SEED").unwrap_or(1);
    let (rounds, mut rng) = (soak.unwrap_or(SHORT), ChaCha20Rng::seed_from_u64(seed));
    let mut crowd = Crowd::gather(PEOPLE);
    let all: Vec<_> = crowd.members.iter_mut().map(|m| m.known()).collect();
    let mut late = 0;
    let mut now = rest(&mut crowd);
    for round in 0..rounds {
        let acts = ADMINS.map(|_| Act::choose(&mut rng, round, &now, &all));
        for (admin, act) in ADMINS.into_iter().zip(&acts) {
            crowd.asks(admin, act.what, act.with());
        }
        if round == rounds / 2 {
            crowd.relay.kill();
            crowd.relay.restart();
        }
        for admin in ADMINS {
            late += u32::from(is_late(&crowd.members[admin].answer()));
        }
        let after = rest(&mut crowd);
        let [one, other] = &acts;
        let orders = [other.done(one.done(now.clone())), one.done(other.done(now))];
        assert!(
            orders.contains(&after),
            "round {round} of seed {seed}: {acts:?} came to {after:?}"
        );
        now = after;
        if soak.is_some() && (round + 1) % 20 == 0 {
            println!("{} of {rounds} rounds (seed {seed})", round + 1);
        }
    }
    let inside = compare(&mut crowd, &all, seed);
    println!(
        "{rounds} times two acts at once, {late} of them too late: {inside} people are in and agree"
    );
}

/// Whether an act was refused because the other's was done already.
fn is_late(answer: &Value) -> bool {
    if answer["ok"] == true {
        return false;
    }
    let said = answer["error"].as_str().unwrap();
    assert!(LATE.iter().any(|word| said.contains(word)), "{said}");
    true
}

/// Nothing is asked for that is not done yet.
fn is_done(row: &Value) -> bool {
    row["pending"] == json!([])
}

/// Waits until what both admins asked for is done, and known to both.
fn rest(crowd: &mut Crowd) -> State {
    loop {
        let [one, other] = ADMINS.map(|admin| State::of(&crowd.members[admin].settles(is_done)));
        // Whose commit is the later one has read all; who has more to read is asked again.
        if one == other {
            return one;
        }
    }
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
