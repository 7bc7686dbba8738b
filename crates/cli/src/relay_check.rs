//! Trying all a relay must do, as a stranger who leaves nothing behind but what expires.

mod checks;
mod peer;

use crate::output::{self, Output};
use anyhow::{Result, anyhow, bail};
use checks::Relay;
use peer::Peer;
use serde_json::json;
use snug_client::relay_url::with_token;
use snug_client::view::Transport;
use std::time::{Duration, Instant};

/// How long one check may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints a line for each check; an error when one failed.
pub async fn check(url: &str, output: &mut Output) -> Result<()> {
    let (url, token) = with_token(url)?;
    let token = token.as_ref();
    let mut report = Report {
        output,
        failed: 0,
        made: 0,
    };
    // Two strangers: one does, the other one sees it.
    let connect = |over| Peer::connect(&url, token, over);
    let (start, first) = (Instant::now(), connect(Transport::WebSocket).await);
    let first = report.tell("handshake", start, first)?;
    let (start, second) = (Instant::now(), connect(Transport::Http).await);
    let second = report.tell(
        "handshake over HTTP, for networks without WebSockets",
        start,
        second,
    )?;
    let (Some(first), Some(second)) = (first, second) else {
        return report.end(&url);
    };
    let mut relay = Relay::new(first, second);
    macro_rules! each {
        ($($name:literal => $check:ident),* $(,)?) => {$(
            let start = Instant::now();
            let done = tokio::time::timeout(PATIENCE, relay.$check()).await;
            let done = done.unwrap_or_else(|_| Err(anyhow!("it took longer than {} s", PATIENCE.as_secs())));
            report.tell($name, start, done)?;
        )*};
    }
    each! {
        "create a mailbox" => create,
        "open it" => open,
        "put and echo" => put_and_echo,
        "put twice, stored once" => idempotent_put,
        "refuse other bytes under a known id" => other_bytes,
        "refuse a stale commit" => stale_commit,
        "refuse a wrong lock" => wrong_lock,
        "fetch an attachment" => attachment,
        "replay from a cursor" => replay,
        "signal" => signal,
        "publish an invitation" => publish,
        "claim an invitation once" => claim,
        "revoke an invitation" => revoke,
        "key packages" => key_packages,
        "inbox: anyone writes, the owner reads" => inbox,
        "trim and retire" => tidy_up,
    }
    relay.close().await;
    report.end(&url)
}

struct Report<'a> {
    output: &'a mut Output,
    made: u32,
    failed: u32,
}

impl Report<'_> {
    fn tell<T>(&mut self, name: &str, start: Instant, done: Result<T>) -> Result<Option<T>> {
        let ms = (start.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        self.made += 1;
        let problem = done.as_ref().err().map(|error| format!("{error:#}"));
        self.failed += u32::from(problem.is_some());
        let mut line = json!({ "name": name, "ok": problem.is_none(), "ms": ms });
        if let (Some(problem), Some(line)) = (problem, line.as_object_mut()) {
            line.insert("problem".to_owned(), problem.into());
        }
        self.output.line(output::row("check", &line)?)?;
        Ok(done.ok())
    }

    fn end(self, url: &str) -> Result<()> {
        match self.failed {
            0 => Ok(()),
            failed => bail!("{failed} of {} checks of {url} failed.", self.made),
        }
    }
}
