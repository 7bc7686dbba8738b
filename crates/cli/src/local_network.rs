//! The relay inside this program, shared on the local network.

use crate::output::{self, Line};
use anyhow::Result;
use snug_client::Client;

/// Shares it or does so no more, if that is asked for; shows how it is then.
pub async fn share(client: &Client, on: Option<bool>) -> Result<Line> {
    let row = match on {
        Some(on) => client.share_on_local_network(on).await?,
        None => client.local_network(),
    };
    output::row("localNetwork", &row)
}
