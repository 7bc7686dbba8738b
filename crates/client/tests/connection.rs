//! Relays that are silent, foreign, newer, hostile or gone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by it"
)]

mod people;

use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use people::{relay, soon};
use snug_client::connection::{Backoff, Timing, Way, ask, lookup};
use snug_client::keychain::Keychain;
use snug_client::view::{ConnectionState, SendOptions};
use snug_client::{Client, DataDir, Options, ProblemCode};
use snug_wire::code::RelayHint;
use snug_wire::frame::{Answer, ClientFrame, Refusal, RelayFrame, Request};
use snug_wire::handshake::{Challenge, Side, Transcript};
use snug_wire::{
    Address, FRAME_LIMIT, InvitationId, PROTOCOL_VERSION, RelayAddress, RelayKey, decode, encode,
};
use std::future::Future;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

type Peer = WebSocketStream<TcpStream>;

const SHORT: Timing = Timing {
    connect: Duration::from_millis(300),
    heartbeat: Duration::from_millis(60),
    silence: Duration::from_millis(50),
    upgrade: Duration::from_millis(100),
    backoff: Backoff {
        first: Duration::from_millis(10),
        longest: Duration::from_millis(20),
    },
};

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    (listener, url)
}

/// Asks which relay answers while `answer` plays one.
async fn looked_up<F: Future<Output = ()>>(answer: impl FnOnce(TcpStream) -> F) -> ProblemCode {
    let (listener, url) = listener().await;
    let played = async {
        answer(listener.accept().await.unwrap().0).await;
        std::future::pending::<()>().await;
    };
    let way = Way::from(SHORT);
    tokio::select! {
        found = soon(lookup(&url, &way)) => found.unwrap_err().code,
        () = played => unreachable!("it is pending"),
    }
}

/// Greets as a relay with this key does, up to the challenge.
async fn challenge(peer: &mut Peer, key: &SigningKey, version: u16) {
    let Some(Ok(Message::Binary(bytes))) = peer.next().await else {
        panic!("no hello")
    };
    let ClientFrame::Hello(hello) = decode(&bytes, FRAME_LIMIT).unwrap() else {
        panic!("no hello")
    };
    let transcript = Transcript {
        device_nonce: hello.nonce,
        relay_nonce: [3; 32],
        connection: hello.key,
        relay: RelayKey(key.verifying_key().to_bytes()),
    };
    let challenge = Challenge {
        version,
        relay: transcript.relay,
        nonce: transcript.relay_nonce,
        signature: transcript.sign(Side::Relay, key),
    };
    say(peer, &RelayFrame::Challenge(challenge)).await;
}

async fn say(peer: &mut Peer, frame: &RelayFrame) {
    peer.send(Message::binary(encode(frame))).await.unwrap();
}

#[tokio::test]
async fn a_real_relay_is_looked_up_and_asked() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let found = lookup(&relay.url(), &Way::default()).await.unwrap();
    assert_eq!(found.key, relay.key());

    let nothing = Request::Card(InvitationId([0; 16]));
    let mut hint = RelayHint::of(&found);
    let asked = ask(&hint, nothing.clone(), &Way::default()).await;
    let refused = Answer::Refused(Refusal::NoInvitation);
    assert_eq!(asked.unwrap(), (found, refused));

    hint.key_hash = [0; 16];
    let other = ask(&hint, nothing, &Way::default()).await.unwrap_err();
    assert_eq!(other.code, ProblemCode::RelayOther);
}

#[tokio::test]
async fn nobody_there_and_nobody_answering_are_said() {
    let (listener, url) = listener().await;
    drop(listener);
    let refused = lookup(&url, &SHORT.into()).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::RelayUnreachable);
    let silent = looked_up(|stream| async { std::mem::forget(stream) }).await;
    assert_eq!(silent, ProblemCode::RelayUnreachable);
}

#[tokio::test]
async fn a_web_server_is_not_a_relay() {
    let code = looked_up(|mut stream| async move {
        let mut asked = [0; 1024];
        let _ = stream.read(&mut asked).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        std::future::pending().await
    });
    assert_eq!(code.await, ProblemCode::RelayUnreachable);
}

#[tokio::test]
async fn a_relay_of_another_version_is_said() {
    let code = looked_up(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        challenge(
            &mut peer,
            &SigningKey::from_bytes(&[1; 32]),
            PROTOCOL_VERSION + 1,
        )
        .await;
        std::future::pending().await
    });
    assert_eq!(code.await, ProblemCode::RelayVersion);
    let code = looked_up(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        say(&mut peer, &RelayFrame::Goodbye(Refusal::Version(7))).await;
        std::future::pending().await
    });
    assert_eq!(code.await, ProblemCode::RelayVersion);
}

#[tokio::test]
async fn garbage_and_frames_beyond_the_limit_end_the_connection() {
    let code = looked_up(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        peer.send(Message::binary(vec![0xff; 64])).await.unwrap();
        std::future::pending().await
    });
    assert_eq!(code.await, ProblemCode::RelayUnreachable);
    let code = looked_up(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        let _ = peer.send(Message::binary(vec![0; FRAME_LIMIT + 1])).await;
        std::future::pending().await
    });
    assert_eq!(code.await, ProblemCode::RelayUnreachable);
}

