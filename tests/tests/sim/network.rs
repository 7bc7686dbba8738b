//! A connection as it is over a socket: in order, until it is cut; what was under way is lost then.

use snug_relay::core::Peer;
use snug_wire::frame::{RelayFrame, Request};
use std::collections::VecDeque;

/// One connection of one device to the relay.
pub struct Link {
    pub peer: Peer,
    pub to_relay: VecDeque<(u64, Request)>,
    pub to_device: VecDeque<RelayFrame>,
}

impl Link {
    pub fn new(peer: u64) -> Self {
        Self {
            peer: Peer(peer),
            to_relay: VecDeque::new(),
            to_device: VecDeque::new(),
        }
    }

    pub fn is_quiet(&self) -> bool {
        self.to_relay.is_empty() && self.to_device.is_empty()
    }
}
