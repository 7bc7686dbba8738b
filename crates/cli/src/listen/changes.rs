//! What changed in groups, said plainly: a line for each, once.

use crate::output::{self, Line};
use anyhow::Result;
use serde_json::{Value, json};
use snug_client::Client;
use snug_client::view::{ChatRow, GroupChange, MessageNotice, MessageRow, Update};
use std::collections::VecDeque;

/// Lines of timelines that are remembered: the same may be told again, soon, when more is known of it.
const REMEMBERED: usize = 4_096;

/// What was told already.
#[derive(Default)]
pub struct Changes(VecDeque<String>);

impl Changes {
    /// The lines for what is new in an update.
    pub async fn lines(&mut self, client: &Client, update: &Update) -> Result<Vec<Line>> {
        let Update::Changed { messages, .. } = update else {
            return Ok(Vec::new());
        };
        let is_change =
            |row: &&MessageRow| matches!(row.notice, Some(MessageNotice::Changes { .. }));
        let mut rows: Vec<&MessageRow> = messages.iter().filter(is_change).collect();
        rows.retain(|row| !self.0.contains(&row.id));
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        rows.sort_by(|a, b| a.order.cmp(&b.order));
        for row in &rows {
            self.0.push_back(row.id.clone());
        }
        self.0.drain(..self.0.len().saturating_sub(REMEMBERED));
        let chats = client.chats().await?;
        let mut lines = Vec::new();
        for row in rows {
            lines.extend(plainly(row, &chats)?);
        }
        Ok(lines)
    }
}

/// A line for each thing a row of a timeline says has changed.
fn plainly(row: &MessageRow, chats: &[ChatRow]) -> Result<Vec<Line>> {
    let Some(MessageNotice::Changes { changes }) = &row.notice else {
        return Ok(Vec::new());
    };
    let chat = chats.iter().find(|chat| chat.id == row.chat);
    let name = chat.map(|chat| chat.title.as_str()).unwrap_or_default();
    let lines = changes.iter().filter_map(|change| {
        let (kind, fields) = said(change)?;
        let mut line = output::row(
            kind,
            &json!({ "chat": row.chat, "chatName": name, "by": row.author, "byName": row.author_name, "at": row.at }),
        );
        if let (Ok(line), Value::Object(fields)) = (&mut line, fields) {
            line.extend(fields);
        }
        Some(line)
    });
    lines.collect()
}

/// The type of a change's line, and its own fields; `None` for what scripts do not act on.
fn said(change: &GroupChange) -> Option<(&'static str, Value)> {
    use GroupChange::{
        Added, Described, Elected, Founded, Left, Moved, Pictured, Removed, Renamed, Role,
    };
    Some(match change {
        Added {
            account,
            name,
            kind,
        } => (
            "participant_added",
            json!({ "participant": account, "name": name, "kind": kind }),
        ),
        Removed { account, name } => (
            "participant_removed",
            json!({ "participant": account, "name": name }),
        ),
        Left { account, name } => ("left", json!({ "participant": account, "name": name })),
        Role {
            account,
            name,
            role,
        } => (
            "role_changed",
            json!({ "participant": account, "name": name, "role": role }),
        ),
        Elected { account, name } => (
            "role_changed",
            json!({ "participant": account, "name": name, "role": "admin" }),
        ),
        Renamed { name } => ("renamed", json!({ "name": name })),
        Moved { relay } => ("moved", json!({ "relay": relay })),
        Described { .. } | Pictured | Founded => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_who_come_and_go_are_named_one_by_one() {
        let row: MessageRow = serde_json::from_value(json!({
            "id": "0a", "chat": "0b", "author": "0c", "authorName": "Ada", "own": false, "kind": "notice",
            "text": "", "at": 5, "order": "01", "state": "received", "forwarded": false, "changing": false,
            "reactions": [], "mentions": [], "mentionsMe": false, "priority": "normal",
            "notice": { "type": "changes", "changes": [
                { "type": "founded" },
                { "type": "added", "account": "0d", "name": "Bo", "kind": "user" },
                { "type": "role", "account": "0d", "name": "Bo", "role": "admin" },
            ] },
        }))
        .unwrap();
        let lines = plainly(&row, &[]).unwrap();
        let text: Vec<String> = lines
            .iter()
            .map(|line| serde_json::to_string(line).unwrap())
            .collect();
        assert_eq!(
            text,
            [
                r#"{"at":5,"by":"0c","byName":"Ada","chat":"0b","chatName":"","kind":"user","name":"Bo","participant":"0d","type":"participant_added"}"#,
                r#"{"at":5,"by":"0c","byName":"Ada","chat":"0b","chatName":"","name":"Bo","participant":"0d","role":"admin","type":"role_changed"}"#,
            ]
        );
    }
}
