//! The relay inside the application, shared on the local network.

use super::{Client, Options};
use crate::Problem;
use crate::driver::{Call, Published, SharedDataDir};
use crate::local_network::sharing::{Sharing, State, nothing_to_share};
use crate::view::LocalNetworkRow;
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
        calls: calls.clone(),
        data: Arc::clone(data),
        published: published.clone(),
        state: Mutex::new(State::default()),
        row: watch::Sender::new(row),
    }))
}
