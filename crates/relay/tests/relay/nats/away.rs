//! NATS is away, comes back, is not what it must be; and time passes.

use super::server::Server;
use super::together::{start, start_with};
use crate::forms::{address, create, knock, open, text};
use crate::network::{connect, get};
use crate::operation::body;
use crate::process::Process;
use serde_json::Value;
use snug_relay::core::limits::{RENDEZVOUS, TIME_TO_LIVE};
use snug_wire::Seq;
use snug_wire::frame::MailboxKind::{Conversation, Inbox, Rendezvous};
use snug_wire::frame::{Answer, Refusal, RelayFrame, Request};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

#[tokio::test]
async fn while_nats_is_away_nothing_is_promised_and_it_goes_on_by_itself() {
    let Some(mut nats) = Server::start() else {
        return;
    };
    let relay = start(&[nats.url()]).await;
    let mut ada = connect(&relay).await;
    assert_eq!(ada.ask(create(1, Conversation, 1)).await, Answer::Done);
    assert!(matches!(ada.ask(open(1, 1)).await, Answer::Opened(_)));
    assert_eq!(ada.next().await, RelayFrame::CaughtUp(address(1)));
    let first = ada.ask(Request::Put(text(1, 1, 1, 0))).await;
    assert!(matches!(first, Answer::Stored(_)));
    assert!(matches!(ada.next().await, RelayFrame::Delivery(_)));
    nats.kill();
    let refused = ada.ask(Request::Put(text(1, 1, 2, 0))).await;
    assert_eq!(refused, Answer::Refused(Refusal::Disk));
    assert_eq!(body(&get(&relay, "/health").await)["ready"], false);
    nats.again();
    let second = loop {
        match ada.ask(Request::Put(text(1, 1, 2, 0))).await {
            Answer::Stored(seq) => break seq,
            Answer::Refused(Refusal::Disk) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(body(&get(&relay, "/health").await)["ready"], true);
    let RelayFrame::Delivery(delivery) = ada.next().await else {
        panic!("it is delivered");
    };
    let Answer::Stored(first) = first else { return };
    assert_eq!((delivery.seq, delivery.previous), (second, first));
}

#[test]
fn what_is_in_the_way_is_said_in_words() {
    let Some(nats) = Server::start_with("") else {
        return;
    };
    let said = Process::fails_on_nats(&nats.url());
    assert!(said.contains("set max_payload to 8MB"), "{said}");
    let url = nats.url();
    drop(nats);
    let said = Process::fails_on_nats(&url);
    assert!(said.contains("NATS cannot be reached at nats://"), "{said}");
    let said = Process::fails_on_nats("nats://ada:secret@127.0.0.1:1");
    assert!(said.contains("name the user by nats-user"), "{said}");
    let Some(plain) = Server::start_without_jetstream() else {
        return;
    };
    let said = Process::fails_on_nats(&plain.url());
    assert!(said.contains("is JetStream on"), "{said}");
}

#[tokio::test]
async fn a_user_and_a_password_are_asked_for_and_given() {
    let users = "max_payload: 8MB\nauthorization { user: ada, password: secret }";
    let Some(nats) = Server::start_with(users) else {
        return;
    };
    let said = Process::fails_on_nats(&nats.url());
    assert!(said.contains("NATS cannot be reached"), "{said}");
    let mut settings = snug_relay::settings::Settings::default();
    settings.nats.nats_user = Some("ada".into());
    settings.nats.nats_password = Some("secret".into());
    start_with(&[nats.url()], settings, snug_relay::clock()).await;
}

/// What the server keeps at a subject, if it does.
async fn kept(nats: &async_nats::Client, stream: &str, subject: &str) -> Option<Value> {
    let what = serde_json::json!({ "last_by_subj": subject }).to_string();
    let answer = nats.request(format!("$JS.API.STREAM.MSG.GET.{stream}"), what.into());
    let answer: Value = serde_json::from_slice(&answer.await.unwrap().payload).unwrap();
    answer.get("message").cloned()
}

#[tokio::test]
async fn what_has_a_time_to_live_is_forgotten_by_nats_itself() {
    let Some(nats) = Server::start() else { return };
    let (now, clock) = moving();
    let relay = start_with(&[nats.url()], Default::default(), clock).await;
    let mut ada = connect(&relay).await;
    ada.ask(create(1, Rendezvous, 1)).await;
    ada.ask(create(2, Inbox, 2)).await;
    ada.ask(Request::Put(knock(2, 1))).await;
    let direct = async_nats::connect(nats.url()).await.unwrap();
    let entry = format!("snug.e.{}.m", address(2));
    let entry = kept(&direct, "snug-log", &entry).await.unwrap();
    let headers = entry["hdrs"].as_str().unwrap().as_bytes();
    let headers = data_encoding::BASE64.decode(headers).unwrap();
    let headers = String::from_utf8(headers).unwrap();
    let days = u64::from(97 * 86_400_u32);
    assert!(headers.contains(&format!("Nats-TTL: {days}s")), "{headers}");

    // Written anew a second before its end, it is kept for that second.
    now.fetch_add(RENDEZVOUS - 1_000, SeqCst);
    let retired = ada
        .ask(Request::Retire(address(1), crate::forms::secret(1)))
        .await;
    assert_eq!(retired, Answer::Done);
    let head = format!("$KV.snug-heads.{}", address(1));
    let mut look = tokio::time::interval(Duration::from_millis(50));
    while kept(&direct, "KV_snug-heads", &head).await.is_some() {
        look.tick().await;
    }
    let inbox = format!("$KV.snug-heads.{}", address(2));
    assert!(kept(&direct, "KV_snug-heads", &inbox).await.is_some());
    assert_eq!(
        ada.ask(create(1, Inbox, 5)).await,
        Answer::Done,
        "free again"
    );
}

/// A clock that is moved by hand.
fn moving() -> (Arc<AtomicU64>, snug_relay::Clock) {
    let now = Arc::new(AtomicU64::new(snug_relay::clock()()));
    let clock = Arc::clone(&now);
    (now, Arc::new(move || clock.load(SeqCst)))
}

#[tokio::test]
async fn what_is_too_old_is_forgotten_and_who_missed_it_sees_the_gap() {
    let Some(nats) = Server::start() else { return };
    let (now, clock) = moving();
    let relay = start_with(&[nats.url()], Default::default(), clock).await;
    let mut ada = connect(&relay).await;
    for at in [1, 2] {
        ada.ask(create(at, Inbox, at)).await;
    }
    ada.ask(create(3, Rendezvous, 3)).await;
    ada.ask(open(3, 3)).await;
    assert_eq!(ada.next().await, RelayFrame::CaughtUp(address(3)));
    ada.ask(Request::Put(knock(1, 1))).await;
    ada.ask(Request::Put(knock(2, 1))).await;
    let Answer::Stored(last) = ada.ask(Request::Put(knock(1, 2))).await else {
        panic!("stored");
    };
    now.fetch_add(RENDEZVOUS, SeqCst);
    relay.tend().await;
    assert_eq!(ada.next().await, RelayFrame::Ended(address(3), Seq(0)));
    let gone = ada.ask(open(3, 3)).await;
    assert_eq!(gone, Answer::Refused(Refusal::NoMailbox));

    now.fetch_add(TIME_TO_LIVE - RENDEZVOUS, SeqCst);
    let Answer::Stored(young) = ada.ask(Request::Put(knock(1, 3))).await else {
        panic!("stored");
    };
    now.fetch_add(1, SeqCst);
    relay.tend().await;
    let Answer::Opened(opened) = ada.ask(open(1, 1)).await else {
        panic!("opened");
    };
    assert_eq!((opened.first.0, opened.last), (last.0 + 1, young));
    match ada.next().await {
        RelayFrame::Delivery(it) => assert_eq!((it.seq, it.previous), (young, last)),
        other => panic!("{other:?}"),
    }
    let Answer::Opened(opened) = ada.ask(open(2, 2)).await else {
        panic!("opened");
    };
    assert_eq!(opened.first.0, opened.last.0 + 1, "nothing is held");
}
