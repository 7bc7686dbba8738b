//! Forgetting what has lived its time (rules 3 and 11), a bounded piece at a time.

use super::{Core, Out, limits};
use crate::store::mailbox::Mailbox;
use crate::store::{Db, StoreError, attachment, entry, invitation, key_package, mailbox};
use snug_wire::Seq;
use snug_wire::frame::{MailboxKind, RelayFrame};

/// Rows of a kind one call looks at.
const PAGE: u32 = 250;

impl Core {
    /// Forgets a piece of what is too old at `now`, milliseconds of Unix time: every mailbox is
    /// looked at in turn, 250 a call, fewer if they have [much](limits::PIECE) to forget. Readers
    /// of a mailbox that is gone get `Ended`.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be written; nothing is forgotten then.
    pub fn expire(&mut self, now: u64) -> Result<Vec<Out>, StoreError> {
        let conn = self.store.begin()?;
        let mut gone = Vec::new();
        let mut forgotten = 0;
        let mut left = limits::PIECE;
        let made_before = now.saturating_sub(limits::RENDEZVOUS);
        for mut old in mailbox::old_rendezvous(&conn, made_before, PAGE)? {
            if clear(&conn, &mut old, &mut left)? {
                forgotten += 1;
                gone.push(old);
            }
        }
        // Of its own, so that neither kind holds up the other.
        let mut left = limits::PIECE;
        let put_before = now.saturating_sub(limits::TIME_TO_LIVE);
        let page = mailbox::page(&conn, self.swept, PAGE)?;
        let mut swept = 0;
        if page.len() == PAGE as usize {
            swept = page.last().map_or(0, |last| last.id);
        }
        for mut mailbox in page {
            let id = mailbox.id;
            if mailbox.kind == MailboxKind::Rendezvous {
                continue;
            } else if now < mailbox.opened_at.saturating_add(limits::UNOPENED) {
                drop_entries(&conn, &mut mailbox, put_before, &mut left)?;
            } else if self.readers.is_open(&mailbox.address) {
                mailbox.opened_at = now;
                mailbox::update(&conn, &mailbox)?;
            } else if clear(&conn, &mut mailbox, &mut left)? {
                forgotten += 1;
            }
            if left == 0 {
                swept = id;
                break;
            }
        }
        invitation::delete_old(&conn, now, PAGE)?;
        key_package::delete_old(&conn, put_before, PAGE)?;
        conn.commit()?;
        self.mailboxes = self.mailboxes.saturating_sub(forgotten);
        self.swept = swept;
        self.store.shrink()?;
        Ok(gone
            .iter()
            .filter_map(|mailbox| self.end_all(mailbox))
            .collect())
    }

    fn end_all(&mut self, mailbox: &Mailbox) -> Option<Out> {
        let to = self.readers.all(&mailbox.address);
        for peer in &to {
            self.readers.close(*peer, &mailbox.address);
        }
        let frame = RelayFrame::Ended(mailbox.address, mailbox.last);
        (!to.is_empty()).then_some(Out { to, frame })
    }
}

/// Removes entries and, when none is left, the mailbox; says whether it has gone.
fn clear(conn: &Db<'_>, mailbox: &mut Mailbox, left: &mut u64) -> Result<bool, StoreError> {
    drop_entries(conn, mailbox, u64::MAX, left)?;
    let is_clear = *left > 0;
    if is_clear {
        mailbox::delete(conn, mailbox.id)?;
    }
    Ok(is_clear)
}

/// Removes leading entries that were put before that time, as far as what is `left` allows.
fn drop_entries(
    conn: &Db<'_>,
    mailbox: &mut Mailbox,
    before: u64,
    left: &mut u64,
) -> Result<(), StoreError> {
    let all = Seq(0)..Seq(u64::MAX);
    if let Some((end, cost)) = entry::reach(conn, mailbox.id, all, before, *left)? {
        let freed =
            attachment::delete(conn, mailbox.id, end)? + entry::delete(conn, mailbox.id, end)?;
        mailbox.size = mailbox.size.saturating_sub(freed);
        mailbox.first = mailbox.first.max(end);
        mailbox::update(conn, mailbox)?;
        *left = left.saturating_sub(cost);
    }
    Ok(())
}
