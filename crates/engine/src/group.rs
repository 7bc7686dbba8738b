//! Groups: making one, asking for changes, leaving. What is asked for is a wish until a commit of the
//! log has it, ours or somebody else's (rules 15, 20).

mod leaving;

pub(crate) use leaving::{close, declined, leave_apart, leave_form, leaves_now, without_leavers};

use crate::account::{Me, checked_name};
use crate::admit::{self, Admission};
use crate::conversation::found;
use crate::error::{Rejection, Result};
use crate::mls::key_package;
use crate::mls::policy::MOST_CHANGES;
use crate::read::PendingChange;
use crate::store::table::candidate::{self, Candidate};
use crate::store::table::conversation::{self, ChatStanding, Conversation};
use crate::store::table::log::{self, Log};
use crate::store::table::outbox::Queued;
use crate::store::table::pending::{self, Pending, Wanted};
use crate::store::table::{contact, request as requests};
use crate::work::Work;
use crate::{Engine, joining, participant, pool, rehome, request};
use minicbor::bytes::ByteVec;
use snug_wire::card::{GroupCard, Signed};
use snug_wire::frame::Request;
use snug_wire::inbox::{GroupOffer, InviteRequest, OFFER_NAMES};
use snug_wire::log_state::{
    Change, ConversationKind, Credential, DESCRIPTION_LIMIT, LogState, MOST_PARTICIPANTS,
    PICTURE_LIMIT, Participant, ParticipantKind, Role,
};
use snug_wire::{AccountId, ClaimId, ConversationId, FRAME_LIMIT, RelayAddress, Seq, decode};

/// A change of a group that a person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupWish {
    /// Add this contact.
    Add(AccountId),
    /// Take this participant out.
    Remove(AccountId),
    /// Give this participant a role.
    Role(AccountId, Role),
    /// Call it this.
    Rename(String),
    /// Say what it is about; may be empty.
    Describe(String),
    /// Give it a picture, PNG, JPEG or WebP of at most [`PICTURE_LIMIT`] bytes, or none.
    Picture(Option<Vec<u8>>),
    /// Go on at another relay.
    Move(RelayAddress),
}

impl Engine {
    /// Makes a group with these contacts.
    ///
    /// # Errors
    /// [`Rejection::NameEmpty`], [`Rejection::NameTooLong`], [`Rejection::NotFound`] for somebody who is
    /// no contact.
    pub fn create_group(
        &mut self,
        name: &str,
        contacts: &[AccountId],
        now: u64,
    ) -> Result<ConversationId> {
        self.write(now, |w| create(w, name, contacts))
    }

    /// Asks for a change. It is done as soon as the relay can be reached, also after a restart; asking
    /// for what is so already, or is asked for, does nothing.
    ///
    /// # Errors
    /// [`Rejection::NotFound`], [`Rejection::NotIn`], [`Rejection::NotAdmin`], [`Rejection::AlreadyIn`],
    /// [`Rejection::LastAdmin`], [`Rejection::GroupFull`], names and texts that are too long.
    pub fn change_group(&mut self, id: ConversationId, wish: &GroupWish, now: u64) -> Result<()> {
        self.write(now, |w| ask(w, id, wish))
    }

    /// Takes back a change that is not done yet.
    ///
    /// # Errors
    /// [`Rejection::NotFound`].
    pub fn cancel_change(&mut self, id: ConversationId, change: i64, now: u64) -> Result<()> {
        self.write(now, |w| {
            let of_it = |p: &Pending| p.conversation == id;
            let wish = pending::get(w.db, change)?.filter(of_it);
            give_up(w, &wish.ok_or(Rejection::NotFound)?)
        })
    }

    /// Leaves a group. Its only admin names who is one then, unless nobody else is in.
    ///
    /// # Errors
    /// [`Rejection::NotFound`], [`Rejection::NotIn`], [`Rejection::LastAdmin`].
    pub fn leave_group(
        &mut self,
        id: ConversationId,
        successor: Option<AccountId>,
        now: u64,
    ) -> Result<()> {
        self.write(now, |w| leaving::leave(w, id, successor))
    }
}

/// Oneself as a participant.
fn oneself(me: &Me) -> Participant {
    Participant {
        account: me.account,
        role: Role::Admin,
        devices: me.devices.clone(),
        name: me.name.clone(),
        kind: ParticipantKind::User,
        stay: 1,
    }
}

