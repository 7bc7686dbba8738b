//! Messages: writing, sending again, discarding, seeing.

use crate::changes::Notice;
use crate::error::{Rejection, Result};
use crate::outbox;
use crate::receipt;
use crate::store::table::conversation;
use crate::store::table::log::{self, Log};
use crate::store::table::mailbox;
use crate::store::table::message::{self, Message, MessageKind, MessageState, Place};
use crate::store::table::outbox::{Intent, New, Stage};
use crate::work::Work;
use snug_wire::content::{Body, Content, Priority, Text};
use snug_wire::log_state::Credential;
use snug_wire::{ConversationId, MessageId, Seq, TEXT_LIMIT, encode};

/// The most messages that may wait to be sent; then writing is refused, nothing is dropped.
pub const WAITING_LIMIT: u64 = 10_000;

/// Stores a text and its intent; encrypts it at once where its log is ready.
pub(crate) fn send(
    w: &mut Work<'_>,
    id: ConversationId,
    text: &str,
    priority: Priority,
) -> Result<MessageId> {
    if text.trim().is_empty() {
        return Err(Rejection::TextEmpty.into());
    }
    if text.len() > TEXT_LIMIT {
        return Err(Rejection::TextTooLong.into());
    }
    if crate::store::table::outbox::messages_waiting(w.db)? >= WAITING_LIMIT {
        return Err(Rejection::QueueFull.into());
    }
    conversation::get(w.db, &id)?.ok_or(Rejection::NotFound)?;
    let message = MessageId(w.random());
    let content = Content {
        at: w.now,
        body: Body::Text(Text {
            id: message,
            text: text.to_owned(),
            priority,
        }),
    };
    let place = message::next_waiting(w.db, &id)?;
    message::insert(
        w.db,
        &Message {
            id: message,
            conversation: id,
            place,
            group: None,
            seq: Seq(0),
            author: w.me()?.account,
            own: true,
            kind: MessageKind::Text,
            at: w.now,
            text: text.to_owned(),
            content: encode(&content),
            priority,
            state: MessageState::Sending,
        },
    )?;
    queue(w, id, message, priority)?;
    changed(w, id, message);
    Ok(message)
}

fn changed(w: &mut Work<'_>, id: ConversationId, message: MessageId) {
    w.changes.messages.insert(message);
    w.changes.conversations.insert(id);
}

/// Queues a message in the log that is written to: the lowest ready one, else the lowest (rule 19).
fn queue(
    w: &mut Work<'_>,
    id: ConversationId,
    message: MessageId,
    priority: Priority,
) -> Result<()> {
    let logs = log::of(w.db, &id)?;
    let log = logs
        .iter()
        .find(|log| log.ready)
        .or(logs.first())
        .ok_or(Rejection::NotFound)?;
    let relay = mailbox::get(w.db, &log.address)?
        .ok_or(Rejection::NotFound)?
        .relay;
    w.step("queue")?;
    outbox::add(
        w,
        New {
            relay,
            lane: log.address,
            priority,
            not_before: 0,
            intent: Intent::Message(message),
            request: None,
        },
    )?;
    outbox::freeze_if_free(w, &log.address)
}

/// Sends a failed message again, under the same id.
pub(crate) fn retry(w: &mut Work<'_>, id: MessageId) -> Result<()> {
    let message = message::get(w.db, &id)?.ok_or(Rejection::NotFound)?;
    if message.state != MessageState::Failed {
        return Err(Rejection::NotFound.into());
    }
    let place = message::next_waiting(w.db, &message.conversation)?;
    message::set_waiting(w.db, &id, place)?;
    queue(w, message.conversation, id, message.priority)?;
    changed(w, message.conversation, id);
    Ok(())
}

/// Forgets a message of ours that failed, or has not been encrypted yet.
pub(crate) fn discard(w: &mut Work<'_>, id: MessageId) -> Result<()> {
    let message = message::get(w.db, &id)?.ok_or(Rejection::NotFound)?;
    let row = crate::store::table::outbox::by_message(w.db, &id)?;
    let free = match (&row, message.state) {
        (None, MessageState::Failed) => true,
        (Some(row), MessageState::Sending) => row.stage == Stage::Waiting,
        _ => false,
    };
    if !free {
        return Err(Rejection::NotFound.into());
    }
    if let Some(row) = row {
        crate::store::table::outbox::delete(w.db, row.id)?;
    }
    message::delete(w.db, &id)?;
    w.changes.gone.insert((message.conversation, id));
    w.changes.conversations.insert(message.conversation);
    Ok(())
}

