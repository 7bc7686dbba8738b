//! Relays that want an access token, and relays that take nobody now.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by it"
)]

mod people;

use people::{open, relay, soon};
use snug_client::connection::{Way, lookup};
use snug_client::keychain::Keychain;
use snug_client::view::ConnectionState;
use snug_client::{Client, ProblemCode};
use snug_relay::settings::{Access, Settings};
use snug_relay::tokens::{Issuer, public};
use snug_relay::{Config, Relay, Running};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

const DAY: u64 = 86_400;

fn issuer() -> Issuer {
    Issuer::new("2026", &[1; 32])
}

/// Good for a day; by somebody else it is good for nothing.
fn token(by: &Issuer) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_secs();
    let token = by.issue("Ada", None, now, now + DAY).unwrap();
    token.expose().to_owned()
}

async fn closed(place: &Path) -> Running {
    let keys = place.join("keys.json");
    std::fs::write(&keys, public(&[issuer()])).unwrap();
    let settings = Settings {
        access: Access {
            token_keys: Some(keys),
            ..Access::default()
        },
        ..Settings::default()
    };
    let config = Config {
        data: place.join("relay"),
        listen: ([127, 0, 0, 1], 0).into(),
        keep_port: true,
    };
    Relay::start_with(config, settings).await.unwrap()
}

async fn is_up(client: &Client) {
    let up = client.connection_that(|row| row.state == ConnectionState::Connected);
    soon(up).await.unwrap();
}

#[tokio::test]
async fn a_token_behind_the_address_opens_a_closed_relay_for_good() {
    let place = tempfile::tempdir().unwrap();
    let relay = closed(place.path()).await;
    let (url, home) = (relay.url(), tempfile::tempdir().unwrap());
    let keychain = Keychain::memory();
    let ada = open(&home, &keychain, None).await;
    let stranger = Issuer::new("2026", &[9; 32]);
    for (address, why) in [
        (url.clone(), "closed to those without an access token"),
        (
            format!("{url}#{}", token(&stranger)),
            "does not accept this access token",
        ),
    ] {
        let refused = soon(ada.create_account("Ada", Some(&address))).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.code, ProblemCode::RelayUnreachable);
        assert!(refused.text.contains(why), "{}", refused.text);
    }
    let address = format!("{url}#{}", token(&issuer()));
    soon(ada.create_account("Ada", Some(&address)))
        .await
        .unwrap();
    is_up(&ada).await;
    ada.close().await;
    let again = open(&home, &keychain, None).await;
    is_up(&again).await;
    again.close().await;
}

#[tokio::test]
async fn a_relay_that_closes_is_met_again_with_a_token() {
    let place = tempfile::tempdir().unwrap();
    let home = TempDir::new().unwrap();
    let ada = open(&home, &Keychain::memory(), None).await;
    let first = relay(&place).await;
    soon(ada.create_account("Ada", Some(&first.url())))
        .await
        .unwrap();
    is_up(&ada).await;
    first.stop().await;
    // The same relay, on the same port.
    let second = closed(place.path()).await;
    let refused = ada.connection_that(|row| {
        row.state == ConnectionState::Offline && row.problem == Some(ProblemCode::RelayUnreachable)
    });
    soon(refused).await.unwrap();
    let address = format!("{}#{}", second.url(), token(&issuer()));
    soon(ada.set_relay_token(&address)).await.unwrap();
    is_up(&ada).await;
    ada.close().await;
}

#[tokio::test]
async fn a_relay_that_takes_nobody_now_is_not_taken_for_something_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let crowded = async {
        let mut stream = listener.accept().await.unwrap().0;
        let _ = stream.read(&mut [0; 1_024]).await.unwrap();
        let answer =
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream
    };
    let way = Way::default();
    let (refused, _stream) = tokio::join!(soon(lookup(&url, &way)), crowded);
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, ProblemCode::RelayUnreachable);
    assert!(
        refused.text.contains("takes no connection now"),
        "{}",
        refused.text
    );
}
