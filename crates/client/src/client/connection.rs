//! How connections are made, and how they go.

use super::Client;
use crate::clock::now;
use crate::connection::{Timing, Way, gate};
use crate::view::{self, ConnectionDetails, ConnectionSettings};
use crate::{Problem, ProblemCode, Settings};
use snug_engine::View;

/// Where the proxy's password is kept in the database.
const PASSWORD: &str = "proxy password";

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
        let way = settings.way(&self.0.timing);
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
        let (account, queue, unreadable) = self
            .read(|view| Ok((view.account()?, view.queue()?, view.quarantined()?)))
            .await?;
        let home = account
            .map(|account| account.home)
            .or_else(|| self.0.embedded.clone());
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
        details.queue = view::queue(queue);
        details.unreadable = view::count(unreadable);
        Ok(details)
    }

    /// How relays are reached now.
    pub(super) fn way(&self) -> Way {
        self.0.way.borrow().clone()
    }
}

/// What the person set, or else the usual.
pub(super) fn chosen(settings: &Settings, view: View<'_>, timing: &Timing) -> Result<Way, Problem> {
    let Some(settings) = &settings.connection else {
        return Ok((*timing).into());
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
    Ok(checked?.way(timing))
}