/// Everything up to a message was on the person's screen; their devices and the authors are told.
pub(crate) fn mark_read(w: &mut Work<'_>, id: ConversationId, up_to: MessageId) -> Result<()> {
    let place = message::get(w.db, &up_to)?
        .filter(|message| message.conversation == id)
        .ok_or(Rejection::NotFound)?
        .place;
    for (seen, group, seq) in message::mark_seen(w.db, &id, place)? {
        changed(w, id, seen);
        if log::raise_read(w.db, &group, seq)? {
            receipt::queue(w, &group)?;
        }
    }
    Ok(())
}

/// Stores what somebody wrote; each message once (rule 16).
pub(crate) fn arrived(
    w: &mut Work<'_>,
    log: &Log,
    seq: Seq,
    author: &Credential,
    content: &Content,
    raw: &[u8],
) -> Result<()> {
    let own = author.account == w.me()?.account;
    let (id, kind, text, priority) = match &content.body {
        Body::Text(text) => (
            text.id,
            MessageKind::Text,
            text.text.as_str(),
            text.priority,
        ),
        // Named by its place, so that a newer Snug can read it again without doubling it.
        _ => (
            id_of(&[&log.group.0, &seq.0.to_be_bytes()]),
            MessageKind::Unknown,
            "",
            Priority::Normal,
        ),
    };
    let id = match message::get(w.db, &id)? {
        // Ids are chosen by authors: somebody else's, or one of another chat, is not this message.
        Some(there) if (there.author, there.conversation) != (author.account, log.conversation) => {
            id_of(&[&log.conversation.0, &author.account.0, &id.0])
        }
        _ => id,
    };
    let new = message::insert(
        w.db,
        &Message {
            id,
            conversation: log.conversation,
            place: Place::of(&log.group, seq),
            group: Some(log.group),
            seq,
            author: author.account,
            own,
            kind,
            // A clock that is ahead would keep a chat on top for ever.
            at: content.at.min(w.now),
            text: text.to_owned(),
            content: raw.to_vec(),
            priority,
            state: if own {
                MessageState::Sent
            } else {
                MessageState::Unread
            },
        },
    )?;
    w.step("store message")?;
    if new {
        // Where ours stood before, if the log is one that lost it and grew again.
        send_again(w, log, (seq, seq))?;
        changed(w, log.conversation, id);
        if !own {
            w.changes.notices.push(Notice::Message(id));
        }
    }
    if !own {
        receipt::queue(w, &log.group)?;
    }
    Ok(())
}

fn id_of(parts: &[&[u8]]) -> MessageId {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(parts.concat());
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    MessageId(id)
}

/// The log lost these entries: our messages there that nobody has are sent again (rule 2).
pub(crate) fn send_again(w: &mut Work<'_>, log: &Log, lost: (Seq, Seq)) -> Result<()> {
    for lost in message::unreceived(w.db, &log.group, lost)? {
        let place = message::next_waiting(w.db, &lost.conversation)?;
        message::set_waiting(w.db, &lost.id, place)?;
        queue(w, lost.conversation, lost.id, lost.priority)?;
        changed(w, lost.conversation, lost.id);
    }
    Ok(())
}

/// Our own message came back from the log: this is its place for ever (rule 15).
pub(crate) fn echoed(w: &mut Work<'_>, log: &Log, seq: Seq, id: MessageId) -> Result<()> {
    message::set_place(w.db, &id, &log.group, seq)?;
    if let Some(message) = message::get(w.db, &id)? {
        if message.state == MessageState::Sending {
            message::set_state(w.db, &id, MessageState::Sent)?;
        }
        changed(w, log.conversation, id);
    }
    Ok(())
}

/// The relay has it on disk.
pub(crate) fn sent(w: &mut Work<'_>, id: MessageId) -> Result<()> {
    if let Some(message) = message::get(w.db, &id)?
        && message.state == MessageState::Sending
    {
        message::set_state(w.db, &id, MessageState::Sent)?;
        changed(w, message.conversation, id);
    }
    Ok(())
}

/// It will not be sent by itself any more.
pub(crate) fn failed(w: &mut Work<'_>, id: MessageId) -> Result<()> {
    if let Some(message) = message::get(w.db, &id)? {
        message::set_state(w.db, &id, MessageState::Failed)?;
        changed(w, message.conversation, id);
    }
    Ok(())
}
