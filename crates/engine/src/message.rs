//! Messages: writing, sending again, discarding, seeing.

use crate::changes::Notice;
use crate::error::{Rejection, Result};
use crate::store::table::conversation::{self, ChatStanding};
use crate::store::table::draft::{self, Draft};
use crate::store::table::log::{self, Log};
use crate::store::table::message::{self, Message, MessageKind, MessageState, Place, Problem};
use crate::store::table::outbox::{self as queued, Intent, New, Stage};
use crate::store::table::{blocked, gone, mailbox};
use crate::work::Work;
use crate::{block, keeping, outbox, post, receipt, search, timer};
use snug_wire::content::{Body, Content, MENTIONS, Mention, Priority, Text};
use snug_wire::log_state::Credential;
use snug_wire::{AccountId, ConversationId, MessageId, Seq, TEXT_LIMIT, encode};

/// The most messages that may wait to be sent; then writing is refused, nothing is dropped.
pub const WAITING_LIMIT: u64 = 10_000;
/// The most bytes that may wait to be sent.
pub const WAITING_BYTES: u64 = 64 << 20;
/// What has not left after a week will not be expected any more: its author is told.
const LONGEST_WAIT: u64 = 7 * 24 * 3_600_000;

/// What goes with a text.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Who is named in it.
    pub mentions: Vec<Mention>,
    /// How urgent.
    pub priority: Priority,
    /// Whether somebody wrote it elsewhere before.
    pub forwarded: bool,
}

pub(crate) fn check_text(text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Rejection::TextEmpty.into());
    }
    if text.len() > TEXT_LIMIT {
        return Err(Rejection::TextTooLong.into());
    }
    Ok(())
}

/// Stores a text and its intent; encrypts it at once where its log is ready.
pub(crate) fn send(
    w: &mut Work<'_>,
    id: ConversationId,
    text: &str,
    extras: Extras,
) -> Result<MessageId> {
    let message = send_beside_draft(w, id, text, extras)?;
    if draft::get(w.db, &id)?.is_some() {
        draft::delete(w.db, &id)?;
    }
    Ok(message)
}

fn send_beside_draft(
    w: &mut Work<'_>,
    id: ConversationId,
    text: &str,
    mut extras: Extras,
) -> Result<MessageId> {
    check_text(text)?;
    extras.mentions.truncate(MENTIONS);
    let message = MessageId(w.random());
    let priority = extras.priority;
    let stays = timer::of(w.db, &id)?;
    let body = Body::Text(Text {
        reply_to: extras.reply_to,
        mentions: extras.mentions,
        forwarded: extras.forwarded,
        timer: stays,
        ..Text::new(message, text.to_owned(), priority)
    });
    let content = Content { at: w.now, body };
    write(w, id, message, &content, |new| Message {
        kind: MessageKind::Text,
        text: text.to_owned(),
        priority,
        timer: stays,
        ..new
    })?;
    Ok(message)
}

/// Writes what a message says into other conversations.
pub(crate) fn forward(
    w: &mut Work<'_>,
    id: MessageId,
    to: &[ConversationId],
) -> Result<Vec<MessageId>> {
    let is = |m: &Message| m.kind == MessageKind::Text && !m.amended.deleted;
    let message = message::get(w.db, &id)?
        .filter(is)
        .ok_or(Rejection::NotFound)?;
    let extras = Extras {
        forwarded: true,
        ..Extras::default()
    };
    to.iter()
        .map(|to| send_beside_draft(w, *to, &message.text, extras.clone()))
        .collect()
}

/// Keeps what was begun to be written; an empty one is none.
pub(crate) fn keep_draft(w: &mut Work<'_>, id: ConversationId, new: Option<&Draft>) -> Result<()> {
    conversation::get(w.db, &id)?.ok_or(Rejection::NotFound)?;
    let is_one = |d: &&Draft| !d.text.is_empty() || d.reply_to.is_some() || d.editing.is_some();
    match new.filter(is_one) {
        Some(new) if new.text.len() > TEXT_LIMIT => return Err(Rejection::TextTooLong.into()),
        Some(new) => draft::put(w.db, &id, new)?,
        None => draft::delete(w.db, &id)?,
    }
    w.changes.conversations.insert(id);
    Ok(())
}

