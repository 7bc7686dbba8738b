//! Requests to connect: ours to others, others' to us (rule 27). The inviter's side always creates the
//! conversation.

use crate::changes::Notice;
use crate::conversation::found_direct;
use crate::error::{Rejection, Result};
use crate::group;
use crate::invitation::{Relation, checked_greeting, open_card, open_inbox};
use crate::mls::key_package;
use crate::seal;
use crate::store::table::invitation::{self, InvitationState};
use crate::store::table::outbox::{Intent, New};
use crate::store::table::request::{self, Request as Row, RequestState};
use crate::store::table::{blocked, contact, inbox, relay};
use crate::work::Work;
use crate::{block, outbox, own, verify};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use snug_wire::card::{Card, InboxAddress, Signable as _, Signed};
use snug_wire::code::InviteCode;
use snug_wire::content::{Priority, Profile};
use snug_wire::frame::{Answer, Put, Refusal, Request, ticket};
use snug_wire::handshake::verify;
use snug_wire::inbox::{Denial, DenialReason, InboxForm, InviteRequest};
use snug_wire::own::OwnRecord;
use snug_wire::{
    ClaimId, FRAME_LIMIT, GREETING_LIMIT, NAME_LIMIT, RelayAddress, Secret, Seq, decode, encode,
};
use std::collections::BTreeSet;

/// The most devices a request may bring.
const MOST_DEVICES: usize = 16;

/// The largest request, in bytes: sixteen devices need half of it, and the commit that adds them, with a
/// Welcome for each, stays below the largest frame.
const REQUEST_LIMIT: usize = 128 << 10;

/// The most requests that may wait for the person's answer; further ones are ignored.
const WAITING_REQUESTS: u64 = 1_000;

/// What we keep of a request of ours until it is answered.
#[derive(Clone, Encode, Decode)]
#[cbor(map)]
struct Asking {
    #[n(0)]
    card: Card,
    #[n(1)]
    code: Secret,
    /// Where pointers and answers come to.
    #[n(2)]
    reply: InboxAddress,
}

/// Connect: stores the claim and the request, then claims, then sends (rule 27).
pub(crate) fn ask(
    w: &mut Work<'_>,
    code: &InviteCode,
    at: &RelayAddress,
    sealed: &[u8],
    greeting: &str,
) -> Result<ClaimId> {
    let me = w.me()?;
    let greeting = checked_greeting(greeting)?;
    let (signed, preview) = open_card(w.db, Some(me.account), code, sealed, w.now)?;
    let waiting = request::of_invitation(w.db, &code.id)?
        .into_iter()
        .find(|r| !r.incoming && !r.state.is_over());
    if let (Relation::Waiting, Some(waiting)) = (preview.relation, waiting) {
        return Ok(waiting.claim);
    }
    let card = signed.form;
    if card.inbox.relay.key != at.key {
        return Err(Rejection::CardDamaged.into());
    }
    if blocked::is(w.db, &card.account)? {
        return Err(Rejection::Blocked.into());
    }
    let claim = ClaimId(w.random());
    let connection = Secret::new(w.random());
    relay::put(w.db, at, &connection)?;
    let reply = open_inbox(w, at)?;
    outbox::add(
        w,
        New {
            relay: at.key,
            lane: reply.address,
            priority: Priority::Normal,
            not_before: 0,
            intent: Intent::Claim(claim),
            request: Some(Request::Claim(code.id, claim)),
        },
    )?;
    request::insert(
        w.db,
        &Row {
            claim,
            incoming: false,
            invitation: code.id,
            account: card.account,
            name: card.name.clone(),
            greeting,
            state: RequestState::Sending,
            at: w.now,
            conversation: None,
            form: encode(&Asking {
                card,
                code: code.key.clone(),
                reply,
            }),
        },
    )?;
    w.changes.requests.insert(claim);
    Ok(claim)
}

fn set_state(w: &mut Work<'_>, claim: &ClaimId, state: RequestState) -> Result<()> {
    request::set_state(w.db, claim, state)?;
    w.changes.requests.insert(*claim);
    Ok(())
}

/// The relay's word on our claim.
pub(crate) fn claimed(w: &mut Work<'_>, claim: &ClaimId, answer: &Answer) -> Result<()> {
    match answer {
        Answer::Claimed(ticket) => send(w, claim, ticket),
        Answer::Refused(Refusal::Used) => set_state(w, claim, RequestState::Used),
        Answer::Refused(Refusal::Expired) => set_state(w, claim, RequestState::Expired),
        Answer::Refused(Refusal::Revoked) => set_state(w, claim, RequestState::Revoked),
        _ => set_state(w, claim, RequestState::Failed),
    }
}

