//! What a person does in chats.

use super::chats::message_in;
use super::{Client, id, not_found};
use crate::Problem;
use crate::view::{self, Draft, Mention, MessageRow, SendOptions};
use snug_wire::{ConversationId, MessageId};

impl Client {
    /// Writes a message; it is stored when this returns, and sent as soon as possible.
    ///
    /// # Errors
    /// `textEmpty`, `textTooLong`, `queueFull`, `tooManyBytes`, `notFound`, `diskFull`.
    pub async fn send_text(
        &self,
        chat: &str,
        text: &str,
        options: &SendOptions,
    ) -> Result<MessageRow, Problem> {
        let (chat, text) = (id::<ConversationId>(chat)?, text.to_owned());
        let extras = view::options(options)?;
        let sent = self
            .call(move |engine, now| {
                let message = engine.send_text(chat, &text, extras, now)?;
                message_in(engine.view(), message)
            })
            .await?;
        sent.ok_or_else(not_found)
    }

    /// Gives an own message another text.
    ///
    /// # Errors
    /// As [`Client::send_text`], and `notYours`.
    pub async fn edit_message(
        &self,
        message: &str,
        text: &str,
        mentions: &[Mention],
    ) -> Result<(), Problem> {
        let (message, text) = (id::<MessageId>(message)?, text.to_owned());
        let mentions = view::mentions(mentions)?;
        self.call(move |engine, now| engine.edit(message, &text, mentions, now))
            .await
    }

    /// Takes an own message back, for everyone.
    ///
    /// # Errors
    /// `notFound`, `notYours`.
    pub async fn delete_message(&self, message: &str) -> Result<(), Problem> {
        let message: MessageId = id(message)?;
        self.call(move |engine, now| engine.delete(message, now))
            .await
    }

    /// Says with an emoji what one thinks of a message; `None` takes it back.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn react(&self, message: &str, emoji: Option<&str>) -> Result<(), Problem> {
        let (message, emoji) = (id::<MessageId>(message)?, emoji.map(str::to_owned));
        self.call(move |engine, now| engine.react(message, emoji.as_deref(), now))
            .await
    }

    /// Writes what a message says into other chats; the new messages, in the order of the chats.
    ///
    /// # Errors
    /// As [`Client::send_text`]; then it is in none of them.
    pub async fn forward(
        &self,
        message: &str,
        chats: &[String],
    ) -> Result<Vec<MessageRow>, Problem> {
        let message: MessageId = id(message)?;
        let chats = chats.iter().map(|chat| id(chat));
        let chats = chats.collect::<Result<Vec<ConversationId>, _>>()?;
        self.call(move |engine, now| {
            let written = engine.forward(message, &chats, now)?.into_iter();
            let rows = written.map(|new| message_in(engine.view(), new));
            rows.collect::<snug_engine::Result<Vec<_>>>()
        })
        .await
        .map(|rows| rows.into_iter().flatten().collect())
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

    /// Lets messages written from here on disappear so many seconds after they were seen; `None` keeps
    /// them.
    ///
    /// # Errors
    /// `notFound`, `queueFull`.
    pub async fn set_timer(&self, chat: &str, seconds: Option<u32>) -> Result<(), Problem> {
        let chat: ConversationId = id(chat)?;
        self.call(move |engine, now| engine.set_timer(chat, seconds, now))
            .await
    }

    /// What was begun to be written in a chat.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn draft(&self, chat: &str) -> Result<Option<Draft>, Problem> {
        let chat: ConversationId = id(chat)?;
        let found = self.read(move |view| view.chat(&chat)).await?;
        let chat = found.ok_or_else(not_found)?;
        Ok(chat.draft.map(view::draft_row))
    }

    /// Keeps what was begun to be written; `None` forgets it.
    ///
    /// # Errors
    /// `notFound`, `textTooLong`.
    pub async fn set_draft(&self, chat: &str, draft: Option<&Draft>) -> Result<(), Problem> {
        let chat: ConversationId = id(chat)?;
        let draft = draft.map(view::from_draft).transpose()?;
        self.call(move |engine, now| engine.set_draft(chat, draft.as_ref(), now))
            .await
    }
}
