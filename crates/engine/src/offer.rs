//! Groups one is invited to by contacts: shown first, come into or declined by the person. Nothing is
//! asked of the group's relay before.

use crate::changes::Notice;
use crate::error::{Rejection, Result};
use crate::store::table::offer::{self, Offer};
use crate::store::table::{blocked, contact, log, mailbox, reach};
use crate::work::Work;
use crate::{Engine, group, joining, rejoin, request};
use snug_wire::card::Signed;
use snug_wire::inbox::{GroupOffer, InboxForm, Joining, OFFER_NAMES, Pointer};
use snug_wire::log_state::{ConversationKind, DESCRIPTION_LIMIT, Leave, LogState, PICTURE_LIMIT};
use snug_wire::{AccountId, ConversationId, NAME_LIMIT};

/// The most offers that may wait; further ones are ignored.
const MOST: usize = 100;

/// The most words of leaving that wait for one to come in.
const LEAVES: usize = 16;

/// A group one is invited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInvitation {
    /// Its conversation.
    pub id: ConversationId,
    /// Who invites: a contact.
    pub account: AccountId,
    /// When it came, milliseconds of Unix time.
    pub at: u64,
    /// Whether one is on one's way in.
    pub accepted: bool,
    /// What they say of it.
    pub offer: GroupOffer,
}

impl Engine {
    /// Comes into a group one is invited to.
    ///
    /// # Errors
    /// [`Rejection::NotFound`].
    pub fn accept_group(&mut self, id: ConversationId, now: u64) -> Result<()> {
        self.write(now, |w| accept(w, &id))
    }

    /// Does not come into a group; who invited is told.
    ///
    /// # Errors
    /// [`Rejection::NotFound`].
    pub fn decline_group(&mut self, id: ConversationId, now: u64) -> Result<()> {
        self.write(now, |w| decline(w, &id))
    }
}

/// All groups one is invited to, newest first.
pub(crate) fn all(db: &rusqlite::Connection) -> Result<Vec<GroupInvitation>> {
    let mut all = Vec::new();
    for row in offer::all(db)? {
        if let Some(offer) = row.pointer.offer
            && !group::is_in(db, &row.conversation)?
        {
            all.push(GroupInvitation {
                id: row.conversation,
                account: row.account,
                at: row.at,
                accepted: row.taken,
                offer,
            });
        }
    }
    Ok(all)
}

/// A contact added us to a group.
pub(crate) fn arrived(
    w: &mut Work<'_>,
    signed: &Signed<Pointer>,
) -> Result<std::result::Result<(), &'static str>> {
    let pointer = &signed.form;
    let id = &pointer.conversation;
    let Some((_, known)) = contact::get(w.db, &pointer.account)? else {
        return Ok(Err("a group of somebody who is no contact"));
    };
    if !joining::is_signed(signed, &known) {
        return Ok(Err("a pointer that no contact signed"));
    }
    if blocked::is(w.db, &pointer.account)? {
        return Ok(Err("a group of somebody blocked"));
    }
    let Some(offer) = pointer.offer.as_ref().filter(|offer| is_fit(offer)) else {
        return Ok(Err("a pointer that answers nothing"));
    };
    let is_in = group::is_in(w.db, id)?;
    if is_in && !is_ahead(w, pointer)? || !is_in && joining::is_read(w, pointer)? {
        return Ok(Err("a group one is in"));
    }
    let before = offer::get(w.db, id)?;
    let is_newer =
        |old: &Offer| old.pointer.group != pointer.group || old.pointer.commit < pointer.commit;
    if before.as_ref().is_some_and(|old| !is_newer(old)) {
        return Ok(Err("a group that came before"));
    }
    // Else whoever else is a contact would choose where one goes who has said yes.
    if before
        .as_ref()
        .is_some_and(|old| old.taken && old.account != pointer.account)
    {
        return Ok(Err("a group one is on one's way into"));
    }
    if before.is_none() && offer::all(w.db)?.len() >= MOST {
        return Ok(Err("a group while too many wait"));
    }
    let mut pointer = pointer.clone();
    let mut offer = offer.clone();
    offer.names.truncate(OFFER_NAMES);
    pointer.offer = Some(offer);
    let taken = before.as_ref().is_some_and(|old| old.taken);
    let new = Offer {
        conversation: *id,
        account: pointer.account,
        at: w.now,
        taken,
        pointer,
    };
    offer::put(w.db, &new)?;
    w.changes.offers.insert(*id);
    w.step("store offer")?;
    if taken {
        // The person has said yes already.
        joining::follow(w, &new.pointer)?;
    } else if !is_in {
        w.changes.notices.push(Notice::Offer(*id));
    }
    Ok(Ok(()))
}

