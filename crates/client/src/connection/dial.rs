//! A connection's beginning: both sides prove a key. Where no WebSocket gets through, something stands
//! in for it.

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
    let call = Call::new(url, &Expected::Any, &key, way).showing(token);
    let Dialled { socket, relay, .. } = call.dial().await?;
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
    let dialled = dial_or_find(Call::new(&hint.url, &expected, &key, way)).await?;
    let Dialled {
        mut socket, relay, ..
    } = dialled;
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
    let _ = timeout(way.timing.silence, socket.close()).await;
}

/// What carries frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    WebSocket,
    /// Socket.IO over HTTP.
    Polling,
}

/// A connection that both sides have proved their keys on. Requests may follow.
pub(super) struct Dialled {
    pub socket: Socket,
    pub relay: RelayAddress,
    /// Why it is not a WebSocket, in a few words.
    pub instead: Option<String>,
}

/// Whom to reach, and how to show who one is.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    pub url: &'a str,
    pub expected: &'a Expected,
    /// The connection's.
    pub key: &'a Secret,
    /// Shown once the relay has proved its own key; if there is none, the one kept for it.
    pub token: Option<&'a Token>,
    pub way: &'a Way,
}

impl<'a> Call<'a> {
    /// Without a token of its own.
    pub fn new(url: &'a str, expected: &'a Expected, key: &'a Secret, way: &'a Way) -> Self {
        Self {
            url,
            expected,
            key,
            token: None,
            way,
        }
    }

    /// With this one, if it is one.
    pub fn showing(self, token: Option<&'a Token>) -> Self {
        Self { token, ..self }
    }

    /// Connects over a WebSocket, or if none gets through over HTTP; checks which relay answers and
    /// proves the connection's key.
    pub async fn dial(self) -> Result<Dialled, Refused> {
        let mut refused = match self.dial_by(By::WebSocket).await {
            Err(refused) => refused,
            dialled => return dialled,
        };
        let Some(why) = refused.blocked.take() else {
            return Err(refused);
        };
        match self.dial_by(By::Polling).await {
            Ok(dialled) => Ok(Dialled {
                instead: Some(why),
                ..dialled
            }),
            Err(told) if told.is_told() => Err(told),
            Err(_) => Err(refused),
        }
    }

    /// The same in one way only.
    pub async fn dial_by(self, by: By) -> Result<Dialled, Refused> {
        let stream = match by {
            By::WebSocket => Some(proxy::stream(self.url, self.way).await?),
            By::Polling => None,
        };
        let begun = async {
            let mut socket = match stream {
                Some(stream) => socket::open(self.url, stream, self.expected).await?,
                None => socket::open_polling(self.url, self.way, self.expected).await?,
            };
            let relay = self.shake(&mut socket).await?;
            Ok(Dialled {
                socket,
                relay,
                instead: None,
            })
        };
        match timeout(self.way.timing.connect, begun).await {
            Ok(begun) => begun,
            Err(_) => {
                let why = &"it does not answer";
                Err(Refused::blocked(unreachable(self.url, why), why))
            }
        }
    }

    async fn shake(self, socket: &mut Socket) -> Result<RelayAddress, Refused> {
        let url = self.url;
        let key = SigningKey::from_bytes(self.key.expose());
        let hello = Hello {
            version: PROTOCOL_VERSION,
            key: ConnectionKey(key.verifying_key().to_bytes()),
            nonce: rand::random(),
        };
        // A WebSocket may be let through, and nothing that it carries.
        let cut = |problem| Refused::blocked(problem, &"it is cut at once");
        let said = ClientFrame::Hello(hello.clone());
        send(socket, url, &said).await.map_err(cut)?;
        let challenge = match receive(socket, url).await.map_err(cut)? {
            RelayFrame::Challenge(challenge) => challenge,
            RelayFrame::Goodbye(why) => return Err(Refused::goodbye(url, &why)),
            _ => return Err(unreachable(url, &"it does not greet as a relay does").into()),
        };
        let (relay, transcript) = self.check(&hello, &challenge)?;
        let auth = Auth {
            signature: transcript.sign(Side::Device, &key),
            token: self
                .token
                .or_else(|| self.way.tokens.get(&relay.key))
                .cloned(),
        };
        send(socket, url, &ClientFrame::Auth(auth)).await?;
        match receive(socket, url).await? {
            RelayFrame::Ready => Ok(relay),
            RelayFrame::Goodbye(why) => Err(Refused::goodbye(url, &why)),
            _ => Err(unreachable(url, &"it does not greet as a relay does").into()),
        }
    }

    /// The relay that proved itself, if it is the expected one.
    fn check(
        self,
        hello: &Hello,
        challenge: &Challenge,
    ) -> Result<(RelayAddress, Transcript), Problem> {
        if challenge.version != PROTOCOL_VERSION {
            return Err(farewell(self.url, &Refusal::Version(challenge.version)));
        }
        let relay = RelayAddress {
            url: self.url.to_owned(),
            key: challenge.relay,
        };
        let transcript = Transcript {
            device_nonce: hello.nonce,
            relay_nonce: challenge.nonce,
            connection: hello.key,
            relay: challenge.relay,
        };
        if transcript.verify(Side::Relay, &challenge.signature) && self.expected.fits(&relay) {
            return Ok((relay, transcript));
        }
        Err(tls::other(self.url))
    }
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
