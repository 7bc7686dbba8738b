//! What carries the frames of a connection.

use super::connection::{End, parse};
use super::socket_io::Events;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use snug_wire::frame::{ClientFrame, Refusal, RelayFrame};
use snug_wire::{FRAME_LIMIT, encode};
use std::time::Duration;
use tokio::time::timeout;

/// How long saying goodbye may take.
const GOODBYE_TIME: Duration = Duration::from_secs(3);

/// A WebSocket, or what stands in for one where none gets through.
#[expect(clippy::large_enum_variant, reason = "nearly all are WebSockets")]
pub enum Line {
    WebSocket(WebSocket),
    SocketIo(Box<Events>),
}

impl Line {
    /// What comes next; `None` is a sign of life without a frame. May be dropped and asked again.
    pub async fn hear(&mut self) -> Result<Option<Bytes>, End> {
        match self {
            Self::WebSocket(socket) => payload(socket.next().await),
            Self::SocketIo(events) => events.hear().await,
        }
    }

    /// The next frame, pings passed over.
    pub async fn receive(&mut self) -> Result<ClientFrame, End> {
        loop {
            if let Some(bytes) = self.hear().await? {
                return parse(&bytes);
            }
        }
    }

    /// Sends a frame at once.
    pub async fn send(&mut self, frame: &RelayFrame) -> Result<(), End> {
        self.write(&mut vec![encode(frame).into()]).await
    }

    /// Sends many frames, with one flush.
    pub async fn write(&mut self, burst: &mut Vec<Bytes>) -> Result<(), End> {
        match self {
            Self::WebSocket(socket) => {
                for frame in burst.drain(..) {
                    let fed = socket.feed(Message::Binary(frame)).await;
                    fed.map_err(|_| End::Gone)?;
                }
                socket.flush().await.map_err(|_| End::Gone)
            }
            Self::SocketIo(events) => events.write(burst).await,
        }
    }

    /// The last frame, then the closing handshake, which says the same to those who speak WebSocket
    /// alone. What the client had still under way is read and dropped, or the system would reset the
    /// connection and the reason might not arrive.
    pub async fn goodbye(&mut self, reason: Refusal, readable: bool) {
        let close = CloseFrame {
            code: reason.close_code(),
            reason: reason.to_string().into(),
        };
        let farewell = async {
            self.send(&RelayFrame::Goodbye(reason)).await?;
            match self {
                Self::WebSocket(socket) => {
                    let closed = socket.send(Message::Close(Some(close))).await;
                    closed.map_err(|_| End::Gone)?;
                    while readable && matches!(socket.next().await, Some(Ok(_))) {}
                    Ok(())
                }
                Self::SocketIo(events) => events.taken().await,
            }
        };
        // A client that takes no leave is left.
        let _ = timeout(GOODBYE_TIME, farewell).await;
    }
}

fn payload(message: Option<Result<Message, axum::Error>>) -> Result<Option<Bytes>, End> {
    match message {
        Some(Ok(Message::Binary(bytes))) => Ok(Some(bytes)),
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Text(_))) => Err(Refusal::Malformed.into()),
        Some(Ok(Message::Close(_))) | None => Err(End::Gone),
        Some(Err(error)) => Err(broken(error)),
    }
}

fn broken(error: axum::Error) -> End {
    use tungstenite::Error;
    match error.into_inner().downcast::<Error>().as_deref() {
        Ok(Error::Capacity(_)) => End::Broken(Refusal::TooLarge(FRAME_LIMIT as u64)),
        Ok(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
            End::Gone
        }
        Ok(Error::Protocol(_) | Error::Utf8(_)) => End::Broken(Refusal::Malformed),
        _ => End::Gone,
    }
}