fn create(w: &mut Work<'_>, name: &str, contacts: &[AccountId]) -> Result<ConversationId> {
    let name = checked_name(name)?;
    let me = w.me()?;
    let seed = w.random();
    let id = LogState::group_id(&seed);
    let state = LogState {
        seed: Some(seed.into()),
        participants: vec![oneself(me)],
        name: name.clone(),
        added: 1,
        ..LogState::new(id, ConversationKind::Group)
    };
    let new = Conversation {
        name,
        ..Conversation::new(id, ConversationKind::Group, w.now)
    };
    conversation::insert(w.db, &new)?;
    w.changes.conversations.insert(id);
    let group = found(w, me, &me.home.key, state.clone(), true)?;
    participant::founded(w, &group, &state)?;
    for account in contacts {
        if *account != me.account {
            ask(w, id, &GroupWish::Add(*account))?;
        }
    }
    Ok(id)
}

/// A group one is in, and its log that is written to.
pub(crate) fn standing_in(w: &Work<'_>, id: &ConversationId) -> Result<Log> {
    let conversation = conversation::get(w.db, id)?
        .filter(|c| c.kind == ConversationKind::Group)
        .ok_or(Rejection::NotFound)?;
    if conversation.standing != ChatStanding::In {
        return Err(Rejection::NotIn.into());
    }
    let logs = log::of(w.db, id)?;
    let log = logs.iter().find(|log| log.ready).or(logs.first());
    Ok(log.cloned().ok_or(Rejection::NotFound)?)
}

/// Whether one is in a group.
pub(crate) fn is_in(db: &rusqlite::Connection, id: &ConversationId) -> Result<bool> {
    let there = conversation::get(db, id)?;
    Ok(there.is_some_and(|c| c.standing == ChatStanding::In))
}

fn ask(w: &mut Work<'_>, id: ConversationId, wish: &GroupWish) -> Result<()> {
    let log = standing_in(w, &id)?;
    let state = w.state(&log.group)?;
    let me = w.me()?.account;
    if !state.is_admin(&me) {
        return Err(Rejection::NotAdmin.into());
    }
    let wanted = match wish {
        GroupWish::Add(account) => {
            contact::get(w.db, account)?.ok_or(Rejection::NotFound)?;
            if state.participant(account).is_some() {
                return Err(Rejection::AlreadyIn.into());
            }
            if state.participants.len() + pending::adds(w.db, &id)? >= MOST_PARTICIPANTS {
                return Err(Rejection::GroupFull.into());
            }
            Wanted::Add(*account, None)
        }
        GroupWish::Remove(account) if *account == me => return Err(Rejection::LeaveInstead.into()),
        GroupWish::Remove(account) => {
            // Who is only wished to be added is not any more.
            for add in pending::of(w.db, &id)? {
                if matches!(add.wanted, Wanted::Add(who, _) if who == *account) {
                    give_up(w, &add)?;
                }
            }
            if state.participant(account).is_none() {
                return Ok(());
            }
            Wanted::Remove(*account)
        }
        GroupWish::Role(account, role) => {
            let there = state.participant(account).ok_or(Rejection::NotFound)?;
            let change = Change::Role(*account, *role);
            if there.role != *role && state.changed(&change, &me).is_err() {
                return Err(Rejection::LastAdmin.into());
            }
            Wanted::Role(*account, *role)
        }
        GroupWish::Rename(name) => Wanted::Rename(checked_name(name)?),
        GroupWish::Describe(text) => {
            let text = text.trim();
            if text.chars().count() > DESCRIPTION_LIMIT {
                return Err(Rejection::TextTooLong.into());
            }
            Wanted::Describe(text.to_owned())
        }
        GroupWish::Picture(picture) => {
            if picture.as_ref().is_some_and(|p| p.len() > PICTURE_LIMIT) {
                return Err(Rejection::PictureTooLarge.into());
            }
            Wanted::Picture(picture.clone().map(ByteVec::from))
        }
        GroupWish::Move(to) => {
            if !rehome::may_move(w, &log, to)? {
                return Ok(());
            }
            Wanted::Move(to.clone())
        }
    };
    if pending::is_wished(w.db, &id, &wanted)? || is_so(&state, &wanted) {
        return Ok(());
    }
    want(w, &id, &wanted, 0).map(|_| ())
}

