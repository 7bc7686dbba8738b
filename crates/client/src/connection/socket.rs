//! A WebSocket that carries frames.

use super::dial::Expected;
use super::refused::Refused;
use super::stream::Stream;
use super::tls;
use crate::{Problem, ProblemCode};
use snug_wire::frame::{ClientFrame, RelayFrame};
use snug_wire::{FRAME_LIMIT, decode, encode};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::http::Response;
use tokio_tungstenite::tungstenite::http::header::RETRY_AFTER;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

pub(super) type Socket = WebSocketStream<MaybeTlsStream<Stream>>;

/// Small buffers: they grow with a large frame, and idle connections cost little.
const BUFFER: usize = 4096;
/// Most bytes waiting to be written: a few of the largest frames.
const WRITE_LIMIT: usize = 4 * FRAME_LIMIT;

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
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(answered(url, &response)),
        Err(Error::Io(error)) => {
            let problem = tls::problem(url, &error);
            Err(problem.unwrap_or_else(|| unreachable(url, &error)).into())
        }
        Err(error) => Err(unreachable(url, &error).into()),
    }
}

/// What it means that something else than a WebSocket was the answer: a relay that takes nobody now
/// says when to come again (`docs/PROTOCOL.md`, 2).
fn answered(url: &str, response: &Response<Option<Vec<u8>>>) -> Refused {
    let seconds = response.headers().get(RETRY_AFTER);
    let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
    match (response.status().as_u16(), seconds) {
        (429 | 503, Some(seconds)) => Refused {
            problem: unreachable(url, &"it takes no connection now"),
            at_least: Duration::from_secs(seconds),
        },
        _ => {
            let text = format!("What answers at {url} is not a Snug relay. Check the address.");
            Problem::new(ProblemCode::RelayUnreachable, text).into()
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
