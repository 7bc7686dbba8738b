//! What is said about a message: edits, deletions, reactions. Each stands at its place of the log; of
//! several by one author the one in the highest place counts, a deletion for good. So every device
//! comes to the same end, whatever arrived first.

use crate::error::{Rejection, Result};
use crate::message::{self as messages, check_text, names};
use crate::read::Version;
use crate::store::table::amendment::{self, Amendment};
use crate::store::table::log::Log;
use crate::store::table::message::{self, Amended, Message, MessageKind, MessageState, Place};
use crate::store::table::outbox::{self as queued, Intent, Stage};
use crate::store::table::{gone, reaction};
use crate::work::Work;
use crate::{block, search};
use rusqlite::Connection;
use snug_wire::content::{Body, Content, Delete, EMOJI_LIMIT, Edit, MENTIONS, Mention, React};
use snug_wire::{AccountId, FRAME_LIMIT, MessageId, Seq, TEXT_LIMIT, decode, encode};

/// A message of ours that can still be changed.
fn own(w: &Work<'_>, id: &MessageId) -> Result<Message> {
    let message = standing(w, id)?;
    if !message.own {
        return Err(Rejection::NotYours.into());
    }
    Ok(message)
}

/// A text that was not taken back.
fn standing(w: &Work<'_>, id: &MessageId) -> Result<Message> {
    let is = |m: &Message| m.kind == MessageKind::Text && !m.amended.deleted;
    Ok(message::get(w.db, id)?
        .filter(is)
        .ok_or(Rejection::NotFound)?)
}

/// Whether nobody can have heard of a message of ours, nor is about to: it can be changed in place.
fn is_here_only(w: &Work<'_>, message: &Message) -> Result<bool> {
    let waits =
        queued::by_message(w.db, &message.id)?.is_some_and(|row| row.stage == Stage::Waiting);
    Ok((waits || message.state == MessageState::Failed)
        && message.group.is_none()
        && !message::was_sent(w.db, &message.id)?)
}

/// Gives an own message another text. One that nobody can have is simply written anew.
pub(crate) fn edit(
    w: &mut Work<'_>,
    id: MessageId,
    text: &str,
    mut mentions: Vec<Mention>,
) -> Result<()> {
    check_text(text)?;
    mentions.truncate(MENTIONS);
    let message = own(w, &id)?;
    if is_here_only(w, &message)?
        && amendment::of(w.db, &id, &message.author)?.is_empty()
        && let Ok(mut content) = decode::<Content>(&message.content, FRAME_LIMIT)
        && let Body::Text(form) = &mut content.body
    {
        form.text = text.to_owned();
        form.mentions = mentions;
        search::forget(w.db, &message)?;
        message::rewrite(w.db, &id, text, &encode(&content))?;
        search::add(w.db, &id, text)?;
        messages::changed(w, message.conversation, id);
        return Ok(());
    }
    let edit = Edit {
        id: MessageId(w.random()),
        message: id,
        text: text.to_owned(),
        mentions,
    };
    post(w, &message, edit.id, Body::Edit(edit))
}

/// Takes an own message back for everyone. One that nobody can have just goes.
pub(crate) fn delete(w: &mut Work<'_>, id: MessageId) -> Result<()> {
    let message = own(w, &id)?;
    if is_here_only(w, &message)? {
        return messages::discard(w, id);
    }
    let delete = Delete {
        id: MessageId(w.random()),
        message: id,
    };
    post(w, &message, delete.id, Body::Delete(delete))
}

/// Says what one thinks of a message; `None` takes it back.
pub(crate) fn react(w: &mut Work<'_>, id: MessageId, emoji: Option<&str>) -> Result<()> {
    let message = standing(w, &id)?;
    let emoji = emoji.filter(|emoji| !emoji.is_empty());
    if emoji.is_some_and(|emoji| emoji.len() > EMOJI_LIMIT) {
        return Err(Rejection::TextTooLong.into());
    }
    let me = w.me()?.account;
    let all = reaction::of(w.db, &id)?;
    let before = all
        .iter()
        .find(|(who, _)| *who == me)
        .map(|(_, e)| e.as_str());
    if before == emoji {
        return Ok(());
    }
    let react = React {
        id: MessageId(w.random()),
        message: id,
        emoji: emoji.map(str::to_owned),
    };
    post(w, &message, react.id, Body::React(react))
}

