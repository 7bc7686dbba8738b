//! Chats and messages: what is read.

use super::{Client, id, not_found};
use crate::Problem;
use crate::view::{
    self, ChatRow, MessageDetails, MessageRow, Names, Page, RecipientRow, SearchPage, SearchQuery,
    VersionRow, millis,
};
use snug_engine::{self as engine, Place, View};
use snug_wire::{ConversationId, MessageId};

/// Most rows of a page.
const LONGEST_PAGE: u32 = 500;
/// Messages of a page of what was found.
const FOUND: usize = 30;

impl Client {
    /// All chats, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn chats(&self) -> Result<Vec<ChatRow>, Problem> {
        self.read(|view| {
            let mut names = Names::new(view);
            let chats = view.chats()?.into_iter();
            chats.map(|chat| view::chat_row(&mut names, chat)).collect()
        })
        .await
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
        let before = before.map(view::place).transpose()?;
        self.page(chat, move |view, chat| {
            Part::before(view, chat, before, limit.clamp(1, LONGEST_PAGE))
        })
        .await
    }

    /// Up to `limit` messages of a chat after a cursor.
    ///
    /// # Errors
    /// As [`Client::messages`].
    pub async fn messages_after(
        &self,
        chat: &str,
        after: &str,
        limit: u32,
    ) -> Result<Page, Problem> {
        let after = view::place(after)?;
        self.page(chat, move |view, chat| {
            Part::after(view, chat, after, limit.clamp(1, LONGEST_PAGE))
        })
        .await
    }

    /// Up to `limit` messages around one, which is about in the middle.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn around(&self, message: &str, limit: u32) -> Result<Page, Problem> {
        let message: MessageId = id(message)?;
        let found = self.read(move |view| view.message(&message)).await?;
        let found = found.ok_or_else(not_found)?;
        let (chat, place) = (found.conversation.to_string(), found.place);
        self.page(&chat, move |view, chat| {
            Part::around(view, chat, place, limit)
        })
        .await
    }

    /// Up to `limit` messages around the first one written at a time, milliseconds of Unix time, or
    /// later; the newest if there is none.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn at_date(&self, chat: &str, at: f64, limit: u32) -> Result<Page, Problem> {
        self.page(chat, move |view, chat| {
            match view.first_since(chat, at.max(0.0) as u64)? {
                Some(first) => Part::around(view, chat, first.place, limit),
                None => Part::before(view, chat, None, limit.clamp(1, LONGEST_PAGE)),
            }
        })
        .await
    }

    async fn page(
        &self,
        chat: &str,
        part: impl FnOnce(View<'_>, &ConversationId) -> engine::Result<Part> + Send + 'static,
    ) -> Result<Page, Problem> {
        let chat: ConversationId = id(chat)?;
        let page = self.read(move |view| {
            if view.chat(&chat)?.is_none() {
                return Ok(None);
            }
            let Part {
                messages,
                older,
                newer,
            } = part(view, &chat)?;
            let mut names = Names::new(view);
            let rows = messages
                .into_iter()
                .map(|message| view::message_row(&mut names, message))
                .collect::<engine::Result<Vec<MessageRow>>>()?;
            let cursor =
                |row: Option<&MessageRow>, more| row.filter(|_| more).map(|row| row.order.clone());
            Ok(Some(Page {
                before: cursor(rows.first(), older),
                after: cursor(rows.last(), newer),
                rows,
            }))
        });
        page.await?.ok_or_else(not_found)
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

    /// Who has a message and when, and what it said before.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn message_details(&self, message: &str) -> Result<MessageDetails, Problem> {
        let message: MessageId = id(message)?;
        let details = self.read(move |view| {
            let Some(message) = view.message(&message)? else {
                return Ok(None);
            };
            let mut names = Names::new(view);
            let mut recipients = Vec::new();
            for who in view
                .recipients(&message)?
                .into_iter()
                .filter(|_| message.own)
            {
                recipients.push(RecipientRow {
                    account: who.account.to_string(),
                    name: names.of(&who.account)?,
                    delivered_at: who.delivered_at.map(millis),
                    read_at: who.read_at.map(millis),
                });
            }
            let versions = view.versions(&message)?.into_iter();
            let edits = versions.map(|version| VersionRow {
                text: version.text,
                at: millis(version.at),
            });
            Ok(Some(MessageDetails {
                sent_at: message.group.map(|_| millis(message.at)),
                recipients,
                edits: edits.collect(),
                message: view::message_row(&mut names, message)?,
            }))
        });
        details.await?.ok_or_else(not_found)
    }

    /// Finds messages, newest first, a page at a time.
    ///
    /// # Errors
    /// `notFound` for a chat, person or cursor that is none.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchPage, Problem> {
        let time = |at: Option<f64>| at.map(|at| at.max(0.0) as u64);
        let search = engine::Search {
            text: query.text.clone(),
            within: engine::Within {
                conversation: query.chat.as_deref().map(id).transpose()?,
                author: query.author.as_deref().map(id).transpose()?,
                from: time(query.from),
                to: time(query.to),
            },
            before: match &query.before {
                Some(before) => Some(before.parse().map_err(|_| not_found())?),
                None => None,
            },
        };
        let words: Vec<String> = search.text.split_whitespace().map(engine::fold).collect();
        self.read(move |view| {
            let found = view.search(&search, FOUND)?;
            let mut names = Names::new(view);
            let hits = found
                .messages
                .into_iter()
                .map(|message| view::search_hit(&mut names, message, &words));
            Ok(SearchPage {
                hits: hits.collect::<engine::Result<_>>()?,
                before: found.next.map(|next| next.to_string()),
            })
        })
        .await
    }
}

/// A stretch of a chat.
struct Part {
    messages: Vec<engine::Message>,
    older: bool,
    newer: bool,
}

impl Part {
    fn before(
        view: View<'_>,
        chat: &ConversationId,
        before: Option<Place>,
        limit: u32,
    ) -> engine::Result<Self> {
        let messages = view.messages(chat, before, limit)?;
        Ok(Self {
            older: messages.len() >= limit as usize,
            newer: before.is_some(),
            messages,
        })
    }

    fn after(
        view: View<'_>,
        chat: &ConversationId,
        after: Place,
        limit: u32,
    ) -> engine::Result<Self> {
        let messages = view.messages_after(chat, after, limit)?;
        Ok(Self {
            older: true,
            newer: messages.len() >= limit as usize,
            messages,
        })
    }

    /// With what stands at a place about in the middle.
    fn around(
        view: View<'_>,
        chat: &ConversationId,
        place: Place,
        limit: u32,
    ) -> engine::Result<Self> {
        let half = limit.clamp(2, LONGEST_PAGE) / 2;
        let mut part = Self::before(view, chat, Some(place), half)?;
        let rest = view.messages_from(chat, place, half)?;
        part.newer = rest.len() >= half as usize;
        part.messages.extend(rest);
        Ok(part)
    }
}

/// A message as hosts see it.
pub(super) fn message_in(view: View<'_>, message: MessageId) -> engine::Result<Option<MessageRow>> {
    let found = view.message(&message)?;
    found
        .map(|found| view::message_row(&mut Names::new(view), found))
        .transpose()
}
