//! One connection: a task that reads requests and writes frames.

use super::Shared;
use super::handshake::handshake;
use super::outgoing::{Frames, queue};
use super::writer::Input;
use crate::core::{Job, Peer};
use axum::body::Bytes;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{SinkExt as _, StreamExt as _};
use snug_wire::frame::{ClientFrame, Refusal, RelayFrame};
use snug_wire::{FRAME_LIMIT, decode, encode};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

/// Bytes of requests, over all connections, that may wait for the writer. When as many do,
/// connections are read no further until some are done.
pub const IN_FLIGHT: usize = 64 << 20;
/// What a request counts at least: about what it holds in memory.
const LEAST_REQUEST: usize = 512;
/// How long a client may take to prove its key.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);
/// How long a connection may be silent. Devices send a WebSocket ping far more often.
const SILENCE: Duration = Duration::from_secs(90);
/// How long saying goodbye may take.
const GOODBYE_TIME: Duration = Duration::from_secs(1);
/// Frames written at once.
const BURST: usize = 256;

/// How a connection ends.
#[derive(Debug)]
pub enum End {
    /// The client has gone, or the network.
    Gone,
    /// The relay ends it, saying why.
    Said(Refusal),
    /// The same, after bytes that cannot be read on from.
    Broken(Refusal),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Said(refusal)
    }
}

/// Serves a connection to its end.
pub async fn serve(mut socket: WebSocket, shared: &Shared) {
    let begun = tokio::select! {
        () = shared.leaving.cancelled() => Err(Refusal::Leaving.into()),
        // What only its beginning and its end need is not kept by every connection: so the boxes.
        begun = timeout(HANDSHAKE_TIME, Box::pin(handshake(&mut socket, shared))) => {
            begun.unwrap_or(Err(Refusal::NotProved.into()))
        }
    };
    let end = match begun {
        Ok(()) => authenticated(&mut socket, shared).await,
        Err(end) => end,
    };
    match end {
        End::Gone => {}
        End::Said(reason) => Box::pin(goodbye(socket, reason, true)).await,
        End::Broken(reason) => Box::pin(goodbye(socket, reason, false)).await,
    }
}

async fn authenticated(socket: &mut WebSocket, shared: &Shared) -> End {
    let peer = Peer(shared.next_peer.fetch_add(1, Ordering::Relaxed));
    let (outgoing, mut frames) = queue();
    if shared
        .writer
        .send(Input::Joined(peer, outgoing))
        .await
        .is_err()
    {
        return Refusal::Leaving.into();
    }
    let end = {
        let cut = frames.cut();
        tokio::select! {
            end = talk(socket, shared, peer, &mut frames) => end,
            () = cut => Refusal::Slow.into(),
            () = shared.leaving.cancelled() => Refusal::Leaving.into(),
        }
    };
    // Fails only when the writer has ended, and with it all it knew.
    let _ = shared.writer.send(Input::Left(peer)).await;
    end
}

/// Reads and writes until something ends it.
async fn talk(socket: &mut WebSocket, shared: &Shared, peer: Peer, frames: &mut Frames) -> End {
    let mut burst = Vec::new();
    let mut heard = Instant::now();
    let mut silent = pin!(sleep_until(heard + SILENCE));
    loop {
        let done = tokio::select! {
            count = frames.take(&mut burst, BURST) => match count {
                0 => Err(Refusal::Leaving.into()),
                _ => timeout(SILENCE, write(socket, shared, peer, frames, &mut burst))
                    .await
                    .unwrap_or(Err(End::Gone)),
            },
            message = socket.next() => {
                heard = Instant::now();
                read(message, shared, peer).await
            }
            // Moved only when it comes, so that a message costs no timer.
            () = &mut silent => {
                silent.as_mut().reset(heard + SILENCE);
                if heard.elapsed() < SILENCE { Ok(()) } else { Err(End::Gone) }
            }
        };
        if let Err(end) = done {
            return end;
        }
    }
}

/// Many frames, one flush.
async fn write(
    socket: &mut WebSocket,
    shared: &Shared,
    peer: Peer,
    frames: &Frames,
    burst: &mut Vec<Bytes>,
) -> Result<(), End> {
    let bytes = burst.iter().map(Bytes::len).sum();
    for frame in burst.drain(..) {
        socket
            .feed(Message::Binary(frame))
            .await
            .map_err(|_| End::Gone)?;
    }
    socket.flush().await.map_err(|_| End::Gone)?;
    // An idle connection keeps no large buffer.
    burst.shrink_to(1);
    if frames.sent(bytes) {
        hand_over(shared, Input::Room(peer)).await?;
    }
    Ok(())
}

async fn read(
    message: Option<Result<Message, axum::Error>>,
    shared: &Shared,
    peer: Peer,
) -> Result<(), End> {
    let Some(bytes) = payload(message)? else {
        return Ok(());
    };
    let size = bytes.len().max(LEAST_REQUEST) as u32;
    let ClientFrame::Request(number, request) = parse(&bytes)? else {
        return Err(Refusal::Malformed.into());
    };
    let in_flight = Arc::clone(&shared.in_flight);
    let Ok(held) = in_flight.acquire_many_owned(size).await else {
        return Err(Refusal::Leaving.into());
    };
    hand_over(
        shared,
        Input::Asked(
            Job {
                peer,
                number,
                request,
            },
            held,
        ),
    )
    .await
}

async fn hand_over(shared: &Shared, input: Input) -> Result<(), End> {
    shared
        .writer
        .send(input)
        .await
        .map_err(|_| Refusal::Leaving.into())
}

/// The next frame, pings passed over.
pub async fn receive(socket: &mut WebSocket) -> Result<ClientFrame, End> {
    loop {
        if let Some(bytes) = payload(socket.next().await)? {
            return parse(&bytes);
        }
    }
}

/// Sends a frame at once.
pub async fn send(socket: &mut WebSocket, frame: &RelayFrame) -> Result<(), End> {
    let message = Message::Binary(encode(frame).into());
    socket.send(message).await.map_err(|_| End::Gone)
}

fn parse(bytes: &[u8]) -> Result<ClientFrame, End> {
    decode(bytes, FRAME_LIMIT).map_err(|_| Refusal::Malformed.into())
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

/// The last frame, then the closing handshake. What the client had still under way is read
/// and dropped, or the system would reset the connection and the reason might not arrive.
async fn goodbye(mut socket: WebSocket, reason: Refusal, readable: bool) {
    let farewell = async {
        send(&mut socket, &RelayFrame::Goodbye(reason)).await?;
        socket
            .send(Message::Close(None))
            .await
            .map_err(|_| End::Gone)?;
        while readable && matches!(socket.next().await, Some(Ok(_))) {}
        Ok::<_, End>(())
    };
    // A client that takes no leave is left.
    let _ = timeout(GOODBYE_TIME, farewell).await;
}
