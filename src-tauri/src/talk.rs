//! What the page may ask about chats and messages: each a line that asks the client.

use crate::commands::Answer;
use crate::host::Host;
use snug_client::view::{
    ChatRow, Draft, Mention, MessageDetails, Page, SearchPage, SearchQuery, SendOptions,
};
use tauri::{State, command};

/// All chats.
#[command]
#[specta::specta]
pub async fn chats(host: State<'_, Host>) -> Answer<Vec<ChatRow>> {
    host.client().await?.chats().await
}

/// A page of a chat: before one cursor, after another, or its newest.
#[command]
#[specta::specta]
pub async fn messages(
    host: State<'_, Host>,
    chat: String,
    before: Option<String>,
    after: Option<String>,
    limit: u32,
) -> Answer<Page> {
    let client = host.client().await?;
    match after {
        Some(after) => client.messages_after(&chat, &after, limit).await,
        None => client.messages(&chat, before.as_deref(), limit).await,
    }
}

/// A page with a message in its middle.
#[command]
#[specta::specta]
pub async fn around(host: State<'_, Host>, id: String, limit: u32) -> Answer<Page> {
    host.client().await?.around(&id, limit).await
}

/// A page with the first message of a day, or of any time, in its middle.
#[command]
#[specta::specta]
pub async fn at_date(host: State<'_, Host>, chat: String, at: f64, limit: u32) -> Answer<Page> {
    host.client().await?.at_date(&chat, at, limit).await
}

/// Writes a message; its id.
#[command]
#[specta::specta]
pub async fn send_text(
    host: State<'_, Host>,
    chat: String,
    text: String,
    options: SendOptions,
) -> Answer<String> {
    let client = host.client().await?;
    Ok(client.send_text(&chat, &text, &options).await?.id)
}

/// Gives an own message another text.
#[command]
#[specta::specta]
pub async fn edit_message(
    host: State<'_, Host>,
    id: String,
    text: String,
    mentions: Vec<Mention>,
) -> Answer<()> {
    let client = host.client().await?;
    client.edit_message(&id, &text, &mentions).await
}

/// Takes an own message back, for everyone.
#[command]
#[specta::specta]
pub async fn delete_message(host: State<'_, Host>, id: String) -> Answer<()> {
    host.client().await?.delete_message(&id).await
}

/// Says with an emoji what one thinks of a message.
#[command]
#[specta::specta]
pub async fn react(host: State<'_, Host>, id: String, emoji: Option<String>) -> Answer<()> {
    host.client().await?.react(&id, emoji.as_deref()).await
}

/// Writes what a message says into other chats.
#[command]
#[specta::specta]
pub async fn forward(host: State<'_, Host>, id: String, chats: Vec<String>) -> Answer<()> {
    host.client().await?.forward(&id, &chats).await.map(drop)
}

/// Sends a failed message again.
#[command]
#[specta::specta]
pub async fn retry_message(host: State<'_, Host>, id: String) -> Answer<()> {
    host.client().await?.retry_message(&id).await
}

/// Drops a failed message.
#[command]
#[specta::specta]
pub async fn discard_message(host: State<'_, Host>, id: String) -> Answer<()> {
    host.client().await?.discard_message(&id).await
}

/// The person has seen a chat up to a message.
#[command]
#[specta::specta]
pub async fn mark_read(host: State<'_, Host>, chat: String, up_to: String) -> Answer<()> {
    host.client().await?.mark_read(&chat, &up_to).await
}

/// Who has a message and when, and what it said before.
#[command]
#[specta::specta]
pub async fn message_details(host: State<'_, Host>, id: String) -> Answer<MessageDetails> {
    host.client().await?.message_details(&id).await
}

/// What was begun to be written in a chat.
#[command]
#[specta::specta]
pub async fn draft(host: State<'_, Host>, chat: String) -> Answer<Option<Draft>> {
    host.client().await?.draft(&chat).await
}

/// Keeps what was begun to be written.
#[command]
#[specta::specta]
pub async fn set_draft(host: State<'_, Host>, chat: String, draft: Option<Draft>) -> Answer<()> {
    host.client().await?.set_draft(&chat, draft.as_ref()).await
}

/// Lets messages of a chat disappear after they were seen.
#[command]
#[specta::specta]
pub async fn set_timer(host: State<'_, Host>, chat: String, seconds: Option<u32>) -> Answer<()> {
    host.client().await?.set_timer(&chat, seconds).await
}

/// Finds messages.
#[command]
#[specta::specta]
pub async fn search(host: State<'_, Host>, query: SearchQuery) -> Answer<SearchPage> {
    host.client().await?.search(&query).await
}
