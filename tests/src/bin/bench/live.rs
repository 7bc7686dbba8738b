//! Two people on one relay, each with a database on disk: from one core to the other.

use crate::baseline;
use crate::figure::{Goal, Report, percentile};
use anyhow::{Context as _, Result, anyhow};
use snug_client::keychain::Keychain;
use snug_client::view::{ConnectionState, RequestState, SendOptions, Update};
use snug_client::{Client, DataDir, Options, Problem, Updates};
use snug_relay::{Config, Relay, Running};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const MESSAGES: usize = 400;

fn say(problem: Problem) -> anyhow::Error {
    anyhow!("{}", problem.text)
}

async fn start_relay(dir: &TempDir) -> Result<Running> {
    let config = Config {
        data: dir.path().join("relay"),
        listen: ([127, 0, 0, 1], 0).into(),
        keep_port: true,
    };
    Ok(Relay::start(config).await?)
}

async fn person(dir: &TempDir, name: &str, relay: &str) -> Result<Client> {
    let data = DataDir::open(dir.path().join(name)).await.map_err(say)?;
    let client = Client::open(data, Options::new(Keychain::memory()))
        .await
        .map_err(say)?;
    client
        .create_account(name, Some(relay))
        .await
        .map_err(say)?;
    client.caught_up().await.map_err(say)?;
    Ok(client)
}

/// Waits for the update in which `found` finds what it looks for.
async fn wait<T>(updates: &mut Updates, mut found: impl FnMut(&Update) -> Option<T>) -> Result<T> {
    loop {
        let update = updates.next().await.context("the client ended")?;
        if let Some(value) = found(&update) {
            return Ok(value);
        }
    }
}

/// Ada invites, Bo accepts; returns when both are in the chat, with its id and the time from `accept`.
async fn meet(ada: &Client, bo: &Client) -> Result<(String, Duration)> {
    let new = ada
        .create_invitation(false, None, "Hello")
        .await
        .map_err(say)?;
    ada.published(&new.id).await.map_err(say)?;
    let (mut at_ada, mut at_bo) = (ada.updates(), bo.updates());
    let start = Instant::now();
    bo.accept(&new.code, "").await.map_err(say)?;
    let connected = |update: &Update| match update {
        Update::Changed { requests, .. } => requests
            .iter()
            .find(|r| r.state == RequestState::Connected)
            .and_then(|r| r.chat.clone()),
        _ => None,
    };
    let chat = wait(&mut at_bo, connected).await?;
    wait(&mut at_ada, connected).await?;
    Ok((chat, start.elapsed()))
}

struct Pair {
    _dir: TempDir,
    relay: Running,
    ada: Client,
    bo: Client,
}

async fn pair() -> Result<Pair> {
    let dir = tempfile::tempdir_in(".")?;
    let relay = start_relay(&dir).await?;
    let ada = person(&dir, "Ada", &relay.url()).await?;
    let bo = person(&dir, "Bo", &relay.url()).await?;
    Ok(Pair {
        _dir: dir,
        relay,
        ada,
        bo,
    })
}

impl Pair {
    async fn end(self) {
        self.ada.close().await;
        self.bo.close().await;
        self.relay.stop().await;
    }
}

/// From the call that sends to the update that shows, both on disk, the relay on disk between.
pub async fn delivery(report: &mut Report) -> Result<()> {
    let dir = tempfile::tempdir_in(".")?;
    let sync = baseline::fdatasync(dir.path())?;
    let engine = baseline::commit(&dir.path().join("engine.db"), true)?;
    let relay = baseline::commit(&dir.path().join("relay.db"), false)?;
    let echo = baseline::echo().await?;
    report.milliseconds("fdatasync p50", sync, None, Goal::None);
    report.milliseconds(
        "durable commit p50, encrypted",
        engine,
        Some(sync),
        Goal::None,
    );
    report.milliseconds("durable commit p50, relay", relay, Some(sync), Goal::None);
    report.milliseconds("WebSocket echo p50", echo, None, Goal::None);

    let pair = pair().await?;
    let (chat, _) = meet(&pair.ada, &pair.bo).await?;
    let mut updates = pair.bo.updates();
    let mut times = Vec::with_capacity(MESSAGES);
    for n in 0..MESSAGES {
        let text = format!("message {n} of a conversation of the usual length, a sentence or two");
        pair.ada.caught_up().await.map_err(say)?;
        pair.bo.caught_up().await.map_err(say)?;
        let start = Instant::now();
        pair.ada
            .send_text(&chat, &text, &SendOptions::default())
            .await
            .map_err(say)?;
        wait(&mut updates, |update| match update {
            Update::Changed { messages, .. } => {
                messages.iter().any(|m| m.text == text).then_some(())
            }
            _ => None,
        })
        .await?;
        times.push(start.elapsed());
    }
    let bound = engine * 2 + relay + echo;
    report.milliseconds(
        "delivery, core to core, p50",
        percentile(&mut times, 0.5),
        Some(bound),
        Goal::Ratio(2.0),
    );
    report.milliseconds(
        "delivery, core to core, p99",
        percentile(&mut times, 0.99),
        Some(bound),
        Goal::Value(50.0),
    );
    pair.end().await;
    Ok(())
}

/// From a closed socket to an authenticated connection.
pub async fn connection(report: &mut Report) -> Result<()> {
    let echo = baseline::echo().await?;
    let dir = tempfile::tempdir_in(".")?;
    let relay = start_relay(&dir).await?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let start = Instant::now();
        let found =
            snug_client::connection::lookup(&relay.url(), &snug_client::connection::Way::default())
                .await;
        found.map_err(say)?;
        times.push(start.elapsed());
    }
    report.milliseconds(
        "connection set-up with authentication, p50",
        percentile(&mut times, 0.5),
        Some(echo),
        Goal::Value(100.0),
    );
    let ada = person(&dir, "Ada", &relay.url()).await?;
    let (mut relay, mut again) = (relay, Vec::new());
    for _ in 0..20 {
        relay.stop().await;
        ada.connection_that(|row| row.state != ConnectionState::Connected)
            .await
            .map_err(say)?;
        relay = start_relay(&dir).await?;
        let start = Instant::now();
        ada.reconnect();
        ada.connection_that(|row| row.state == ConnectionState::Connected)
            .await
            .map_err(say)?;
        again.push(start.elapsed());
    }
    report.milliseconds(
        "reconnect when the relay is back, p50",
        percentile(&mut again, 0.5),
        Some(echo),
        Goal::Value(1000.0),
    );
    ada.close().await;
    relay.stop().await;
    Ok(())
}

/// From Connect to a chat on both sides.
pub async fn invitation(report: &mut Report) -> Result<()> {
    let dir = tempfile::tempdir_in(".")?;
    let engine = baseline::commit(&dir.path().join("engine.db"), true)?;
    let mut times = Vec::new();
    for _ in 0..10 {
        let pair = pair().await?;
        times.push(meet(&pair.ada, &pair.bo).await?.1);
        pair.end().await;
    }
    report.milliseconds(
        "invitation to chat on both sides, p50",
        percentile(&mut times, 0.5),
        Some(engine),
        Goal::Value(200.0),
    );
    Ok(())
}
