//! What leaves. A wish is stored first as an intent; it is encrypted when it is sent, in the epoch of
//! that moment, and its bytes are then frozen: a retry sends the same bytes. At most one request of a
//! lane is under way, so that order never flips.

use crate::admit::Admission;
use crate::error::{Error, Result};
use crate::mls::{group, key_package};
use crate::store::table::conversation::ChatStanding;
use crate::store::table::log::{self, Log, Trouble};
use crate::store::table::mailbox::{self, Standing};
use crate::store::table::message::{self, Problem};
use crate::store::table::outbox::{self as table, Intent, New, Queued, Stage};
use crate::store::table::wish::Wish;
use crate::store::table::{pending, reach, wish};
use crate::work::{Live, Work};
use crate::{
    admit, decision, election, group as group_wishes, inbox, joining, message as messages, own,
    pool, post, receipt, rehome, rejoin, request, seal as sealing,
};
use rusqlite::Connection;
use snug_wire::content::{Body, Content};
use snug_wire::frame::{Answer, Attachment, Put, Refusal, Request};
use snug_wire::log_state::Credential;
use snug_wire::{Address, FRAME_LIMIT, Lock, Seq, decode};

/// How long a relay that cannot answer now is left alone, in milliseconds.
const PAUSE: u64 = 5_000;
/// How long an inbox is looked for that is not there: its owner may make it again.
const MISSING: u64 = 60_000;
/// Nobody makes it again after a week.
const GIVEN_UP: u64 = 7 * 24 * 3_600_000;
/// The longest a relay may ask to be left alone, in milliseconds.
const LONGEST_PAUSE: u64 = 3_600_000;

/// A request to be sent to a relay; its answer goes to `settle` under this id.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Names the wish behind it.
    pub id: OutgoingId,
    /// What to send.
    pub request: Request,
}

/// Names a wish in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutgoingId(pub(crate) i64);

/// Puts a wish into the outbox.
pub(crate) fn add(w: &mut Work<'_>, new: New) -> Result<()> {
    w.live.last_row += 1;
    table::insert(w.db, w.live.last_row, &new, w.now)
}

/// Whether this row's request may leave now.
pub(crate) fn may_leave(db: &Connection, live: &Live, row: &Queued) -> Result<bool> {
    let ready = match row.intent {
        Intent::Message(_)
        | Intent::Post(..)
        | Intent::Receipt(_)
        | Intent::Own(_)
        | Intent::Decide(_)
        | Intent::Reach(_)
        | Intent::Leave(_)
        | Intent::Vote(_)
        | Intent::Renew(_) => Some(true),
        Intent::Found(..) => Some(false),
        // Into a log that stands, or as the first commit of one.
        Intent::Admit(_) => None,
        _ => return Ok(true),
    };
    let Some(log) = log::at(db, &row.lane)? else {
        return Ok(false);
    };
    let Some(mailbox) = mailbox::get(db, &row.lane)? else {
        return Ok(false);
    };
    Ok(ready.is_none_or(|ready| log.ready == ready)
        && log.trouble.is_none()
        && mailbox.standing == Standing::There
        && live.caught_up.contains(&row.lane)
        && live
            .behind
            .get(&row.lane)
            .is_none_or(|seq| mailbox.seq >= *seq)
        && !live
            .stored
            .values()
            .any(|(lane, flagged)| *flagged && *lane == row.lane))
}

/// Encrypts a lane's next wish at once, when nothing stands before it: one commit to disk less.
pub(crate) fn freeze_if_free(w: &mut Work<'_>, lane: &Address) -> Result<()> {
    if w.live.in_flight.contains_key(lane) {
        return Ok(());
    }
    if let Some(row) = table::next_in(w.db, &w.live.stored, lane, w.now)?
        && row.stage == Stage::Waiting
        && may_leave(w.db, w.live, &row)?
    {
        freeze(w, &row)?;
    }
    Ok(())
}

