//! What the Connection page is told, and settings that are in force at once.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod people;

use people::{Person, meet, relay, soon};
use snug_client::ProblemCode;
use snug_client::view::{
    ConnectionDetails, ConnectionSettings, ConnectionState, MessageState, Priority, QueueCount,
};

async fn details(person: &Person) -> ConnectionDetails {
    person.client.connection_details().await.unwrap()
}

#[tokio::test]
async fn messages_bytes_and_reconnects_are_counted() {
    let place = tempfile::tempdir().unwrap();
    let running = relay(&place).await;
    let (ada, bo) = (
        Person::new("Ada", &running).await,
        Person::new("Bo", &running).await,
    );
    meet(&ada, &bo).await;
    for text in ["one", "two", "three"] {
        let message = ada.say(text).await;
        bo.reads(text).await;
        ada.sees(&message, MessageState::Read).await;
    }
    soon(bo.client.caught_up()).await.unwrap();
    let (at_ada, at_bo) = (details(&ada).await, details(&bo).await);
    assert_eq!((at_ada.messages_out, at_ada.messages_in), (3, 0));
    assert_eq!((at_bo.messages_out, at_bo.messages_in), (0, 3));
    assert!(at_ada.delivery_p50.unwrap() <= at_ada.delivery_p99.unwrap());
    assert_eq!(at_bo.delivery_p50, None);
    assert!(at_ada.bytes_out > 3.0 * 100.0 && at_ada.frames_out > 3.0);
    assert!(at_ada.bytes_in > at_ada.frames_in && at_ada.frames_in > 3.0);
    assert_eq!((at_ada.unreadable, at_ada.ignored), (0, 0));
    assert_eq!(at_ada.attempts, 1);
    assert!(!at_ada.encrypted && at_ada.proxy.is_none());
    assert_eq!(at_ada.up_since, Some(at_ada.row.since));
    assert_eq!(at_ada.queue, []);

    // The relay goes and comes back; what is written meanwhile waits.
    running.stop().await;
    ada.is(ConnectionState::Offline).await;
    let waiting = ada.say("four").await;
    let offline = details(&ada).await;
    let one = QueueCount {
        priority: Priority::Normal,
        count: 1,
    };
    assert_eq!((offline.queue, offline.up_since), (vec![one], None));
    let running = relay(&place).await;
    ada.client.reconnect();
    ada.sees(&waiting, MessageState::Sent).await;
    let back = details(&ada).await;
    let [reconnect] = back.reconnects.as_slice() else {
        panic!("{:?}", back.reconnects)
    };
    assert_eq!(reconnect.reason, Some(ProblemCode::RelayUnreachable));
    assert!(reconnect.at >= reconnect.after);
    assert!(
        back.errors
            .iter()
            .any(|e| e.code == ProblemCode::RelayUnreachable)
    );
    assert!(back.attempts >= 2 && back.messages_out == 4);
    ada.client.close().await;
    bo.client.close().await;
    running.stop().await;
}

#[tokio::test]
async fn settings_count_for_the_connection_that_is_up() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let mut ada = Person::new("Ada", &relay).await;
    ada.is(ConnectionState::Connected).await;
    soon(ada.client.connection_that(|row| row.round_trip.is_some()))
        .await
        .unwrap();
    let before = details(&ada).await.round_trips.len();
    // Asked for a sign of life at once, not in twenty seconds.
    let settings = ConnectionSettings {
        heartbeat: 300,
        silence: 600,
        shortest_pause: 100,
        longest_pause: 60,
        ..ada.client.connection_settings()
    };
    let mut updates = ada.client.updates();
    ada.client
        .set_connection_settings(settings.clone())
        .await
        .unwrap();
    soon(async {
        while details(&ada).await.round_trips.len() == before {
            updates.next().await.unwrap();
        }
    })
    .await;
    let now = details(&ada).await;
    assert_eq!((now.attempts, now.reconnects.len()), (1, 0));
    assert!(now.round_trip_p50.unwrap() <= now.round_trip_p99.unwrap());

    let wrong = ConnectionSettings {
        heartbeat: 1,
        ..settings.clone()
    };
    let refused = ada.client.set_connection_settings(wrong).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::SettingRefused);
    assert_eq!(ada.client.connection_settings(), settings);
    ada.again().await;
    assert_eq!(ada.client.connection_settings(), settings);
    ada.client.close().await;
    relay.stop().await;
}
