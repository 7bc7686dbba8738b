//! What hosts read: rows as they are in the database now, by the engine or over a second connection.

use crate::account::{self, Account, Me};
use crate::error::Result;
use crate::group::{self, GroupWish};
use crate::invitation::{self as inviting, Preview};
use crate::offer::{self, GroupInvitation};
use crate::request::card_of;
use crate::search::{self, Found, Search};
use crate::store::table::conversation::ChatStanding;
use crate::store::table::conversation::{self, Conversation};
use crate::store::table::draft::{self, Draft};
use crate::store::table::invitation::{self, Invitation};
use crate::store::table::message::{self, Message, Place, Unread};
use crate::store::table::participant::Member;
use crate::store::table::request::{self, Request};
use crate::store::table::{
    blocked, contact, keeping, log, log_state, mailbox, outbox, participant, quarantine, reaction,
    receipt, relay,
};
use crate::verify::Trust;
use crate::{election, post, timer};
use rusqlite::Connection;
use snug_wire::card::GroupCard;
use snug_wire::code::InviteCode;
use snug_wire::content::Mention;
use snug_wire::log_state::{ConversationKind, Role};
use snug_wire::own::Keeping;
use snug_wire::{AccountId, ClaimId, ConversationId, InvitationId, MessageId, RelayAddress};

/// A chat as a list shows it.
#[derive(Clone, Debug)]
pub struct Chat {
    /// Its conversation.
    pub id: ConversationId,
    /// What it is called: for a direct one the other's name.
    pub title: String,
    /// The other account of a direct one.
    pub peer: Option<AccountId>,
    /// The picture of a group: PNG, JPEG or WebP.
    pub picture: Option<Vec<u8>>,
    /// How one stands in it.
    pub standing: ChatStanding,
    /// How many are in it.
    pub participants: u64,
    /// When it was made, milliseconds of Unix time.
    pub created_at: u64,
    /// Its last message.
    pub last: Option<Message>,
    /// Messages nobody here has seen.
    pub unread: Unread,
    /// What was begun to be written.
    pub draft: Option<Draft>,
    /// For how many seconds messages stay once they were seen.
    pub timer: Option<u32>,
    /// How it is kept in the list.
    pub keeping: Keeping,
    /// Whether the other of a direct one is blocked.
    pub blocked: bool,
    /// What is known of who the other of a direct one is.
    pub trust: Trust,
}

/// A group as its details show it.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its conversation.
    pub id: ConversationId,
    /// What it is called.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Its picture: PNG, JPEG or WebP.
    pub picture: Option<Vec<u8>>,
    /// What one may do.
    pub role: Role,
    /// How one stands in it.
    pub standing: ChatStanding,
    /// The relay it is on.
    pub relay: Option<RelayAddress>,
    /// Whether one stands for an admin, and the others have not answered yet.
    pub stands: bool,
    /// Who is in it, by account.
    pub participants: Vec<Member>,
    /// What is asked for and not done yet, with its number and since when.
    pub pending: Vec<PendingChange>,
}

/// A change of a group that is asked for and not done yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingChange {
    /// Its number.
    pub id: i64,
    /// Since when, milliseconds of Unix time.
    pub at: u64,
    /// What is asked for.
    pub wish: GroupWish,
    /// Whether the one to be added must open Snug first: no key of theirs is at the relay.
    pub no_keys: bool,
}

/// Who has a message, as far as that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Who.
    pub account: AccountId,
    /// When a device of theirs had it, milliseconds of Unix time.
    pub delivered_at: Option<u64>,
    /// When they saw it.
    pub read_at: Option<u64>,
}

