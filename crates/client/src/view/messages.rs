//! Rows of messages, from what the engine reads.

use super::{
    ChatKind, Draft, LastLine, Mention, MessageKind, MessageNotice, MessageRow, MessageState,
    Names, Priority, Quote, Reaction, SearchHit, SendOptions, count, group_change, millis,
};
use crate::{Problem, ProblemCode};
use data_encoding::HEXLOWER;
use snug_engine as engine;
use snug_engine::Result;
use snug_wire::content;

/// Characters of a quoted text.
const QUOTED: usize = 280;
/// Names under a reaction.
const NAMES: usize = 20;
/// Characters of a text that was found before the first word, and in all.
const SNIPPET: (usize, usize) = (40, 160);

/// A message.
pub(crate) fn message_row(names: &mut Names<'_>, message: engine::Message) -> Result<MessageRow> {
    let view = names.view();
    let form = message.form();
    let versions = if message.amended.edited {
        view.versions(&message)?
    } else {
        Vec::new()
    };
    let reply_to = form.as_ref().and_then(|form| form.reply_to);
    let quote = reply_to.map(|id| quote(names, &id)).transpose()?;
    let reactions = if message.reacted {
        reactions(names, &message)?
    } else {
        Vec::new()
    };
    let forwarded = form.as_ref().is_some_and(|form| form.forwarded);
    let mentions = match versions.last() {
        Some(version) => version.mentions.clone(),
        None => form.map(|form| form.mentions).unwrap_or_default(),
    };
    let deleted = message.amended.deleted;
    Ok(MessageRow {
        id: message.id.to_string(),
        chat: message.conversation.to_string(),
        author: message.author.to_string(),
        author_name: names.of(&message.author)?,
        own: own(names, &message)?,
        kind: kind(&message),
        notice: notice(&message),
        at: millis(message.at),
        order: HEXLOWER.encode(&message.place.0),
        state: state(message.state),
        problem: message.problem.map(problem),
        quote: quote.filter(|_| !deleted),
        forwarded,
        edited_at: versions.last().filter(|_| !deleted).map(|v| millis(v.at)),
        changing: message.amended.pending,
        reactions,
        mentions: mentions
            .iter()
            .filter(|_| !deleted)
            .map(mention_row)
            .collect(),
        mentions_me: message.to_me,
        priority: priority(message.priority),
        timer: message.timer,
        expires_at: message.expires_at.map(millis),
        text: if deleted { String::new() } else { message.text },
    })
}

/// The newest line of a chat.
pub(crate) fn last_line(
    names: &mut Names<'_>,
    chat: ChatKind,
    message: engine::Message,
) -> Result<LastLine> {
    let author_name = match chat {
        ChatKind::Direct => None,
        ChatKind::Group => Some(names.of(&message.author)?),
    };
    Ok(LastLine {
        author_name,
        kind: kind(&message),
        notice: notice(&message),
        own: own(names, &message)?,
        state: state(message.state),
        at: millis(message.at),
        text: if message.amended.deleted {
            String::new()
        } else {
            message.text
        },
    })
}

fn kind(message: &engine::Message) -> MessageKind {
    match message.kind {
        engine::MessageKind::Text if message.amended.deleted => MessageKind::Deleted,
        engine::MessageKind::Text => MessageKind::Text,
        engine::MessageKind::Timer
        | engine::MessageKind::Event(_)
        | engine::MessageKind::Happened => MessageKind::Notice,
        engine::MessageKind::Unknown => MessageKind::Unknown,
    }
}

fn notice(message: &engine::Message) -> Option<MessageNotice> {
    match message.kind {
        engine::MessageKind::Timer => Some(MessageNotice::Timer {
            seconds: message.timer_set(),
        }),
        engine::MessageKind::Event(engine::Event::Gap) => Some(MessageNotice::Gap),
        engine::MessageKind::Event(engine::Event::Renewed) => Some(MessageNotice::Renewed),
        engine::MessageKind::Event(engine::Event::NewDevice) => Some(MessageNotice::NewDevice),
        engine::MessageKind::Happened => Some(MessageNotice::Changes {
            changes: message.happened().into_iter().map(group_change).collect(),
        }),
        _ => None,
    }
}

