//! Rows of groups, from what the engine reads.

use super::{
    ChatStanding, GroupChange, GroupInvitationRow, GroupRow, Names, ParticipantKind,
    ParticipantRow, ParticipantState, PendingRow, Role, Trust, millis,
};
use crate::ProblemCode;
use data_encoding::BASE64;
use snug_engine as engine;
use snug_engine::{GroupWish, Happened, Result, View, silent_since};
use snug_wire::log_state as wire;
use snug_wire::{AccountId, RelayAddress};
use std::collections::{BTreeMap, BTreeSet};

/// All about a group.
pub(crate) fn group_row(
    names: &mut Names<'_>,
    group: engine::Group,
    (embedded, now): (Option<&RelayAddress>, u64),
) -> Result<GroupRow> {
    let view = names.view();
    let me = view.account()?.map(|account| account.id);
    let known = Known::read(view)?;
    let silent = me.filter(|_| group.standing == engine::ChatStanding::In);
    let silent = silent.and_then(|me| silent_since(&group.participants, &me, now));
    let is_inside = |relay: &RelayAddress| embedded.is_some_and(|inside| inside.key == relay.key);
    let relay = group.relay.filter(|relay| !is_inside(relay));
    let mut participants: Vec<ParticipantRow> = group
        .participants
        .into_iter()
        .map(|member| participant(member, me, &known))
        .collect();
    participants
        .sort_by_cached_key(|row| (!row.own, row.role == Role::Member, row.name.to_lowercase()));
    let pending = pending_rows(names, group.pending)?;
    Ok(GroupRow {
        id: group.id.to_string(),
        name: group.name,
        description: group.description,
        picture: group.picture.as_deref().map(picture_url),
        role: role(group.role),
        standing: standing(group.standing),
        relay: relay.map(|relay| relay.host().to_owned()),
        silent_since: silent.map(millis),
        stands: group.stands,
        participants,
        pending,
    })
}

/// What one knows of people, whatever group they are in.
struct Known {
    contacts: BTreeMap<AccountId, engine::Trust>,
    blocked: BTreeSet<AccountId>,
}

impl Known {
    fn read(view: View<'_>) -> Result<Self> {
        let contacts = view.contacts()?.into_iter();
        let blocked = view.blocked()?.into_iter();
        Ok(Self {
            contacts: contacts.map(|it| (it.account, it.trust)).collect(),
            blocked: blocked.map(|it| it.account).collect(),
        })
    }
}

fn participant(member: engine::Member, me: Option<AccountId>, known: &Known) -> ParticipantRow {
    let own = Some(member.account) == me;
    ParticipantRow {
        account: member.account.to_string(),
        name: member.name,
        kind: kind(member.kind),
        role: role(member.role),
        state: match member.joined || own {
            true => ParticipantState::Joined,
            false => ParticipantState::Invited,
        },
        own,
        contact: known.contacts.contains_key(&member.account),
        trust: known
            .contacts
            .get(&member.account)
            .map_or(Trust::Unverified, |trust| (*trust).into()),
        blocked: known.blocked.contains(&member.account),
    }
}

/// What is asked for and not done yet.
pub(crate) fn pending_rows(
    names: &mut Names<'_>,
    pending: Vec<engine::PendingChange>,
) -> Result<Vec<PendingRow>> {
    let row = |change: engine::PendingChange| {
        Ok(PendingRow {
            id: change.id.to_string(),
            change: wished(names, change.wish)?,
            problem: change.no_keys.then_some(ProblemCode::NoKeys),
            at: millis(change.at),
        })
    };
    pending.into_iter().map(row).collect()
}

