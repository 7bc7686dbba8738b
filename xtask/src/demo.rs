//! `cargo xtask demo`: Ada and Bo, each with a window, already in one chat on one relay.
//!
//! Their story is told with `snug-cli` on the very data the windows then open. Everything lies in a
//! folder of its own and is gone at the end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::app::{self, App};
use crate::packages::{self, For};
use crate::screen::{self, Screen};
use crate::setup;
use crate::sys::{self, Running};

/// Seals the demo's key files: they hold nothing and live as long as the windows.
const PASSPHRASE: &str = "only a demo";
/// How often both look for what the other sent before the demo gives up.
const LOOKS: u32 = 20;

/// Prepares both people, opens their windows and waits until they are closed; without a display it
/// takes a picture of each on a virtual one and ends.
pub fn demo() -> Result<()> {
    let headless = screen::is_missing();
    let screen = [For::Windows, For::Screen];
    packages::install(if headless { &screen } else { &[For::Windows] })?;
    setup::npm()?;
    let app = app::release()?;

    let folder = Folder::new()?;
    let (_relay, address) = relay(&app, &folder.0)?;
    let ada = Person {
        name: "Ada",
        data: folder.0.join("ada"),
        app: &app,
    };
    let bo = Person {
        name: "Bo",
        data: folder.0.join("bo"),
        app: &app,
    };
    println!("Ada invites Bo through the relay at {address}");
    meet(&ada, &bo, &address)?;

    if headless {
        pictures(&[ada, bo])
    } else {
        windows(&[ada, bo])
    }
}

/// Starts a relay on a free port; its first line says which.
fn relay(app: &App, folder: &Path) -> Result<(Running, String)> {
    let mut command = sys::program(&app.relay);
    command
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(folder.join("relay"));
    let mut relay = Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
    let line = relay.first_line()?;
    let port = line.rsplit(':').next().unwrap_or_default();
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    if port.is_empty() {
        bail!("the relay did not say where it listens but: {line}");
    }
    Ok((relay, format!("ws://127.0.0.1:{port}")))
}

/// Accounts, an invitation, and a few words from each.
fn meet(ada: &Person, bo: &Person, relay: &str) -> Result<()> {
    for person in [ada, bo] {
        std::fs::create_dir_all(&person.data)?;
        person.cli(&["account", "new", "--name", person.name, "--relay", relay])?;
    }
    let invitation = ada.cli(&["invite", "new", "--greeting", "Hello Bo, this is Ada"])?;
    bo.cli(&["invite", "accept", &field(&invitation, "code")?])?;
    let mut chats = (None, None);
    for _ in 0..LOOKS {
        ada.cli(&["listen", "--for", "1s"])?;
        bo.cli(&["listen", "--for", "1s"])?;
        chats = (ada.chat()?, bo.chat()?);
        if chats.0.is_some() && chats.1.is_some() {
            break;
        }
    }
    let (Some(with_bo), Some(with_ada)) = chats else {
        bail!("Ada and Bo did not find each other through the relay at {relay}");
    };
    // Sending catches up first, so each has read what came before.
    ada.cli(&["send", &with_bo, "Hello Bo! It worked."])?;
    bo.cli(&["send", &with_ada, "Ada! Nobody but us two in here?"])?;
    bo.cli(&["history", &with_ada])?;
    ada.cli(&["history", &with_bo])?;
    ada.cli(&[
        "send",
        &with_bo,
        "Nobody. The relay between us can read none of it.",
    ])?;
    bo.cli(&["send", &with_ada, "Then I'll bring the good biscuits ☕"])?;
    ada.cli(&["listen", "--for", "1s"])?;
    Ok(())
}

/// Both windows on the display there is, until both are closed.
fn windows(people: &[Person]) -> Result<()> {
    let mut open = Vec::new();
    for person in people {
        open.push((
            person.name,
            Running::start(&mut person.on(&person.app.snug))?,
        ));
    }
    println!("Two windows: write in one, watch the other. Close both to end the demo.");
    for (name, window) in &mut open {
        let status = window.wait()?;
        if !status.success() {
            bail!("{name}'s window ended with {status}");
        }
    }
    Ok(())
}

/// Both windows at once, each on a virtual display of its own: without a window manager they would
/// cover each other.
fn pictures(people: &[Person]) -> Result<()> {
    let album = sys::target_dir()?.join("demo");
    std::fs::create_dir_all(&album)?;
    let mut open = Vec::new();
    for person in people {
        let screen = Screen::open()?;
        let window = Running::start(screen.place(&mut person.on(&person.app.snug)))?;
        open.push((person, screen, window));
    }
    for (person, screen, _) in &open {
        let file = album.join(format!("{}.png", person.name.to_lowercase()));
        screen
            .picture(&file)
            .with_context(|| format!("no picture of {}'s window", person.name))?;
        println!("{}'s window: {}", person.name, file.display());
    }
    Ok(())
}

/// One of the two, as the programs know them.
struct Person<'a> {
    name: &'static str,
    data: PathBuf,
    app: &'a App,
}

impl Person<'_> {
    /// A program that opens this person's data.
    fn on(&self, program: &Path) -> Command {
        let mut command = sys::program(program);
        command
            .env("SNUG_DATA", &self.data)
            .env("SNUG_KEYCHAIN", "file")
            .env("SNUG_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::null());
        command
    }

    /// Runs `snug-cli` and returns the lines it prints.
    fn cli(&self, words: &[&str]) -> Result<Vec<Value>> {
        let mut command = self.on(&self.app.cli);
        command
            .arg("--data")
            .arg(&self.data)
            .args(["--keychain", "file"])
            .args(words);
        let text = sys::output(&mut command).with_context(|| self.name)?;
        text.lines()
            .map(|line| Ok(serde_json::from_str(line)?))
            .collect()
    }

    /// The one chat, once it is there.
    fn chat(&self) -> Result<Option<String>> {
        let chats = self.cli(&["chats"])?;
        if chats.is_empty() {
            Ok(None)
        } else {
            field(&chats, "id").map(Some)
        }
    }
}

/// A text of the first line that has it.
fn field(lines: &[Value], name: &str) -> Result<String> {
    let text = lines.iter().find_map(|line| line.get(name)?.as_str());
    text.map(str::to_owned)
        .with_context(|| format!("`snug-cli` printed no `{name}`"))
}

/// Where the demo lives; removed with everything in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("snug-demo-{}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed here, the system's own cleaning will.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
