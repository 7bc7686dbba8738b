//! Groups by commands, and what who listens is told of them.

use serde_json::json;
use snug_tests::person::{Person, meet};
use snug_tests::relay::Relay;

#[test]
fn a_group_is_made_changed_and_left() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    let made = ada.does(&["group", "new", "Physics", "Bo"]);
    assert_eq!(made[0]["participants"][1]["state"], "invited");
    let offered = bo.does(&["group", "invitations"]);
    assert_eq!(
        (&offered[0]["name"], &offered[0]["inviter"]),
        (&"Physics".into(), &"Ada".into())
    );
    let answered = bo.does(&["group", "accept", offered[0]["id"].as_str().unwrap()]);
    assert_eq!(answered[0]["accepted"], true);
    let said = bo.fails(&["group", "rename", "Physics", "Chemistry"]);
    assert!(said.contains("Only an admin"), "{said}");
    let said = ada.fails(&["group", "leave", "Physics"]);
    assert!(said.contains("needs an admin"), "{said}");

    let mut far = bo.listens();
    ada.does(&["group", "rename", "Physics", "Gyroscopes"]);
    let line = far.until(|line| line["type"] == "renamed");
    assert_eq!(
        (&line["name"], &line["byName"]),
        (&"Gyroscopes".into(), &"Ada".into())
    );
    let left = ada.does(&["group", "leave", "Gyroscopes", "--successor", "Bo"]);
    assert_eq!(left[0]["standing"], "left");
    let line = far.until(|line| line["type"] == "left");
    assert_eq!(
        (&line["name"], &line["chatName"]),
        (&"Ada".into(), &"Gyroscopes".into())
    );
    let said = far.does(json!({ "do": "send", "chat": "Gyroscopes", "text": "Alone" }));
    assert_eq!(said[0]["state"], "sent");
    let said = ada.fails(&["send", "Gyroscopes", "Hello?"]);
    assert!(said.contains("not in this group"), "{said}");
}

/// To another relay on purpose; the first one may go then.
#[test]
fn a_group_moves_to_another_relay() {
    let (mut first, second) = (Relay::start(), Relay::start());
    let (ada, bo) = (
        Person::on(&first.url(), "Ada"),
        Person::on(&first.url(), "Bo"),
    );
    meet(&ada, &bo);
    bo.does(&["chats"]);
    ada.does(&["group", "new", "Physics", "Bo"]);
    let offered = bo.does(&["group", "invitations"]);
    bo.does(&["group", "accept", offered[0]["id"].as_str().unwrap()]);
    let said = bo.fails(&["group", "move", "Physics", &second.url()]);
    assert!(said.contains("Only an admin"), "{said}");

    let (mut near, mut far) = (ada.listens(), bo.listens());
    near.does(json!({ "do": "send", "chat": "Physics", "text": "Before" }));
    far.until(|line| line["type"] == "message" && line["text"] == "Before");
    near.does(json!({ "do": "group", "what": "move", "chat": "Physics", "relay": second.url() }));
    let host = second.url().replace("ws://", "");
    let line = far.until(|line| line["type"] == "moved");
    assert_eq!(
        (&line["relay"], &line["byName"]),
        (&host.clone().into(), &"Ada".into())
    );
    far.does(json!({ "do": "send", "chat": "Physics", "text": "After" }));
    near.until(|line| line["type"] == "message" && line["text"] == "After");
    let shown = far.does(json!({ "do": "group", "what": "show", "chat": "Physics" }));
    assert_eq!(shown[0]["relay"], host);

    first.kill();
    near.does(json!({ "do": "send", "chat": "Physics", "text": "Without the first" }));
    far.until(|line| line["type"] == "message" && line["text"] == "Without the first");
}