/// Shows it at once and queues it.
fn post(w: &mut Work<'_>, about: &Message, id: MessageId, body: Body) -> Result<()> {
    messages::check_queue(w)?;
    messages::check_in(w, &about.conversation)?;
    block::check(w, &about.conversation)?;
    let content = Content { at: w.now, body };
    let raw = encode(&content);
    let place = next_place(w);
    let me = w.me()?.account;
    apply(w, about.conversation, me, place, &content, &raw)?;
    messages::queue(w, about.conversation, Intent::Post(id, raw))
}

/// Ours came back from the log: this is its place for ever (rule 15).
pub(crate) fn echoed(
    w: &mut Work<'_>,
    log: &Log,
    seq: Seq,
    id: &MessageId,
    raw: &[u8],
) -> Result<()> {
    amendment::delete(w.db, id)?;
    reaction::delete(w.db, id)?;
    let content: Content = decode(raw, FRAME_LIMIT)?;
    let me = w.me()?.account;
    let place = Place::of(&log.group, seq);
    apply(w, log.conversation, me, place, &content, raw)
}

/// It will not leave any more: what it said is taken back.
pub(crate) fn failed(w: &mut Work<'_>, id: &MessageId) -> Result<()> {
    let about = match amendment::delete(w.db, id)? {
        None => reaction::delete(w.db, id)?,
        about => about,
    };
    if let Some(about) = about {
        refresh(w, &about)?;
    }
    Ok(())
}

/// What we said about messages in these entries of a log was lost to somebody: it is said again, and all
/// that we said later about the same messages, so that the last word stays the last.
pub(crate) fn send_again(w: &mut Work<'_>, log: &Log, (from, to): (Seq, Seq)) -> Result<()> {
    if from > to {
        return Ok(());
    }
    let me = w.me()?.account;
    let (from, to) = (Place::of(&log.group, from), Place::of(&log.group, to));
    for lost in amendment::from_between(w.db, &me, from, to)? {
        amendment::set_place(w.db, &lost.id, next_place(w))?;
        queue_again(w, log, &lost.message, lost.id, lost.content)?;
    }
    for (id, about, emoji) in reaction::from_between(w.db, &me, from, to)? {
        let react = React {
            id,
            message: about,
            emoji: Some(emoji).filter(|emoji| !emoji.is_empty()),
        };
        let content = Content {
            at: w.now,
            body: Body::React(react),
        };
        reaction::set_place(w.db, &id, next_place(w))?;
        queue_again(w, log, &about, id, encode(&content))?;
    }
    Ok(())
}

fn queue_again(
    w: &mut Work<'_>,
    log: &Log,
    about: &MessageId,
    id: MessageId,
    raw: Vec<u8>,
) -> Result<()> {
    if let Some(row) = queued::by_message(w.db, &id)? {
        queued::delete(w.db, row.id)?;
    }
    messages::queue(w, log.conversation, Intent::Post(id, raw))?;
    refresh(w, about)
}

/// Behind everything of ours that waits: its row of the outbox is the last.
fn next_place(w: &Work<'_>) -> Place {
    Place::waiting(w.live.last_row.cast_unsigned().saturating_add(1))
}

/// Why something said about a message does not count; `None` when it does.
pub(crate) fn objection(body: &Body) -> Option<&'static str> {
    match body {
        Body::Edit(edit) if edit.text.len() > TEXT_LIMIT => Some("a text longer than allowed"),
        Body::React(react)
            if react
                .emoji
                .as_ref()
                .is_some_and(|emoji| emoji.len() > EMOJI_LIMIT) =>
        {
            Some("a reaction longer than allowed")
        }
        _ => None,
    }
}

