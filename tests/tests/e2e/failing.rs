//! What stands in the way is said in words, and can be tried again.

use crate::driver::{Light, Window};
use crate::people::Person;
use anyhow::Result;

#[tokio::test]
async fn a_second_window_on_the_same_data_says_so() -> Result<()> {
    let ada = Person::new("Ada Moreau")?;
    let first = ada.open(Light::Day).await?;
    first.see("welcome-name").await?;
    let second = ada.open(Light::Day).await?;
    second.see("failure[data-code=\"databaseBusy\"]").await?;
    second.picture("failure-busy").await?;
    first.page.close_window().await?;
    second.click("failure-retry").await?;
    second.see("welcome-name").await?;
    second.close().await
}

#[tokio::test]
async fn without_a_keychain_a_passphrase_guards_the_keys() -> Result<()> {
    let ada = Person::new("Ada Moreau")?;
    // No bus, no keychain.
    let bare = [
        ("SNUG_KEYCHAIN", ""),
        ("SNUG_PASSPHRASE", ""),
        ("DBUS_SESSION_BUS_ADDRESS", "disabled:"),
    ];
    let window = Window::open(&ada.data(), Light::Day, &bare).await?;
    window.see("failure[data-code=\"keychainMissing\"]").await?;
    window
        .type_into("passphrase", "a lamp in the corner")
        .await?;
    window
        .type_into("passphrase-again", "a lamp in the corner")
        .await?;
    window.picture("passphrase-new").await?;
    window.click("passphrase-open").await?;
    window.type_into("welcome-name", ada.name).await?;
    window.click("welcome-start").await?;
    window
        .see("connection-state[data-state=\"connected\"]")
        .await?;
    window.kill().await?;

    let window = Window::open(&ada.data(), Light::Night, &bare).await?;
    window.see("failure[data-code=\"passphraseWrong\"]").await?;
    window
        .type_into("passphrase", "a lamp in the cellar")
        .await?;
    window.click("passphrase-open").await?;
    window.see("passphrase[aria-invalid=\"true\"]").await?;
    window.picture("passphrase-wrong").await?;
    window.see("passphrase").await?.clear().await?;
    window
        .type_into("passphrase", "a lamp in the corner")
        .await?;
    window.click("passphrase-open").await?;
    window.see("open-invite").await?;
    window.close().await
}
