//! What arrives: deliveries of mailboxes we read, each applied once, cursor and all in one transaction.

use crate::error::Result;
use crate::mls::group::{self, Opened};
use crate::own;
use crate::seal;
use crate::store::table::inbox::{self, Inbox};
use crate::store::table::log::{self, Log, Trouble};
use crate::store::table::mailbox::{self, Mailbox, Standing};
use crate::store::table::message::{Event, Place};
use crate::store::table::{missed, outbox as queue, quarantine};
use crate::work::Work;
use crate::{
    admit, block, conversation, decision, election, group as groups, joining, message, outbox,
    participant, pool, post, receipt, rejoin, request,
};
use snug_wire::card::Signed;
use snug_wire::content::{Body, Content};
use snug_wire::frame::{Answer, Cursor, Delivery, MailboxKind, Refusal, Request};
use snug_wire::inbox::{InboxForm, Reach};
use snug_wire::log_state::{ConversationKind, Credential, Leave};
use snug_wire::{Address, FRAME_LIMIT, RelayKey, Seq, TEXT_LIMIT, decode, pad};

/// What `receive` made of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Entries that did not count, and why. Peers' doing, never an error of ours.
    pub ignored: Vec<Ignored>,
}

/// An entry that did not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The mailbox.
    pub address: Address,
    /// The entry.
    pub seq: Seq,
    /// Why, in words for people who look into it.
    pub why: &'static str,
}

/// How an entry is refused: inner results say why, outer errors are our own disk.
type Verdict = Result<std::result::Result<(), &'static str>>;

/// How many unopened entries of a mailbox bring a receipt of their own; later ones travel with the next.
/// Two devices that cannot open each other's receipts would answer each other for ever.
const TOLD_AT_ONCE: u64 = 16;

/// From so many missing entries on a log is not followed any more: a sender's ratchet leaps over 2,000.
pub(crate) const LEAP: u64 = 1_000;

/// Applies one delivery.
pub(crate) fn apply(
    w: &mut Work<'_>,
    relay: &RelayKey,
    delivery: &Delivery,
    received: &mut Received,
) -> Result<()> {
    let Some(mailbox) = mailbox::get(w.db, &delivery.address)?.filter(|m| m.relay == *relay) else {
        return Ok(());
    };
    if w.me.is_none() {
        // Not opened before this device is one of an account; only a relay that means harm delivers.
        return Ok(());
    }
    if delivery.seq <= mailbox.seq || mailbox.standing == Standing::Over {
        return Ok(());
    }
    if delivery.previous != mailbox.seq {
        // A gap: open again from our cursor, nothing is skipped.
        w.live.to_open.insert(delivery.address);
        return Ok(());
    }
    let verdict = match log::at(w.db, &delivery.address)? {
        Some(log) if log.trouble == Some(Trouble::Unusable) => return Ok(()),
        Some(log) => apply_to_log(w, &log, delivery)?,
        None => match inbox::get(w.db, &delivery.address)? {
            Some(inbox) => apply_to_inbox(w, &inbox, delivery)?,
            None => Err("an entry of a mailbox nobody reads"),
        },
    };
    if let Err(why) = verdict {
        received.ignored.push(Ignored {
            address: delivery.address,
            seq: delivery.seq,
            why,
        });
    }
    w.step("move cursor")?;
    move_cursor(w, &mailbox, delivery)
}

fn move_cursor(w: &mut Work<'_>, mailbox: &Mailbox, delivery: &Delivery) -> Result<()> {
    mailbox::move_cursor(
        w.db,
        &delivery.address,
        &Cursor {
            generation: mailbox.generation,
            seq: delivery.seq,
            id: delivery.id,
        },
    )
}

fn apply_to_log(w: &mut Work<'_>, log: &Log, delivery: &Delivery) -> Verdict {
    let verdict = open_entry(w, log, delivery)?;
    if delivery.flagged {
        // It counts as the last commit whatever we made of it (rule 5).
        log::set_head(w.db, &log.group, delivery.seq)?;
    }
    Ok(verdict)
}

