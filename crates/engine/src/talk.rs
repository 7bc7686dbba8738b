//! What a person does in a conversation, one transaction each.

use crate::error::Result;
use crate::message::{self, Extras};
use crate::store::table::draft::Draft;
use crate::{Engine, post, timer};
use snug_wire::content::Mention;
use snug_wire::{ConversationId, MessageId};

impl Engine {
    /// Writes a text into a conversation: it is there at once, and leaves by itself. A draft ends.
    ///
    /// # Errors
    /// [`Rejection::TextEmpty`], [`Rejection::TextTooLong`], [`Rejection::QueueFull`],
    /// [`Rejection::QueueHeavy`], [`Rejection::NotFound`].
    ///
    /// [`Rejection::TextEmpty`]: crate::Rejection::TextEmpty
    /// [`Rejection::TextTooLong`]: crate::Rejection::TextTooLong
    /// [`Rejection::QueueFull`]: crate::Rejection::QueueFull
    /// [`Rejection::QueueHeavy`]: crate::Rejection::QueueHeavy
    /// [`Rejection::NotFound`]: crate::Rejection::NotFound
    pub fn send_text(
        &mut self,
        conversation: ConversationId,
        text: &str,
        extras: Extras,
        now: u64,
    ) -> Result<MessageId> {
        self.write(now, |w| message::send(w, conversation, text, extras))
    }

    /// Writes what a message says into other conversations, marked as forwarded.
    ///
    /// # Errors
    /// As [`Engine::send_text`]; then it is in none of them.
    pub fn forward(
        &mut self,
        message: MessageId,
        to: &[ConversationId],
        now: u64,
    ) -> Result<Vec<MessageId>> {
        self.write(now, |w| message::forward(w, message, to))
    }

    /// Gives an own message another text.
    ///
    /// # Errors
    /// As [`Engine::send_text`], and [`crate::Rejection::NotYours`].
    pub fn edit(
        &mut self,
        message: MessageId,
        text: &str,
        mentions: Vec<Mention>,
        now: u64,
    ) -> Result<()> {
        self.write(now, |w| post::edit(w, message, text, mentions))
    }

    /// Takes an own message back, for everyone.
    ///
    /// # Errors
    /// As [`Engine::edit`].
    pub fn delete(&mut self, message: MessageId, now: u64) -> Result<()> {
        self.write(now, |w| post::delete(w, message))
    }

    /// Says with an emoji what one thinks of a message; `None` takes it back.
    ///
    /// # Errors
    /// As [`Engine::send_text`].
    pub fn react(&mut self, message: MessageId, emoji: Option<&str>, now: u64) -> Result<()> {
        self.write(now, |w| post::react(w, message, emoji))
    }

    /// Sends a failed message again.
    ///
    /// # Errors
    /// [`crate::Rejection::NotFound`] when it is none.
    pub fn retry(&mut self, message: MessageId, now: u64) -> Result<()> {
        self.write(now, |w| message::retry(w, message))
    }

    /// Forgets a message that failed or has not left yet.
    ///
    /// # Errors
    /// [`crate::Rejection::NotFound`] when it is none.
    pub fn discard(&mut self, message: MessageId, now: u64) -> Result<()> {
        self.write(now, |w| message::discard(w, message))
    }

    /// Everything up to this message was on the person's screen.
    ///
    /// # Errors
    /// [`crate::Rejection::NotFound`] when it is not of this conversation.
    pub fn mark_read(
        &mut self,
        conversation: ConversationId,
        up_to: MessageId,
        now: u64,
    ) -> Result<()> {
        self.write(now, |w| message::mark_read(w, conversation, up_to))
    }

    /// Lets messages written from here on disappear so many seconds after they were seen; `None` keeps
    /// them.
    ///
    /// # Errors
    /// As [`Engine::send_text`].
    pub fn set_timer(
        &mut self,
        conversation: ConversationId,
        seconds: Option<u32>,
        now: u64,
    ) -> Result<()> {
        self.write(now, |w| timer::set(w, conversation, seconds))
    }

    /// Keeps what was begun to be written; `None` forgets it.
    ///
    /// # Errors
    /// [`crate::Rejection::NotFound`], [`crate::Rejection::TextTooLong`].
    pub fn set_draft(
        &mut self,
        conversation: ConversationId,
        draft: Option<&Draft>,
        now: u64,
    ) -> Result<()> {
        self.write(now, |w| message::keep_draft(w, conversation, draft))
    }
}
