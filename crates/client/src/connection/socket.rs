//! What carries frames: a WebSocket, or what stands in for one.

use super::dial::Expected;
use super::polling::{Closed, Polling};
use super::refused::Refused;
use super::stream::{Heard, Stream};
use super::{Way, proxy, tls};
use crate::{Problem, ProblemCode};
use futures_util::{Sink, SinkExt as _, StreamExt as _};
use rustls::ClientConfig;
use snug_wire::frame::{ClientFrame, RelayFrame};
use snug_wire::{FRAME_LIMIT, decode, encode};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::http::header::RETRY_AFTER;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

/// A stream and sink of messages, whatever is below.
pub(super) enum Socket {
    WebSocket(Box<WebSocketStream<MaybeTlsStream<Stream>>>),
    Polling(Box<Polling>),
}

impl Socket {
    /// When bytes last came.
    pub fn heard(&self) -> Heard {
        match self {
            Self::WebSocket(socket) => Heard::on(socket.get_ref()),
            Self::Polling(polling) => polling.heard(),
        }
    }
}

impl futures_util::Stream for Socket {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.poll_next_unpin(cx),
            Self::Polling(polling) => polling.poll_next_unpin(cx),
        }
    }
}

impl Sink<Message> for Socket {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.poll_ready_unpin(cx),
            Self::Polling(polling) => polling.poll_ready_unpin(cx),
        }
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.start_send_unpin(message),
            Self::Polling(polling) => polling.start_send_unpin(message),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.poll_flush_unpin(cx),
            Self::Polling(polling) => polling.poll_flush_unpin(cx),
        }
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.get_mut() {
            Self::WebSocket(socket) => socket.poll_close_unpin(cx),
            Self::Polling(polling) => polling.poll_close_unpin(cx),
        }
    }
}

/// Small buffers: they grow with a large frame, and idle connections cost little.
const BUFFER: usize = 4096;
/// Most bytes waiting to be written: a few of the largest frames.
const WRITE_LIMIT: usize = 4 * FRAME_LIMIT;

/// A relay closes a stream of HTTP on which nothing was asked for 10 s.
const HTTP_IDLE: Duration = Duration::from_secs(5);
/// Without a byte of an answer: relays ping every 25 s.
const HTTP_SILENCE: Duration = Duration::from_secs(60);

/// Opens a WebSocket to `ws://…` or `wss://…` over a stream to it, with TLS as that relay is expected to
/// have it.
pub(super) async fn open(
    url: &str,
    stream: TcpStream,
    expected: &Expected,
) -> Result<Socket, Refused> {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(WRITE_LIMIT)
        .max_message_size(Some(FRAME_LIMIT))
        .max_frame_size(Some(FRAME_LIMIT));
    let connector = match url.starts_with("wss://") {
        true => Some(Connector::Rustls(tls::config(expected)?)),
        false => None,
    };
    let stream = Stream::new(stream);
    match client_async_tls_with_config(url, stream, Some(config), connector).await {
        Ok((socket, _)) => Ok(Socket::WebSocket(Box::new(socket))),
        Err(Error::Http(response)) => {
            let seconds = response.headers().get(RETRY_AFTER);
            let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
            Err(answered(url, response.status().as_u16(), seconds))
        }
        Err(error) => Err(match tls::problem(url, &error) {
            // Nothing else would get through to the right one.
            Some(problem) => problem.into(),
            None => Refused::blocked(unreachable(url, &error), &error),
        }),
    }
}

/// Opens what stands in for a WebSocket, to the same address.
pub(super) async fn open_polling(
    url: &str,
    way: &Way,
    expected: &Expected,
) -> Result<Socket, Refused> {
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(ClientConfig::clone(tls::config(expected)?.as_ref()))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .pool_idle_timeout(HTTP_IDLE)
        .read_timeout(HTTP_SILENCE)
        .http1_only();
    let http = match proxy::gate(url, &way.proxy)? {
        Some(gate) => http.proxy(gate.for_requests().map_err(Problem::broken)?),
        None => http.no_proxy(),
    };
    let http = http.build().map_err(Problem::broken)?;
    match Polling::open(http, &url.replacen("ws", "http", 1)).await {
        Ok(polling) => Ok(Socket::Polling(Box::new(polling))),
        Err(Closed::Answer(status, seconds)) => Err(answered(url, status, seconds)),
        Err(Closed::Failed(why)) => Err(unreachable(url, &why).into()),
    }
}

/// What it means that something else than a relay's answer came: a relay that takes nobody now says when
/// to come again (`docs/PROTOCOL.md`, 2).
fn answered(url: &str, status: u16, seconds: Option<u64>) -> Refused {
    match (status, seconds) {
        (429 | 503, Some(seconds)) => Refused {
            problem: unreachable(url, &"it takes no connection now"),
            at_least: Duration::from_secs(seconds),
            blocked: None,
        },
        _ => {
            let text = format!("What answers at {url} is not a Snug relay. Check the address.");
            let problem = Problem::new(ProblemCode::RelayUnreachable, text);
            Refused::blocked(problem, &format!("the answer is HTTP {status}"))
        }
    }
}

pub(super) fn unreachable(url: &str, why: &dyn std::fmt::Display) -> Problem {
    let text = format!("The relay at {url} cannot be reached: {why}.");
    Problem::new(ProblemCode::RelayUnreachable, text)
}

/// A frame as a message.
pub(super) fn message(frame: &ClientFrame) -> Message {
    Message::binary(encode(frame))
}

/// The frame in a message; `None` in one that carries none, as a pong does.
pub(super) fn frame(url: &str, message: &Message) -> Result<Option<RelayFrame>, Problem> {
    match message {
        Message::Binary(bytes) => decode(bytes, FRAME_LIMIT).map(Some).map_err(|error| {
            let text = format!("The relay at {url} sent what is not a frame: {error}.");
            Problem::new(ProblemCode::RelayUnreachable, text)
        }),
        Message::Close(_) => Err(unreachable(url, &"it closed the connection")),
        _ => Ok(None),
    }
}
