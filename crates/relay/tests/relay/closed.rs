//! A closed relay over the network.

use crate::client::Client;
use crate::forms::create;
use crate::network::config;
use snug_relay::settings::{Access, Settings};
use snug_relay::tokens::{Issuer, public};
use snug_relay::{Relay, Running};
use snug_wire::Token;
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::{Answer, Refusal, RelayFrame};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

const DAY: u64 = 86_400;

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn issuer() -> Issuer {
    Issuer::new("2026", &[1; 32])
}

fn token(from: u64, until: u64) -> Token {
    issuer().issue("Ada", None, from, until).unwrap()
}

async fn start(skew: u64) -> (Running, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys.json");
    std::fs::write(&keys, public(&[issuer()])).unwrap();
    let settings = Settings {
        access: Access {
            token_keys: Some(keys),
            token_skew_seconds: skew,
            ..Access::default()
        },
        ..Settings::default()
    };
    let relay = Relay::start_with(config(&dir.path().join("data")), settings);
    (relay.await.unwrap(), dir)
}

async fn shows(relay: &Running, token: Option<Token>) -> Client {
    let mut client = Client::silent(&relay.url()).await;
    client.prove(relay.key(), token).await;
    client
}

#[tokio::test]
async fn who_has_a_token_comes_in_and_others_are_told_what_is_wrong_with_theirs() {
    let (relay, _dir) = start(60).await;
    let good = token(now(), now() + DAY);
    let forged = Issuer::new("2026", &[9; 32]);
    let forged = forged.issue("Eve", None, now(), now() + DAY).unwrap();
    for (what, token, why) in [
        ("none", None, Refusal::TokenWanted),
        (
            "rubbish",
            Some(Token::new("rubbish")),
            Refusal::TokenRefused,
        ),
        ("forged", Some(forged), Refusal::TokenRefused),
        ("old", Some(token(0, now() - 61)), Refusal::TokenExpired),
    ] {
        let client = shows(&relay, token).await;
        assert_eq!(client.goodbye().await, why, "{what}");
    }
    // Made by a clock that is an hour ahead, and one that ended while the skew still lets it in.
    for token in [good, token(now() + 3_600, now() + DAY), token(0, now() - 1)] {
        let mut client = shows(&relay, Some(token)).await;
        assert_eq!(client.next().await, RelayFrame::Ready);
        assert_eq!(client.ask(create(1, Conversation, 1)).await, Answer::Done);
    }
}

#[tokio::test]
async fn a_connection_ends_with_its_token() {
    let (relay, _dir) = start(0).await;
    let mut ada = shows(&relay, Some(token(0, now() + DAY))).await;
    assert_eq!(ada.next().await, RelayFrame::Ready);
    let short = shows(&relay, Some(token(0, now() + 2))).await;
    assert_eq!(short.goodbye().await, Refusal::TokenExpired);
    assert_eq!(ada.ask(create(1, Conversation, 1)).await, Answer::Done);
}

#[tokio::test]
async fn keys_change_while_it_runs() {
    let (relay, dir) = start(60).await;
    let new = Issuer::new("2027", &[2; 32]);
    let after = new.issue("Ada", None, now(), now() + DAY).unwrap();
    let early = shows(&relay, Some(after.clone())).await;
    assert_eq!(early.goodbye().await, Refusal::TokenRefused);
    let keys = dir.path().join("keys.json");
    std::fs::write(&keys, "rubbish").unwrap();
    assert!(relay.reload().is_err());
    std::fs::write(&keys, public(&[issuer(), new])).unwrap();
    relay.reload().unwrap();
    for token in [token(now(), now() + DAY), after] {
        assert_eq!(
            shows(&relay, Some(token)).await.next().await,
            RelayFrame::Ready
        );
    }
}
