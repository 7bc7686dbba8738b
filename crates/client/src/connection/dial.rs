//! A connection's beginning: both sides prove a key.

use super::socket::{self, Socket, frame, message, unreachable};
use super::{Timing, Way, proxy};
use crate::{Problem, ProblemCode};
use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use snug_wire::code::RelayHint;
use snug_wire::frame::{Answer, ClientFrame, Refusal, RelayFrame, Request};
use snug_wire::handshake::{Auth, Challenge, Hello, Side, Transcript};
use snug_wire::{ConnectionKey, PROTOCOL_VERSION, RelayAddress, RelayKey, Secret};
use std::collections::VecDeque;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Which relay must answer.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    /// The one with this key.
    Key(RelayKey),
    /// The one a code names.
    Named(RelayHint),
    /// Whichever answers: its key is learned.
    Any,
}

impl Expected {
    fn fits(&self, relay: &RelayAddress) -> bool {
        match self {
            Self::Key(key) => *key == relay.key,
            Self::Named(hint) => hint.names(relay),
            Self::Any => true,
        }
    }
}

/// Which relay answers at this URL.
///
/// # Errors
/// `relayUnreachable`, `relayVersion`, `proxyRefused`.
pub async fn lookup(url: &str, way: &Way) -> Result<RelayAddress, Problem> {
    let plain = Plain::dial(url, &Expected::Any, way).await?;
    let relay = plain.relay.clone();
    plain.close().await;
    Ok(relay)
}

/// Asks the relay a code names one thing over a connection of its own, under a key used once.
///
/// # Errors
/// `relayUnreachable`, `relayOther`, `relayVersion`, `proxyRefused`.
pub async fn ask(
    hint: &RelayHint,
    request: Request,
    way: &Way,
) -> Result<(RelayAddress, Answer), Problem> {
    let mut plain = Plain::dial(&hint.url, &Expected::Named(hint.clone()), way).await?;
    let answer = plain.ask(request).await?;
    let relay = plain.relay.clone();
    plain.close().await;
    Ok((relay, answer))
}

/// A connection that does nothing by itself, under a key used once: for single questions, and to
/// see what a relay does.
pub struct Plain {
    /// The relay that answered.
    pub relay: RelayAddress,
    socket: Socket,
    timing: Timing,
    number: u64,
    /// What came before an answer that was waited for; at most [`Plain::AHEAD`].
    arrived: VecDeque<RelayFrame>,
}

impl Plain {
    /// Frames kept while an answer is waited for. More of them end the connection.
    const AHEAD: usize = 4096;

    /// Connects to whichever relay answers, without a proxy.
    ///
    /// # Errors
    /// `relayUnreachable`, `relayVersion`.
    pub async fn open(url: &str, timing: &Timing) -> Result<Self, Problem> {
        Self::dial(url, &Expected::Any, &Way::from(*timing)).await
    }

