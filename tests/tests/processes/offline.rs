//! Changes of a group asked for without the relay: kept, shown, and done as soon as it is there.

use serde_json::{Value, json};
use snug_tests::person::{Listening, Person, lines};
use snug_tests::relay::Relay;

/// Three in a group that Ada made.
fn tea(relay: &Relay) -> [Person; 3] {
    let people = ["Ada", "Bo", "Cyan"].map(|name| Person::on(&relay.url(), name));
    let [ada, others @ ..] = &people;
    for other in others {
        let made = ada.does(&["invite", "new"]);
        other.does(&["invite", "accept", made[0]["code"].as_str().unwrap()]);
        // Their device says where it is reached as soon as there is a chat.
        ada.does(&["chats"]);
        other.does(&["chats"]);
    }
    ada.does(&["group", "new", "Tea", "Bo", "Cyan"]);
    for other in others {
        let offered = other.does(&["group", "invitations"]);
        other.does(&["group", "accept", offered[0]["id"].as_str().unwrap()]);
    }
    people
}

/// What changes a line or row says are asked for: what, and of whom.
fn asked_for(changes: &Value) -> Vec<[&str; 2]> {
    let all = changes.as_array().unwrap().iter();
    all.map(|one| ["type", "name"].map(|field| one["change"][field].as_str().unwrap()))
        .collect()
}

fn waits(listening: &mut Listening) -> Value {
    listening.until(|line| line["type"] == "pending")["changes"].clone()
}

/// The names and roles of who is in.
fn roster(group: &Value) -> Vec<[&str; 2]> {
    let all = group["participants"].as_array().unwrap().iter();
    all.map(|one| ["name", "role"].map(|field| one[field].as_str().unwrap()))
        .collect()
}

const BEFORE: [[&str; 2]; 3] = [["Ada", "admin"], ["Bo", "member"], ["Cyan", "member"]];
const ASKED: [[&str; 2]; 2] = [["removed", "Cyan"], ["role", "Bo"]];

#[test]
fn what_is_asked_for_offline_outlives_a_kill_and_happens() {
    let mut relay = Relay::start();
    let [ada, bo, cyan] = tea(&relay);
    let mut near = ada.listens();
    relay.kill();
    near.until(|line| line["type"] == "connection" && line["state"] != "connected");
    let ask =
        |what, person| json!({ "do": "group", "what": what, "chat": "Tea", "person": person });
    let shown = near.does(ask("remove", "Cyan"));
    assert_eq!(asked_for(&shown[0]["pending"]), ASKED[..1]);
    assert_eq!(roster(&shown[0]), BEFORE);
    near.asks(&ask("promote", "Bo"));
    while asked_for(&waits(&mut near)) != ASKED {}
    near.kill();

    // Shown by who only looks, and by who listens again.
    let output = ada.command(&["group", "show", "Tea"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("may not be the newest"));
    let shown = lines(&output);
    assert_eq!(asked_for(&shown[0]["pending"]), ASKED);
    assert_eq!(roster(&shown[0]), BEFORE);
    let mut near = ada.listens();
    assert_eq!(asked_for(&waits(&mut near)), ASKED);

    let mut far = bo.listens();
    relay.restart();
    far.until(|line| line["type"] == "participant_removed" && line["name"] == "Cyan");
    far.until(|line| line["type"] == "role_changed" && line["role"] == "admin");
    near.until(|line| line["type"] == "pending" && line["changes"] == json!([]));
    for listening in [&mut near, &mut far] {
        let shown = listening.does(json!({ "do": "group", "what": "show", "chat": "Tea" }));
        let mut after = roster(&shown[0]);
        after.sort_unstable();
        assert_eq!(after, [["Ada", "admin"], ["Bo", "admin"]]);
    }
    let shown = cyan.does(&["group", "show", "Tea"]);
    assert_eq!(shown[0]["standing"], "removed");
}

#[test]
fn what_became_so_without_us_is_not_asked_for_any_more() {
    let mut relay = Relay::start();
    let [ada, bo, _cyan] = tea(&relay);
    ada.does(&["group", "promote", "Tea", "Bo"]);
    let mut near = ada.listens();
    relay.kill();
    near.until(|line| line["type"] == "connection" && line["state"] != "connected");
    near.does(json!({ "do": "group", "what": "remove", "chat": "Tea", "person": "Cyan" }));
    assert_eq!(asked_for(&waits(&mut near)), ASKED[..1]);
    near.kill();

    relay.restart();
    bo.does(&["group", "remove", "Tea", "Cyan"]);
    let shown = ada.does(&["group", "show", "Tea"]);
    assert_eq!(shown[0]["pending"], json!([]));
    let said: Vec<Value> = ada.does(&["history", "Tea"]);
    let gone = |line: &&Value| line["notice"]["changes"][0]["type"] == "removed";
    assert_eq!(said.iter().filter(gone).count(), 1, "one line: {said:?}");
}
