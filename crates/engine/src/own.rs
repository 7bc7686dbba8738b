//! The own conversation: what one's devices tell each other, applied in the order of its log (rule 26).

use crate::conversation::ask_for_mailbox;
use crate::error::{Rejection, Result};
use crate::outbox;
use crate::request;
use crate::seal;
use crate::store::table::invitation::{self, Invitation, InvitationState};
use crate::store::table::outbox::{Intent, New};
use crate::store::table::{inbox, log, mailbox};
use crate::work::Work;
use snug_wire::card::Signable as _;
use snug_wire::content::Priority;
use snug_wire::frame::{MailboxKind, Publish, Request};
use snug_wire::own::{Invited, OwnRecord};
use snug_wire::{DeviceId, InvitationId};

/// Queues a record for one's own devices.
pub(crate) fn tell(w: &mut Work<'_>, record: OwnRecord) -> Result<()> {
    send(w, Intent::Own(record))
}

/// Queues an entry of the own conversation.
pub(crate) fn send(w: &mut Work<'_>, intent: Intent) -> Result<()> {
    let own = w.me()?.own;
    let logs = log::of(w.db, &own)?;
    let log = logs.first().ok_or(Rejection::NoAccount)?;
    let relay = mailbox::get(w.db, &log.address)?
        .ok_or(Rejection::NoAccount)?
        .relay;
    outbox::add(
        w,
        New {
            relay,
            lane: log.address,
            priority: Priority::High,
            not_before: 0,
            intent,
            request: None,
        },
    )?;
    outbox::freeze_if_free(w, &log.address)
}

/// Applies a record of the log. Only the device that wrote it acts towards the relay.
pub(crate) fn apply(w: &mut Work<'_>, record: &OwnRecord, author: DeviceId) -> Result<()> {
    let ours = author == w.me()?.device;
    match record {
        OwnRecord::Invited(invited) => {
            invitation::insert(
                w.db,
                &Invitation {
                    invited: (**invited).clone(),
                    state: InvitationState::Publishing,
                    used: 0,
                    created_at: w.now,
                },
            )?;
            if ours {
                publish(w, invited)?;
            }
        }
        OwnRecord::Revoked(id) => {
            invitation::set_state(w.db, id, InvitationState::Revoked)?;
            w.changes.invitations.insert(*id);
            if ours {
                revoke(w, id)?;
            }
        }
        OwnRecord::Answering(claim, accept) => request::answered(w, claim, *accept, ours)?,
    }
    Ok(())
}

/// The inbox first, then the card, in one lane.
fn publish(w: &mut Work<'_>, invited: &Invited) -> Result<()> {
    let me = w.me()?;
    let address = invited.inbox.address;
    let relay = invited.card.inbox.relay.key;
    ask_for_mailbox(
        w,
        &relay,
        address,
        address,
        &invited.inbox.secret,
        MailboxKind::Inbox,
    )?;
    inbox::insert(
        w.db,
        &inbox::Inbox {
            address,
            key: invited.inbox.key.clone(),
            invitation: Some(invited.code.id),
        },
    )?;
    let signed = invited.card.clone().signed(me.device, &me.signing_key());
    let card = seal::card(&invited.code.key, w.random(), &signed)?;
    outbox::add(
        w,
        New {
            relay,
            lane: address,
            priority: Priority::Normal,
            not_before: 0,
            intent: Intent::Publish(invited.code.id),
            request: Some(Request::Publish(Publish {
                id: invited.code.id,
                lock: invited.revoke.lock(),
                uses: invited.card.uses,
                expires_at: invited.card.expires_at,
                card,
            })),
        },
    )
}

/// The relay has the card, or will not take it.
pub(crate) fn published(w: &mut Work<'_>, id: &InvitationId, taken: bool) -> Result<()> {
    if invitation::get(w.db, id)?.is_some_and(|i| i.state == InvitationState::Publishing) {
        let state = if taken {
            InvitationState::Open
        } else {
            InvitationState::Revoked
        };
        invitation::set_state(w.db, id, state)?;
        w.changes.invitations.insert(*id);
    }
    Ok(())
}

fn revoke(w: &mut Work<'_>, id: &InvitationId) -> Result<()> {
    let Some(invitation) = invitation::get(w.db, id)? else {
        return Ok(());
    };
    let invited = &invitation.invited;
    outbox::add(
        w,
        New {
            relay: invited.card.inbox.relay.key,
            lane: invited.inbox.address,
            priority: Priority::Normal,
            not_before: 0,
            intent: Intent::Revoke(*id),
            request: Some(Request::Revoke(*id, invited.revoke.clone())),
        },
    )
}

/// The log will not take a record: what it stood for is undone as far as a person sees it.
pub(crate) fn failed(w: &mut Work<'_>, record: &OwnRecord) -> Result<()> {
    match record {
        OwnRecord::Invited(invited) => {
            invitation::set_state(w.db, &invited.code.id, InvitationState::Revoked)?;
            w.changes.invitations.insert(invited.code.id);
            Ok(())
        }
        OwnRecord::Revoked(_) => Ok(()),
        OwnRecord::Answering(claim, _) => request::unanswered(w, claim),
    }
}
