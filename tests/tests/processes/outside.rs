//! What cannot be done about who is in a group, and codes that do not lead in: a sentence, and nothing is held up.

use serde_json::Value;
use snug_tests::person::{Person, meet};
use snug_tests::relay::Relay;

/// That a command is refused in words with these in it.
#[track_caller]
fn says(person: &Person, words: &[&str], expected: &str) {
    let said = person.fails(words);
    assert!(said.contains(expected), "{expected:?} is not in {said:?}");
}

/// Ada's group with Bo in it.
fn tea(relay: &Relay) -> (Person, Person) {
    let person = |name| Person::on(&relay.url(), name);
    let (ada, bo) = (person("Ada"), person("Bo"));
    meet(&ada, &bo);
    ada.does(&["group", "new", "Tea", "Bo"]);
    let offered = bo.does(&["group", "invitations"]);
    let id = offered[0]["id"].as_str().unwrap();
    bo.does(&["group", "accept", id]);
    says(&bo, &["group", "accept", id], "no invitation");
    (ada, bo)
}

fn code(ada: &Person, more: &[&str]) -> (String, String) {
    let made = ada.does(&[&["group", "code", "Tea"], more].concat());
    let text = |field: &str| made[0][field].as_str().unwrap().to_owned();
    (text("code"), text("id"))
}

#[track_caller]
fn names(person: &Person) -> Vec<String> {
    let shown = person.does(&["group", "show", "Tea"]);
    assert_eq!(shown[0]["pending"], Value::Array(Vec::new()));
    let all = shown[0]["participants"].as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_cannot_be_is_said_and_changes_nothing() {
    let relay = Relay::start();
    let (ada, bo) = tea(&relay);
    says(
        &ada,
        &["group", "invite", "Tea", "Bo"],
        "in the group already",
    );
    says(&ada, &["group", "remove", "Tea", "Ada"], "leave");
    says(&ada, &["group", "demote", "Tea", "Ada"], "admin");
    says(&ada, &["group", "remove", "Tea", "Cyan"], "no participant");
    says(&ada, &["group", "invite", "Tea", "Cyan"], "no contact");
    says(&bo, &["group", "remove", "Tea", "Ada"], "Only an admin");
    says(&bo, &["group", "code", "Tea"], "Only an admin");
    assert_eq!(names(&bo), ["Bo", "Ada"]);

    // Taken out twice; who is out asks for nothing.
    ada.does(&["group", "remove", "Tea", "Bo"]);
    says(&ada, &["group", "remove", "Tea", "Bo"], "no participant");
    says(&bo, &["group", "leave", "Tea"], "not in this group");
    says(&bo, &["group", "remove", "Tea", "Ada"], "not in this group");
    assert_eq!(names(&ada), ["Ada"]);
    ada.does(&["send", "Tea", "Alone"]);

    // And may be asked in again, as often as one likes, once at a time.
    ada.does(&["group", "invite", "Tea", "Bo"]);
    says(
        &ada,
        &["group", "invite", "Tea", "Bo"],
        "in the group already",
    );
    let offered = bo.does(&["group", "invitations"]);
    assert_eq!(offered.len(), 1);
    bo.does(&["group", "decline", offered[0]["id"].as_str().unwrap()]);
    assert_eq!(names(&ada), ["Ada"]);
}

#[test]
fn codes_that_do_not_lead_into_a_group() {
    let relay = Relay::start();
    let (ada, bo) = tea(&relay);
    let [cyan, dee] = ["Cyan", "Dee"].map(|name| Person::on(&relay.url(), name));
    let (once, _) = code(&ada, &["--uses", "1"]);
    says(&ada, &["invite", "accept", &once], "your own");
    cyan.does(&["invite", "accept", &once]);
    assert_eq!(names(&ada), ["Ada", "Bo", "Cyan"]);
    assert_eq!(names(&cyan), ["Cyan", "Ada", "Bo"]);
    says(&dee, &["invite", "accept", &once], "used");

    let (ended, _) = code(&ada, &["--expires", "1ms"]);
    says(&dee, &["invite", "accept", &ended], "expired");
    let (withdrawn, id) = code(&ada, &[]);
    ada.does(&["invite", "revoke", &id]);
    says(&dee, &["invite", "accept", &withdrawn], "withdrawn");
    let (many, _) = code(&ada, &[]);
    let mut damaged = many.clone();
    let other = if &many[40..41] == "A" { "B" } else { "A" };
    damaged.replace_range(40..41, other);
    says(&dee, &["invite", "accept", &damaged], "damaged");
    says(&dee, &["invite", "accept", &many[..60]], "incomplete");

    // Who is in already, is told so, and is in once.
    says(&bo, &["invite", "accept", &many], "in Tea already");
    assert_eq!(names(&ada), ["Ada", "Bo", "Cyan"]);
}

#[test]
fn a_code_leads_in_as_long_as_whose_it_is_may_let_people_in() {
    let relay = Relay::start();
    let (ada, bo) = tea(&relay);
    let dee = Person::on(&relay.url(), "Dee");
    let (many, _) = code(&ada, &[]);
    ada.does(&["group", "promote", "Tea", "Bo"]);
    bo.does(&["group", "demote", "Tea", "Ada"]);
    dee.does(&["invite", "accept", &many]);
    ada.does(&["chats"]);
    let asked = dee.does(&["invite", "list"]);
    assert_eq!(asked[0]["state"], "declined");
    assert_eq!(dee.does(&["chats"]), [Value::Null; 0]);
    let (good, _) = code(&bo, &[]);
    dee.does(&["invite", "accept", &good]);
    bo.does(&["chats"]);
    assert_eq!(names(&dee), ["Dee", "Bo", "Ada"]);
}
