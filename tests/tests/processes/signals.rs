//! Typing, presence and privacy from one process to another.

use serde_json::json;
use snug_tests::person::{Person, meet};
use snug_tests::relay::Relay;

#[test]
fn who_listens_sees_who_types_and_who_is_there() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    let mut near = ada.listens();
    let mut far = bo.listens();
    let here = near.until(|line| line["type"] == "presence" && line["state"] == "online");
    far.until(|line| line["type"] == "presence" && line["state"] == "online");

    near.does(json!({ "do": "typing", "chat": "Bo", "on": true }));
    let typing = far.until(|line| line["type"] == "typing");
    assert_eq!(
        (&typing["name"], &typing["on"]),
        (&"Ada".into(), &true.into())
    );
    near.does(json!({ "do": "send", "chat": "Bo", "text": "Hello" }));
    assert_eq!(far.until(|line| line["type"] == "typing")["on"], false);

    let own = far.does(json!({ "do": "presence", "state": "busy", "text": "Cooking" }));
    assert_eq!(own[0]["state"], "busy");
    let busy = near.until(|line| line["type"] == "presence" && line["state"] == "busy");
    assert_eq!(
        (&busy["text"], &busy["account"]),
        (&"Cooking".into(), &here["account"])
    );
    let all = near.does(json!({ "do": "presences" }));
    assert_eq!(all, [busy]);
    far.does(json!({ "do": "presence", "state": "invisible" }));
    near.until(|line| line["type"] == "presence" && line["state"] == "offline");
}

#[test]
fn who_is_there_answers_who_asks() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    let mut far = bo.listens();
    far.does(json!({ "do": "presence", "state": "busy", "text": "Cooking" }));
    let shown = ada.does(&["presence", "show", "--for", "1h"]);
    assert_eq!(
        (&shown[0]["type"], &shown[0]["state"]),
        (&"ownPresence".into(), &"online".into())
    );
    assert_eq!(
        (&shown[1]["type"], &shown[1]["state"], &shown[1]["text"]),
        (&"presence".into(), &"busy".into(), &"Cooking".into())
    );
    // Nobody is asked by who is not seen.
    ada.does(&["presence", "set", "invisible"]);
    assert_eq!(
        ada.does(&["presence", "show", "--for", "1h"])[0]["state"],
        "invisible"
    );
}

#[test]
fn presence_and_privacy_are_chosen_and_kept() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    ada.does(&["presence", "set", "away", "--text", "Back at five"]);
    // Bo is not there and does not answer.
    let shown = ada.does(&["presence", "show", "--for", "0s"]);
    assert_eq!(shown[0]["type"], "ownPresence");
    assert_eq!(
        (&shown[0]["state"], &shown[0]["text"]),
        (&"away".into(), &"Back at five".into())
    );
    let long = "x".repeat(141);
    let refused = ada.fails(&["presence", "set", "away", "--text", &long]);
    assert!(refused.contains("140"), "{refused}");

    ada.does(&["privacy", "set", "--receipts", "off"]);
    let all = ada.does(&["privacy", "show"]);
    assert_eq!(
        all,
        [json!({ "type": "privacy", "typing": true, "presence": true, "receipts": false })]
    );
    let bos = &["--contact", "Bo"];
    ada.does(&["privacy", "set", bos[0], bos[1], "--typing", "off"]);
    let one = ada.does(&["privacy", "show", bos[0], bos[1]]);
    assert_eq!(
        one,
        [json!({ "type": "contactPrivacy", "typing": false, "presence": null, "receipts": null })]
    );
    ada.does(&["privacy", "set", bos[0], bos[1], "--typing", "same"]);
    assert_eq!(
        ada.does(&["privacy", "show", bos[0], bos[1]])[0]["typing"],
        json!(null)
    );
    ada.fails(&["privacy", "set", "--typing", "same"]);
    assert!(ada.does(&["typing", "Bo", "on", "--for", "1ms"]).is_empty());
}
