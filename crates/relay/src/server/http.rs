//! Accepting: `/` becomes a WebSocket, and `/socket.io/` a connection of Socket.IO, if whoever asks may; the
//! rest is for operators.

use super::forwarded::{Origin, origin};
use super::gate::{Closed, Knock, Pass};
use super::line::Line;
use super::seats::{Judge, Seats, admit};
use super::socket_io;
use super::stats::Away;
use super::{LAST, Shared, connection, operator, origins};
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::http::header::{CONNECTION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use snug_wire::FRAME_LIMIT;
use socketioxide::SocketIo;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

/// The default of 128 KiB would be held by every idle connection.
const SOCKET_BUFFER: usize = 4 << 10;
/// Bytes that may wait to be written to one socket: a frame of the largest, and room for answers to
/// pings beside it. While it is full a ping is answered late, and only the last one of several.
const WRITE_LIMIT: usize = FRAME_LIMIT + (64 << 10);
/// How long to wait when the system has no more sockets to give.
const NO_SOCKETS: Duration = Duration::from_millis(100);
/// Largest head of a request, in bytes.
const HEAD: usize = 16 << 10;
/// How long anybody may go on about anything but a WebSocket or a connection of Socket.IO.
const HTTP_TIME: Duration = Duration::from_secs(60);
/// When to come again if there is no better answer.
const LATER: Duration = Duration::from_secs(5);

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    pub origin: Origin,
    /// Of the stream, if that was counted under this address.
    pub handed: Option<Arc<AtomicBool>>,
    /// Whether the stream carries a connection of Socket.IO; looked at now and then, and forgotten.
    pub lasts: Arc<AtomicBool>,
    /// Of where they came in.
    leaving: CancellationToken,
}

/// Where people come in, and until when.
#[derive(Clone)]
pub struct Entrance {
    /// TLS, where there is any.
    pub tls: Option<TlsAcceptor>,
    /// Connections that came in here are to take their leave, and no new one begins.
    pub leaving: CancellationToken,
    /// Nobody is listened to here any more.
    pub closing: CancellationToken,
    /// For devices in the local network, and for nobody else.
    pub is_outside: bool,
}

/// How a stream becomes a conversation.
struct Door {
    shared: Arc<Shared>,
    router: Router,
    entrance: Entrance,
}

/// Takes connections until the entrance closes.
pub fn accept(listener: TcpListener, shared: &Arc<Shared>, entrance: Entrance) -> JoinHandle<()> {
    let (mut router, mut socket_io) = (Router::new(), None);
    if !entrance.is_outside {
        // Nothing within a local network keeps WebSockets out.
        let seats = Arc::new(Seats::default());
        let (routes, io) = socket_io::routes(shared, &seats);
        let admit = middleware::from_fn_with_state(Judge::new(shared, &seats), admit);
        router = routes
            .route_layer(admit)
            .merge(operator::routes(&shared.settings.operator));
        socket_io = Some(io);
    }
    let router = router.route("/", get(upgrade));
    let door = Arc::new(Door {
        router: router.with_state(Arc::clone(shared)),
        entrance,
        shared: Arc::clone(shared),
    });
    shared.tasks.spawn(listen(listener, door, socket_io))
}

async fn listen(listener: TcpListener, door: Arc<Door>, socket_io: Option<SocketIo>) {
    let shared = &door.shared;
    let trusted = &shared.settings.access.trusted_proxies;
    loop {
        let accepted = tokio::select! {
            () = door.entrance.closing.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let peer = peer.ip().to_canonical();
                if door.entrance.is_outside && !snug_wire::is_local(peer) {
                    continue;
                }
                let is_proxy = trusted.iter().any(|network| network.contains(&peer));
                // Who goes on although told that it is too many is not even told.
                let Some(knock) = shared.gate.knock(peer, is_proxy) else {
                    shared.stats.turned_away(Away::Address);
                    continue;
                };
                shared
                    .tasks
                    .spawn(serve(stream, peer, knock, Arc::clone(&door)));
            }
            Err(error) => {
                tracing::info!(%error, "a connection could not be accepted");
                tokio::time::sleep(NO_SOCKETS).await;
            }
        }
    }
    drop(door);
    if let Some(io) = socket_io {
        // Whoever does not read is not waited for.
        let _ = timeout(LAST, io.close()).await;
    }
}

