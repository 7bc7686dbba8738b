//! What a relay's operator sees: health for everybody; numbers, measurements and the page with
//! charts for this computer, or for who has the password.

use super::http::Caller;
use super::stats::{BOUNDS, Count};
use super::{Shared, metrics};
use crate::settings::Operator;
use axum::Router;
use axum::extract::{Extension, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use data_encoding::BASE64;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use snug_wire::PROTOCOL_VERSION;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use subtle::ConstantTimeEq as _;

/// The page: one file, its script and style inside.
const PAGE: &str = include_str!("dashboard.html");

/// Paths for operators.
pub fn routes(operator: &Operator) -> Router<Arc<Shared>> {
    let routes = Router::new()
        .route("/health", get(health))
        .route("/stats", get(stats))
        .route("/metrics", get(measurements));
    match operator.dashboard {
        true => routes.route("/dashboard", get(dashboard)),
        false => routes,
    }
}

async fn health(State(shared): State<Arc<Shared>>) -> Response {
    let ready = shared.is_ready();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let health = json!({
        "live": true,
        "ready": ready,
        "draining": shared.leaving.is_cancelled(),
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": PROTOCOL_VERSION,
    });
    (status, Json(health)).into_response()
}

async fn stats(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    match may_see(&shared, &caller, &headers) {
        Ok(()) => ([(CACHE_CONTROL, "no-store")], Json(numbers(&shared))).into_response(),
        Err(refused) => *refused,
    }
}

async fn measurements(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    match may_see(&shared, &caller, &headers) {
        Ok(()) => {
            let form = (CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
            ([form], metrics::text(&shared)).into_response()
        }
        Err(refused) => *refused,
    }
}

async fn dashboard(
    State(shared): State<Arc<Shared>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = may_see(&shared, &caller, &headers) {
        return *refused;
    }
    let policy = format!(
        "default-src 'none'; connect-src 'self'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        inside("script"),
        inside("style")
    );
    let guards = [
        (HeaderName::from_static("content-security-policy"), policy),
        (
            HeaderName::from_static("x-content-type-options"),
            "nosniff".into(),
        ),
        (
            HeaderName::from_static("referrer-policy"),
            "no-referrer".into(),
        ),
    ];
    (guards, Html(PAGE)).into_response()
}

/// What the page's policy allows: exactly what stands in it between those tags.
fn inside(tag: &str) -> String {
    let after = PAGE.split_once(&format!("<{tag}>"));
    let within = after.and_then(|(_, rest)| rest.split_once(&format!("</{tag}>")));
    let text = within.map_or("", |(text, _)| text);
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(text)))
}

/// With a password, who says it, wherever from; without one, this computer.
fn may_see(shared: &Shared, caller: &Caller, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let Some(password) = &shared.settings.operator.operator_token else {
        if caller.origin.local {
            return Ok(());
        }
        let text = "This is for the relay's own computer. With operator-token set it is for whoever has that.\n";
        return Err(Box::new((StatusCode::FORBIDDEN, text).into_response()));
    };
    let said = said(headers).unwrap_or_default();
    if Sha256::digest(said).ct_eq(&Sha256::digest(password)).into() {
        return Ok(());
    }
    let ask = [(
        WWW_AUTHENTICATE,
        "Basic realm=\"Snug relay\", charset=\"UTF-8\"",
    )];
    let text = "The operator's token is wanted: as Bearer, or as password with any name.\n";
    Err(Box::new(
        (StatusCode::UNAUTHORIZED, ask, text).into_response(),
    ))
}

/// The password in `Authorization`, by Bearer (RFC 6750) or Basic (RFC 7617).
fn said(headers: &HeaderMap) -> Option<String> {
    let (scheme, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    let pair = BASE64.decode(rest.trim().as_bytes()).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    Some(pair.split_once(':')?.1.to_owned())
}

/// `/stats`: everything that is counted.
fn numbers(shared: &Shared) -> Value {
    let stats = &shared.stats;
    let (traffic, written) = (&stats.traffic, &stats.written);
    let buckets: Vec<u64> = written.batch_buckets.iter().map(Count::get).collect();
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "ready": shared.is_ready(),
        "uptimeSeconds": stats.uptime().as_secs_f64(),
        "connections": {
            "now": stats.connections(),
            "total": traffic.connected.get(),
            "turnedAway": named(stats.aways()),
        },
        "frames": { "in": traffic.frames_in.get(), "out": traffic.frames_out.get() },
        "bytes": { "in": traffic.bytes_in.get(), "out": traffic.bytes_out.get() },
        "requests": written.requests.get(),
        "puts": written.puts.get(),
        "opens": written.opens.get(),
        "deliveries": written.deliveries.get(),
        "signals": {
            "delivered": written.signals.get(),
            "dropped": written.signals_dropped.get(),
            "held": traffic.signals_held.get(),
        },
        "refusals": named(stats.refusals()),
        "queues": {
            "requests": shared.writer.waiting(),
            "requestBytes": super::connection::IN_FLIGHT - shared.in_flight.available_permits(),
            "outgoingBytes": stats.waiting_out.load(Ordering::Relaxed),
        },
        "store": {
            "mailboxes": written.mailboxes.get(),
            "bytes": written.store_bytes.get(),
            "batches": written.batches.get(),
            "batchMicros": written.batch_micros.get(),
            "batchBoundsMicros": BOUNDS,
            "batchBuckets": buckets,
        },
    })
}

fn named(counts: impl Iterator<Item = (&'static str, u64)>) -> Value {
    let counts: Map<String, Value> = counts
        .map(|(name, count)| (name.to_owned(), count.into()))
        .collect();
    Value::Object(counts)
}
