//! Commands that come as lines of JSON, and their answers.

use crate::arguments::PresenceArgument;
use crate::contacts::{self, Chat, Contact};
use crate::group::{self, Group};
use crate::output::{self, Line};
use crate::talk::{self, Begun, Talk};
use crate::{chats, invite, local_network, signals, span};
use anyhow::{Result, anyhow};
use clap::Subcommand as _;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use serde::Deserialize;
use serde_json::{Value, json};
use snug_client::{Client, Problem};

/// The answer to a command, in the making.
pub type Answered<'a> = BoxFuture<'a, Line>;

/// A command and what its answer is to carry.
#[derive(Debug)]
pub struct Asked {
    carried: Value,
    command: Command,
}

/// What can be asked for.
#[derive(Debug)]
enum Command {
    /// What is a command of the program too.
    Talk(Talk),
    Other(Other),
}

/// What can be asked for only here, or otherwise than of the program.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
enum Other {
    Chats,
    Chat(Chat),
    Contact(Contact),
    Group(Group),
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
    Share {
        on: Option<bool>,
    },
}

impl Asked {
    /// Reads a command.
    ///
    /// # Errors
    /// The answer to what is none.
    pub fn parse(line: &str) -> Result<Self, Line> {
        let asked = serde_json::from_str::<Value>(line);
        let carried = asked.as_ref().ok().and_then(|asked| asked.get("for"));
        let carried = carried.cloned().unwrap_or_default();
        match asked.and_then(Command::of) {
            Ok(command) => Ok(Self { carried, command }),
            Err(error) => {
                let text = format!("This is no command: {error}. See `snug-cli listen --help`.");
                Err(answer(carried, Err(anyhow!(text))))
            }
        }
    }

    /// Begins it: a message is stored when this returns.
    pub async fn begin(self, client: &Client) -> Answered<'_> {
        let Self { carried, command } = self;
        let begun = match command {
            Command::Talk(talk) => talk::begin(client, talk).await,
            Command::Other(Other::Send { chat, text }) => {
                let written = chats::write(client, &chat, &text).await;
                written.map(|message| Begun::Written(vec![message]))
            }
            Command::Other(other) => {
                let done = run(client, other);
                return done.map(|done| answer(carried, done)).boxed();
            }
        };
        match begun {
            Err(error) => ready(answer(carried, Err(error))).boxed(),
            Ok(begun) => begun.done(client).map(|done| answer(carried, done)).boxed(),
        }
    }
}

impl Command {
    /// Talk has the names and the arguments it has as commands of the program.
    fn of(asked: Value) -> serde_json::Result<Self> {
        let name = asked.get("do").and_then(Value::as_str);
        match name.is_some_and(Talk::has_subcommand) {
            true => Talk::deserialize(asked).map(Self::Talk),
            false => Other::deserialize(asked).map(Self::Other),
        }
    }
}

async fn run(client: &Client, command: Other) -> Result<Vec<Line>> {
    let line = match command {
        Other::Chats => return chats::list(client).await,
        Other::Chat(asked) => contacts::chat_done(client, asked).await?,
        Other::Contact(asked) => return contacts::contact_done(client, asked).await,
        Other::Group(asked) => return group::done(client, asked).await?.lines(client).await,
        Other::Invitations => return invite::list(client).await,
        Other::History {
            chat,
            limit,
            before,
        } => {
            return chats::messages(client, &chat, limit.unwrap_or(50), before.as_deref()).await;
        }
        Other::Read { chat, message } => {
            chats::read(client, &chat, message.as_deref()).await?;
            return Ok(Vec::new());
        }
        Other::Typing { chat, on } => {
            let chat = chats::find(client, &chat).await?;
            client.typing(&chat.id, on).await?;
            return Ok(Vec::new());
        }
        Other::Presence { state, text } => {
            signals::set_presence(client, state, text).await?;
            signals::own_presence(client).await?
        }
        Other::Presences => return signals::presences(client).await,
        Other::Send { chat, text } => chats::send(client, &chat, &text).await?,
        Other::Invite {
            reusable,
            expires,
            greeting,
        } => {
            let expires = expires.as_deref().map(span::some).transpose();
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
        Other::Revoke { id } => invite::revoke(client, &id).await?,
        Other::Preview { code } => invite::preview(client, &code).await?,
        Other::Accept { code } => invite::accept(client, &code).await?,
        Other::Decline { code } => invite::decline(client, &code).await?,
        Other::Share { on } => local_network::share(client, on).await?,
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
    fn what_the_program_does_is_done_here_too() {
        for line in [
            r#"{"do":"reply","message":"0a","text":"Yes"}"#,
            r#"{"do":"react","message":"0a","for":7}"#,
            r#"{"do":"timer","chat":"Bo","time":"off"}"#,
            r#"{"do":"search","text":"tea"}"#,
        ] {
            let asked = Asked::parse(line).unwrap();
            assert!(matches!(asked.command, Command::Talk(_)), "{line}");
        }
    }

    #[test]
    fn what_is_done_about_groups_and_people_is_said_under_what() {
        for line in [
            r#"{"do":"group","what":"new","name":"Tea","for":1}"#,
            r#"{"do":"group","what":"new","name":"Tea","contacts":["Bo"]}"#,
            r#"{"do":"group","what":"code","chat":"Tea","uses":3,"expires":"24h"}"#,
            r#"{"do":"group","what":"leave","chat":"Tea","successor":"Bo"}"#,
            r#"{"do":"contact","what":"block","contact":"Bo"}"#,
            r#"{"do":"contact","what":"strangers","refuse":"refuse"}"#,
            r#"{"do":"chat","what":"mute","chat":"Bo","time":"8h"}"#,
            r#"{"do":"chat","what":"pin","chat":"Bo"}"#,
        ] {
            assert!(Asked::parse(line).is_ok(), "{line}");
        }
        for wrong in [
            r#"{"do":"group"}"#,
            r#"{"do":"group","what":"fly","chat":"Tea"}"#,
            r#"{"do":"group","what":"code","chat":"Tea","uses":0}"#,
            r#"{"do":"chat","what":"mute","chat":"Bo","time":"0s"}"#,
        ] {
            assert!(Asked::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_command_is_answered_too() {
        let asked = Asked::parse(r#"{"do":"send","chat":"Bo","text":"hi","for":[1]}"#).unwrap();
        assert_eq!(asked.carried, json!([1]));
        for wrong in [
            "",
            "{}",
            "[]",
            r#"{"do":"fly"}"#,
            r#"{"do":"send","chat":1,"text":""}"#,
            r#"{"do":"edit","message":"0a"}"#,
        ] {
            let refused = Asked::parse(wrong).unwrap_err();
            assert_eq!(refused["ok"], false, "{wrong}");
            assert_eq!(refused["type"], "answer", "{wrong}");
        }
        let refused = Asked::parse(r#"{"do":"fly","for":"x"}"#).unwrap_err();
        assert_eq!(refused["for"], "x");
    }
}
