//! Telling what happens, and taking commands while doing so.

mod changes;
mod command;
mod stdin;
mod waiting;

use crate::output::{self, Line, Output};
use crate::signals;
use anyhow::Result;
use changes::Changes;
use command::{Answered, Asked};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::json;
use snug_client::Client;
use snug_client::view::Update;
use std::time::Duration;
use waiting::Waiting;

/// How many commands may be unanswered; then no more are read.
const UNANSWERED: usize = 64;

/// Tells until the time is over, Ctrl-C, or nobody reads any more.
pub async fn listen(client: &Client, time: Option<Duration>, output: &mut Output) -> Result<()> {
    let mut updates = client.updates();
    let (mut changes, mut waiting) = (Changes::default(), Waiting::default());
    let mut commands = stdin::lines()?;
    let mut answers: FuturesUnordered<Answered<'_>> = FuturesUnordered::new();
    output.line(output::row("listening", &json!({}))?)?;
    output.line(output::row("connection", &client.connection())?)?;
    // Whose presence came while the client was being opened is not told again.
    output.lines(signals::presences(client).await?)?;
    output.lines(waiting.lines_now(client).await?)?;
    let over = async {
        match time {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(over);
    loop {
        tokio::select! {
            () = &mut over => return Ok(()),
            _ = tokio::signal::ctrl_c() => return Ok(()),
            update = updates.next() => match update {
                Some(update) => {
                    let happened = changes.lines(client, &update).await?;
                    let waits = waiting.lines(client, &update).await?;
                    output.lines(lines(update)?)?;
                    output.lines(happened)?;
                    output.lines(waits)?;
                }
                None => return Ok(()),
            },
            Some(answer) = answers.next() => output.line(answer)?,
            Some(line) = commands.recv(), if answers.len() < UNANSWERED => {
                match Asked::parse(&line) {
                    // Begun in order; only waiting for the relay overlaps.
                    Ok(asked) => answers.push(asked.begin(client).await),
                    Err(refused) => output.line(refused)?,
                }
            }
        }
    }
}

/// A line for each row of an update.
fn lines(update: Update) -> Result<Vec<Line>> {
    match update {
        Update::Changed {
            chats,
            mut messages,
            invitations,
            requests,
            group_invitations,
            gone,
            ..
        } => {
            messages.sort_by(|a, b| a.order.cmp(&b.order));
            let chats = chats.iter().map(output::chat);
            let messages = messages.iter().map(output::message);
            let invitations = invitations.iter().map(|row| output::row("invitation", row));
            let requests = requests.iter().map(|row| output::row("request", row));
            let groups = group_invitations.iter();
            let groups = groups.map(|row| output::row("groupInvitation", row));
            let gone = gone.iter().map(|row| output::row("gone", row));
            chats
                .chain(messages)
                .chain(invitations)
                .chain(requests)
                .chain(groups)
                .chain(gone)
                .collect()
        }
        Update::Connection { row } => Ok(vec![output::row("connection", &row)?]),
        Update::LocalNetwork { row } => Ok(vec![output::row("localNetwork", &row)?]),
        Update::Notify { title, body, chat } => {
            let notify = json!({ "name": title, "body": body, "chat": chat });
            Ok(vec![output::row("notify", &notify)?])
        }
        Update::Presence { rows } => rows
            .iter()
            .map(|row| output::row("presence", row))
            .collect(),
        Update::Typing {
            chat,
            account,
            name,
            on,
        } => {
            let typing = json!({ "chat": chat, "account": account, "name": name, "on": on });
            Ok(vec![output::row("typing", &typing)?])
        }
        Update::Resync => Ok(vec![output::row("resync", &json!({}))?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn messages_come_in_their_order() {
        let message = |order: &str| {
            json!({
                "id": "0a", "chat": "0b", "author": "0c", "authorName": "Bo", "own": false, "kind": "text",
                "text": "Hello", "at": 5, "order": order, "state": "received", "forwarded": false,
                "changing": false, "reactions": [], "mentions": [], "mentionsMe": false, "priority": "normal",
            })
        };
        let update = serde_json::from_value(json!({
            "type": "changed", "revision": 1, "chats": [], "invitations": [], "requests": [], "gone": [],
            "groupInvitations": [], "groups": [],
            "messages": [message("03"), message("01"), message("02")],
        }));
        let lines = lines(update.unwrap()).unwrap();
        let orders: Vec<&Value> = lines.iter().map(|line| &line["order"]).collect();
        assert_eq!(orders, ["01", "02", "03"]);
    }
}
