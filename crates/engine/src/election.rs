//! An admin for a group whose admins nobody hears from any more: a member stands for it, the others'
//! devices vote for whoever does, and more than half of all who are in make them one (rule 20).

use crate::error::{Rejection, Result};
use crate::group::{standing_in, want};
use crate::store::table::log::{self, Log};
use crate::store::table::outbox::{self as queue, Intent, New, Stage};
use crate::store::table::pending::{self, Wanted};
use crate::store::table::{participant, vote};
use crate::work::Work;
use crate::{Engine, Member};
use crate::{joining, outbox, rejoin};
use rusqlite::Connection;
use snug_wire::card::{Signable as _, Signed};
use snug_wire::content::Priority;
use snug_wire::log_state::{LogState, Role};
use snug_wire::vote::Vote;
use snug_wire::{AccountId, ConversationId};

/// After so many milliseconds without a word of any admin another may be chosen.
const SILENCE: u64 = 30 * 24 * 3_600_000;

/// So long the devices of the others wait with their votes, in milliseconds: an admin that is there says so.
const A_DAY: u64 = 24 * 3_600_000;

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
            w.changes.conversations.insert(id);
            cast(w, &log, &state, (me, 0))
        })
    }
}

/// Whether one stands, as far as the others can know or will.
pub(crate) fn stands(
    db: &Connection,
    id: &ConversationId,
    state: &LogState,
    own: &AccountId,
) -> Result<bool> {
    let is_stand = |vote: &Signed<Vote>| {
        vote.form.account == *own && vote.form.nominee == *own && state.is_vote(vote)
    };
    if vote::of(db, id)?.iter().any(is_stand) {
        return Ok(true);
    }
    for log in log::of(db, id)? {
        let mut waits = queue::of_lane(db, &log.address)?.into_iter();
        if waits.any(|row| matches!(&row.intent, Intent::Vote(vote) if is_stand(vote))) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_silent(db: &Connection, id: &ConversationId, own: &AccountId, now: u64) -> Result<bool> {
    Ok(silent_since(&participant::of(db, id)?, own, now).is_some())
}

/// Says in the log whom we would have.
fn cast(
    w: &mut Work<'_>,
    log: &Log,
    state: &LogState,
    (nominee, not_before): (AccountId, u64),
) -> Result<()> {
    let me = w.me()?;
    let vote = Vote {
        conversation: log.conversation,
        account: me.account,
        nominee,
        roster: state.roster().into(),
    }
    .signed(me.device, &me.signing_key());
    let relay = joining::relay_of(w, log)?.key;
    outbox::add(
        w,
        New {
            relay,
            lane: log.address,
            priority: Priority::Normal,
            not_before,
            intent: Intent::Vote(Box::new(vote)),
            request: None,
        },
    )
}

/// A vote stands in the log, ours or another's. Who stands is followed, the latest before those before,
/// unless an admin is heard of within the day; votes for us are counted; and an admin says that it is there.
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
    w.changes.conversations.insert(log.conversation);
    w.step("vote")?;
    let (id, form, me) = (log.conversation, &cast_vote.form, w.me()?.account);
    if form.account == form.nominee {
        stood(w, log, &state, form.account)?;
    }
    if form.nominee == me {
        count(w, &id, &state)?;
    }
    Ok(Ok(()))
}

/// Somebody stands, perhaps we: who stood before is not followed any more.
fn stood(w: &mut Work<'_>, log: &Log, state: &LogState, who: AccountId) -> Result<()> {
    let me = w.me()?.account;
    let mut stands = false;
    for row in queue::of_lane(w.db, &log.address)? {
        match row.intent {
            Intent::Vote(vote) if vote.form.nominee == me => stands = true,
            Intent::Vote(_) if row.stage == Stage::Waiting => queue::delete(w.db, row.id)?,
            _ => {}
        }
    }
    // Our own stand comes after it in the log.
    if who == me || stands || !w.live.may_ask((log.conversation, who), w.now) {
        return Ok(());
    }
    if state.is_admin(&me) {
        return rejoin::queue_reach(w, log);
    }
    if is_silent(w.db, &log.conversation, &me, w.now)? {
        cast(w, log, state, (who, w.now + A_DAY))?;
    }
    Ok(())
}

/// Votes of more than half for us make us an admin, if none was heard of by now.
fn count(w: &mut Work<'_>, id: &ConversationId, state: &LogState) -> Result<()> {
    let me = w.me()?.account;
    let mut votes = vote::of(w.db, id)?;
    votes.retain(|vote| vote.form.nominee == me);
    if !state.is_majority(votes.len()) || is_wanted(w.db, id)? {
        return Ok(());
    }
    votes.retain(|vote| state.is_vote(vote));
    if state.is_majority(votes.len()) && is_silent(w.db, id, &me, w.now)? {
        want(w, id, &Wanted::Elect(votes), 0)?;
    }
    Ok(())
}

/// Whether a vote of ours is still to be said: not, if an admin was heard of since.
pub(crate) fn holds(w: &mut Work<'_>, log: &Log, vote: &Signed<Vote>) -> Result<bool> {
    let me = w.me()?.account;
    Ok(w.state(&log.group)?.is_vote(vote) && is_silent(w.db, &log.conversation, &me, w.now)?)
}

fn is_wanted(db: &Connection, id: &ConversationId) -> Result<bool> {
    let all = pending::of(db, id)?;
    Ok(all
        .iter()
        .any(|wish| matches!(wish.wanted, Wanted::Elect(_))))
}
