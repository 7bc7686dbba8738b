//! Socket.IO 5 over Engine.IO 4, for networks that let no WebSocket through: the very same frames, in
//! events. `docs/PROTOCOL.md`, 2, says how.
//!
//! Events are acknowledged when what they carry was taken, where that is asked for, and either side has
//! only so much unacknowledged. The heartbeat is Engine.IO's own.

use super::Shared;
use super::connection::{self, End};
use super::line::Line;
use super::seats::{Seat, Seats};
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware;
use axum::response::Response;
use futures_util::StreamExt as _;
use futures_util::future::{self, BoxFuture, FutureExt as _, Ready, ready};
use futures_util::stream::FuturesUnordered;
use snug_wire::FRAME_LIMIT;
use snug_wire::frame::Refusal;
use socketioxide::extract::{AckSender, Data, SocketRef};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::{AckError, ParserConfig, SendError, SocketError, SocketIo, TransportType};
use std::collections::VecDeque;
use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

/// Where it is.
pub const PATH: &str = "/socket.io/";
/// The one kind of event: an array of frames, empty for a sign of life.
const EVENT: &str = "frames";
/// The largest request or answer of HTTP: the largest frame in base64, with room for others. Engine.IO's
/// own default of 100 kB would end connections.
pub const PAYLOAD: u64 = 2 * FRAME_LIMIT as u64;
/// A sign of life is asked for as often.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// Of a WebSocket that Socket.IO upgrades to; its default would be held by every connection.
const SOCKET_BUFFER: usize = 4 << 10;
/// Packets that may wait to be sent: events, acknowledgements and pings.
const PACKETS: usize = 512;
/// Events that may wait to be read. Each is acknowledged only then.
const WAITING: usize = 128;
/// The same in bytes: what a client may have unacknowledged.
const WAITING_BYTES: usize = 2 * FRAME_LIMIT;
/// The frames of one event, in bytes: the largest one, and some small ones.
const EVENT_BYTES: usize = FRAME_LIMIT + (64 << 10);
/// Frames that leave in one event.
const TOGETHER: usize = 256;
/// About so many bytes of them.
const TOGETHER_BYTES: usize = 64 << 10;
/// No more events leave while as much is unacknowledged.
const UNACKNOWLEDGED: Load = Load {
    events: PACKETS / 2,
    bytes: 256 << 10,
};
/// An acknowledgement is asked for every so much: it costs as much as an event.
const UNASKED: Load = Load {
    events: 32,
    bytes: 64 << 10,
};

/// Bodies of HTTP from so many bytes on are compressed, if the client takes that.
const COMPRESSED: u16 = 1_024;

/// What answers at [`PATH`], and what ends it. A request that begins a connection must have a [`Seat`]
/// among its extensions.
pub fn routes(shared: &Arc<Shared>, seats: &Arc<Seats>) -> (Router<Arc<Shared>>, SocketIo) {
    let builder = match shared.settings.access.socket_io_websocket {
        true => SocketIo::builder(),
        false => SocketIo::builder().transports([TransportType::Polling]),
    };
    let (service, io) = builder
        .req_path(PATH.trim_end_matches('/'))
        .ping_interval(HEARTBEAT)
        .ping_timeout(shared.times.silence)
        .connect_timeout(shared.times.handshake)
        .ack_timeout(shared.times.silence)
        .max_payload(PAYLOAD)
        .max_buffer_size(PACKETS)
        .ws_read_buffer_size(SOCKET_BUFFER)
        .ws_max_message_size(FRAME_LIMIT)
        .ws_max_frame_size(FRAME_LIMIT)
        .with_parser(
            ParserConfig::common()
                .max_incoming_binary_buf_size(EVENT_BYTES)
                .max_incoming_binaries(WAITING)
                .packet_completion_timeout(HEARTBEAT),
        )
        .build_svc();
    // Weak: connections that end by themselves must not keep a relay that has stopped.
    let shared = Arc::downgrade(shared);
    let joined = move |socket: SocketRef| joined(socket, &shared);
    let seats = Arc::clone(seats);
    let joins = move |socket: SocketRef| joins(socket, &seats);
    io.ns("/", joined.with(joins));
    // Base64 makes bodies larger by a third, which this takes away again (`docs/decisions/0017-where-no-web-socket-gets-through.md`).
    let compression = CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(COMPRESSED));
    let routes = Router::new().route_service(PATH, service);
    let fresh = middleware::map_response(|mut answer: Response| {
        // Every poll is the same request: what keeps web pages must not answer for the relay.
        let no_store = HeaderValue::from_static("no-store");
        answer.headers_mut().insert(CACHE_CONTROL, no_store);
        ready(answer)
    });
    (routes.layer(compression).layer(fresh), io)
}

