//! The switch: while it is on, the door is open, what is announced is so, and codes name an address
//! that others in the local network reach.

use super::Door;
use super::mdns::Announcement;
use crate::data_dir::LocalNetwork;
use crate::driver::{Call, Published, SharedDataDir};
use crate::view::{LocalNetworkRow, Update};
use crate::{Problem, ProblemCode};
use snug_engine::Engine;
use snug_wire::RelayAddress;
use snug_wire::code::RelayHint;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether the address is still the same, while shared.
const LOOK: Duration = Duration::from_secs(5);

/// The relay inside the application, towards the local network.
pub(crate) struct Sharing {
    /// As it listens on this computer.
    pub relay: RelayAddress,
    pub door: Arc<dyn Door>,
    /// Under which address others in the local network reach this computer now.
    pub own: Arc<dyn Fn() -> Option<IpAddr> + Send + Sync>,
    pub calls: mpsc::Sender<Call>,
    pub data: SharedDataDir,
    pub published: Published,
    /// One change at a time.
    pub state: Mutex<State>,
    /// As people see it.
    pub row: watch::Sender<LocalNetworkRow>,
}

/// What holds now.
#[derive(Default)]
pub(crate) struct State {
    /// Where others are told that it is.
    address: Option<SocketAddr>,
    announcement: Option<Announcement>,
}

impl Sharing {
    /// Switches it on or off: kept when this returns, and in force as far as the network allows, which
    /// the row says.
    ///
    /// # Errors
    /// `diskFull` and what else the file system says; it is then as before.
    pub async fn switch(&self, on: bool) -> Result<LocalNetworkRow, Problem> {
        let mut state = self.state.lock().await;
        let port = self.kept().port;
        self.keep(LocalNetwork { on, port })?;
        match on {
            true => self.renew(&mut state).await,
            false => self.close(&mut state).await,
        }
        Ok(self.row.borrow().clone())
    }

    /// Opens it if it was on, so that codes made from now on name where it is.
    pub async fn begin(&self) {
        self.renew(&mut *self.state.lock().await).await;
    }

    /// Follows the network until the client closes.
    pub async fn follow(self: Arc<Self>, shutdown: CancellationToken) {
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = sleep(LOOK) => self.begin().await,
            }
        }
        let announcement = self.state.lock().await.announcement.take();
        if let Some(announcement) = announcement {
            announcement.end().await;
        }
    }

    /// The relay as others are told of it.
    pub fn told(&self) -> RelayAddress {
        match &self.row.borrow().address {
            Some(address) => self.at(address),
            None => self.relay.clone(),
        }
    }

    fn at(&self, address: &impl std::fmt::Display) -> RelayAddress {
        RelayAddress {
            url: format!("wss://{address}"),
            key: self.relay.key,
        }
    }

    async fn renew(&self, state: &mut State) {
        let kept = self.kept();
        if !kept.on {
            return;
        }
        let port = match self.door.open(kept.port).await {
            Ok(port) => port,
            Err(why) => return self.show(true, None, Some(why)),
        };
        if port != kept.port
            && let Err(problem) = self.keep(LocalNetwork { on: true, port })
        {
            tracing::warn!("the port of the local network is not kept: {problem}");
        }
        let address = (self.own)().map(|address| SocketAddr::new(address, port));
        if address != state.address {
            state.address = address;
            if let Some(before) = state.announcement.take() {
                before.end().await;
            }
            // Without a network the address of last time stays: it may be the same again.
            if let Some(address) = address {
                self.tell_engine(self.at(&address)).await;
                state.announcement = self.announce(address);
            }
        }
        self.show(true, address, None);
    }

    async fn close(&self, state: &mut State) {
        if let Some(announcement) = std::mem::take(state).announcement {
            announcement.end().await;
        }
        self.door.close().await;
        self.tell_engine(self.relay.clone()).await;
        self.show(false, None, None);
    }

    /// Codes can be used without it, as long as the address stays.
    fn announce(&self, address: SocketAddr) -> Option<Announcement> {
        let key_hash = RelayHint::of(&self.relay).key_hash;
        Announcement::begin(&key_hash, address.ip(), address.port())
            .inspect_err(|error| tracing::info!(%error, "the relay cannot be announced"))
            .ok()
    }

    /// Where the relay is, for codes and pointers from now on. Only the engine of an account at home on
    /// it knows it.
    async fn tell_engine(&self, told: RelayAddress) {
        let (answer, answered) = oneshot::channel();
        let call: Call = Box::new(move |engine, now| {
            // Whoever asked may have stopped waiting; it is done all the same.
            let _ = answer.send(moved(engine, &told, now));
        });
        if self.calls.send(call).await.is_err() {
            return;
        }
        if let Ok(Err(error)) = answered.await {
            tracing::error!("where the relay is was not kept: {}", Problem::from(error));
        }
    }

    fn show(&self, on: bool, address: Option<SocketAddr>, problem: Option<String>) {
        let row = LocalNetworkRow {
            available: true,
            on,
            address: address.map(|address| address.to_string()),
            problem,
        };
        let is_new = self.row.send_if_modified(|before| {
            let is_new = *before != row;
            before.clone_from(&row);
            is_new
        });
        if is_new {
            // Nobody need be listening.
            let _ = self.published.updates.send(Update::LocalNetwork { row });
        }
    }

    fn kept(&self) -> LocalNetwork {
        let data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = data.as_ref().and_then(|data| data.settings().local_network);
        kept.unwrap_or_default()
    }

    fn keep(&self, kept: LocalNetwork) -> Result<(), Problem> {
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        match data.as_mut() {
            Some(data) => data.change(|settings| settings.local_network = Some(kept)),
            None => Err(Problem::broken("it is closing")),
        }
    }
}

fn moved(engine: &mut Engine, told: &RelayAddress, now: u64) -> snug_engine::Result<()> {
    let known = engine.relays()?;
    match known.iter().find(|relay| relay.key == told.key) {
        Some(known) if known.url != told.url => engine.relay_moved(told, now),
        _ => Ok(()),
    }
}

/// There is no relay here that could be shared.
pub(crate) fn nothing_to_share() -> Problem {
    let text = "No relay runs inside Snug here: the one that was chosen is elsewhere. There is nothing to share.";
    Problem::new(ProblemCode::SettingRefused, text)
}

#[cfg(test)]
mod tests;