fn send(w: &mut Work<'_>, claim: &ClaimId, ticket: &[u8; 64]) -> Result<()> {
    let Some(row) = request::get(w.db, claim)? else {
        return Ok(());
    };
    let me = w.me()?;
    let asking: Asking = decode(&row.form, FRAME_LIMIT)?;
    let package = key_package::make(&w.provider(), &w.signer()?, &me.credential())?;
    let signed = InviteRequest {
        claim: *claim,
        invitation: row.invitation,
        ticket: *ticket,
        proof: seal::proof(&asking.code, &row.invitation, claim, &me.account)?,
        account: me.account,
        devices: me.devices.clone(),
        key_packages: vec![ByteVec::from(package)],
        profile: Profile {
            name: me.name.clone(),
        },
        greeting: row.greeting,
        inboxes: vec![asking.reply.clone()],
    }
    .signed(me.device, &me.signing_key());
    let form = InboxForm::Request(Box::new(signed));
    let lane = asking.reply.address;
    match put_into(w, &asking.card.inbox, &form) {
        Some(put) => outbox::add(
            w,
            New {
                relay: asking.card.inbox.relay.key,
                lane,
                priority: Priority::Normal,
                not_before: 0,
                intent: Intent::Ask(*claim),
                request: Some(put),
            },
        ),
        None => set_state(w, claim, RequestState::Failed),
    }
}

/// The request that puts a form into somebody's inbox; `None` when its key is none.
pub(crate) fn put_into(
    w: &mut Work<'_>,
    inbox: &InboxAddress,
    form: &InboxForm,
) -> Option<Request> {
    Some(Request::Put(Put {
        address: inbox.address,
        secret: None,
        id: w.envelope_id(),
        flagged: false,
        rests_on: Seq(0),
        lock: None,
        attachments: Vec::new(),
        bytes: seal::to_inbox(w.crypto, inbox, form)?,
    }))
}

/// The relay's word on our request.
pub(crate) fn asked(w: &mut Work<'_>, claim: &ClaimId, answer: &Answer) -> Result<()> {
    match answer {
        Answer::Stored(_) => {
            // The answer may have come first.
            let sending =
                request::get(w.db, claim)?.is_some_and(|r| r.state == RequestState::Sending);
            if sending {
                set_state(w, claim, RequestState::Waiting)?;
            }
            Ok(())
        }
        Answer::Refused(Refusal::Retired) => set_state(w, claim, RequestState::Revoked),
        _ => set_state(w, claim, RequestState::Failed),
    }
}

/// A request that came to an invitation of ours. Anything false about it is ignored, and why.
pub(crate) fn arrived(
    w: &mut Work<'_>,
    inbox: &inbox::Inbox,
    signed: &Signed<InviteRequest>,
) -> Result<std::result::Result<(), &'static str>> {
    let form = &signed.form;
    let Some(invitation) = inbox.invitation.filter(|id| *id == form.invitation) else {
        return Ok(Err("a request for another invitation"));
    };
    let Some(invitation) = invitation::get(w.db, &invitation)? else {
        return Ok(Err("a request for an invitation nobody knows"));
    };
    if let Some(why) = block::objection(w, form)? {
        return Ok(Err(why));
    }
    if let Err(why) = check(w, &invitation.invited, signed)? {
        return Ok(Err(why));
    }
    let asks = invitation.invited.card.asks;
    let is_to_group = invitation.invited.card.group.is_some();
    if asks && !is_to_group && block::declines(w, &form.account)? {
        if block::answers_one_more(w) {
            refuse(w, signed, DenialReason::Declined)?;
        }
        return Ok(Err("a request of a stranger"));
    }
    let granted = request::granted(w.db, &form.invitation)?;
    let left = invitation
        .invited
        .card
        .uses
        .is_none_or(|uses| u64::from(invitation.used) + granted < u64::from(uses));
    let revoked = invitation.state == InvitationState::Revoked;
    if asks && !revoked && request::waiting(w.db)? >= WAITING_REQUESTS {
        return Ok(Err("a request while too many wait"));
    }
    let new = request::insert(
        w.db,
        &Row {
            claim: form.claim,
            incoming: true,
            invitation: form.invitation,
            account: form.account,
            name: form.profile.name.clone(),
            greeting: form.greeting.clone(),
            state: match (asks, left) {
                _ if revoked => RequestState::Revoked,
                (true, _) => RequestState::Waiting,
                (false, true) => RequestState::Granted,
                (false, false) => RequestState::Used,
            },
            at: w.now,
            conversation: None,
            form: encode(signed),
        },
    )?;
    if !new {
        return Ok(Err("a request that came before"));
    }
    w.changes.requests.insert(form.claim);
    w.step("store request")?;
    if revoked {
        deny(w, &form.claim, DenialReason::Revoked)?;
    } else if asks {
        w.changes.notices.push(Notice::Request(form.claim));
    } else if left {
        own::tell(w, OwnRecord::Answering(form.claim, true))?;
    } else {
        deny(w, &form.claim, DenialReason::Used)?;
    }
    Ok(Ok(()))
}

