//! What the page may ask about the connection: each a line that asks the client.

use crate::commands::Answer;
use crate::host::Host;
use snug_client::view::{ConnectionDetails, ConnectionSettings, LocalNetworkRow};
use tauri::{State, command};

/// How connections are made.
#[command]
#[specta::specta]
pub async fn connection_settings(host: State<'_, Host>) -> Answer<ConnectionSettings> {
    Ok(host.client().await?.connection_settings())
}

/// Changes how connections are made, at once.
#[command]
#[specta::specta]
pub async fn set_connection_settings(
    host: State<'_, Host>,
    settings: ConnectionSettings,
) -> Answer<()> {
    host.client().await?.set_connection_settings(settings).await
}

/// Everything the Connection page shows.
#[command]
#[specta::specta]
pub async fn connection_details(host: State<'_, Host>) -> Answer<ConnectionDetails> {
    host.client().await?.connection_details().await
}

/// Whether the relay inside the application is shared on the local network, and where.
#[command]
#[specta::specta]
pub async fn local_network(host: State<'_, Host>) -> Answer<LocalNetworkRow> {
    Ok(host.client().await?.local_network())
}

/// Shares it, or does so no more.
#[command]
#[specta::specta]
pub async fn share_on_local_network(host: State<'_, Host>, on: bool) -> Answer<LocalNetworkRow> {
    host.client().await?.share_on_local_network(on).await
}
