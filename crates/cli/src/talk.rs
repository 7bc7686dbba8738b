//! What one does with messages that are there.

use crate::chats::{confirmed, find, sent};
use crate::output::{self, Line};
use crate::{emoji, place, span};
use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use futures_util::future::try_join_all;
use serde::Deserialize;
use snug_client::Client;
use snug_client::view::{MessageRow, SearchQuery, SendOptions};

/// As commands of the program, and of `listen` with the same names and arguments.
#[derive(Debug, Deserialize, Subcommand)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Talk {
    /// Answer a message
    Reply {
        /// The message's id
        message: String,
        /// The answer
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Give a message of one's own another text; what it said before stays visible
    Edit {
        /// The message's id
        message: String,
        /// What it says from now on
        #[arg(allow_hyphen_values = true)]
        text: String,
    },
    /// Take a message of one's own back, for everyone
    Delete {
        /// The message's id
        message: String,
    },
    /// Say with an emoji what one thinks of a message; without one, take it back
    React {
        /// The message's id
        message: String,
        /// One emoji
        emoji: Option<String>,
    },
    /// Write what a message says into other chats; prints the new messages
    Forward {
        /// The message's id
        message: String,
        /// Ids or names of chats
        #[arg(required = true, value_name = "CHAT")]
        chats: Vec<String>,
    },
    /// Show who has a message since when, and what it said before
    Details {
        /// The message's id
        message: String,
    },
    /// Let a chat's messages disappear some time after they were seen
    Timer {
        /// The chat's id, or the other's name if no two chats share it
        chat: String,
        /// How long they stay, such as 24h; or off
        time: String,
    },
    /// Find messages by parts of words, newest first
    Search {
        /// Words; a message that has all of them somewhere is found
        #[arg(allow_hyphen_values = true)]
        text: String,
        /// Only in this chat
        #[arg(long)]
        chat: Option<String>,
        /// Only those before a place: the "before" of the last line shown earlier
        #[arg(long, value_name = "CURSOR")]
        before: Option<String>,
    },
}

/// Does one of them; returns when the relay has it.
pub async fn talk(client: &Client, talk: Talk) -> Result<Vec<Line>> {
    if let Talk::Details { .. } | Talk::Search { .. } = talk {
        place::look(client).await;
        return begin(client, talk).await?.done(client).await;
    }
    place::catch_up(client).await?;
    let begun = begin(client, talk).await?;
    confirmed("it", begun.done(client)).await
}

/// What is stored, and not yet known to be at the relay.
pub enum Begun {
    /// New messages.
    Written(Vec<MessageRow>),
    /// A message that is different now.
    Changed(String),
    /// A chat with another timer.
    Timed(String),
    /// Nothing: details of a message are asked for.
    Details(String),
    /// Nothing: messages are looked for.
    Search {
        text: String,
        chat: Option<String>,
        before: Option<String>,
    },
}

/// Begins one of them: what it writes is stored when this returns.
pub async fn begin(client: &Client, talk: Talk) -> Result<Begun> {
    Ok(match talk {
        Talk::Reply { message, text } => {
            let chat = client.message(&message).await?.chat;
            let options = SendOptions {
                reply_to: Some(message),
                ..SendOptions::default()
            };
            Begun::Written(vec![client.send_text(&chat, &text, &options).await?])
        }
        Talk::Edit { message, text } => {
            client.edit_message(&message, &text, &[]).await?;
            Begun::Changed(message)
        }
        Talk::Delete { message } => {
            client.delete_message(&message).await?;
            Begun::Changed(message)
        }
        Talk::React { message, emoji } => {
            if let Some(text) = emoji.as_deref().filter(|text| !emoji::is_one(text)) {
                bail!(
                    "{text:?} is not an emoji. Name one, such as 👍; or none, to take yours back."
                );
            }
            client.react(&message, emoji.as_deref()).await?;
            Begun::Changed(message)
        }
        Talk::Forward { message, chats } => {
            let mut ids = Vec::new();
            for chat in &chats {
                ids.push(find(client, chat).await?.id);
            }
            Begun::Written(client.forward(&message, &ids).await?)
        }
        Talk::Timer { chat, time } => {
            let chat = find(client, &chat).await?;
            let seconds = match time.as_str() {
                "off" => None,
                time => Some(seconds(time)?),
            };
            client.set_timer(&chat.id, seconds).await?;
            Begun::Timed(chat.id)
        }
        Talk::Details { message } => Begun::Details(message),
        Talk::Search { text, chat, before } => Begun::Search { text, chat, before },
    })
}

impl Begun {
    /// Waits until the relay has it; what there is then.
    pub async fn done(self, client: &Client) -> Result<Vec<Line>> {
        match self {
            Self::Written(messages) => {
                let sent = messages.iter().map(|message| sent(client, message));
                try_join_all(sent).await
            }
            Self::Changed(message) => {
                out(client).await?;
                Ok(vec![output::message(&client.message(&message).await?)?])
            }
            Self::Timed(chat) => {
                out(client).await?;
                let chats = client.chats().await?;
                let row = chats.iter().find(|row| row.id == chat);
                row.map(output::chat).into_iter().collect()
            }
            Self::Details(message) => {
                let details = client.message_details(&message).await?;
                Ok(vec![output::row("details", &details)?])
            }
            Self::Search { text, chat, before } => search(client, text, chat, before).await,
        }
    }
}

/// Waits until all that waits is at the relay.
async fn out(client: &Client) -> Result<()> {
    let out = client.caught_up().await;
    out.context("It is stored and goes out as soon as the relay answers")
}

fn seconds(time: &str) -> Result<u32> {
    let time = span::parse(time).map_err(anyhow::Error::msg)?;
    match u32::try_from(time.as_secs()) {
        Ok(seconds) if seconds > 0 => Ok(seconds),
        _ => bail!("A time between one second and some years is needed, such as 24h; or off."),
    }
}

async fn search(
    client: &Client,
    text: String,
    chat: Option<String>,
    before: Option<String>,
) -> Result<Vec<Line>> {
    let chat = match chat {
        Some(chat) => Some(find(client, &chat).await?.id),
        None => None,
    };
    let query = SearchQuery {
        text,
        chat,
        before,
        ..SearchQuery::default()
    };
    let page = client.search(&query).await?;
    let mut lines = Vec::new();
    for hit in &page.hits {
        let mut line = output::message(&hit.message)?;
        line.insert("chatName".into(), hit.chat_title.clone().into());
        line.insert("snippet".into(), hit.snippet.clone().into());
        lines.push(line);
    }
    if let (Some(last), Some(before)) = (lines.last_mut(), page.before) {
        last.insert("before".into(), before.into());
    }
    Ok(lines)
}
