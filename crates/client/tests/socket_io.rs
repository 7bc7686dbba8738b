//! The same story over our Socket.IO and over npm's, on either side.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod middlebox;
mod people;
mod putting;

use ed25519_dalek::SigningKey;
use middlebox::{Middlebox, Rule};
use people::{relay, soon};
use putting::{MAILBOX, put, secret};
use snug_client::connection::{Direct, Timing};
use snug_relay::settings::{Access, Settings};
use snug_relay::{Config, Relay, Running};
use snug_wire::frame::{Answer, ClientFrame, MailboxKind, Refusal, RelayFrame, Request};
use snug_wire::handshake::{Auth, Hello, Side, Transcript};
use snug_wire::{ConnectionKey, FRAME_LIMIT, PROTOCOL_VERSION, decode, encode};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What a story is told over.
trait Frames {
    async fn send(&mut self, frame: ClientFrame);
    /// `None` when the connection has ended.
    async fn receive(&mut self) -> Option<RelayFrame>;
}

impl Frames for Direct {
    async fn send(&mut self, frame: ClientFrame) {
        Direct::send(self, &frame).await.unwrap();
    }

    async fn receive(&mut self) -> Option<RelayFrame> {
        soon(Direct::receive(self)).await.ok()
    }
}

/// A program of `npm/`.
fn node(arguments: &[&str]) -> Child {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/npm");
    assert!(
        place.join("node_modules").exists(),
        "`cargo xtask test` installs npm's packages first; or run `npm ci` in {}",
        place.display()
    );
    Command::new("node")
        .current_dir(place)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// npm's client.
struct Npm {
    _process: Child,
    to: ChildStdin,
    from: ChildStdout,
}

impl Npm {
    /// Both sides have proved their keys.
    async fn connect(relay: &Running, transport: &str) -> Self {
        let url = relay.url().replacen("ws", "http", 1);
        let mut process = node(&["client.js", &url, transport]);
        let to = process.stdin.take().unwrap();
        let from = process.stdout.take().unwrap();
        let mut npm = Self {
            _process: process,
            to,
            from,
        };
        let key = SigningKey::from_bytes(&[3; 32]);
        let hello = Hello {
            version: PROTOCOL_VERSION,
            key: ConnectionKey(key.verifying_key().to_bytes()),
            nonce: [5; 32],
        };
        npm.send(ClientFrame::Hello(hello.clone())).await;
        let Some(RelayFrame::Challenge(challenge)) = npm.receive().await else {
            panic!("no challenge")
        };
        let transcript = Transcript {
            device_nonce: hello.nonce,
            relay_nonce: challenge.nonce,
            connection: hello.key,
            relay: relay.key(),
        };
        assert!(transcript.verify(Side::Relay, &challenge.signature));
        let auth = Auth {
            signature: transcript.sign(Side::Device, &key),
            token: None,
        };
        npm.send(ClientFrame::Auth(auth)).await;
        assert_eq!(npm.receive().await, Some(RelayFrame::Ready));
        npm
    }
}

impl Frames for Npm {
    async fn send(&mut self, frame: ClientFrame) {
        let frame = encode(&frame);
        self.to.write_u32(frame.len() as u32).await.unwrap();
        self.to.write_all(&frame).await.unwrap();
    }

    async fn receive(&mut self) -> Option<RelayFrame> {
        let len = soon(self.from.read_u32()).await.ok()?;
        let mut frame = vec![0; len as usize];
        soon(self.from.read_exact(&mut frame)).await.unwrap();
        Some(decode(&frame, FRAME_LIMIT).unwrap())
    }
}

const MIB: usize = 1 << 20;

/// A mailbox is made, opened and filled, with small entries and large ones; another reader catches up;
/// the relay leaves.
async fn story(mut ada: impl Frames, mut bo: impl Frames, relay: Running) {
    let create = Request::Create(MAILBOX, MailboxKind::Conversation, secret().lock());
    let open = Request::Open(MAILBOX, secret(), None);
    // Many at once: they share events and bodies.
    let sizes = [0, 10, 3 * MIB, 10, 100, 60_000, 2 * MIB, 3 * MIB, 1];
    let puts = (1..).zip(sizes).map(|(n, size)| put(n, size));
    let requests = [create, open.clone()].into_iter().chain(puts);
    for (number, request) in requests.enumerate() {
        ada.send(ClientFrame::Request(number as u64, request)).await;
    }
    let (mut stored, mut came) = (Vec::new(), Vec::new());
    while stored.len() < sizes.len() || came.len() < sizes.len() {
        match ada.receive().await.unwrap() {
            RelayFrame::Answer(_, Answer::Stored(seq)) => stored.push(seq.0),
            RelayFrame::Delivery(delivery) => came.push((delivery.seq.0, delivery.bytes)),
            RelayFrame::Answer(_, Answer::Refused(why)) => panic!("{why:?}"),
            _ => {}
        }
    }
    let said: Vec<_> = (1..)
        .zip(sizes)
        .map(|(n, size)| (n, vec![n as u8; size]))
        .collect();
    assert!(stored.iter().copied().eq(1..=9));
    assert!(came == said, "what was put, in order");

    bo.send(ClientFrame::Request(1, open)).await;
    let mut caught_up = Vec::new();
    loop {
        match bo.receive().await.unwrap() {
            RelayFrame::Delivery(delivery) => caught_up.push((delivery.seq.0, delivery.bytes)),
            RelayFrame::CaughtUp(_) => break,
            _ => {}
        }
    }
    assert!(caught_up == said, "the same, read later");

    let ((), last) = tokio::join!(relay.stop(), async {
        let mut last = None;
        while let Some(frame) = ada.receive().await {
            last = Some(frame);
        }
        last
    });
    assert_eq!(last, Some(RelayFrame::Goodbye(Refusal::Leaving)));
}

#[tokio::test]
async fn our_client_and_our_relay() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let between = Middlebox::new(relay.address(), Rule::Strip).await;
    let ada = Direct::dial(&between.url(), &Timing::default())
        .await
        .unwrap();
    assert!(ada.instead().is_some());
    let bo = Direct::dial(&between.url(), &Timing::default())
        .await
        .unwrap();
    story(ada, bo, relay).await;
}

#[tokio::test]
async fn our_client_and_npms_server() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let mut server = node(&["server.js", &relay.url()]);
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let url = soon(lines.next_line()).await.unwrap().unwrap();
    let url = url.replacen("http", "ws", 1);
    let ada = Direct::dial(&url, &Timing::default()).await.unwrap();
    assert!(ada.instead().is_some());
    assert_eq!(ada.relay().key, relay.key());
    let bo = Direct::dial(&url, &Timing::default()).await.unwrap();
    story(ada, bo, relay).await;
}

#[tokio::test]
async fn npms_client_over_http_and_our_relay() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let ada = Npm::connect(&relay, "polling").await;
    let bo = Npm::connect(&relay, "polling").await;
    story(ada, bo, relay).await;
}

#[tokio::test]
async fn npms_client_over_web_socket_and_our_relay() {
    let place = tempfile::tempdir().unwrap();
    let config = Config {
        data: place.path().to_owned(),
        listen: ([127, 0, 0, 1], 0).into(),
        keep_port: false,
    };
    let settings = Settings {
        access: Access {
            socket_io_websocket: true,
            ..Access::default()
        },
        ..Settings::default()
    };
    let relay = Relay::start_with(config, settings).await.unwrap();
    let ada = Npm::connect(&relay, "websocket").await;
    let bo = Npm::connect(&relay, "websocket").await;
    story(ada, bo, relay).await;
}
