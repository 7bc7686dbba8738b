//! Two relays that are one.

use super::server::Server;
use crate::client::Client;
use crate::forms::{address, commit, create, open, secret, text};
use crate::network::{config, connect, seq};
use snug_relay::settings::Settings;
use snug_relay::{Clock, Relay, Running};
use snug_wire::Seq;
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::{Answer, Refusal, RelayFrame, Request};
use std::path::Path;

pub async fn start(servers: &[String]) -> Running {
    start_with(servers, Settings::default(), snug_relay::clock()).await
}

pub async fn start_with(servers: &[String], settings: Settings, clock: Clock) -> Running {
    let nowhere = config(Path::new("not looked at"));
    let started = Relay::start_on_nats(nowhere, settings, servers, clock);
    started.await.unwrap()
}

pub async fn reader(relay: &Running) -> Client {
    let mut client = connect(relay).await;
    assert_eq!(client.ask(create(1, Conversation, 1)).await, Answer::Done);
    assert!(matches!(client.ask(open(1, 1)).await, Answer::Opened(_)));
    assert_eq!(client.next().await, RelayFrame::CaughtUp(address(1)));
    client
}

#[tokio::test]
async fn what_is_put_at_one_is_delivered_at_both_in_one_order() {
    let Some(nats) = Server::start() else { return };
    let (one, other) = (start(&[nats.url()]).await, start(&[nats.url()]).await);
    assert_eq!(one.key(), other.key(), "they are one relay");
    let mut ada = reader(&one).await;
    let mut bo = reader(&other).await;
    let mut stored = Vec::new();
    for id in 1..=5 {
        for (client, id) in [(&mut ada, id), (&mut bo, id + 100)] {
            match client.ask(Request::Put(text(1, 1, id, 0))).await {
                Answer::Stored(seq) => stored.push(seq.0),
                other => panic!("{other:?}"),
            }
        }
    }
    for client in [&mut ada, &mut bo] {
        let mut got = Vec::new();
        let mut before = 0;
        for _ in 0..10 {
            let frame = client.next().await;
            if let RelayFrame::Delivery(it) = &frame {
                assert_eq!(it.previous, Seq(before));
                before = it.seq.0;
            }
            got.push(seq(&frame));
        }
        assert_eq!(got, stored);
    }
    ada.post(Request::Signal(address(1), secret(1), vec![7]))
        .await;
    assert_eq!(bo.next().await, RelayFrame::Signal(address(1), vec![7]));
}

#[tokio::test]
async fn who_asked_before_one_stops_is_answered_before_goodbye() {
    let Some(nats) = Server::start() else { return };
    let relay = start(&[nats.url()]).await;
    let mut ada = reader(&relay).await;
    let mut bo = reader(&relay).await;
    let stored = ada.ask(Request::Put(text(1, 1, 1, 0))).await;
    assert!(matches!(stored, Answer::Stored(_)));
    let heard = async {
        assert!(matches!(bo.next().await, RelayFrame::Delivery(_)));
        assert_eq!(bo.goodbye().await, Refusal::Leaving);
        assert_eq!(ada.goodbye().await, Refusal::Leaving);
    };
    tokio::join!(relay.stop(), heard);
}

#[tokio::test]
async fn of_two_commits_one_wins_and_honest_texts_are_all_taken() {
    let Some(nats) = Server::start() else { return };
    let (one, other) = (start(&[nats.url()]).await, start(&[nats.url()]).await);
    let mut ada = reader(&one).await;
    let mut bo = reader(&other).await;
    let (first, second) = (
        Request::Put(commit(1, 1, 1, 0)),
        Request::Put(commit(1, 1, 2, 0)),
    );
    let answers = tokio::join!(ada.ask(first), bo.ask(second));
    let head = match answers {
        (Answer::Stored(seq), Answer::Refused(Refusal::Stale(head)))
        | (Answer::Refused(Refusal::Stale(head)), Answer::Stored(seq)) => {
            assert_eq!(seq, head);
            seq
        }
        other => panic!("{other:?}"),
    };
    let puts = async |client: &mut Client, from: u8| {
        for id in from..from + 50 {
            client.post(Request::Put(text(1, 1, id, head.0))).await;
        }
        let mut taken = 0;
        while taken < 50 {
            match client.next().await {
                RelayFrame::Answer(_, Answer::Stored(_)) => taken += 1,
                RelayFrame::Answer(_, other) => panic!("{other:?}"),
                _ => {}
            }
        }
    };
    tokio::join!(puts(&mut ada, 10), puts(&mut bo, 100));
}
