//! Disappearing messages: how long a conversation's messages stay once they were seen, and their going.

use crate::error::Result;
use crate::message;
use crate::store::table::message::{self as table, Message, MessageKind};
use crate::work::Work;
use rusqlite::Connection;
use snug_wire::content::{Body, Content, Timer};
use snug_wire::{ConversationId, FRAME_LIMIT, MessageId, decode};

/// How many go in one transaction.
const BATCH: u32 = 200;

/// How many seconds messages written now stay: what the last timer in the log says.
pub(crate) fn of(db: &Connection, id: &ConversationId) -> Result<Option<u32>> {
    let content = table::last_timer(db, id)?;
    Ok(content.and_then(|content| seconds(&content)))
}

/// What a timer's content says.
pub(crate) fn seconds(content: &[u8]) -> Option<u32> {
    match decode::<Content>(content, FRAME_LIMIT).ok()?.body {
        Body::Timer(timer) => timer.seconds,
        _ => None,
    }
}

/// When something seen now goes.
pub(crate) fn end(now: u64, seconds: u32) -> u64 {
    now.saturating_add(u64::from(seconds) * 1_000)
}

/// Sets how long messages stay from here on. Saying what is so already says nothing.
pub(crate) fn set(w: &mut Work<'_>, id: ConversationId, seconds: Option<u32>) -> Result<()> {
    let seconds = seconds.filter(|seconds| *seconds > 0);
    if of(w.db, &id)? == seconds {
        return Ok(());
    }
    let message = MessageId(w.random());
    let body = Body::Timer(Timer {
        id: message,
        seconds,
    });
    let content = Content { at: w.now, body };
    message::write(w, id, message, &content, |new| Message {
        kind: MessageKind::Timer,
        ..new
    })
}

/// Removes what has been seen long enough; says whether there is more.
pub(crate) fn expire(w: &mut Work<'_>) -> Result<bool> {
    let gone = table::expired(w.db, w.now, BATCH)?;
    for message in &gone {
        message::disappear(w, message)?;
        w.step("disappear")?;
    }
    Ok(gone.len() >= BATCH as usize)
}