/// A change that is asked for, as if it were done.
fn wished(names: &mut Names<'_>, wish: GroupWish) -> Result<GroupChange> {
    Ok(match wish {
        GroupWish::Add(account) => GroupChange::Added {
            account: account.to_string(),
            name: names.of(&account)?,
            kind: ParticipantKind::User,
        },
        GroupWish::Remove(account) => GroupChange::Removed {
            account: account.to_string(),
            name: names.of(&account)?,
        },
        GroupWish::Role(account, given) => GroupChange::Role {
            account: account.to_string(),
            name: names.of(&account)?,
            role: role(given),
        },
        GroupWish::Rename(name) => GroupChange::Renamed { name },
        GroupWish::Describe(text) => GroupChange::Described { text },
        GroupWish::Picture(_) => GroupChange::Pictured,
        GroupWish::Move(to) => GroupChange::Moved {
            relay: to.host().to_owned(),
        },
    })
}

/// What a line of the timeline says has changed.
pub(crate) fn group_change(happened: Happened) -> GroupChange {
    match happened {
        Happened::Founded => GroupChange::Founded,
        Happened::Added {
            account,
            name,
            kind: added,
        } => GroupChange::Added {
            account: account.to_string(),
            name,
            kind: kind(added),
        },
        Happened::Removed { account, name } => GroupChange::Removed {
            account: account.to_string(),
            name,
        },
        Happened::Left { account, name } => GroupChange::Left {
            account: account.to_string(),
            name,
        },
        Happened::Role {
            account,
            name,
            role: given,
        } => GroupChange::Role {
            account: account.to_string(),
            name,
            role: role(given),
        },
        Happened::Renamed(name) => GroupChange::Renamed { name },
        Happened::Described(text) => GroupChange::Described { text },
        Happened::Pictured => GroupChange::Pictured,
        Happened::Elected { account, name } => GroupChange::Elected {
            account: account.to_string(),
            name,
        },
        Happened::Moved(relay) => GroupChange::Moved { relay },
    }
}

/// A group one is invited to.
pub(crate) fn group_invitation_row(
    names: &mut Names<'_>,
    invitation: engine::GroupInvitation,
) -> Result<GroupInvitationRow> {
    let offer = invitation.offer;
    Ok(GroupInvitationRow {
        id: invitation.id.to_string(),
        name: offer.name,
        description: offer.description,
        picture: offer.picture.as_ref().map(|bytes| picture_url(bytes)),
        inviter: names.of(&invitation.account)?,
        inviter_account: invitation.account.to_string(),
        participants: offer.names,
        count: offer.participants,
        at: millis(invitation.at),
        accepted: invitation.accepted,
    })
}

pub(crate) fn standing(standing: engine::ChatStanding) -> ChatStanding {
    match standing {
        engine::ChatStanding::In => ChatStanding::In,
        engine::ChatStanding::Left => ChatStanding::Left,
        engine::ChatStanding::Removed => ChatStanding::Removed,
    }
}

fn kind(kind: wire::ParticipantKind) -> ParticipantKind {
    match kind {
        wire::ParticipantKind::User => ParticipantKind::User,
        wire::ParticipantKind::Agent => ParticipantKind::Agent,
    }
}

fn role(role: wire::Role) -> Role {
    match role {
        wire::Role::Admin => Role::Admin,
        wire::Role::Member => Role::Member,
    }
}

impl From<Role> for wire::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
        }
    }
}

/// A picture as pages show it. What is none of the kinds there are is shown by none of them.
pub(crate) fn picture_url(bytes: &[u8]) -> String {
    let kind = match bytes {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        _ => "application/octet-stream",
    };
    format!("data:{kind};base64,{}", BASE64.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::picture_url;

    #[test]
    fn a_picture_says_what_it_is() {
        assert_eq!(
            picture_url(b"\x89PNG\r\n"),
            "data:image/png;base64,iVBORw0K"
        );
        assert!(picture_url(b"RIFF\0\0\0\0WEBPVP8 ").starts_with("data:image/webp;"));
        assert!(picture_url(b"<svg/>").starts_with("data:application/octet-stream;"));
    }
}