/// Stores a line of the timeline of ours and the intent to send it.
pub(crate) fn write(
    w: &mut Work<'_>,
    id: ConversationId,
    message: MessageId,
    content: &Content,
    line: impl FnOnce(Message) -> Message,
) -> Result<()> {
    check_queue(w)?;
    check_in(w, &id)?;
    block::check(w, &id)?;
    keeping::bring_out(w, &id)?;
    let place = message::next_waiting(w.db, &id)?;
    let author = (w.me()?.account, true);
    let new = Message::new(message, id, place, author, MessageKind::Unknown, w.now);
    let new = line(Message {
        content: encode(content),
        ..new
    });
    message::insert(w.db, &new)?;
    queue(w, id, Intent::Message(message))?;
    changed(w, id, message);
    Ok(())
}

/// Whether a conversation can be written to.
pub(crate) fn check_in(w: &Work<'_>, id: &ConversationId) -> Result<()> {
    let there = conversation::get(w.db, id)?.ok_or(Rejection::NotFound)?;
    if there.standing == ChatStanding::In {
        Ok(())
    } else {
        Err(Rejection::NotIn.into())
    }
}

pub(crate) fn check_queue(w: &Work<'_>) -> Result<()> {
    let (count, bytes) = queued::messages_waiting(w.db)?;
    if count >= WAITING_LIMIT {
        return Err(Rejection::QueueFull.into());
    }
    if bytes >= WAITING_BYTES {
        return Err(Rejection::QueueHeavy.into());
    }
    Ok(())
}

pub(crate) fn changed(w: &mut Work<'_>, id: ConversationId, message: MessageId) {
    w.changes.messages.insert(message);
    w.changes.conversations.insert(id);
}

/// Queues what is to be sent in the log that is written to: the lowest ready one, else the lowest
/// (rule 19). In a lane the order of writing is the order of sending, however urgent.
pub(crate) fn queue(w: &mut Work<'_>, id: ConversationId, intent: Intent) -> Result<()> {
    let logs = log::of(w.db, &id)?;
    let log = logs
        .iter()
        .find(|log| log.is_sound())
        .or(logs.iter().find(|log| log.ready))
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
            priority: Priority::Normal,
            not_before: 0,
            intent,
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
    check_in(w, &message.conversation)?;
    let place = message::next_waiting(w.db, &message.conversation)?;
    message::set_waiting(w.db, &id, place)?;
    queue(w, message.conversation, Intent::Message(id))?;
    changed(w, message.conversation, id);
    Ok(())
}

/// Forgets a message of ours that failed, or has not been encrypted yet.
pub(crate) fn discard(w: &mut Work<'_>, id: MessageId) -> Result<()> {
    let message = message::get(w.db, &id)?.ok_or(Rejection::NotFound)?;
    let row = queued::by_message(w.db, &id)?;
    let free = match (&row, message.state) {
        (None, MessageState::Failed) => true,
        (Some(row), MessageState::Sending) => row.stage == Stage::Waiting,
        _ => false,
    };
    if !free {
        return Err(Rejection::NotFound.into());
    }
    if let Some(row) = row {
        queued::delete(w.db, row.id)?;
    }
    post::withdraw(w, &message)?;
    remove(w, &message)
}

/// A message's time is over: it does not come back.
pub(crate) fn disappear(w: &mut Work<'_>, message: &Message) -> Result<()> {
    gone::add(w.db, &message.id, w.now)?;
    remove(w, message)
}

/// Nothing of a message stays on this device.
pub(crate) fn remove(w: &mut Work<'_>, message: &Message) -> Result<()> {
    search::forget(w.db, message)?;
    post::forget(w.db, &message.id)?;
    message::delete(w.db, &message.id)?;
    search::shrink(w.db)?;
    w.changes.gone.insert((message.conversation, message.id));
    w.changes.conversations.insert(message.conversation);
    Ok(())
}

