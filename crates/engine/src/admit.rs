//! Taking devices into a conversation: those that were lost to it, and those that are new in an account
//! (rules 17, 21).

use crate::error::Result;
use crate::joining::{self, Answers};
use crate::mls::policy::Judged;
use crate::mls::{self, key_package};
use crate::store::table::log::{self, Log, Trouble};
use crate::store::table::outbox::{self as queue, Intent, New, Queued};
use crate::store::table::wish::{Form, Lost, Wish};
use crate::store::table::{log_state, mailbox, pending, reach, relay, wish};
use crate::work::Work;
use crate::{account, group, message, outbox, participant, pool, receipt, rehome, rejoin, request};
use openmls::prelude::KeyPackage;
use snug_wire::card::{InboxAddress, Signable as _, Signed};
use snug_wire::content::Priority;
use snug_wire::frame::Request;
use snug_wire::inbox::{InboxForm, JoinRequest, Reach, Removed};
use snug_wire::log_state::{Change, ConversationKind, Credential, Joined, LogState};
use snug_wire::{ConversationId, JoinId, Seq, encode};

/// The most devices taken in by one commit (rule 12).
pub(crate) const AT_ONCE: usize = 100;
/// The most open wishes of a conversation; further ones are ignored.
const OPEN: usize = 1_000;
/// The largest wish, in bytes: a key package and the lists of sixteen devices are an eighth of it.
const WISH_LIMIT: usize = 128 << 10;
/// The largest address of an inbox, in bytes: sixteen of them travel in a pointer.
const INBOX_LIMIT: usize = 2_048;

/// A device of somebody in a conversation asks to come in again. Anything false about it is ignored.
pub(crate) fn arrived(
    w: &mut Work<'_>,
    signed: &Signed<JoinRequest>,
) -> Result<std::result::Result<(), &'static str>> {
    let form = &signed.form;
    if encode(signed).len() > WISH_LIMIT || !is_small(&form.inbox) {
        return Ok(Err("a wish larger than allowed"));
    }
    let logs = log::of(w.db, &form.conversation)?;
    let Some(log) = logs.first() else {
        return Ok(Err("a wish to be in a conversation nobody knows"));
    };
    let state = w.state(&log.group)?;
    if log.kind == ConversationKind::Group {
        if !group::is_in(w.db, &log.conversation)? {
            return gone(w, &state, signed);
        }
        if state.participant(&form.account).is_none() {
            return removed(w, &state, signed);
        }
    }
    let who = match check(w, &state, signed)? {
        Ok(who) => who,
        Err(why) => return Ok(Err(why)),
    };
    let open = wish::open(w.db, &form.conversation, true)?;
    if open.len() >= OPEN {
        return Ok(Err("a wish while too many are open"));
    }
    // Asked again, a device cannot be taken in by what it asked before; it waits as long as it has waited.
    let before = open.iter().find(|old| old.form.who.device == who.device);
    let new = Wish {
        id: form.id,
        conversation: form.conversation,
        incoming: true,
        open: true,
        at: before.map_or(w.now, |old| old.at),
        form: Form {
            who,
            devices: form.devices.clone(),
            key_package: form.key_package.clone(),
            inbox: form.inbox.clone(),
            lost: Some(Lost {
                group: form.group,
                read: form.read,
                unusable: form.unusable,
            }),
        },
    };
    let reached = Reach {
        account: new.form.who.account,
        device: new.form.who.device,
        inbox: form.inbox.clone(),
    };
    if !wish::insert(w.db, &new)? {
        return Ok(Err("a wish that came before"));
    }
    if let Some(old) = before {
        wish::close(w.db, &old.id, &old.conversation)?;
    }
    reach::put(w.db, &form.conversation, &reached)?;
    w.step("store wish")?;
    serve(w, &form.conversation)?;
    Ok(Ok(()))
}

/// Whether an inbox's address can be handed on.
pub(crate) fn is_small(inbox: &InboxAddress) -> bool {
    encode(inbox).len() <= INBOX_LIMIT
}

/// Whether who asks was in that group once, and signed.
fn is_of_group(w: &Work<'_>, signed: &Signed<JoinRequest>) -> Result<bool> {
    let form = &signed.form;
    let key = form.devices.verified(&form.account);
    let key = key.and_then(|entry| entry.key_of(&signed.device));
    Ok(key.is_some_and(|key| signed.is_by(&key))
        // Only who was in the group knows it.
        && log::get(w.db, &form.group)?.is_some_and(|log| log.conversation == form.conversation)
        && relay::get(w.db, &form.inbox.relay.key)?.is_some())
}

/// Somebody asks to be in a group again that we are in no more: they may not know that we are not.
fn gone(
    w: &mut Work<'_>,
    state: &LogState,
    signed: &Signed<JoinRequest>,
) -> Result<std::result::Result<(), &'static str>> {
    let own = state.participant(&w.me()?.account).map(|own| own.stay);
    let whose = (state.conversation, signed.form.account);
    if let Some(stay) = own
        && is_of_group(w, signed)?
        && w.live.may_ask(whose, w.now)
    {
        let leave = group::leave_form(w, state.conversation, stay)?;
        let form = InboxForm::Declined(Box::new(leave));
        request::tell(w, &signed.form.inbox, &form)?;
    }
    Ok(Err("a wish to be in a group that one is not in"))
}

