//! Key packages: ours that wait beside our inboxes, and others' that are taken to add them (rule 31).

use crate::error::Result;
use crate::group;
use crate::mls::key_package;
use crate::outbox;
use crate::store::table::candidate::{self, Candidate};
use crate::store::table::outbox::{Intent, New};
use crate::store::table::pending::{self, Wanted};
use crate::store::table::{contact, inbox, mailbox, reach, relay};
use crate::work::Work;
use minicbor::bytes::ByteVec;
use snug_wire::content::Priority;
use snug_wire::frame::{Answer, Request, Stock};
use snug_wire::log_state::LogState;
use snug_wire::{AccountId, Address, DeviceId};

/// How many key packages wait beside an inbox, beside the last resort.
const FULL: u32 = 4;
/// With fewer than that more are made.
const LEAST: u32 = 2;
/// Whoever had none is asked for again after as long as the wish waits, in milliseconds: at least and at
/// most.
const AGAIN: (u64, u64) = (10_000, 10 * 60_000);
/// How long the first of somebody's devices waits for the others' key packages, in milliseconds.
const TOGETHER: u64 = 60_000;

/// Puts key packages beside an inbox of ours, if there are few.
pub(crate) fn fill(w: &mut Work<'_>, address: &Address) -> Result<()> {
    let Some(ours) = inbox::get(w.db, address)?.filter(|inbox| inbox.invitation.is_none()) else {
        return Ok(());
    };
    let there = inbox::pool(w.db, address)?;
    let Some(mailbox) = mailbox::get(w.db, &ours.address)? else {
        return Ok(());
    };
    if w.me.is_none() || there >= LEAST {
        return Ok(());
    }
    let me = w.me()?.credential();
    let (provider, signer) = (w.provider(), w.signer()?);
    let packages = (there..FULL)
        .map(|_| Ok(ByteVec::from(key_package::make(&provider, &signer, &me)?)))
        .collect::<Result<_>>()?;
    let last_resort = key_package::make_last_resort(&provider, &signer, &me)?;
    inbox::set_pool(w.db, address, FULL)?;
    outbox::add(
        w,
        New {
            relay: mailbox.relay,
            lane: *address,
            priority: Priority::Low,
            not_before: 0,
            intent: Intent::Stock(*address),
            request: Some(Request::Stock(Stock {
                address: *address,
                secret: mailbox.secret,
                packages,
                last_resort: Some(ByteVec::from(last_resort)),
            })),
        },
    )
}

/// The relay's word on it: what it did not take is put there again over another connection.
pub(crate) fn stocked(w: &mut Work<'_>, address: &Address, answer: &Answer) -> Result<()> {
    let there = match answer {
        Answer::Stocked(there) => *there,
        _ => 0,
    };
    inbox::set_pool(w.db, address, there)
}

/// Somebody used one of ours.
pub(crate) fn used(w: &mut Work<'_>, address: &Address) -> Result<()> {
    let there = inbox::pool(w.db, address)?;
    inbox::set_pool(w.db, address, there.saturating_sub(1))?;
    fill(w, address)
}

/// Asks for key packages of a contact's devices, as far as one knows where they are reached.
pub(crate) fn take(w: &mut Work<'_>, id: i64, account: &AccountId) -> Result<()> {
    let direct = LogState::direct_id(&w.me()?.account, account);
    let mut asked = false;
    for theirs in reach::all(w.db, &direct, u32::MAX)? {
        if theirs.account != *account || relay::get(w.db, &theirs.inbox.relay.key)?.is_none() {
            continue;
        }
        asked = true;
        let device = theirs.device;
        let address = theirs.inbox.address;
        let relay = theirs.inbox.relay.key;
        let new = Candidate {
            device,
            inbox: theirs.inbox,
            package: None,
        };
        candidate::put(w.db, id, &new)?;
        outbox::add(
            w,
            New {
                relay,
                lane: address,
                priority: Priority::High,
                not_before: 0,
                intent: Intent::Take(id, device),
                request: Some(Request::Take(address)),
            },
        )?;
    }
    if !asked {
        put_off(w, id)?;
    }
    Ok(())
}

fn put_off(w: &Work<'_>, id: i64) -> Result<()> {
    let since = pending::get(w.db, id)?.map_or(w.now, |wish| wish.at);
    let wait = w.now.saturating_sub(since).clamp(AGAIN.0, AGAIN.1);
    pending::delay(w.db, id, w.now + wait)
}

/// It is known now where a device of somebody is reached: who waits for that to be added goes on.
pub(crate) fn reached(w: &Work<'_>, account: &AccountId) -> Result<()> {
    for wish in pending::put_off(w.db)? {
        if matches!(wish.wanted, Wanted::Add(whom, None) if whom == *account) {
            pending::delay(w.db, wish.id, 1)?;
        }
    }
    Ok(())
}

/// The relay's word on a key package.
pub(crate) fn taken(w: &mut Work<'_>, id: i64, device: &DeviceId, answer: &Answer) -> Result<()> {
    let Some(wish) = pending::get(w.db, id)? else {
        return Ok(());
    };
    let Wanted::Add(account, _) = wish.wanted else {
        return Ok(());
    };
    let package = match answer {
        Answer::Bytes(bytes) => fitting(w, &account, device, bytes)?.then_some(bytes),
        _ => None,
    };
    let all = candidate::of(w.db, id)?;
    match (package, all.iter().find(|c| c.device == *device)) {
        (Some(bytes), Some(there)) => {
            let there = Candidate {
                package: Some(bytes.clone()),
                ..there.clone()
            };
            candidate::put(w.db, id, &there)?;
        }
        _ => candidate::delete(w.db, id, device)?,
    }
    w.step("take")?;
    let all = candidate::of(w.db, id)?;
    w.changes.conversations.insert(wish.conversation);
    if all.is_empty() {
        // They must open Snug once.
        return put_off(w, id);
    }
    if all.iter().all(|c| c.package.is_some()) {
        pending::delay(w.db, id, 0)?;
        return group::go(w, &wish.conversation);
    }
    if wish.not_before == 0 && all.iter().any(|c| c.package.is_some()) {
        pending::delay(w.db, id, w.now + TOGETHER)?;
    }
    Ok(())
}

/// Whoever has a key package by now is added without the devices of theirs whose relay does not answer.
/// Says whether there is such a device.
pub(crate) fn go_without(w: &mut Work<'_>, id: i64) -> Result<bool> {
    let all = candidate::of(w.db, id)?;
    let is_any = all.iter().any(|c| c.package.is_some());
    for one in all.iter().filter(|c| is_any && c.package.is_none()) {
        candidate::delete(w.db, id, &one.device)?;
    }
    Ok(is_any)
}

/// Whether a key package is of that device, as far as its list is known.
fn fitting(w: &Work<'_>, account: &AccountId, device: &DeviceId, bytes: &[u8]) -> Result<bool> {
    let Some((_, list)) = contact::get(w.db, account)? else {
        return Ok(false);
    };
    let key = list.0.last().and_then(|last| last.entry.key_of(device));
    let package = key_package::check(&w.provider(), bytes);
    Ok(package.is_some_and(|(_, who)| {
        who.account == *account && who.device == *device && Some(who.key) == key
    }))
}
