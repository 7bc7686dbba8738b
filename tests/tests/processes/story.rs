//! Two people meet by a picture and write to each other.

use crate::each;
use serde_json::Value;
use snug_tests::person::{Person, lines};
use snug_tests::program::program;
use snug_tests::relay::Relay;

#[test]
fn two_people_meet_by_a_picture_and_write() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    let picture = ada.picture().display().to_string();

    // Ada invites.
    let made = ada.does(&[
        "invite",
        "new",
        "--greeting",
        "Hello Bo",
        "--expires",
        "24h",
        "--qr",
        &picture,
    ]);
    assert_eq!(made.len(), 1);
    let code = made[0]["code"].as_str().unwrap();
    assert_eq!(made[0]["link"], code.to_lowercase());
    assert_eq!(made[0]["state"], "open");
    let decoded = lines(
        &program("snug-cli")
            .args(["qr", "decode", &picture])
            .output()
            .unwrap(),
    );
    assert_eq!(each(&decoded, "text"), [code]);

    // Bo looks, which nobody notices, and connects.
    let shown = bo.does(&["invite", "preview", &picture]);
    assert_eq!(
        (&shown[0]["name"], &shown[0]["greeting"]),
        (&"Ada".into(), &"Hello Bo".into())
    );
    assert_eq!(shown[0]["standing"], "new");
    assert_eq!(ada.does(&["chats"]), [Value::Null; 0]);
    let asked = bo.does(&["invite", "accept", &picture]);
    assert_eq!(
        (&asked[0]["name"], &asked[0]["state"]),
        (&"Ada".into(), &"waiting".into())
    );
    let with_bo = ada.does(&["chats"]);
    assert_eq!(each(&with_bo, "name"), ["Bo"]);
    assert_eq!(each(&bo.does(&["chats"]), "name"), ["Ada"]);
    assert_eq!(ada.chat(), bo.chat());
    assert_eq!(ada.does(&["invite", "list"])[0]["state"], "used");

    // Both write; what one has seen, the other is told.
    let hello = ada.does(&["send", "Bo", "Hello Bo, здравствуй ☕"]);
    assert_eq!(hello[0]["state"], "sent");
    let answer = bo.does(&["send", with_bo[0]["id"].as_str().unwrap(), "-- Ada!"]);
    assert_eq!(each(&ada.history(), "state"), ["delivered", "received"]);
    let seen = bo.history();
    assert_eq!(each(&seen, "text"), ["Hello Bo, здравствуй ☕", "-- Ada!"]);
    assert_eq!(each(&seen, "name"), ["Ada", "Bo"]);
    assert_eq!(
        each(&seen, "id"),
        [
            hello[0]["id"].as_str().unwrap(),
            answer[0]["id"].as_str().unwrap()
        ]
    );
    assert_eq!(each(&seen, "state"), ["received", "read"]);
    let seen_by_ada = ada.history();
    assert_eq!(each(&seen_by_ada, "state"), ["read", "received"]);
    assert_eq!(each(&seen_by_ada, "id"), each(&seen, "id"));
    assert_eq!(each(&seen_by_ada, "order"), each(&seen, "order"));

    // Page by page.
    let newest = ada.does(&["history", "Bo", "--limit", "1"]);
    assert_eq!(each(&newest, "text"), ["-- Ada!"]);
    let before = newest[0]["order"].as_str().unwrap();
    let older = ada.does(&["history", "Bo", "--limit", "1", "--before", before]);
    assert_eq!(each(&older, "id"), [hello[0]["id"].as_str().unwrap()]);
    let before = older[0]["order"].as_str().unwrap();
    assert_eq!(
        ada.does(&["history", "Bo", "--before", before]),
        [Value::Null; 0]
    );
}

#[test]
fn a_reusable_code_asks_each_time() {
    let relay = Relay::start();
    let person = |name| Person::on(&relay.url(), name);
    let (ada, bo, cyan) = (person("Ada"), person("Bo"), person("Cyan"));
    let made = ada.does(&["invite", "new", "--reusable"]);
    let code = made[0]["code"].as_str().unwrap();
    for person in [&bo, &cyan] {
        assert_eq!(
            person.does(&["invite", "accept", code])[0]["state"],
            "waiting"
        );
        assert_eq!(
            person.does(&["chats"]),
            [Value::Null; 0],
            "nothing but a question"
        );
    }
    let asking = |name| {
        let listed = ada.does(&["invite", "list"]);
        let request = listed
            .into_iter()
            .find(|line| line["type"] == "request" && line["name"] == name);
        request.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let accepted = ada.does(&["invite", "accept", &asking("Bo")]);
    assert_eq!(accepted[0]["name"], "Bo");
    assert_eq!(
        ada.does(&["invite", "decline", &asking("Cyan")])[0]["state"],
        "declined"
    );

    assert_eq!(each(&bo.does(&["chats"]), "name"), ["Ada"]);
    assert_eq!(cyan.does(&["chats"]), [Value::Null; 0]);
    assert_eq!(each(&cyan.does(&["invite", "list"]), "state"), ["declined"]);
    ada.does(&["send", "Bo", "In you are"]);
    assert_eq!(each(&bo.history(), "text"), ["In you are"]);
    assert!(
        ada.fails(&["invite", "accept", &asking("Bo")])
            .contains("answered")
    );
}

#[test]
fn a_relay_can_be_checked() {
    let mut relay = Relay::start();
    let check = |url: &str| {
        program("snug-cli")
            .args(["relay", "check", url])
            .output()
            .unwrap()
    };
    let output = check(&relay.url());
    assert_eq!(output.status.code(), Some(0));
    let checks = lines(&output);
    assert!(checks.len() > 12);
    for check in &checks {
        assert!(
            check["ok"] == true && check["ms"].is_number() && check["name"].is_string(),
            "{check}"
        );
    }
    relay.kill();
    let output = check(&relay.url());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(lines(&output)[0]["ok"], false);
}
