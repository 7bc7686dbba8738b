//! The relay inside the application, towards the local network.

use serde::{Deserialize, Serialize};

/// Whether others in the local network can reach the relay inside the application, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct LocalNetworkRow {
    /// There is such a relay; without one the rest says nothing.
    pub available: bool,
    /// It is shared, or would be if nothing were in the way.
    pub on: bool,
    /// `host:port` under which it is reached. Shared without one: this computer is in no local
    /// network, or `problem` says what is in the way.
    pub address: Option<String>,
    /// What is in the way, in words.
    pub problem: Option<String>,
}
