//! Joining: the committer points new leaves to their Welcome, a new leaf fetches it (rule 8).

use crate::changes::Notice;
use crate::conversation::{direct_state, insert_direct};
use crate::error::{Error, Result};
use crate::mls::{group, key_package};
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox::{self, Mailbox, Standing};
use crate::store::table::outbox::{Intent, New, Queued};
use crate::store::table::request::RequestState;
use crate::store::table::{contact, inbox, reach, relay, request as requests};
use crate::work::Work;
use crate::{admit, outbox, rejoin, request, verify};
use rand::RngExt as _;
use snug_wire::card::Signed;
use snug_wire::content::Priority;
use snug_wire::frame::{Answer, Request};
use snug_wire::inbox::{InboxForm, InviteRequest, Pointer, Reach};
use snug_wire::log_state::{Credential, LogState, STATE_LIMIT};
use snug_wire::{
    ClaimId, DeviceKey, EnvelopeId, FRAME_LIMIT, GroupId, RelayAddress, Secret, Seq, decode, encode,
};

/// A new leaf renews itself within this many milliseconds, at a random moment (rule 21).
const RENEW_WITHIN: std::ops::Range<u64> = 2_000..20_000;

/// Its places would stand among those of messages that wait.
const NO_GROUP: GroupId = GroupId([0; 16]);
/// Far above any log's last entry, and still a number for SQLite.
const LAST_SEQ: Seq = Seq(1 << 62);
/// How many devices a pointer tells the reach of.
const REACHED: u32 = 16;

/// With the merge of the commit that added them, every new leaf is told where its Welcome is.
pub(crate) fn point(
    w: &mut Work<'_>,
    log: &Log,
    commit: Seq,
    row: &Queued,
    claim: &ClaimId,
) -> Result<()> {
    let (Some(found), Some(Request::Put(put))) = (requests::get(w.db, claim)?, &row.request) else {
        return Ok(());
    };
    let signed: Signed<InviteRequest> = decode(&found.form, FRAME_LIMIT)?;
    // Each inbox is that of the device whose key package stands at its place.
    let packages = signed.form.key_packages.iter();
    let devices: Vec<Credential> = packages
        .filter_map(|bytes| key_package::check(&w.provider(), bytes))
        .map(|(_, who)| who)
        .collect();
    let reached = devices.iter().zip(&signed.form.inboxes);
    for (device, inbox) in reached.filter(|(_, inbox)| admit::is_small(inbox)) {
        let reached = Reach {
            account: signed.form.account,
            device: device.device,
            inbox: inbox.clone(),
        };
        reach::put(w.db, &log.conversation, &reached)?;
    }
    let at = relay_of(w, log)?;
    rejoin::own_reach(w, &log.conversation, &at)?;
    for (device, inbox) in devices.iter().zip(&signed.form.inboxes) {
        let pointer = Pointer {
            answers: Some(*claim),
            ..pointer(w, log, (commit, put.id), &device.key)?
        };
        request::tell(w, inbox, &InboxForm::Pointer(Box::new(pointer)))?;
    }
    requests::set_state(w.db, claim, RequestState::Connected)?;
    w.changes.requests.insert(*claim);
    w.changes.conversations.insert(log.conversation);
    w.changes.notices.push(Notice::Connected(*claim));
    Ok(())
}

/// The relay a log lives on.
pub(crate) fn relay_of(w: &Work<'_>, log: &Log) -> Result<RelayAddress> {
    let missing = || Error::Mls("a log without its mailbox or relay".into());
    let mailbox = mailbox::get(w.db, &log.address)?.ok_or_else(missing)?;
    relay::get(w.db, &mailbox.relay)?.ok_or_else(missing)
}

/// What leads the leaf of a device to its Welcome, and to where others are reached.
pub(crate) fn pointer(
    w: &mut Work<'_>,
    log: &Log,
    (commit, envelope): (Seq, EnvelopeId),
    leaf: &DeviceKey,
) -> Result<Pointer> {
    let missing = || Error::Mls("a log without its group or mailbox".into());
    let mailbox = mailbox::get(w.db, &log.address)?.ok_or_else(missing)?;
    let fetch = w
        .with_group(&log.group, |provider, group| {
            group::fetch_secret(provider, group, leaf)
        })?
        .ok_or_else(missing)?;
    Ok(Pointer {
        relay: relay_of(w, log)?,
        address: log.address,
        group: log.group,
        commit,
        generation: mailbox.generation,
        envelope,
        secret: mailbox.secret,
        fetch,
        state: log.state.clone(),
        answers: None,
        joins: None,
        reach: reach::all(w.db, &log.conversation, REACHED)?,
    })
}

/// Whether a pointer names a place that can be.
pub(crate) fn can_be(pointer: &Pointer) -> bool {
    pointer.group != NO_GROUP && pointer.commit <= LAST_SEQ
}

/// A pointer came to an inbox of ours: it counts if it answers what we asked.
pub(crate) fn pointed(
    w: &mut Work<'_>,
    pointer: &Pointer,
) -> Result<std::result::Result<(), &'static str>> {
    if let Some(id) = &pointer.joins {
        return rejoin::pointed(w, pointer, id);
    }
    let Some(claim) = pointer.answers else {
        return Ok(Err("a pointer that answers nothing"));
    };
    let Some(row) =
        requests::get(w.db, &claim)?.filter(|r| !r.incoming && r.state != RequestState::Connected)
    else {
        return Ok(Err("a pointer to nothing asked"));
    };
    if let Err(why) = leads_somewhere_new(w, pointer, &row)? {
        return Ok(Err(why));
    }
    if !is_expected(w, &row, &pointer.state)? {
        return Ok(Err("a pointer to another conversation"));
    }
    let connection = Secret::new(w.random());
    relay::remember(w.db, &pointer.relay, &connection)?;
    // One Welcome at a time: whoever was asked could fill the outbox with pointers.
    requests::set_state(w.db, &claim, RequestState::Granted)?;
    w.changes.requests.insert(claim);
    outbox::add(
        w,
        New {
            relay: pointer.relay.key,
            lane: pointer.address,
            priority: Priority::Urgent,
            not_before: 0,
            intent: Intent::Fetch(Box::new(pointer.clone()), claim),
            request: Some(Request::Fetch(
                pointer.address,
                pointer.commit,
                pointer.fetch.clone(),
            )),
        },
    )?;
    Ok(Ok(()))
}

