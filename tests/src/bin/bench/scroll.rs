//! The window scrolling through a chat of a million messages: how long each frame stays.
//!
//! A real window on a real database, moved through WebDriver as the end-to-end tests do. The page's own
//! frames are counted while it scrolls a fixed way up with each, once as somebody skims and once faster than
//! a hand can; beside them those of the same page at rest. `HISTORY_MESSAGES` says how many messages
//! there are.

use crate::app::{PASSPHRASE, beside, join};
use crate::figure::{Goal, Report, percentile};
use crate::history;
use anyhow::{Context as _, Result, anyhow};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use snug_client::DataDir;
use snug_client::keychain::Keychain;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;

/// For how many milliseconds frames are looked at, at rest and scrolling.
const WHILE: u32 = 12_000;
/// How many pixels each frame scrolls, and what that is called. At 60 frames a second the first is 2,400 a
/// second: three to four screens, too fast to read and slow enough to find something. A strong flick on a
/// touchpad moves 40 to 80 with each frame; the second is twice that, as a dragged scroll bar does.
const SPEEDS: [(u32, &str); 2] = [(40, "skimming"), (160, "flung")];
/// Longer than this and a person sees it.
const LONGEST: f64 = 50.0;
/// How often something is looked for, and how long between two looks.
const LOOKS: u32 = 400;
const LOOK: Duration = Duration::from_millis(50);

/// WebKit's driver, which starts the application; both end with this.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub async fn run(report: &mut Report) -> Result<()> {
    let dir = tempfile::tempdir_in(".")?;
    let data = dir.path().canonicalize()?;
    join(&data).await?;
    let count = history::asked_for()?;
    {
        let mut place = DataDir::open(&data).await.map_err(|p| anyhow!(p.text))?;
        let keys = Keychain::file(PASSPHRASE).keys(&mut place).await;
        let keys = keys.map_err(|p| anyhow!(p.text))?;
        history::fill(&place.database(), &keys.database, count)?;
    }
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let _driver = start(port, &data)?;
    let page = connect(port).await?;
    let chat = see(&page, "[data-testid=chat-row]").await?;
    chat.click().await?;
    see(&page, "[data-testid=message]").await?;
    let (_, mut rest) = frames(&page, 0).await?;
    let beside = (percentile(&mut rest, 0.99), percentile(&mut rest, 1.0));
    for (step, speed) in SPEEDS {
        let (seen, mut times) = frames(&page, step).await?;
        report.note(&format!(
            "{speed}, {step} px a frame: {} frames through {seen} of {count} messages",
            times.len()
        ));
        let (p99, longest) = (percentile(&mut times, 0.99), percentile(&mut times, 1.0));
        let name = format!("a frame, {speed}, p99");
        report.milliseconds(&name, p99, Some(beside.0), Goal::None);
        let name = format!("a frame, {speed}, longest");
        report.milliseconds(&name, longest, Some(beside.1), Goal::Value(LONGEST));
    }
    page.close().await?;
    Ok(())
}

fn start(port: u16, data: &Path) -> Result<Driver> {
    let child = Command::new("WebKitWebDriver")
        .args([&format!("--port={port}"), "--host=127.0.0.1"])
        .env("TAURI_AUTOMATION", "true")
        .env("TAURI_WEBVIEW_AUTOMATION", "true")
        .env("SNUG_DATA", data)
        .env("SNUG_KEYCHAIN", "file")
        .env("SNUG_PASSPHRASE", PASSPHRASE)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Ok(Driver(child.context(
        "WebKitWebDriver is not installed: `cargo xtask test` does that",
    )?))
}

async fn connect(port: u16) -> Result<Client> {
    let options = json!({ "binary": beside("snug")?, "args": [] });
    let mut wanted = serde_json::Map::new();
    wanted.insert("webkitgtk:browserOptions".into(), options);
    let mut looks = tokio::time::interval(LOOK);
    for _ in 0..LOOKS {
        looks.tick().await;
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            break;
        }
    }
    ClientBuilder::new(HttpConnector::new())
        .capabilities(wanted)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
        .context("the window does not open")
}

async fn see(page: &Client, what: &str) -> Result<fantoccini::elements::Element> {
    let mut looks = tokio::time::interval(LOOK);
    for _ in 0..LOOKS {
        looks.tick().await;
        if let Ok(found) = page.find(Locator::Css(what)).await {
            return Ok(found);
        }
    }
    Err(anyhow!("{what} never appears"))
}

/// How many messages were seen, and how long each frame stayed.
async fn frames(page: &Client, step: u32) -> Result<(u64, Vec<Duration>)> {
    let script = "
        const [step, length, done] = arguments;
        const timeline = document.querySelector('[data-testid=timeline]');
        const seen = new Set();
        const times = [];
        const begun = performance.now();
        let last = begun;
        const look = (now) => {
            times.push(now - last);
            last = now;
            if (times.length % 10 === 0)
                for (const line of timeline.querySelectorAll('[data-testid=message]')) seen.add(line.dataset.id);
            if (now - begun > length) return done({ seen: seen.size, times: times.slice(1) });
            timeline.scrollTop -= step;
            requestAnimationFrame(look);
        };
        requestAnimationFrame(look);";
    let told = page
        .execute_async(script, vec![json!(step), json!(WHILE)])
        .await?;
    let times = told["times"].as_array().context("no frames")?;
    let times = times.iter().filter_map(Value::as_f64);
    let seen = told["seen"].as_u64().unwrap_or(0);
    Ok((
        seen,
        times
            .map(|ms| Duration::from_secs_f64(ms.max(0.0) / 1e3))
            .collect(),
    ))
}
