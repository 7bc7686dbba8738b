//! When a log cannot be followed any more: the others are asked, and one of them takes us in again
//! (rule 17).

use crate::error::Result;
use crate::invitation::open_inbox;
use crate::joining;
use crate::mls::{key_package, policy};
use crate::store::table::log::{self, Log, Trouble};
use crate::store::table::mailbox::{self, Mailbox};
use crate::store::table::message::{Event, Message, MessageKind, MessageState, Place};
use crate::store::table::outbox::{Intent, New};
use crate::store::table::wish::{ANY, Form, Lost, Wish};
use crate::store::table::{contact, log_state, missed, quarantine, reach, relay, wish};
use crate::work::Work;
use crate::{account, admit, block, group, message, outbox, participant, receipt, rehome, request};
use rusqlite::Connection;
use snug_wire::card::{InboxAddress, Signable as _, Signed};
use snug_wire::content::Priority;
use snug_wire::inbox::{InboxForm, JoinRequest, Joining, Pointer, Reach, Removed};
use snug_wire::log_state::{ConversationKind, LogState, Participant, Role};
use snug_wire::{ConversationId, GroupId, JoinId, MessageId, RelayAddress, Seq};

/// Others are asked again after as long as they have been asked already, in milliseconds: at least and at
/// most. Not sooner either when it went well: whoever can put entries could have us ask for ever.
const ASK_AGAIN: (u64, u64) = (10 * 60_000, 24 * 3_600_000);

/// A log cannot be followed: nothing is written to it, and the others are asked for help.
pub(crate) fn trouble(w: &mut Work<'_>, log: &Log, why: Trouble) -> Result<()> {
    let before = log.trouble;
    if before == Some(Trouble::Unusable) || before == Some(why) {
        return Ok(());
    }
    log::set_trouble(w.db, &log.group, Some(why))?;
    w.changes.conversations.insert(log.conversation);
    let log = &Log {
        trouble: Some(why),
        ..log.clone()
    };
    if log.kind == ConversationKind::Group && !group::is_in(w.db, &log.conversation)? {
        return group::leave_apart(w, log);
    }
    if why == Trouble::Unusable && rehome::is_alone(w, log)? {
        return rehome::alone(w, log);
    }
    if !is_written_to(w.db, log)? {
        // What waits in it goes on in the one that is.
        let logs = log::of(w.db, &log.conversation)?;
        return match logs.iter().find(|log| log.ready) {
            Some(first) if first.is_sound() => rehome::leave_others(w, first),
            _ => Ok(()),
        };
    }
    if before.is_some() {
        // What was asked as a device that is only behind is asked anew.
        wish::close_ours(w.db, &log.conversation)?;
        ask(w, log)?;
    } else if when_to_ask(w.db, log)? <= w.now {
        ask(w, log)?;
    }
    // Somebody may have asked us already.
    admit::serve(w, &log.conversation)
}

/// Asks for help again where nobody gave it.
pub(crate) fn ask_again(w: &mut Work<'_>) -> Result<()> {
    for log in log::troubled(w.db)? {
        if when_to_ask(w.db, &log)? <= w.now {
            ask(w, &log)?;
        }
    }
    Ok(())
}

/// When that is due.
pub(crate) fn next_asking(db: &Connection) -> Result<Option<u64>> {
    let mut next = None;
    for log in log::troubled(db)? {
        if is_written_to(db, &log)? && !block::is_with_blocked(db, &log.conversation)? {
            let at = when_to_ask(db, &log)?;
            next = Some(next.map_or(at, |next: u64| next.min(at)));
        }
    }
    Ok(next)
}

/// When others may be asked about a log: at once for the first time.
fn when_to_ask(db: &Connection, log: &Log) -> Result<u64> {
    let asked_at = log::asked_at(db, &log.group)?;
    if asked_at == 0 {
        return Ok(0);
    }
    let wish = wish::open(db, &log.conversation, false)?.pop();
    let since = wish.map_or(0, |wish| asked_at.saturating_sub(wish.at));
    Ok(asked_at + since.clamp(ASK_AGAIN.0, ASK_AGAIN.1))
}