fn check(
    w: &Work<'_>,
    invited: &snug_wire::own::Invited,
    signed: &Signed<InviteRequest>,
) -> Result<std::result::Result<(), &'static str>> {
    let form = &signed.form;
    let bound = ticket(&form.invitation, &form.claim);
    if !verify(&invited.card.inbox.relay.key.0, &bound, &form.ticket) {
        return Ok(Err("a request without a claim"));
    }
    let proof = seal::proof(
        &invited.code.key,
        &form.invitation,
        &form.claim,
        &form.account,
    )?;
    if !seal::same(&proof, &form.proof) {
        return Ok(Err("a request without the code"));
    }
    let Some(entry) = form.devices.verified(&form.account) else {
        return Ok(Err("a request with a false device list"));
    };
    if !entry
        .key_of(&signed.device)
        .is_some_and(|key| signed.is_by(&key))
    {
        return Ok(Err("a request that nobody signed"));
    }
    if form.account == w.me()?.account {
        return Ok(Err("a request of one's own"));
    }
    let relay = invited.card.inbox.relay.key;
    if form.inboxes.iter().any(|inbox| inbox.relay.key != relay) {
        // Else whoever asks chooses the hosts that our devices connect to (rule 9).
        return Ok(Err("a request with an inbox on another relay"));
    }
    let count = entry.devices.len();
    let fits = (1..=MOST_DEVICES).contains(&count)
        && (1..=count).contains(&form.key_packages.len())
        && form.inboxes.len() == form.key_packages.len()
        && encode(signed).len() <= REQUEST_LIMIT
        && (1..=NAME_LIMIT).contains(&form.profile.name.chars().count())
        && form.greeting.chars().count() <= GREETING_LIMIT;
    let provider = w.provider();
    // One of a device at most: who asks has no key packages of the others of its account.
    let mut seen = BTreeSet::new();
    let devices = fits
        && form.key_packages.iter().all(|bytes| {
            key_package::check(&provider, bytes).is_some_and(|(_, who)| {
                who.account == form.account
                    && entry.key_of(&who.device) == Some(who.key)
                    && seen.insert(who.device)
            })
        });
    Ok(if devices {
        Ok(())
    } else {
        Err("a request with false key packages")
    })
}

/// The person's answer to an incoming request; the own conversation decides whose answer it is.
pub(crate) fn answer(w: &mut Work<'_>, claim: ClaimId, accept: bool) -> Result<()> {
    let row = request::get(w.db, &claim)?
        .filter(|r| r.incoming)
        .ok_or(Rejection::NotFound)?;
    if row.state != RequestState::Waiting {
        return Err(Rejection::Answered.into());
    }
    let state = if accept {
        RequestState::Granted
    } else {
        RequestState::Declined
    };
    set_state(w, &claim, state)?;
    own::tell(w, OwnRecord::Answering(claim, accept))
}

/// The own conversation has an answer to a request: its author acts on it, once.
pub(crate) fn answered(w: &mut Work<'_>, claim: &ClaimId, accept: bool, ours: bool) -> Result<()> {
    let Some(row) = request::get(w.db, claim)?.filter(|r| r.incoming && r.conversation.is_none())
    else {
        return Ok(());
    };
    if !ours {
        let state = if accept {
            RequestState::Granted
        } else {
            RequestState::Declined
        };
        return set_state(w, claim, state);
    }
    if !accept {
        return deny(w, claim, DenialReason::Declined);
    }
    let signed: Signed<InviteRequest> = decode(&row.form, FRAME_LIMIT)?;
    let form = &signed.form;
    let Some(invitation) = invitation::get(w.db, &row.invitation)? else {
        return Ok(());
    };
    let id = match &invitation.invited.card.group {
        Some(group) => {
            let id = group.conversation;
            if !group::add_claimant(w, &id, *claim, form)? {
                return deny(w, claim, DenialReason::Declined);
            }
            id
        }
        None => {
            contact::put(w.db, &form.account, &form.profile.name, &form.devices)?;
            verify::look_again(w, &form.account)?;
            let relay = invitation.invited.card.inbox.relay.key;
            found_direct(w, &relay, form.account, &form.devices, *claim)?
        }
    };
    request::set_conversation(w.db, claim, &id)?;
    invitation::count_use(w.db, &row.invitation)?;
    let spent = invitation
        .invited
        .card
        .uses
        .is_some_and(|uses| invitation.used + 1 >= uses);
    if spent
        && matches!(
            invitation.state,
            InvitationState::Open | InvitationState::Publishing
        )
    {
        invitation::set_state(w.db, &row.invitation, InvitationState::Used)?;
    }
    w.changes.invitations.insert(row.invitation);
    set_state(w, claim, RequestState::Granted)
}

