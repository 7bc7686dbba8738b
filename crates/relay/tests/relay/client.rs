//! A device's side of a connection, as small as it can be.

use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use snug_wire::frame::{self, Answer, ClientFrame, Refusal, RelayFrame};
use snug_wire::handshake::{Auth, Challenge, Hello, Side, Transcript};
use snug_wire::{ConnectionKey, FRAME_LIMIT, PROTOCOL_VERSION, RelayKey, Token, decode, encode};
use std::collections::VecDeque;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
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
    auth_with(challenge, relay, None)
}

/// The same with a token.
pub fn auth_with(challenge: &Challenge, relay: RelayKey, token: Option<Token>) -> Auth {
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
        token,
    }
}

/// A request with these headers.
fn request(url: &str, headers: &[(&'static str, &str)]) -> Request<()> {
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

/// The answer to who is not let in: its status and its text.
pub async fn turned_away(url: &str, headers: &[(&'static str, &str)]) -> (u16, String) {
    match connect_async(request(url, headers)).await {
        Err(Error::Http(answer)) => {
            let text = answer.body().clone().unwrap_or_default();
            (answer.status().as_u16(), String::from_utf8(text).unwrap())
        }
        other => panic!("let in, or not even answered: {other:?}"),
    }
}

impl Client {
    /// Connected, nothing said.
    pub async fn silent(url: &str) -> Self {
        Self::silent_with(url, &[]).await
    }

    /// The same with headers.
    pub async fn silent_with(url: &str, headers: &[(&'static str, &str)]) -> Self {
        let (socket, _) = connect_async(request(url, headers)).await.unwrap();
        Self::over(socket)
    }

    /// Over a WebSocket that is there.
    pub fn over(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self {
            socket,
            asked: 0,
            waiting: VecDeque::new(),
        }
    }

    pub async fn connect(url: &str, relay: RelayKey) -> Self {
        Self::silent(url).await.greeted(relay).await
    }

    /// After both sides have proved their keys.
    pub async fn greeted(mut self, relay: RelayKey) -> Self {
        self.prove(relay, None).await;
        assert_eq!(self.next().await, RelayFrame::Ready);
        self
    }

    /// Proves its key, and shows a token.
    pub async fn prove(&mut self, relay: RelayKey, token: Option<Token>) {
        self.say(ClientFrame::Hello(hello())).await;
        let RelayFrame::Challenge(challenge) = self.next().await else {
            panic!("no challenge");
        };
        let auth = auth_with(&challenge, relay, token);
        self.say(ClientFrame::Auth(auth)).await;
    }

    pub async fn say(&mut self, frame: ClientFrame) {
        self.socket
            .send(Message::Binary(encode(&frame).into()))
            .await
            .unwrap();
    }

    /// Asks without waiting for the answer; its number.
    pub async fn post(&mut self, request: frame::Request) -> u64 {
        self.asked += 1;
        self.say(ClientFrame::Request(self.asked, request)).await;
        self.asked
    }

    /// Asks; other frames wait.
    pub async fn ask(&mut self, request: frame::Request) -> Answer {
        let number = self.post(request).await;
        loop {
            match self.read().await.expect("an answer") {
                RelayFrame::Answer(to, answer) if to == number => return answer,
                frame => self.waiting.push_back(frame),
            }
        }
    }

    /// Frames that came before an answer, taken out.
    pub fn taken(&mut self) -> Vec<RelayFrame> {
        self.waiting.drain(..).collect()
    }

    /// The answer to that number, if it came before another one's; taken out.
    pub fn answer_to(&mut self, number: u64) -> Option<Answer> {
        let is_it =
            |frame: &RelayFrame| matches!(frame, RelayFrame::Answer(to, _) if *to == number);
        let at = self.waiting.iter().position(is_it)?;
        match self.waiting.remove(at) {
            Some(RelayFrame::Answer(_, answer)) => Some(answer),
            _ => None,
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
