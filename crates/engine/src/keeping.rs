//! How chats are kept: pinned before the others, archived behind them, muted for a while or for good.
//! One's own devices are told; who else is in a chat is not.

use crate::error::{Rejection, Result};
use crate::store::table::{conversation, keeping};
use crate::work::Work;
use crate::{Engine, decision};
use snug_wire::ConversationId;
use snug_wire::log_state::ConversationKind;
use snug_wire::own::{Decision, Keeping};

impl Engine {
    /// Changes how a chat is kept. What is archived is not pinned; a mute that is over is none.
    ///
    /// # Errors
    /// [`Rejection::NotFound`].
    pub fn set_keeping(&mut self, id: ConversationId, new: Keeping, now: u64) -> Result<()> {
        self.write(now, |w| set(w, id, new))
    }
}

fn set(w: &mut Work<'_>, id: ConversationId, new: Keeping) -> Result<()> {
    conversation::get(w.db, &id)?
        .filter(|c| c.kind != ConversationKind::Own)
        .ok_or(Rejection::NotFound)?;
    let new = Keeping {
        pinned: new.pinned && !new.archived,
        muted_until: new.muted_until.filter(|until| *until > w.now),
        ..new
    };
    if keeping::get(w.db, &id)? == new {
        return Ok(());
    }
    apply(w, &id, &new)?;
    decision::tell(w, Decision::Kept(id, new))
}

/// What this or another device of ours says of a chat; it may be one that this device is not in yet.
pub(crate) fn apply(w: &mut Work<'_>, id: &ConversationId, new: &Keeping) -> Result<()> {
    keeping::put(w.db, id, new)?;
    w.changes.conversations.insert(*id);
    Ok(())
}

/// Something new in a chat brings it out of the archive, unless it is muted. Every device sees that for
/// itself.
pub(crate) fn bring_out(w: &mut Work<'_>, id: &ConversationId) -> Result<()> {
    let before = keeping::get(w.db, id)?;
    if before.archived && before.muted_until.is_none() {
        let new = Keeping {
            archived: false,
            ..before
        };
        apply(w, id, &new)?;
    }
    Ok(())
}

/// Mutes whose time is over end.
pub(crate) fn end_mutes(w: &mut Work<'_>) -> Result<()> {
    let loud = keeping::end_mutes(w.db, w.now)?;
    w.changes.conversations.extend(loud);
    Ok(())
}
