//! Socket.IO, spoken by hand: who may begin a connection, and what becomes of one that goes wrong. That it
//! carries frames as a WebSocket does is told in `crates/client/tests/socket_io.rs`.

use crate::client::hello;
use crate::network::{config, connect, start};
use data_encoding::BASE64;
use snug_relay::settings::{Limits, Settings};
use snug_relay::{Relay, Running};
use snug_wire::frame::{ClientFrame, Refusal, RelayFrame};
use snug_wire::{FRAME_LIMIT, decode, encode};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const BEGIN: &str = "/socket.io/?EIO=4&transport=polling";
const SEPARATOR: &str = "\u{1e}";

/// One request on a stream of its own: status and body.
async fn http(to: SocketAddr, method: &str, path: &str, head: &str, body: &str) -> (u16, String) {
    let mut stream = BufReader::new(TcpStream::connect(to).await.unwrap());
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: relay\r\ncontent-length: {length}\r\n{head}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(rest) = line.strip_prefix("http/1.1 ") {
            status = rest[..3].parse().unwrap();
        } else if let Some(rest) = line.strip_prefix("content-length: ") {
            length = rest.parse().unwrap();
        } else if line.is_empty() {
            break;
        }
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer).await.unwrap();
    (status, String::from_utf8(answer).unwrap())
}

/// A connection that has joined the default namespace.
struct Events {
    relay: SocketAddr,
    path: String,
}

impl Events {
    async fn begin(relay: &Running) -> Self {
        let relay = relay.address();
        let (status, body) = http(relay, "GET", BEGIN, "", "").await;
        assert_eq!(status, 200);
        let sid = body.split('"').nth(3).unwrap();
        let events = Self {
            relay,
            path: format!("{BEGIN}&sid={sid}"),
        };
        assert_eq!(events.post("40").await, 200);
        while !events.get().await.1.contains("40{") {}
        events
    }

    async fn post(&self, body: &str) -> u16 {
        http(self.relay, "POST", &self.path, "", body).await.0
    }

    async fn get(&self) -> (u16, String) {
        http(self.relay, "GET", &self.path, "", "").await
    }

    /// The relay's frames until it says goodbye, or the connection ends without.
    async fn goodbye(&self) -> Option<Refusal> {
        loop {
            let (status, body) = self.get().await;
            if status != 200 || body.is_empty() {
                return None;
            }
            for packet in body.split(SEPARATOR) {
                if let Some(frame) = packet.strip_prefix('b') {
                    let frame = BASE64.decode(frame.as_bytes()).unwrap();
                    if let RelayFrame::Goodbye(why) = decode(&frame, FRAME_LIMIT).unwrap() {
                        return Some(why);
                    }
                } else if packet == "1" {
                    return None;
                }
            }
        }
    }
}

