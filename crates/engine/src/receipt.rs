//! Receipts: watermarks per log, sent as they are by the time they leave (rule 22).

use crate::error::Result;
use crate::inbox::LEAP;
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox;
use crate::store::table::message::{self, MessageState, Problem};
use crate::store::table::outbox::{Intent, New};
use crate::store::table::quarantine::{self, UNOPENED};
use crate::store::table::{missed, participant, receipt};
use crate::work::Work;
use crate::{block, message as messages, outbox, privacy};
use rand::RngExt as _;
use snug_wire::content::{Body, Content, MISSED, Priority, Receipt};
use snug_wire::log_state::{ConversationKind, Credential};
use snug_wire::{AccountId, GroupId, Seq};
use std::collections::BTreeSet;

/// In a group a device tells its watermarks after up to so long, in milliseconds, and one for all that
/// came meanwhile (rule 22).
const EVERY: u64 = 5_000;
/// Above so many participants nobody does.
pub(crate) const MOST: u64 = 50;

/// Makes sure that our watermarks of a log will be sent; several wishes become one.
pub(crate) fn queue(w: &mut Work<'_>, group: &GroupId) -> Result<()> {
    let intent = Intent::Receipt(*group);
    let Some(log) = log::get(w.db, group)? else {
        return Ok(());
    };
    if crate::store::table::outbox::waits(w.db, &log.address, Priority::Low, &intent)? {
        return Ok(());
    }
    let Some(mailbox) = mailbox::get(w.db, &log.address)? else {
        return Ok(());
    };
    if log.trouble.is_some() || block::is_with_blocked(w.db, &log.conversation)? {
        return Ok(());
    }
    let not_before = match log.kind {
        ConversationKind::Own => return Ok(()),
        ConversationKind::Direct => 0,
        ConversationKind::Group if participant::count(w.db, &log.conversation)? > MOST => {
            return Ok(());
        }
        ConversationKind::Group => w.now + w.rng.random_range(0..EVERY),
    };
    outbox::add(
        w,
        New {
            relay: mailbox.relay,
            lane: log.address,
            priority: Priority::Low,
            not_before,
            intent,
            request: None,
        },
    )
}

/// As [`queue`], because something was read: not when that is not told, and not even by its timing.
pub(crate) fn queue_read(w: &mut Work<'_>, group: &GroupId) -> Result<()> {
    match log::get(w.db, group)? {
        Some(log) if tells_read(w, &log)? => queue(w, group),
        _ => Ok(()),
    }
}

/// Whether all others of a log may know what was read. In a group what holds for everybody counts.
fn tells_read(w: &mut Work<'_>, log: &Log) -> Result<bool> {
    if log.kind == ConversationKind::Group {
        return Ok(privacy::general(w.db)?.receipts);
    }
    let own = w.me()?.account;
    let state = w.state(&log.group)?;
    for participant in &state.participants {
        if participant.account != own && !privacy::sends_receipts(w.db, &participant.account)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Our watermarks of a log now. What is not told stands at the beginning: watermarks never fall.
pub(crate) fn content(w: &mut Work<'_>, log: &Log) -> Result<Content> {
    let delivered = mailbox::get(w.db, &log.address)?.map_or(Seq(0), |mailbox| mailbox.seq);
    let read = if tells_read(w, log)? {
        log.read
    } else {
        Seq(0)
    };
    Ok(Content {
        at: w.now,
        body: Body::Receipt(Receipt {
            delivered,
            read,
            unopened: quarantine::unopened(w.db, &log.address)?,
            missed: missed::of(w.db, &log.address)?,
        }),
    })
}

/// Somebody's watermarks: what we wrote below them has been delivered or read. What their device
/// could not open is told as failed, to be sent again under the same id.
pub(crate) fn arrived(
    w: &mut Work<'_>,
    log: &Log,
    author: &Credential,
    receipt: &Receipt,
) -> Result<()> {
    if author.account == w.me()?.account {
        return Ok(());
    }
    // As many as a device says (`quarantine::unopened`): a longer list would cost a search for each.
    let unopened = receipt.unopened.iter().take(UNOPENED as usize);
    let unopened: BTreeSet<Seq> = unopened.copied().collect();
    // Nobody has stored what is not in the log yet.
    let last = mailbox::get(w.db, &log.address)?.map_or(Seq(0), |mailbox| mailbox.seq);
    let delivered = receipt.delivered.min(last);
    let read = match privacy::sends_receipts(w.db, &author.account)? {
        true => receipt.read.min(delivered),
        false => Seq(0),
    };
    let whose = (&log.group, &author.account);
    let before = receipt::get(w.db, whose.0, whose.1)?;
    if delivered > before.0 {
        receipt::mark(w.db, whose, (false, delivered), w.now)?;
    }
    if read > before.1 {
        receipt::mark(w.db, whose, (true, read), w.now)?;
    }
    receipt::raise(w.db, whose.0, whose.1, delivered, read)?;
    // Before its watermark says that it has them.
    let is_group = log.kind == ConversationKind::Group;
    let whose = (log.conversation, author.account);
    if !receipt.missed.is_empty() && (!is_group || w.live.may_ask(whose, w.now)) {
        for missed in receipt.missed.iter().take(MISSED) {
            // What was there already cannot be missing; nobody goes on reading over a larger gap.
            let from = Seq(missed.0.0.max(missed.1.0.saturating_sub(LEAP)));
            if missed.0 > before.0 {
                messages::send_again(w, log, (from, missed.1))?;
            }
        }
    }
    let marks = match log.kind {
        ConversationKind::Group => of_all(w, log)?,
        _ => (delivered, read),
    };
    raise_own(w, log, marks, &unopened)?;
    // Of several people one who cannot open it does not make it unsent.
    for seq in unopened.iter().filter(|_| !is_group) {
        for id in message::own_at(w.db, &log.group, *seq)? {
            message::set_failed(w.db, &id, Problem::Unopened)?;
            w.changes.conversations.insert(log.conversation);
            w.changes.messages.insert(id);
        }
    }
    Ok(())
}

/// In a group a message is delivered or read when it is so for all who have joined.
fn of_all(w: &Work<'_>, log: &Log) -> Result<(Seq, Seq)> {
    receipt::least(w.db, (&log.group, &log.conversation), &w.me()?.account)
}

/// What we wrote up to these watermarks is delivered and read.
fn raise_own(
    w: &mut Work<'_>,
    log: &Log,
    (delivered, read): (Seq, Seq),
    unopened: &BTreeSet<Seq>,
) -> Result<()> {
    let states = [
        (delivered, MessageState::Delivered),
        (read, MessageState::Read),
    ];
    for (seq, state) in states {
        let raised = message::raise_own(w.db, &log.group, seq, state, unopened)?;
        if !raised.is_empty() {
            w.changes.conversations.insert(log.conversation);
            w.changes.messages.extend(raised);
        }
    }
    Ok(())
}

/// Somebody was added by the commit at `seq`: what was said before is nothing they miss.
pub(crate) fn added(w: &Work<'_>, log: &Log, account: &AccountId, seq: Seq) -> Result<()> {
    receipt::raise(w.db, &log.group, account, seq, seq)
}

/// Somebody is in a group no more: it may be that only they had not yet what the others have.
pub(crate) fn parted(w: &mut Work<'_>, log: &Log) -> Result<()> {
    let marks = of_all(w, log)?;
    raise_own(w, log, marks, &BTreeSet::new())
}
