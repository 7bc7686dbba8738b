//! The account and the home relay.

use super::Client;
use crate::view::{self, AccountRow, Startup};
use crate::{Problem, ProblemCode, relay_url};
use snug_wire::RelayAddress;

impl Client {
    /// How things stand.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn startup(&self) -> Result<Startup, Problem> {
        let account = self.read(|view| view.account()).await?;
        let chosen = self.settings()?.relay;
        let (relay, embedded) = match (&account, &self.0.embedded, chosen) {
            (Some(account), embedded, _) => view::relay_name(&account.home, embedded.as_ref()),
            (None, _, Some(url)) => (relay_url::host(&url).to_owned(), false),
            (None, Some(embedded), None) => view::relay_name(embedded, Some(embedded)),
            (None, None, None) => (String::new(), false),
        };
        Ok(Startup {
            account: account.as_ref().map(view::account_row),
            relay,
            embedded,
            keychain: self.0.keychain,
        })
    }

    /// Makes the account, at home on the relay at this URL, whose key is learned and pinned, or on
    /// the one inside the application. The URL of a closed relay has a token behind it:
    /// `wss://relay.example#TOKEN`.
    ///
    /// # Errors
    /// `nameEmpty`, `nameTooLong`, `relayUnreachable`, `relayVersion`, `settingRefused` for an address
    /// of the web.
    pub async fn create_account(
        &self,
        name: &str,
        relay: Option<&str>,
    ) -> Result<AccountRow, Problem> {
        let home = self.choose(relay).await?;
        let (name, key) = (name.trim().to_owned(), self.0.keys.account.clone());
        let account = self
            .call(move |engine, now| engine.create_account(&name, &key, &home, now))
            .await?;
        Ok(view::account_row(&account))
    }

    async fn choose(&self, relay: Option<&str>) -> Result<RelayAddress, Problem> {
        match (relay, &self.0.embedded) {
            (Some(text), _) => {
                let home = self.find_relay(text).await?;
                self.change_settings(|settings| settings.relay = Some(home.url.clone()))?;
                Ok(home)
            }
            (None, Some(embedded)) => {
                self.change_settings(|settings| settings.relay = None)?;
                Ok(self.as_told(embedded.clone()))
            }
            (None, None) => Err(Problem::new(
                ProblemCode::RelayUnreachable,
                "No relay was chosen, and none runs here. Name one.",
            )),
        }
    }
}