fn open_entry(w: &mut Work<'_>, log: &Log, delivery: &Delivery) -> Verdict {
    if let Some(row) = queue::by_envelope(w.db, &delivery.address, &delivery.id)? {
        let same = matches!(&row.request, Some(Request::Put(put)) if put.bytes == delivery.bytes && put.flagged == delivery.flagged);
        if same {
            outbox::echoed(w, log, delivery.seq, &row)?;
            return Ok(Ok(()));
        }
        return Ok(Err("an entry under an id of ours with other bytes"));
    }
    let state = w.state(&log.group)?;
    let opened = w.with_group(&log.group, |provider, group| {
        group::open(provider, group, &state, delivery.flagged, &delivery.bytes)
    })?;
    w.step("decrypt")?;
    match opened {
        Some(Opened::Content(author, plain)) => {
            if log.kind == ConversationKind::Group {
                participant::spoke(w, log, &author.account)?;
            }
            let verdict = content(w, log, delivery.seq, &author, &plain)?;
            if let Err(why) = verdict {
                unopened(w, log, delivery, why)?;
            }
            Ok(verdict)
        }
        Some(Opened::Merged(judged)) => {
            outbox::superseded(w, &delivery.address)?;
            admit::merged(w, log, delivery.seq, &judged)?;
            Ok(Ok(()))
        }
        Some(Opened::Removed(judged)) if judged.state.participant(&w.me()?.account).is_none() => {
            participant::out(w, log, delivery.seq, (&state, &judged))?;
            Ok(Ok(()))
        }
        Some(Opened::Removed(_)) => {
            rejoin::trouble(w, log, Trouble::Behind)?;
            Ok(Err("a commit that replaces this device"))
        }
        Some(Opened::Behind(why)) => {
            rejoin::trouble(w, log, Trouble::Behind)?;
            Ok(Err(why))
        }
        Some(Opened::Own) => Ok(Err("an old entry of this device")),
        Some(Opened::Ignored(why)) => {
            if !delivery.flagged {
                unopened(w, log, delivery, why)?;
            }
            Ok(Err(why))
        }
        None => Ok(Err("a log without its group")),
    }
}

/// Notes what could not be read, so that its author is told (rule 22); not while all of it will be sent
/// again.
fn unopened(w: &mut Work<'_>, log: &Log, delivery: &Delivery, why: &'static str) -> Result<()> {
    if log.trouble.is_some() {
        return Ok(());
    }
    quarantine::add(w.db, &delivery.address, delivery.seq, why)?;
    if quarantine::count_of(w.db, &delivery.address)? <= TOLD_AT_ONCE {
        receipt::queue(w, &log.group)?;
    }
    Ok(())
}

fn content(w: &mut Work<'_>, log: &Log, seq: Seq, author: &Credential, plain: &[u8]) -> Verdict {
    let read = pad::unpad(plain).and_then(|cbor| Ok((cbor, decode::<Content>(cbor, FRAME_LIMIT)?)));
    let Ok((cbor, content)) = read else {
        return Ok(Err("a content of no known form"));
    };
    if block::drops(w, log, &author.account, &content.body)? {
        return Ok(Ok(()));
    }
    match &content.body {
        Body::Receipt(receipt) => receipt::arrived(w, log, author, receipt)?,
        Body::Own(_) | Body::Decided(_)
            if author.account != w.me()?.account || log.conversation != w.me()?.own =>
        {
            return Ok(Err("a record for one's own devices from somebody else"));
        }
        Body::Own(record) => own::apply(w, record, author.device)?,
        Body::Decided(decided) => {
            let ours = author.device == w.me()?.device;
            decision::arrived(w, decided, ours)?;
        }
        Body::Profile(_) => {}
        Body::Reach(inbox) => {
            let reach = Reach {
                account: author.account,
                device: author.device,
                inbox: inbox.clone(),
            };
            let state = w.state(&log.group)?;
            if !admit::learn_reach(w, &state, &reach)? {
                return Ok(Err("an inbox on another relay"));
            }
        }
        Body::Leave(leave) if leave.form.account == author.account => {
            return group_leave(w, log, leave);
        }
        Body::Leave(_) => return Ok(Err("somebody leaves who did not say so")),
        Body::Vote(vote) if vote.form.account == author.account => {
            return election::arrived(w, log, vote);
        }
        Body::Vote(_) => return Ok(Err("a vote of somebody else")),
        Body::Text(text) if text.text.len() > TEXT_LIMIT => {
            return Ok(Err("a text longer than allowed"));
        }
        Body::Text(_) | Body::Timer(_) | Body::Unknown { .. } => {
            message::arrived(w, log, seq, author, &content, cbor)?;
        }
        Body::Edit(_) | Body::Delete(_) | Body::React(_) => {
            if let Some(why) = post::objection(&content.body) {
                return Ok(Err(why));
            }
            let place = Place::of(&log.group, seq);
            let (id, author) = (log.conversation, author.account);
            post::apply(w, id, author, place, &content, cbor)?;
        }
    }
    Ok(Ok(()))
}

