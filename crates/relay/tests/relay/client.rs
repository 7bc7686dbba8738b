//! A device's side of a connection, as small as it can be.

use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use snug_wire::frame::{Answer, ClientFrame, Refusal, RelayFrame, Request};
use snug_wire::handshake::{Auth, Challenge, Hello, Side, Transcript};
use snug_wire::{ConnectionKey, FRAME_LIMIT, PROTOCOL_VERSION, RelayKey, decode, encode};
use std::collections::VecDeque;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: u64,
    waiting: VecDeque<RelayFrame>,
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

pub fn hello() -> Hello {
    Hello {
        version: PROTOCOL_VERSION,
        key: ConnectionKey(key().verifying_key().to_bytes()),
        nonce: [5; 32],
    }
}

/// What proves the key, after the relay has proved its own.
pub fn auth(challenge: &Challenge, relay: RelayKey) -> Auth {
    let transcript = Transcript {
        device_nonce: [5; 32],
        relay_nonce: challenge.nonce,
        connection: hello().key,
        relay,
    };
    assert!(
        transcript.verify(Side::Relay, &challenge.signature),
        "the relay proves its key"
    );
    Auth {
        signature: transcript.sign(Side::Device, &key()),
    }
}

impl Client {
    /// Connected, nothing said.
    pub async fn silent(url: &str) -> Self {
        let (socket, _) = connect_async(url).await.unwrap();
        Self {
            socket,
            asked: 0,
            waiting: VecDeque::new(),
        }
    }

    pub async fn connect(url: &str, relay: RelayKey) -> Self {
        let mut client = Self::silent(url).await;
        client.say(ClientFrame::Hello(hello())).await;
        let RelayFrame::Challenge(challenge) = client.next().await else {
            panic!("no challenge");
        };
        client.say(ClientFrame::Auth(auth(&challenge, relay))).await;
        assert_eq!(client.next().await, RelayFrame::Ready);
        client
    }

    pub async fn say(&mut self, frame: ClientFrame) {
        self.socket
            .send(Message::Binary(encode(&frame).into()))
            .await
            .unwrap();
    }

    /// Asks without waiting for the answer; its number.
    pub async fn post(&mut self, request: Request) -> u64 {
        self.asked += 1;
        self.say(ClientFrame::Request(self.asked, request)).await;
        self.asked
    }

    /// Asks; other frames wait.
    pub async fn ask(&mut self, request: Request) -> Answer {
        let number = self.post(request).await;
        loop {
            match self.read().await.expect("an answer") {
                RelayFrame::Answer(to, answer) if to == number => return answer,
                frame => self.waiting.push_back(frame),
            }
        }
    }

    /// The next frame.
    pub async fn next(&mut self) -> RelayFrame {
        match self.waiting.pop_front() {
            Some(frame) => frame,
            None => self.read().await.expect("a frame"),
        }
    }

    /// The reason the relay closes the connection with, and that it does.
    pub async fn goodbye(mut self) -> Refusal {
        loop {
            match self.read().await.expect("a goodbye") {
                RelayFrame::Goodbye(reason) => {
                    assert_eq!(self.read().await, None, "nothing follows");
                    return reason;
                }
                other => drop(other),
            }
        }
    }

    async fn read(&mut self) -> Option<RelayFrame> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Binary(bytes))) => {
                    return Some(decode(&bytes, FRAME_LIMIT).unwrap());
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
}