#[tokio::test]
async fn a_relay_that_proves_another_key_is_not_believed() {
    let code = looked_up(|stream| async {
        let mut peer = accept_async(stream).await.unwrap();
        let _ = peer.next().await;
        let challenge = Challenge {
            version: PROTOCOL_VERSION,
            relay: RelayKey([1; 32]),
            nonce: [2; 32],
            signature: [3; 64],
        };
        say(&mut peer, &RelayFrame::Challenge(challenge)).await;
        std::future::pending().await
    });
    assert_eq!(code.await, ProblemCode::RelayOther);
}

/// Whoever made the code one was given chose the relay: it may say as much as it likes, and fills no
/// memory by it.
#[tokio::test]
async fn what_nobody_asked_for_is_passed_over() {
    let (listener, url) = listener().await;
    let key = SigningKey::from_bytes(&[1; 32]);
    let relay = RelayAddress {
        url,
        key: RelayKey(key.verifying_key().to_bytes()),
    };
    let played = async {
        let mut peer = greeted(&listener, &key).await;
        let _ = peer.next().await;
        for _ in 0..5_000 {
            say(&mut peer, &RelayFrame::CaughtUp(Address([7; 32]))).await;
        }
        say(&mut peer, &RelayFrame::Answer(1, Answer::Done)).await;
        std::future::pending::<()>().await;
    };
    let nothing = Request::Card(InvitationId([0; 16]));
    let (hint, way) = (RelayHint::of(&relay), Way::default());
    tokio::select! {
        asked = soon(ask(&hint, nothing, &way)) => assert_eq!(asked.unwrap(), (relay, Answer::Done)),
        () = played => unreachable!("it is pending"),
    }
}

/// Ada, at home on whoever listens there.
async fn at_home(
    place: &tempfile::TempDir,
    url: String,
    key: &SigningKey,
    timing: Timing,
) -> Client {
    let mut options = Options::new(Keychain::memory());
    options.timing = timing;
    options.embedded = Some(RelayAddress {
        url,
        key: RelayKey(key.verifying_key().to_bytes()),
    });
    let data = DataDir::open(place.path()).await.unwrap();
    let client = Client::open(data, options).await.unwrap();
    client.create_account("Ada", None).await.unwrap();
    client
}

/// The next client, greeted by a relay with this key, up to `Ready`.
async fn greeted(listener: &TcpListener, key: &SigningKey) -> Peer {
    let (stream, _) = soon(listener.accept()).await.unwrap();
    let mut peer = accept_async(stream).await.unwrap();
    challenge(&mut peer, key, PROTOCOL_VERSION).await;
    let _ = peer.next().await;
    say(&mut peer, &RelayFrame::Ready).await;
    peer
}

/// Waits for a ping and leaves it unanswered, as nothing that comes before it.
async fn pinged(stream: &mut TcpStream) {
    loop {
        let opcode = stream.read_u8().await.unwrap();
        let len = match stream.read_u8().await.unwrap() & 0x7f {
            126 => stream.read_u16().await.unwrap().into(),
            127 => stream.read_u64().await.unwrap(),
            len => len.into(),
        };
        let mut masked = vec![0; len as usize + 4];
        stream.read_exact(&mut masked).await.unwrap();
        if opcode == 0x89 {
            return;
        }
    }
}

/// A large frame on a slow line takes longer than an answer to a ping may.
#[tokio::test]
async fn half_a_frame_is_a_sign_of_life() {
    let (listener, url) = listener().await;
    let key = SigningKey::from_bytes(&[1; 32]);
    let place = tempfile::tempdir().unwrap();
    let timing = Timing {
        connect: Duration::from_secs(30),
        silence: Duration::from_secs(2),
        ..SHORT
    };
    let client = at_home(&place, url, &key, timing).await;
    let mut stream = greeted(&listener, &key).await.into_inner();
    let frame = encode(&RelayFrame::Answer(
        u64::MAX,
        Answer::Bytes(vec![7; 60_000]),
    ));
    let whole = [
        &[0x82, 126][..],
        &(frame.len() as u16).to_be_bytes(),
        &frame,
    ]
    .concat();
    // Much longer than `silence`, though only pings are waited for.
    for piece in whole.chunks(whole.len() / 60) {
        soon(pinged(&mut stream)).await;
        stream.write_all(piece).await.unwrap();
    }
    soon(pinged(&mut stream)).await;
    client.close().await;
}

/// Connected, then not a sound, not even to pings: noticed by the heartbeat, tried again.
#[tokio::test]
async fn a_relay_that_falls_silent_is_noticed_and_tried_again() {
    let (listener, url) = listener().await;
    let key = SigningKey::from_bytes(&[1; 32]);
    let place = tempfile::tempdir().unwrap();
    let timing = Timing {
        connect: Duration::from_secs(30),
        ..SHORT
    };
    let client = at_home(&place, url, &key, timing).await;

    let mut held = Vec::new();
    for _ in 0..2 {
        held.push(greeted(&listener, &key).await);
        let unreachable = Some(ProblemCode::RelayUnreachable);
        soon(client.connection_that(|row| row.problem == unreachable))
            .await
            .unwrap();
    }
    client.close().await;
}

#[tokio::test]
async fn an_end_is_a_goodbye_within_two_seconds() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    let ada = people::Person::new("Ada", &relay).await;
    ada.is(ConnectionState::Connected).await;
    let other = ada.client.clone();
    let began = std::time::Instant::now();
    ada.client.close().await;
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(other.chats().await.is_err());
    assert!(
        other
            .send_text(&"0".repeat(64), "x", &SendOptions::default())
            .await
            .is_err()
    );
}