/// A text a message had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it said.
    pub text: String,
    /// Since when, by its author's clock.
    pub at: u64,
    /// Who was named in it.
    pub mentions: Vec<Mention>,
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

    /// All relays our mailboxes live on, where they were last.
    pub fn relays(&self) -> Result<Vec<RelayAddress>> {
        relay::all(self.0)
    }

    /// All chats: pinned ones, then those written in last, archived ones at the end.
    pub fn chats(&self) -> Result<Vec<Chat>> {
        let mut chats = conversation::visible(self.0)?
            .into_iter()
            .map(|c| self.whole_chat(c))
            .collect::<Result<Vec<_>>>()?;
        chats.sort_by_key(|chat| {
            let at = chat.last.as_ref().map_or(chat.created_at, |last| last.at);
            let Keeping {
                pinned, archived, ..
            } = chat.keeping;
            (archived, !pinned, std::cmp::Reverse(at), chat.id)
        });
        Ok(chats)
    }

    /// One chat; `None` for what no person sees.
    pub fn chat(&self, id: &ConversationId) -> Result<Option<Chat>> {
        conversation::get(self.0, id)?
            .filter(|c| c.kind != ConversationKind::Own)
            .map(|c| self.whole_chat(c))
            .transpose()
    }

    fn whole_chat(&self, c: Conversation) -> Result<Chat> {
        let contact = c
            .peer
            .map(|peer| contact::get(self.0, &peer))
            .transpose()?
            .flatten();
        let (blocked, trust) = match &c.peer {
            Some(peer) => (blocked::is(self.0, peer)?, self.trust(peer)?),
            None => (false, Trust::Unverified),
        };
        Ok(Chat {
            id: c.id,
            title: match c.kind {
                ConversationKind::Group => c.name,
                _ => contact.map(|(name, _)| name).unwrap_or_default(),
            },
            keeping: keeping::get(self.0, &c.id)?,
            blocked,
            trust,
            peer: c.peer,
            picture: match c.kind {
                ConversationKind::Group => conversation::picture(self.0, &c.id)?,
                _ => None,
            },
            standing: c.standing,
            participants: match c.kind {
                ConversationKind::Group => participant::count(self.0, &c.id)?,
                _ => 2,
            },
            created_at: c.created_at,
            last: message::page(self.0, &c.id, None, 1)?.pop(),
            unread: message::unread(self.0, &c.id)?,
            draft: draft::get(self.0, &c.id)?,
            timer: timer::of(self.0, &c.id)?,
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

    /// The oldest `limit` messages after a place, oldest first.
    pub fn messages_after(
        &self,
        id: &ConversationId,
        after: Place,
        limit: u32,
    ) -> Result<Vec<Message>> {
        message::page_after(self.0, id, after, limit)
    }

    /// The oldest `limit` messages from a place on, oldest first.
    pub fn messages_from(
        &self,
        id: &ConversationId,
        from: Place,
        limit: u32,
    ) -> Result<Vec<Message>> {
        message::page_from(self.0, id, from, limit)
    }

    /// The first message of a conversation written at a time or later, by its author's clock. Clocks
    /// differ: it is the first in the order of the log for which all before it, by halves, are older.
    pub fn first_since(&self, id: &ConversationId, at: u64) -> Result<Option<Message>> {
        message::first_since(self.0, id, at)
    }

    /// All texts a message has had, the first one first; what was taken back has none.
    pub fn versions(&self, message: &Message) -> Result<Vec<Version>> {
        post::versions(self.0, message)
    }

    /// Who thinks what of a message.
    pub fn reactions(&self, id: &MessageId) -> Result<Vec<(AccountId, String)>> {
        reaction::of(self.0, id)
    }

    /// Who else has an own message.
    pub fn recipients(&self, message: &Message) -> Result<Vec<Recipient>> {
        let Some(group) = message.group else {
            return Ok(Vec::new());
        };
        let participants = log_state::get(self.0, &group)?.map(|state| state.participants);
        let others = participants.unwrap_or_default().into_iter();
        others
            .filter(|p| p.account != message.author)
            .map(|p| {
                let whose = (&group, &p.account);
                let when = |read| receipt::when(self.0, whose, (read, message.seq));
                Ok(Recipient {
                    account: p.account,
                    delivered_at: when(false)?,
                    read_at: when(true)?,
                })
            })
            .collect()
    }

    /// Finds at most `limit` messages, newest first.
    pub fn search(&self, search: &Search, limit: usize) -> Result<Found> {
        search::find(self.0, search, limit)
    }

    /// One message.
    pub fn message(&self, id: &MessageId) -> Result<Option<Message>> {
        message::get(self.0, id)
    }

    /// The name an account shows; oneself's too.
    pub fn name(&self, id: &AccountId) -> Result<Option<String>> {
        if let Some(name) = account::own_name(self.0, id)? {
            return Ok(Some(name));
        }
        if let Some((name, _)) = contact::get(self.0, id)? {
            return Ok(Some(name));
        }
        participant::name(self.0, id)
    }

    /// A group; `None` for what is none.
    pub fn group(&self, id: &ConversationId) -> Result<Option<Group>> {
        let is_group = |c: &Conversation| c.kind == ConversationKind::Group;
        let Some(there) = conversation::get(self.0, id)?.filter(is_group) else {
            return Ok(None);
        };
        let logs = log::of(self.0, id)?;
        let (state, at) = match logs.iter().find(|log| log.ready).or(logs.first()) {
            Some(log) => (
                log_state::get(self.0, &log.group)?,
                mailbox::get(self.0, &log.address)?,
            ),
            None => (None, None),
        };
        let relay = at.map(|at| relay::get(self.0, &at.relay)).transpose()?;
        let me = account::own_id(self.0)?;
        let participants = participant::of(self.0, id)?;
        let own = participants.iter().find(|p| Some(p.account) == me);
        let stands = match (&state, &me) {
            (Some(state), Some(me)) => election::stands(self.0, id, state, me)?,
            _ => false,
        };
        Ok(Some(Group {
            id: *id,
            name: there.name,
            role: own.map_or(Role::Member, |own| own.role),
            standing: there.standing,
            description: state.map(|s| s.description).unwrap_or_default(),
            picture: conversation::picture(self.0, id)?,
            relay: relay.flatten(),
            stands,
            participants,
            pending: group::pending(self.0, id)?,
        }))
    }

    /// What is asked for of a group and not done yet, oldest first.
    pub fn pending_changes(&self, id: &ConversationId) -> Result<Vec<PendingChange>> {
        group::pending(self.0, id)
    }

    /// Groups one is invited to, newest first.
    pub fn group_invitations(&self) -> Result<Vec<GroupInvitation>> {
        offer::all(self.0)
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

    /// The group that a request leads into, ours or somebody's; `None` for a chat of two.
    pub fn group_asked_for(&self, request: &Request) -> Result<Option<GroupCard>> {
        Ok(match request.incoming {
            true => {
                invitation::get(self.0, &request.invitation)?.and_then(|i| i.invited.card.group)
            }
            false => card_of(request)?.group,
        })
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
        Ok(outbox::messages_waiting(self.0)?.0)
    }

    /// How many entries could not be opened (rule 24).
    pub fn quarantined(&self) -> Result<u64> {
        quarantine::count(self.0)
    }
}
