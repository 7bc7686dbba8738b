//! A relay shared on the local network. What needs no network is asked of the door on this computer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod people;

use people::{quick, relay, soon};
use snug_client::connection::{Way, ask, lookup};
use snug_client::keychain::Keychain;
use snug_client::view::LocalNetworkRow;
use snug_client::{Client, DataDir, Door, DoorFuture, LocalNetwork, Options, Problem, ProblemCode};
use snug_relay::Running;
use snug_wire::code::RelayHint;
use snug_wire::frame::{Answer, Refusal, Request};
use snug_wire::{InvitationId, RelayAddress, RelayKey};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

fn hint(url: String, key: RelayKey) -> RelayHint {
    RelayHint::of(&RelayAddress { url, key })
}

/// What answers there to the question for a card, of the relay with this key.
async fn asked(port: u16, key: RelayKey) -> Result<Answer, Problem> {
    let card = Request::Card(InvitationId([7; 16]));
    let hint = hint(format!("wss://127.0.0.1:{port}"), key);
    let (found, answer) = ask(&hint, card, &Way::default()).await?;
    assert_eq!(found.key, key);
    Ok(answer)
}

#[tokio::test]
async fn the_key_in_a_code_is_what_tls_shows() {
    let (place, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ada, cyan) = (relay(&place).await, relay(&elsewhere).await);
    let port = ada.outside().open(0).await.unwrap();
    let unknown = Ok(Answer::Refused(Refusal::NoInvitation));
    assert_eq!(asked(port, ada.key()).await, unknown);

    let refused = asked(port, cyan.key()).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::RelayOther);
    assert!(
        refused.text.contains("Another relay answers"),
        "{}",
        refused.text
    );
    // Who expects nobody in particular believes what the system believes.
    let way = Way::default();
    let refused = lookup(&format!("wss://127.0.0.1:{port}"), &way)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::RelayUnreachable);
    assert!(refused.text.contains("vouches"), "{}", refused.text);

    ada.outside().close().await;
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    let refused = asked(port, ada.key()).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::RelayUnreachable);
    assert_eq!(
        ada.outside().open(port).await.unwrap(),
        port,
        "the port is free again"
    );
    assert_eq!(asked(port, ada.key()).await, unknown);
}

/// A door that does nothing but say what was asked of it.
#[derive(Default)]
struct Fake {
    said: Mutex<Vec<String>>,
    refuses: Mutex<bool>,
}

impl Fake {
    fn said(&self) -> Vec<String> {
        std::mem::take(&mut self.said.lock().unwrap())
    }
}

struct FakeDoor(Arc<Fake>);

impl Door for FakeDoor {
    fn open(&self, port: u16) -> DoorFuture<'_, Result<u16, String>> {
        self.0.said.lock().unwrap().push(format!("open {port}"));
        let opened = match *self.0.refuses.lock().unwrap() {
            true => Err("no port is free".to_owned()),
            false => Ok(if port == 0 { 7_705 } else { port }),
        };
        Box::pin(std::future::ready(opened))
    }

    fn close(&self) -> DoorFuture<'_, ()> {
        self.0.said.lock().unwrap().push("close".to_owned());
        Box::pin(std::future::ready(()))
    }
}

/// Ada at home on this relay, whose door is not real.
async fn ada(place: &TempDir, keychain: &Keychain, home: &Running, door: &Arc<Fake>) -> Client {
    let options = Options {
        keychain: keychain.clone(),
        embedded: Some(RelayAddress {
            url: home.url(),
            key: home.key(),
        }),
        door: Some(Arc::new(FakeDoor(Arc::clone(door)))),
        timing: quick(),
    };
    let data = DataDir::open(place.path()).await.unwrap();
    Client::open(data, options).await.unwrap()
}

fn kept(place: &TempDir) -> Option<LocalNetwork> {
    let text = std::fs::read(place.path().join("settings.json")).unwrap();
    let settings: snug_client::Settings = serde_json::from_slice(&text).unwrap();
    settings.local_network
}

#[tokio::test]
async fn it_is_off_until_it_is_switched_on_and_stays_as_it_was_left() {
    let (place, keychain) = (tempfile::tempdir().unwrap(), Keychain::memory());
    let home = relay(&place).await;
    let door = Arc::new(Fake::default());
    let client = ada(&place, &keychain, &home, &door).await;
    client.create_account("Ada", None).await.unwrap();
    let off = LocalNetworkRow {
        available: true,
        ..LocalNetworkRow::default()
    };
    assert_eq!(client.local_network(), off);
    assert!(door.said().is_empty() && kept(&place).is_none());

    let on = client.share_on_local_network(true).await.unwrap();
    assert!(on.on && on.problem.is_none());
    assert_eq!(door.said(), ["open 0"]);
    assert_eq!(
        kept(&place),
        Some(LocalNetwork {
            on: true,
            port: 7_705
        })
    );
    let made = client.create_invitation(false, None, "").await.unwrap();
    assert_eq!(made.local_only, on.address.is_some(), "{on:?}");
    client.close().await;

    let client = ada(&place, &keychain, &home, &door).await;
    assert_eq!(client.local_network(), on);
    assert_eq!(door.said(), ["open 7705"]);
    // Its own connection has nothing to do with it.
    soon(client.caught_up()).await.unwrap();
    assert!(!client.connection_details().await.unwrap().encrypted);
    assert_eq!(client.startup().await.unwrap().relay, "this computer");

    assert_eq!(client.share_on_local_network(false).await.unwrap(), off);
    assert_eq!(door.said(), ["close"]);
    let made = client.create_invitation(false, None, "").await.unwrap();
    assert!(made.here_only && !made.local_only);
    client.close().await;
    let client = ada(&place, &keychain, &home, &door).await;
    assert_eq!(client.local_network(), off);
    assert!(door.said().is_empty());
    client.close().await;
}

#[tokio::test]
async fn what_is_in_the_way_is_said() {
    let (place, keychain) = (tempfile::tempdir().unwrap(), Keychain::memory());
    let home = relay(&place).await;
    let door = Arc::new(Fake::default());
    *door.refuses.lock().unwrap() = true;
    let client = ada(&place, &keychain, &home, &door).await;
    client.create_account("Ada", None).await.unwrap();
    let row = client.share_on_local_network(true).await.unwrap();
    assert!(row.on && row.address.is_none());
    assert_eq!(row.problem.as_deref(), Some("no port is free"));
    *door.refuses.lock().unwrap() = false;
    let row = client.share_on_local_network(true).await.unwrap();
    assert!(row.on && row.problem.is_none());
    client.close().await;
}

#[tokio::test]
async fn without_a_relay_here_there_is_nothing_to_share() {
    let place = tempfile::tempdir().unwrap();
    let client = people::open(&place, &Keychain::memory(), None).await;
    assert_eq!(client.local_network(), LocalNetworkRow::default());
    let refused = client.share_on_local_network(true).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::SettingRefused);
    assert!(kept(&place).is_none());
    client.close().await;
}
