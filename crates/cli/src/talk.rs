//! What one does with messages that are there.

use crate::chats::{find, sent};
use crate::output::{self, Line};
use crate::{place, span};
use anyhow::{Result, bail};
use clap::Subcommand;
use snug_client::Client;
use snug_client::view::{SearchQuery, SendOptions};

#[derive(Debug, Subcommand)]
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
    /// Write what a message says into other chats
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
    match talk {
        Talk::Details { message } => {
            place::look(client).await;
            let details = client.message_details(&message).await?;
            return Ok(vec![output::row("details", &details)?]);
        }
        Talk::Search { text, chat, before } => {
            place::look(client).await;
            return search(client, text, chat, before).await;
        }
        _ => place::catch_up(client).await?,
    }
    let message = match talk {
        Talk::Reply { message, text } => {
            let chat = client.message(&message).await?.chat;
            let options = SendOptions {
                reply_to: Some(message),
                ..SendOptions::default()
            };
            let answer = client.send_text(&chat, &text, &options).await?;
            return Ok(vec![sent(client, &answer).await?]);
        }
        Talk::Edit { message, text } => {
            client.edit_message(&message, &text, &[]).await?;
            message
        }
        Talk::Delete { message } => {
            client.delete_message(&message).await?;
            message
        }
        Talk::React { message, emoji } => {
            client.react(&message, emoji.as_deref()).await?;
            message
        }
        Talk::Forward { message, chats } => {
            let mut ids = Vec::new();
            for chat in &chats {
                ids.push(find(client, chat).await?.id);
            }
            client.forward(&message, &ids).await?;
            message
        }
        Talk::Timer { chat, time } => {
            let chat = find(client, &chat).await?;
            let seconds = match time.as_str() {
                "off" => None,
                time => Some(seconds(time)?),
            };
            client.set_timer(&chat.id, seconds).await?;
            client.caught_up().await?;
            let chats = client.chats().await?;
            let row = chats.iter().find(|row| row.id == chat.id);
            return row.map(output::chat).into_iter().collect();
        }
        Talk::Details { .. } | Talk::Search { .. } => return Ok(Vec::new()),
    };
    client.caught_up().await?;
    Ok(vec![output::message(&client.message(&message).await?)?])
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
