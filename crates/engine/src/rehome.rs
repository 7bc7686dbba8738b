//! Founding a conversation anew when its mailbox has become unusable (rule 18): another group in another
//! mailbox carries it on. Its group id is lower than all before, so that it is written to, and what was
//! said before stands before it (rule 19); of two the lower one wins.

use crate::account::Me;
use crate::conversation;
use crate::error::Result;
use crate::mls::policy::Judged;
use crate::store::table::log::{self, Log, Trouble};
use crate::store::table::message::Event;
use crate::store::table::outbox::{self as queue, Intent, Stage};
use crate::store::table::pending::{self, Wanted};
use crate::store::table::{log_state, mailbox, relay, wish};
use crate::work::Work;
use crate::{admit, group, message, outbox, participant, rejoin};
use rusqlite::Connection;
use snug_wire::inbox::Pointer;
use snug_wire::log_state::{Change, ConversationKind};
use snug_wire::{GroupId, RelayAddress, Secret, Seq};
use std::collections::BTreeSet;

/// The device whose turn it is founds at once, the next ones after so many milliseconds each.
const TURN: u64 = 10 * 60_000;

/// How long an admin's device that is only behind in a group waits before it founds it anew.
const PATIENCE: u64 = 24 * 3_600_000;

/// Whether no other device is in a conversation.
pub(crate) fn is_alone(w: &mut Work<'_>, log: &Log) -> Result<bool> {
    let me = w.me()?.device;
    let state = w.state(&log.group)?;
    let state = group::without_leavers(w.db, log, &state)?;
    let devices = state.participants.iter().filter_map(|p| p.devices.0.last());
    let mut devices = devices.flat_map(|signed| &signed.entry.devices);
    Ok(devices.all(|device| device.id == me))
}

/// With nobody to ask, the conversation goes on in a log of its own at once.
pub(crate) fn alone(w: &mut Work<'_>, log: &Log) -> Result<()> {
    if log.group <= LOWEST {
        return Ok(());
    }
    let group = found(w, log, true)?;
    if let Some(new) = log::get(w.db, &group)? {
        leave_others(w, &new)?;
    }
    Ok(())
}

/// All who are known to be in trouble with this log wish to go on: whose turn is it to found it anew?
pub(crate) fn consider(w: &mut Work<'_>, log: &Log) -> Result<()> {
    if due(w.db, w.me()?, log)?.is_some_and(|at| at <= w.now) {
        let group = found(w, log, false)?;
        if let Some(new) = log::get(w.db, &group)? {
            admit::queue_admission(w, &new)?;
        }
    }
    Ok(())
}

/// When it is our turn; `None` while nobody asks, for who is no admin, and where nothing can be founded
/// below.
fn due(db: &Connection, me: &Me, log: &Log) -> Result<Option<u64>> {
    if log.group <= LOWEST {
        return Ok(None);
    }
    let wishes = wish::open(db, &log.conversation, true)?;
    let Some(first) = wishes.first() else {
        return Ok(None);
    };
    let Some(state) = log_state::get(db, &log.group)? else {
        return Ok(None);
    };
    let state = group::without_leavers(db, log, &state)?;
    if !state.is_admin(&me.account) {
        return Ok(None);
    }
    let admins = wishes.iter().map(|wish| &wish.form.who);
    let devices: BTreeSet<_> = admins
        .filter(|who| state.is_admin(&who.account))
        .map(|who| who.device)
        .collect();
    let mut before = devices.iter().filter(|device| **device < me.device).count() as u64;
    // Whose doing it is that the group moves goes first.
    before += u64::from(log::moved(db, &log.group)?.is_some());
    // Who is only behind is taken in by those who are not, if there are any.
    let patience = match (log.kind, log.trouble) {
        (ConversationKind::Group, Some(Trouble::Behind)) => PATIENCE,
        _ => 0,
    };
    Ok(Some(first.at + patience + before * TURN))
}

/// When a conversation is to be founded anew.
pub(crate) fn next_turn(db: &Connection, me: &Me) -> Result<Option<u64>> {
    let mut next = None;
    for conversation in wish::wished(db)? {
        let logs = log::of(db, &conversation)?;
        if let Some(log) = logs.first().filter(|log| log.trouble.is_some())
            && let Some(at) = due(db, me, log)?
        {
            next = Some(next.map_or(at, |next: u64| next.min(at)));
        }
    }
    Ok(next)
}

/// Whether a group may move there: it is elsewhere, and can be founded anew.
pub(crate) fn may_move(w: &Work<'_>, log: &Log, to: &RelayAddress) -> Result<bool> {
    let there = mailbox::get(w.db, &log.address)?.is_some_and(|there| there.relay == to.key);
    Ok(!there && log.group > LOWEST)
}