async fn serve(stream: TcpStream, peer: IpAddr, knock: Knock, door: Arc<Door>) {
    // A frame must not wait for the acknowledgement of the one before.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let lasts = Arc::new(AtomicBool::new(false));
    let talk = async {
        match &door.entrance.tls {
            None => http(stream, peer, &knock, &lasts, &door).await,
            Some(tls) => {
                let greeted = timeout(door.shared.times.header, tls.accept(stream)).await;
                // How a client fails at TLS is its own affair.
                if let Ok(Ok(stream)) = greeted {
                    http(stream, peer, &knock, &lasts, &door).await;
                }
            }
        }
    };
    let too_long = async {
        loop {
            sleep(HTTP_TIME).await;
            if !lasts.swap(false, Relaxed) {
                return;
            }
        }
    };
    tokio::select! {
        () = door.entrance.closing.cancelled() => {}
        () = too_long => {}
        () = talk => {}
    }
}

/// Until it has become a WebSocket, or has ended.
async fn http<S>(stream: S, peer: IpAddr, knock: &Knock, lasts: &Arc<AtomicBool>, door: &Door)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let answer = |mut request: Request<Incoming>| {
        let trusted = &door.shared.settings.access.trusted_proxies;
        let origin = origin(peer, request.headers(), trusted);
        request.extensions_mut().insert(Caller {
            origin,
            handed: knock.handed().filter(|_| origin.address == peer),
            lasts: Arc::clone(lasts),
            leaving: door.entrance.leaving.clone(),
        });
        door.router.clone().call(request)
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(door.shared.times.header)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .with_upgrades();
    // How a client ends its HTTP is its own affair.
    let _ = connection.await;
}

async fn upgrade(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let text = "This is a Snug relay. Snug speaks to it over WebSocket.\n";
        return (StatusCode::UPGRADE_REQUIRED, text).into_response();
    };
    let pass = match shared.let_in(&caller, &headers, caller.handed.as_deref()) {
        Ok(pass) => Arc::new(pass),
        Err(no) => return *no,
    };
    // Held until the connection ends, so that stopping waits for it.
    let counted = shared.connections.token();
    upgrade
        .read_buffer_size(SOCKET_BUFFER)
        .write_buffer_size(SOCKET_BUFFER)
        .max_write_buffer_size(WRITE_LIMIT)
        .max_message_size(FRAME_LIMIT)
        .max_frame_size(FRAME_LIMIT)
        .on_upgrade(async move |socket| {
            let mut line = Line::WebSocket(socket);
            connection::serve(&mut line, &shared, pass, &caller.leaving).await;
            drop(counted);
        })
}

/// An answer after which the stream ends.
pub fn last(mut answer: Response) -> Response {
    let close = HeaderValue::from_static("close");
    answer.headers_mut().insert(CONNECTION, close);
    answer
}

impl Shared {
    /// Whether a connection may begin; else what is answered.
    pub fn let_in(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        handed: Option<&AtomicBool>,
    ) -> Result<Pass, Box<Response>> {
        let no = |why, again| Err(Box::new(self.turn_away(caller, why, again)));
        if caller.leaving.is_cancelled() {
            return no(Away::Leaving, LATER);
        }
        if !origins::may(headers, &self.settings.access.allowed_origins) {
            return no(Away::Origin, Duration::ZERO);
        }
        match self.gate.enter(&caller.origin, handed) {
            Ok(pass) => Ok(pass),
            Err(Closed::Crowded) => no(Away::Crowded, LATER),
            Err(Closed::Address(wait)) => no(Away::Address, wait),
        }
    }

    /// Says no before a connection begins: in words, by a status, and when to come again.
    fn turn_away(&self, caller: &Caller, why: Away, again: Duration) -> Response {
        self.stats.turned_away(why);
        match self.settings.operator.log_addresses {
            true => {
                tracing::info!(why = why.name(), address = %caller.origin.address, "turned away")
            }
            false => tracing::debug!(why = why.name(), "turned away"),
        }
        let (status, text) = match why {
            Away::Leaving => (
                StatusCode::SERVICE_UNAVAILABLE,
                "This relay is shutting down.\n",
            ),
            Away::Crowded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "This relay has all the connections it takes.\n",
            ),
            Away::Address => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many connections come from your network address.\n",
            ),
            Away::Origin => {
                let text = "This relay does not serve web pages of this origin.\n";
                return last((StatusCode::FORBIDDEN, text).into_response());
            }
        };
        let seconds = again.as_secs().saturating_add(1).to_string();
        // A stream that gave its place to a connection is counted nowhere else.
        last((status, [(RETRY_AFTER, seconds)], text).into_response())
    }
}
