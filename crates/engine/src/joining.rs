//! Joining: the committer points new leaves to their Welcome, a new leaf fetches it (rule 8).

use crate::changes::Notice;
use crate::conversation::{direct_state, insert_direct};
use crate::error::{Error, Result};
use crate::mls::{group, key_package};
use crate::store::table::conversation::{self, Conversation};
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox::{self, Mailbox, Standing};
use crate::store::table::outbox::{Intent, New, Queued};
use crate::store::table::request::RequestState;
use crate::store::table::{contact, inbox, reach, relay, request as requests};
use crate::work::Work;
use crate::{
    admit, group as groups, offer, outbox, participant, pool, rejoin, request, seal, verify,
};
use openmls::prelude::MlsGroup;
use rand::RngExt as _;
use snug_wire::card::{InboxAddress, Signable as _, Signed};
use snug_wire::content::Priority;
use snug_wire::device_list::DeviceList;
use snug_wire::frame::{Answer, Request};
use snug_wire::inbox::{InboxForm, InviteRequest, Joining, Pointer, Reach};
use snug_wire::log_state::{ConversationKind, Credential, LogState, STATE_LIMIT};
use snug_wire::{
    Address, ClaimId, EnvelopeId, FRAME_LIMIT, GroupId, JoinId, RelayAddress, Secret, Seq, decode,
    encode,
};

/// A new leaf of a direct conversation renews itself within this many milliseconds, at a random moment.
const RENEW_WITHIN: std::ops::Range<u64> = 2_000..20_000;
/// In a group one leaf of all renews itself about so often, in milliseconds (rule 21).
const RENEW_EVERY: u64 = 60_000;

/// Its places would stand among those of messages that wait.
const NO_GROUP: GroupId = GroupId([0; 16]);
/// Far above any log's last entry, and still a number for SQLite.
const LAST_SEQ: Seq = Seq(1 << 62);
/// How many devices new leaves are told the reach of.
const REACHED: usize = 32;

/// What a pointer answers; nothing when somebody is added who did not ask.
#[derive(Clone, Copy, Default)]
pub(crate) struct Answers {
    pub claim: Option<ClaimId>,
    pub wish: Option<JoinId>,
}

/// With the merge of the commit that added them, every new leaf of a direct conversation is told where
/// its Welcome is.
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
    for (device, inbox) in devices_of(w, &signed.form) {
        learn(w, log, &device, &inbox)?;
        let answers = Answers {
            claim: Some(*claim),
            wish: None,
        };
        let pointer = pointer(w, log, (commit, put.id), answers)?;
        tell(w, &inbox, pointer)?;
    }
    connected(w, claim, log)
}

/// A request is granted: who asked is in.
pub(crate) fn connected(w: &mut Work<'_>, claim: &ClaimId, log: &Log) -> Result<()> {
    requests::set_state(w.db, claim, RequestState::Connected)?;
    w.changes.requests.insert(*claim);
    w.changes.conversations.insert(log.conversation);
    w.changes.notices.push(Notice::Connected(*claim));
    Ok(())
}

/// The devices that a request brings: each inbox is that of the device whose key package stands at its
/// place.
pub(crate) fn devices_of(w: &Work<'_>, form: &InviteRequest) -> Vec<(Credential, InboxAddress)> {
    let packages = form.key_packages.iter().zip(&form.inboxes);
    packages
        .filter_map(|(bytes, inbox)| {
            let (_, who) = key_package::check(&w.provider(), bytes)?;
            Some((who, inbox.clone()))
        })
        .collect()
}

/// Where a new device is reached.
pub(crate) fn learn(
    w: &mut Work<'_>,
    log: &Log,
    who: &Credential,
    inbox: &InboxAddress,
) -> Result<()> {
    if !admit::is_small(inbox) {
        return Ok(());
    }
    let reached = Reach {
        account: who.account,
        device: who.device,
        inbox: inbox.clone(),
    };
    reach::put(w.db, &log.conversation, &reached)?;
    pool::reached(w, &who.account)
}