fn event(frames: &[Vec<u8>]) -> String {
    let count = frames.len();
    let places = (0..count).map(|n| format!(r#"{{"_placeholder":true,"num":{n}}}"#));
    let places: Vec<String> = places.collect();
    let mut event = format!(r#"45{count}-["frames",[{}]]"#, places.join(","));
    for frame in frames {
        event += &format!("{SEPARATOR}b{}", BASE64.encode(frame));
    }
    event
}

#[tokio::test]
async fn who_may_not_connect_begins_no_connection_either() {
    let (relay, _dir) = start().await;
    let to = relay.address();
    let page = "origin: https://elsewhere.example\r\n";
    assert_eq!(http(to, "GET", BEGIN, page, "").await.0, 403);
    for other in [
        "/socket.io/",
        "/socket.io/?EIO=3&transport=polling",
        "/socket.io/?transport=polling",
    ] {
        assert_eq!(http(to, "GET", other, "", "").await.0, 400, "{other}");
    }
    assert_eq!(http(to, "POST", BEGIN, "", "40").await.0, 400);
    let stranger = format!("{BEGIN}&sid=AAAAAAAAAAAAAAAA");
    assert_eq!(http(to, "GET", &stranger, "", "").await.0, 400);
    relay.stop().await;
}

#[tokio::test]
async fn what_is_no_frame_is_told_as_everywhere() {
    let (relay, _dir) = start().await;
    let events = Events::begin(&relay).await;
    events.post(&event(&[vec![0xff; 40]])).await;
    assert_eq!(events.goodbye().await, Some(Refusal::Malformed));

    // Proving nothing, and asking already.
    let events = Events::begin(&relay).await;
    let hello = encode(&ClientFrame::Hello(hello()));
    events.post(&event(&[hello.clone(), hello])).await;
    assert_eq!(events.goodbye().await, Some(Refusal::Malformed));
    relay.stop().await;
}

#[tokio::test]
async fn more_than_may_wait_ends_a_connection() {
    let (relay, _dir) = start().await;
    let events = Events::begin(&relay).await;
    let flood = vec![r#"42["frames",[]]"#; 5_000].join(SEPARATOR);
    events.post(&flood).await;
    let end = events.goodbye().await;
    assert!(matches!(end, Some(Refusal::Busy(_))), "{end:?}");
    relay.stop().await;
}

/// None of it reaches anybody else.
#[tokio::test]
async fn garbage_ends_its_own_connection_alone() {
    let (relay, _dir) = start().await;
    let mut honest = connect(&relay).await;
    for garbage in [
        "",
        "x",
        "4",
        "4xyz",
        "b!!!",
        "bAAAA",
        "45",
        "4518446744073709551616-[]",
        "451-[\"frames\",[{\"_placeholder\":true,\"num\":7}]]\u{1e}bAAAA",
        "452-[\"frames\",[]]\u{1e}bAAAA\u{1e}bAAAA\u{1e}bAAAA",
        "42[\"frames\",{\"deep\":[[[[[[[[[[]]]]]]]]]]}]",
        "43999[]",
        "40/other,{}",
    ] {
        let events = Events::begin(&relay).await;
        // Whatever it says to that.
        events.post(garbage).await;
        events.post("1").await;
    }
    let answer = honest.ask(crate::forms::create(
        1,
        snug_wire::frame::MailboxKind::Inbox,
        1,
    ));
    assert_eq!(answer.await, snug_wire::frame::Answer::Done);
    relay.stop().await;
}

/// Without a key, without leaving its place: its place is free again all the same.
#[tokio::test]
async fn who_cannot_be_welcomed_keeps_no_place() {
    let limits = Limits {
        max_connections: 2,
        ..Limits::default()
    };
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        limits,
        ..Settings::default()
    };
    let relay = Relay::start_with(config(dir.path()), settings);
    let relay = relay.await.unwrap();
    for _ in 0..8 {
        // The place of the last but one may take a moment.
        let body = loop {
            let (status, body) = http(relay.address(), "GET", BEGIN, "", "").await;
            if status == 200 {
                break body;
            }
        };
        let sid = body.split('"').nth(3).unwrap();
        let path = format!("{BEGIN}&sid={sid}");
        let elsewhere = vec!["40/elsewhere,"; 600].join(SEPARATOR);
        let said = format!("{elsewhere}{SEPARATOR}40");
        assert_eq!(
            http(relay.address(), "POST", &path, "", &said).await.0,
            400,
            "there is one namespace"
        );
        // Joins, and is gone before it can be told so.
        let both = format!("40{SEPARATOR}1");
        http(relay.address(), "POST", &path, "", &both).await;
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_connection_joins_once_and_speaks_with_one_voice() {
    let (relay, _dir) = start().await;
    let events = Events::begin(&relay).await;
    events.post(&event(&[vec![0xff; 40]])).await;
    assert_eq!(events.goodbye().await, Some(Refusal::Malformed));
    while events.post("40").await == 200 {}
    assert_eq!(events.get().await.0, 400);

    let to = relay.address();
    let events = Events::begin(&relay).await;
    let head = |length: usize| {
        let path = &events.path;
        format!("POST {path} HTTP/1.1\r\nhost: relay\r\ncontent-length: {length}\r\n\r\n")
    };
    let mut large = BufReader::new(TcpStream::connect(to).await.unwrap());
    let mut line = String::new();
    large
        .write_all(head((8 << 20) + 1).as_bytes())
        .await
        .unwrap();
    large.read_line(&mut line).await.unwrap();
    assert_eq!(line.trim(), "HTTP/1.1 413 Payload Too Large");
    let mut slow = TcpStream::connect(to).await.unwrap();
    slow.write_all(head(9).as_bytes()).await.unwrap();
    // Once that one is being read, no other is.
    while events.post("3").await == 200 {}
    relay.stop().await;
}
