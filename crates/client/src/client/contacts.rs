//! Contacts: who they are, who is not wanted, and how chats are kept.

use super::{Client, id, not_found};
use crate::Problem;
use crate::view::{self, BlockedRow, ContactRow, SafetyNumber};
use snug_engine::Compared;
use snug_wire::own::Keeping;
use snug_wire::verify::VerifyCode;
use snug_wire::{AccountId, ConversationId};

impl Client {
    /// All one has a chat with, by their names.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn contacts(&self) -> Result<Vec<ContactRow>, Problem> {
        let all = self.read(|view| view.contacts()).await?;
        Ok(all.into_iter().map(view::contact_row).collect())
    }

    /// All one blocked, the last one first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn blocked(&self) -> Result<Vec<BlockedRow>, Problem> {
        let all = self.read(|view| view.blocked()).await?;
        Ok(all.into_iter().map(view::blocked_row).collect())
    }

    /// Takes nothing more of an account; once more is as good as once. It is not told.
    ///
    /// # Errors
    /// `oneself`; `notFound` for one that never asked and is in no chat.
    pub async fn block(&self, account: &str) -> Result<(), Problem> {
        let account: AccountId = id(account)?;
        self.call(move |engine, now| engine.block(account, now))
            .await
    }

    /// Takes what an account says from now on. What it wrote meanwhile is lost.
    ///
    /// # Errors
    /// `notFound` for what is no account.
    pub async fn unblock(&self, account: &str) -> Result<(), Problem> {
        let account: AccountId = id(account)?;
        self.call(move |engine, now| engine.unblock(account, now))
            .await
    }

    /// Whether requests of those one has no chat with are declined by themselves.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn refuses_strangers(&self) -> Result<bool, Problem> {
        self.read(|view| view.refuses_strangers()).await
    }

    /// Declines requests to one's Snug IDs by itself, but of contacts; or asks again.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn refuse_strangers(&self, refuse: bool) -> Result<(), Problem> {
        self.call(move |engine, now| engine.refuse_strangers(refuse, now))
            .await
    }

    /// What a contact and oneself compare.
    ///
    /// # Errors
    /// `oneself`, `notFound`.
    pub async fn safety_number(&self, account: &str) -> Result<SafetyNumber, Problem> {
        let account: AccountId = id(account)?;
        let (name, number) = self
            .read(move |view| Ok((view.name(&account)?, view.safety_number(&account)?)))
            .await?;
        let name = name.unwrap_or_default();
        view::safety_number((account.to_string(), name), number)
    }

    /// The person saw these digits here, and the same on the other's screen.
    ///
    /// # Errors
    /// `numberDiffers` when they are others by now; as [`Client::safety_number`].
    pub async fn verify(&self, account: &str, digits: Vec<String>) -> Result<(), Problem> {
        self.compared(account, Compared::Digits(digits)).await
    }

    /// Compares with the code that the other's screen shows.
    ///
    /// # Errors
    /// `numberDiffers`; `numberOther` for the code of somebody else; the `code…` problems.
    pub async fn verify_code(&self, account: &str, code: &str) -> Result<(), Problem> {
        let code: VerifyCode = code.parse()?;
        self.compared(account, Compared::Code(code)).await
    }

    async fn compared(&self, account: &str, compared: Compared) -> Result<(), Problem> {
        let account: AccountId = id(account)?;
        self.call(move |engine, now| engine.verify(account, &compared, now))
            .await
    }

    /// As if a contact had never been verified.
    ///
    /// # Errors
    /// `notFound` for what is no account.
    pub async fn unverify(&self, account: &str) -> Result<(), Problem> {
        let account: AccountId = id(account)?;
        self.call(move |engine, now| engine.unverify(account, now))
            .await
    }

    /// Puts a chat before the others, or back. A pinned one is not archived.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn set_pinned(&self, chat: &str, on: bool) -> Result<(), Problem> {
        self.keep(chat, move |before, _| Keeping {
            pinned: on,
            archived: before.archived && !on,
            ..before
        })
        .await
    }

    /// Puts a chat behind the others, or back. What is new in it brings it back, unless it is muted.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn set_archived(&self, chat: &str, on: bool) -> Result<(), Problem> {
        self.keep(chat, move |before, _| Keeping {
            archived: on,
            ..before
        })
        .await
    }

    /// Notifies of nothing in a chat but what names this account, for that many milliseconds or without
    /// end; or of everything again.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn set_muted(
        &self,
        chat: &str,
        on: bool,
        for_ms: Option<f64>,
    ) -> Result<(), Problem> {
        self.keep(chat, move |before, now| {
            let until = for_ms.map_or(Keeping::FOR_GOOD, |span| {
                now.saturating_add(span.max(0.0) as u64)
                    .min(Keeping::FOR_GOOD)
            });
            Keeping {
                muted_until: on.then_some(until),
                ..before
            }
        })
        .await
    }

    async fn keep(
        &self,
        chat: &str,
        change: impl FnOnce(Keeping, u64) -> Keeping + Send + 'static,
    ) -> Result<(), Problem> {
        let chat: ConversationId = id(chat)?;
        let kept = self
            .call(move |engine, now| {
                let Some(before) = engine.view().chat(&chat)? else {
                    return Ok(None);
                };
                let new = change(before.keeping, now);
                engine.set_keeping(chat, new, now).map(Some)
            })
            .await?;
        kept.ok_or_else(not_found)
    }
}
