//! The relay inside the application, shared on the local network.

use super::{Client, Options};
use crate::Problem;
use crate::driver::{Call, Published, SharedDataDir};
use crate::local_network::address;
use crate::local_network::sharing::{Sharing, State, nothing_to_share};
use crate::view::LocalNetworkRow;
use snug_wire::RelayAddress;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, watch};

impl Client {
    /// Whether the relay inside the application is shared on the local network, and where.
    pub fn local_network(&self) -> LocalNetworkRow {
        let sharing = self.0.sharing.as_ref();
        sharing.map_or_else(LocalNetworkRow::default, |sharing| {
            sharing.row.borrow().clone()
        })
    }

    /// Shares it, or does so no more: others who came in over the local network have to go. Kept when
    /// this returns; what is in the way of it the row says, and it is tried again.
    ///
    /// # Errors
    /// `settingRefused` when no relay runs inside the application; `diskFull`.
    pub async fn share_on_local_network(&self, on: bool) -> Result<LocalNetworkRow, Problem> {
        match &self.0.sharing {
            Some(sharing) => sharing.switch(on).await,
            None => Err(nothing_to_share()),
        }
    }
}

impl Client {
    /// The relay as others are told of it: the one inside the application is reached from here by an
    /// address that leads them nowhere.
    pub(super) fn as_told(&self, relay: RelayAddress) -> RelayAddress {
        let sharing = self.0.sharing.as_ref();
        match sharing.filter(|sharing| sharing.relay.key == relay.key) {
            Some(sharing) => sharing.told(),
            None => relay,
        }
    }

    /// The relay inside the application, if that is where others reach it.
    pub(super) fn shared_at(&self, url: &str) -> Option<RelayAddress> {
        let told = self.0.sharing.as_ref()?.told();
        (told.url == url).then_some(told)
    }
}

/// What can be shared, if there is anything.
pub(super) fn sharing(
    options: &Options,
    calls: &mpsc::Sender<Call>,
    data: &SharedDataDir,
    published: &Published,
) -> Option<Arc<Sharing>> {
    let relay = options.embedded.clone()?;
    let door = Arc::clone(options.door.as_ref()?);
    let row = LocalNetworkRow {
        available: true,
        ..LocalNetworkRow::default()
    };
    Some(Arc::new(Sharing {
        relay,
        door,
        own: Arc::new(address::own),
        calls: calls.clone(),
        data: Arc::clone(data),
        published: published.clone(),
        state: Mutex::new(State::default()),
        row: watch::Sender::new(row),
    }))
}
