//! How connections are made, and how they go.

use super::Client;
use crate::clock::now;
use crate::connection::{Timing, Way, gate, lookup_with};
use crate::view::{self, ConnectionDetails, ConnectionSettings};
use crate::{Problem, ProblemCode, Settings, relay_url};
use snug_engine::View;
use snug_wire::{RelayAddress, RelayKey, Token};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the proxy's password is kept in the database.
const PASSWORD: &str = "proxy password";
/// Where tokens are kept in the database: a line each, `key token`.
const TOKENS: &str = "relay tokens";

impl Client {
    /// How connections are made.
    pub fn connection_settings(&self) -> ConnectionSettings {
        ConnectionSettings::of(&self.0.way.borrow())
    }

    /// Changes how connections are made: kept when this returns, in force for the next attempt and,
    /// as far as it can be, for connections that are up. With another proxy they are made anew.
    ///
    /// # Errors
    /// `settingRefused`, `diskFull`.
    pub async fn set_connection_settings(
        &self,
        settings: ConnectionSettings,
    ) -> Result<(), Problem> {
        let mut settings = settings.checked()?;
        let mut way = settings.way(&self.0.timing);
        way.tokens = self.way().tokens;
        let password = std::mem::take(&mut settings.proxy.password);
        self.call(move |engine, _| engine.keep(PASSWORD, password.as_bytes()))
            .await?;
        self.change_settings(|kept| kept.connection = Some(settings))?;
        self.0.way.send_if_modified(|before| {
            let is_new = *before != way;
            *before = way;
            is_new
        });
        Ok(())
    }

    /// Everything known of the connection to the home relay, and of messages and their ways.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn connection_details(&self) -> Result<ConnectionDetails, Problem> {
        let (account, queue, unreadable, relays) = self
            .read(|view| {
                let counts = (view.queue()?, view.quarantined()?);
                Ok((view.account()?, counts.0, counts.1, view.relays()?))
            })
            .await?;
        let home = account.map(|account| account.home);
        // The one inside the application is reached on this computer, whatever others are told.
        let embedded = self.0.embedded.as_ref();
        let home = match (home, embedded) {
            (Some(home), Some(here)) if home.key == here.key => Some(here.clone()),
            (home, embedded) => home.or_else(|| embedded.cloned()),
        };
        let (way, now) = (self.way(), now());
        let proxy = home.as_ref().map(|home| gate(&home.url, &way.proxy));
        let statistics = home.as_ref();
        let statistics = statistics.and_then(|home| self.0.ledger.statistics(&home.key));
        let mut details = view::connection_details(
            self.connection(),
            home.as_ref(),
            statistics.as_ref(),
            &self.0.ledger.messages(),
            now,
        );
        details.proxy = proxy
            .and_then(Result::ok)
            .flatten()
            .map(|gate| gate.to_string());
        let others = relays.iter().filter(|relay| {
            let is_home = |home: &RelayAddress| home.key == relay.key;
            !home.as_ref().is_some_and(is_home)
        });
        details.others = others
            .filter_map(|relay| {
                let statistics = self.0.ledger.statistics(&relay.key)?;
                Some(view::other_relay(relay, &statistics))
            })
            .collect();
        details.queue = view::queue(queue);
        details.unreadable = view::count(unreadable);
        Ok(details)
    }

    /// Which relay answers at what a person wrote. A token behind it is kept for that relay.
    pub(super) async fn find_relay(&self, text: &str) -> Result<RelayAddress, Problem> {
        let (url, token) = relay_url::with_token(text)?;
        // Nobody vouches for its certificate, and nobody has to.
        if let Some(own) = self.shared_at(&url) {
            return Ok(own);
        }
        let relay = lookup_with(&url, token.as_ref(), &self.way()).await?;
        if let Some(token) = token {
            self.keep_token(relay.key, token).await?;
        }
        Ok(relay)
    }

    /// Keeps a closed relay's token, given behind its address: `wss://relay.example#TOKEN`. The relay
    /// is asked whether it accepts it, and connections to it are made with it from now on. Without a
    /// token the one that is kept is forgotten.
    ///
    /// # Errors
    /// `relayUnreachable`, also when it does not accept the token; `relayVersion`, `settingRefused`.
    pub async fn set_relay_token(&self, address: &str) -> Result<(), Problem> {
        let (url, token) = relay_url::with_token(address)?;
        let relay = lookup_with(&url, token.as_ref(), &self.way()).await?;
        let token = token.unwrap_or_else(|| Token::new(""));
        self.keep_token(relay.key, token).await
    }

    /// An empty token is none.
    async fn keep_token(&self, relay: RelayKey, token: Token) -> Result<(), Problem> {
        let mut tokens = BTreeMap::clone(&self.way().tokens);
        match token.expose().is_empty() {
            true => tokens.remove(&relay),
            false => tokens.insert(relay, token),
        };
        let lines = tokens
            .iter()
            .map(|(key, token)| format!("{key} {}\n", token.expose()));
        let text: String = lines.collect();
        self.call(move |engine, _| engine.keep(TOKENS, text.as_bytes()))
            .await?;
        // Whoever pauses because a token was wanted tries again at once.
        self.0.way.send_modify(|way| way.tokens = Arc::new(tokens));
        Ok(())
    }

    /// How relays are reached now.
    pub(super) fn way(&self) -> Way {
        self.0.way.borrow().clone()
    }
}

/// What the person set, or else the usual.
pub(super) fn chosen(settings: &Settings, view: View<'_>, timing: &Timing) -> Result<Way, Problem> {
    let tokens = Arc::new(kept_tokens(view)?);
    let Some(settings) = &settings.connection else {
        return Ok(Way {
            tokens,
            ..(*timing).into()
        });
    };
    let mut settings = settings.clone();
    settings.proxy.password = String::from_utf8_lossy(&view.kept(PASSWORD)?).into_owned();
    let checked = settings.checked().map_err(|problem| {
        let text = format!(
            "The connection settings in settings.json are damaged: {} Mend or remove them there.",
            problem.text
        );
        Problem::new(ProblemCode::SettingRefused, text)
    });
    Ok(Way {
        tokens,
        ..checked?.way(timing)
    })
}

fn kept_tokens(view: View<'_>) -> Result<BTreeMap<RelayKey, Token>, Problem> {
    let text = view.kept(TOKENS)?;
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let tokens = lines.filter_map(|(key, token)| Some((key.parse().ok()?, Token::new(token))));
    Ok(tokens.collect())
}