/// The relay a log lives on.
pub(crate) fn relay_of(w: &Work<'_>, log: &Log) -> Result<RelayAddress> {
    let missing = || Error::Mls("a log without its mailbox or relay".into());
    let mailbox = mailbox::get(w.db, &log.address)?.ok_or_else(missing)?;
    relay::get(w.db, &mailbox.relay)?.ok_or_else(missing)
}

/// What leads the leaves that a commit added to their Welcome.
pub(crate) fn pointer(
    w: &mut Work<'_>,
    log: &Log,
    (commit, envelope): (Seq, EnvelopeId),
    answers: Answers,
) -> Result<Pointer> {
    let missing = || Error::Mls("a log without its group or mailbox".into());
    let mailbox = mailbox::get(w.db, &log.address)?.ok_or_else(missing)?;
    let lead = w
        .with_group(&log.group, |provider, group| group::lead(provider, group))?
        .ok_or_else(missing)?;
    let me = w.me()?;
    Ok(Pointer {
        relay: relay_of(w, log)?,
        address: log.address,
        group: log.group,
        commit,
        generation: mailbox.generation,
        envelope,
        secret: mailbox.secret,
        fetch: lead.fetch,
        key: lead.key,
        conversation: log.conversation,
        answers: answers.claim,
        joins: answers.wish,
        account: me.account,
        devices: me.devices.clone(),
        offer: None,
    })
}

/// Puts a pointer into the inbox of the device that it leads.
pub(crate) fn tell(w: &mut Work<'_>, inbox: &InboxAddress, pointer: Pointer) -> Result<()> {
    let me = w.me()?;
    let signed = pointer.signed(me.device, &me.signing_key());
    request::tell(w, inbox, &InboxForm::Pointer(Box::new(signed)))
}

/// What is attached to a commit that adds leaves.
pub(crate) fn attached(
    w: &mut Work<'_>,
    log: &Log,
    state: LogState,
    welcome: Vec<u8>,
) -> Result<Joining> {
    let at = relay_of(w, log)?;
    rejoin::own_reach(w, &log.conversation, &at)?;
    let mut reach = reach::all(w.db, &log.conversation, u32::MAX)?;
    // Of those who can take somebody in again as many as there is room for.
    reach.sort_by_key(|reach| !state.is_admin(&reach.account));
    reach.truncate(REACHED);
    Ok(Joining {
        welcome,
        state,
        reach,
    })
}

/// Whether a pointer names a place that can be.
pub(crate) fn can_be(pointer: &Pointer) -> bool {
    pointer.group != NO_GROUP && pointer.commit <= LAST_SEQ
}

/// Whether a device of the account that a pointer names signed it, by a list not older than the one known.
pub(crate) fn is_signed(signed: &Signed<Pointer>, known: &DeviceList) -> bool {
    let Pointer {
        account, devices, ..
    } = &signed.form;
    (devices == known || devices.continues(known))
        && devices
            .verified(account)
            .and_then(|entry| entry.key_of(&signed.device))
            .is_some_and(|key| signed.is_by(&key))
}

/// A pointer came to an inbox of ours: it counts if it answers what we asked, or is of a contact who
/// invites us into a group.
pub(crate) fn pointed(
    w: &mut Work<'_>,
    signed: &Signed<Pointer>,
) -> Result<std::result::Result<(), &'static str>> {
    let pointer = &signed.form;
    if !can_be(pointer) {
        return Ok(Err("a pointer to a place that cannot be"));
    }
    if let Some(id) = &pointer.joins {
        return rejoin::pointed(w, signed, id);
    }
    let Some(claim) = pointer.answers else {
        return offer::arrived(w, signed);
    };
    let Some(row) =
        requests::get(w.db, &claim)?.filter(|r| !r.incoming && r.state != RequestState::Connected)
    else {
        return Ok(Err("a pointer to nothing asked"));
    };
    if let Err(why) = leads_somewhere_new(w, signed, &row)? {
        return Ok(Err(why));
    }
    // One Welcome at a time: whoever was asked could fill the outbox with pointers.
    requests::set_state(w.db, &claim, RequestState::Granted)?;
    w.changes.requests.insert(claim);
    follow(w, pointer)?;
    Ok(Ok(()))
}

