//! People whose relay is several over one NATS: places with holes, another relay after each connection.

use crate::each;
use serde_json::json;
use snug_tests::nats::Nats;
use snug_tests::person::{Person, meet};
use snug_tests::relay::Relay;

#[test]
fn a_group_lives_on_while_relays_come_and_go() {
    let Some(nats) = Nats::start() else { return };
    let mut relay = Relay::on_nats(&nats.url());
    // Another one, whose people fill the places between.
    let other = Relay::on_nats(&nats.url());
    let on = |relay: &Relay, name| Person::on(&relay.url(), name);
    let (ada, bo) = (on(&relay, "Ada"), on(&relay, "Bo"));
    let (cyan, dee) = (on(&other, "Cyan"), on(&other, "Dee"));
    meet(&ada, &bo);
    meet(&cyan, &dee);
    ada.does(&["group", "new", "Physics", "Bo"]);
    let offered = bo.does(&["group", "invitations"]);
    bo.does(&["group", "accept", offered[0]["id"].as_str().unwrap()]);
    let (mut near, mut far) = (ada.listens(), bo.listens());
    let mut group = "Physics".to_owned();
    for round in 0..3 {
        for (chat, text) in [(group.as_str(), "to both"), ("Bo", "to one")] {
            let text = format!("{text} {round}");
            near.does(json!({ "do": "send", "chat": chat, "text": text }));
            far.until(|line| line["type"] == "message" && line["text"] == text.as_str());
            cyan.does(&["send", "Dee", "between"]);
        }
        let name = format!("Physics {round}");
        near.does(json!({ "do": "group", "what": "rename", "chat": group, "name": name }));
        far.until(|line| line["type"] == "renamed" && line["name"] == name.as_str());
        group = name;
        relay.kill();
        relay.restart();
    }
    drop((near, far));
    let texts = ["to one 0", "to one 1", "to one 2"];
    for (person, with) in [(&ada, "Bo"), (&bo, "Ada")] {
        assert_eq!(each(&person.does(&["history", with]), "text"), texts);
    }
    let removed = ada.does(&["group", "remove", &group, "Bo"]);
    assert_eq!(removed[0]["participants"].as_array().unwrap().len(), 1);
    let said = bo.fails(&["send", &group, "Hello?"]);
    assert!(said.contains("not in this group"), "{said}");
    assert_eq!(dee.history().len(), 6);
}