    async fn dial(url: &str, expected: &Expected, way: &Way) -> Result<Self, Problem> {
        let key = Secret::new(rand::random());
        let (socket, relay) = dial(url, expected, &key, way).await?;
        Ok(Self {
            relay,
            socket,
            timing: way.timing,
            number: 0,
            arrived: VecDeque::new(),
        })
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// `relayUnreachable` when none comes in time.
    pub async fn ask(&mut self, request: Request) -> Result<Answer, Problem> {
        self.number += 1;
        let number = self.number;
        let url = self.relay.url.clone();
        let answered = async {
            send(
                &mut self.socket,
                &url,
                &ClientFrame::Request(number, request),
            )
            .await?;
            loop {
                match receive(&mut self.socket, &url).await? {
                    RelayFrame::Answer(n, answer) if n == number => return Ok(answer),
                    RelayFrame::Goodbye(why) => return Err(farewell(&url, &why)),
                    frame if self.arrived.len() < Self::AHEAD => self.arrived.push_back(frame),
                    _ => return Err(unreachable(&url, &"it does not answer")),
                }
            }
        };
        timeout(self.timing.connect, answered)
            .await
            .unwrap_or_else(|_| Err(unreachable(&url, &"it does not answer")))
    }

    /// The next frame that is no answer to [`Plain::ask`].
    ///
    /// # Errors
    /// `relayUnreachable` when none comes in time.
    pub async fn next(&mut self) -> Result<RelayFrame, Problem> {
        if let Some(frame) = self.arrived.pop_front() {
            return Ok(frame);
        }
        let url = &self.relay.url;
        timeout(self.timing.connect, receive(&mut self.socket, url))
            .await
            .unwrap_or_else(|_| Err(unreachable(url, &"it does not answer")))
    }

    /// Says goodbye. How that goes does not matter.
    pub async fn close(mut self) {
        let _ = timeout(self.timing.silence, self.socket.close(None)).await;
    }
}

/// Connects, checks which relay answers and proves the connection's key. Requests may follow.
pub(super) async fn dial(
    url: &str,
    expected: &Expected,
    key: &Secret,
    way: &Way,
) -> Result<(Socket, RelayAddress), Problem> {
    let stream = proxy::stream(url, way).await?;
    match timeout(way.timing.connect, shake(url, stream, expected, key)).await {
        Ok(done) => done,
        Err(_) => Err(unreachable(url, &"it does not answer")),
    }
}

async fn shake(
    url: &str,
    stream: TcpStream,
    expected: &Expected,
    key: &Secret,
) -> Result<(Socket, RelayAddress), Problem> {
    let mut socket = socket::open(url, stream).await?;
    let key = SigningKey::from_bytes(key.expose());
    let hello = Hello {
        version: PROTOCOL_VERSION,
        key: ConnectionKey(key.verifying_key().to_bytes()),
        nonce: rand::random(),
    };
    send(&mut socket, url, &ClientFrame::Hello(hello.clone())).await?;
    let challenge = match receive(&mut socket, url).await? {
        RelayFrame::Challenge(challenge) => challenge,
        RelayFrame::Goodbye(why) => return Err(farewell(url, &why)),
        _ => return Err(unreachable(url, &"it does not greet as a relay does")),
    };
    let (relay, transcript) = check(url, expected, &hello, &challenge)?;
    let auth = Auth {
        signature: transcript.sign(Side::Device, &key),
    };
    send(&mut socket, url, &ClientFrame::Auth(auth)).await?;
    match receive(&mut socket, url).await? {
        RelayFrame::Ready => Ok((socket, relay)),
        RelayFrame::Goodbye(why) => Err(farewell(url, &why)),
        _ => Err(unreachable(url, &"it does not greet as a relay does")),
    }
}

/// The relay that proved itself, if it is the expected one.
fn check(
    url: &str,
    expected: &Expected,
    hello: &Hello,
    challenge: &Challenge,
) -> Result<(RelayAddress, Transcript), Problem> {
    if challenge.version != PROTOCOL_VERSION {
        return Err(farewell(url, &Refusal::Version(challenge.version)));
    }
    let relay = RelayAddress {
        url: url.to_owned(),
        key: challenge.relay,
    };
    let transcript = Transcript {
        device_nonce: hello.nonce,
        relay_nonce: challenge.nonce,
        connection: hello.key,
        relay: challenge.relay,
    };
    if transcript.verify(Side::Relay, &challenge.signature) && expected.fits(&relay) {
        return Ok((relay, transcript));
    }
    let text = format!("Another relay answers at {url} than the one expected. Check the address.");
    Err(Problem::new(ProblemCode::RelayOther, text))
}

/// What a relay's last word means.
pub(super) fn farewell(url: &str, why: &Refusal) -> Problem {
    match why {
        Refusal::Version(theirs) => {
            let newer = if *theirs > PROTOCOL_VERSION {
                "Snug"
            } else {
                "the relay"
            };
            let text = format!(
                "The relay at {url} speaks version {theirs} of the protocol, this Snug version \
                 {PROTOCOL_VERSION}. Update {newer}."
            );
            Problem::new(ProblemCode::RelayVersion, text)
        }
        Refusal::Leaving => unreachable(url, &"it is shutting down"),
        Refusal::Slow => unreachable(url, &"this computer did not keep up"),
        Refusal::Busy(_) => unreachable(url, &"it is busy"),
        Refusal::Full | Refusal::Disk => unreachable(url, &"it cannot store anything now"),
        other => Problem::new(
            ProblemCode::Broken,
            format!("The relay at {url} ended the connection: {other:?}. Update Snug."),
        ),
    }
}

pub(super) async fn send(
    socket: &mut Socket,
    url: &str,
    frame: &ClientFrame,
) -> Result<(), Problem> {
    socket
        .send(message(frame))
        .await
        .map_err(|e| unreachable(url, &e))
}

pub(super) async fn receive(socket: &mut Socket, url: &str) -> Result<RelayFrame, Problem> {
    loop {
        let received = socket
            .next()
            .await
            .ok_or_else(|| unreachable(url, &"it closed the connection"))?;
        if let Some(frame) = frame(url, &received.map_err(|e| unreachable(url, &e))?)? {
            return Ok(frame);
        }
    }
}