/// Somebody who was taken out of a group while away asks to be in it again: an admin says that they are
/// not.
fn removed(
    w: &mut Work<'_>,
    state: &LogState,
    signed: &Signed<JoinRequest>,
) -> Result<std::result::Result<(), &'static str>> {
    let form = &signed.form;
    let me = w.me()?;
    let whose = (form.conversation, form.account);
    if state.is_admin(&me.account) && is_of_group(w, signed)? && w.live.may_ask(whose, w.now) {
        let answer = Removed {
            wish: form.id,
            conversation: form.conversation,
            account: me.account,
            devices: me.devices.clone(),
        }
        .signed(me.device, &me.signing_key());
        request::tell(w, &form.inbox, &InboxForm::Removed(Box::new(answer)))?;
    }
    Ok(Err("a wish of somebody who is not in the conversation"))
}

/// Whose device asks, if it may. A device that was away may not know the newest list of its account: it
/// has to be in that one.
fn check(
    w: &Work<'_>,
    state: &LogState,
    signed: &Signed<JoinRequest>,
) -> Result<std::result::Result<Credential, &'static str>> {
    let form = &signed.form;
    let Some(known) = state.participant(&form.account) else {
        return Ok(Err("a wish of somebody who is not in the conversation"));
    };
    let is_older = known.devices.continues(&form.devices);
    if !is_older && form.devices != known.devices && !form.devices.continues(&known.devices) {
        return Ok(Err("a wish with another device list"));
    }
    let newest = if is_older {
        &known.devices
    } else {
        &form.devices
    };
    let key = newest
        .verified(&form.account)
        .and_then(|entry| entry.key_of(&signed.device));
    if is_older && key.is_none() {
        return Ok(Err("a wish with an older device list"));
    }
    let Some(key) = key.filter(|key| signed.is_by(key)) else {
        return Ok(Err("a wish that nobody signed"));
    };
    let who = Credential {
        account: form.account,
        device: signed.device,
        key,
    };
    if who == w.me()?.credential() {
        return Ok(Err("a wish of one's own"));
    }
    if relay::get(w.db, &form.inbox.relay.key)?.is_none() {
        return Ok(Err("a wish with an inbox on another relay"));
    }
    let package = key_package::check(&w.provider(), &form.key_package);
    Ok(match package {
        Some((_, of)) if of == who => Ok(who),
        _ => Err("a wish with a false key package"),
    })
}

/// Sees to the open wishes of a conversation: by a commit in its log if we can follow it, else, when it
/// is our turn, by founding it anew.
pub(crate) fn serve(w: &mut Work<'_>, conversation: &ConversationId) -> Result<()> {
    let wishes = wish::open(w.db, conversation, true)?;
    if wishes.is_empty() && !pending::is_any_ripe(w.db, conversation, w.now)? {
        return Ok(());
    }
    let logs = log::of(w.db, conversation)?;
    let is_group = |log: &Log| log.kind == ConversationKind::Group;
    if logs.iter().any(is_group) && !group::is_in(w.db, conversation)? {
        return Ok(());
    }
    let is_lost = |log: &Log| {
        let of = |lost: Lost| lost.unusable && lost.group == log.group;
        wishes.iter().any(|wish| wish.form.lost.is_some_and(of))
    };
    match logs.first() {
        // Who asks has seen that the log is none any more: both are its admins.
        Some(log)
            if log.kind != ConversationKind::Group
                && log.trouble != Some(Trouble::Unusable)
                && is_lost(log) =>
        {
            rejoin::trouble(w, log, Trouble::Unusable)
        }
        Some(log) if log.trouble.is_none() => queue_admission(w, log),
        Some(log) if rehome::is_alone(w, log)? => rehome::alone(w, log),
        Some(log) => rehome::consider(w, log),
        None => Ok(()),
    }
}

/// Wishes whose turn has come by time alone.
pub(crate) fn serve_all(w: &mut Work<'_>) -> Result<()> {
    let mut all = wish::wished(w.db)?;
    all.extend(group::fall_due(w)?);
    for conversation in all {
        serve(w, &conversation)?;
    }
    Ok(())
}

pub(crate) fn queue_admission(w: &mut Work<'_>, log: &Log) -> Result<()> {
    let intent = Intent::Admit(log.group);
    if queue::waits(w.db, &log.address, Priority::Urgent, &intent)? {
        return Ok(());
    }
    let Some(mailbox) = mailbox::get(w.db, &log.address)? else {
        return Ok(());
    };
    outbox::add(
        w,
        New {
            relay: mailbox.relay,
            lane: log.address,
            priority: Priority::Urgent,
            not_before: 0,
            intent,
            request: None,
        },
    )
}

