//! Mailboxes in NATS JetStream, so that any number of relays are one (rule 14).
//!
//! ```text
//! connection ──Input──► lane of a mailbox ──atomic batch──► log (stream) ──republish──► every lane
//!      ▲                (one at a time)   ──checked write─► heads (bucket)              that reads it
//!      └─────── frames ◄──┘
//! ```
//!
//! No relay owns anything: what must not happen twice is checked by NATS as it is written. What a relay
//! remembers may be outdated; it is never a ground to refuse, and never enough to store.
//! `docs/decisions/0015-nats.md` says why it is as it is, `docs/relay/nats.md` how to run it.

mod api;
mod asks;
mod connect;
mod connected;
mod entry;
mod group;
mod hub;
mod invitations;
mod keep;
mod key;
mod lane;
mod live;
mod names;
mod open;
mod pages;
mod pool;
mod put;
mod readers;
mod state;
mod stored;
mod tend;
mod together;
mod trouble;

pub use hub::Clock;
pub(crate) use hub::Hub;

use crate::core::limits::Quotas;
use crate::server::stats::Stats;
use crate::settings::Nats;
use api::JetStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Connects, makes what is not there, and begins. Says in words what is in the way.
pub(crate) async fn begin(
    servers: &[String],
    how: &Nats,
    quotas: Quotas,
    clock: Clock,
    counted: (Arc<Stats>, Arc<AtomicBool>),
) -> Result<Arc<Hub>, String> {
    let names = connect::names(&how.nats_name)?;
    let (client, events) = connect::connect(servers, how).await?;
    let nats = JetStream::new(client, names);
    connect::prepare(&nats, how.nats_replicas).await?;
    let key = key::take(&nats, rand::random()).await;
    let key = key.map_err(|trouble| format!("the relay's key cannot be read: {trouble}"))?;
    let hub = Arc::new(Hub::new(nats, key, quotas, clock, counted));
    tend::measure(&hub)
        .await
        .map_err(|trouble| trouble.to_string())?;
    hub.spawn(connect::watch(Arc::clone(&hub), events));
    Ok(hub)
}
