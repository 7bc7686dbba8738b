//! What one asked for of groups and is not done yet: told whenever it is different.

use crate::output::{self, Line};
use anyhow::Result;
use serde_json::json;
use snug_client::Client;
use snug_client::view::{ChatKind, ChatRow, PendingRow, Update};
use std::collections::BTreeMap;

/// What was told last, by group; nothing of those where nothing waits.
#[derive(Default)]
pub struct Waiting(BTreeMap<String, Vec<PendingRow>>);

impl Waiting {
    /// What waits already.
    pub async fn lines_now(&mut self, client: &Client) -> Result<Vec<Line>> {
        let chats = client.chats().await?;
        let groups = chats.iter().filter(|chat| chat.kind == ChatKind::Group);
        let mut lines = Vec::new();
        for group in groups {
            lines.extend(self.of(client, &group.id, &chats).await?);
        }
        Ok(lines)
    }

    /// What is different after an update.
    pub async fn lines(&mut self, client: &Client, update: &Update) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        match update {
            Update::Changed { groups, chats, .. } => {
                for group in groups {
                    lines.extend(self.of(client, group, chats).await?);
                }
            }
            Update::Resync => return self.lines_now(client).await,
            _ => {}
        }
        Ok(lines)
    }

    /// The line of a group, if it is different.
    async fn of(&mut self, client: &Client, id: &str, chats: &[ChatRow]) -> Result<Option<Line>> {
        let changes = client.pending_changes(id).await?;
        let told = self.0.get(id).map(Vec::as_slice).unwrap_or_default();
        if told == changes {
            return Ok(None);
        }
        let name = chats.iter().find(|chat| chat.id == id);
        let name = name.map(|chat| chat.title.as_str()).unwrap_or_default();
        let line = json!({ "chat": id, "chatName": name, "changes": changes });
        match changes.is_empty() {
            true => self.0.remove(id),
            false => self.0.insert(id.to_owned(), changes),
        };
        output::row("pending", &line).map(Some)
    }
}