/// Keeps a wish and sets about it.
pub(crate) fn want(
    w: &mut Work<'_>,
    id: &ConversationId,
    wanted: &Wanted,
    not_before: u64,
) -> Result<i64> {
    forget_replaced(w, id, wanted)?;
    let number = pending::add(w.db, id, wanted, (w.now, not_before))?;
    w.changes.conversations.insert(*id);
    w.step("wish")?;
    match wanted {
        Wanted::Add(account, None) => pool::take(w, number, account)?,
        _ if not_before == 0 => go(w, id)?,
        _ => {}
    }
    Ok(number)
}

/// What was wished before about the same is not any more.
fn forget_replaced(w: &Work<'_>, id: &ConversationId, wanted: &Wanted) -> Result<()> {
    if let Wanted::Add(..) | Wanted::Remove(_) | Wanted::Leave(_) | Wanted::Elect(_) = wanted {
        return Ok(());
    }
    for old in pending::of(w.db, id)? {
        let is_replaced = match (&old.wanted, wanted) {
            (Wanted::Role(a, _), Wanted::Role(b, _)) => a == b,
            (old, new) => std::mem::discriminant(old) == std::mem::discriminant(new),
        };
        if is_replaced {
            pending::delete(w.db, old.id)?;
        }
    }
    Ok(())
}

/// Sets about what is wished of a conversation.
pub(crate) fn go(w: &mut Work<'_>, id: &ConversationId) -> Result<()> {
    admit::serve(w, id)
}

/// A group as an invitation into it shows it, and the relay it lives on.
pub(crate) fn card(w: &mut Work<'_>, id: &ConversationId) -> Result<(GroupCard, RelayAddress)> {
    let log = standing_in(w, id)?;
    let state = w.state(&log.group)?;
    if !state.is_admin(&w.me()?.account) {
        return Err(Rejection::NotAdmin.into());
    }
    let card = GroupCard {
        conversation: *id,
        name: state.name.clone(),
        participants: u32::try_from(state.participants.len()).unwrap_or(u32::MAX),
    };
    Ok((card, joining::relay_of(w, &log)?))
}

/// Who asked to come in by an invitation of ours comes in.
pub(crate) fn add_claimant(
    w: &mut Work<'_>,
    id: &ConversationId,
    claim: ClaimId,
    form: &InviteRequest,
) -> Result<bool> {
    let Ok(log) = standing_in(w, id) else {
        return Ok(false);
    };
    let state = w.state(&log.group)?;
    if state.participant(&form.account).is_some() || !state.is_admin(&w.me()?.account) {
        return Ok(false);
    }
    let number = pending::add(
        w.db,
        id,
        &Wanted::Add(form.account, Some(claim)),
        (w.now, 0),
    )?;
    for (bytes, inbox) in form.key_packages.iter().zip(&form.inboxes) {
        if let Some((_, who)) = key_package::check(&w.provider(), bytes) {
            let new = Candidate {
                device: who.device,
                inbox: inbox.clone(),
                package: Some(bytes.to_vec()),
            };
            candidate::put(w.db, number, &new)?;
        }
    }
    w.changes.conversations.insert(*id);
    go(w, id)?;
    Ok(true)
}

/// What can be set about now is not wished any more: the relay does not take what it comes to.
pub(crate) fn drop_ripe(w: &mut Work<'_>, id: &ConversationId) -> Result<()> {
    for wish in pending::ripe(w.db, id, w.now)? {
        give_up(w, &wish)?;
    }
    Ok(())
}

/// Nothing comes of a wish: who asked to come in by it is told so.
pub(crate) fn give_up(w: &mut Work<'_>, wish: &Pending) -> Result<()> {
    pending::delete(w.db, wish.id)?;
    w.changes.conversations.insert(wish.conversation);
    match wish.wanted {
        Wanted::Add(_, Some(claim)) => request::unfounded(w, &claim),
        _ => Ok(()),
    }
}

/// Wishes that were put off until now: the conversations they are of.
pub(crate) fn fall_due(w: &mut Work<'_>) -> Result<Vec<ConversationId>> {
    let mut all = Vec::new();
    for wish in pending::due(w.db, w.now)? {
        pending::delay(w.db, wish.id, 0)?;
        match wish.wanted {
            Wanted::Add(account, None) if !pool::go_without(w, wish.id)? => {
                pool::take(w, wish.id, &account)?;
            }
            _ => all.push(wish.conversation),
        }
    }
    Ok(all)
}