/// Keeps what an author said about a message, whether or not that message is here.
pub(crate) fn apply(
    w: &mut Work<'_>,
    conversation: snug_wire::ConversationId,
    author: AccountId,
    place: Place,
    content: &Content,
    raw: &[u8],
) -> Result<()> {
    let (id, about) = match &content.body {
        Body::Edit(edit) => (edit.id, edit.message),
        Body::Delete(delete) => (delete.id, delete.message),
        Body::React(react) => (react.id, react.message),
        _ => return Ok(()),
    };
    if gone::is(w.db, &about)? {
        return Ok(());
    }
    let message = message::get(w.db, &about)?;
    // Said in another conversation than the message stands in, it is about nothing.
    if message
        .as_ref()
        .is_some_and(|m| m.conversation != conversation)
    {
        return Ok(());
    }
    if let Body::React(react) = &content.body {
        if message.is_some_and(|m| m.amended.deleted && !m.amended.pending) {
            return Ok(());
        }
        let emoji = react.emoji.as_deref().unwrap_or_default();
        reaction::insert(w.db, &about, &author, place, &id, emoji)?;
    } else {
        amendment::insert(
            w.db,
            &Amendment {
                message: about,
                author,
                place,
                id,
                at: content.at.min(w.now),
                content: raw.to_vec(),
            },
        )?;
    }
    w.step("store post")?;
    refresh(w, &about)
}

/// A message arrived after what was said about it.
pub(crate) fn catch_up(w: &mut Work<'_>, message: &Message) -> Result<()> {
    let amended = !amendment::of(w.db, &message.id, &message.author)?.is_empty();
    if amended || !reaction::of(w.db, &message.id)?.is_empty() {
        refresh(w, &message.id)?;
    }
    Ok(())
}

/// Makes a message what everything said about it comes to.
fn refresh(w: &mut Work<'_>, id: &MessageId) -> Result<()> {
    let Some(message) = message::get(w.db, id)? else {
        return Ok(());
    };
    if message.content.is_empty() {
        // Erased for good: what came later goes too.
        return forget(w.db, id);
    }
    let Body::Text(original) = decode::<Content>(&message.content, FRAME_LIMIT)?.body else {
        return Ok(());
    };
    let mut amended = Amended::default();
    let (mut text, mut mentions) = (original.text, original.mentions);
    let mut deletion = None;
    for amendment in amendment::of(w.db, id, &message.author)? {
        amended.pending |= amendment.place.is_waiting();
        match amendment.body()? {
            Body::Edit(edit) => {
                amended.edited = true;
                (text, mentions) = (edit.text, edit.mentions);
            }
            Body::Delete(_) => {
                amended.deleted = true;
                if !amendment.place.is_waiting() {
                    deletion = Some(amendment.id);
                }
            }
            _ => {}
        }
    }
    if let Some(deletion) = deletion {
        search::forget(w.db, &message)?;
        amendment::forget(w.db, id, Some(&deletion))?;
        reaction::forget(w.db, id)?;
        message::erase(w.db, id)?;
    } else {
        if text != message.text {
            search::forget(w.db, &message)?;
            search::add(w.db, id, &text)?;
        }
        let to_me = !message.own && names(&mentions, &w.me()?.account);
        message::amend(w.db, id, amended, &text, to_me)?;
        message::set_reacted(w.db, id, !reaction::of(w.db, id)?.is_empty())?;
    }
    messages::changed(w, message.conversation, *id);
    Ok(())
}

/// All texts a message has had, the first one first.
pub(crate) fn versions(db: &Connection, message: &Message) -> Result<Vec<Version>> {
    let Some(original) = message.form() else {
        return Ok(Vec::new());
    };
    let mut versions = vec![Version {
        text: original.text,
        at: message.at,
        mentions: original.mentions,
    }];
    for amendment in amendment::of(db, &message.id, &message.author)? {
        if let Body::Edit(edit) = amendment.body()? {
            versions.push(Version {
                text: edit.text,
                at: amendment.at,
                mentions: edit.mentions,
            });
        }
    }
    Ok(versions)
}

/// What we were about to say about a message is not said.
pub(crate) fn withdraw(w: &mut Work<'_>, message: &Message) -> Result<()> {
    let me = w.me()?.account;
    let amendments = amendment::of(w.db, &message.id, &me)?;
    let mut ids: Vec<MessageId> = amendments.into_iter().map(|a| a.id).collect();
    ids.extend(reaction::ids(w.db, &message.id, &me)?);
    for id in ids {
        if let Some(row) = queued::by_message(w.db, &id)?.filter(|r| r.stage == Stage::Waiting) {
            queued::delete(w.db, row.id)?;
        }
    }
    Ok(())
}

/// Everything said about a message goes with it.
pub(crate) fn forget(db: &Connection, id: &MessageId) -> Result<()> {
    amendment::forget(db, id, None)?;
    reaction::forget(db, id)
}
