//! What does what is asked for: a core over a store, or lanes over NATS.

use super::StartError;
use super::stats::Stats;
use super::writer::{self, Writer};
use crate::core::Core;
use crate::data_dir::DataDir;
use crate::nats;
use crate::settings::Settings;
use crate::store::{Store, StoreError};
use ed25519_dalek::SigningKey;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::{mpsc, oneshot};

/// What keeps everything.
pub enum Kept {
    /// A store; without a directory it is memory.
    Store(Store, Option<DataDir>),
    /// NATS, at these servers.
    Nats(Vec<String>, nats::Clock),
}

/// What does what is asked for.
pub enum Doer {
    /// A core, with the directory its store is in.
    Core(Box<Core>, Option<DataDir>),
    /// Lanes.
    Hub(Arc<nats::Hub>),
}

impl Doer {
    /// The key this relay is.
    pub fn key(&self) -> &SigningKey {
        match self {
            Self::Core(core, _) => core.signing_key(),
            Self::Hub(hub) => &hub.key,
        }
    }

    /// The port of last time. Relays over NATS have none in common.
    pub fn port(&self) -> Result<Option<u16>, StoreError> {
        match self {
            Self::Core(core, _) => core.port(),
            Self::Hub(_) => Ok(None),
        }
    }

    /// Remembers it.
    pub fn set_port(&self, port: u16) -> Result<(), StoreError> {
        match self {
            Self::Core(core, _) => core.set_port(port),
            Self::Hub(_) => Ok(()),
        }
    }
}

/// Takes up what is kept.
pub async fn take_up(
    kept: Kept,
    settings: &Settings,
    counted: (Arc<Stats>, Arc<AtomicBool>),
) -> Result<Doer, StartError> {
    let quotas = settings.limits.quotas();
    match kept {
        Kept::Store(store, data_dir) => {
            let core = Core::open(store, rand::random())?.with_quotas(quotas);
            Ok(Doer::Core(Box::new(core), data_dir))
        }
        Kept::Nats(servers, clock) => {
            let hub = nats::begin(&servers, &settings.nats, quotas, clock, counted).await;
            Ok(Doer::Hub(hub.map_err(StartError::Settings)?))
        }
    }
}

/// The way to the writer, and word of when it has written its last. On disk it has a thread, which ends
/// when every connection has.
pub fn door(
    doer: Doer,
    (stats, ready): (Arc<Stats>, Arc<AtomicBool>),
) -> Result<(writer::Door, oneshot::Receiver<()>), StartError> {
    let (done, written) = oneshot::channel();
    let (core, data_dir) = match doer {
        Doer::Core(core, data_dir) => (*core, data_dir),
        Doer::Hub(hub) => return Ok((writer::Door::Lanes(hub), written)),
    };
    let writer = Writer::new(core, stats, ready);
    let Some(data_dir) = data_dir else {
        // There is nothing to write at the end.
        return Ok((writer::Door::here(writer), written));
    };
    let (inputs, waiting) = mpsc::channel(writer::INPUTS);
    std::thread::Builder::new()
        .name("snug-relay-writer".into())
        .spawn(move || {
            writer::run(writer, waiting);
            drop(data_dir);
            // Nobody waits if the relay was dropped.
            let _ = done.send(());
        })
        .map_err(StartError::Thread)?;
    Ok((writer::Door::Thread(inputs), written))
}