/// What waited too long to be sent fails, and says so.
pub(crate) fn give_up(w: &mut Work<'_>) -> Result<()> {
    for row in queued::waiting_since(w.db, w.now.saturating_sub(LONGEST_WAIT))? {
        queued::delete(w.db, row.id)?;
        match &row.intent {
            Intent::Message(id) => failed(w, *id, Problem::Expired)?,
            Intent::Post(id, _) => post::failed(w, id)?,
            _ => {}
        }
    }
    Ok(())
}

/// Everything up to a message was on the person's screen; their devices and the authors are told.
pub(crate) fn mark_read(w: &mut Work<'_>, id: ConversationId, up_to: MessageId) -> Result<()> {
    let place = message::get(w.db, &up_to)?
        .filter(|message| message.conversation == id)
        .ok_or(Rejection::NotFound)?
        .place;
    for (seen, group, seq) in message::mark_seen(w.db, &id, place)? {
        message::start_timer(w.db, &seen, w.now)?;
        changed(w, id, seen);
        if log::raise_read(w.db, &group, seq)? {
            receipt::queue_read(w, &group)?;
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
    let me = w.me()?.account;
    let own = author.account == me;
    let id = match &content.body {
        Body::Text(text) => text.id,
        Body::Timer(timer) => timer.id,
        // Named by its place, so that a newer Snug can read it again without doubling it.
        _ => id_of(&[&log.group.0, &seq.0.to_be_bytes()]),
    };
    let id = match message::get(w.db, &id)? {
        // Ids are chosen by authors: somebody else's, or one of another chat, is not this message.
        Some(there) if (there.author, there.conversation) != (author.account, log.conversation) => {
            id_of(&[&log.conversation.0, &author.account.0, &id.0])
        }
        _ => id,
    };
    let unread = if own {
        MessageState::Sent
    } else {
        MessageState::Unread
    };
    let new = Message {
        group: Some(log.group),
        seq,
        content: raw.to_vec(),
        state: unread,
        ..Message::new(
            id,
            log.conversation,
            Place::of(&log.group, seq),
            (author.account, own),
            MessageKind::Unknown,
            // A clock that is ahead would keep a chat on top for ever.
            content.at.min(w.now),
        )
    };
    let new = match &content.body {
        Body::Text(text) => Message {
            kind: MessageKind::Text,
            text: text.text.clone(),
            priority: text.priority,
            to_me: !own && names(&text.mentions, &me),
            timer: text.timer,
            // Our other device sent it: here it has been seen.
            expires_at: text.timer.filter(|_| own).map(|s| timer::end(w.now, s)),
            ..new
        },
        Body::Timer(_) => Message {
            kind: MessageKind::Timer,
            state: if own { unread } else { MessageState::Seen },
            ..new
        },
        _ => new,
    };
    if gone::is(w.db, &id)? {
        // Sent once more after its time.
        return Ok(());
    }
    let kind = new.kind;
    let added = message::insert(w.db, &new)?;
    w.step("store message")?;
    if !added {
        sent_again(w, log, seq, &id)?;
    }
    if added {
        post::catch_up(w, &new)?;
        changed(w, log.conversation, id);
        keeping::bring_out(w, &log.conversation)?;
        if !own && kind != MessageKind::Timer && !blocked::is(w.db, &author.account)? {
            w.changes.notices.push(Notice::Message(id));
        }
    }
    if !own {
        receipt::queue(w, &log.group)?;
    }
    Ok(())
}

/// A message that is here came once more: it stands for everyone where it stands now. If it is ours, and
/// another device of ours sent it, we need not.
fn sent_again(w: &mut Work<'_>, log: &Log, seq: Seq, id: &MessageId) -> Result<()> {
    let Some(there) = message::get(w.db, id)? else {
        return Ok(());
    };
    if let Some(row) = queued::by_message(w.db, id)? {
        if row.stage != Stage::Waiting {
            // Our own echo will say where it stands.
            return Ok(());
        }
        queued::delete(w.db, row.id)?;
    }
    message::set_place(w.db, id, &log.group, seq)?;
    if matches!(there.state, MessageState::Sending | MessageState::Failed) {
        message::set_state(w.db, id, MessageState::Sent)?;
    }
    // It was seen where it stood before: its author is to know that here too.
    if there.state == MessageState::Seen
        && !message::is_unread_before(w.db, &log.conversation, &log.group, seq)?
        && log::raise_read(w.db, &log.group, seq)?
    {
        receipt::queue_read(w, &log.group)?;
    }
    changed(w, log.conversation, *id);
    Ok(())
}

/// Whether an account is among those named.
pub(crate) fn names(mentions: &[Mention], account: &AccountId) -> bool {
    mentions.iter().any(|mention| mention.account == *account)
}

pub(crate) fn id_of(parts: &[&[u8]]) -> MessageId {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(parts.concat());
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(digest) {
        *to = from;
    }
    MessageId(id)
}

/// These entries were lost to the log, or to somebody: our messages there that nobody has are sent again
/// (rules 2, 17), and what we said there about messages.
pub(crate) fn send_again(w: &mut Work<'_>, log: &Log, lost: (Seq, Seq)) -> Result<()> {
    for lost in message::unreceived(w.db, &log.group, lost)? {
        queue_again(w, &lost)?;
    }
    post::send_again(w, log, lost)
}

/// So long ago somebody may not have it yet whose log broke, in milliseconds.
const LATELY: u64 = 3_600_000;

/// What we said in a log below an entry and nobody is known to have, or could not open, is said again.
pub(crate) fn send_unheard(w: &mut Work<'_>, log: &Log, below: Seq) -> Result<()> {
    let own = w.me()?.account;
    let state = w.state(&log.group)?;
    let tells = state.participants.len() as u64 <= crate::receipt::MOST;
    for unheard in message::unheard(w.db, &log.group, below)? {
        // Where nobody tells what they have, what was said just now.
        if tells || unheard.at.saturating_add(LATELY) >= w.now {
            queue_again(w, &unheard)?;
        }
    }
    if !tells {
        return Ok(());
    }
    let mut heard = Seq(u64::MAX);
    for other in state.participants.iter().filter(|p| p.account != own) {
        let (delivered, _) = crate::store::table::receipt::get(w.db, &log.group, &other.account)?;
        heard = heard.min(delivered);
    }
    let from = Seq(heard.0.saturating_add(1));
    post::send_again(w, log, (from, Seq(below.0.saturating_sub(1))))
}

fn queue_again(w: &mut Work<'_>, lost: &Message) -> Result<()> {
    let place = message::next_waiting(w.db, &lost.conversation)?;
    message::set_waiting(w.db, &lost.id, place)?;
    queue(w, lost.conversation, Intent::Message(lost.id))?;
    changed(w, lost.conversation, lost.id);
    Ok(())
}

/// Our own message came back from the log: this is its place for ever (rule 15).
pub(crate) fn echoed(w: &mut Work<'_>, log: &Log, seq: Seq, id: MessageId) -> Result<()> {
    message::set_place(w.db, &id, &log.group, seq)?;
    if let Some(message) = message::get(w.db, &id)? {
        if message.state == MessageState::Sending {
            message::set_state(w.db, &id, MessageState::Sent)?;
        }
        message::start_timer(w.db, &id, w.now)?;
        changed(w, log.conversation, id);
    }
    Ok(())
}

/// It will not be sent by itself any more.
pub(crate) fn failed(w: &mut Work<'_>, id: MessageId, problem: Problem) -> Result<()> {
    if let Some(message) = message::get(w.db, &id)? {
        message::set_failed(w.db, &id, problem)?;
        changed(w, message.conversation, id);
    }
    Ok(())
}
