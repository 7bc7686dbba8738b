//! Everything at once that a hostile client tries, each refused by its own code, while Ada and Bo
//! talk through the same relay.

use crate::client::{Client, auth, hello};
use crate::forms::{address, create, open, secret, text};
use crate::network::{by_hand, connect, reader, seq, start};
use futures_util::{SinkExt as _, StreamExt as _};
use snug_relay::Running;
use snug_wire::frame::MailboxKind::{Conversation, Inbox};
use snug_wire::frame::{Answer, ClientFrame, Refusal, RelayFrame, Request};
use snug_wire::{Address, FRAME_LIMIT, LockSecret, decode, encode};
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

/// Requests posted and answered at once, each answer as it must be.
async fn flood(relay: &Running, requests: impl Iterator<Item = Request>, refused: Refusal) -> u64 {
    let client = connect(relay).await;
    let (mut sink, mut stream) = client.socket.split();
    let mut requests = requests.zip(1..).peekable();
    let mut posted = 0;
    let mut answered = 0;
    while requests.peek().is_some() || answered < posted {
        for (request, number) in requests.by_ref().take(1_000) {
            let frame = encode(&ClientFrame::Request(number, request));
            sink.feed(Message::Binary(frame.into())).await.unwrap();
            posted += 1;
        }
        sink.flush().await.unwrap();
        while answered < posted {
            let Some(Ok(Message::Binary(bytes))) = stream.next().await else {
                panic!("cut")
            };
            let frame: RelayFrame = decode(&bytes, FRAME_LIMIT).unwrap();
            answered += 1;
            let answer = Answer::Refused(refused.clone());
            assert_eq!(frame, RelayFrame::Answer(answered, answer));
        }
    }
    answered
}

/// An address nobody has.
fn guess(number: u32) -> Address {
    let mut address = Address([0xee; 32]);
    address.0[..4].copy_from_slice(&number.to_be_bytes());
    address
}

fn guessed_secret(number: u32) -> LockSecret {
    LockSecret::new(guess(number).0)
}

async fn guesses(relay: &Running) {
    let opens =
        (0..100_000).map(|number| Request::Open(guess(number), guessed_secret(number), None));
    assert_eq!(flood(relay, opens, Refusal::NoMailbox).await, 100_000);
    let locks = (0..1_000).map(|number| Request::Open(address(1), guessed_secret(number), None));
    assert_eq!(flood(relay, locks, Refusal::WrongLock).await, 1_000);
    let signals = (0..1_000).map(|n| Request::Signal(address(1), guessed_secret(n), vec![1]));
    assert_eq!(flood(relay, signals, Refusal::WrongLock).await, 1_000);
}

/// What was heard on one connection is worth nothing on another, and nothing said twice counts twice.
async fn replays(relay: &Running) {
    let mut first = Client::silent(&relay.url()).await;
    first.say(ClientFrame::Hello(hello())).await;
    let RelayFrame::Challenge(challenge) = first.next().await else {
        panic!()
    };
    let heard = auth(&challenge, relay.key());
    first.say(ClientFrame::Auth(heard.clone())).await;
    assert_eq!(first.next().await, RelayFrame::Ready);
    let mut second = Client::silent(&relay.url()).await;
    second.say(ClientFrame::Hello(hello())).await;
    second.say(ClientFrame::Auth(heard.clone())).await;
    assert_eq!(second.goodbye().await, Refusal::NotProved);

    assert_eq!(first.ask(create(3, Inbox, 3)).await, Answer::Done);
    let put = text(3, 3, 1, 0);
    let stored = first.ask(Request::Put(put.clone())).await;
    for _ in 0..100 {
        assert_eq!(first.ask(Request::Put(put.clone())).await, stored);
    }
    let mut other = put;
    other.bytes = vec![9];
    let refused = first.ask(Request::Put(other)).await;
    assert_eq!(refused, Answer::Refused(Refusal::OtherBytes));
    first.say(ClientFrame::Auth(heard)).await;
    assert_eq!(first.goodbye().await, Refusal::Malformed);
}

/// Garbage from a seed: it is a frame by accident only.
async fn garbage(relay: &Running) {
    let mut state = 7_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    for _ in 0..50 {
        let len = usize::from(next()) + 1;
        let mut bytes: Vec<u8> = (0..len).map(|_| next()).collect();
        // No frame begins so.
        bytes[0] |= 0xe0;
        let mut client = connect(relay).await;
        client
            .socket
            .send(Message::Binary(bytes.into()))
            .await
            .unwrap();
        assert_eq!(client.goodbye().await, Refusal::Malformed);
    }
}

/// Many who begin and go no further, and one who goes away in the middle of everything.
async fn halves(relay: &Running) -> Vec<tokio::net::TcpStream> {
    let mut kept = Vec::new();
    for half in 0..100 {
        let mut stream = by_hand(relay).await;
        // The head of a large frame, and a byte of it.
        let head = [0x82, 0xff, 0, 0, 0, 0, 0, 0x3f, 0xff, 0xff, 1, 2, 3, 4, 5];
        stream
            .write_all(&head[..=(half % head.len())])
            .await
            .unwrap();
        kept.push(stream);
    }
    kept
}

/// One who asks for much and reads nothing.
async fn deaf(relay: &Running) -> Client {
    let mut client = connect(relay).await;
    assert_eq!(client.ask(create(4, Conversation, 4)).await, Answer::Done);
    for id in 1..=20 {
        let mut put = text(4, 4, id, 0);
        put.bytes = vec![id; 1_000_000];
        assert!(matches!(
            client.ask(Request::Put(put)).await,
            Answer::Stored(_)
        ));
    }
    for _ in 0..100 {
        client.post(open(4, 4)).await;
    }
    client
}

async fn honest(relay: &Running, rounds: u8) {
    let mut ada = reader(relay).await;
    let mut bo = reader(relay).await;
    for id in 1..=rounds {
        let stored = ada.ask(Request::Put(text(1, 1, id, 0))).await;
        assert!(matches!(stored, Answer::Stored(_)));
        assert_eq!(seq(&bo.next().await), u64::from(id));
        assert_eq!(seq(&ada.next().await), u64::from(id));
        bo.post(Request::Signal(address(1), secret(1), vec![id]))
            .await;
        assert_eq!(ada.next().await, RelayFrame::Signal(address(1), vec![id]));
    }
}

#[tokio::test]
async fn the_hostile_are_refused_each_by_its_code_and_the_honest_go_on() {
    let (relay, _dir) = start().await;
    // It is there before the first guess.
    drop(reader(&relay).await);
    let _half = halves(&relay).await;
    let _deaf = deaf(&relay).await;
    tokio::join!(
        honest(&relay, 200),
        guesses(&relay),
        replays(&relay),
        garbage(&relay),
    );
    honest_again(&relay).await;
}

/// After all that, all is as before.
async fn honest_again(relay: &Running) {
    let mut cyan = connect(relay).await;
    let Answer::Opened(opened) = cyan.ask(open(1, 1)).await else {
        panic!()
    };
    assert_eq!(opened.last.0, 200);
    for id in 1..=200 {
        assert_eq!(seq(&cyan.next().await), id);
    }
    assert_eq!(cyan.next().await, RelayFrame::CaughtUp(address(1)));
}
