//! The whole story: meet by a picture of a code, write, lose power, go on.

use crate::driver::{Light, Window};
use crate::people::{Person, chat_with};
use crate::programs::beside;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

const LONG: &str = "It is on the first floor, above the bakery: go through the yard, past the bicycles, and take the \
    green door, not the grey one. Ring twice, because the bell is shy. If nobody answers, the lamp in the window is on \
    and we are simply too loud; in that case throw something soft. There is soup, there are two kinds of bread, and \
    Cyan brings the game with the little wooden sheep that nobody has ever finished.";

/// Ada invites, Bo reads her picture; both see it at once.
pub async fn meet(ada: (&Person, &Window), bo: (&Person, &Window), pictures: &str) -> Result<()> {
    let ((ada, hers), (bo, his)) = (ada, bo);
    hers.click("open-invite").await?;
    hers.see("invite-qr[data-ready=\"true\"]").await?;
    hers.see("invite-standing[data-state=\"open\"]").await?;
    hers.picture(&format!("{pictures}-invite")).await?;

    let invitations = hers.ask("invitations", json!({})).await?;
    let id = invitations[0]["id"].as_str().context("no invitation")?;
    let picture = ada.file("code.png");
    hers.ask(
        "save_invitation_picture",
        json!({ "id": id, "path": picture }),
    )
    .await?;

    his.click("open-invite").await?;
    his.click("tab-read").await?;
    his.picture(&format!("{pictures}-read")).await?;
    his.choose_file("read-file", &picture).await?;
    assert_eq!(his.text("preview-name").await?, ada.name);
    his.picture(&format!("{pictures}-preview")).await?;
    // Only now does Ada hear of him.
    assert_eq!(hers.ask("requests", json!({})).await?, json!([]));
    his.click("preview-connect").await?;

    hers.see("invite-standing[data-state=\"used\"]").await?;
    hers.see(&chat_with(bo)).await?;
    hers.picture(&format!("{pictures}-used")).await?;
    hers.click("invite-open-chat").await?;
    hers.see("composer").await?;
    // His opens by itself.
    his.see(&chat_with(ada)).await?;
    his.see("composer").await?;
    Ok(())
}

/// What is kept of the chat.
async fn kept(window: &Window) -> Result<Value> {
    let chats = window.ask("chats", json!({})).await?;
    let page = window
        .ask(
            "messages",
            json!({ "chat": chats[0]["id"], "before": null, "after": null, "limit": 100 }),
        )
        .await?;
    Ok(page["rows"].clone())
}

#[tokio::test]
async fn two_people_meet_write_and_lose_power() -> Result<()> {
    let (ada, bo) = (Person::new("Ada Moreau")?, Person::new("Bo Okafor")?);
    // The relay inside Ada's window serves both.
    let (hers, his) = tokio::try_join!(ada.open(Light::Day), bo.open(Light::Night))?;
    ada.join(&hers, None).await?;
    hers.picture("empty-light").await?;
    bo.join(&his, None).await?;
    meet((&ada, &hers), (&bo, &his), "embedded").await?;

    hers.write("Hello Bo! Did the code read at once?").await?;
    his.see_message("Hello Bo! Did the code read at once?", "received")
        .await?;
    his.click("composer").await?;
    hers.see_message("Hello Bo! Did the code read at once?", "read")
        .await?;
    for text in ["At once 🎉👩‍🚀", "Where do I have to go tonight?"] {
        his.write(text).await?;
        hers.see_message(text, "received").await?;
    }
    hers.click("composer").await?;
    his.see_message("Where do I have to go tonight?", "read")
        .await?;
    hers.write(LONG).await?;
    his.see_message(LONG, "received").await?;
    his.click("composer").await?;
    hers.see_message(LONG, "read").await?;
    his.write("Soup! I'll be there.").await?;
    hers.click("composer").await?;
    his.see_message("Soup! I'll be there.", "read").await?;
    hers.picture("direct-light").await?;
    his.picture("direct-dark").await?;

    let before = (kept(&hers).await?, kept(&his).await?);
    let lines = (hers.lines().await?, his.lines().await?);
    assert_eq!(lines.0.len(), 5);
    tokio::try_join!(hers.kill(), his.kill())?;

    // Lights the other way round, so that each is seen in both.
    let (hers, his) = tokio::try_join!(ada.open(Light::Night), bo.open(Light::Day))?;
    hers.click(&chat_with(&bo)).await?;
    his.click(&chat_with(&ada)).await?;
    hers.see_message("Soup! I'll be there.", "received").await?;
    his.see_message("Soup! I'll be there.", "read").await?;
    assert_eq!((kept(&hers).await?, kept(&his).await?), before);
    assert_eq!((hers.lines().await?, his.lines().await?), lines);

    // And it goes on.
    for window in [&hers, &his] {
        window
            .see("connection-state[data-state=\"connected\"]")
            .await?;
    }
    his.write("Power's back. Still soup?").await?;
    hers.see_message("Power's back. Still soup?", "received")
        .await?;
    hers.click("composer").await?;
    his.see_message("Power's back. Still soup?", "read").await?;
    hers.picture("again-dark").await?;
    his.picture("again-light").await?;
    hers.close().await?;
    his.close().await
}

#[tokio::test]
async fn two_people_meet_on_a_relay_of_their_own() -> Result<()> {
    let (ada, bo) = (Person::new("Ada Moreau")?, Person::new("Bo Okafor")?);
    let relay = Relay::start(&ada)?;
    let (hers, his) = tokio::try_join!(ada.open(Light::Night), bo.open(Light::Day))?;
    ada.join(&hers, Some(&relay.address)).await?;
    bo.join(&his, Some(&relay.address)).await?;
    meet((&ada, &hers), (&bo, &his), "relay").await?;
    his.write("Nobody in between can read this.").await?;
    hers.see_message("Nobody in between can read this.", "received")
        .await?;
    hers.click("composer").await?;
    his.see_message("Nobody in between can read this.", "read")
        .await
}

/// `snug-relay`, a process of its own.
struct Relay {
    child: Child,
    /// `host:port`, as people type it.
    address: String,
    /// Kept open: it says more than the first line.
    _stdout: BufReader<ChildStdout>,
}

impl Relay {
    fn start(person: &Person) -> Result<Self> {
        let mut child = Command::new(beside("snug-relay")?)
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(person.file("relay"))
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().context("no stdout")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let address = line
            .trim()
            .rsplit("ws://")
            .next()
            .unwrap_or_default()
            .to_owned();
        Ok(Self {
            child,
            address,
            _stdout: stdout,
        })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