/// Whom a commit takes in now, what it says, and which wishes are behind it.
#[derive(Default)]
pub(crate) struct Admission {
    pub wishes: Vec<JoinId>,
    pub pending: Vec<i64>,
    pub adds: Vec<(KeyPackage, Credential)>,
    pub changes: Vec<Change>,
}

/// What at most so many of the open wishes of a log come to.
pub(crate) fn admission(w: &mut Work<'_>, log: &Log, most: usize) -> Result<Admission> {
    let mut admission = Admission::default();
    let me = w.me()?.account;
    let mut state = LogState::clone(&*w.state(&log.group)?);
    group::wanted(w, log, most, &mut state, &mut admission)?;
    if let [Change::Moved(_)] = admission.changes[..] {
        return Ok(admission);
    }
    for wish in wish::open(w.db, &log.conversation, true)? {
        let form = &wish.form;
        let Some((package, who)) = key_package::check(&w.provider(), &form.key_package) else {
            continue;
        };
        let change = Change::Devices(who.account, form.devices.clone());
        let after = if state.lists(&who) {
            state.clone()
        } else {
            match state.changed(&change, &me) {
                Ok(after) if after.lists(&who) => {
                    admission.changes.push(change);
                    after
                }
                _ => continue,
            }
        };
        if admission
            .adds
            .iter()
            .any(|(_, other)| other.device == who.device)
        {
            continue;
        }
        if admission.adds.len() >= most {
            break;
        }
        state = after;
        let lost_after = form.lost.and_then(|lost| match lost.group == log.group {
            true => Some(lost.read),
            // Who comes from the log before has heard nothing of what was said in this one.
            false => (state.participants.len() as u64 <= receipt::MOST).then_some(Seq(0)),
        });
        admission.changes.push(Change::Joined(Joined {
            id: wish.id,
            device: who.device,
            lost_after,
        }));
        admission.wishes.push(wish.id);
        admission.adds.push((package, who));
    }
    Ok(admission)
}

/// A commit was merged, ours or somebody else's: what it established, and whom it took in. Says which
/// wishes we knew of.
pub(crate) fn merged(w: &mut Work<'_>, log: &Log, seq: Seq, judged: &Judged) -> Result<Vec<Wish>> {
    if judged.removed {
        relock(w, log, seq)?;
    }
    let before = w.state(&log.group)?;
    if judged.state != *before {
        log_state::put(w.db, &log.group, &judged.state)?;
        let is_list = |change: &Change| matches!(change, Change::Devices(..) | Change::Added(_));
        if judged.changes.iter().any(is_list) {
            account::learn_lists(w, &judged.state)?;
        }
        w.changes.conversations.insert(log.conversation);
    }
    if log.kind == ConversationKind::Group {
        participant::changed(w, log, seq, (&before, judged))?;
        rehome::follow(w, log, judged)?;
    }
    let mut known = Vec::new();
    for joined in judged.joined() {
        known.extend(wish::fulfilled(w.db, &joined.id, &log.conversation, w.now)?);
        if let Some(read) = joined.lost_after {
            message::send_again(w, log, (Seq(read.0.saturating_add(1)), seq))?;
        }
    }
    Ok(known)
}

/// A commit took leaves out: from it on another secret opens the mailbox (rule 4), and what is open
/// under the one before ends there.
fn relock(w: &mut Work<'_>, log: &Log, seq: Seq) -> Result<()> {
    let secret = w.with_group(&log.group, |provider, group| {
        mls::group::lock_secret(provider, group)
    })?;
    if let Some(secret) = secret {
        mailbox::set_secret(w.db, &log.address, &secret)?;
        w.live.relocked.insert(log.address, seq);
        w.live.caught_up.remove(&log.address);
        w.live.to_open.insert(log.address);
    }
    Ok(())
}

/// Our commit that took devices in stands: they are told where their Welcome is.
pub(crate) fn admitted(
    w: &mut Work<'_>,
    log: &Log,
    seq: Seq,
    row: &Queued,
    wishes: &[Wish],
) -> Result<()> {
    let Some(log) = log::get(w.db, &log.group)? else {
        return Ok(());
    };
    let Some(Request::Put(put)) = &row.request else {
        return Ok(());
    };
    for wish in wishes {
        let answers = Answers {
            claim: None,
            wish: Some(wish.id),
        };
        let pointer = joining::pointer(w, &log, (seq, put.id), answers)?;
        joining::tell(w, &wish.form.inbox, pointer)?;
    }
    Ok(())
}

/// Where somebody in a conversation is reached; on a relay that we know.
pub(crate) fn learn_reach(w: &mut Work<'_>, state: &LogState, new: &Reach) -> Result<bool> {
    let listed = state
        .participant(&new.account)
        .and_then(|p| p.devices.0.last())
        .is_some_and(|signed| signed.entry.key_of(&new.device).is_some());
    let fits = listed
        && is_small(&new.inbox)
        && new.device != w.me()?.device
        && relay::get(w.db, &new.inbox.relay.key)?.is_some();
    if fits {
        reach::put(w.db, &state.conversation, new)?;
        pool::reached(w, &new.account)?;
    }
    Ok(fits)
}