/// Whether a log is the one its conversation goes on in: the lowest that stands.
fn is_written_to(db: &Connection, log: &Log) -> Result<bool> {
    let logs = log::of(db, &log.conversation)?;
    let first = logs.iter().find(|log| log.ready).or(logs.first());
    Ok(first.is_some_and(|first| first.group == log.group))
}

fn ask(w: &mut Work<'_>, log: &Log) -> Result<()> {
    if !is_written_to(w.db, log)? || block::is_with_blocked(w.db, &log.conversation)? {
        return Ok(());
    }
    log::set_asked_at(w.db, &log.group, w.now)?;
    let relay = match log::moved(w.db, &log.group)? {
        Some(to) => to,
        None => joining::relay_of(w, log)?,
    };
    let reply = own_reach(w, &log.conversation, &relay)?;
    let me = w.me()?;
    let (at, lost) = asked_before(w, log)?;
    // A wish is obeyed once, and its key package opens one Welcome: what was asked before may have been
    // obeyed in vain.
    wish::close_ours(w.db, &log.conversation)?;
    let key_package = key_package::make(&w.provider(), &w.signer()?, &me.credential())?;
    let new = Wish {
        id: JoinId(w.random()),
        conversation: log.conversation,
        incoming: false,
        open: true,
        at,
        form: Form {
            who: me.credential(),
            devices: me.devices.clone(),
            key_package: key_package.clone(),
            inbox: reply.clone(),
            lost: Some(lost),
        },
    };
    wish::insert(w.db, &new)?;
    let request = JoinRequest {
        id: new.id,
        conversation: log.conversation,
        account: me.account,
        devices: me.devices.clone(),
        key_package,
        inbox: reply,
        group: lost.group,
        read: lost.read,
        unusable: log.trouble == Some(Trouble::Unusable),
    }
    .signed(me.device, &me.signing_key());
    let form = InboxForm::Join(Box::new(request));
    for other in reach::all(w.db, &log.conversation, u32::MAX)? {
        if other.device != me.device {
            request::tell(w, &other.inbox, &form)?;
        }
    }
    w.step("ask to rejoin")
}

/// Since when we have been asking about a log, and up to where we had read it then; now, if we have not.
fn asked_before(w: &Work<'_>, log: &Log) -> Result<(u64, Lost)> {
    if let Some(wish) = wish::open(w.db, &log.conversation, false)?.pop()
        && let Some(lost) = wish.form.lost.filter(|lost| lost.group == log.group)
    {
        return Ok((wish.at, lost));
    }
    let read = mailbox::get(w.db, &log.address)?.map_or(Seq(0), |mailbox| mailbox.seq);
    let lost = Lost {
        group: log.group,
        read,
        unusable: false,
    };
    Ok((w.now, lost))
}

/// Where this device is reached in a conversation; an inbox is made if there is none.
pub(crate) fn own_reach(
    w: &mut Work<'_>,
    conversation: &ConversationId,
    at: &RelayAddress,
) -> Result<InboxAddress> {
    let me = w.me()?;
    let there = reach::of(w.db, conversation, &me.device)?;
    if let Some(inbox) = there.filter(|inbox| inbox.relay.key == at.key) {
        return Ok(inbox);
    }
    let public = open_inbox(w, at)?;
    let own = Reach {
        account: me.account,
        device: me.device,
        inbox: public.clone(),
    };
    reach::put(w.db, conversation, &own)?;
    Ok(public)
}

/// A pointer that answers a wish of ours.
pub(crate) fn pointed(
    w: &mut Work<'_>,
    signed: &Signed<Pointer>,
    id: &JoinId,
) -> Result<std::result::Result<(), &'static str>> {
    let pointer = &signed.form;
    let Some(wish) = wish::ours(w.db, id, &pointer.conversation)? else {
        return asked_once(w, signed, id);
    };
    if let Err(why) = is_trusted(w, signed, &wish.conversation)? {
        return Ok(Err(why));
    }
    joining::follow(w, pointer)?;
    Ok(Ok(()))
}

