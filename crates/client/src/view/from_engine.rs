//! Rows from what the engine reads.

use super::from_groups::{picture_url, standing};
use super::{
    AccountRow, ChatKind, ChatRow, GroupPreview, InvitationRow, InvitationState, Preview,
    RequestRow, RequestState, Standing, last_line, millis, muted_until,
};
use crate::{Problem, ProblemCode};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use snug_engine as engine;
use snug_engine::{Result, View};
use snug_wire::code::InviteCode;
use snug_wire::{AccountId, RelayAddress};
use std::collections::BTreeMap;

/// The account.
pub(crate) fn account_row(account: &engine::Account) -> AccountRow {
    AccountRow {
        id: account.id.to_string(),
        name: account.name.clone(),
        fingerprint: fingerprint(&account.id),
    }
}

/// The first 80 bits of an account id, in four groups of four: enough for people to compare.
fn fingerprint(account: &AccountId) -> String {
    let text = BASE32_NOPAD.encode(account.0.get(..10).unwrap_or_default());
    let groups: Vec<&str> = (0..4).filter_map(|n| text.get(n * 4..n * 4 + 4)).collect();
    groups.join(" ")
}

/// Names of accounts, each read once.
pub(crate) struct Names<'a> {
    view: View<'a>,
    known: BTreeMap<AccountId, String>,
}

impl<'a> Names<'a> {
    pub fn new(view: View<'a>) -> Self {
        Self {
            view,
            known: BTreeMap::new(),
        }
    }

    /// Where they are read from.
    pub fn view(&self) -> View<'a> {
        self.view
    }

    /// The name of an account.
    pub fn of(&mut self, account: &AccountId) -> Result<String> {
        if let Some(name) = self.known.get(account) {
            return Ok(name.clone());
        }
        let name = self.view.name(account)?.unwrap_or_default();
        self.known.insert(*account, name.clone());
        Ok(name)
    }
}

/// A chat.
pub(crate) fn chat_row(names: &mut Names<'_>, chat: engine::Chat) -> Result<ChatRow> {
    let kind = match chat.peer {
        Some(_) => ChatKind::Direct,
        None => ChatKind::Group,
    };
    let last = chat.last.map(|last| last_line(names, kind, last));
    let last = last.transpose()?;
    Ok(ChatRow {
        id: chat.id.to_string(),
        kind,
        title: chat.title,
        peer: chat.peer.map(|peer| peer.to_string()),
        picture: chat.picture.as_deref().map(picture_url),
        participants: count(chat.participants),
        standing: standing(chat.standing),
        unread: count(chat.unread.count),
        first_unread: chat.unread.first.map(|id| id.to_string()),
        mentions: count(chat.unread.mentions),
        first_mention: chat.unread.first_mention.map(|id| id.to_string()),
        draft: chat
            .draft
            .map(|draft| draft.text.lines().next().unwrap_or_default().to_owned()),
        timer: chat.timer,
        pinned: chat.keeping.pinned,
        archived: chat.keeping.archived,
        muted: chat.keeping.muted_until.is_some(),
        muted_until: muted_until(&chat.keeping),
        blocked: chat.blocked,
        trust: chat.trust.into(),
        created_at: millis(chat.created_at),
        sorted_at: last
            .as_ref()
            .map_or(millis(chat.created_at), |last| last.at),
        last,
    })
}

/// A cursor as hosts hand it back: the `order` of a row.
pub(crate) fn place(cursor: &str) -> std::result::Result<engine::Place, Problem> {
    let bytes = HEXLOWER.decode(cursor.as_bytes()).ok();
    let place = bytes
        .and_then(|bytes| bytes.try_into().ok())
        .map(engine::Place);
    place.ok_or_else(|| Problem::new(ProblemCode::NotFound, "There is no such place in the chat."))
}

/// An invitation of ours.
pub(crate) fn invitation_row(
    view: View<'_>,
    invitation: engine::Invitation,
    now: u64,
) -> Result<InvitationRow> {
    let id = invitation.id();
    let users = view.requests()?.into_iter().filter(|request| {
        let is_in = matches!(
            request.state,
            engine::RequestState::Granted | engine::RequestState::Connected
        );
        request.incoming && request.invitation == id && is_in
    });
    let is_expired = invitation.is_expired(now);
    let code = &invitation.invited.code;
    let card = &invitation.invited.card;
    Ok(InvitationRow {
        id: id.to_string(),
        state: match invitation.state {
            engine::InvitationState::Used => InvitationState::Used,
            engine::InvitationState::Revoked => InvitationState::Revoked,
            _ if is_expired => InvitationState::Expired,
            engine::InvitationState::Publishing => InvitationState::Publishing,
            engine::InvitationState::Open => InvitationState::Open,
        },
        reusable: card.uses.is_none(),
        group: card
            .group
            .as_ref()
            .map(|group| group.conversation.to_string()),
        uses: card.uses,
        asks: card.asks,
        greeting: card.greeting.clone(),
        code: code.to_string(),
        link: code.link(),
        created_at: millis(invitation.created_at),
        expires_at: card.expires_at.map(millis),
        here_only: code.relay.is_loopback(),
        local_only: code.relay.is_local() && !code.relay.is_loopback(),
        used_by: users.map(|request| request.name).collect(),
    })
}

/// A request.
pub(crate) fn request_row(view: View<'_>, request: engine::ConnectRequest) -> Result<RequestRow> {
    use engine::RequestState as Engine;
    let group = view.group_asked_for(&request)?;
    Ok(RequestRow {
        id: request.claim.to_string(),
        account: request.account.to_string(),
        incoming: request.incoming,
        name: request.name,
        greeting: request.greeting,
        state: match request.state {
            // Granted by us: our yes is on its way. By them: their Welcome is.
            Engine::Granted if request.incoming => RequestState::Sending,
            Engine::Sending => RequestState::Sending,
            Engine::Granted | Engine::Waiting => RequestState::Waiting,
            Engine::Connected => RequestState::Connected,
            Engine::Declined => RequestState::Declined,
            Engine::Used => RequestState::Used,
            Engine::Expired => RequestState::Expired,
            Engine::Revoked => RequestState::Revoked,
            Engine::Failed => RequestState::Failed,
        },
        at: millis(request.at),
        chat: request.conversation.map(|id| id.to_string()),
        group: group.map(|group| group.name),
    })
}

/// What a code says.
pub(crate) fn preview(
    code: &InviteCode,
    preview: engine::Preview,
    relay: &RelayAddress,
) -> Preview {
    let (standing, chat) = match preview.relation {
        engine::Relation::New => (Standing::New, None),
        engine::Relation::Waiting => (Standing::Waiting, None),
        engine::Relation::Connected(id) => (Standing::Connected, Some(id.to_string())),
    };
    Preview {
        code: code.to_string(),
        name: preview.name,
        greeting: preview.greeting,
        expires_at: preview.expires_at.map(millis),
        fingerprint: fingerprint(&preview.account),
        relay: relay.host().to_owned(),
        standing,
        chat,
        group: preview.group.map(|group| GroupPreview {
            name: group.name,
            participants: group.participants,
        }),
    }
}

/// A count as hosts see it.
pub(crate) fn count(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
