//! Chats and messages.

use crate::output::{self, Line};
use anyhow::{Result, bail};
use snug_client::Client;
use snug_client::view::{ChatRow, MessageRow, MessageState, SendOptions};
use std::time::Duration;

/// How long a command waits for the relay's word after it was connected.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// All chats.
pub async fn list(client: &Client) -> Result<Vec<Line>> {
    client.chats().await?.iter().map(output::chat).collect()
}

/// Writes a message and waits for the relay.
pub async fn send(client: &Client, chat: &str, text: &str) -> Result<Line> {
    let message = write(client, chat, text).await?;
    let what = format!("message {}", message.id);
    confirmed(&what, sent(client, &message)).await
}

/// Waits for the relay to confirm what is stored here, but not for ever.
pub async fn confirmed<T>(what: &str, done: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(PATIENCE, done).await {
        Ok(done) => done,
        Err(_) => bail!(
            "The relay has not confirmed {what} within {} s. It is stored and goes out as soon as the \
             relay answers, with whichever command comes next: do not write it again.",
            PATIENCE.as_secs()
        ),
    }
}

/// Writes a message: it is stored when this returns.
pub async fn write(client: &Client, chat: &str, text: &str) -> Result<MessageRow> {
    let chat = find(client, chat).await?;
    Ok(client
        .send_text(&chat.id, text, &SendOptions::default())
        .await?)
}

/// Waits until the relay has a message.
pub async fn sent(client: &Client, message: &MessageRow) -> Result<Line> {
    let message = client.sent(&message.id).await?;
    if message.state == MessageState::Failed {
        bail!("The relay refused the message. It is kept, marked as failed.");
    }
    output::message(&message)
}

/// A page of a chat, read by whoever asked for it.
pub async fn history(
    client: &Client,
    chat: &str,
    limit: u32,
    before: Option<&str>,
) -> Result<Vec<Line>> {
    let chat = find(client, chat).await?;
    let page = client.messages(&chat.id, before, limit).await?;
    if let Some(last) = page.rows.last() {
        client.mark_read(&chat.id, &last.id).await?;
    }
    page.rows.iter().map(output::message).collect()
}

/// A page of a chat.
pub async fn messages(
    client: &Client,
    chat: &str,
    limit: u32,
    before: Option<&str>,
) -> Result<Vec<Line>> {
    let chat = find(client, chat).await?;
    let page = client.messages(&chat.id, before, limit).await?;
    page.rows.iter().map(output::message).collect()
}

/// Marks a chat as read up to a message, or up to its newest.
pub async fn read(client: &Client, chat: &str, message: Option<&str>) -> Result<()> {
    let chat = find(client, chat).await?;
    let newest = match message {
        Some(message) => Some(message.to_owned()),
        None => client
            .messages(&chat.id, None, 1)
            .await?
            .rows
            .pop()
            .map(|row| row.id),
    };
    if let Some(message) = newest {
        client.mark_read(&chat.id, &message).await?;
    }
    Ok(())
}

/// The chat of an id or of a name that only one has.
pub async fn find(client: &Client, chat: &str) -> Result<ChatRow> {
    let chats = client.chats().await?;
    if let Some(found) = chats.iter().find(|row| row.id == chat) {
        return Ok(found.clone());
    }
    let mut named = chats.into_iter().filter(|row| row.title == chat);
    match (named.next(), named.next()) {
        (Some(found), None) => Ok(found),
        (Some(_), Some(_)) => bail!(
            "Several chats are called {chat:?}. Name one by its id; `snug-cli chats` lists them."
        ),
        (None, _) => bail!("There is no chat {chat:?}. `snug-cli chats` lists those there are."),
    }
}
