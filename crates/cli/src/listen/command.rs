//! Commands that come as lines of JSON, and their answers.

use crate::arguments::PresenceArgument;
use crate::output::{self, Line};
use crate::{chats, invite, signals, span};
use anyhow::{Result, anyhow};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use serde::Deserialize;
use serde_json::{Value, json};
use snug_client::{Client, Problem};

/// The answer to a command, in the making.
pub type Answered<'a> = BoxFuture<'a, Line>;

/// A command and what its answer is to carry.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    r#for: Value,
    #[serde(flatten)]
    command: Command,
}

/// What can be asked for.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
enum Command {
    Chats,
    Send {
        chat: String,
        text: String,
    },
    Read {
        chat: String,
        message: Option<String>,
    },
    History {
        chat: String,
        limit: Option<u32>,
        before: Option<String>,
    },
    Typing {
        chat: String,
        on: bool,
    },
    Presence {
        state: Option<PresenceArgument>,
        text: Option<String>,
    },
    Presences,
    Invite {
        #[serde(default)]
        reusable: bool,
        expires: Option<String>,
        #[serde(default)]
        greeting: String,
    },
    Invitations,
    Revoke {
        id: String,
    },
    Preview {
        code: String,
    },
    Accept {
        code: String,
    },
    Decline {
        code: String,
    },
}

impl Asked {
    /// Reads a command.
    ///
    /// # Errors
    /// The answer to what is none.
    pub fn parse(line: &str) -> Result<Self, Line> {
        serde_json::from_str(line).map_err(|error| {
            let asked: Value = serde_json::from_str(line).unwrap_or_default();
            let carried = asked.get("for").cloned().unwrap_or_default();
            let text = format!("This is no command: {error}. See `snug-cli listen --help`.");
            answer(carried, Err(anyhow!(text)))
        })
    }

    /// Begins it: a message is stored when this returns.
    pub async fn begin(self, client: &Client) -> Answered<'_> {
        let Self {
            r#for: carried,
            command,
        } = self;
        if let Command::Send { chat, text } = command {
            return match chats::write(client, &chat, &text).await {
                Err(error) => ready(answer(carried, Err(error))).boxed(),
                Ok(message) => async move {
                    let sent = chats::sent(client, &message).await;
                    answer(carried, sent.map(|line| vec![line]))
                }
                .boxed(),
            };
        }
        run(client, command)
            .map(|done| answer(carried, done))
            .boxed()
    }
}

async fn run(client: &Client, command: Command) -> Result<Vec<Line>> {
    let line = match command {
        Command::Chats => return chats::list(client).await,
        Command::Invitations => return invite::list(client).await,
        Command::History {
            chat,
            limit,
            before,
        } => {
            return chats::messages(client, &chat, limit.unwrap_or(50), before.as_deref()).await;
        }
        Command::Read { chat, message } => {
            chats::read(client, &chat, message.as_deref()).await?;
            return Ok(Vec::new());
        }
        Command::Typing { chat, on } => {
            let chat = chats::find(client, &chat).await?;
            client.typing(&chat.id, on).await?;
            return Ok(Vec::new());
        }
        Command::Presence { state, text } => {
            signals::set_presence(client, state, text).await?;
            signals::own_presence(client).await?
        }
        Command::Presences => return signals::presences(client).await,
        Command::Send { chat, text } => chats::send(client, &chat, &text).await?,
        Command::Invite {
            reusable,
            expires,
            greeting,
        } => {
            let expires = expires.as_deref().map(span::parse).transpose();
            let expires = expires.map_err(|wrong| anyhow!(wrong))?;
            invite::new(
                client,
                invite::New {
                    reusable,
                    expires,
                    greeting,
                },
                None,
            )
            .await?
        }
        Command::Revoke { id } => invite::revoke(client, &id).await?,
        Command::Preview { code } => invite::preview(client, &code).await?,
        Command::Accept { code } => invite::accept(client, &code).await?,
        Command::Decline { code } => invite::decline(client, &code).await?,
    };
    Ok(vec![line])
}

fn answer(carried: Value, done: Result<Vec<Line>>) -> Line {
    let fields = match done {
        Ok(rows) => json!({ "for": carried, "ok": true, "rows": rows }),
        Err(error) => {
            let problem = error.downcast_ref::<Problem>().map(|problem| problem.code);
            json!({ "for": carried, "ok": false, "problem": problem, "error": format!("{error:#}") })
        }
    };
    output::row("answer", &fields).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_command_is_answered_too() {
        let asked = Asked::parse(r#"{"do":"send","chat":"Bo","text":"hi","for":[1]}"#).unwrap();
        assert_eq!(asked.r#for, json!([1]));
        for wrong in [
            "",
            "{}",
            "[]",
            r#"{"do":"fly"}"#,
            r#"{"do":"send","chat":1,"text":""}"#,
        ] {
            let refused = Asked::parse(wrong).unwrap_err();
            assert_eq!(refused["ok"], false, "{wrong}");
            assert_eq!(refused["type"], "answer", "{wrong}");
        }
        let refused = Asked::parse(r#"{"do":"fly","for":"x"}"#).unwrap_err();
        assert_eq!(refused["for"], "x");
    }
}
