//! What hosts read: rows as they are in the database now, by the engine or over a second connection.

use crate::account::{Account, Me};
use crate::error::Result;
use crate::invitation::{self as inviting, Preview};
use crate::store::table::conversation::{self, Conversation};
use crate::store::table::invitation::{self, Invitation};
use crate::store::table::message::{self, Message, Place};
use crate::store::table::request::{self, Request};
use crate::store::table::{contact, outbox, quarantine};
use rusqlite::Connection;
use snug_wire::code::InviteCode;
use snug_wire::{AccountId, ClaimId, ConversationId, InvitationId, MessageId};

/// A chat as a list shows it.
#[derive(Clone, Debug)]
pub struct Chat {
    /// Its conversation.
    pub id: ConversationId,
    /// What it is called: for a direct one the other's name.
    pub title: String,
    /// The other account of a direct one.
    pub peer: Option<AccountId>,
    /// When it was made, milliseconds of Unix time.
    pub created_at: u64,
    /// Its last message.
    pub last: Option<Message>,
    /// How many messages nobody here has seen.
    pub unread: u64,
    /// The first of them.
    pub first_unread: Option<MessageId>,
}

/// Reads over any connection to the database.
pub struct Reader {
    db: Connection,
}

impl Reader {
    /// Over a connection of its own, opened with [`crate::Access::Read`].
    pub fn open(db: Connection) -> Self {
        Self { db }
    }

    /// Everything that can be read.
    pub fn view(&self) -> View<'_> {
        View(&self.db)
    }
}

/// Everything that can be read.
#[derive(Clone, Copy)]
pub struct View<'a>(pub(crate) &'a Connection);

impl View<'_> {
    /// The account; `None` before there is one.
    ///
    /// # Errors
    /// The disk, as for all that follow.
    pub fn account(&self) -> Result<Option<Account>> {
        Ok(Me::load(self.0)?.map(|me| me.as_account()))
    }

    /// All chats, the one written in last first.
    pub fn chats(&self) -> Result<Vec<Chat>> {
        let mut chats = conversation::visible(self.0)?
            .into_iter()
            .map(|c| self.whole_chat(c))
            .collect::<Result<Vec<_>>>()?;
        chats.sort_by_key(|chat| {
            let at = chat.last.as_ref().map_or(chat.created_at, |last| last.at);
            (std::cmp::Reverse(at), chat.id)
        });
        Ok(chats)
    }

    /// One chat; `None` for what no person sees.
    pub fn chat(&self, id: &ConversationId) -> Result<Option<Chat>> {
        conversation::get(self.0, id)?
            .filter(|c| c.kind != snug_wire::log_state::ConversationKind::Own)
            .map(|c| self.whole_chat(c))
            .transpose()
    }

    fn whole_chat(&self, c: Conversation) -> Result<Chat> {
        let (unread, first_unread) = message::unread(self.0, &c.id)?;
        let contact = c
            .peer
            .map(|peer| contact::get(self.0, &peer))
            .transpose()?
            .flatten();
        Ok(Chat {
            id: c.id,
            title: contact.map(|(name, _)| name).unwrap_or_default(),
            peer: c.peer,
            created_at: c.created_at,
            last: message::page(self.0, &c.id, None, 1)?.pop(),
            unread,
            first_unread,
        })
    }

    /// The newest `limit` messages before a place, oldest first.
    pub fn messages(
        &self,
        id: &ConversationId,
        before: Option<Place>,
        limit: u32,
    ) -> Result<Vec<Message>> {
        message::page(self.0, id, before, limit)
    }

    /// One message.
    pub fn message(&self, id: &MessageId) -> Result<Option<Message>> {
        message::get(self.0, id)
    }

    /// The name an account shows; oneself's too.
    pub fn name(&self, id: &AccountId) -> Result<Option<String>> {
        if let Some(me) = Me::load(self.0)?.filter(|me| me.account == *id) {
            return Ok(Some(me.name));
        }
        Ok(contact::get(self.0, id)?.map(|(name, _)| name))
    }

    /// Invitations we made, newest first.
    pub fn invitations(&self) -> Result<Vec<Invitation>> {
        invitation::all(self.0)
    }

    /// One invitation.
    pub fn invitation(&self, id: &InvitationId) -> Result<Option<Invitation>> {
        invitation::get(self.0, id)
    }

    /// Requests either way, newest first.
    pub fn requests(&self) -> Result<Vec<Request>> {
        request::all(self.0)
    }

    /// One request.
    pub fn request(&self, claim: &ClaimId) -> Result<Option<Request>> {
        request::get(self.0, claim)
    }

    /// What a card says, checked. Nothing is stored or sent.
    ///
    /// # Errors
    /// [`crate::Rejection`]: own code, other kind, damaged card, expired.
    pub fn open_card(&self, code: &InviteCode, sealed: &[u8], now: u64) -> Result<Preview> {
        let me = Me::load(self.0)?.map(|me| me.account);
        Ok(inviting::open_card(self.0, me, code, sealed, now)?.1)
    }

    /// What waits in the outbox, a line each, without contents: for people who look into it.
    pub fn outbox(&self) -> Result<Vec<String>> {
        outbox::describe(self.0)
    }

    /// How many messages wait to be sent.
    pub fn waiting(&self) -> Result<u64> {
        outbox::messages_waiting(self.0)
    }

    /// How many entries could not be opened (rule 24).
    pub fn quarantined(&self) -> Result<u64> {
        quarantine::count(self.0)
    }
}