/// Whether it is one's own doing. A change of a group is written by nobody: its author is who did it.
fn own(names: &Names<'_>, message: &engine::Message) -> Result<bool> {
    if message.kind != engine::MessageKind::Happened {
        return Ok(message.own);
    }
    let me = names.view().account()?.map(|account| account.id);
    Ok(me == Some(message.author))
}

fn problem(problem: engine::Problem) -> ProblemCode {
    match problem {
        engine::Problem::Expired => ProblemCode::Expired,
        engine::Problem::Refused => ProblemCode::ChatGone,
        engine::Problem::Unopened => ProblemCode::Unopened,
    }
}

fn state(state: engine::MessageState) -> MessageState {
    use engine::MessageState as Engine;
    match state {
        Engine::Sending => MessageState::Sending,
        Engine::Sent => MessageState::Sent,
        Engine::Delivered => MessageState::Delivered,
        Engine::Read => MessageState::Read,
        Engine::Failed => MessageState::Failed,
        Engine::Unread | Engine::Seen => MessageState::Received,
    }
}

fn priority(priority: content::Priority) -> Priority {
    match priority {
        content::Priority::Low => Priority::Low,
        content::Priority::Normal => Priority::Normal,
        content::Priority::High => Priority::High,
        content::Priority::Urgent => Priority::Urgent,
    }
}

fn mention_row(mention: &content::Mention) -> Mention {
    Mention {
        account: mention.account.to_string(),
        from: mention.from,
        to: mention.to,
    }
}

fn quote(names: &mut Names<'_>, id: &snug_wire::MessageId) -> Result<Quote> {
    let Some(message) = names.view().message(id)? else {
        return Ok(Quote {
            id: id.to_string(),
            author: String::new(),
            author_name: String::new(),
            own: false,
            text: String::new(),
            gone: true,
        });
    };
    let gone = kind(&message) != MessageKind::Text;
    let text = message.text.chars().take(if gone { 0 } else { QUOTED });
    Ok(Quote {
        id: id.to_string(),
        author: message.author.to_string(),
        author_name: names.of(&message.author)?,
        own: message.own,
        text: text.collect(),
        gone,
    })
}

