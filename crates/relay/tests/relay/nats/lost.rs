//! Live messages that get lost: core NATS promises none. Who reads gets every entry all the same, in
//! order.

use super::proxy::Proxy;
use super::server::Server;
use super::together::{reader, start};
use crate::client::Client;
use crate::forms::{commit, text};
use async_nats::Client as Nats;
use serde_json::Value;
use snug_wire::Seq;
use snug_wire::frame::{Answer, Delivery, Put, RelayFrame, Request};

async fn put(client: &mut Client, put: Put) -> Seq {
    match client.ask(Request::Put(put)).await {
        Answer::Stored(seq) => seq,
        other => panic!("{other:?}"),
    }
}

async fn delivery(client: &mut Client) -> Delivery {
    match client.next().await {
        RelayFrame::Delivery(delivery) => delivery,
        other => panic!("{other:?}"),
    }
}

/// Whether the log says what it stores: what it does not say is as good as lost.
async fn republish(nats: &Nats, whether: bool) {
    let ask = async |what: &str, body: String| {
        let answer = nats
            .request(format!("$JS.API.{what}"), body.into())
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&answer.payload).unwrap();
        assert!(answer.get("error").is_none(), "{answer}");
        answer
    };
    let mut config = ask("STREAM.INFO.snug-log", String::new()).await["config"].take();
    let how = serde_json::json!({
        "src": "snug.e.*.*", "dest": "snug.live.{{wildcard(1)}}.{{wildcard(2)}}",
    });
    match whether {
        true => config["republish"] = how,
        false => drop(config.as_object_mut().unwrap().remove("republish")),
    }
    ask("STREAM.UPDATE.snug-log", config.to_string()).await;
}

#[tokio::test]
async fn what_was_not_heard_is_noticed_with_the_next_entry() {
    let Some(nats) = Server::start() else { return };
    let relay = start(&[nats.url()]).await;
    let direct = async_nats::connect(nats.url()).await.unwrap();
    let (mut ada, mut bo) = (reader(&relay).await, reader(&relay).await);
    let (mut last, mut head, mut id) = (Seq(0), Seq(0), 0);
    // A text after a lost text, a commit after one, a text after a lost commit, a commit after one.
    for (lost, heard) in [(false, false), (false, true), (true, false), (true, true)] {
        for (flagged, is_heard) in [(lost, false), (heard, true)] {
            republish(&direct, is_heard).await;
            id += 1;
            let entry = match flagged {
                true => commit(1, 1, id, head.0),
                false => text(1, 1, id, head.0),
            };
            let seq = put(&mut ada, entry).await;
            if flagged {
                head = seq;
            }
        }
        let mut now = last;
        for client in [&mut ada, &mut bo] {
            let (one, two) = (delivery(client).await, delivery(client).await);
            assert_eq!(one.previous, last, "{lost} {heard}");
            assert_eq!(two.previous, one.seq, "{lost} {heard}");
            assert_eq!([one.id.0[0], two.id.0[0]], [id - 1, id]);
            now = two.seq;
        }
        last = now;
    }
}

#[tokio::test]
async fn what_was_stored_while_a_relay_was_cut_off_is_delivered_when_it_is_back() {
    let Some(nats) = Server::start() else { return };
    let way = Proxy::to(nats.port()).await;
    let (one, other) = (start(&[way.url()]).await, start(&[nats.url()]).await);
    let (mut ada, mut bo) = (reader(&one).await, reader(&other).await);
    let first = put(&mut bo, text(1, 1, 1, 0)).await;
    assert_eq!(delivery(&mut ada).await.seq, first);
    way.cut();
    let second = put(&mut bo, commit(1, 1, 2, 0)).await;
    way.heal();
    let heard = delivery(&mut ada).await;
    assert_eq!((heard.seq, heard.previous), (second, first));
    let third = put(&mut ada, text(1, 1, 3, second.0)).await;
    assert_eq!(delivery(&mut ada).await.seq, third);
}
