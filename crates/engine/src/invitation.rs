//! Inviting: making a code, withdrawing it, looking at somebody else's (rules 27, 28).

use crate::conversation::ask_for_mailbox;
use crate::error::{Rejection, Result};
use crate::group as groups;
use crate::own;
use crate::seal;
use crate::store::table::conversation::{self, ChatStanding};
use crate::store::table::invitation::{self, Invitation, InvitationState};
use crate::store::table::{contact, inbox, request};
use crate::work::Work;
use snug_wire::card::{Card, GroupCard, InboxAddress, Signed};
use snug_wire::code::{CodeKind, InviteCode, RelayHint};
use snug_wire::frame::MailboxKind;
use snug_wire::log_state::LogState;
use snug_wire::own::{InboxSecrets, Invited, OwnRecord};
use snug_wire::{
    AccountId, Address, ConversationId, GREETING_LIMIT, InvitationId, LockSecret, NAME_LIMIT,
    RelayAddress, Secret,
};

/// What a new invitation is to be.
#[derive(Clone, Debug, Default)]
pub struct NewInvitation {
    /// Usable again and again, each time asking first (a Snug ID); else once, without asking.
    pub reusable: bool,
    /// When it ends, milliseconds of Unix time.
    pub expires_at: Option<u64>,
    /// A word of welcome, may be empty.
    pub greeting: String,
    /// The group it leads into; to oneself if none.
    pub group: Option<GroupEntry>,
}

/// How an invitation leads into a group.
#[derive(Clone, Copy, Debug)]
pub struct GroupEntry {
    /// The group; one must be its admin.
    pub group: ConversationId,
    /// How many may use it; any number if none.
    pub uses: Option<u32>,
    /// Whether one is asked each time.
    pub asks: bool,
}

/// What an invitation says before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Who invites.
    pub account: AccountId,
    /// The name they show.
    pub name: String,
    /// Their word of welcome.
    pub greeting: String,
    /// When it ends, milliseconds of Unix time.
    pub expires_at: Option<u64>,
    /// How one stands with them already.
    pub relation: Relation,
    /// The group it leads into.
    pub group: Option<GroupCard>,
}

/// How one stands with somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Not met.
    New,
    /// Asked through this very invitation, and waiting.
    Waiting,
    /// In a chat already.
    Connected(ConversationId),
}

/// A greeting a person typed, trimmed, within its limit.
pub(crate) fn checked_greeting(greeting: &str) -> Result<String> {
    let greeting = greeting.trim();
    if greeting.chars().count() > GREETING_LIMIT {
        return Err(Rejection::NameTooLong.into());
    }
    Ok(greeting.to_owned())
}

/// A new inbox on a relay: its address as others see it, and its secrets.
pub(crate) fn new_inbox(
    w: &mut Work<'_>,
    relay: &RelayAddress,
) -> Result<(InboxAddress, InboxSecrets)> {
    let (private, public) = seal::inbox_key(w.crypto, &w.random())?;
    let address = Address(w.random());
    let public = InboxAddress {
        relay: relay.clone(),
        address,
        key: public,
    };
    let secrets = InboxSecrets {
        address,
        secret: LockSecret::new(w.random()),
        key: private,
    };
    Ok((public, secrets))
}

/// Makes an inbox of ours that takes pointers and answers, and asks the relay for its mailbox.
pub(crate) fn open_inbox(w: &mut Work<'_>, relay: &RelayAddress) -> Result<InboxAddress> {
    let (public, secrets) = new_inbox(w, relay)?;
    let address = public.address;
    ask_for_mailbox(
        w,
        &relay.key,
        address,
        address,
        &secrets.secret,
        MailboxKind::Inbox,
    )?;
    inbox::insert(
        w.db,
        &inbox::Inbox {
            address,
            key: secrets.key,
            invitation: None,
        },
    )?;
    Ok(public)
}

