//! The people of the story.

use crate::driver::{Light, Window};
use anyhow::Result;
use std::path::PathBuf;
use tempfile::TempDir;

/// Somebody with a computer.
pub struct Person {
    pub name: &'static str,
    dir: TempDir,
}

impl Person {
    pub fn new(name: &'static str) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("snug-e2e-").tempdir()?;
        Ok(Self { name, dir })
    }

    /// Where their application keeps its data.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// A file of theirs.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Opens their window.
    pub async fn open(&self, light: Light) -> Result<Window> {
        Window::open(&self.data(), light, &[]).await
    }

    /// Makes their account on the welcome page.
    pub async fn join(&self, window: &Window, relay: Option<&str>) -> Result<()> {
        window.type_into("welcome-name", self.name).await?;
        if let Some(relay) = relay {
            window.click("welcome-other-relay").await?;
            window.type_into("welcome-relay", relay).await?;
        }
        window
            .picture(if relay.is_some() {
                "welcome-relay"
            } else {
                "welcome"
            })
            .await?;
        window.click("welcome-start").await?;
        window
            .see("connection-state[data-state=\"connected\"]")
            .await?;
        Ok(())
    }
}

/// Somebody's line in the list of chats.
pub fn chat_with(person: &Person) -> String {
    format!("chat-row[data-title=\"{}\"]", person.name)
}