fn group_leave(w: &mut Work<'_>, log: &Log, leave: &Signed<Leave>) -> Verdict {
    if log.kind != ConversationKind::Group {
        return Ok(Err("somebody leaves what is no group"));
    }
    groups::leaves_now(w, log, leave)
}

fn apply_to_inbox(w: &mut Work<'_>, inbox: &Inbox, delivery: &Delivery) -> Verdict {
    let Some(form) = seal::from_inbox(w.crypto, &inbox.address, &inbox.key, &delivery.bytes) else {
        return Ok(Err("it was not sealed to this inbox"));
    };
    w.step("unseal")?;
    match &form {
        InboxForm::Request(signed) => request::arrived(w, inbox, signed),
        InboxForm::Pointer(signed) if joining::takes_answers(inbox) => {
            let verdict = joining::pointed(w, signed)?;
            // Whoever adds us without having been asked took a key package. Others have their own, and
            // who is nobody to us has nothing made.
            if verdict.is_ok() && signed.form.answers.is_none() && signed.form.joins.is_none() {
                pool::used(w, &inbox.address)?;
            }
            Ok(verdict)
        }
        InboxForm::Removed(signed) if joining::takes_answers(inbox) => rejoin::removed(w, signed),
        InboxForm::Declined(leave) if joining::takes_answers(inbox) => groups::declined(w, leave),
        InboxForm::Denied(signed) if joining::takes_answers(inbox) => request::denied(w, signed),
        InboxForm::Join(signed) if joining::takes_answers(inbox) => admit::arrived(w, signed),
        _ => Ok(Err("a form that does not belong into this inbox")),
    }
}

/// An entry that ends the program again and again is set aside, so that it holds nothing up (rule 24).
pub(crate) fn set_aside(w: &mut Work<'_>, relay: &RelayKey, delivery: &Delivery) -> Result<()> {
    let Some(mailbox) = mailbox::get(w.db, &delivery.address)?.filter(|m| m.relay == *relay) else {
        return Ok(());
    };
    if delivery.previous != mailbox.seq {
        return Ok(());
    }
    quarantine::add(
        w.db,
        &delivery.address,
        delivery.seq,
        "it stopped the program again and again",
    )?;
    if let Some(log) = log::at(w.db, &delivery.address)?.filter(|_| delivery.flagged) {
        log::set_head(w.db, &log.group, delivery.seq)?;
    }
    move_cursor(w, &mailbox, delivery)
}

