//! Bad input gets a sentence, exit code 1 (2 for wrong usage), and loses nothing.

use snug_tests::person::{PASSPHRASE, Person, meet, refusal};
use snug_tests::program::program;
use snug_tests::relay::Relay;
use std::process::Command;

/// That a command is refused in words with these in it.
#[track_caller]
fn says(person: &Person, words: &[&str], expected: &str) {
    let said = person.fails(words);
    assert!(said.contains(expected), "{expected:?} is not in {said:?}");
}

fn code_of(invitation: &[serde_json::Value]) -> String {
    invitation[0]["code"].as_str().unwrap().to_owned()
}

#[test]
fn codes_that_lead_nowhere() {
    let relay = Relay::start();
    let person = |name| Person::on(&relay.url(), name);
    let (ada, bo, cyan) = (person("Ada"), person("Bo"), person("Cyan"));
    let code = code_of(&ada.does(&["invite", "new"]));
    let both = |code: &str, expected: &str| {
        says(&cyan, &["invite", "preview", code], expected);
        says(&cyan, &["invite", "accept", code], expected);
        says(&cyan, &["invite", "decline", code], expected);
    };

    // Pictures that are none of ours, or no pictures.
    let picture = cyan.picture();
    let path = picture.display().to_string();
    std::fs::write(
        &picture,
        snug_client::qr::png("https://snug.example").unwrap(),
    )
    .unwrap();
    both(&path, "not a Snug code");
    let whole = snug_client::qr::png(&code).unwrap();
    std::fs::write(&picture, &whole[..whole.len() / 2]).unwrap();
    both(&path, "picture");
    std::fs::write(&picture, "no picture at all").unwrap();
    both(&path, "not a picture");
    assert!(
        refusal(
            &program("snug-cli")
                .args(["qr", "decode", &path])
                .output()
                .unwrap()
        )
        .contains("not a picture")
    );
    both("/nowhere/to/be/found.png", "neither a Snug code");

    // Texts that are not quite codes.
    let mut damaged = code.clone();
    let other = if &code[30..31] == "A" { "B" } else { "A" };
    damaged.replace_range(30..31, other);
    both(&damaged, "damaged");
    both(&code[..code.len() - 20], "incomplete");
    both(&code.replacen(":C1", ":C2", 1), "newer");

    // One's own.
    says(&ada, &["invite", "preview", &code], "your own");
    says(&ada, &["invite", "accept", &code], "your own");

    // Used, withdrawn, expired.
    bo.does(&["invite", "accept", &code]);
    both(&code, "used");
    let withdrawn = ada.does(&["invite", "new"]);
    let revoked = ada.does(&["invite", "revoke", withdrawn[0]["id"].as_str().unwrap()]);
    assert_eq!(revoked[0]["state"], "revoked");
    both(&code_of(&withdrawn), "withdrawn");
    both(
        &code_of(&ada.does(&["invite", "new", "--expires", "1ms"])),
        "expired",
    );

    // Nothing of it left a trace, and a good code still works.
    assert_eq!(cyan.does(&["invite", "list"]), [serde_json::Value::Null; 0]);
    let good = code_of(&ada.does(&["invite", "new"]));
    cyan.does(&["invite", "accept", &good]);
    assert_eq!(ada.does(&["chats"]).len(), 2);
    says(
        &ada,
        &["invite", "accept", "00112233445566778899aabbccddeeff"],
        "Nobody asks",
    );
    says(
        &ada,
        &["invite", "revoke", "00112233445566778899aabbccddeeff"],
        "no such",
    );
}

