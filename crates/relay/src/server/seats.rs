//! Who may begin a connection over Socket.IO, and what its requests may bring.
//!
//! The library behind it reads bodies without a common bound, keeps what it answers to unknown
//! namespaces, and lets a client that has left its namespace stay. So bodies are read here, one at a time
//! for each connection and only so many bytes for all, and who has ended gets no answer any more, which
//! its heartbeat notices.

use super::Shared;
use super::gate::Pass;
use super::http::Caller;
use super::socket_io::{Inward, PAYLOAD};
use axum::body::{Body, to_bytes};
use axum::extract::{Extension, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Mutex as Turn, Semaphore};
use tokio::time::timeout;

/// Bytes of bodies that are read at a time, of all connections.
const BODIES: usize = 256 << 20;
/// For a body to come.
const BODY_TIME: Duration = Duration::from_secs(60);

/// A place that is kept for a connection of Engine.IO as long as that lasts.
pub struct Seat {
    pub pass: Arc<Pass>,
    /// Joined, and perhaps ended since: nobody joins twice.
    pub taken: AtomicBool,
    /// It has ended: its requests get no answer any more.
    pub over: AtomicBool,
    /// What came since it joined, until somebody listens.
    pub begun: Mutex<Option<Inward>>,
    posting: Turn<()>,
}

impl Seat {
    fn new(pass: Pass) -> Arc<Self> {
        Arc::new(Self {
            pass: Arc::new(pass),
            taken: AtomicBool::new(false),
            over: AtomicBool::new(false),
            begun: Mutex::default(),
            posting: Turn::default(),
        })
    }
}

/// All of them, by the name that Engine.IO gave their connections.
#[derive(Default)]
pub struct Seats(Mutex<HashMap<String, Weak<Seat>>>);

impl Seats {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Weak<Seat>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on requests under this name are that one's.
    pub fn name(&self, name: String, seat: &Arc<Seat>) {
        let mut all = self.all();
        // Now and then those that have gone go.
        if all.len() == all.capacity() {
            all.retain(|_, seat| seat.strong_count() > 0);
        }
        all.insert(name, Arc::downgrade(seat));
    }

    fn of(&self, name: &str) -> Option<Arc<Seat>> {
        self.all().get(name).and_then(Weak::upgrade)
    }
}

/// What judging a request needs.
#[derive(Clone)]
pub struct Judge {
    shared: Arc<Shared>,
    seats: Arc<Seats>,
    bodies: Arc<Semaphore>,
}

impl Judge {
    pub fn new(shared: &Arc<Shared>, seats: &Arc<Seats>) -> Self {
        Self {
            shared: Arc::clone(shared),
            seats: Arc::clone(seats),
            bodies: Arc::new(Semaphore::new(BODIES)),
        }
    }

    /// The body, if it is one that may come, and room for it until it has been dealt with.
    async fn body(&self, request: Request) -> Result<(Request, impl Drop + use<>), StatusCode> {
        let (parts, body) = request.into_parts();
        let length = parts.headers.get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<u32>().ok());
        let length = length.ok_or(StatusCode::LENGTH_REQUIRED)?;
        if u64::from(length) > PAYLOAD {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let read = async {
            let room = Arc::clone(&self.bodies).acquire_many_owned(length).await;
            let room = room.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
            let bytes = to_bytes(body, PAYLOAD as usize).await;
            Ok((bytes.map_err(|_| StatusCode::BAD_REQUEST)?, room))
        };
        let read = timeout(BODY_TIME, read).await;
        let (bytes, room) = read.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))?;
        // There is one namespace.
        let mut packets = bytes.split(|byte| *byte == 0x1e);
        if packets.any(|packet| packet.starts_with(b"40/")) {
            return Err(StatusCode::BAD_REQUEST);
        }
        Ok((Request::from_parts(parts, Body::from(bytes)), room))
    }
}

/// Lets a connection begin, if whoever asks may; later requests name it.
pub async fn admit(
    State(judge): State<Judge>,
    Extension(caller): Extension<Caller>,
    mut request: Request,
    next: Next,
) -> Response {
    let shared = &judge.shared;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let value = |name: &str| query.split('&').find_map(|part| part.strip_prefix(name));
    if let Some(name) = value("sid=") {
        let seat = judge.seats.of(name);
        if seat.as_ref().is_some_and(|seat| seat.over.load(Relaxed)) {
            return StatusCode::BAD_REQUEST.into_response();
        }
        let answer = if request.method() == Method::POST {
            // One that has not joined has no name yet, and little to say.
            let _turn = match &seat {
                None => None,
                Some(seat) => match seat.posting.try_lock() {
                    Ok(turn) => Some(turn),
                    Err(_) => return StatusCode::BAD_REQUEST.into_response(),
                },
            };
            match judge.body(request).await {
                Ok((request, _room)) => next.run(request).await,
                Err(status) => return status.into_response(),
            }
        } else {
            next.run(request).await
        };
        if answer.status().is_success() {
            caller.lasts.store(true, Relaxed);
        }
        return answer;
    }
    // Other versions, and other methods, begin none.
    let is_web_socket = value("transport=") == Some("websocket");
    let has_version = query.split('&').any(|part| part == "EIO=4");
    if request.method() != Method::GET || !has_version {
        return StatusCode::BAD_REQUEST.into_response();
    }
    // Only what becomes a WebSocket takes the place of its stream.
    let handed = caller.handed.as_deref().filter(|_| is_web_socket);
    match shared.let_in(&caller, request.headers(), handed) {
        Ok(pass) => request.extensions_mut().insert(Seat::new(pass)),
        Err(no) => return *no,
    };
    let answer = next.run(request).await;
    match is_web_socket && answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        // Its place was given back: it is not to stay.
        true => super::http::last(answer),
        false => answer,
    }
}
