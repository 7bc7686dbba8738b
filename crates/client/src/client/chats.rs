//! Chats and messages.

use super::{Client, id, not_found};
use crate::Problem;
use crate::view::{self, ChatRow, MessageRow, Names, Page};
use snug_engine::View;
use snug_wire::content::Priority;
use snug_wire::{ConversationId, MessageId};

/// Most rows of a page.
const LONGEST_PAGE: u32 = 500;

impl Client {
    /// All chats, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn chats(&self) -> Result<Vec<ChatRow>, Problem> {
        let chats = self.read(|view| view.chats()).await?;
        Ok(chats.into_iter().map(view::chat_row).collect())
    }

    /// Up to `limit` (at most 500) messages of a chat before a cursor; the newest without one.
    ///
    /// # Errors
    /// `notFound` when there is no such chat or cursor.
    pub async fn messages(
        &self,
        chat: &str,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Page, Problem> {
        let chat: ConversationId = id(chat)?;
        let before = before.map(view::place).transpose()?;
        let limit = limit.clamp(1, LONGEST_PAGE);
        let rows = self
            .read(move |view| {
                if view.chat(&chat)?.is_none() {
                    return Ok(None);
                }
                let mut names = Names::new(view);
                let page = view.messages(&chat, before, limit)?;
                let rows = page
                    .into_iter()
                    .map(|message| view::message_row(&mut names, message));
                rows.collect::<snug_engine::Result<Vec<MessageRow>>>()
                    .map(Some)
            })
            .await?
            .ok_or_else(not_found)?;
        let whole = rows.len() >= limit as usize;
        Ok(Page {
            before: rows.first().filter(|_| whole).map(|row| row.order.clone()),
            rows,
        })
    }

    /// One message.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn message(&self, message: &str) -> Result<MessageRow, Problem> {
        let message: MessageId = id(message)?;
        self.read(move |view| message_in(view, message))
            .await?
            .ok_or_else(not_found)
    }

    /// Writes a message; it is stored when this returns, and sent as soon as possible.
    ///
    /// # Errors
    /// `textEmpty`, `textTooLong`, `queueFull`, `notFound`, `diskFull`.
    pub async fn send_text(&self, chat: &str, text: &str) -> Result<MessageRow, Problem> {
        let (chat, text) = (id::<ConversationId>(chat)?, text.to_owned());
        let sent = self
            .call(move |engine, now| {
                let message = engine.send_text(chat, &text, Priority::Normal, now)?;
                message_in(engine.view(), message)
            })
            .await?;
        sent.ok_or_else(not_found)
    }

    /// Sends a failed message again.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn retry_message(&self, message: &str) -> Result<(), Problem> {
        let message: MessageId = id(message)?;
        self.call(move |engine, now| engine.retry(message, now))
            .await
    }

    /// Drops a failed message.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn discard_message(&self, message: &str) -> Result<(), Problem> {
        let message: MessageId = id(message)?;
        self.call(move |engine, now| engine.discard(message, now))
            .await
    }

    /// The person has seen the chat up to this message.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn mark_read(&self, chat: &str, up_to: &str) -> Result<(), Problem> {
        let (chat, message) = (id::<ConversationId>(chat)?, id::<MessageId>(up_to)?);
        self.call(move |engine, now| engine.mark_read(chat, message, now))
            .await
    }
}

/// A message as hosts see it.
pub(super) fn message_in(
    view: View<'_>,
    message: MessageId,
) -> snug_engine::Result<Option<MessageRow>> {
    let found = view.message(&message)?;
    found
        .map(|found| view::message_row(&mut Names::new(view), found))
        .transpose()
}