/// A pointer that answers a wish which somebody else has fulfilled: two founded the conversation anew. If
/// theirs is the one that wins we ask to come in there, since a key package opens one Welcome.
fn asked_once(
    w: &mut Work<'_>,
    signed: &Signed<Pointer>,
    id: &JoinId,
) -> Result<std::result::Result<(), &'static str>> {
    let pointer = &signed.form;
    let logs = log::of(w.db, &pointer.conversation)?;
    let wins = logs
        .iter()
        .all(|log| log.kind == ConversationKind::Group && pointer.group < log.group);
    if !wins || logs.is_empty() || !wish::was_ours(w.db, id, &pointer.conversation)? {
        return Ok(Err("a pointer to nothing asked"));
    }
    if let Err(why) = is_trusted(w, signed, &pointer.conversation)? {
        return Ok(Err(why));
    }
    rehome::overtake(w, pointer)?;
    for log in log::of(w.db, &pointer.conversation)? {
        if is_written_to(w.db, &log)? && when_to_ask(w.db, &log)? <= w.now {
            ask(w, &log)?;
        }
    }
    Ok(Ok(()))
}

/// We asked to be in a group again, and are not in it any more: an admin says so, as far as we know.
pub(crate) fn removed(
    w: &mut Work<'_>,
    signed: &Signed<Removed>,
) -> Result<std::result::Result<(), &'static str>> {
    let form = &signed.form;
    let Some(wish) = wish::ours(w.db, &form.wish, &form.conversation)? else {
        return Ok(Err("an answer to nothing asked"));
    };
    let logs = log::of(w.db, &wish.conversation)?;
    let Some(log) = logs.iter().find(|log| log.ready).or(logs.first()) else {
        return Ok(Err("an answer to nothing asked"));
    };
    let state = w.state(&log.group)?;
    let known = state
        .participant(&form.account)
        .filter(|p| p.role == Role::Admin)
        .filter(|p| p.devices == form.devices || form.devices.continues(&p.devices));
    let key = known
        .and_then(|_| form.devices.verified(&form.account))
        .and_then(|entry| entry.key_of(&signed.device));
    if log.kind != ConversationKind::Group || !key.is_some_and(|key| signed.is_by(&key)) {
        return Ok(Err(
            "an answer of somebody who may not take this device out",
        ));
    }
    participant::told_out(w, log, form.account)?;
    Ok(Ok(()))
}

/// Whether a pointer is of somebody who may take us in: of anybody in the log we know, of one of its
/// admins where it leads to a new one.
fn is_trusted(
    w: &mut Work<'_>,
    signed: &Signed<Pointer>,
    wished: &ConversationId,
) -> Result<std::result::Result<(), &'static str>> {
    let pointer = &signed.form;
    let known = log::of(w.db, &pointer.conversation)?;
    let same = known.iter().find(|log| log.group == pointer.group);
    let there = mailbox::get(w.db, &pointer.address)?;
    let is_other = match (same, &there) {
        (Some(log), Some(there)) => {
            log.address != pointer.address || there.relay != pointer.relay.key
        }
        (None, None) => false,
        _ => true,
    };
    if is_other {
        return Ok(Err("a pointer to a mailbox of something else"));
    }
    if *wished == ANY {
        let me = w.me()?;
        let is_own = pointer.account == me.account && joining::is_signed(signed, &me.devices);
        return Ok(if is_own {
            Ok(())
        } else {
            Err("a pointer that no device of this account signed")
        });
    }
    let stands = known.iter().find(|log| log.ready).or(known.first());
    let Some(lowest) = stands else {
        return Ok(Err("a pointer to another conversation"));
    };
    if relay::get(w.db, &pointer.relay.key)?.is_none() {
        // Else others choose the hosts that our devices connect to (rule 9).
        return Ok(Err("a pointer to another relay"));
    }
    if same.is_none() && pointer.group > lowest.group {
        return Ok(Err("a pointer to an older log"));
    }
    if same.is_some() && log::moved(w.db, &pointer.group)?.is_some() {
        return Ok(Err("a pointer to a log that goes on elsewhere"));
    }
    let state = w.state(&lowest.group)?;
    let state = group::without_leavers(w.db, lowest, &state)?;
    let may = state
        .participant(&pointer.account)
        .filter(|p| same.is_some() || p.role == Role::Admin);
    Ok(
        if may.is_some_and(|p| joining::is_signed(signed, &p.devices)) {
            Ok(())
        } else {
            Err("a pointer of somebody who may not take this device in")
        },
    )
}

