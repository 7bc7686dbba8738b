//! Who is let in, how many, and how fast they may ask. Addresses are those a trusted proxy names.

use crate::client::{Client, turned_away};
use crate::forms::{address, create, open, secret, text};
use crate::network::{config, connect};
use futures_util::{SinkExt as _, StreamExt as _};
use snug_relay::settings::{Access, Limits, Settings};
use snug_relay::{Relay, Running};
use snug_wire::frame::MailboxKind::{Conversation, Inbox};
use snug_wire::frame::{Answer, ClientFrame, Refusal, RelayFrame, Request};
use snug_wire::{FRAME_LIMIT, decode, encode};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;

const ADA: (&str, &str) = ("x-forwarded-for", "192.0.2.1");
const BO: (&str, &str) = ("x-forwarded-for", "192.0.2.2");

async fn start(limits: Limits, origins: &[&str]) -> (Running, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        limits,
        access: Access {
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
            allowed_origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
            ..Access::default()
        },
        ..Settings::default()
    };
    let relay = Relay::start_with(config(dir.path()), settings);
    (relay.await.unwrap(), dir)
}

async fn from(relay: &Running, address: (&'static str, &str)) -> Client {
    let client = Client::silent_with(&relay.url(), &[address]).await;
    client.greeted(relay.key()).await
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_others_have_theirs() {
    let limits = Limits {
        max_connections_per_address: 2,
        max_connections: 4,
        ..Limits::default()
    };
    let (relay, _dir) = start(limits, &[]).await;
    let _one = from(&relay, ADA).await;
    let two = from(&relay, ADA).await;
    let (status, said) = turned_away(&relay.url(), &[ADA]).await;
    assert_eq!(status, 429);
    assert_eq!(
        said,
        "Too many connections come from your network address.\n"
    );
    let mut bo = from(&relay, BO).await;
    assert_eq!(bo.ask(create(1, Conversation, 1)).await, Answer::Done);
    let _more = from(&relay, BO).await;
    let (status, said) = turned_away(&relay.url(), &[("x-forwarded-for", "192.0.2.3")]).await;
    assert_eq!(status, 503);
    assert_eq!(said, "This relay has all the connections it takes.\n");
    // A place is free again once the relay knows that its connection has gone.
    relay_sees_the_end_of(two).await;
    let _again = from(&relay, ADA).await;
}

/// The closing handshake is answered after the relay's last step.
async fn relay_sees_the_end_of(client: Client) {
    use futures_util::StreamExt as _;
    let mut socket = client.socket;
    socket.close(None).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
}

#[tokio::test]
async fn web_pages_are_let_in_by_name() {
    let (relay, _dir) = start(Limits::default(), &["https://chat.example"]).await;
    let page = |origin| [("origin", origin)];
    let (status, said) = turned_away(&relay.url(), &page("https://evil.example")).await;
    assert_eq!(status, 403);
    assert_eq!(
        said,
        "This relay does not serve web pages of this origin.\n"
    );
    let client = Client::silent_with(&relay.url(), &page("https://chat.example")).await;
    client.greeted(relay.key()).await;
}

#[tokio::test]
async fn a_flood_of_requests_is_refused_and_then_ended_beside_others() {
    let limits = Limits {
        request_burst: 10,
        requests_per_second: 1,
        ..Limits::default()
    };
    let (relay, _dir) = start(limits, &[]).await;
    let mut flood = from(&relay, ADA).await;
    let mut bo = from(&relay, BO).await;
    assert_eq!(bo.ask(create(1, Conversation, 1)).await, Answer::Done);
    assert!(matches!(bo.ask(open(1, 1)).await, Answer::Opened(_)));
    assert_eq!(bo.next().await, RelayFrame::CaughtUp(address(1)));

    flood.ask(create(2, Inbox, 2)).await;
    let mut told = 0;
    for id in 0..30 {
        let answer = flood.ask(Request::Put(text(2, 2, id, 0))).await;
        if let Answer::Refused(Refusal::Busy(wait)) = answer {
            told += 1;
            assert!((1..=1_001).contains(&wait), "{wait}");
        }
    }
    assert!(told > 0, "nothing was too much");
    // Signals are only for now: those beyond are dropped without a word.
    for _ in 0..100 {
        flood
            .post(Request::Signal(address(1), secret(1), vec![1]))
            .await;
    }
    for id in 0..2_000_u32 {
        let mut put = text(2, 2, 0, 0);
        put.id.0[..4].copy_from_slice(&id.to_be_bytes());
        flood.post(Request::Put(put)).await;
    }
    assert!(matches!(flood.goodbye().await, Refusal::Busy(_)));
    assert_eq!(
        bo.ask(Request::Put(text(1, 1, 1, 0))).await,
        Answer::Stored(snug_wire::Seq(1))
    );
}

/// Opening is not refused when it comes too often, it waits: who opens without end has its answers all the
/// same, and is told when the relay leaves.
#[tokio::test]
async fn who_opens_without_end_is_answered_and_told_of_the_end() {
    let limits = Limits {
        request_burst: 10,
        requests_per_second: 1_000,
        ..Limits::default()
    };
    let (relay, _dir) = start(limits, &[]).await;
    let (mut sink, mut stream) = from(&relay, ADA).await.socket.split();
    let flood = async {
        for number in 0.. {
            let frame = encode(&ClientFrame::Request(number, open(9, 9)));
            if sink.send(Message::binary(frame)).await.is_err() {
                break;
            }
        }
    };
    let (enough, is_enough) = oneshot::channel();
    let stop = async {
        is_enough.await.unwrap();
        relay.stop().await;
    };
    let listen = async {
        for _ in 0..100 {
            stream.next().await.unwrap().unwrap();
        }
        enough.send(()).unwrap();
        let mut last = None;
        while let Some(Ok(Message::Binary(frame))) = stream.next().await {
            last = decode::<RelayFrame>(&frame, FRAME_LIMIT).ok();
        }
        last
    };
    let ((), (), last) = tokio::join!(flood, stop, listen);
    assert_eq!(last, Some(RelayFrame::Goodbye(Refusal::Leaving)));
}

#[tokio::test]
async fn what_is_full_says_so() {
    let limits = Limits {
        inbox_entries: 2,
        max_mailboxes: 2,
        opens_per_connection: 1,
        ..Limits::default()
    };
    let (relay, _dir) = start(limits, &[]).await;
    let mut ada = from(&relay, ADA).await;
    assert_eq!(ada.ask(create(1, Inbox, 1)).await, Answer::Done);
    assert_eq!(ada.ask(create(2, Inbox, 2)).await, Answer::Done);
    let full = Answer::Refused(Refusal::Full);
    assert_eq!(ada.ask(create(3, Inbox, 3)).await, full);
    assert_eq!(
        ada.ask(create(1, Inbox, 1)).await,
        Answer::Done,
        "it is there"
    );
    for id in 1..=2 {
        let stored = ada.ask(Request::Put(text(1, 1, id, 0))).await;
        assert!(matches!(stored, Answer::Stored(_)));
    }
    assert_eq!(ada.ask(Request::Put(text(1, 1, 3, 0))).await, full);
    assert!(matches!(ada.ask(open(1, 1)).await, Answer::Opened(_)));
    assert_eq!(ada.ask(open(2, 2)).await, full);
}

/// Each of them is waited for a second, and no longer.
#[tokio::test]
async fn who_is_slow_to_say_anything_is_ended() {
    let limits = Limits {
        header_seconds: 1,
        handshake_seconds: 1,
        silence_seconds: 1,
        ..Limits::default()
    };
    let (relay, _dir) = start(limits, &[]).await;
    let mut half = TcpStream::connect(relay.address()).await.unwrap();
    half.write_all(b"GET / HTTP/1.1\r\nHost: re").await.unwrap();
    let silent = Client::silent(&relay.url()).await;
    let mut quiet = connect(&relay).await;
    let mut answer = Vec::new();
    half.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/1.1 101"));
    assert_eq!(silent.goodbye().await, Refusal::NotProved);
    // Half a frame is no sign of life either.
    let _ = quiet.socket.get_mut().write_all(&[0x82]).await;
    while let Some(Ok(_)) = quiet.socket.next().await {}
}
