//! Accepting: `/` becomes a WebSocket, `/health` says how the relay is.

use super::{Shared, connection};
use axum::Router;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use snug_wire::{FRAME_LIMIT, PROTOCOL_VERSION};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long a client may take to say what it wants.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// The default of 128 KiB would be held by every idle connection.
const SOCKET_BUFFER: usize = 4 << 10;
/// Bytes that may wait to be written to one socket: a frame of the largest, and room for answers to
/// pings beside it. While it is full a ping is answered late, and only the last one of several.
const WRITE_LIMIT: usize = FRAME_LIMIT + (64 << 10);
/// How long to wait when the system has no more sockets to give.
const NO_SOCKETS: Duration = Duration::from_millis(100);

/// Takes connections until the relay leaves.
pub async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new()
        .route("/", get(upgrade))
        .route("/health", get(health))
        .with_state(Arc::clone(&shared));
    loop {
        let accepted = tokio::select! {
            () = shared.leaving.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                shared
                    .tasks
                    .spawn(serve(stream, router.clone(), Arc::clone(&shared)));
            }
            Err(error) => {
                tracing::info!(%error, "a connection could not be accepted");
                tokio::time::sleep(NO_SOCKETS).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, router: Router, shared: Arc<Shared>) {
    // A frame must not wait for the acknowledgement of the one before.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .with_upgrades();
    tokio::select! {
        () = shared.leaving.cancelled() => {}
        // How a client ends its HTTP is its own affair.
        _ = connection => {}
    }
}

async fn upgrade(
    State(shared): State<Arc<Shared>>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let text = "This is a Snug relay. Snug speaks to it over WebSocket.\n";
        return (StatusCode::UPGRADE_REQUIRED, text).into_response();
    };
    // Held until the connection ends, so that stopping waits for it.
    let counted = shared.tasks.token();
    upgrade
        .read_buffer_size(SOCKET_BUFFER)
        .write_buffer_size(SOCKET_BUFFER)
        .max_write_buffer_size(WRITE_LIMIT)
        .max_message_size(FRAME_LIMIT)
        .max_frame_size(FRAME_LIMIT)
        .on_upgrade(async move |socket| {
            connection::serve(socket, &shared).await;
            drop(counted);
        })
}

async fn health(State(shared): State<Arc<Shared>>) -> (StatusCode, Json<Value>) {
    let ready = shared.ready.load(Ordering::Relaxed);
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let health = json!({
        "live": true,
        "ready": ready,
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": PROTOCOL_VERSION,
    });
    (status, Json(health))
}