/// Whether a state is of the conversation we wish to be in.
fn is_expected(w: &mut Work<'_>, pointer: &Pointer, wish: &Wish, state: &LogState) -> Result<bool> {
    if !joining::holds(w, pointer, state)? {
        return Ok(false);
    }
    if wish.conversation == ANY {
        return is_of_account(w, state);
    }
    let known = log::of(w.db, &state.conversation)?;
    let Some(lowest) = known.iter().find(|log| log.ready).or(known.first()) else {
        return Ok(false);
    };
    let known = w.state(&lowest.group)?;
    Ok(continues(&known, state))
}

/// Whether a device in nothing yet may come in: into its account's own conversation, a direct one, a group.
fn is_of_account(w: &Work<'_>, state: &LogState) -> Result<bool> {
    let me = w.me()?;
    Ok(match (state.kind, &state.participants[..]) {
        (ConversationKind::Own, [one]) => state.conversation == me.own && one.account == me.account,
        (ConversationKind::Direct, [a, b]) => {
            state.conversation == LogState::direct_id(&a.account, &b.account)
        }
        (ConversationKind::Group, _) => true,
        _ => false,
    })
}

/// Whether a state may follow on one we know: no device list older, and outside groups the same people.
fn continues(known: &LogState, state: &LogState) -> bool {
    let is_group = state.kind == ConversationKind::Group;
    let is_newer = |old: &Participant| match state.participant(&old.account) {
        Some(new) => {
            (is_group || new.role == old.role)
                && (new.devices == old.devices || new.devices.continues(&old.devices))
        }
        None => is_group,
    };
    known.conversation == state.conversation
        && known.kind == state.kind
        && (is_group || known.participants.len() == state.participants.len())
        && known.participants.iter().all(is_newer)
}

/// What the pointer led to: we are in again.
pub(crate) fn fetched(
    w: &mut Work<'_>,
    pointer: &Pointer,
    id: &JoinId,
    joining: Option<Joining>,
) -> Result<()> {
    let Some(wish) = wish::ours(w.db, id, &pointer.conversation)? else {
        return Ok(());
    };
    let mut joined = None;
    if let Some(joining) = joining
        && is_expected(w, pointer, &wish, &joining.state)?
    {
        joined = joining::join(w, pointer, &joining)?.map(|group| (group, joining));
    }
    w.step("rejoin")?;
    let Some((group, joining)) = joined else {
        // Asked again in time, it is taken in anew.
        return Ok(());
    };
    w.keep_group(pointer.group, group);
    let first = wish.conversation == ANY;
    if !first {
        wish::fulfilled(w.db, id, &wish.conversation, w.now)?;
    }
    let event = match log::get(w.db, &pointer.group)? {
        Some(_) => Event::Gap,
        None => Event::Renewed,
    };
    let state = &joining.state;
    account::learn_lists(w, state)?;
    if let Some(other) = other_of(w, state)? {
        let name = contact::get(w.db, &other.account)?.map_or_else(String::new, |c| c.0);
        contact::put(w.db, &other.account, &name, &other.devices)?;
    }
    joining::enter(w, pointer, &joining)?;
    if event == Event::Renewed {
        moot(w, pointer)?;
        rehome::overtake(w, pointer)?;
    }
    if !first {
        tell(
            w,
            &pointer.conversation,
            (&pointer.group, pointer.commit),
            event,
        )?;
    }
    said_where(w, pointer)?;
    if let Some(log) = log::get(w.db, &pointer.group)? {
        rehome::leave_others(w, &log)?;
        message::send_unheard(w, &log, pointer.commit)?;
        receipt::queue(w, &log.group)?;
    }
    joining::renew_later(w, pointer, state)
}