/// Fetches what a pointer leads to.
pub(crate) fn follow(w: &mut Work<'_>, pointer: &Pointer) -> Result<()> {
    let connection = Secret::new(w.random());
    relay::remember(w.db, &pointer.relay, &connection)?;
    let lane = Address(w.random());
    outbox::add(
        w,
        New {
            relay: pointer.relay.key,
            // One of its own: what is fetched holds nothing else up.
            lane,
            priority: Priority::Urgent,
            not_before: 0,
            intent: Intent::Fetch(Box::new(pointer.clone())),
            request: Some(Request::Fetch(
                pointer.address,
                pointer.commit,
                pointer.fetch.clone(),
            )),
        },
    )
}

/// Whether a pointer of the one we asked names a log of ours to be, on the relay of the invitation
/// (rule 1).
fn leads_somewhere_new(
    w: &Work<'_>,
    signed: &Signed<Pointer>,
    row: &requests::Request,
) -> Result<std::result::Result<(), &'static str>> {
    let pointer = &signed.form;
    let card = request::card_of(row)?;
    let expected = match &card.group {
        Some(group) => group.conversation,
        None => LogState::direct_id(&w.me()?.account, &row.account),
    };
    Ok(if row.state == RequestState::Granted {
        Err("a pointer while another is followed")
    } else if pointer.account != row.account || !is_signed(signed, &card.devices) {
        Err("a pointer that the inviter did not sign")
    } else if pointer.relay.key != card.inbox.relay.key {
        Err("a pointer to another relay")
    } else if is_read(w, pointer)? {
        Err("a pointer to a log one reads")
    } else if pointer.conversation != expected {
        Err("a pointer to another conversation")
    } else {
        Ok(())
    })
}

/// Whether a pointer leads to where this device is already.
pub(crate) fn is_read(w: &Work<'_>, pointer: &Pointer) -> Result<bool> {
    let mailbox = mailbox::get(w.db, &pointer.address)?;
    let is_ours = mailbox.is_some_and(|there| there.standing != Standing::Over);
    let log = log::get(w.db, &pointer.group)?;
    Ok(is_ours || log.is_some_and(|log| log.address != pointer.address))
}

/// What is true of any state we are to come in by: of this conversation, small enough, every list valid,
/// this device and the one who points in it.
pub(crate) fn holds(w: &Work<'_>, pointer: &Pointer, state: &LogState) -> Result<bool> {
    let me = w.me()?.credential();
    let sorted = state
        .participants
        .is_sorted_by(|a, b| a.account < b.account);
    Ok(state.conversation == pointer.conversation
        && state.is_named()
        && sorted
        && encode(state).len() <= STATE_LIMIT
        && state.names(&me)
        && state
            .participants
            .iter()
            .all(|p| p.devices.verified(&p.account).is_some())
        && state.participant(&pointer.account).is_some())
}

/// The relay's word on what a pointer led to.
pub(crate) fn fetched(w: &mut Work<'_>, pointer: &Pointer, answer: &Answer) -> Result<()> {
    let joining = match answer {
        Answer::Bytes(bytes) => seal::open_joining(&pointer.key, &pointer.group, bytes),
        _ => None,
    };
    match (&pointer.joins, &pointer.answers) {
        (Some(id), _) => rejoin::fetched(w, pointer, id, joining),
        (None, Some(claim)) => answered(w, pointer, claim, joining),
        (None, None) => offer::fetched(w, pointer, joining),
    }
}

/// Joins by a Welcome; `None` if it is not what was said of it.
pub(crate) fn join(
    w: &mut Work<'_>,
    pointer: &Pointer,
    joining: &Joining,
) -> Result<Option<MlsGroup>> {
    let provider = w.provider();
    Ok(group::join(&provider, &pointer.group, &joining.state, &joining.welcome)?.ok())
}

