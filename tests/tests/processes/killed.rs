//! Processes that are killed in the middle of sending: what was confirmed is there, once, in one order.

use crate::each;
use serde_json::{Value, json};
use snug_tests::person::{Listening, Person, lines, meet};
use snug_tests::program::Process;
use snug_tests::relay::Relay;
use std::collections::BTreeSet;
use std::process::Stdio;

/// How many messages each side writes per kill.
const EACH: usize = 20;

fn two_people(relay: &Relay) -> (Person, Person) {
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    (ada, bo)
}

/// Both have the same messages in the same order, and each confirmed one exactly once.
#[track_caller]
fn same(ada: &Person, bo: &Person, confirmed: &[String]) {
    // Whoever is asked first also sends what still waits there.
    ada.history();
    let (with_bo, with_ada) = (bo.history(), ada.history());
    assert_eq!(each(&with_bo, "id"), each(&with_ada, "id"));
    assert_eq!(each(&with_bo, "text"), each(&with_ada, "text"));
    let ids = each(&with_bo, "id");
    assert_eq!(
        ids.iter().collect::<BTreeSet<_>>().len(),
        ids.len(),
        "each once"
    );
    let texts = each(&with_bo, "text");
    assert_eq!(
        texts.iter().collect::<BTreeSet<_>>().len(),
        texts.len(),
        "and written once"
    );
    for id in confirmed {
        assert!(ids.contains(&id.as_str()), "{id} was confirmed and is lost");
    }
}

fn write(listening: &mut Listening, chat: &str, what: &str) {
    for n in 0..EACH {
        listening
            .asks(&json!({ "do": "send", "chat": chat, "text": format!("{what} {n}"), "for": n }));
    }
}

/// The next confirmation.
fn confirmed(listening: &mut Listening) -> String {
    let answer = listening.until(|line| line["type"] == "answer");
    assert_eq!(answer["ok"], true, "{answer}");
    answer["rows"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn the_relay_is_killed_while_both_write() {
    let mut relay = Relay::start();
    let (ada, bo) = two_people(&relay);
    let (mut near, mut far) = (ada.listens(), bo.listens());
    let mut sent = Vec::new();
    for round in 0..4 {
        write(&mut near, "Bo", &format!("Ada {round}"));
        write(&mut far, "Ada", &format!("Bo {round}"));
        for _ in 0..=round {
            sent.push(confirmed(&mut near));
        }
        relay.kill();
        relay.restart();
        sent.extend((round + 1..EACH).map(|_| confirmed(&mut near)));
        sent.extend((0..EACH).map(|_| confirmed(&mut far)));
    }
    assert_eq!(sent.len(), 4 * 2 * EACH);
    near.kill();
    far.kill();
    same(&ada, &bo, &sent);
}

/// As one who types commands sees it: `send` fails, or its message is there.
#[test]
fn the_relay_is_killed_under_single_sends() {
    let mut relay = Relay::start();
    let (ada, bo) = two_people(&relay);
    let mut sent = Vec::new();
    for n in 0..9 {
        let person = if n % 2 == 0 { &ada } else { &bo };
        let other = if n % 2 == 0 { "Bo" } else { "Ada" };
        let mut command = person.command(&["send", other, &format!("message {n}")]);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        if n % 3 != 0 {
            relay.kill();
            relay.restart();
        }
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            Some(0) => sent.push(lines(&output)[0]["id"].as_str().unwrap().to_owned()),
            code => assert_eq!(code, Some(1), "{}", String::from_utf8_lossy(&output.stderr)),
        }
    }
    assert!(sent.len() >= 3, "undisturbed ones arrive");
    same(&ada, &bo, &sent);
}

#[test]
fn the_sender_is_killed_while_writing() {
    let relay = Relay::start();
    let (ada, bo) = two_people(&relay);
    let mut sent = Vec::new();
    for round in 0..4 {
        let mut near = ada.listens();
        write(&mut near, "Bo", &format!("round {round}"));
        sent.extend((0..=round * 2).map(|_| confirmed(&mut near)));
        near.kill();
    }
    same(&ada, &bo, &sent);
    // Killed at any moment of a single send.
    for n in 0..4 {
        let mut command = ada.command(&["send", "Bo", &format!("single {n}")]);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut process = Process { child };
        let mut lines = process.lines();
        if n % 2 == 0 {
            let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            sent.push(line["id"].as_str().unwrap().to_owned());
        }
        process.kill();
    }
    same(&ada, &bo, &sent);
}

#[test]
fn the_reader_is_killed_while_messages_come() {
    let relay = Relay::start();
    let (ada, bo) = two_people(&relay);
    let mut near = ada.listens();
    let mut sent = Vec::new();
    for round in 0..4 {
        let mut far = bo.listens();
        write(&mut near, "Bo", &format!("round {round}"));
        for _ in 0..=round * 2 {
            far.until(|line| line["type"] == "message");
        }
        far.kill();
        sent.extend((0..EACH).map(|_| confirmed(&mut near)));
    }
    near.kill();
    same(&ada, &bo, &sent);
}
