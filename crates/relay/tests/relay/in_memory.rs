//! A relay that keeps nothing on disk: the same to its devices and to its operator.

use crate::client::Client;
use crate::forms::{address, create, open, secret, text};
use crate::network::{config, get, reader};
use crate::operation::body;
use crate::world::World;
use snug_relay::core::limits::UNOPENED;
use snug_relay::settings::{Limits, Settings};
use snug_relay::{Relay, Running};
use snug_wire::Seq;
use snug_wire::frame::MailboxKind::{Conversation, Inbox};
use snug_wire::frame::{Answer, Put, Refusal, RelayFrame, Request};
use std::path::Path;

async fn start(limits: Limits) -> Running {
    let settings = Settings {
        limits,
        ..Settings::default()
    };
    let nowhere = config(Path::new("not looked at"));
    Relay::start_in_memory(nowhere, settings).await.unwrap()
}

fn large(id: u8) -> Request {
    Request::Put(Put {
        bytes: vec![id; 400 << 10],
        ..text(1, 1, id, 0)
    })
}

#[tokio::test]
async fn what_happens_is_counted_there_too() {
    let relay = start(Limits::default()).await;
    let mut ada = reader(&relay).await;
    let mut bo = reader(&relay).await;
    ada.ask(Request::Put(text(1, 1, 1, 0))).await;
    bo.next().await;
    let refused = bo.ask(open(1, 2)).await;
    assert_eq!(refused, Answer::Refused(Refusal::WrongLock));
    let stats = body(&get(&relay, "/stats").await);
    for (path, count) in [
        ("/connections/now", 2),
        ("/puts", 1),
        ("/opens", 2),
        ("/deliveries", 2),
        ("/refusals/wrong-lock", 1),
        ("/store/mailboxes", 1),
        ("/queues/requests", 0),
    ] {
        assert_eq!(stats.pointer(path), Some(&count.into()), "{path}: {stats}");
    }
    assert!(stats["store"]["batches"].as_u64() >= Some(3));
    assert!(stats["store"]["bytes"].as_u64() > Some(4_096));
    assert_eq!(stats["ready"], true);
}

#[tokio::test]
async fn what_is_full_there_says_so() {
    let relay = start(Limits {
        max_mailboxes: 2,
        store_mib: 1,
        ..Limits::default()
    })
    .await;
    let mut ada = reader(&relay).await;
    let full = Answer::Refused(Refusal::Full);
    assert_eq!(ada.ask(create(2, Inbox, 2)).await, Answer::Done);
    assert_eq!(ada.ask(create(3, Inbox, 3)).await, full);
    for id in 1..=3 {
        let stored = ada.ask(large(id)).await;
        assert_eq!(stored, Answer::Stored(Seq(id.into())));
    }
    assert_eq!(ada.ask(large(4)).await, full);
    let trim = Request::Trim(address(1), secret(1), Seq(4));
    assert_eq!(ada.ask(trim).await, Answer::Done);
    assert_eq!(ada.ask(large(4)).await, Answer::Stored(Seq(4)));
}

#[tokio::test]
async fn who_asked_before_it_stops_is_answered_before_goodbye() {
    let relay = start(Limits::default()).await;
    let mut ada = reader(&relay).await;
    let mut bo = reader(&relay).await;
    ada.ask(Request::Put(text(1, 1, 1, 0))).await;
    let heard = async {
        assert!(matches!(bo.next().await, RelayFrame::Delivery(_)));
        assert_eq!(bo.goodbye().await, Refusal::Leaving);
        assert_eq!(ada.goodbye().await, Refusal::Leaving);
    };
    tokio::join!(relay.stop(), heard);
}

#[tokio::test]
async fn another_start_is_another_relay() {
    let one = start(Limits::default()).await.key();
    let relay = start(Limits::default()).await;
    assert_ne!(one, relay.key());
    Client::connect(&relay.url(), relay.key()).await;
}

/// Mailboxes and bytes are counted up and down alike, on disk and in memory.
#[test]
fn what_has_gone_is_not_counted_any_more() {
    for mut world in [World::new(), World::forgetful()] {
        let empty = world.core().store_bytes().unwrap();
        world.ask(crate::world::ADA, create(1, Conversation, 1));
        world.ask(crate::world::ADA, large(1));
        assert_eq!(world.core().mailboxes(), 1);
        let held = world.core().store_bytes().unwrap();
        assert!(held > empty + (300 << 10), "{held}");
        world.expire(world.now + 2 * UNOPENED);
        assert_eq!(world.core().mailboxes(), 0);
        let left = world.core().store_bytes().unwrap();
        assert!(left < empty + (100 << 10), "{left} after {empty}");
    }
}
