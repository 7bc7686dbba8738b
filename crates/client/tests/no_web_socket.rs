//! Networks that let no WebSocket through: the same frames go over HTTP, until one gets through again.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod middlebox;
mod people;
mod putting;

use middlebox::{Middlebox, Rule};
use people::{Person, meet, relay, soon};
use putting::{MAILBOX, put, secret};
use snug_client::connection::{Backoff, Direct, Timing, Way, ask, lookup};
use snug_client::keychain::Keychain;
use snug_client::view::{ConnectionDetails, ConnectionState, Transport};
use snug_client::{Client, DataDir, Options, ProblemCode};
use snug_relay::Running;
use snug_wire::code::RelayHint;
use snug_wire::frame::{Answer, ClientFrame, MailboxKind, Refusal, RelayFrame, Request};
use snug_wire::{InvitationId, RelayAddress};
use std::time::Duration;

/// A WebSocket is tried again soon, other pauses are those of the tests.
const TIMING: Timing = Timing {
    connect: Duration::from_secs(20),
    heartbeat: Duration::from_millis(500),
    silence: Duration::from_secs(20),
    upgrade: Duration::from_millis(200),
    backoff: Backoff {
        first: Duration::from_millis(20),
        longest: Duration::from_millis(200),
    },
};

async fn between(relay: &Running, rule: Rule) -> Middlebox {
    Middlebox::new(relay.address(), rule).await
}

async fn person(name: &str, url: &str, timing: Timing) -> Person {
    let place = tempfile::tempdir().unwrap();
    let keychain = Keychain::memory();
    let mut options = Options::new(keychain.clone());
    options.timing = timing;
    let data = DataDir::open(place.path()).await.unwrap();
    let client = Client::open(data, options).await.unwrap();
    client.create_account(name, Some(url)).await.unwrap();
    Person {
        client,
        keychain,
        place,
        embedded: None,
    }
}

async fn details(client: &Client) -> ConnectionDetails {
    client.connection_details().await.unwrap()
}

#[tokio::test]
async fn a_relay_is_found_and_asked_without_a_web_socket() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    for rule in [Rule::Strip, Rule::Cut] {
        let between = between(&relay, rule).await;
        let way = Way::from(TIMING);
        let found = soon(lookup(&between.url(), &way)).await.unwrap();
        assert_eq!(found.key, relay.key(), "{rule:?}");
        let nothing = Request::Card(InvitationId([0; 16]));
        let asked = ask(&RelayHint::of(&found), nothing, &way).await.unwrap();
        assert_eq!(asked.1, Answer::Refused(Refusal::NoInvitation));
    }
    relay.stop().await;
}

#[tokio::test]
async fn who_answers_is_checked_all_the_same() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let between = between(&relay, Rule::Strip).await;
    let other = RelayHint::of(&RelayAddress {
        url: between.url(),
        key: snug_wire::RelayKey([7; 32]),
    });
    let nothing = Request::Card(InvitationId([0; 16]));
    let refused = ask(&other, nothing, &Way::from(TIMING)).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::RelayOther);
    relay.stop().await;
}

/// Ada is behind the middlebox, Bo is not. The network changes while they talk.
#[tokio::test]
async fn people_talk_and_notice_nothing() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let between = between(&relay, Rule::Strip).await;
    let ada = person("Ada", &between.url(), TIMING).await;
    let bo = person("Bo", &relay.url(), TIMING).await;
    meet(&ada, &bo).await;
    let mut said = Vec::new();
    for n in 0..6 {
        match n {
            2 => {
                let over = details(&ada.client).await;
                assert_eq!(over.transport, Transport::Http);
                assert_eq!(over.instead.as_deref(), Some("the answer is HTTP 426"));
                let timed = ada.client.connection_that(|row| row.round_trip.is_some());
                soon(timed).await.unwrap();
                between.set(Rule::Pass);
            }
            4 => {
                ada.until(|client| async move {
                    let over = details(&client).await;
                    (over.transport == Transport::WebSocket).then_some(over)
                })
                .await;
            }
            _ => {}
        }
        for (author, reader) in [(&ada, &bo), (&bo, &ada)] {
            let text = format!("{n} {}{}", "long ".repeat(n * 2_000), said.len());
            author.say(&text).await;
            reader.reads(&text).await;
            said.push(text);
        }
    }
    assert_eq!((ada.texts().await, bo.texts().await), (said.clone(), said));
    let over = details(&ada.client).await;
    assert_eq!(over.instead, None);
    let last = over.reconnects.last().unwrap();
    assert_eq!(last.text, "A WebSocket gets through again.");
    ada.client.close().await;
    bo.client.close().await;
    relay.stop().await;
}

/// It is let through, but cut at once: the way over HTTP is found, and left when it gets better.
#[tokio::test]
async fn a_web_socket_that_is_cut_is_left() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let between = between(&relay, Rule::Pass).await;
    let ada = person("Ada", &between.url(), TIMING).await;
    ada.is(ConnectionState::Connected).await;
    between.set(Rule::Cut);
    relay.stop().await;
    ada.is(ConnectionState::Offline).await;
    let relay = people::relay(&place).await;
    ada.client.reconnect();
    let over = ada
        .until(|client| async move {
            let over = details(&client).await;
            (over.instead.is_some() && over.up_since.is_some()).then_some(over)
        })
        .await;
    assert_eq!(over.instead.as_deref(), Some("it is cut at once"));
    ada.client.close().await;
    relay.stop().await;
}

const MIB: usize = 1 << 20;

/// More is put at once than may be under way, and comes back in order.
#[tokio::test]
async fn large_frames_go_over_http_in_order() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let between = between(&relay, Rule::Strip).await;
    let mut direct = Direct::dial(&between.url(), &TIMING).await.unwrap();
    assert!(direct.instead().is_some());
    let requests = [
        Request::Create(MAILBOX, MailboxKind::Conversation, secret().lock()),
        Request::Open(MAILBOX, secret(), None),
    ];
    let puts = (0..12_u8).map(|n| put(n, [3 * MIB, 10, MIB / 2][usize::from(n) % 3]));
    for (number, request) in requests.into_iter().chain(puts).enumerate() {
        let frame = ClientFrame::Request(number as u64, request);
        direct.send(&frame).await.unwrap();
    }
    let (mut stored, mut came) = (Vec::new(), Vec::new());
    while stored.len() < 12 || came.len() < 12 {
        match soon(direct.receive()).await.unwrap() {
            RelayFrame::Answer(_, Answer::Stored(seq)) => stored.push(seq.0),
            RelayFrame::Delivery(delivery) => {
                let n = delivery.id.0[0];
                assert!(delivery.bytes.iter().all(|byte| *byte == n));
                came.push((delivery.seq.0, n));
            }
            RelayFrame::Answer(_, Answer::Refused(why)) => panic!("{why:?}"),
            _ => {}
        }
    }
    assert!(stored.iter().copied().eq(1..=12));
    assert!(came.iter().copied().eq((1..=12).zip(0..12)));
    // What the relay says last is heard.
    let (left, ()) = tokio::join!(
        async {
            loop {
                match soon(direct.receive()).await {
                    Ok(RelayFrame::Goodbye(why)) => return why,
                    Ok(_) => {}
                    Err(problem) => panic!("{problem:?}"),
                }
            }
        },
        relay.stop()
    );
    assert_eq!(left, Refusal::Leaving);
}
