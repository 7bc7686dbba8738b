//! A window and the WebDriver that moves it.

use crate::programs::{free_port, kill, process_on, snug, until};
use anyhow::{Context, Result};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use tokio::net::TcpStream;

/// By day or by lamplight: what the desktop says it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Light {
    Day,
    Night,
}

/// A window, open until dropped or killed.
pub struct Window {
    pub page: Client,
    data: PathBuf,
    _driver: Driver,
}

impl Window {
    /// Starts the application on this data.
    pub async fn open(data: &Path, light: Light, environment: &[(&str, &str)]) -> Result<Self> {
        let driver = Driver::start(data, light, environment)?;
        for port in [driver.native, driver.port] {
            until("the drivers to listen", || async {
                Ok(TcpStream::connect(("127.0.0.1", port)).await.ok())
            })
            .await?;
        }
        let mut wanted = serde_json::Map::new();
        wanted.insert("tauri:options".into(), json!({ "application": snug()? }));
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(wanted)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .context("the window did not open")?;
        Ok(Self {
            page,
            data: data.to_path_buf(),
            _driver: driver,
        })
    }

    /// Kills the application as a power cut would, and everything that drove it.
    pub async fn kill(self) -> Result<()> {
        let process = process_on(&self.data)?.to_string();
        kill(&process);
        until("the application to be gone", || async {
            Ok(process_on(&self.data).is_err().then_some(()))
        })
        .await
    }

    /// Closes the window as its button does, and waits until the application has ended.
    pub async fn close(self) -> Result<()> {
        self.page
            .close_window()
            .await
            .context("the window does not close")?;
        until("the application to end", || async {
            Ok(process_on(&self.data).is_err().then_some(()))
        })
        .await
    }
}

/// `tauri-driver` and what it starts: WebKit's driver, the application and its helpers.
struct Driver {
    port: u16,
    /// Of WebKit's driver, which is up later.
    native: u16,
    child: Child,
}

impl Driver {
    fn start(data: &Path, light: Light, environment: &[(&str, &str)]) -> Result<Self> {
        let home = data.join("home");
        let (port, native) = (free_port()?, free_port()?);
        let mut driver = Command::new("tauri-driver");
        driver
            .args([
                "--port",
                &port.to_string(),
                "--native-port",
                &native.to_string(),
            ])
            .env("SNUG_DATA", data)
            .env("SNUG_KEYCHAIN", "file")
            .env("SNUG_PASSPHRASE", "a lamp in the corner")
            .env("LANG", "C.UTF-8")
            .env("LANGUAGE", "en_GB")
            .env("TZ", "UTC")
            .env(
                "GTK_THEME",
                if light == Light::Night {
                    "Adwaita:dark"
                } else {
                    "Adwaita"
                },
            )
            .process_group(0);
        for place in ["CONFIG", "DATA", "CACHE", "STATE"] {
            let path = home.join(place.to_lowercase());
            std::fs::create_dir_all(&path)?;
            driver.env(format!("XDG_{place}_HOME"), path);
        }
        for (name, value) in environment {
            driver.env(name, value);
        }
        let child = driver
            .spawn()
            .context("tauri-driver is not installed: `cargo xtask test` does that")?;
        Ok(Self {
            port,
            native,
            child,
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        kill(&format!("-{}", self.child.id()));
        // It has ended, or it never started.
        let _ = self.child.wait();
    }
}
