//! Nothing readable rests anywhere: not in the files of either person, not in the relay's, not in the
//! bytes between them. Looked for are markers put into all that people write, and the keys.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed, which is all it can say"
)]

use futures_util::SinkExt as _;
use serde_json::json;
use snug_client::DataDir;
use snug_client::keychain::{Keychain, Keys};
use snug_engine::Access;
use snug_tests::person::{PASSPHRASE, Person};
use snug_tests::recorder::Recorder;
use snug_tests::relay::Relay;
use snug_tests::search::{Haystack, Wanted};
use snug_wire::code::InviteCode;
use std::path::Path;
use tokio_tungstenite::tungstenite::Message;

/// Sixteen random bytes that are also text.
fn marker() -> String {
    let letters: [u8; 16] = rand::random();
    letters
        .iter()
        .map(|letter| char::from(b'a' + letter % 26))
        .collect()
}

/// The keys a person's keychain file holds.
async fn keys(person: &Person) -> Keys {
    let mut data = DataDir::open(person.data()).await.unwrap();
    Keychain::file(PASSPHRASE).keys(&mut data).await.unwrap()
}

/// The database with its log, opened on a copy: looking changes nothing.
fn opened(person: &Person, keys: &Keys, on: &Path) -> rusqlite::Connection {
    for file in ["snug.db", "snug.db-wal"] {
        std::fs::copy(person.data().join(file), on.join(file)).unwrap();
    }
    snug_engine::connect(&on.join("snug.db"), &keys.database, Access::Write).unwrap()
}

#[tokio::test]
async fn nothing_readable_rests_anywhere() {
    let mut relay = Relay::start();
    let tap = Recorder::before(relay.address());
    let [ada_name, bo_name, greeting, text, answer] = [(); 5].map(|()| marker());
    let ada = Person::on(&tap.url(), &format!("Ada {ada_name}"));
    let bo = Person::on(&tap.url(), &format!("Bo {bo_name}"));

    // The story, with a marker in everything.
    let made = ada.does(&["invite", "new", "--greeting", &format!("Hello {greeting}")]);
    let code = made[0]["code"].as_str().unwrap();
    let shown = bo.does(&["invite", "preview", code]);
    assert!(shown[0]["greeting"].as_str().unwrap().contains(&greeting));
    bo.does(&["invite", "accept", code]);
    assert_eq!(ada.does(&["chats"])[0]["name"], format!("Bo {bo_name}"));
    ada.does(&["send", &ada.chat(), &format!("A secret: {text}")]);
    assert!(bo.history()[0]["text"].as_str().unwrap().contains(&text));
    // All are killed in the end, so that logs of databases lie there as they were written.
    let (mut near, mut far) = (ada.listens(), bo.listens());
    let chat = &far.does(json!({ "do": "chats" }))[0]["id"];
    far.does(json!({ "do": "send", "chat": chat, "text": format!("Another: {answer}") }));
    near.until(|line| {
        line["type"] == "message" && line["text"].as_str().unwrap().contains(&answer)
    });
    let mut live = Haystack::of_files(&[ada.data().into(), bo.data().into(), relay.data()]);
    near.kill();
    far.kill();
    relay.kill();

    let mut wanted = vec![
        Wanted::new("Ada's name", ada_name.as_bytes()),
        Wanted::new("Bo's name", bo_name.as_bytes()),
        Wanted::new("the greeting", greeting.as_bytes()),
        Wanted::new("Ada's text", text.as_bytes()),
        Wanted::new("Bo's text", answer.as_bytes()),
        Wanted::new("the passphrase", PASSPHRASE.as_bytes()),
    ];
    let code: InviteCode = code.parse().unwrap();
    wanted.push(Wanted::new("the code's key", code.key.expose()));
    for person in [&ada, &bo] {
        let (keys, copy) = (keys(person).await, tempfile::tempdir().unwrap());
        let database = opened(person, &keys, copy.path());
        // What is looked for is there, for who has the key.
        let texts = "SELECT group_concat(text) FROM message";
        let texts: String = database.query_row(texts, [], |row| row.get(0)).unwrap();
        assert!(texts.contains(&text) && texts.contains(&answer));
        let seed = "SELECT value FROM setting WHERE name = 'device seed'";
        let seed: [u8; 32] = database.query_row(seed, [], |row| row.get(0)).unwrap();
        let name = |what: &str| format!("{} of {}", what, &person.name[..3]);
        wanted.push(Wanted::new(
            &name("the database key"),
            keys.database.expose(),
        ));
        wanted.push(Wanted::new(&name("the account key"), keys.account.expose()));
        wanted.push(Wanted::new(&name("the device key"), &seed));
        let mut secrets = database.prepare("SELECT connection FROM relay").unwrap();
        let secrets = secrets.query_map([], |row| row.get(0)).unwrap();
        for secret in secrets.map(Result::<Vec<u8>, _>::unwrap) {
            wanted.push(Wanted::new(&name("the connection key"), &secret));
        }
    }

    let mut rests = Haystack::of_files(&[ada.data().into(), bo.data().into(), relay.data()]);
    for file in [
        "snug.db",
        "snug.db-wal",
        "keys",
        "settings.json",
        "relay.db",
        "relay.db-wal",
    ] {
        assert!(
            rests.names().any(|name| name.ends_with(file)),
            "{file} is searched"
        );
    }
    let recorded = tap.recorded();
    assert!(
        recorded.iter().map(Vec::len).sum::<usize>() > 50_000,
        "traffic was recorded"
    );
    for bytes in recorded {
        rests.add("the traffic", bytes);
    }
    assert_eq!(rests.finds(&wanted), [""; 0]);
    assert_eq!(live.finds(&wanted), [""; 0]);

    // The same search finds the same things where they are.
    live.add("a planted file", format!("…{text}…").into_bytes());
    live.add("a planted key", [&[7; 5], &code.key.expose()[..]].concat());
    let found = live.finds(&wanted);
    assert_eq!(
        found,
        [
            "Ada's text as raw in a planted file",
            "the code's key as raw in a planted key"
        ]
    );
}

