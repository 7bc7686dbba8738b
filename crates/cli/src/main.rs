//! `snug-cli`: Snug without a window.

mod account;
mod arguments;
mod chats;
mod connection;
mod contacts;
mod emoji;
mod group;
mod home;
mod invite;
mod listen;
mod local_network;
mod output;
mod place;
mod qr;
mod relay_check;
mod signals;
mod span;
mod talk;

use crate::arguments::{Account, Arguments, Command, Connection, Invite, OnOff, Qr, Relay};
use crate::output::{Line, Output};
use crate::place::{New, Place};
use anyhow::Result;
use clap::Parser as _;
use snug_client::Client;
use std::process::ExitCode;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// For threads to end.
const ENDING: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("off")),
        )
        .init();
    let done = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let done = runtime.block_on(run(arguments));
            // Threads that used the database end before the process, under which its library takes its
            // memory down. Whatever still blocks one, as reading a picture may, ends with the process.
            runtime.shutdown_timeout(ENDING);
            done
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // Who read our lines has seen enough.
        Err(error) if output::is_closed(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("snug-cli: {}", output::tame(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<()> {
    let mut output = Output::default();
    // What needs no data comes first.
    let (place, command) = match arguments.command {
        Command::Qr(Qr::Decode { file }) => return output.line(qr::decode(&file).await?),
        Command::Relay(Relay::Check { url }) => return relay_check::check(&url, &mut output).await,
        command => (Place::of(&arguments.place), command),
    };
    let new = match &command {
        Command::Account(Account::New { relay, .. }) => Some(match relay {
            Some(_) => New::Elsewhere,
            None => New::Here,
        }),
        _ => None,
    };
    let home = place.open(new).await?;
    let done = on(&home.client, command, &mut output).await;
    home.close().await;
    done
}

async fn on(client: &Client, command: Command, output: &mut Output) -> Result<()> {
    if let Command::Listen { time } = command {
        return listen::listen(client, time, output).await;
    }
    output.lines(lines(client, command).await?)
}

/// Does a command that ends by itself.
async fn lines(client: &Client, command: Command) -> Result<Vec<Line>> {
    let one = |line: Line| vec![line];
    Ok(match command {
        Command::Account(Account::New { name, relay, .. }) => {
            one(account::new(client, &name, relay.as_deref()).await?)
        }
        Command::Account(Account::Show) => one(account::show(client).await?),
        Command::Invite(Invite::New {
            reusable,
            expires,
            greeting,
            qr,
        }) => {
            place::catch_up(client).await?;
            let new = invite::New {
                reusable,
                expires,
                greeting,
            };
            one(invite::new(client, new, qr.as_deref()).await?)
        }
        Command::Invite(Invite::Preview { code }) => one(invite::preview(client, &code).await?),
        Command::Invite(Invite::Accept { code }) => one(invite::accept(client, &code).await?),
        Command::Invite(Invite::Decline { code }) => one(invite::decline(client, &code).await?),
        Command::Invite(Invite::List) => {
            place::look(client).await;
            invite::list(client).await?
        }
        Command::Invite(Invite::Revoke { id }) => one(invite::revoke(client, &id).await?),
        Command::Group(asked) => group::group(client, asked).await?,
        Command::Chats => {
            place::look(client).await;
            chats::list(client).await?
        }
        Command::Send { chat, text } => {
            place::catch_up(client).await?;
            one(chats::send(client, &chat, &text).await?)
        }
        Command::History {
            chat,
            limit,
            before,
        } => {
            place::look(client).await;
            let page = chats::history(client, &chat, limit, before.as_deref()).await?;
            // Those who wrote are told that it was read.
            place::look_quietly(client).await;
            page
        }
        Command::Contact(asked) => contacts::contact(client, asked).await?,
        Command::Chat(asked) => one(contacts::chat(client, asked).await?),
        Command::Talk(asked) => talk::talk(client, asked).await?,
        Command::Typing { chat, on, time } => {
            place::catch_up(client).await?;
            signals::typing(client, &chat, on, time).await?;
            Vec::new()
        }
        Command::Presence(asked) => {
            place::look(client).await;
            signals::presence(client, asked).await?
        }
        Command::Privacy(asked) => one(signals::privacy(client, asked).await?),
        Command::Connection { change: None } => {
            place::look(client).await;
            one(connection::show(client).await?)
        }
        Command::Connection {
            change: Some(Connection::Set(set)),
        } => one(connection::set(client, set).await?),
        Command::Relay(Relay::Share { on }) => {
            let on = on.map(|on| on == OnOff::On);
            one(local_network::share(client, on).await?)
        }
        Command::Listen { .. } | Command::Qr(_) | Command::Relay(Relay::Check { .. }) => Vec::new(),
    })
}