/// The own conversation did not take our answer: the person is asked again.
pub(crate) fn unanswered(w: &mut Work<'_>, claim: &ClaimId) -> Result<()> {
    set_state(w, claim, RequestState::Waiting)
}

/// The key packages of those to be added for a request.
pub(crate) fn new_leaves(w: &Work<'_>, claim: &ClaimId) -> Result<Vec<Vec<u8>>> {
    let Some(row) = request::get(w.db, claim)? else {
        return Ok(Vec::new());
    };
    let signed: Signed<InviteRequest> = decode(&row.form, FRAME_LIMIT)?;
    Ok(signed
        .form
        .key_packages
        .iter()
        .map(|package| package.to_vec())
        .collect())
}

/// The requester's devices cannot be added: nothing will come of the request.
pub(crate) fn unfounded(w: &mut Work<'_>, claim: &ClaimId) -> Result<()> {
    set_state(w, claim, RequestState::Failed)?;
    deny(w, claim, DenialReason::Declined)
}

/// Tells the requester why not.
fn deny(w: &mut Work<'_>, claim: &ClaimId, reason: DenialReason) -> Result<()> {
    let Some(row) = request::get(w.db, claim)? else {
        return Ok(());
    };
    refuse(w, &decode(&row.form, FRAME_LIMIT)?, reason)
}

fn refuse(w: &mut Work<'_>, signed: &Signed<InviteRequest>, reason: DenialReason) -> Result<()> {
    let me = w.me()?;
    let denial = Denial {
        claim: signed.form.claim,
        reason,
    }
    .signed(me.device, &me.signing_key());
    for inbox in &signed.form.inboxes {
        tell(w, inbox, &InboxForm::Denied(denial.clone()))?;
    }
    Ok(())
}

/// Queues a form for somebody's inbox.
pub(crate) fn tell(w: &mut Work<'_>, inbox: &InboxAddress, form: &InboxForm) -> Result<()> {
    let Some(put) = put_into(w, inbox, form) else {
        return Ok(());
    };
    outbox::add(
        w,
        New {
            relay: inbox.relay.key,
            lane: inbox.address,
            priority: Priority::Urgent,
            not_before: 0,
            intent: Intent::Tell,
            request: Some(put),
        },
    )
}

/// The inviter said no, and why.
pub(crate) fn denied(
    w: &mut Work<'_>,
    signed: &Signed<Denial>,
) -> Result<std::result::Result<(), &'static str>> {
    let claim = &signed.form.claim;
    let Some(row) = request::get(w.db, claim)?.filter(|r| !r.incoming && !r.state.is_over()) else {
        return Ok(Err("an answer to nothing asked"));
    };
    let asking: Asking = decode(&row.form, FRAME_LIMIT)?;
    let key = asking
        .card
        .devices
        .verified(&row.account)
        .and_then(|entry| entry.key_of(&signed.device));
    if !key.is_some_and(|key| signed.is_by(&key)) {
        return Ok(Err("an answer that the inviter did not sign"));
    }
    let state = match signed.form.reason {
        DenialReason::Declined => RequestState::Declined,
        DenialReason::Used => RequestState::Used,
        DenialReason::Expired => RequestState::Expired,
        DenialReason::Revoked => RequestState::Revoked,
    };
    set_state(w, claim, state)?;
    Ok(Ok(()))
}

/// Where pointers and answers to a request of ours come to.
pub(crate) fn reply_of(row: &Row) -> Result<InboxAddress> {
    let asking: Asking = decode(&row.form, FRAME_LIMIT)?;
    Ok(asking.reply)
}

/// The device list of the one we asked, from their card.
pub(crate) fn card_of(row: &Row) -> Result<Card> {
    let asking: Asking = decode(&row.form, FRAME_LIMIT)?;
    Ok(asking.card)
}

/// Requests of ours that nobody answered in time; returns when the next one is due.
pub(crate) fn expire(w: &mut Work<'_>) -> Result<()> {
    for row in request::asked(w.db)? {
        if card_of(&row)?.expires_at.is_some_and(|end| end <= w.now) {
            set_state(w, &row.claim, RequestState::Expired)?;
        }
    }
    Ok(())
}