fn reactions(names: &mut Names<'_>, message: &engine::Message) -> Result<Vec<Reaction>> {
    let own = names.view().account()?.map(|account| account.id);
    let mut rows: Vec<Reaction> = Vec::new();
    for (account, emoji) in names.view().reactions(&message.id)? {
        let name = names.of(&account)?;
        let row = match rows.iter_mut().find(|row| row.emoji == emoji) {
            Some(row) => row,
            None => {
                rows.push(Reaction {
                    emoji,
                    count: 0,
                    own: false,
                    names: Vec::new(),
                });
                let Some(row) = rows.last_mut() else { continue };
                row
            }
        };
        row.count = row.count.saturating_add(1);
        row.own |= own == Some(account);
        if row.names.len() < NAMES {
            row.names.push(name);
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    Ok(rows)
}

/// A draft as hosts see it.
pub(crate) fn draft_row(draft: engine::Draft) -> Draft {
    Draft {
        text: draft.text,
        reply_to: draft.reply_to.map(|id| id.to_string()),
        editing: draft.editing.map(|id| id.to_string()),
    }
}

fn id<T: std::str::FromStr>(text: &str) -> std::result::Result<T, Problem> {
    let no = |_| Problem::new(ProblemCode::NotFound, "There is no such message or person.");
    text.parse().map_err(no)
}

/// A draft as the engine keeps it.
pub(crate) fn from_draft(draft: &Draft) -> std::result::Result<engine::Draft, Problem> {
    Ok(engine::Draft {
        text: draft.text.clone(),
        reply_to: draft.reply_to.as_deref().map(id).transpose()?,
        editing: draft.editing.as_deref().map(id).transpose()?,
    })
}

/// Mentions as they are sent.
pub(crate) fn mentions(rows: &[Mention]) -> std::result::Result<Vec<content::Mention>, Problem> {
    let mention = |row: &Mention| {
        Ok(content::Mention {
            account: id(&row.account)?,
            from: row.from,
            to: row.to,
        })
    };
    rows.iter().map(mention).collect()
}

/// What goes with a text, as the engine takes it.
pub(crate) fn options(options: &SendOptions) -> std::result::Result<engine::Extras, Problem> {
    Ok(engine::Extras {
        reply_to: options.reply_to.as_deref().map(id).transpose()?,
        mentions: mentions(&options.mentions)?,
        priority: match options.priority {
            Priority::Low => content::Priority::Low,
            Priority::Normal => content::Priority::Normal,
            Priority::High => content::Priority::High,
            Priority::Urgent => content::Priority::Urgent,
        },
        forwarded: false,
    })
}

/// A message that was found, with the part of its text that has the words.
pub(crate) fn search_hit(
    names: &mut Names<'_>,
    message: engine::Message,
    words: &[String],
) -> Result<SearchHit> {
    let chat = names.view().chat(&message.conversation)?;
    let message = message_row(names, message)?;
    let (snippet, marks) = snippet(&message.text, words);
    Ok(SearchHit {
        chat_title: chat.map(|chat| chat.title).unwrap_or_default(),
        message,
        snippet,
        marks,
    })
}

/// The part of a text around the first word that is in it, and where words stand in it, in UTF-16
/// code units. Words are folded.
fn snippet(text: &str, words: &[String]) -> (String, Vec<(u32, u32)>) {
    // Folded letter by letter, with the letter each came from.
    let letters: Vec<char> = text.chars().collect();
    let mut folded = Vec::new();
    for (n, letter) in letters.iter().enumerate() {
        let one = engine::fold(letter.encode_utf8(&mut [0; 4]));
        folded.extend(one.chars().map(|letter| (letter, n)));
    }
    let plain: Vec<char> = folded.iter().map(|(letter, _)| *letter).collect();
    let mut found: Vec<(usize, usize)> = Vec::new();
    for word in words {
        let word: Vec<char> = word.chars().collect();
        if word.is_empty() {
            continue;
        }
        for (at, window) in plain.windows(word.len()).enumerate() {
            if window == word
                && let (Some((_, from)), Some((_, to))) =
                    (folded.get(at), folded.get(at + word.len() - 1))
            {
                found.push((*from, *to + 1));
            }
        }
    }
    found.sort_unstable();
    let first = found.first().map_or(0, |(from, _)| *from);
    let begin = first.saturating_sub(SNIPPET.0);
    let shown: Vec<char> = letters
        .iter()
        .skip(begin)
        .take(SNIPPET.1)
        .copied()
        .collect();
    let end = begin + shown.len();
    let units = |to: usize| {
        let before = shown.iter().take(to.saturating_sub(begin));
        count(before.map(|letter| letter.len_utf16() as u64).sum())
    };
    let mut marks: Vec<(u32, u32)> = Vec::new();
    for (from, to) in found
        .into_iter()
        .filter(|(from, to)| *from >= begin && *to <= end)
    {
        let (from, to) = (units(from), units(to));
        match marks.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => marks.push((from, to)),
        }
    }
    (shown.into_iter().collect(), marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_marked_in_utf16() {
        let words = ["uber".to_owned(), "tee".to_owned()];
        let (text, marks) = snippet("\u{1f375} Über Tee", &words);
        assert_eq!(text, "\u{1f375} Über Tee");
        assert_eq!(marks, [(3, 7), (8, 11)]);
    }

    #[test]
    fn a_long_text_is_shown_around_the_first_word() {
        let text = format!("{}needle{}", "x".repeat(1_000), "y".repeat(1_000));
        let (shown, marks) = snippet(&text, &["needle".to_owned()]);
        assert_eq!(shown.chars().count(), 160);
        assert_eq!(marks, [(40, 46)]);
    }
}
