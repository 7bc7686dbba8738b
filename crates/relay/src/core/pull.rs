//! Catching up, page by page: a long log neither blocks the others nor fills memory.

use super::{Core, Peer, before};
use crate::store::{StoreError, entry, mailbox};
use snug_wire::Seq;
use snug_wire::frame::{Delivery, RelayFrame};

impl Core {
    /// The next stored entries of what that connection has opened, about `budget` bytes of them;
    /// after a mailbox's last one `CaughtUp`, or `Ended` under an old lock. Empty when nothing
    /// waits. To be called when the connection has room for the frames.
    ///
    /// # Errors
    /// [`StoreError`] when the file cannot be read; the connection's place is then as before.
    pub fn pull(&mut self, peer: Peer, budget: usize) -> Result<Vec<RelayFrame>, StoreError> {
        let mut frames = Vec::new();
        let mut left = budget;
        while left > 0
            && let Some((address, after, until)) = self.readers.next_behind(peer)
        {
            let conn = self.store.reader();
            let Some(mailbox) = mailbox::find(&conn, &address)? else {
                self.readers.close(peer, &address);
                continue;
            };
            let from = mailbox.first.max(Seq(after.0 + 1));
            let to = until.unwrap_or(mailbox.last);
            let page = entry::page(&conn, mailbox.id, from, to, left)?;
            let reached = page.last().map_or(to, |entry| entry.seq);
            for entry in page {
                left = left.saturating_sub(entry.cost());
                frames.push(RelayFrame::Delivery(Delivery {
                    address,
                    seq: entry.seq,
                    previous: before(entry.seq),
                    id: entry.id,
                    flagged: entry.flagged,
                    bytes: entry.bytes,
                }));
            }
            self.readers.advance(peer, &address, reached);
            if reached >= to {
                self.readers.caught_up(peer, &address);
                left = left.saturating_sub(entry::OVERHEAD);
                frames.push(match until {
                    Some(at) => RelayFrame::Ended(address, at),
                    None => RelayFrame::CaughtUp(address),
                });
            }
        }
        Ok(frames)
    }
}
