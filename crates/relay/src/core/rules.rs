//! What is decided about a request, whatever keeps the mailboxes: no file, no clock, no waiting.

use super::limits::{self, Quotas};
use crate::store::invitation::Invitation;
use crate::store::mailbox::Mailbox;
use sha2::{Digest as _, Sha256};
use snug_wire::frame::{Put, Refusal};
use snug_wire::{Lock, LockSecret, Seq};
use std::collections::BTreeSet;
use subtle::ConstantTimeEq as _;

/// What a secret opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything.
    Current,
    /// Reading up to that commit, which replaced its lock (rule 4).
    Until(Seq),
}

impl Access {
    /// Nothing but reading is left to an old secret.
    pub fn current(self) -> Result<(), Refusal> {
        match self {
            Self::Current => Ok(()),
            Self::Until(at) => Err(Refusal::Outdated(at)),
        }
    }
}

/// What a secret opens where this is the lock and those were it before, the newest first.
pub(crate) fn access<'a>(
    lock: &Lock,
    old: impl IntoIterator<Item = &'a (Seq, Lock)>,
    secret: &LockSecret,
) -> Result<Access, Refusal> {
    let mine = secret.lock();
    if same(lock, &mine) {
        return Ok(Access::Current);
    }
    by_old_lock(old, &mine)
}

/// What the lock of a secret opens that is not the mailbox's own, where those were it before.
pub(crate) fn by_old_lock<'a>(
    old: impl IntoIterator<Item = &'a (Seq, Lock)>,
    mine: &Lock,
) -> Result<Access, Refusal> {
    let until = old.into_iter().find(|(_, old)| same(old, mine));
    let (until, _) = until.ok_or(Refusal::WrongLock)?;
    Ok(Access::Until(*until))
}

/// Compares in constant time: how long it takes tells nothing of how much is right.
pub(crate) fn same(a: &Lock, b: &Lock) -> bool {
    a.0.ct_eq(&b.0).into()
}

/// Rules 4 and 5, and the quota.
pub(crate) fn may_append(
    mailbox: &Mailbox,
    access: Access,
    put: &Put,
    quotas: &Quotas,
) -> Result<(), Refusal> {
    access.current()?;
    if put.rests_on != mailbox.head {
        return Err(Refusal::Stale(mailbox.head));
    }
    if mailbox.size + size(put) > quotas.conversation_bytes {
        return Err(Refusal::Full);
    }
    Ok(())
}

/// An inbox has no commits, may be closed, and holds only so much (rule 9).
pub(crate) fn inbox_takes(
    mailbox: &Mailbox,
    entries: u64,
    put: &Put,
    quotas: &Quotas,
) -> Result<(), Refusal> {
    if put.flagged || put.rests_on != Seq(0) {
        return Err(Refusal::Malformed);
    }
    if mailbox.retired {
        return Err(Refusal::Retired);
    }
    let is_full = entries >= quotas.inbox_entries || mailbox.size + size(put) > quotas.inbox_bytes;
    if is_full {
        return Err(Refusal::Full);
    }
    Ok(())
}

/// What holds for any entry: a lock and attachments come with a commit only, each attachment has
/// a lock of its own, and everything fits a frame.
pub(crate) fn check_form(put: &Put) -> Result<(), Refusal> {
    if !put.flagged && (put.lock.is_some() || !put.attachments.is_empty()) {
        return Err(Refusal::Malformed);
    }
    let locks: BTreeSet<_> = put
        .attachments
        .iter()
        .map(|attachment| attachment.lock)
        .collect();
    if locks.len() != put.attachments.len() || locks.len() > limits::ATTACHMENTS {
        return Err(Refusal::Malformed);
    }
    let largest = put
        .attachments
        .iter()
        .map(|attachment| attachment.bytes.len())
        .max();
    if put.bytes.len().max(largest.unwrap_or(0)) > limits::ENTRY {
        return Err(Refusal::TooLarge(limits::ENTRY as u64));
    }
    Ok(())
}

/// What an entry holds, in bytes.
pub(crate) fn size(put: &Put) -> u64 {
    let attached = put.attachments.iter();
    let attached: usize = attached.map(|attachment| attachment.bytes.len()).sum();
    (put.bytes.len() + attached) as u64
}

/// Over all that was put except where and with which secret: what a repeated `Put` must equal.
pub(crate) fn digest(put: &Put) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update([u8::from(put.flagged), u8::from(put.lock.is_some())]);
    hash.update(put.lock.map_or([0; 32], |lock| lock.0));
    hash.update(put.rests_on.0.to_be_bytes());
    hash.update((put.attachments.len() as u64).to_be_bytes());
    for attachment in &put.attachments {
        hash.update(attachment.lock.0);
        hash.update((attachment.bytes.len() as u64).to_be_bytes());
        hash.update(&attachment.bytes);
    }
    hash.update(&put.bytes);
    hash.finalize().into()
}

/// Why an invitation cannot be claimed any more.
pub(crate) fn ended(invitation: &Invitation, now: u64) -> Option<Refusal> {
    if invitation.revoked {
        Some(Refusal::Revoked)
    } else if invitation.uses.is_some_and(|uses| invitation.used >= uses) {
        Some(Refusal::Used)
    } else if invitation.expires_at.is_some_and(|at| now >= at) {
        Some(Refusal::Expired)
    } else {
        None
    }
}

/// An ended invitation still tells its end for the time-to-live.
pub(crate) fn forget_later(invitation: &mut Invitation, now: u64) {
    let at = now.saturating_add(limits::TIME_TO_LIVE);
    invitation.forget_at = Some(invitation.forget_at.map_or(at, |earlier| earlier.min(at)));
}