/// Whether a state is as wished.
fn is_so(state: &LogState, wanted: &Wanted) -> bool {
    match wanted {
        Wanted::Add(account, _) => state.participant(account).is_some(),
        Wanted::Remove(account) => state.participant(account).is_none(),
        Wanted::Role(account, role) => state.participant(account).is_none_or(|p| p.role == *role),
        Wanted::Rename(name) => state.name == *name,
        Wanted::Describe(text) => state.description == *text,
        Wanted::Picture(picture) => state.picture == *picture,
        Wanted::Leave(leave) => state
            .participant(&leave.form.account)
            .is_none_or(|p| p.stay != leave.form.stay),
        // It is so in another log.
        Wanted::Move(_) => false,
        Wanted::Elect(votes) => !votes.iter().all(|vote| state.is_vote(vote)),
    }
}

/// Adds to a commit what is wished of its log, up to so many new leaves.
pub(crate) fn wanted(
    w: &mut Work<'_>,
    log: &Log,
    most: usize,
    state: &mut LogState,
    admission: &mut Admission,
) -> Result<()> {
    if log.kind != ConversationKind::Group {
        return Ok(());
    }
    let me = w.me()?.account;
    let mut wishes = pending::ripe(w.db, &log.conversation, w.now)?;
    // Nothing comes after it in this log, nor with it.
    if let Some(at) = wishes
        .iter()
        .position(|w| matches!(w.wanted, Wanted::Move(_)))
    {
        wishes = vec![wishes.swap_remove(at)];
    }
    for wish in wishes {
        let (change, adds) = match &wish.wanted {
            Wanted::Add(..) if admission.adds.len() >= most => continue,
            Wanted::Add(account, claim) => {
                let adds = leaves(w, &wish)?;
                match newcomer(w, account, claim.as_ref())? {
                    Some(new) if !adds.is_empty() => (Change::Added(Box::new(new)), adds),
                    _ => {
                        give_up(w, &wish)?;
                        continue;
                    }
                }
            }
            Wanted::Remove(account) => (Change::Removed(*account), Vec::new()),
            Wanted::Role(account, role) => (Change::Role(*account, *role), Vec::new()),
            Wanted::Rename(name) => (Change::Renamed(name.clone()), Vec::new()),
            Wanted::Describe(text) => (Change::Described(text.clone()), Vec::new()),
            Wanted::Picture(picture) => (Change::Pictured(picture.clone()), Vec::new()),
            Wanted::Leave(leave) => (Change::Left(leave.clone()), Vec::new()),
            Wanted::Move(to) => (Change::Moved(Box::new(to.clone())), Vec::new()),
            Wanted::Elect(votes) => (Change::Elected(votes.clone()), Vec::new()),
        };
        if admission.adds.len() + adds.len() > most && !admission.adds.is_empty() {
            continue;
        }
        if admission.changes.len() >= MOST_CHANGES / 2 {
            break;
        }
        match state.changed(&change, &me) {
            Ok(after) if !is_so(state, &wish.wanted) => {
                *state = after;
                admission.changes.push(change);
                admission.adds.extend(adds);
                admission.pending.push(wish.id);
            }
            // Done by somebody else.
            Ok(_) => {
                pending::delete(w.db, wish.id)?;
                w.changes.conversations.insert(log.conversation);
            }
            // Not for us to do any more.
            Err(_) => give_up(w, &wish)?,
        }
    }
    Ok(())
}

/// The leaves a wish adds.
fn leaves(w: &Work<'_>, wish: &Pending) -> Result<Vec<(openmls::prelude::KeyPackage, Credential)>> {
    let all = candidate::of(w.db, wish.id)?;
    let provider = w.provider();
    Ok(all
        .iter()
        .filter_map(|c| key_package::check(&provider, c.package.as_deref()?))
        .collect())
}

/// Who is added: a contact, or who asked.
fn newcomer(
    w: &Work<'_>,
    account: &AccountId,
    claim: Option<&ClaimId>,
) -> Result<Option<Participant>> {
    let of = |name: &str, devices| Participant {
        account: *account,
        role: Role::Member,
        devices,
        name: name.to_owned(),
        kind: ParticipantKind::User,
        stay: 0,
    };
    let Some(claim) = claim else {
        let known = contact::get(w.db, account)?;
        return Ok(known.map(|(name, devices)| of(&name, devices)));
    };
    let Some(row) = requests::get(w.db, claim)? else {
        return Ok(None);
    };
    let signed: Signed<InviteRequest> = decode(&row.form, FRAME_LIMIT)?;
    Ok(Some(of(&row.name, signed.form.devices)))
}

