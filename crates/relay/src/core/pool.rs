//! Key-package pools beside inboxes (rule 31).

use super::{Context, Decided, Stop, limits};
use crate::store::key_package;
use snug_wire::Address;
use snug_wire::frame::{Answer, MailboxKind, Refusal, Stock};
use std::collections::BTreeSet;

impl Context<'_> {
    /// All of it or none: known packages are passed over, so that a repeated `Stock` adds nothing.
    pub(super) fn stock(&self, stock: &Stock) -> Result<Decided, Stop> {
        let mailbox = self.unlocked(&stock.address, &stock.secret)?;
        if mailbox.kind != MailboxKind::Inbox {
            return Err(Refusal::Malformed.into());
        }
        if mailbox.retired {
            return Err(Refusal::Retired.into());
        }
        if stock
            .packages
            .iter()
            .chain(&stock.last_resort)
            .any(|package| package.len() > limits::KEY_PACKAGE)
        {
            return Err(Refusal::TooLarge(limits::KEY_PACKAGE as u64).into());
        }
        self.has_room()?;
        let mut fresh = BTreeSet::new();
        for package in &stock.packages {
            if !key_package::known(self.conn, mailbox.id, package)? {
                fresh.insert(package.as_slice());
            }
        }
        let waiting = key_package::count(self.conn, mailbox.id)?;
        if fresh.len() as u64 + u64::from(waiting) > u64::from(limits::POOL) {
            return Err(Refusal::Full.into());
        }
        for package in stock
            .packages
            .iter()
            .filter(|package| fresh.contains(package.as_slice()))
        {
            key_package::insert(self.conn, mailbox.id, package, self.now)?;
        }
        if let Some(package) = &stock.last_resort {
            key_package::set_last_resort(self.conn, mailbox.id, package)?;
        }
        Ok(Answer::Stocked(waiting + fresh.len() as u32).into())
    }

    pub(super) fn take(&self, address: Address) -> Result<Decided, Stop> {
        let mailbox = self.mailbox(&address)?;
        if mailbox.retired {
            return Err(Refusal::Retired.into());
        }
        let package = key_package::take(self.conn, mailbox.id)?;
        Ok(Answer::Bytes(package.ok_or(Refusal::Nothing)?).into())
    }
}