#[test]
fn a_picture_that_cannot_be_written_leaves_no_invitation() {
    let relay = Relay::start();
    let ada = Person::on(&relay.url(), "Ada");
    let nowhere = ada.data().join("not/there.png").display().to_string();
    says(
        &ada,
        &["invite", "new", "--qr", &nowhere],
        "cannot be written",
    );
    let long = "x".repeat(70_000);
    let picture = ada.picture().display().to_string();
    let wrong = ["invite", "new", "--qr", &picture, "--greeting", &long];
    says(&ada, &wrong, "too long");
    assert!(!ada.picture().exists(), "nothing is left of an attempt");
    assert_eq!(ada.does(&["invite", "list"]), [serde_json::Value::Null; 0]);
    // While listening, too, no invitation ends as it is made.
    let mut listening = ada.listens();
    listening.asks(&serde_json::json!({ "do": "invite", "expires": "0s" }));
    let refused = listening.until(|line| line["type"] == "answer");
    assert_eq!(refused["ok"], false);
}

/// Names come from strangers, and a terminal obeys what they may hold.
#[test]
fn names_do_not_steer_the_terminal() {
    let relay = Relay::start();
    let ada = Person::on(&relay.url(), "Ada \u{1b}]0;Bo\u{7}\u{9b}2J");
    let bo = Person::on(&relay.url(), "Bo");
    let code = code_of(&ada.does(&["invite", "new", "--reusable"]));
    bo.does(&["invite", "accept", &code]);
    let asked = bo.command(&["invite", "list"]).output().unwrap();
    let again = bo.command(&["invite", "decline", &code]).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    let shown = bo.command(&["invite", "preview", &code]).output().unwrap();
    for text in [asked.stdout, again.stderr, shown.stdout] {
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(r"\u001b]0;Bo\u0007\u009b2J"), "{text:?}");
        let steers = |c: char| c.is_control() && c != '\n';
        assert!(!text.contains(steers), "{text:?}");
    }
}

#[test]
fn relays_that_are_not_there() {
    let mut relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    let code = code_of(&ada.does(&["invite", "new"]));
    let cyan = Person::on(&relay.url(), "Cyan");
    relay.kill();
    says(&ada, &["send", "Bo", "Hello"], "cannot be reached");
    says(&ada, &["invite", "new"], "cannot be reached");
    says(&cyan, &["invite", "preview", &code], "cannot be reached");
    says(&cyan, &["invite", "accept", &code], "cannot be reached");
    let dee = Person::new("Dee");
    says(
        &dee,
        &["account", "new", "--name", "Dee", "--relay", &relay.url()],
        "cannot be reached",
    );
    says(
        &dee,
        &[
            "account",
            "new",
            "--name",
            "Dee",
            "--relay",
            "ftp://relay.example",
        ],
        "not the address of a relay",
    );
    let web = "http://127.0.0.1:7700";
    let new = ["account", "new", "--name", "Dee", "--relay", web];
    says(&dee, &new, "Use ws:// or wss://");

    // What is here can still be looked at, with a word about it.
    let output = ada.command(&["chats"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("may not be the newest"));

    // Another relay in its place is not trusted.
    relay.replace();
    says(&ada, &["send", "Bo", "Hello"], "Another relay answers");
    says(&cyan, &["invite", "accept", &code], "Another relay answers");
    // Who has no account yet pins whichever relay answers.
    dee.does(&["account", "new", "--name", "Dee", "--relay", &relay.url()]);
}

#[test]
fn data_that_cannot_be_opened() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    says(
        &ada,
        &["account", "new", "--name", "Ada", "--relay", &relay.url()],
        "an account already",
    );
    says(
        &ada,
        &["account", "new", "--name", "", "--relay", &relay.url()],
        "",
    );
    says(&ada, &["send", "Bo", " "], "text");
    says(&ada, &["send", "Dee", "Hello"], "no chat");

    let with = |person: &Person, keychain: &str, passphrase: &str| {
        let mut command = program("snug-cli");
        command
            .env("SNUG_PASSPHRASE", passphrase)
            .arg("--data")
            .arg(person.data());
        refusal(
            &command
                .args(["--keychain", keychain, "chats"])
                .output()
                .unwrap(),
        )
    };
    assert!(with(&ada, "file", "another passphrase").contains("passphrase does not open"));
    assert!(with(&ada, "memory", "").contains("another keychain"));

    // A second process waits ten seconds for the first.
    let listening = ada.listens();
    says(&ada, &["chats"], "Another Snug");
    listening.kill();
    assert_eq!(
        ada.does(&["chats"]).len(),
        1,
        "the lock ended with its process"
    );

    // Damaged, with the log beside it that could have healed it.
    let [database, log] = ["snug.db", "snug.db-wal"].map(|file| ada.data().join(file));
    let good = std::fs::read(&database).unwrap();
    let good_log = std::fs::read(&log).unwrap_or_default();
    let mut bad = good.clone();
    bad[..4096].fill(0x55);
    std::fs::write(&database, &bad).unwrap();
    std::fs::write(&log, "").unwrap();
    says(&ada, &["chats"], "the file is damaged");
    let left = std::fs::read(&database).unwrap();
    assert!(left == bad, "it is left for whoever can mend it");
    std::fs::write(&database, &good).unwrap();
    std::fs::write(&log, &good_log).unwrap();
    assert_eq!(ada.does(&["chats"]).len(), 1);
    std::fs::write(ada.data().join("keys"), "{}").unwrap();
    says(&ada, &["chats"], "damaged");

    let nobody = Person::new("Nobody");
    says(&nobody, &["chats"], "no account");
    says(&nobody, &["account", "show"], "no account");
    let left = std::fs::read_dir(nobody.data()).unwrap().count();
    assert_eq!(left, 0, "looking for an account makes nothing");
    let gone = program("snug-cli")
        .args(["--data", "/nowhere/at/all", "--keychain", "memory", "chats"])
        .output();
    assert!(refusal(&gone.unwrap()).contains("no account"));
}