/// Gives a wish its bytes; `None` when it has become moot.
pub(crate) fn freeze(w: &mut Work<'_>, row: &Queued) -> Result<Option<Request>> {
    let Some(log) = log::at(w.db, &row.lane)? else {
        table::delete(w.db, row.id)?;
        return Ok(None);
    };
    let put = match &row.intent {
        Intent::Message(id) => match message::get(w.db, id)? {
            // One that was taken back meanwhile says nothing any more.
            Some(message) if message.content.is_empty() => None,
            Some(message) => {
                let content: Content = decode(&message.content, FRAME_LIMIT)?;
                Some(seal(w, &log, &content)?)
            }
            None => None,
        },
        Intent::Post(_, content) => Some(seal(w, &log, &decode(content, FRAME_LIMIT)?)?),
        Intent::Receipt(_) => {
            let content = receipt::content(w, &log)?;
            Some(seal(w, &log, &content)?)
        }
        Intent::Own(record) => {
            let content = Content {
                at: w.now,
                body: Body::Own(record.clone()),
            };
            Some(seal(w, &log, &content)?)
        }
        Intent::Decide(decision) => {
            let body = Body::Decided(decision.clone());
            Some(seal(w, &log, &Content { at: w.now, body })?)
        }
        Intent::Found(_, claim) => {
            let provider = w.provider();
            let adds = request::new_leaves(w, claim)?
                .iter()
                .filter_map(|bytes| key_package::check(&provider, bytes))
                .collect();
            let found = Admission {
                adds,
                ..Admission::default()
            };
            let put = commit(w, &log, &found)?;
            if put.is_none() {
                request::unfounded(w, claim)?;
            }
            put
        }
        Intent::Renew(_) => commit(w, &log, &Admission::default())?,
        Intent::Admit(_) => admit_all(w, &log)?,
        Intent::Reach(_) => match reach::of(w.db, &log.conversation, &w.me()?.device)? {
            Some(inbox) => {
                let content = Content {
                    at: w.now,
                    body: Body::Reach(inbox),
                };
                Some(seal(w, &log, &content)?)
            }
            None => None,
        },
        Intent::Leave(_) => {
            let (state, me) = (w.state(&log.group)?, w.me()?.account);
            match state.participant(&me) {
                Some(own) => {
                    let leave = group_wishes::leave_form(w, log.conversation, own.stay)?;
                    let body = Body::Leave(Box::new(leave));
                    Some(seal(w, &log, &Content { at: w.now, body })?)
                }
                None => None,
            }
        }
        Intent::Vote(vote) if w.state(&log.group)?.is_vote(vote) => {
            let body = Body::Vote(vote.clone());
            Some(seal(w, &log, &Content { at: w.now, body })?)
        }
        _ => None,
    };
    w.step("encrypt")?;
    let Some(put) = put else {
        table::delete(w.db, row.id)?;
        return Ok(None);
    };
    let request = Request::Put(put);
    table::freeze(w.db, row.id, &request)?;
    w.step("freeze")?;
    Ok(Some(request))
}

/// A commit that takes in who wishes to be in. Of whom none can be made is not taken in, and holds nobody
/// else up.
fn admit_all(w: &mut Work<'_>, log: &Log) -> Result<Option<Put>> {
    let mut most = admit::AT_ONCE;
    loop {
        let admission = admit::admission(w, log, most)?;
        if admission.wishes.is_empty() && admission.pending.is_empty() {
            for unfit in wish::open(w.db, &log.conversation, true)? {
                wish::close(w.db, &unfit.id, &log.conversation)?;
            }
            return Ok(None);
        }
        if let Some(put) = commit(w, log, &admission)? {
            return Ok(Some(put));
        }
        if most == 1 || admission.wishes.len() + admission.pending.len() == 1 {
            // Whosever fault it is, the others go on.
            for one in &admission.pending {
                if let Some(wish) = pending::get(w.db, *one)? {
                    group_wishes::give_up(w, &wish)?;
                }
            }
            for one in &admission.wishes {
                wish::close(w.db, one, &log.conversation)?;
            }
        }
        // One at a time shows whose fault it is.
        most = 1;
    }
}