/// The relay's answer to `Open`: what the log is now, beside what we know of it (rule 2).
pub(crate) fn opened(
    w: &mut Work<'_>,
    relay: &RelayKey,
    address: &Address,
    answer: &Answer,
) -> Result<()> {
    let Some(mailbox) = mailbox::get(w.db, address)?.filter(|m| m.relay == *relay) else {
        return Ok(());
    };
    let log = log::at(w.db, address)?;
    if log.is_none() {
        if let Answer::Opened(now) | Answer::Diverged(now) = answer
            && mailbox.generation != 0
            && now.generation != mailbox.generation
        {
            // What was beside the one before is gone with it.
            inbox::set_pool(w.db, address, 0)?;
        }
        pool::fill(w, address)?;
    }
    match answer {
        Answer::Opened(now) => {
            let before = Seq(now.first.0.saturating_sub(1));
            if mailbox.generation != now.generation || mailbox.seq < before {
                mailbox::restart(w.db, address, now.generation, before)?;
                if let Some(log) = log.filter(|_| mailbox.envelope.is_some()) {
                    gap(w, &log, Seq(mailbox.seq.0.saturating_add(1)), before)?;
                }
            }
        }
        Answer::Diverged(now) => match log {
            // It lost entries that we have: what stands where in it is not the same for everyone.
            Some(log) => rejoin::trouble(w, &log, Trouble::Unusable)?,
            None => {
                let before = Seq(now.first.0.saturating_sub(1));
                mailbox::restart(w.db, address, now.generation, before)?;
            }
        },
        Answer::Refused(
            refusal @ (Refusal::NoMailbox | Refusal::WrongLock | Refusal::Outdated(_)),
        ) => unusable(w, &mailbox, refusal)?,
        _ => {}
    }
    Ok(())
}

/// The relay had not kept these entries for us: it is said in the timeline and to their authors. With
/// more of them than a ratchet leaps over, what follows could not be opened.
fn gap(w: &mut Work<'_>, log: &Log, first: Seq, last: Seq) -> Result<()> {
    if first > last {
        return Ok(());
    }
    if last.0 - first.0 >= LEAP {
        return rejoin::trouble(w, log, Trouble::Behind);
    }
    missed::add(w.db, &log.address, first, last)?;
    rejoin::tell(w, &log.conversation, (&log.group, last), Event::Gap)?;
    receipt::queue(w, &log.group)
}

/// The relay ended the reading: another secret opens the mailbox from that entry on. With the entry read
/// we know it, unless somebody put a lock there that nobody has; without it others go on elsewhere.
pub(crate) fn ended(w: &mut Work<'_>, relay: &RelayKey, address: &Address, at: Seq) -> Result<()> {
    let Some(mailbox) = mailbox::get(w.db, address)?.filter(|m| m.relay == *relay) else {
        return Ok(());
    };
    if w.live.relocked.get(address).is_some_and(|seq| *seq >= at) {
        // It is being opened anew.
        return Ok(());
    }
    match log::at(w.db, address)? {
        Some(log) if mailbox.standing == Standing::There => outdated(w, &mailbox, &log, at),
        None if mailbox.standing == Standing::There => {
            w.live.to_open.insert(*address);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Our secret opens a mailbox only up to an entry.
pub(crate) fn outdated(w: &mut Work<'_>, mailbox: &Mailbox, log: &Log, at: Seq) -> Result<()> {
    if log.trouble == Some(Trouble::Unusable) {
        // Nothing of it is read any more.
        Ok(())
    } else if mailbox.seq < at {
        // What comes before says more.
        w.live.to_open.insert(mailbox.address);
        Ok(())
    } else if log.head < at {
        rejoin::trouble(w, log, Trouble::Behind)
    } else {
        rejoin::trouble(w, log, Trouble::Unusable)
    }
}

/// A mailbox cannot be opened. An inbox, and one that nobody else knows, is just made again.
pub(crate) fn unusable(w: &mut Work<'_>, mailbox: &Mailbox, refusal: &Refusal) -> Result<()> {
    let log = log::at(w.db, &mailbox.address)?;
    match log {
        Some(log) if log.ready => match refusal {
            Refusal::Outdated(at) => outdated(w, mailbox, &log, *at),
            _ => rejoin::trouble(w, &log, Trouble::Unusable),
        },
        log if *refusal == Refusal::NoMailbox => {
            let kind = match log {
                Some(_) => MailboxKind::Conversation,
                None => MailboxKind::Inbox,
            };
            conversation::make_mailbox_again(w, mailbox, kind)
        }
        _ => Ok(()),
    }
}