/// Whether a pointer names a log of ours to be, on the relay of the invitation (rule 1).
fn leads_somewhere_new(
    w: &Work<'_>,
    pointer: &Pointer,
    row: &requests::Request,
) -> Result<std::result::Result<(), &'static str>> {
    Ok(if row.state == RequestState::Granted {
        Err("a pointer while another is followed")
    } else if pointer.relay.key != request::card_of(row)?.inbox.relay.key {
        Err("a pointer to another relay")
    } else if is_read(w, pointer)? {
        Err("a pointer to a log one reads")
    } else if !can_be(pointer) {
        Err("a pointer to a place that cannot be")
    } else if encode(&pointer.state).len() > STATE_LIMIT {
        Err("a pointer with too large a state")
    } else {
        Ok(())
    })
}

fn is_read(w: &Work<'_>, pointer: &Pointer) -> Result<bool> {
    Ok(
        log::get(w.db, &pointer.group)?.is_some()
            || mailbox::get(w.db, &pointer.address)?.is_some(),
    )
}

/// Whether a state is the direct conversation with the one we asked, with our devices as they are, or were
/// when we asked, and theirs no older than we know.
fn is_expected(w: &Work<'_>, row: &requests::Request, state: &LogState) -> Result<bool> {
    let me = w.me()?;
    let theirs = state.participants.iter().find(|p| p.account == row.account);
    let ours = state.participants.iter().find(|p| p.account == me.account);
    let (Some(theirs), Some(ours)) = (theirs, ours) else {
        return Ok(false);
    };
    let known = request::card_of(row)?.devices.version();
    let mut expected = direct_state(me, row.account, &theirs.devices);
    if me.devices.continues(&ours.devices) && state.names(&me.credential()) {
        for own in &mut expected.participants {
            if own.account == me.account {
                own.devices = ours.devices.clone();
            }
        }
    }
    Ok(theirs.devices.version() >= known && *state == expected)
}

/// The relay's word on the Welcome: join, and be in.
pub(crate) fn fetched(
    w: &mut Work<'_>,
    pointer: &Pointer,
    claim: &ClaimId,
    answer: &Answer,
) -> Result<()> {
    let Some(row) = requests::get(w.db, claim)?.filter(|r| r.state != RequestState::Connected)
    else {
        return Ok(());
    };
    let joined = match answer {
        Answer::Bytes(welcome) if !is_read(w, pointer)? => {
            group::join(&w.provider(), &pointer.group, &pointer.state, welcome)?.ok()
        }
        _ => None,
    };
    w.step("join")?;
    w.changes.requests.insert(*claim);
    let Some(joined) = joined else {
        return requests::set_state(w.db, claim, RequestState::Failed);
    };
    w.keep_group(pointer.group, joined);
    enter(w, pointer, &row)?;
    requests::set_state(w.db, claim, RequestState::Connected)?;
    requests::set_conversation(w.db, claim, &pointer.state.conversation)?;
    w.changes.notices.push(Notice::Connected(*claim));
    renew_later(w, pointer)
}

fn enter(w: &mut Work<'_>, pointer: &Pointer, row: &requests::Request) -> Result<()> {
    let theirs = pointer
        .state
        .participants
        .iter()
        .find(|p| p.account == row.account);
    if let Some(theirs) = theirs {
        contact::put(w.db, &row.account, &row.name, &theirs.devices)?;
        verify::look_again(w, &row.account)?;
    }
    insert_direct(w, pointer.state.conversation, row.account)?;
    mailbox::insert(
        w.db,
        &Mailbox {
            address: pointer.address,
            relay: pointer.relay.key,
            secret: pointer.secret.clone(),
            standing: Standing::There,
            generation: pointer.generation,
            seq: pointer.commit,
            envelope: Some(pointer.envelope),
        },
    )?;
    log::insert(
        w.db,
        &Log {
            group: pointer.group,
            conversation: pointer.state.conversation,
            address: pointer.address,
            state: pointer.state.clone(),
            head: pointer.commit,
            ready: true,
            read: pointer.commit,
            trouble: None,
        },
    )?;
    let me = w.me()?;
    let own = Reach {
        account: me.account,
        device: me.device,
        inbox: request::reply_of(row)?,
    };
    reach::put(w.db, &pointer.state.conversation, &own)?;
    for other in &pointer.reach {
        admit::learn_reach(w, &pointer.state, other)?;
    }
    w.live.to_open.insert(pointer.address);
    Ok(())
}

pub(crate) fn renew_later(w: &mut Work<'_>, pointer: &Pointer) -> Result<()> {
    let not_before = w.now + w.rng.random_range(RENEW_WITHIN);
    outbox::add(
        w,
        New {
            relay: pointer.relay.key,
            lane: pointer.address,
            priority: Priority::Low,
            not_before,
            intent: Intent::Renew(pointer.group),
            request: None,
        },
    )
}

/// Whether an inbox of ours may take pointers and answers: those opened for a request.
pub(crate) fn takes_answers(inbox: &inbox::Inbox) -> bool {
    inbox.invitation.is_none()
}
