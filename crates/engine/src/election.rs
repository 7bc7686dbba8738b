//! An admin for a group whose admins nobody hears from any more: a member stands for it, the others'
//! devices vote for whoever does, and more than half of all who are in make them one (rule 20).

use crate::error::{Rejection, Result};
use crate::group::{standing_in, want};
use crate::joining;
use crate::outbox;
use crate::store::table::log::Log;
use crate::store::table::outbox::{Intent, New};
use crate::store::table::pending::{self, Wanted};
use crate::store::table::{participant, vote};
use crate::work::Work;
use crate::{Engine, Member};
use rusqlite::Connection;
use snug_wire::card::{Signable as _, Signed};
use snug_wire::content::Priority;
use snug_wire::log_state::{LogState, Role};
use snug_wire::vote::Vote;
use snug_wire::{AccountId, ConversationId};

/// After so many milliseconds without a word of any admin another may be chosen.
const SILENCE: u64 = 30 * 24 * 3_600_000;

/// Since when no admin was heard of, if that is for so long that another may be chosen. Of a group one is
/// an admin of, never.
pub fn silent_since(participants: &[Member], own: &AccountId, now: u64) -> Option<u64> {
    let admins = participants.iter().filter(|p| p.role == Role::Admin);
    let last = admins.clone().map(|p| p.spoke_at).max()?;
    let is_own = admins.into_iter().any(|p| p.account == *own);
    (!is_own && last.saturating_add(SILENCE) <= now).then_some(last)
}

impl Engine {
    /// Stands for an admin of a group whose admins nobody has heard from for 30 days.
    ///
    /// # Errors
    /// [`Rejection::NotFound`], [`Rejection::NotIn`], [`Rejection::AdminsThere`].
    pub fn stand_for_admin(&mut self, id: ConversationId, now: u64) -> Result<()> {
        self.write(now, |w| {
            let log = standing_in(w, &id)?;
            let me = w.me()?.account;
            if !is_silent(w.db, &id, &me, w.now)? {
                return Err(Rejection::AdminsThere.into());
            }
            let state = w.state(&log.group)?;
            cast(w, &log, &state, me)
        })
    }
}

fn is_silent(db: &Connection, id: &ConversationId, own: &AccountId, now: u64) -> Result<bool> {
    Ok(silent_since(&participant::of(db, id)?, own, now).is_some())
}

/// Says in the log whom we would have.
fn cast(w: &mut Work<'_>, log: &Log, state: &LogState, candidate: AccountId) -> Result<()> {
    let me = w.me()?;
    let vote = Vote {
        conversation: log.conversation,
        account: me.account,
        candidate,
        admins: state.admins().into(),
    }
    .signed(me.device, &me.signing_key());
    let relay = joining::relay_of(w, log)?.key;
    outbox::add(
        w,
        New {
            relay,
            lane: log.address,
            priority: Priority::Normal,
            not_before: 0,
            intent: Intent::Vote(Box::new(vote)),
            request: None,
        },
    )
}

/// A vote stands in the log, ours or another's: it is kept, followed by our own if its author stands, and
/// counted if it is for us.
pub(crate) fn arrived(
    w: &mut Work<'_>,
    log: &Log,
    cast_vote: &Signed<Vote>,
) -> Result<std::result::Result<(), &'static str>> {
    let state = w.state(&log.group)?;
    if !state.is_vote(cast_vote) {
        return Ok(Err("a vote that does not count"));
    }
    vote::put(w.db, cast_vote)?;
    w.step("vote")?;
    let (id, form, me) = (log.conversation, &cast_vote.form, w.me()?.account);
    let mut votes = vote::of(w.db, &id)?;
    votes.retain(|vote| state.is_vote(vote));
    let stands = form.account == form.candidate && form.account != me;
    let is_cast = votes.iter().any(|vote| vote.form.account == me);
    if stands && !is_cast && is_silent(w.db, &id, &me, w.now)? {
        cast(w, log, &state, form.candidate)?;
    }
    votes.retain(|vote| vote.form.candidate == me);
    if state.is_majority(votes.len()) && !is_wanted(w.db, &id)? {
        want(w, &id, &Wanted::Elect(votes), 0)?;
    }
    Ok(Ok(()))
}

fn is_wanted(db: &Connection, id: &ConversationId) -> Result<bool> {
    let all = pending::of(db, id)?;
    Ok(all
        .iter()
        .any(|wish| matches!(wish.wanted, Wanted::Elect(_))))
}