/// Wishes that a commit of ours may have fulfilled: who is to be led in.
pub(crate) fn adding(w: &Work<'_>, log: &Log) -> Result<Vec<(Option<ClaimId>, Candidate)>> {
    let mut all = Vec::new();
    if log.kind != ConversationKind::Group {
        return Ok(all);
    }
    for wish in pending::ripe(w.db, &log.conversation, w.now)? {
        if let Wanted::Add(_, claim) = wish.wanted {
            let devices = candidate::of(w.db, wish.id)?;
            all.extend(devices.into_iter().map(|c| (claim, c)));
        }
    }
    Ok(all)
}

/// Our commit added them: they are told where their Welcome is.
pub(crate) fn added(
    w: &mut Work<'_>,
    log: &Log,
    seq: Seq,
    row: &Queued,
    (adding, leaves): (Vec<(Option<ClaimId>, Candidate)>, &[Credential]),
) -> Result<()> {
    let Some(Request::Put(put)) = &row.request else {
        return Ok(());
    };
    for (claim, candidate) in adding {
        let Some(who) = leaves.iter().find(|who| who.device == candidate.device) else {
            continue;
        };
        joining::learn(w, log, who, &candidate.inbox)?;
        let answers = joining::Answers { claim, wish: None };
        let mut pointer = joining::pointer(w, log, (seq, put.id), answers)?;
        if let Some(claim) = &claim {
            joining::connected(w, claim, log)?;
        } else {
            pointer.offer = described(w, log, &who.account)?;
        }
        joining::tell(w, &candidate.inbox, pointer)?;
    }
    Ok(())
}

/// The group as who is added to it sees it first.
fn described(w: &mut Work<'_>, log: &Log, account: &AccountId) -> Result<Option<GroupOffer>> {
    let state = w.state(&log.group)?;
    let others = state.participants.iter().filter(|p| p.account != *account);
    Ok(state.participant(account).map(|own| GroupOffer {
        name: state.name.clone(),
        description: state.description.clone(),
        picture: state.picture.clone(),
        participants: u32::try_from(state.participants.len()).unwrap_or(u32::MAX),
        names: others.map(|p| p.name.clone()).take(OFFER_NAMES).collect(),
        stay: own.stay,
    }))
}

/// What is so now is not wished any more; what this account may not do any more neither.
pub(crate) fn sweep(w: &mut Work<'_>, log: &Log, after: &LogState) -> Result<()> {
    let me = w.me()?.account;
    for wish in pending::of(w.db, &log.conversation)? {
        let is_signed = matches!(wish.wanted, Wanted::Leave(_) | Wanted::Elect(_));
        let may = after.is_admin(&me) || is_signed;
        if is_so(after, &wish.wanted) {
            pending::delete(w.db, wish.id)?;
        } else if !may {
            give_up(w, &wish)?;
        }
    }
    Ok(())
}

/// What is asked for of a group and not done yet.
pub(crate) fn pending(
    db: &rusqlite::Connection,
    id: &ConversationId,
) -> Result<Vec<PendingChange>> {
    let mut all = Vec::new();
    for row in pending::of(db, id)? {
        let wish = match row.wanted {
            Wanted::Add(account, _) => GroupWish::Add(account),
            Wanted::Remove(account) => GroupWish::Remove(account),
            Wanted::Role(account, role) => GroupWish::Role(account, role),
            Wanted::Rename(name) => GroupWish::Rename(name),
            Wanted::Describe(text) => GroupWish::Describe(text),
            Wanted::Picture(picture) => GroupWish::Picture(picture.map(Into::into)),
            Wanted::Move(to) => GroupWish::Move(to),
            // Nobody here asked for it.
            Wanted::Leave(_) | Wanted::Elect(_) => continue,
        };
        all.push(PendingChange {
            id: row.id,
            at: row.at,
            no_keys: matches!(wish, GroupWish::Add(_))
                && row.not_before > 0
                && candidate::of(db, row.id)?.is_empty(),
            wish,
        });
    }
    Ok(all)
}

/// Whether changes are wished that this device can do by itself.
pub(crate) fn is_waiting(db: &rusqlite::Connection) -> Result<bool> {
    let is_own = |row: &Pending| row.not_before == 0 || !matches!(row.wanted, Wanted::Add(..));
    Ok(pending::all(db)?.iter().any(is_own))
}