#[test]
fn keys_in_memory_end_with_their_process() {
    let relay = Relay::start();
    let ada = Person::new("Ada");
    let in_memory = |words: &[&str]| {
        let mut command = program("snug-cli");
        command
            .arg("--data")
            .arg(ada.data())
            .args(["--keychain", "memory"])
            .args(words);
        command.output().unwrap()
    };
    let made = in_memory(&["account", "new", "--name", "Ada", "--relay", &relay.url()]);
    assert_eq!(made.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&made.stderr).contains("end with this command"));
    assert!(refusal(&in_memory(&["chats"])).contains("memory"));
    assert!(ada.fails(&["chats"]).contains("memory"));
}

#[test]
fn wrong_usage_is_code_2() {
    let ada = Person::new("Ada");
    let wrong = |command: &mut Command| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command:?}");
        assert!(output.stdout.is_empty(), "{command:?}");
        assert!(output.stderr.len() > 20, "{command:?}");
    };
    for words in [
        &["fly"][..],
        &["send", "Bo"],
        &["invite", "new", "--expires", "soon"],
        &["invite", "new", "--expires", "0s"],
        &["history", "Bo", "--limit", "0"],
        &["listen", "--for", "10"],
        &["account", "new", "--name", "Ada"],
        &[
            "account",
            "new",
            "--name",
            "Ada",
            "--here",
            "--relay",
            "ws://127.0.0.1:1",
        ],
        &["--lissten"],
        &[],
    ] {
        wrong(&mut ada.command(words));
    }
    wrong(program("snug-cli").arg("chats"));
    wrong(
        program("snug-cli")
            .args(["--keychain", "file", "chats", "--data"])
            .arg(ada.data())
            .env_remove("SNUG_PASSPHRASE"),
    );
    wrong(
        program("snug-cli")
            .args(["--keychain", "paper", "chats", "--data"])
            .arg(ada.data())
            .env("SNUG_PASSPHRASE", PASSPHRASE),
    );
    for help in [
        &["--help"][..],
        &["listen", "--help"],
        &["invite", "accept", "--help"],
    ] {
        let output = program("snug-cli").args(help).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
    }
}
