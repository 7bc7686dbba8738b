//! A connection's beginning: both sides prove a key.

use super::nearby::dial_or_find;
use super::refused::Refused;
use super::socket::{self, Socket, frame, message, unreachable};
use super::{Way, proxy, tls};
use crate::{Problem, ProblemCode};
use ed25519_dalek::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use snug_wire::code::RelayHint;
use snug_wire::frame::{Answer, ClientFrame, Refusal, RelayFrame, Request};
use snug_wire::handshake::{Auth, Challenge, Hello, Side, Transcript};
use snug_wire::{ConnectionKey, PROTOCOL_VERSION, RelayAddress, RelayKey, Secret, Token};
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
    pub fn fits(&self, relay: &RelayAddress) -> bool {
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
    lookup_with(url, None, way).await
}

/// The same of a closed relay, which wants to see this token.
///
/// # Errors
/// As [`lookup`].
pub async fn lookup_with(
    url: &str,
    token: Option<&Token>,
    way: &Way,
) -> Result<RelayAddress, Problem> {
    let key = Secret::new(rand::random());
    let (socket, relay) = dial(url, &Expected::Any, &key, token, way).await?;
    close(socket, way).await;
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
    let key = Secret::new(rand::random());
    let expected = Expected::Named(hint.clone());
    let (mut socket, relay) = dial_or_find(&hint.url, &expected, &key, way).await?;
    let url = &relay.url;
    let answered = async {
        send(&mut socket, url, &ClientFrame::Request(1, request)).await?;
        loop {
            match receive(&mut socket, url).await? {
                RelayFrame::Answer(1, answer) => return Ok(answer),
                RelayFrame::Goodbye(why) => return Err(farewell(url, &why)),
                // A stranger's code chose this relay: what else it says is not kept.
                _ => {}
            }
        }
    };
    let answer = timeout(way.timing.connect, answered)
        .await
        .unwrap_or_else(|_| Err(unreachable(url, &"it does not answer")))?;
    close(socket, way).await;
    Ok((relay, answer))
}

/// Says goodbye. How that goes does not matter.
async fn close(mut socket: Socket, way: &Way) {
    let _ = timeout(way.timing.silence, socket.close(None)).await;
}

/// Connects, checks which relay answers and proves the connection's key. Requests may follow. A token
/// is shown once the relay has proved its own key: this one, or the one kept for it.
pub(super) async fn dial(
    url: &str,
    expected: &Expected,
    key: &Secret,
    token: Option<&Token>,
    way: &Way,
) -> Result<(Socket, RelayAddress), Refused> {
    let stream = proxy::stream(url, way).await?;
    let token = |relay: &RelayKey| token.or_else(|| way.tokens.get(relay)).cloned();
    match timeout(way.timing.connect, shake(url, stream, expected, key, token)).await {
        Ok(done) => done,
        Err(_) => Err(unreachable(url, &"it does not answer").into()),
    }
}

async fn shake(
    url: &str,
    stream: TcpStream,
    expected: &Expected,
    key: &Secret,
    token: impl Fn(&RelayKey) -> Option<Token>,
) -> Result<(Socket, RelayAddress), Refused> {
    let mut socket = socket::open(url, stream, expected).await?;
    let key = SigningKey::from_bytes(key.expose());
    let hello = Hello {
        version: PROTOCOL_VERSION,
        key: ConnectionKey(key.verifying_key().to_bytes()),
        nonce: rand::random(),
    };
    send(&mut socket, url, &ClientFrame::Hello(hello.clone())).await?;
    let challenge = match receive(&mut socket, url).await? {
        RelayFrame::Challenge(challenge) => challenge,
        RelayFrame::Goodbye(why) => return Err(Refused::goodbye(url, &why)),
        _ => return Err(unreachable(url, &"it does not greet as a relay does").into()),
    };
    let (relay, transcript) = check(url, expected, &hello, &challenge)?;
    let auth = Auth {
        signature: transcript.sign(Side::Device, &key),
        token: token(&relay.key),
    };
    send(&mut socket, url, &ClientFrame::Auth(auth)).await?;
    match receive(&mut socket, url).await? {
        RelayFrame::Ready => Ok((socket, relay)),
        RelayFrame::Goodbye(why) => Err(Refused::goodbye(url, &why)),
        _ => Err(unreachable(url, &"it does not greet as a relay does").into()),
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
    Err(tls::other(url))
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
        Refusal::TokenWanted => unreachable(
            url,
            &"it is closed to those without an access token. Ask who runs it for one",
        ),
        Refusal::TokenRefused => unreachable(
            url,
            &"it does not accept this access token. Ask who runs it for another",
        ),
        Refusal::TokenExpired => unreachable(
            url,
            &"the access token for it has expired. Ask who runs it for another",
        ),
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