fn seal(w: &mut Work<'_>, log: &Log, content: &Content) -> Result<Put> {
    let signer = w.signer()?;
    let plain = content.to_padded();
    let bytes = w
        .with_group(&log.group, |provider, group| {
            group::encrypt(provider, group, &signer, &plain)
        })?
        .ok_or_else(|| Error::Mls("a log without its group".into()))?;
    put(w, log, bytes, false, (Vec::new(), None))
}

/// `None` when no commit can be made of what others gave for it.
fn commit(w: &mut Work<'_>, log: &Log, admission: &Admission) -> Result<Option<Put>> {
    let signer = w.signer()?;
    let Admission { adds, changes, .. } = admission;
    let state = w.state(&log.group)?;
    let Some(pending) = w
        .with_group(&log.group, |provider, group| {
            group::commit(provider, group, &signer, &state, adds, changes)
        })?
        .ok_or_else(|| Error::Mls("a log without its group".into()))?
    else {
        return Ok(None);
    };
    let mut attachments = Vec::new();
    if let Some((welcome, lead)) = pending.welcome {
        let joining = joining::attached(w, log, pending.state, welcome)?;
        attachments.push(Attachment {
            lock: lead.fetch.lock(),
            bytes: sealing::joining(&lead.key, w.random(), &log.group, &joining)?,
        });
    }
    let lock = pending.lock.map(|secret| secret.lock());
    put(w, log, pending.commit, true, (attachments, lock)).map(Some)
}

fn put(
    w: &mut Work<'_>,
    log: &Log,
    bytes: Vec<u8>,
    flagged: bool,
    (attachments, lock): (Vec<Attachment>, Option<Lock>),
) -> Result<Put> {
    let mailbox = mailbox::get(w.db, &log.address)?
        .ok_or_else(|| Error::Mls("a log without its mailbox".into()))?;
    Ok(Put {
        address: log.address,
        secret: Some(mailbox.secret),
        id: w.envelope_id(),
        flagged,
        rests_on: log.head,
        lock,
        attachments,
        bytes,
    })
}

/// Notes that the relay has an entry of ours on its disk. Nothing is written: its echo, right behind,
/// settles it for good, and without one it is put again over the next connection. Says whether it was
/// such an answer.
pub(crate) fn stored(live: &mut Live, row: &Queued, answer: &Answer) -> bool {
    let (Answer::Stored(_), Some(Request::Put(put))) = (answer, &row.request) else {
        return false;
    };
    if !is_of_log(&row.intent) {
        return false;
    }
    live.stored.insert(row.id, (row.lane, put.flagged));
    true
}

/// Whether an intent becomes an entry of a log, which comes back.
fn is_of_log(intent: &Intent) -> bool {
    matches!(
        intent,
        Intent::Message(_)
            | Intent::Post(..)
            | Intent::Receipt(_)
            | Intent::Own(_)
            | Intent::Decide(_)
            | Intent::Found(..)
            | Intent::Renew(_)
            | Intent::Admit(_)
            | Intent::Reach(_)
            | Intent::Leave(_)
            | Intent::Vote(_)
    )
}