/// The search is worth what it finds: every form, at every place, in files and in masked traffic.
#[tokio::test]
async fn what_is_planted_is_found() {
    use data_encoding::{BASE32, BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
    let marker = marker();
    let wanted = [Wanted::new("it", marker.as_bytes())];
    for before in 0..6 {
        let around = format!("{}{marker}{}", "<".repeat(before), ">".repeat(before + 1));
        let bytes = around.as_bytes();
        let wide =
            |unit: fn(u16) -> [u8; 2]| around.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
        let planted = [
            ("raw", bytes.to_vec()),
            ("hex", HEXLOWER.encode(bytes).into()),
            ("HEX", HEXUPPER.encode(bytes).into()),
            ("base64", BASE64.encode(bytes).into()),
            ("base64url", BASE64URL_NOPAD.encode(bytes).into()),
            ("base32", BASE32.encode(bytes).into()),
            ("utf-16le", wide(u16::to_le_bytes)),
            ("utf-16be", wide(u16::to_be_bytes)),
        ];
        for (form, bytes) in planted {
            let folder = tempfile::tempdir().unwrap();
            std::fs::create_dir(folder.path().join("deep")).unwrap();
            std::fs::write(folder.path().join("deep/file"), &bytes).unwrap();
            let found = Haystack::of_files(&[folder.path().into()]).finds(&wanted);
            let expected = format!(
                "it as {form} in {}",
                folder.path().join("deep/file").display()
            );
            assert!(
                found.contains(&expected),
                "{form} after {before}: {found:?}"
            );
        }
    }

    let relay = Relay::start();
    let tap = Recorder::before(relay.address());
    let (mut socket, _) = tokio_tungstenite::connect_async(tap.url()).await.unwrap();
    socket
        .send(Message::binary([&[0; 300], marker.as_bytes()].concat()))
        .await
        .unwrap();
    // The relay hangs up on what is no frame: by then it was recorded.
    while let Some(Ok(_)) = futures_util::StreamExt::next(&mut socket).await {}
    let mut traffic = Haystack::default();
    for bytes in tap.recorded() {
        traffic.add("the traffic", bytes);
    }
    assert_eq!(
        traffic.finds(&wanted),
        ["it as raw in the traffic"],
        "only unmasked"
    );
}
