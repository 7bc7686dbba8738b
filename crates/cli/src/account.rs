//! The account.

use crate::output::{self, Line};
use anyhow::Result;
use snug_client::Client;
use snug_client::keychain::KeychainKind;

/// Makes the account.
pub async fn new(client: &Client, name: &str, relay: Option<&str>) -> Result<Line> {
    client.create_account(name, relay).await?;
    // Its own mailboxes are made now, as far as the relay answers; else with the next command.
    crate::place::look_quietly(client).await;
    let line = show(client).await?;
    if client.startup().await?.keychain == KeychainKind::Memory {
        eprintln!(
            "snug-cli: the keys are in memory only and end with this command: nothing can open this \
             account again. Use --keychain os or file to keep one."
        );
    }
    Ok(line)
}

/// The account, its relay and its keychain.
pub async fn show(client: &Client) -> Result<Line> {
    let startup = client.startup().await?;
    let mut line = output::row("account", &startup.account)?;
    line.insert("relay".to_owned(), startup.relay.into());
    line.insert(
        "keychain".to_owned(),
        serde_json::to_value(startup.keychain)?,
    );
    Ok(line)
}