/// The other one of a direct conversation.
fn other_of<'a>(w: &Work<'_>, state: &'a LogState) -> Result<Option<&'a Participant>> {
    let own = w.me()?.account;
    Ok(match state.kind {
        ConversationKind::Direct => state.participants.iter().find(|p| p.account != own),
        _ => None,
    })
}

/// Others are told where this device is reached, if they cannot know.
pub(crate) fn said_where(w: &mut Work<'_>, pointer: &Pointer) -> Result<()> {
    if reach::of(w.db, &pointer.conversation, &w.me()?.device)?.is_none() {
        own_reach(w, &pointer.conversation, &pointer.relay)?;
        if let Some(log) = log::get(w.db, &pointer.group)? {
            queue_reach(w, &log)?;
        }
    }
    Ok(())
}

/// Who is in the new log already is not taken in once more for what was wished of the one before.
fn moot(w: &mut Work<'_>, pointer: &Pointer) -> Result<()> {
    let members: Vec<_> = w
        .with_group(&pointer.group, |_, group| {
            Ok(policy::leaves(group).filter_map(|(_, who)| who).collect())
        })?
        .unwrap_or_default();
    for wish in wish::open(w.db, &pointer.conversation, true)? {
        if members.contains(&wish.form.who) {
            wish::close(w.db, &wish.id, &wish.conversation)?;
        }
    }
    Ok(())
}

/// Says in a log where this device is reached.
pub(crate) fn queue_reach(w: &mut Work<'_>, log: &Log) -> Result<()> {
    outbox::add(
        w,
        New {
            relay: joining::relay_of(w, log)?.key,
            lane: log.address,
            priority: Priority::Low,
            not_before: 0,
            intent: Intent::Reach(log.group),
            request: None,
        },
    )
}

/// Goes on in a log that was lost, from the commit on that took us in again.
pub(crate) fn resume(
    w: &mut Work<'_>,
    at: &Mailbox,
    pointer: &Pointer,
    state: &LogState,
) -> Result<()> {
    mailbox::rejoin(w.db, at)?;
    log_state::put(w.db, &pointer.group, state)?;
    log::set_head(w.db, &pointer.group, pointer.commit)?;
    log::set_trouble(w.db, &pointer.group, None)?;
    log::set_ready(w.db, &pointer.group, true)?;
    quarantine::forget(w.db, &pointer.address)?;
    missed::forget(w.db, &pointer.address)?;
    outbox::thaw_lane(w, &pointer.address)
}

/// A line of the timeline, on this device: what happened to its copy of the conversation, and where.
pub(crate) fn tell(
    w: &mut Work<'_>,
    id: &ConversationId,
    (group, seq): (&GroupId, Seq),
    event: Event,
) -> Result<()> {
    if *id == w.me()?.own {
        return Ok(());
    }
    let conversation = *id;
    // Random: a message of somebody else's cannot take its place.
    let id = MessageId(w.random());
    let me = w.me()?.account;
    let line = Message {
        group: Some(*group),
        seq,
        state: MessageState::Seen,
        ..Message::new(
            id,
            conversation,
            Place::of(group, seq),
            (me, false),
            MessageKind::Event(event),
            w.now,
        )
    };
    crate::store::table::message::insert(w.db, &line)?;
    message::changed(w, conversation, id);
    Ok(())
}