fn seat(socket: &SocketRef) -> Option<Arc<Seat>> {
    socket.req_parts().extensions.get::<Arc<Seat>>().cloned()
}

/// Before the client is told that it has joined, and may say something.
fn joins(socket: SocketRef, seats: &Seats) -> Ready<Result<(), &'static str>> {
    ready(match seat(&socket) {
        Some(seat) if !seat.taken.swap(true, SeqCst) => {
            seats.name(socket.id.to_string(), &seat);
            *begun(&seat) = Some(Inward::of(&socket));
            Ok(())
        }
        _ => Err("one connection, one place"),
    })
}

fn begun(seat: &Seat) -> MutexGuard<'_, Option<Inward>> {
    seat.begun.lock().unwrap_or_else(PoisonError::into_inner)
}

/// After it, when something may be said to the client.
fn joined(socket: SocketRef, shared: &Weak<Shared>) -> Ready<()> {
    let seat = seat(&socket);
    let inward = seat.and_then(|seat| Some((begun(&seat).take()?, Arc::clone(&seat))));
    if let (Some(shared), Some((inward, seat))) = (shared.upgrade(), inward) {
        let events = Events::new(socket, inward);
        let connections = shared.connections.clone();
        connections.spawn(async move {
            let mut line = Line::SocketIo(Box::new(events));
            connection::serve(&mut line, &shared, Arc::clone(&seat.pass), &shared.leaving).await;
            seat.over.store(true, SeqCst);
        });
    }
    ready(())
}

/// What came in one event.
struct Came {
    frames: Vec<Bytes>,
    ack: AckSender,
}

/// What the engine's side knows of a connection.
struct Taker {
    came: mpsc::Sender<Came>,
    /// That came and were not acknowledged.
    bytes: Arc<AtomicUsize>,
    ended: CancellationToken,
    flooded: Arc<AtomicBool>,
}

impl Taker {
    /// Called in the order of the events.
    fn take(&self, frames: Vec<Bytes>, ack: AckSender) {
        let len: usize = frames.iter().map(Bytes::len).sum();
        let before = self.bytes.fetch_add(len, SeqCst);
        let fits = before + len <= WAITING_BYTES || before == 0;
        if !fits || self.came.try_send(Came { frames, ack }).is_err() {
            self.flooded.store(true, SeqCst);
            self.ended.cancel();
        }
    }
}

/// What comes from a client. Holds nothing of its connection, which may hold this.
pub struct Inward {
    came: mpsc::Receiver<Came>,
    bytes: Arc<AtomicUsize>,
    ended: CancellationToken,
    flooded: Arc<AtomicBool>,
}

impl Inward {
    fn of(socket: &SocketRef) -> Self {
        let (sender, came) = mpsc::channel(WAITING);
        let inward = Self {
            came,
            bytes: Arc::default(),
            ended: CancellationToken::new(),
            flooded: Arc::default(),
        };
        let taker = Arc::new(Taker {
            came: sender,
            bytes: Arc::clone(&inward.bytes),
            ended: inward.ended.clone(),
            flooded: Arc::clone(&inward.flooded),
        });
        socket.on(
            EVENT,
            move |Data(frames): Data<Vec<Bytes>>, ack: AckSender| {
                taker.take(frames, ack);
                ready(())
            },
        );
        let gone = inward.ended.clone();
        socket.on_disconnect(move || {
            gone.cancel();
            ready(())
        });
        inward
    }
}

/// A client that joined the default namespace.
pub struct Events {
    socket: SocketRef,
    inward: Inward,
    /// Of the event that is being read.
    frames: VecDeque<Bytes>,
    ack: Option<AckSender>,
    held: usize,
    /// Events on their way up to one that is to be acknowledged; whether that was taken.
    sent: FuturesUnordered<BoxFuture<'static, (Load, bool)>>,
    unacknowledged: Load,
    /// Of it, since the last one that is to be acknowledged.
    unasked: Load,
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.socket.clone().disconnect();
    }
}

impl Events {
    fn new(socket: SocketRef, inward: Inward) -> Self {
        Self {
            socket,
            inward,
            frames: VecDeque::new(),
            ack: None,
            held: 0,
            sent: FuturesUnordered::new(),
            unacknowledged: Load::default(),
            unasked: Load::default(),
        }
    }

