//! A connection frame by frame, for those who look at a relay rather than use it.

use super::dial::{By, Call, Dialled, Expected, receive, send};
use super::socket::Socket;
use super::{Timing, Way};
use crate::Problem;
use crate::view::Transport;
use futures_util::SinkExt as _;
use snug_wire::frame::{ClientFrame, RelayFrame};
use snug_wire::{RelayAddress, Secret, Token};
use tokio::time::timeout;

/// An authenticated connection under a key used once. It has no heartbeat, and ends when dropped.
pub struct Direct {
    socket: Socket,
    relay: RelayAddress,
    instead: Option<String>,
    timing: Timing,
}

impl Direct {
    /// Connects to whichever relay answers at this URL, without a proxy, and proves both sides' keys.
    ///
    /// # Errors
    /// `relayUnreachable`, `relayOther` (it does not prove its key), `relayVersion`.
    pub async fn dial(url: &str, timing: &Timing) -> Result<Self, Problem> {
        let key = Secret::new(rand::random());
        let way = Way::from(*timing);
        let dialled = Call::new(url, &Expected::Any, &key, &way).dial().await?;
        Ok(Self::new(dialled, timing))
    }

    /// The same over this transport alone, to a relay that may want to see a token.
    ///
    /// # Errors
    /// As [`Direct::dial`].
    pub async fn dial_by(
        transport: Transport,
        url: &str,
        token: Option<&Token>,
        timing: &Timing,
    ) -> Result<Self, Problem> {
        let by = match transport {
            Transport::WebSocket => By::WebSocket,
            Transport::Http => By::Polling,
        };
        let key = Secret::new(rand::random());
        let way = Way::from(*timing);
        let call = Call::new(url, &Expected::Any, &key, &way).showing(token);
        let dialled = call.dial_by(by).await?;
        Ok(Self::new(dialled, timing))
    }

    fn new(dialled: Dialled, timing: &Timing) -> Self {
        Self {
            socket: dialled.socket,
            relay: dialled.relay,
            instead: dialled.instead,
            timing: *timing,
        }
    }

    /// Which relay answered.
    pub fn relay(&self) -> &RelayAddress {
        &self.relay
    }

    /// Why frames go over HTTP, in a few words; `None` over a WebSocket.
    pub fn instead(&self) -> Option<&str> {
        self.instead.as_deref()
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// `relayUnreachable`.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), Problem> {
        send(&mut self.socket, &self.relay.url, frame).await
    }

    /// The next frame. Dropping the future loses none.
    ///
    /// # Errors
    /// `relayUnreachable`.
    pub async fn receive(&mut self) -> Result<RelayFrame, Problem> {
        receive(&mut self.socket, &self.relay.url).await
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        // How it ends does not matter to who looked.
        let _ = timeout(self.timing.silence, self.socket.close()).await;
    }
}
