//! The server: what crosses the network, and what of it is refused.

use crate::client::{Client, auth, hello};
use crate::forms::{address, commit, create, open, secret, text};
use futures_util::{SinkExt as _, StreamExt as _};
use snug_relay::{Config, Relay, Running};
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::{Answer, ClientFrame, Put, Refusal, RelayFrame, Request};
use snug_wire::handshake::{Auth, Hello};
use snug_wire::{FRAME_LIMIT, Seq};
use std::net::SocketAddr;
use std::path::Path;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

pub fn config(data: &Path) -> Config {
    Config {
        data: data.to_owned(),
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        keep_port: false,
    }
}

pub async fn start() -> (Running, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (Relay::start(config(dir.path())).await.unwrap(), dir)
}

pub async fn connect(relay: &Running) -> Client {
    Client::connect(&relay.url(), relay.key()).await
}

/// A connection with mailbox 1 open.
pub async fn reader(relay: &Running) -> Client {
    let mut client = connect(relay).await;
    assert_eq!(client.ask(create(1, Conversation, 1)).await, Answer::Done);
    assert!(matches!(client.ask(open(1, 1)).await, Answer::Opened(_)));
    assert_eq!(client.next().await, RelayFrame::CaughtUp(address(1)));
    client
}

pub fn seq(frame: &RelayFrame) -> u64 {
    match frame {
        RelayFrame::Delivery(delivery) => delivery.seq.0,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn two_clients_talk() {
    let (relay, _dir) = start().await;
    let mut ada = reader(&relay).await;
    let mut bo = reader(&relay).await;
    assert_eq!(
        ada.ask(Request::Put(text(1, 1, 1, 0))).await,
        Answer::Stored(Seq(1))
    );
    assert_eq!(
        bo.ask(Request::Put(text(1, 1, 2, 0))).await,
        Answer::Stored(Seq(2))
    );
    for client in [&mut ada, &mut bo] {
        assert_eq!(
            [seq(&client.next().await), seq(&client.next().await)],
            [1, 2]
        );
    }
    ada.post(Request::Signal(address(1), secret(1), vec![7]))
        .await;
    assert_eq!(bo.next().await, RelayFrame::Signal(address(1), vec![7]));
    relay.stop().await;
    assert_eq!(ada.goodbye().await, Refusal::Leaving);
    assert_eq!(bo.goodbye().await, Refusal::Leaving);
}

#[tokio::test]
async fn a_heartbeat_is_answered() {
    let (relay, _dir) = start().await;
    let mut client = connect(&relay).await;
    client
        .socket
        .send(Message::Ping(vec![4, 2].into()))
        .await
        .unwrap();
    let answer = client.socket.next().await.unwrap().unwrap();
    assert_eq!(answer, Message::Pong(vec![4, 2].into()));
}

#[tokio::test]
async fn requests_may_follow_auth_at_once() {
    let (relay, _dir) = start().await;
    let mut client = Client::silent(&relay.url()).await;
    client.say(ClientFrame::Hello(hello())).await;
    let RelayFrame::Challenge(challenge) = client.next().await else {
        panic!()
    };
    client
        .say(ClientFrame::Auth(auth(&challenge, relay.key())))
        .await;
    client.post(create(1, Conversation, 1)).await;
    assert_eq!(client.next().await, RelayFrame::Ready);
    assert_eq!(client.next().await, RelayFrame::Answer(1, Answer::Done));
}

#[tokio::test]
async fn a_log_longer_than_the_queue_is_caught_up_with() {
    let (relay, _dir) = start().await;
    let mut ada = reader(&relay).await;
    // Together more than one connection's queue may hold.
    for id in 1..=60 {
        let put = Put {
            bytes: vec![id; 500_000],
            ..text(1, 1, id, 0)
        };
        assert_eq!(
            ada.ask(Request::Put(put)).await,
            Answer::Stored(Seq(u64::from(id)))
        );
        assert_eq!(seq(&ada.next().await), u64::from(id));
    }
    let mut bo = connect(&relay).await;
    bo.ask(open(1, 1)).await;
    for id in 1..=60 {
        assert_eq!(seq(&bo.next().await), id);
    }
    assert_eq!(bo.next().await, RelayFrame::CaughtUp(address(1)));
}

#[tokio::test]
async fn who_does_not_read_is_cut_and_catches_up() {
    let (relay, _dir) = start().await;
    let mut ada = connect(&relay).await;
    let bo = reader(&relay).await;
    let put = async |ada: &mut Client, id| {
        let put = Put {
            bytes: vec![id; 4_000_000],
            ..text(1, 1, id, 0)
        };
        assert_eq!(
            ada.ask(Request::Put(put)).await,
            Answer::Stored(Seq(u64::from(id))),
            "nobody waits for Bo"
        );
    };
    // More than his queue and the system's buffers hold: he is cut, and has a second to hear why.
    for id in 1..=8 {
        put(&mut ada, id).await;
    }
    let (reason, ()) = tokio::join!(bo.goodbye(), async {
        for id in 9..=12 {
            put(&mut ada, id).await;
        }
    });
    assert_eq!(reason, Refusal::Slow);
    let mut bo = connect(&relay).await;
    bo.ask(open(1, 1)).await;
    for id in 1..=12 {
        assert_eq!(seq(&bo.next().await), id);
    }
}

#[tokio::test]
async fn signals_are_dropped_first_for_who_does_not_read_and_nobody_else_waits() {
    let (relay, _dir) = start().await;
    let mut ada = reader(&relay).await;
    let mut bo = reader(&relay).await;
    let mut cyan = connect(&relay).await;
    // Less than Ada's queue may hold, more than the system's buffers do.
    for id in 1..=15 {
        let put = Put {
            bytes: vec![id; 1_000_000],
            ..text(1, 1, id, 0)
        };
        let stored = cyan.ask(Request::Put(put)).await;
        assert_eq!(stored, Answer::Stored(Seq(u64::from(id))));
        assert_eq!(seq(&bo.next().await), u64::from(id));
    }
    for n in 0..10 {
        cyan.post(Request::Signal(address(1), secret(1), vec![n]))
            .await;
        assert_eq!(bo.next().await, RelayFrame::Signal(address(1), vec![n]));
    }
    let stats = get(&relay, "/stats").await;
    assert!(
        stats.contains(r#""signals":{"delivered":20,"dropped":10,"#),
        "{stats}"
    );
    assert!(!stats.contains(r#""outgoingBytes":0"#), "{stats}");
    for id in 1..=15 {
        assert_eq!(seq(&ada.next().await), id, "no entry is dropped");
    }
    cyan.post(Request::Signal(address(1), secret(1), vec![99]))
        .await;
    assert_eq!(ada.next().await, RelayFrame::Signal(address(1), vec![99]));
}

#[tokio::test]
async fn each_fault_has_its_own_goodbye_and_others_feel_nothing() {
    let (relay, _dir) = start().await;
    let mut ada = reader(&relay).await;
    let request = ClientFrame::Request(1, create(2, Conversation, 1));
    let wrong_version = ClientFrame::Hello(Hello {
        version: 9,
        ..hello()
    });
    let wrong_auth = ClientFrame::Auth(Auth {
        signature: [0; 64],
        token: None,
    });
    let cases: [(&str, Vec<ClientFrame>, Refusal); 5] = [
        ("a request first", vec![request.clone()], Refusal::Malformed),
        (
            "a request before auth",
            vec![ClientFrame::Hello(hello()), request],
            Refusal::Malformed,
        ),
        (
            "hello twice",
            vec![ClientFrame::Hello(hello()), ClientFrame::Hello(hello())],
            Refusal::Malformed,
        ),
        ("another version", vec![wrong_version], Refusal::Version(1)),
        (
            "a wrong signature",
            vec![ClientFrame::Hello(hello()), wrong_auth],
            Refusal::NotProved,
        ),
    ];
    for (what, frames, reason) in cases {
        let mut client = Client::silent(&relay.url()).await;
        for frame in frames {
            client.say(frame).await;
        }
        assert_eq!(client.goodbye().await, reason, "{what}");
    }
    for (what, message, reason) in [
        (
            "garbage",
            Message::Binary(vec![0xff; 100].into()),
            Refusal::Malformed,
        ),
        (
            "nothing",
            Message::Binary(vec![].into()),
            Refusal::Malformed,
        ),
        ("text", Message::Text("hello".into()), Refusal::Malformed),
        (
            "too large",
            Message::Binary(vec![0; FRAME_LIMIT + 1].into()),
            Refusal::TooLarge(FRAME_LIMIT as u64),
        ),
    ] {
        let mut fresh = Client::silent(&relay.url()).await;
        // The relay may close while a large message is still being written.
        let _ = fresh.socket.send(message.clone()).await;
        assert_eq!(
            fresh.goodbye().await,
            reason,
            "{what}, before the handshake"
        );
        let mut client = connect(&relay).await;
        let _ = client.socket.send(message).await;
        assert_eq!(
            client.goodbye().await,
            reason,
            "{what}, after the handshake"
        );
    }
    assert_eq!(
        ada.ask(Request::Put(commit(1, 1, 1, 0))).await,
        Answer::Stored(Seq(1))
    );
    assert_eq!(seq(&ada.next().await), 1);
}

/// Opens a WebSocket by hand; what comes after the response is frames.
pub async fn by_hand(relay: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(relay.address()).await.unwrap();
    let request = "GET / HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"));
    stream
}

#[tokio::test]
async fn a_frame_of_100_mb_is_refused_by_its_header() {
    let (relay, _dir) = start().await;
    let mut stream = by_hand(&relay).await;
    stream.write_all(&[0x82, 0xff]).await.unwrap();
    stream
        .write_all(&100_000_000_u64.to_be_bytes())
        .await
        .unwrap();
    stream.write_all(&[1, 2, 3, 4]).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let goodbye = snug_wire::encode(&RelayFrame::Goodbye(Refusal::TooLarge(FRAME_LIMIT as u64)));
    assert_eq!(answer[..2], [0x82, goodbye.len() as u8]);
    assert_eq!(answer[2..2 + goodbye.len()], goodbye);
}

#[tokio::test]
async fn answers_to_pings_that_nobody_reads_do_not_pile_up() {
    let (relay, _dir) = start().await;
    let mut client = connect(&relay).await;
    // Masked with zeros; far more of them than the system's buffers hold.
    let ping = [&[0x89, 0xfd, 0, 0, 0, 0][..], &[7; 125]].concat();
    let some = ping.repeat(1_000);
    for _ in 0..600 {
        client.socket.get_mut().write_all(&some).await.unwrap();
    }
    client.post(create(1, Conversation, 1)).await;
    let mut answered = 0;
    while let Message::Pong(_) = client.socket.next().await.unwrap().unwrap() {
        answered += 1;
    }
    assert!(answered < 300_000, "{answered} answers were kept");
}

#[tokio::test]
async fn half_a_frame_and_then_nothing_leaves_the_others_alone() {
    let (relay, _dir) = start().await;
    let mut ada = reader(&relay).await;
    let mut half = by_hand(&relay).await;
    half.write_all(&[0x82, 0xff, 0, 0]).await.unwrap();
    let mut http = TcpStream::connect(relay.address()).await.unwrap();
    http.write_all(b"GET / HT").await.unwrap();
    drop(half);
    let mut unmasked = by_hand(&relay).await;
    unmasked.write_all(&[0x82, 0x01, 0x00]).await.unwrap();
    let mut answer = Vec::new();
    unmasked.read_to_end(&mut answer).await.unwrap();
    let goodbye = snug_wire::encode(&RelayFrame::Goodbye(Refusal::Malformed));
    assert_eq!(answer[2..2 + goodbye.len()], goodbye);
    assert_eq!(
        ada.ask(Request::Put(commit(1, 1, 1, 0))).await,
        Answer::Stored(Seq(1))
    );
    relay.stop().await;
    assert_eq!(ada.goodbye().await, Refusal::Leaving);
}

pub async fn get(relay: &Running, path: &str) -> String {
    get_with(relay, path, "").await
}

/// With lines of headers.
pub async fn get_with(relay: &Running, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(relay.address()).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: relay\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn it_says_how_it_is_and_what_it_is() {
    let (relay, _dir) = start().await;
    let health = get(&relay, "/health").await;
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    for part in [
        r#""live":true"#,
        r#""ready":true"#,
        r#""protocol":1"#,
        r#""version":""#,
    ] {
        assert!(health.contains(part), "{part} in {health}");
    }
    assert!(get(&relay, "/").await.contains("This is a Snug relay"));
}

#[tokio::test]
async fn it_keeps_its_key_and_its_port_and_finds_another_if_that_is_taken() {
    let dir = tempfile::tempdir().unwrap();
    let keeping = Config {
        keep_port: true,
        ..config(dir.path())
    };
    let first = Relay::start(keeping.clone()).await.unwrap();
    let (key, address) = (first.key(), first.address());
    first.stop().await;
    let second = Relay::start(keeping.clone()).await.unwrap();
    assert_eq!((second.key(), second.address()), (key, address));
    second.stop().await;
    let _other = TcpListener::bind(address).await.unwrap();
    let third = Relay::start(keeping).await.unwrap();
    assert_eq!(third.key(), key);
    assert_ne!(third.address(), address);
}

#[tokio::test]
async fn a_second_relay_on_the_same_data_is_refused_in_words() {
    let (relay, dir) = start().await;
    let error = Relay::start(config(dir.path()))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("another relay is running on "), "{error}");
    relay.stop().await;
    Relay::start(config(dir.path())).await.unwrap().stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_its_owners_alone_whatever_they_were() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    // Brought back from a copy that everybody could read, into a directory of the operator's.
    let file = dir.path().join("relay.db");
    std::fs::write(&file, []).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let relay = Relay::start(config(dir.path())).await.unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.file_name());
    }
    relay.stop().await;
}
