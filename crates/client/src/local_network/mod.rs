//! The local network: letting the relay inside the application be reached from it, and finding such a
//! relay again when its address has changed (`docs/decisions/0016-local-network.md`).
//!
//! ```text
//! address.rs   under which address others there reach this computer
//! mdns.rs      saying where a relay is, and asking where one is
//! sharing.rs   the switch: keeps the door, the announced address and the one codes name in step
//! ```
//!
//! Nothing is sent to the local network unless the relay here is shared, or one in it cannot be
//! reached where it was.

pub(crate) mod address;
pub(crate) mod mdns;
pub(crate) mod sharing;

use std::future::Future;
use std::pin::Pin;

/// What a [`Door`] is about to do.
pub type DoorFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The way from the local network to the relay inside the application, which the host runs. Closed at
/// first.
pub trait Door: Send + Sync {
    /// Opens it on this port, or on another if that is taken or is 0; says on which, or in words why
    /// not. Opened twice it stays as it was.
    fn open(&self, port: u16) -> DoorFuture<'_, Result<u16, String>>;

    /// Closes it; who came in through it has to go.
    fn close(&self) -> DoorFuture<'_, ()>;
}
