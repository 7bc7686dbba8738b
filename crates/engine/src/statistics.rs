//! Counts for people who look at how messages travel.

use crate::error::Result;
use crate::outbox::OutgoingId;
use crate::read::View;
use crate::store::uint;
use rusqlite::OptionalExtension as _;
use snug_wire::content::Priority;

impl View<'_> {
    /// How many messages wait to be sent, by how urgent they are; nothing for those of which none
    /// waits.
    ///
    /// # Errors
    /// The disk, as for all that follow.
    pub fn queue(&self) -> Result<Vec<(Priority, u64)>> {
        let mut query = self.0.prepare_cached(
            "SELECT message.priority, count(*) FROM outbox JOIN message ON message.id = outbox.message
             WHERE outbox.message IS NOT NULL AND outbox.stage < 2
             GROUP BY message.priority ORDER BY message.priority DESC",
        )?;
        let rows = query.query_map([], |row| {
            let priority = match row.get(0)? {
                0 => Priority::Low,
                1 => Priority::Normal,
                2 => Priority::High,
                _ => Priority::Urgent,
            };
            Ok((priority, uint(row.get(1)?)))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether an outgoing request, not settled yet, carries a message that a person wrote.
    pub fn is_message(&self, id: OutgoingId) -> Result<bool> {
        let found = self
            .0
            .prepare_cached("SELECT message IS NOT NULL FROM outbox WHERE id = ?1")?
            .query_row([id.0], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(false))
    }
}