/// An admin's commit has the group go on at another relay: that admin's device founds it there at once;
/// all ask to come in, that device too, since another may have founded it while it was away.
pub(crate) fn follow(w: &mut Work<'_>, log: &Log, judged: &Judged) -> Result<()> {
    let to = judged.changes.iter().find_map(|change| match change {
        Change::Moved(to) => Some(to),
        _ => None,
    });
    let Some(to) = to else {
        return Ok(());
    };
    let connection = Secret::new(w.random());
    relay::remember(w.db, to, &connection)?;
    log::set_moved(w.db, &log.group, to)?;
    for wish in pending::of(w.db, &log.conversation)? {
        if matches!(wish.wanted, Wanted::Move(_)) {
            pending::delete(w.db, wish.id)?;
        }
    }
    w.step("move")?;
    let Some(log) = log::get(w.db, &log.group)? else {
        return Ok(());
    };
    rejoin::trouble(w, &log, Trouble::Unusable)?;
    match log::get(w.db, &log.group)? {
        Some(log) if judged.by.device == w.me()?.device => alone(w, &log),
        _ => Ok(()),
    }
}

/// Of two foundings the lower one wins: what was followed meanwhile is no more, if it is a group's.
pub(crate) fn overtake(w: &mut Work<'_>, by: &Pointer) -> Result<()> {
    for log in log::of(w.db, &by.conversation)? {
        if log.kind == ConversationKind::Group && log.group > by.group && log.trouble.is_none() {
            log::set_moved(w.db, &log.group, &by.relay)?;
            log::set_trouble(w.db, &log.group, Some(Trouble::Unusable))?;
            w.changes.conversations.insert(log.conversation);
        }
    }
    Ok(())
}

fn found(w: &mut Work<'_>, log: &Log, ready: bool) -> Result<GroupId> {
    let relay = match log::moved(w.db, &log.group)? {
        Some(to) => to.key,
        None => mailbox::get(w.db, &log.address)?.map_or(w.me()?.home.key, |there| there.relay),
    };
    w.step("found anew")?;
    let state = w.state(&log.group)?;
    let state = group::without_leavers(w.db, log, &state)?;
    if log.kind == ConversationKind::Group {
        participant::list(w, &state, |_| false)?;
        group::sweep(w, log, &state)?;
    }
    conversation::found(w, w.me()?, &relay, state, ready)
}

/// Below it there is no other: a member who means harm can lead there, and then nothing is founded anew.
const LOWEST: GroupId = GroupId([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

/// An id below another: about half as large, so that there are many. `None` below the lowest one.
pub(crate) fn lower(than: &GroupId, random: [u8; 16]) -> Option<GroupId> {
    if *than <= LOWEST {
        return None;
    }
    let (than, random) = (u128::from_be_bytes(than.0), u128::from_be_bytes(random));
    let quarter = than / 4;
    // Never zero, which is no group's.
    let id = quarter + random % (quarter * 2).max(1);
    Some(GroupId(id.max(1).to_be_bytes()))
}

/// The founding commit of ours stands, and others are in.
pub(crate) fn founded(w: &mut Work<'_>, log: &Log, seq: Seq) -> Result<()> {
    let logs = log::of(w.db, &log.conversation)?;
    if logs.iter().any(|other| other.group > log.group) {
        rejoin::tell(w, &log.conversation, (&log.group, seq), Event::Renewed)?;
    }
    leave_others(w, log)
}

/// The conversation goes on in this log: what waits in those before moves to it, and what nobody is known
/// to have of what was said there is said again.
pub(crate) fn leave_others(w: &mut Work<'_>, log: &Log) -> Result<()> {
    let logs = log::of(w.db, &log.conversation)?;
    let first = logs.iter().find(|log| log.ready);
    if first.is_none_or(|first| first.group != log.group) {
        return Ok(());
    }
    let Some(to) = mailbox::get(w.db, &log.address)? else {
        return Ok(());
    };
    for old in logs
        .iter()
        .filter(|old| old.group != log.group && old.trouble.is_some())
    {
        outbox::thaw_lane(w, &old.address)?;
        for row in queue::of_lane(w.db, &old.address)? {
            match row.intent {
                Intent::Message(_) | Intent::Post(..) | Intent::Own(_) | Intent::Vote(_)
                    if row.stage == Stage::Waiting =>
                {
                    queue::relocate(w.db, row.id, &to.relay, &log.address)?;
                }
                Intent::Receipt(_) | Intent::Renew(_) | Intent::Admit(_) | Intent::Reach(_) => {
                    queue::delete(w.db, row.id)?;
                }
                _ => {}
            }
        }
        message::send_unheard(w, old, Seq(i64::MAX.cast_unsigned()))?;
    }
    // What was wished meanwhile.
    admit::serve(w, &log.conversation)
}
