//! What an operator sees, and how a relay stops.

use crate::client::{Client, turned_away};
use crate::forms::{address, create, open, secret, text};
use crate::network::{config, connect, get, get_with, reader, start};
use snug_relay::settings::{Operator, Settings};
use snug_relay::{Relay, Running};
use snug_wire::Seq;
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::{Answer, Refusal, RelayFrame, Request};
use std::collections::BTreeSet;
use tempfile::TempDir;

async fn start_with(operator: Operator) -> (Running, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        operator,
        ..Settings::default()
    };
    let relay = Relay::start_with(config(dir.path()), settings);
    (relay.await.unwrap(), dir)
}

pub fn body(answer: &str) -> serde_json::Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

#[tokio::test]
async fn what_happens_is_counted() {
    let (relay, _dir) = start().await;
    let mut ada = reader(&relay).await;
    let mut bo = reader(&relay).await;
    for id in 1..=3 {
        ada.ask(Request::Put(text(1, 1, id, 0))).await;
        bo.next().await;
    }
    ada.post(Request::Signal(address(1), secret(1), vec![7]))
        .await;
    bo.next().await;
    let refused = bo.ask(open(1, 2)).await;
    assert_eq!(refused, Answer::Refused(Refusal::WrongLock));

    let stats = body(&get(&relay, "/stats").await);
    for (path, count) in [
        ("/connections/now", 2),
        ("/connections/total", 2),
        ("/puts", 3),
        ("/opens", 2),
        ("/deliveries", 6),
        ("/signals/delivered", 1),
        ("/refusals/wrong-lock", 1),
        ("/refusals/full", 0),
        ("/store/mailboxes", 1),
        ("/queues/requests", 0),
    ] {
        assert_eq!(stats.pointer(path), Some(&count.into()), "{path}: {stats}");
    }
    assert!(stats["bytes"]["in"].as_u64() > Some(100));
    assert!(stats["store"]["batches"].as_u64() >= Some(3));
    assert!(stats["store"]["bytes"].as_u64() > Some(4_096));
}

#[tokio::test]
async fn metrics_are_named_as_the_documentation_names_them() {
    let (relay, _dir) = start().await;
    let metrics = get(&relay, "/metrics").await;
    let served: BTreeSet<&str> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .map(|line| line.split_once(' ').unwrap().0)
        .collect();
    let documented: BTreeSet<&str> = include_str!("../../../../docs/relay/metrics.md")
        .lines()
        .filter_map(|line| line.strip_prefix("| `snug_relay_"))
        .map(|line| line.split_once(['`', '{']).unwrap().0)
        .collect();
    let served: BTreeSet<&str> = served
        .iter()
        .map(|name| name.strip_prefix("snug_relay_").unwrap())
        .collect();
    assert_eq!(served, documented);
    assert!(metrics.contains("\nsnug_relay_refusals_total{reason=\"busy\"} 0\n"));
    assert!(metrics.contains("\nsnug_relay_batch_seconds_bucket{le=\"+Inf\"} "));
}

#[tokio::test]
async fn numbers_are_for_this_computer_or_for_who_has_the_password() {
    let elsewhere = "X-Forwarded-For: 192.0.2.1\r\n";
    let (relay, _dir) = start().await;
    for path in ["/stats", "/metrics"] {
        assert!(get(&relay, path).await.starts_with("HTTP/1.1 200"));
        // Through a proxy that nobody has named: it may be anybody.
        let answer = get_with(&relay, path, elsewhere).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    }
    assert!(get(&relay, "/dashboard").await.starts_with("HTTP/1.1 404"));
    assert!(
        get_with(&relay, "/health", elsewhere)
            .await
            .starts_with("HTTP/1.1 200")
    );

    let (relay, _dir) = start_with(Operator {
        operator_token: Some("a long one".into()),
        dashboard: true,
        ..Operator::default()
    })
    .await;
    for path in ["/stats", "/metrics", "/dashboard"] {
        let answer = get(&relay, path).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert!(answer.to_lowercase().contains("www-authenticate: basic"));
        for (said, status) in [
            ("Bearer a long one", 200),
            ("bearer a long one", 200),
            // operator:a long one
            ("Basic b3BlcmF0b3I6YSBsb25nIG9uZQ==", 200),
            ("Bearer a long", 401),
            ("Basic rubbish", 401),
        ] {
            let line = format!("{elsewhere}Authorization: {said}\r\n");
            let answer = get_with(&relay, path, &line).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{said}");
        }
    }
}

#[tokio::test]
async fn the_dashboard_is_one_page_that_asks_nobody_else() {
    let (relay, _dir) = start_with(Operator {
        dashboard: true,
        ..Operator::default()
    })
    .await;
    let page = get(&relay, "/dashboard").await;
    assert!(page.starts_with("HTTP/1.1 200"));
    let policy = page
        .lines()
        .find(|line| line.starts_with("content-security-policy"));
    let policy = policy.unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let elsewhere = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!elsewhere.contains("http:") && !elsewhere.contains("https:"));
    for inline in ["eval(", " style=", " onclick=", " onload="] {
        assert!(!page.contains(inline), "{inline}");
    }
}

#[tokio::test]
async fn who_leaves_gets_what_was_asked_and_nobody_else_comes_in() {
    let (relay, dir) = start_with(Operator::default()).await;
    let url = relay.url();
    let address = relay.address();
    let key = relay.key();
    let mut ada = connect(&relay).await;
    assert_eq!(ada.ask(create(1, Conversation, 1)).await, Answer::Done);
    let health = async || {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let ask = b"GET /health HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";
        stream.write_all(ask).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    for id in 1..=100 {
        ada.post(Request::Put(text(1, 1, id, 0))).await;
    }
    let (stored, ()) = tokio::join!(
        async {
            let mut stored = 0;
            loop {
                match ada.next().await {
                    RelayFrame::Answer(_, Answer::Stored(seq)) => {
                        stored += 1;
                        assert_eq!(seq, Seq(stored));
                    }
                    RelayFrame::Goodbye(Refusal::Leaving) => break,
                    other => panic!("{other:?}"),
                }
            }
            let answer = health().await;
            assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
            assert!(answer.contains("\"draining\":true") && answer.contains("\"live\":true"));
            let (status, text) = turned_away(&url, &[]).await;
            assert_eq!(
                (status, text.as_str()),
                (503, "This relay is shutting down.\n")
            );
            drop(ada);
            stored
        },
        relay.stop()
    );
    // What was answered is there, and nothing that was not asked.
    let relay = Relay::start(config(dir.path())).await.unwrap();
    assert_eq!(relay.key(), key);
    let mut ada = Client::connect(&relay.url(), key).await;
    let Answer::Opened(opened) = ada.ask(open(1, 1)).await else {
        panic!()
    };
    assert_eq!(opened.last, Seq(stored));
}

/// Applications start it from tasks that move between threads.
#[test]
fn starting_and_stopping_may_move_between_threads() {
    fn moves<T: Send>(_: &T) {}
    let dir = tempfile::tempdir().unwrap();
    moves(&Relay::start(config(dir.path())));
    moves(&Relay::start_with(config(dir.path()), Settings::default()));
    fn stops(relay: Running) -> impl Future<Output = ()> + Send {
        relay.stop()
    }
    let _ = stops;
}