/// Makes an invitation. Its code can be shown at once; it works as soon as the relay has the card.
pub(crate) fn create(w: &mut Work<'_>, new: &NewInvitation) -> Result<InvitationId> {
    let greeting = checked_greeting(&new.greeting)?;
    let (group, relay) = match &new.group {
        Some(entry) => {
            let (card, relay) = groups::card(w, &entry.group)?;
            (Some(card), relay)
        }
        None => (None, w.me()?.home.clone()),
    };
    let me = w.me()?;
    let id = InvitationId(w.random());
    let (inbox, secrets) = new_inbox(w, &relay)?;
    let invited = Invited {
        code: InviteCode {
            kind: match group {
                Some(_) => CodeKind::Group,
                None => CodeKind::Contact,
            },
            id,
            key: Secret::new(w.random()),
            relay: RelayHint::of(&relay),
        },
        card: Card {
            invitation: id,
            account: me.account,
            devices: me.devices.clone(),
            name: me.name.clone(),
            greeting,
            inbox,
            expires_at: new.expires_at,
            uses: match &new.group {
                Some(entry) => entry.uses,
                None => (!new.reusable).then_some(1),
            },
            asks: match &new.group {
                Some(entry) => entry.asks,
                None => new.reusable,
            },
            group,
        },
        revoke: LockSecret::new(w.random()),
        inbox: secrets,
    };
    invitation::insert(
        w.db,
        &Invitation {
            invited: invited.clone(),
            state: InvitationState::Publishing,
            used: 0,
            created_at: w.now,
        },
    )?;
    w.changes.invitations.insert(id);
    own::tell(w, OwnRecord::Invited(Box::new(invited)))?;
    Ok(id)
}

/// Withdraws an invitation.
pub(crate) fn revoke(w: &mut Work<'_>, id: InvitationId) -> Result<()> {
    let invitation = invitation::get(w.db, &id)?.ok_or(Rejection::NotFound)?;
    if matches!(
        invitation.state,
        InvitationState::Publishing | InvitationState::Open
    ) {
        invitation::set_state(w.db, &id, InvitationState::Revoked)?;
        w.changes.invitations.insert(id);
        own::tell(w, OwnRecord::Revoked(id))?;
    }
    Ok(())
}

/// Opens a card and checks all it says. No effects.
pub(crate) fn open_card(
    db: &rusqlite::Connection,
    me: Option<AccountId>,
    code: &InviteCode,
    sealed: &[u8],
    now: u64,
) -> Result<(Signed<Card>, Preview)> {
    if !matches!(code.kind, CodeKind::Contact | CodeKind::Group) {
        return Err(Rejection::OtherCode.into());
    }
    let signed = seal::open_card(&code.key, &code.id, sealed)?.ok_or(Rejection::CardDamaged)?;
    let card = &signed.form;
    let device = card
        .devices
        .verified(&card.account)
        .and_then(|entry| entry.key_of(&signed.device));
    let valid = device.is_some_and(|key| signed.is_by(&key))
        && card.invitation == code.id
        && code.relay.names(&card.inbox.relay)
        && (1..=NAME_LIMIT).contains(&card.name.chars().count())
        && card.greeting.chars().count() <= GREETING_LIMIT
        && card.group.is_some() == (code.kind == CodeKind::Group)
        && card
            .group
            .as_ref()
            .is_none_or(|group| (1..=NAME_LIMIT).contains(&group.name.chars().count()));
    if !valid {
        return Err(Rejection::CardDamaged.into());
    }
    if me == Some(card.account) {
        return Err(Rejection::OwnCode.into());
    }
    if card.expires_at.is_some_and(|end| end <= now) {
        return Err(Rejection::Expired.into());
    }
    let preview = Preview {
        account: card.account,
        name: card.name.clone(),
        greeting: card.greeting.clone(),
        expires_at: card.expires_at,
        relation: relation(db, me, card)?,
        group: card.group.clone(),
    };
    Ok((signed, preview))
}

fn relation(db: &rusqlite::Connection, me: Option<AccountId>, card: &Card) -> Result<Relation> {
    if let Some(group) = &card.group {
        let there = conversation::get(db, &group.conversation)?;
        if there.is_some_and(|c| c.standing == ChatStanding::In) {
            return Ok(Relation::Connected(group.conversation));
        }
    } else if let Some(me) = me {
        let direct = LogState::direct_id(&me, &card.account);
        if conversation::get(db, &direct)?.is_some() && contact::get(db, &card.account)?.is_some() {
            return Ok(Relation::Connected(direct));
        }
    }
    let asked = request::of_invitation(db, &card.invitation)?;
    Ok(if asked.iter().any(|r| !r.incoming && !r.state.is_over()) {
        Relation::Waiting
    } else {
        Relation::New
    })
}
