//! Forgetting what has lived its time (rules 3 and 11), a bounded piece at a time.

use super::{Core, Out, limits};
use crate::store::mailbox::Mailbox;
use crate::store::{StoreError, attachment, entry, invitation, key_package, mailbox};
use rusqlite::Connection;
use snug_wire::frame::{MailboxKind, RelayFrame};

/// Rows of a kind one call looks at: a few milliseconds, during which nothing is put.
const PIECE: u32 = 250;

impl Core {
    /// Forgets a piece of what is too old at `now`, milliseconds of Unix time: every mailbox is
    /// looked at in turn, 250 a call. Readers of a mailbox that is gone get `Ended`.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be written; nothing is forgotten then.
    pub fn expire(&mut self, now: u64) -> Result<Vec<Out>, StoreError> {
        let conn = self.store.begin()?;
        let mut gone = Vec::new();
        for old in mailbox::old_rendezvous(&conn, now.saturating_sub(limits::RENDEZVOUS), PIECE)? {
            mailbox::delete(&conn, old.id)?;
            gone.push(old);
        }
        let page = mailbox::page(&conn, self.swept, PIECE)?;
        let swept = if page.len() < PIECE as usize {
            0
        } else {
            page.last().map_or(0, |last| last.id)
        };
        for mut mailbox in page
            .into_iter()
            .filter(|mailbox| mailbox.kind != MailboxKind::Rendezvous)
        {
            if now < mailbox.opened_at.saturating_add(limits::UNOPENED) {
                drop_old_entries(&conn, &mut mailbox, now)?;
            } else if self.readers.is_open(&mailbox.address) {
                mailbox.opened_at = now;
                mailbox::update(&conn, &mailbox)?;
            } else {
                mailbox::delete(&conn, mailbox.id)?;
            }
        }
        invitation::delete_old(&conn, now, PIECE)?;
        key_package::delete_old(&conn, now.saturating_sub(limits::TIME_TO_LIVE), PIECE)?;
        conn.commit()?;
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

fn drop_old_entries(conn: &Connection, mailbox: &mut Mailbox, now: u64) -> Result<(), StoreError> {
    let before = now.saturating_sub(limits::TIME_TO_LIVE);
    if let Some(end) = entry::end_of_old(conn, mailbox.id, before, PIECE)? {
        attachment::delete(conn, mailbox.id, end)?;
        mailbox.size = mailbox
            .size
            .saturating_sub(entry::delete(conn, mailbox.id, end)?);
        mailbox.first = mailbox.first.max(end);
        mailbox::update(conn, mailbox)?;
    }
    Ok(())
}
