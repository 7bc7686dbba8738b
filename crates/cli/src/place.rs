//! Opening the account's data, and being up to date with the relay.

use crate::arguments::{Arguments, KeychainArgument, PlaceArguments};
use crate::home::{self, Home};
use crate::output;
use anyhow::{Result, bail};
use clap::CommandFactory as _;
use clap::error::ErrorKind;
use snug_client::keychain::Keychain;
use snug_client::{Client, DataDir, Options};
use std::path::PathBuf;

/// Where the account is.
pub struct Place {
    data: PathBuf,
    keychain: Keychain,
}

impl Place {
    /// As the arguments say; ends the program, as any wrong usage does, when they say too little.
    pub fn of(arguments: &PlaceArguments) -> Self {
        let Some(data) = arguments.data.clone() else {
            usage("name the directory of the account's data: --data DIR, or SNUG_DATA");
        };
        let keychain = match arguments.keychain {
            KeychainArgument::Os => Keychain::Os,
            KeychainArgument::Memory => Keychain::memory(),
            KeychainArgument::File => match std::env::var("SNUG_PASSPHRASE") {
                Ok(passphrase) => Keychain::file(passphrase),
                Err(_) => usage("--keychain file needs the passphrase in SNUG_PASSPHRASE"),
            },
        };
        Self { data, keychain }
    }

    /// Opens the account, and the relay inside this program if it is at home there. Makes data only for
    /// a new one.
    pub async fn open(self, new: Option<New>) -> Result<Home> {
        let nothing = || {
            format!(
                "There is no account in {}. Make one with `snug-cli account new`, or name another directory.",
                self.data.display()
            )
        };
        if new.is_none() && !DataDir::is_used(&self.data) {
            bail!(nothing());
        }
        let data = DataDir::open(&self.data).await?;
        let is_elsewhere = data.settings().relay.is_some() || new == Some(New::Elsewhere);
        let relay = match is_elsewhere {
            true => None,
            false => Some(home::start(data.path()).await?),
        };
        let options = home::with(relay.as_ref(), Options::new(self.keychain));
        let client = Client::open(data, options).await?;
        let has_account = client.startup().await?.account.is_some();
        let home = Home { client, relay };
        if has_account || new.is_some() {
            return Ok(home);
        }
        home.close().await;
        bail!(nothing())
    }
}

/// Where a new account is at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum New {
    /// On the relay inside this program.
    Here,
    /// On one that was named.
    Elsewhere,
}

fn usage(what: &str) -> ! {
    Arguments::command()
        .error(ErrorKind::MissingRequiredArgument, what)
        .exit()
}

/// Reads all that has arrived and sends all that waits.
///
/// # Errors
/// When the home relay cannot be reached.
pub async fn catch_up(client: &Client) -> Result<()> {
    Ok(client.caught_up().await?)
}

/// The same, for commands that show what there is in any case: a relay that cannot be reached is
/// only mentioned.
pub async fn look(client: &Client) {
    if let Err(problem) = client.caught_up().await {
        let problem = output::tame(&problem.text);
        eprintln!("snug-cli: this may not be the newest: {problem}");
    }
}

/// The same for the second time: it was mentioned.
pub async fn look_quietly(client: &Client) {
    // What waits to be sent goes out with the next command.
    let _ = client.caught_up().await;
}
