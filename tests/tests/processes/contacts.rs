//! Contacts and chats, as commands: verified, blocked, pinned, archived, muted.

use crate::each;
use snug_tests::person::{Person, meet};
use snug_tests::relay::Relay;

fn ada_and_bo(relay: &Relay) -> (Person, Person) {
    let person = |name| Person::on(&relay.url(), name);
    let (ada, bo) = (person("Ada"), person("Bo"));
    meet(&ada, &bo);
    (ada, bo)
}

#[test]
fn two_people_compare_their_safety_number() {
    let relay = Relay::start();
    let (ada, bo) = ada_and_bo(&relay);
    let here = ada.does(&["contact", "number", "Bo"]);
    let there = bo.does(&["contact", "number", "Ada"]);
    assert_eq!(here[0]["digits"], there[0]["digits"]);
    assert_eq!(here[0]["digits"].as_str().unwrap().len(), 71);
    assert_eq!(here[0]["trust"], "unverified");

    let shown = there[0]["code"].as_str().unwrap();
    let own = here[0]["code"].as_str().unwrap();
    let said = ada.fails(&["contact", "verify", "Bo", own]);
    assert!(said.contains("somebody else's"), "{said}");
    let said = ada.fails(&["contact", "verify", "Bo", "SNUG:V1AAAA"]);
    assert!(said.contains("incomplete"), "{said}");
    let said = ada.fails(&["invite", "accept", shown]);
    assert!(said.contains("safety number"), "{said}");
    let done = ada.does(&["contact", "verify", "Bo", shown]);
    assert_eq!(done[0]["trust"], "verified");
    assert_eq!(ada.does(&["contact", "list"])[0]["verified"], true);
    assert_eq!(ada.does(&["chats"])[0]["trust"], "verified");

    let done = bo.does(&["contact", "verify", "Ada", "--confirm"]);
    assert_eq!(done[0]["trust"], "verified");
    assert_eq!(
        bo.does(&["contact", "unverify", "Ada"])[0]["verified"],
        false
    );
    let said = ada.fails(&["contact", "number", "Cyan"]);
    assert!(said.contains("contact list"), "{said}");
}

#[test]
fn who_is_blocked_is_not_heard_until_unblocked() {
    let relay = Relay::start();
    let (ada, bo) = ada_and_bo(&relay);
    assert_eq!(ada.does(&["contact", "block", "Bo"])[0]["blocked"], true);
    assert_eq!(ada.does(&["contact", "block", "Bo"])[0]["blocked"], true);
    bo.does(&["send", "Ada", "while blocked"]);
    assert!(ada.history().is_empty());
    let said = ada.fails(&["send", "Bo", "Hello"]);
    assert!(said.contains("unblock"), "{said}");
    assert_eq!(each(&ada.does(&["contact", "blocked"]), "name"), ["Bo"]);
    assert_eq!(ada.does(&["contact", "unblock", "Bo"])[0]["blocked"], false);
    bo.does(&["send", "Ada", "after"]);
    assert_eq!(each(&ada.history(), "text"), ["after"]);

    let own = ada.does(&["account", "show"]);
    let said = ada.fails(&["contact", "block", own[0]["id"].as_str().unwrap()]);
    assert!(said.contains("That is you"), "{said}");
    ada.fails(&["contact", "block", &"0".repeat(64)]);
    ada.fails(&["contact", "block", "Nobody"]);
}

#[test]
fn strangers_are_declined_where_none_are_wanted() {
    let relay = Relay::start();
    let person = |name| Person::on(&relay.url(), name);
    let (ada, cyan) = (person("Ada"), person("Cyan"));
    assert_eq!(ada.does(&["contact", "strangers"])[0]["refused"], false);
    let refused = ada.does(&["contact", "strangers", "refuse"]);
    assert_eq!(refused[0]["refused"], true);
    let made = ada.does(&["invite", "new", "--reusable"]);
    cyan.does(&["invite", "accept", made[0]["code"].as_str().unwrap()]);
    let seen = ada.does(&["invite", "list"]);
    assert_eq!(each(&seen, "type"), ["invitation"]);
    assert_eq!(cyan.does(&["invite", "list"])[0]["state"], "declined");
}

#[test]
fn a_stranger_who_asks_can_be_blocked() {
    let relay = Relay::start();
    let person = |name| Person::on(&relay.url(), name);
    let (ada, cyan) = (person("Ada"), person("Cyan"));
    let made = ada.does(&["invite", "new", "--reusable"]);
    cyan.does(&["invite", "accept", made[0]["code"].as_str().unwrap()]);
    ada.does(&["invite", "list"]);
    let blocked = ada.does(&["contact", "block", "Cyan"]);
    assert_eq!(blocked[0]["type"], "blocked");
    assert_eq!(cyan.does(&["invite", "list"])[0]["state"], "waiting");
    assert_eq!(
        ada.does(&["contact", "unblock", "Cyan"])[0]["type"],
        "unblocked"
    );
}

#[test]
fn chats_are_pinned_archived_and_muted() {
    let relay = Relay::start();
    let (ada, bo) = ada_and_bo(&relay);
    let cyan = Person::on(&relay.url(), "Cyan");
    let made = ada.does(&["invite", "new"]);
    cyan.does(&["invite", "accept", made[0]["code"].as_str().unwrap()]);
    let order = || {
        let chats = ada.does(&["chats"]);
        each(&chats, "name").join(" ")
    };
    assert_eq!(order(), "Cyan Bo");
    assert_eq!(ada.does(&["chat", "pin", "Bo"])[0]["pinned"], true);
    assert_eq!(order(), "Bo Cyan");
    assert_eq!(ada.does(&["chat", "archive", "Bo"])[0]["archived"], true);
    assert_eq!(order(), "Cyan Bo");
    assert_eq!(ada.does(&["chat", "mute", "Bo"])[0]["muted"], true);
    bo.does(&["send", "Ada", "Hello"]);
    assert_eq!(order(), "Cyan Bo", "a muted one stays");
    assert_eq!(ada.does(&["chat", "unmute", "Bo"])[0]["muted"], false);
    bo.does(&["send", "Ada", "Hello again"]);
    assert_eq!(order(), "Bo Cyan", "what is new brings it back");
    let muted = ada.does(&["chat", "mute", "Bo", "--for", "8h"]);
    assert!(muted[0]["mutedUntil"].is_u64(), "{}", muted[0]);
    assert_eq!(ada.does(&["chat", "unarchive", "Bo"])[0]["archived"], false);
    assert_eq!(ada.does(&["chat", "unpin", "Bo"])[0]["pinned"], false);
    ada.fails(&["chat", "pin", "Nobody"]);
}
