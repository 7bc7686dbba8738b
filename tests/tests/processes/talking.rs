//! What one does with messages, by commands and while listening.

use crate::each;
use serde_json::{Value, json};
use snug_tests::person::{Person, meet};
use snug_tests::relay::Relay;

fn id(line: &Value) -> &str {
    line["id"].as_str().unwrap()
}

#[test]
fn a_reaction_is_one_emoji() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    let sent = ada.does(&["send", "Bo", "Tea?"]);
    let reacted = ada.does(&["react", id(&sent[0]), "👍🏽"]);
    assert_eq!(reacted[0]["reactions"][0]["emoji"], "👍🏽");
    for text in ["yes", "", "👍👍"] {
        let said = ada.fails(&["react", id(&sent[0]), text]);
        assert!(said.contains("is not an emoji"), "{said}");
    }
    let taken_back = ada.does(&["react", id(&sent[0])]);
    assert_eq!(taken_back[0]["reactions"], json!([]));
}

#[test]
fn forwarding_prints_what_is_new() {
    let relay = Relay::start();
    let person = |name| Person::on(&relay.url(), name);
    let (ada, bo, cyan) = (person("Ada"), person("Bo"), person("Cyan"));
    meet(&ada, &bo);
    let made = ada.does(&["invite", "new"]);
    cyan.does(&["invite", "accept", made[0]["code"].as_str().unwrap()]);
    let sent = ada.does(&["send", "Bo", "Tea at five"]);

    let new = ada.does(&["forward", id(&sent[0]), "Cyan", "Bo"]);
    assert_eq!(each(&new, "text"), ["Tea at five", "Tea at five"]);
    assert_eq!(each(&new, "state"), ["sent", "sent"]);
    assert_ne!(new[0]["chat"], sent[0]["chat"]);
    assert_eq!(new[1]["chat"], sent[0]["chat"]);
    assert!(new.iter().all(|line| line["forwarded"] == true));
    assert_eq!(each(&cyan.history(), "id"), [id(&new[0])]);
    assert_eq!(each(&bo.history(), "id"), [id(&sent[0]), id(&new[1])]);
}

#[test]
fn who_listens_does_with_messages_what_commands_do() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    let mut near = ada.listens();
    let sent = near.does(json!({ "do": "send", "chat": "Bo", "text": "Tea?" }));
    let tea = &sent[0]["id"];

    let reply = near.does(json!({ "do": "reply", "message": tea, "text": "Or coffee" }));
    assert_eq!(
        (&reply[0]["quote"]["id"], &reply[0]["state"]),
        (tea, &"sent".into())
    );
    let edited = near.does(json!({ "do": "edit", "message": tea, "text": "Green tea?" }));
    assert_eq!(edited[0]["text"], "Green tea?");
    let details = near.does(json!({ "do": "details", "message": tea }));
    assert_eq!(details[0]["edits"][0]["text"], "Tea?");
    let reacted = near.does(json!({ "do": "react", "message": tea, "emoji": "☕" }));
    assert_eq!(reacted[0]["reactions"][0]["emoji"], "☕");
    let found = near.does(json!({ "do": "search", "text": "green" }));
    assert_eq!(
        (&found[0]["id"], &found[0]["chatName"]),
        (tea, &"Bo".into())
    );
    let timed = near.does(json!({ "do": "timer", "chat": "Bo", "time": "24h" }));
    assert_eq!(timed[0]["timer"], 86_400);
    near.does(json!({ "do": "timer", "chat": "Bo", "time": "off" }));
    let forwarded = near.does(json!({ "do": "forward", "message": tea, "chats": ["Bo"] }));
    assert_eq!(forwarded[0]["forwarded"], true);
    let deleted = near.does(json!({ "do": "delete", "message": tea }));
    assert_eq!(deleted[0]["kind"], "deleted");

    near.asks(&json!({ "do": "react", "message": tea, "emoji": "yes" }));
    let refused = near.until(|line| line["type"] == "answer");
    assert_eq!(refused["ok"], false);
    near.asks(&json!({ "do": "details", "message": "0a" }));
    let refused = near.until(|line| line["type"] == "answer");
    assert_eq!(
        (&refused["ok"], &refused["problem"]),
        (&false.into(), &"notFound".into())
    );

    // It was at the relay when it was answered.
    near.kill();
    let seen = bo.history();
    let kinds = each(&seen, "kind");
    assert_eq!(kinds, ["deleted", "text", "notice", "notice", "text"]);
    let at = seen[0]["at"].to_string();
    assert!(at.parse::<u64>().is_ok(), "a time is an integer: {at}");
}
