//! Typing, presence, and who may know of them.

use super::{Client, id};
use crate::view::{self, OwnPresence, PresenceRow, Privacy, PrivacyOverride};
use crate::{Problem, ProblemCode};
use snug_wire::signal::STATUS_LIMIT;
use snug_wire::{AccountId, ConversationId};

impl Client {
    /// The person types in a chat, or has stopped. Call it at every key: what comes too often, or
    /// without a connection, is dropped.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn typing(&self, chat: &str, on: bool) -> Result<(), Problem> {
        let chat: ConversationId = id(chat)?;
        self.call(move |engine, now| engine.set_typing(chat, on, now))
            .await
    }

    /// One's own presence as chosen.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn own_presence(&self) -> Result<OwnPresence, Problem> {
        let own = self.call(|engine, _| engine.own_presence()).await?;
        Ok(own.into())
    }

    /// Chooses one's own presence; contacts see it at once. Who becomes invisible is gone for them.
    ///
    /// # Errors
    /// `textTooLong`.
    pub async fn set_presence(&self, presence: OwnPresence) -> Result<(), Problem> {
        if presence.text.chars().count() > STATUS_LIMIT {
            let text = format!("The status is longer than {STATUS_LIMIT} characters. Shorten it.");
            return Err(Problem::new(ProblemCode::TextTooLong, text));
        }
        self.call(move |engine, now| engine.set_presence(presence.into(), now))
            .await
    }

    /// How long nobody has touched the computer, in seconds: when that reaches `awayAfter`, and with 0
    /// when somebody is back.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn idle(&self, seconds: u32) -> Result<(), Problem> {
        self.call(move |engine, now| engine.set_idle(seconds, now))
            .await
    }

    /// How all are there of whom anything is known.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn presences(&self) -> Result<Vec<PresenceRow>, Problem> {
        let all = self.call(|engine, _| engine.presences()).await?;
        Ok(all.into_iter().map(view::presence_row).collect())
    }

    /// What everybody is told who has no rule of their own.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn privacy(&self) -> Result<Privacy, Problem> {
        Ok(self.read(|view| view.privacy()).await?.into())
    }

    /// Changes what everybody is told who has no rule of their own.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn set_privacy(&self, privacy: Privacy) -> Result<(), Problem> {
        self.call(move |engine, now| engine.set_privacy(privacy.into(), now))
            .await
    }

    /// What differs for a contact.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn contact_privacy(&self, account: &str) -> Result<PrivacyOverride, Problem> {
        let account: AccountId = id(account)?;
        let told = self.read(move |view| view.contact_privacy(&account));
        Ok(told.await?.into())
    }

    /// Changes what a contact is told.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn set_contact_privacy(
        &self,
        account: &str,
        privacy: PrivacyOverride,
    ) -> Result<(), Problem> {
        let account: AccountId = id(account)?;
        self.call(move |engine, now| engine.set_contact_privacy(account, privacy.into(), now))
            .await
    }
}
