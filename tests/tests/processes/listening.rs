//! `listen`: what happens, as it happens, and commands while it does.

use crate::each;
use serde_json::json;
use snug_tests::person::{Person, meet};
use snug_tests::relay::Relay;
use std::process::Stdio;

#[test]
fn who_listens_is_told_and_can_answer() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    let (mut near, mut far) = (ada.listens(), bo.listens());
    let made = near.does(json!({ "do": "invite", "greeting": "Hello" }));
    let code = made[0]["code"].as_str().unwrap();
    assert_eq!(
        far.does(json!({ "do": "preview", "code": code }))[0]["name"],
        "Ada"
    );
    far.does(json!({ "do": "accept", "code": code }));
    let chat = near.until(|line| line["type"] == "chat");
    assert_eq!(chat["name"], "Bo");
    far.until(|line| line["type"] == "chat" && line["name"] == "Ada");

    let sent = near.does(json!({ "do": "send", "chat": "Bo", "text": "Are you there?" }));
    let come = far.until(|line| line["type"] == "message");
    assert_eq!(
        (&come["id"], &come["text"]),
        (&sent[0]["id"], &"Are you there?".into())
    );
    far.does(json!({ "do": "read", "chat": "Ada" }));
    let id = sent[0]["id"].clone();
    near.until(|line| line["id"] == id && line["state"] == "read");
    let history = far.does(json!({ "do": "history", "chat": "Ada" }));
    assert_eq!(each(&history, "text"), ["Are you there?"]);
    assert_eq!(each(&far.does(json!({ "do": "chats" })), "name"), ["Ada"]);

    // What is no command, or cannot be done, is answered too.
    near.asks(&json!({ "do": "fly", "for": 7 }));
    let answer = near.until(|line| line["type"] == "answer");
    assert_eq!((&answer["for"], &answer["ok"]), (&7.into(), &false.into()));
    near.asks(&json!({ "do": "send", "chat": "Dee", "text": "?", "for": { "n": 1 } }));
    let answer = near.until(|line| line["type"] == "answer");
    assert_eq!(
        (&answer["for"]["n"], &answer["ok"]),
        (&1.into(), &false.into())
    );

    // The end of stdin ends nothing.
    near.asks_no_more();
    far.does(json!({ "do": "send", "chat": "Ada", "text": "Yes" }));
    assert_eq!(
        near.until(|line| line["type"] == "message" && line["own"] == false)["text"],
        "Yes"
    );
}

#[test]
fn listening_ends_when_its_time_is_over() {
    let relay = Relay::start();
    let ada = Person::on(&relay.url(), "Ada");
    let lines = ada.does(&["listen", "--for", "1ms"]);
    assert_eq!(lines[0]["type"], "listening");
}

/// As `snug-cli history Bo | head -1` does.
#[test]
fn a_reader_that_leaves_is_no_error() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    for words in [&["chats"][..], &["listen"], &["send", "Bo", "Hello"]] {
        let mut command = ada.command(words);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_eq!(output.status.code(), Some(0));
    }
}
