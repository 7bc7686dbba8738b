//! Receipts: watermarks per log, sent as they are by the time they leave (rule 22).

use crate::error::Result;
use crate::outbox;
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox;
use crate::store::table::message::{self, MessageState};
use crate::store::table::outbox::{Intent, New};
use crate::store::table::quarantine::{self, UNOPENED};
use crate::store::table::receipt;
use crate::work::Work;
use snug_wire::content::{Body, Content, Priority, Receipt};
use snug_wire::log_state::{ConversationKind, Credential};
use snug_wire::{GroupId, Seq};
use std::collections::BTreeSet;

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
    if log.state.kind == ConversationKind::Own {
        return Ok(());
    }
    outbox::add(
        w,
        New {
            relay: mailbox.relay,
            lane: log.address,
            priority: Priority::Low,
            not_before: 0,
            intent,
            request: None,
        },
    )
}

/// Our watermarks of a log now.
pub(crate) fn content(w: &Work<'_>, log: &Log) -> Result<Content> {
    let delivered = mailbox::get(w.db, &log.address)?.map_or(Seq(0), |mailbox| mailbox.seq);
    Ok(Content {
        at: w.now,
        body: Body::Receipt(Receipt {
            delivered,
            read: log.read,
            unopened: quarantine::unopened(w.db, &log.address)?,
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
    let read = receipt.read.min(delivered);
    receipt::raise(w.db, &log.group, &author.account, delivered, read)?;
    let mut raised = message::raise_own(
        w.db,
        &log.group,
        delivered,
        MessageState::Delivered,
        &unopened,
    )?;
    raised.extend(message::raise_own(
        w.db,
        &log.group,
        read,
        MessageState::Read,
        &unopened,
    )?);
    for seq in &unopened {
        for id in message::own_at(w.db, &log.group, *seq)? {
            message::set_state(w.db, &id, MessageState::Failed)?;
            raised.push(id);
        }
    }
    if !raised.is_empty() {
        w.changes.conversations.insert(log.conversation);
        w.changes.messages.extend(raised);
    }
    Ok(())
}
