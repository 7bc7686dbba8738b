//! What the page may ask about people and how chats are kept: each a line that asks the client.

use crate::commands::Answer;
use crate::host::Host;
use snug_client::view::{BlockedRow, ContactRow, SafetyNumber};
use tauri::{State, command};

/// All one has a chat with.
#[command]
#[specta::specta]
pub async fn contacts(host: State<'_, Host>) -> Answer<Vec<ContactRow>> {
    host.client().await?.contacts().await
}

/// All one blocked.
#[command]
#[specta::specta]
pub async fn blocked(host: State<'_, Host>) -> Answer<Vec<BlockedRow>> {
    host.client().await?.blocked().await
}

/// Takes nothing more of an account.
#[command]
#[specta::specta]
pub async fn block(host: State<'_, Host>, account: String) -> Answer<()> {
    host.client().await?.block(&account).await
}

/// Takes what an account says from now on.
#[command]
#[specta::specta]
pub async fn unblock(host: State<'_, Host>, account: String) -> Answer<()> {
    host.client().await?.unblock(&account).await
}

/// Whether requests of strangers are declined by themselves.
#[command]
#[specta::specta]
pub async fn refuses_strangers(host: State<'_, Host>) -> Answer<bool> {
    host.client().await?.refuses_strangers().await
}

/// Declines requests of strangers by itself, or asks again.
#[command]
#[specta::specta]
pub async fn refuse_strangers(host: State<'_, Host>, refuse: bool) -> Answer<()> {
    host.client().await?.refuse_strangers(refuse).await
}

/// What a contact and oneself compare.
#[command]
#[specta::specta]
pub async fn safety_number(host: State<'_, Host>, account: String) -> Answer<SafetyNumber> {
    host.client().await?.safety_number(&account).await
}

/// The person saw these digits here and there.
#[command]
#[specta::specta]
pub async fn verify(host: State<'_, Host>, account: String, digits: Vec<String>) -> Answer<()> {
    host.client().await?.verify(&account, digits).await
}

/// Compares with the code that the other's screen shows.
#[command]
#[specta::specta]
pub async fn verify_code(host: State<'_, Host>, account: String, code: String) -> Answer<()> {
    host.client().await?.verify_code(&account, &code).await
}

/// As if a contact had never been verified.
#[command]
#[specta::specta]
pub async fn unverify(host: State<'_, Host>, account: String) -> Answer<()> {
    host.client().await?.unverify(&account).await
}

/// Puts a chat before the others, or back.
#[command]
#[specta::specta]
pub async fn set_pinned(host: State<'_, Host>, chat: String, on: bool) -> Answer<()> {
    host.client().await?.set_pinned(&chat, on).await
}

/// Puts a chat behind the others, or back.
#[command]
#[specta::specta]
pub async fn set_archived(host: State<'_, Host>, chat: String, on: bool) -> Answer<()> {
    host.client().await?.set_archived(&chat, on).await
}

/// Mutes a chat for that many milliseconds or without end, or makes it loud again.
#[command]
#[specta::specta]
pub async fn set_muted(
    host: State<'_, Host>,
    chat: String,
    on: bool,
    for_ms: Option<f64>,
) -> Answer<()> {
    host.client().await?.set_muted(&chat, on, for_ms).await
}