/// The relay's word on a request (rule 15: it never moves a cursor and never merges a commit).
pub(crate) fn settle(w: &mut Work<'_>, row: &Queued, answer: &Answer) -> Result<()> {
    if let Answer::Refused(refusal) = answer {
        match refusal {
            Refusal::Busy(after) => {
                let until = w.now + (*after).clamp(1, LONGEST_PAUSE);
                return table::delay(w.db, row.id, until);
            }
            Refusal::Disk | Refusal::Leaving | Refusal::Full | Refusal::Slow => {
                return table::delay(w.db, row.id, w.now + PAUSE);
            }
            _ => {}
        }
    }
    match (&row.intent, answer) {
        (intent, answer) if is_of_log(intent) => settle_put(w, row, answer)?,
        (Intent::Create(address), Answer::Done) => {
            mailbox::set_standing(w.db, address, Standing::There)?;
            w.live.to_open.insert(*address);
            table::delete(w.db, row.id)?;
            pool::fill(w, address)?;
        }
        (Intent::Stock(address), answer) => {
            table::delete(w.db, row.id)?;
            pool::stocked(w, address, answer)?;
        }
        (Intent::Take(id, device), answer) => {
            table::delete(w.db, row.id)?;
            pool::taken(w, *id, device, answer)?;
        }
        (Intent::Publish(id), answer) => {
            own::published(w, id, *answer == Answer::Done)?;
            table::delete(w.db, row.id)?;
        }
        (Intent::Claim(claim), answer) => {
            table::delete(w.db, row.id)?;
            request::claimed(w, claim, answer)?;
        }
        (Intent::Ask(claim), answer) => {
            table::delete(w.db, row.id)?;
            request::asked(w, claim, answer)?;
        }
        (Intent::Fetch(pointer), answer) => {
            table::delete(w.db, row.id)?;
            joining::fetched(w, pointer, answer)?;
        }
        (Intent::Retire(address), _) => {
            mailbox::set_standing(w.db, address, Standing::Over)?;
            table::delete(w.db, row.id)?;
        }
        (Intent::Tell, Answer::Refused(Refusal::NoMailbox))
            if table::added_at(w.db, row.id)? + GIVEN_UP > w.now =>
        {
            table::delay(w.db, row.id, w.now + MISSING)?;
        }
        // Done, or refused for good: nothing more will come of it.
        _ => table::delete(w.db, row.id)?,
    }
    w.step("settle")
}

fn settle_put(w: &mut Work<'_>, row: &Queued, answer: &Answer) -> Result<()> {
    if row.request.is_none() {
        // Of bytes that were taken back meanwhile: it is sent anew.
        return Ok(());
    }
    match answer {
        Answer::Refused(Refusal::Stale(head)) => {
            thaw(w, row)?;
            let lost = matches!(&row.request, Some(Request::Put(put)) if *head < put.rests_on);
            match log::at(w.db, &row.lane)?.filter(|_| lost) {
                Some(log) => rejoin::trouble(w, &log, Trouble::Unusable)?,
                None => {
                    w.live.behind.insert(row.lane, *head);
                }
            }
            Ok(())
        }
        Answer::Refused(Refusal::OtherBytes) => thaw(w, row),
        Answer::Refused(
            refusal @ (Refusal::NoMailbox | Refusal::WrongLock | Refusal::Outdated(_)),
        ) => {
            thaw(w, row)?;
            let used = match &row.request {
                Some(Request::Put(put)) => put.secret.clone(),
                _ => None,
            };
            match mailbox::get(w.db, &row.lane)? {
                // With the secret of now it may be taken.
                Some(mailbox) if used.is_some_and(|used| used != mailbox.secret) => Ok(()),
                Some(mailbox) => {
                    if let Refusal::Outdated(at) = refusal {
                        w.live.behind.insert(row.lane, *at);
                    }
                    inbox::unusable(w, &mailbox, refusal)
                }
                None => Ok(()),
            }
        }
        _ => {
            drop_pending(w, row)?;
            table::delete(w.db, row.id)?;
            match &row.intent {
                Intent::Message(id) => messages::failed(w, *id, Problem::Refused),
                Intent::Post(id, _) => post::failed(w, id),
                Intent::Own(record) => own::failed(w, record),
                Intent::Admit(group) => match log::get(w.db, group)? {
                    // Made again it would be refused again.
                    Some(log) => group_wishes::drop_ripe(w, &log.conversation),
                    None => Ok(()),
                },
                _ => Ok(()),
            }
        }
    }
}

