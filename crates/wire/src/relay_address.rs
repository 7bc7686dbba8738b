//! Where a relay is and which one it is.

use crate::RelayKey;
use minicbor::{Decode, Encode};

/// A relay: its key is what it is, its URL only where it was last seen (rule 1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(map)]
pub struct RelayAddress {
    /// `ws://host:port` or `wss://host:port`.
    #[n(0)]
    pub url: String,
    /// The relay's key.
    #[n(1)]
    pub key: RelayKey,
}

impl RelayAddress {
    /// `host:port`, as people see it.
    pub fn host(&self) -> &str {
        self.url
            .split_once("://")
            .map_or(self.url.as_str(), |(_, rest)| rest)
    }
}
