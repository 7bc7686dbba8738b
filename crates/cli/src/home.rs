//! The relay inside this program, for accounts that are at home on none elsewhere. It runs while a
//! command does: `listen` stays.

use anyhow::{Context as _, Result};
use snug_client::{Client, Door, DoorFuture, Options};
use snug_relay::{Config, Outside, Relay, Running};
use snug_wire::RelayAddress;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// A client, and the relay it is at home on if that runs here.
pub struct Home {
    pub client: Client,
    pub relay: Option<Running>,
}

impl Home {
    /// Ends both.
    pub async fn close(self) {
        self.client.close().await;
        if let Some(relay) = self.relay {
            relay.stop().await;
        }
    }
}

/// Starts the relay of the account in that directory, at the port of last time: codes name it.
pub async fn start(data: &Path) -> Result<Running> {
    let config = Config {
        data: data.join("relay"),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        keep_port: true,
    };
    let started = Relay::start(config).await;
    started.context("The relay inside snug-cli does not start")
}

/// How a client is opened that has this relay.
pub fn with(relay: Option<&Running>, options: Options) -> Options {
    let Some(relay) = relay else {
        return options;
    };
    Options {
        embedded: Some(RelayAddress {
            url: relay.url(),
            key: relay.key(),
        }),
        door: Some(Arc::new(LocalDoor(relay.outside()))),
        ..options
    }
}

/// The relay's way to the local network.
struct LocalDoor(Outside);

impl Door for LocalDoor {
    fn open(&self, port: u16) -> DoorFuture<'_, Result<u16, String>> {
        Box::pin(async move { self.0.open(port).await.map_err(|error| error.to_string()) })
    }

    fn close(&self) -> DoorFuture<'_, ()> {
        Box::pin(self.0.close())
    }
}