/// Takes the bytes of a lane's rows back: they rest on an epoch that is no more.
pub(crate) fn thaw_lane(w: &mut Work<'_>, lane: &Address) -> Result<()> {
    for row in table::frozen(w.db, lane)? {
        if is_of_log(&row.intent) {
            w.live.stored.remove(&row.id);
            thaw(w, &row)?;
        }
    }
    Ok(())
}

/// Takes a refused row's bytes back; a commit of ours that was refused is no more.
fn thaw(w: &mut Work<'_>, row: &Queued) -> Result<()> {
    drop_pending(w, row)?;
    table::thaw(w.db, row.id)
}

fn drop_pending(w: &mut Work<'_>, row: &Queued) -> Result<()> {
    if let Intent::Found(group, _) | Intent::Renew(group) | Intent::Admit(group) = &row.intent {
        w.with_group(group, |provider, group| {
            group::drop_pending(provider, group)
        })?;
    }
    Ok(())
}

/// An entry of ours came back from the log, equal in id and bytes: only this merges (rule 15).
pub(crate) fn echoed(w: &mut Work<'_>, log: &Log, seq: Seq, row: &Queued) -> Result<()> {
    match &row.intent {
        Intent::Message(id) => messages::echoed(w, log, seq, *id)?,
        Intent::Post(id, content) => post::echoed(w, log, seq, id, content)?,
        Intent::Own(record) => {
            let device = w.me()?.device;
            own::apply(w, record, device)?;
        }
        Intent::Decide(decided) => decision::arrived(w, decided, true)?,
        Intent::Found(group, claim) => {
            merge(w, log, seq)?;
            log::set_ready(w.db, group, true)?;
            joining::point(w, log, seq, row, claim)?;
        }
        Intent::Renew(_) => {
            merge(w, log, seq)?;
        }
        // Void, if others are admins by now.
        Intent::Vote(vote) => election::arrived(w, log, vote)?.unwrap_or_default(),
        Intent::Leave(_) => {
            let id = log.conversation;
            group_wishes::close(w, &id, ChatStanding::Left)?;
        }
        Intent::Admit(group) => {
            let adding = group_wishes::adding(w, log)?;
            let (wishes, added) = merge(w, log, seq)?;
            log::set_ready(w.db, group, true)?;
            admit::admitted(w, log, seq, row, &wishes)?;
            if !adding.is_empty() {
                group_wishes::added(w, log, seq, row, (adding, &added))?;
            }
            if !log.ready {
                rehome::founded(w, log, seq)?;
            }
            // Who asked meanwhile.
            admit::serve(w, &log.conversation)?;
        }
        _ => {}
    }
    w.step("echo")?;
    w.live.stored.remove(&row.id);
    table::delete(w.db, row.id)
}

/// Our own commit stands. Says whose wishes it fulfilled, and whose leaves it added.
fn merge(w: &mut Work<'_>, log: &Log, seq: Seq) -> Result<(Vec<Wish>, Vec<Credential>)> {
    let state = w.state(&log.group)?;
    let judged = w.with_group(&log.group, |provider, group| {
        group::merge_pending(provider, group, &state)
    })?;
    Ok(match judged.flatten() {
        Some(judged) => (admit::merged(w, log, seq, &judged)?, judged.added),
        None => (Vec::new(), Vec::new()),
    })
}

/// Somebody else's commit came first: what of ours rests on the epoch before is encrypted anew.
pub(crate) fn superseded(w: &mut Work<'_>, lane: &Address) -> Result<()> {
    let in_flight = w.live.in_flight.get(lane).copied();
    for row in table::frozen(w.db, lane)? {
        // What is under way is refused by the relay, or was stored before that commit.
        if in_flight != Some(row.id)
            && !w.live.stored.contains_key(&row.id)
            && is_of_log(&row.intent)
        {
            thaw(w, &row)?;
        }
    }
    Ok(())
}
