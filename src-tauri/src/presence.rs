//! What the page may ask about typing, presence and who may know: each a line that asks the client.

use crate::commands::Answer;
use crate::host::Host;
use snug_client::view::{OwnPresence, PresenceRow, Privacy, PrivacyOverride};
use tauri::{State, command};

/// The person types in a chat, or has stopped. To be called at every key.
#[command]
#[specta::specta]
pub async fn typing(host: State<'_, Host>, chat: String, on: bool) -> Answer<()> {
    host.client().await?.typing(&chat, on).await
}

/// One's own presence.
#[command]
#[specta::specta]
pub async fn own_presence(host: State<'_, Host>) -> Answer<OwnPresence> {
    host.client().await?.own_presence().await
}

/// Chooses one's own presence.
#[command]
#[specta::specta]
pub async fn set_presence(host: State<'_, Host>, presence: OwnPresence) -> Answer<()> {
    host.client().await?.set_presence(presence).await
}

/// How many seconds nobody has touched the window; 0 when somebody is back.
#[command]
#[specta::specta]
pub async fn idle(host: State<'_, Host>, seconds: u32) -> Answer<()> {
    host.client().await?.idle(seconds).await
}

/// How all are there of whom anything is known.
#[command]
#[specta::specta]
pub async fn presences(host: State<'_, Host>) -> Answer<Vec<PresenceRow>> {
    host.client().await?.presences().await
}

/// What everybody is told.
#[command]
#[specta::specta]
pub async fn privacy(host: State<'_, Host>) -> Answer<Privacy> {
    host.client().await?.privacy().await
}

/// Changes what everybody is told.
#[command]
#[specta::specta]
pub async fn set_privacy(host: State<'_, Host>, privacy: Privacy) -> Answer<()> {
    host.client().await?.set_privacy(privacy).await
}

/// What differs for a contact.
#[command]
#[specta::specta]
pub async fn contact_privacy(host: State<'_, Host>, account: String) -> Answer<PrivacyOverride> {
    host.client().await?.contact_privacy(&account).await
}

/// Changes what a contact is told.
#[command]
#[specta::specta]
pub async fn set_contact_privacy(
    host: State<'_, Host>,
    account: String,
    privacy: PrivacyOverride,
) -> Answer<()> {
    host.client()
        .await?
        .set_contact_privacy(&account, privacy)
        .await
}
