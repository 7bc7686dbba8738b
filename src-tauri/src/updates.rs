//! What the page is told.

use serde::{Deserialize, Serialize};
use snug_client::Client;
use snug_client::view::Update;
use tauri::AppHandle;
use tauri_specta::Event;

/// One entry of the client's stream.
#[derive(Clone, Debug, Serialize, Deserialize, specta::Type, Event)]
#[serde(transparent)]
#[tauri_specta(event_name = "update")]
pub struct UpdateEvent(pub Update);

/// Passes the client's updates on until it ends. What the page misses while it loads it asks for
/// afterwards; what is missed here comes as [`Update::Resync`].
pub fn forward(client: &Client, app: AppHandle) {
    let mut updates = client.updates();
    tauri::async_runtime::spawn(async move {
        while let Some(update) = updates.next().await {
            if let Err(error) = UpdateEvent(update).emit(&app) {
                tracing::warn!(%error, "the page could not be told of an update");
            }
        }
    });
}
