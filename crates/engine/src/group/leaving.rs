//! Leaving a group: one says so, and a commit of somebody who stays carries it out; or one is out.

use super::{give_up, standing_in, want};
use crate::error::{Rejection, Result};
use crate::mls::group as mls_group;
use crate::store::table::conversation::{self, ChatStanding};
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox::{self, Standing};
use crate::store::table::message::Problem;
use crate::store::table::outbox::{self as queue, Intent, New, Stage};
use crate::store::table::pending::{self, Wanted};
use crate::store::table::{reach, wish};
use crate::work::Work;
use crate::{joining, message, offer, outbox, post, request};
use rusqlite::Connection;
use snug_wire::card::{Signable as _, Signed};
use snug_wire::content::Priority;
use snug_wire::inbox::InboxForm;
use snug_wire::log_state::{Change, ConversationKind, Leave, LogState, Participant, Role};
use snug_wire::{AccountId, ConversationId};

/// Between the devices that would carry out that somebody leaves, in milliseconds: the first does, the
/// next ones only if it does not.
const TURN: u64 = 2_000;
/// The longest such a wait.
const LONGEST_TURN: u64 = 10 * 60_000;

pub(super) fn leave(
    w: &mut Work<'_>,
    id: ConversationId,
    successor: Option<AccountId>,
) -> Result<()> {
    let log = standing_in(w, &id)?;
    let state = w.state(&log.group)?;
    let me = w.me()?.account;
    if state.participants.len() <= 1 {
        return close(w, &id, ChatStanding::Left);
    }
    let is_other_admin = |p: &Participant| p.role == Role::Admin && p.account != me;
    if state.is_admin(&me) && !state.participants.iter().any(is_other_admin) {
        let next = successor.filter(|next| *next != me && state.participant(next).is_some());
        let next = next.ok_or(Rejection::LastAdmin)?;
        want(w, &id, &Wanted::Role(next, Role::Admin), 0)?;
    }
    if log.trouble.is_some() {
        return leave_apart(w, &log);
    }
    conversation::set_standing(w.db, &id, ChatStanding::Left)?;
    w.changes.conversations.insert(id);
    let relay = joining::relay_of(w, &log)?.key;
    outbox::add(
        w,
        New {
            relay,
            lane: log.address,
            priority: Priority::Normal,
            not_before: 0,
            intent: Intent::Leave(log.group),
            request: None,
        },
    )
}

/// Our word that we leave, or do not come in.
pub(crate) fn leave_form(
    w: &Work<'_>,
    conversation: ConversationId,
    stay: u64,
) -> Result<Signed<Leave>> {
    let me = w.me()?;
    let form = Leave {
        conversation,
        account: me.account,
        stay,
    };
    Ok(form.signed(me.device, &me.signing_key()))
}

/// What a log's state comes to when those have left who said so. Where nothing can be committed any more
/// it says who may found the group anew.
pub(crate) fn without_leavers(db: &Connection, log: &Log, state: &LogState) -> Result<LogState> {
    let mut state = state.clone();
    if log.kind != ConversationKind::Group {
        return Ok(state);
    }
    for wish in pending::of(db, &log.conversation)? {
        if let Wanted::Leave(leave) = wish.wanted {
            let by = leave.form.account;
            if let Ok(after) = state.changed(&Change::Left(leave), &by) {
                state = after;
            }
        }
    }
    Ok(state)
}

/// We left a group whose log cannot be followed: the others are told in their inboxes.
pub(crate) fn leave_apart(w: &mut Work<'_>, log: &Log) -> Result<()> {
    let me = w.me()?.account;
    let stay = w.state(&log.group)?.participant(&me).map(|own| own.stay);
    if let Some(stay) = stay {
        let leave = leave_form(w, log.conversation, stay)?;
        let form = InboxForm::Declined(Box::new(leave));
        for other in reach::all(w.db, &log.conversation, u32::MAX)? {
            if other.account != me {
                request::tell(w, &other.inbox, &form)?;
            }
        }
    }
    close(w, &log.conversation, ChatStanding::Left)
}

/// Somebody said that they leave: one of those who stay carries it out.
pub(crate) fn leaves_now(
    w: &mut Work<'_>,
    log: &Log,
    leave: &Signed<Leave>,
) -> Result<std::result::Result<(), &'static str>> {
    let state = w.state(&log.group)?;
    let me = w.me()?;
    if leave.form.account == me.account {
        // Another device of ours said so.
        close(w, &log.conversation, ChatStanding::Left)?;
        return Ok(Ok(()));
    }
    let change = Change::Left(Box::new(leave.clone()));
    if let Err(why) = state.changed(&change, &me.account) {
        return Ok(Err(why));
    }
    let wanted = Wanted::Leave(Box::new(leave.clone()));
    if !pending::is_wished(w.db, &log.conversation, &wanted)? {
        let account = leave.form.account;
        let rank = w.with_group(&log.group, |_, group| Ok(mls_group::rank(group, &account)))?;
        let wait = u64::from(rank.unwrap_or(0)) * TURN;
        let not_before = match wait {
            0 => 0,
            wait => w.now + wait.min(LONGEST_TURN),
        };
        want(w, &log.conversation, &wanted, not_before)?;
    }
    Ok(Ok(()))
}

/// Who was added to a group of ours does not come in.
pub(crate) fn declined(
    w: &mut Work<'_>,
    leave: &Signed<Leave>,
) -> Result<std::result::Result<(), &'static str>> {
    let Ok(log) = standing_in(w, &leave.form.conversation) else {
        return Ok(Err("a refusal of a group that one is not in"));
    };
    if leave.form.account == w.me()?.account {
        return Ok(Err("a refusal of one's own"));
    }
    leaves_now(w, &log, leave)
}

/// Nothing of a group is read or written any more; what was said stays. Its secrets go.
pub(crate) fn close(w: &mut Work<'_>, id: &ConversationId, standing: ChatStanding) -> Result<()> {
    conversation::set_standing(w.db, id, standing)?;
    w.changes.conversations.insert(*id);
    for log in log::of(w.db, id)? {
        for row in queue::of_lane(w.db, &log.address)? {
            queue::delete(w.db, row.id)?;
            w.live.stored.remove(&row.id);
            match &row.intent {
                Intent::Message(id) => message::failed(w, *id, Problem::Refused)?,
                Intent::Post(id, _) if row.stage == Stage::Waiting => post::failed(w, id)?,
                _ => {}
            }
        }
        mailbox::set_standing(w.db, &log.address, Standing::Over)?;
        log::set_trouble(w.db, &log.group, None)?;
        log::set_ready(w.db, &log.group, false)?;
        w.live.caught_up.remove(&log.address);
        w.live.to_open.remove(&log.address);
        w.live.relocked.remove(&log.address);
        w.forget_group(&log.group)?;
    }
    for wish in pending::of(w.db, id)? {
        give_up(w, &wish)?;
    }
    wish::close_ours(w.db, id)?;
    // The others forget where we are reached: added again, we say it anew.
    let me = w.me()?.account;
    reach::forget(w.db, id, &me)?;
    offer::show(w, id)
}
