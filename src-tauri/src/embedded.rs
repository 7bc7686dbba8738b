//! The relay inside the application, where none was chosen.

use crate::place::Place;
use snug_client::{Door, DoorFuture, Problem};
use snug_relay::{Config, Outside, Relay, Running};
use std::net::{Ipv4Addr, SocketAddr};

/// Starts it for this computer alone, at the port of last time: codes name it.
///
/// # Errors
/// What the relay says.
pub async fn start(place: &Place) -> Result<Running, Problem> {
    let config = Config {
        data: place.relay(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        keep_port: true,
    };
    Relay::start(config).await.map_err(|error| {
        let text = format!("The relay inside Snug does not start: {error}.");
        Problem::caused(text, &error)
    })
}

/// Its way to the local network.
pub struct LocalDoor(pub Outside);

impl Door for LocalDoor {
    fn open(&self, port: u16) -> DoorFuture<'_, Result<u16, String>> {
        Box::pin(async move { self.0.open(port).await.map_err(|error| error.to_string()) })
    }

    fn close(&self) -> DoorFuture<'_, ()> {
        Box::pin(self.0.close())
    }
}