/// Whether a pointer leads to where this device has not read up to: it was taken out and added again,
/// and learns of the second first.
fn is_ahead(w: &Work<'_>, pointer: &Pointer) -> Result<bool> {
    let Some(log) = log::get(w.db, &pointer.group)? else {
        return Ok(false);
    };
    let there = mailbox::get(w.db, &log.address)?;
    Ok(log.address == pointer.address && there.is_some_and(|there| there.seq < pointer.commit))
}

/// One was taken out of a group: if one was added again, that shows now.
pub(crate) fn show(w: &mut Work<'_>, id: &ConversationId) -> Result<()> {
    if offer::get(w.db, id)?.is_some() {
        w.changes.offers.insert(*id);
        w.changes.notices.push(Notice::Offer(*id));
    }
    Ok(())
}

fn is_fit(offer: &GroupOffer) -> bool {
    let fits = |text: &str, most: usize| text.chars().count() <= most;
    fits(&offer.name, NAME_LIMIT)
        && !offer.name.is_empty()
        && fits(&offer.description, DESCRIPTION_LIMIT)
        && offer.names.iter().all(|name| fits(name, NAME_LIMIT))
        && offer
            .picture
            .as_ref()
            .is_none_or(|p| p.len() <= PICTURE_LIMIT)
}

fn accept(w: &mut Work<'_>, id: &ConversationId) -> Result<()> {
    let offer = offer::get(w.db, id)?.ok_or(Rejection::NotFound)?;
    if group::is_in(w.db, id)? {
        return Err(Rejection::NotFound.into());
    }
    if offer.taken {
        return Ok(());
    }
    let offer = Offer {
        taken: true,
        ..offer
    };
    offer::put(w.db, &offer)?;
    w.changes.offers.insert(*id);
    joining::follow(w, &offer.pointer)
}

fn decline(w: &mut Work<'_>, id: &ConversationId) -> Result<()> {
    let there = offer::get(w.db, id)?.ok_or(Rejection::NotFound)?;
    offer::delete(w.db, id)?;
    w.changes.offers.insert(*id);
    let Some(stay) = there.pointer.offer.as_ref().map(|offer| offer.stay) else {
        return Ok(());
    };
    let leave = group::leave_form(w, *id, stay)?;
    let form = InboxForm::Declined(Box::new(leave));
    let direct = LogState::direct_id(&w.me()?.account, &there.account);
    for theirs in reach::all(w.db, &direct, u32::MAX)? {
        if theirs.account == there.account {
            request::tell(w, &theirs.inbox, &form)?;
        }
    }
    Ok(())
}

/// What the offer led to: in, or it is over.
pub(crate) fn fetched(w: &mut Work<'_>, pointer: &Pointer, joining: Option<Joining>) -> Result<()> {
    let id = &pointer.conversation;
    if offer::get(w.db, id)?.is_none_or(|o| !o.taken || o.pointer != *pointer) {
        return Ok(());
    }
    let leaves = offer::leaves(w.db, id)?;
    offer::delete(w.db, id)?;
    w.changes.offers.insert(*id);
    let Some(joining) = joining else {
        return Ok(());
    };
    let state = &joining.state;
    let is_expected = joining::holds(w, pointer, state)?
        && !group::is_in(w.db, id)?
        && state.kind == ConversationKind::Group
        && !joining::is_read(w, pointer)?;
    if !is_expected {
        return Ok(());
    }
    let joined = joining::join(w, pointer, &joining)?;
    w.step("join")?;
    if let Some(group) = joined {
        w.keep_group(pointer.group, group);
        joining::enter(w, pointer, &joining)?;
        rejoin::said_where(w, pointer)?;
        joining::renew_later(w, pointer, state)?;
        if let Some(log) = log::get(w.db, &pointer.group)? {
            for leave in &leaves {
                // What does not hold is nobody's word.
                let _ = group::leaves_now(w, &log, leave)?;
            }
        }
    }
    Ok(())
}

/// Somebody leaves a group that one is invited to: it is seen to once one is in.
pub(crate) fn left(
    w: &mut Work<'_>,
    leave: &Signed<Leave>,
) -> Result<std::result::Result<(), &'static str>> {
    let id = &leave.form.conversation;
    let mut leaves = offer::leaves(w.db, id)?;
    if offer::get(w.db, id)?.is_none() || leaves.len() >= LEAVES {
        return Ok(Err("a refusal of a group that one is not in"));
    }
    leaves.push(leave.clone());
    offer::set_leaves(w.db, id, &leaves)?;
    Ok(Ok(()))
}
