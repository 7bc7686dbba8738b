//! Where the application keeps its data and its keys, from the environment or by the platform's custom.

use snug_client::keychain::{Keychain, KeychainKind};
use snug_client::{Problem, ProblemCode};
use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use tauri::{AppHandle, Manager as _};

/// A data directory instead of the usual one.
const DATA: &str = "SNUG_DATA";
/// `os`, `file` or `memory`.
const KEYCHAIN: &str = "SNUG_KEYCHAIN";
/// Opens a keychain of kind `file`.
const PASSPHRASE: &str = "SNUG_PASSPHRASE";

/// Where this copy of the application lives.
#[derive(Clone)]
pub struct Place {
    /// The data directory.
    pub data: PathBuf,
}

impl Place {
    /// Whether it lives where everybody's does.
    pub fn is_usual() -> bool {
        named().is_none()
    }

    /// The data directory that was named, or the platform's.
    pub fn find(app: &AppHandle) -> tauri::Result<Self> {
        let data = match named() {
            Some(data) => PathBuf::from(data),
            None => app.path().app_data_dir()?,
        };
        Ok(Self { data })
    }

    /// What the web view keeps, which is little: the width of a list.
    pub fn web_view(&self) -> PathBuf {
        self.data.join("webview")
    }

    /// What the relay inside the application keeps.
    pub fn relay(&self) -> PathBuf {
        self.data.join("relay")
    }
}

fn named() -> Option<OsString> {
    env::var_os(DATA).filter(|data| !data.is_empty())
}

/// The keychain to open: of a passphrase the person gave, else as the environment says, else where
/// the keys of this data are, else the operating system's.
///
/// # Errors
/// `broken` when the environment names a keychain there is not.
pub fn keychain(
    kept: Option<KeychainKind>,
    passphrase: Option<String>,
) -> Result<Keychain, Problem> {
    if let Some(passphrase) = passphrase {
        return Ok(Keychain::file(passphrase));
    }
    let kind = match env::var(KEYCHAIN).as_deref() {
        Ok("os") => KeychainKind::Os,
        Ok("file") => KeychainKind::File,
        Ok("memory") => KeychainKind::Memory,
        Ok("") | Err(_) => kept.unwrap_or(KeychainKind::Os),
        Ok(other) => {
            let text =
                format!("{KEYCHAIN} is {other:?}. Set it to os, file or memory, or not at all.");
            return Err(Problem::new(ProblemCode::Broken, text));
        }
    };
    Ok(match kind {
        KeychainKind::Os => Keychain::Os,
        // None given opens nothing and is refused as wrong: the page then asks for it.
        KeychainKind::File => Keychain::file(env::var(PASSPHRASE).unwrap_or_default()),
        KeychainKind::Memory => Keychain::memory(),
    })
}