    /// As [`Line::hear`].
    pub async fn hear(&mut self) -> Result<Option<Bytes>, End> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Ok(Some(frame));
            }
            self.acknowledge()?;
            if self.inward.flooded.load(Relaxed) {
                return Err(Refusal::Busy(0).into());
            }
            let came = tokio::select! {
                biased;
                // What came before the end is heard before it.
                Some(came) = self.inward.came.recv() => came,
                () = self.inward.ended.cancelled() => return Err(match self.inward.flooded.load(Relaxed) {
                    true => Refusal::Busy(0).into(),
                    false => End::Gone,
                }),
            };
            self.held = came.frames.iter().map(Bytes::len).sum();
            self.frames = came.frames.into();
            self.ack = Some(came.ack);
            if self.frames.is_empty() {
                return Ok(None);
            }
        }
    }

    /// What came last was taken.
    fn acknowledge(&mut self) -> Result<(), End> {
        let Some(ack) = self.ack.take() else {
            return Ok(());
        };
        let held = std::mem::take(&mut self.held);
        self.inward.bytes.fetch_sub(held, SeqCst);
        match ack.send(&()) {
            // The client would wait for it for ever.
            Err(SendError::Socket(SocketError::InternalChannelFull)) => Err(Refusal::Slow.into()),
            // Who has gone needs none.
            _ => Ok(()),
        }
    }

    /// As [`Line::write`].
    pub async fn write(&mut self, burst: &mut Vec<Bytes>) -> Result<(), End> {
        let mut rest = burst.drain(..).peekable();
        while rest.peek().is_some() {
            let (mut together, mut bytes) = (Vec::new(), 0);
            while together.len() < TOGETHER
                && bytes < TOGETHER_BYTES
                && let Some(frame) = rest.next()
            {
                bytes += frame.len();
                together.push(frame);
            }
            self.emit(&together, bytes).await?;
        }
        Ok(())
    }

    async fn emit(&mut self, frames: &Vec<Bytes>, bytes: usize) -> Result<(), End> {
        while let Some(Some((load, taken))) = self.sent.next().now_or_never() {
            self.settle(load, taken)?;
        }
        while self.unacknowledged.is_over(UNACKNOWLEDGED) {
            self.one_taken().await?;
        }
        self.unacknowledged.add(bytes);
        self.unasked.add(bytes);
        if self.unasked.is_over(UNASKED) {
            return self.emit_asking(frames);
        }
        let sent = self.socket.emit(EVENT, frames);
        sent.map_err(|_| End::Gone)
    }

    /// Of all since the last one that was asked for.
    fn emit_asking(&mut self, frames: &Vec<Bytes>) -> Result<(), End> {
        let sent = self.socket.emit_with_ack::<_, Vec<()>>(EVENT, frames);
        let sent = sent.map_err(|_| End::Gone)?;
        let load = std::mem::take(&mut self.unasked);
        let taken = future::FutureExt::map(sent, move |answer| (load, !is_missing(&answer)));
        self.sent.push(taken.boxed());
        Ok(())
    }

    /// Waits until all that was sent was taken.
    pub async fn taken(&mut self) -> Result<(), End> {
        self.emit_asking(&Vec::new())?;
        while !self.sent.is_empty() {
            self.one_taken().await?;
        }
        Ok(())
    }

    async fn one_taken(&mut self) -> Result<(), End> {
        // Who was too quick is still there, and told so.
        let is_there = self.inward.flooded.load(Relaxed);
        tokio::select! {
            () = self.inward.ended.cancelled(), if !is_there => Err(End::Gone),
            Some((load, taken)) = self.sent.next() => self.settle(load, taken),
            else => Ok(()),
        }
    }

    fn settle(&mut self, load: Load, taken: bool) -> Result<(), End> {
        self.unacknowledged.events -= load.events;
        self.unacknowledged.bytes -= load.bytes;
        if taken {
            Ok(())
        } else {
            Err(Refusal::Slow.into())
        }
    }
}

/// Events, and the bytes of their frames.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    events: usize,
    bytes: usize,
}

impl Load {
    fn add(&mut self, bytes: usize) {
        self.events += 1;
        self.bytes += bytes;
    }

    fn is_over(&self, most: Self) -> bool {
        self.events >= most.events || self.bytes >= most.bytes
    }
}

/// Whether no acknowledgement came. What it says does not matter.
fn is_missing<T>(answer: &Result<T, AckError>) -> bool {
    matches!(answer, Err(AckError::Timeout | AckError::Socket(_)))
}