/// Whether a state is the direct conversation with the one we asked, with our devices as they are, or were
/// when we asked, and theirs no older than we know; or the group they invited to.
fn is_expected(w: &Work<'_>, row: &requests::Request, state: &LogState) -> Result<bool> {
    if request::card_of(row)?.group.is_some() {
        return Ok(state.kind == ConversationKind::Group);
    }
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

/// What we asked for was granted: join, and be in.
fn answered(
    w: &mut Work<'_>,
    pointer: &Pointer,
    claim: &ClaimId,
    joining: Option<Joining>,
) -> Result<()> {
    let Some(row) = requests::get(w.db, claim)?.filter(|r| r.state != RequestState::Connected)
    else {
        return Ok(());
    };
    let mut joined = None;
    if let Some(joining) = joining
        && !is_read(w, pointer)?
        && holds(w, pointer, &joining.state)?
        && is_expected(w, &row, &joining.state)?
        && (joining.state.kind != ConversationKind::Group
            || !groups::is_in(w.db, &pointer.conversation)?)
    {
        joined = join(w, pointer, &joining)?.map(|group| (group, joining));
    }
    w.step("join")?;
    w.changes.requests.insert(*claim);
    let Some((group, joining)) = joined else {
        return requests::set_state(w.db, claim, RequestState::Failed);
    };
    w.keep_group(pointer.group, group);
    if joining.state.kind == ConversationKind::Direct {
        let theirs = joining.state.participant(&row.account);
        if let Some(theirs) = theirs {
            contact::put(w.db, &row.account, &row.name, &theirs.devices)?;
            verify::look_again(w, &row.account)?;
        }
    }
    let me = w.me()?;
    let own = Reach {
        account: me.account,
        device: me.device,
        inbox: request::reply_of(&row)?,
    };
    reach::put(w.db, &pointer.conversation, &own)?;
    enter(w, pointer, &joining)?;
    requests::set_state(w.db, claim, RequestState::Connected)?;
    requests::set_conversation(w.db, claim, &pointer.conversation)?;
    w.changes.notices.push(Notice::Connected(*claim));
    renew_later(w, pointer, &joining.state)
}

/// Stands in a log from the commit on that added our leaf.
pub(crate) fn enter(w: &mut Work<'_>, pointer: &Pointer, joining: &Joining) -> Result<()> {
    let state = &joining.state;
    let own = w.me()?.account;
    match state.kind {
        ConversationKind::Direct => {
            let other = state.participants.iter().find(|p| p.account != own);
            if let Some(other) = other {
                insert_direct(w, state.conversation, other.account)?;
            }
        }
        kind => {
            let new = Conversation {
                name: state.name.clone(),
                ..Conversation::new(state.conversation, kind, w.now)
            };
            conversation::insert(w.db, &new)?;
        }
    }
    let at = Mailbox {
        address: pointer.address,
        relay: pointer.relay.key,
        secret: pointer.secret.clone(),
        standing: Standing::There,
        generation: pointer.generation,
        seq: pointer.commit,
        envelope: Some(pointer.envelope),
    };
    if log::get(w.db, &pointer.group)?.is_some() {
        rejoin::resume(w, &at, pointer, state)?;
    } else {
        mailbox::insert(w.db, &at)?;
        let log = Log {
            group: pointer.group,
            conversation: state.conversation,
            address: pointer.address,
            kind: state.kind,
            head: pointer.commit,
            ready: true,
            read: pointer.commit,
            trouble: None,
        };
        log::insert(w.db, &log, state)?;
    }
    if state.kind == ConversationKind::Group {
        participant::entered(w, pointer, state)?;
    }
    for other in &joining.reach {
        admit::learn_reach(w, state, other)?;
    }
    // What was open there before ended at the latest with this commit.
    w.live.relocked.insert(pointer.address, pointer.commit);
    w.live.caught_up.remove(&pointer.address);
    w.live.behind.remove(&pointer.address);
    w.live.to_open.insert(pointer.address);
    w.changes.conversations.insert(state.conversation);
    Ok(())
}

/// A new leaf renews itself soon, but not all of a group at once.
pub(crate) fn renew_later(w: &mut Work<'_>, pointer: &Pointer, state: &LogState) -> Result<()> {
    let within = match state.kind {
        ConversationKind::Group => {
            let others = state.participants.len() as u64;
            RENEW_WITHIN.start..RENEW_WITHIN.start + others * RENEW_EVERY
        }
        _ => RENEW_WITHIN,
    };
    let not_before = w.now + w.rng.random_range(within);
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
