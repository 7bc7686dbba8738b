//! The window.

use crate::place::Place;
use crate::settled;
use std::io;
use std::path::Path;
use tauri::utils::config::Color;
use tauri::{AppHandle, Error, Manager as _, Theme, WebviewWindowBuilder};

/// Its label in `tauri.conf.json`.
const MAIN: &str = "main";
/// `--bg` of `ui/src/design/tokens.css`: what is seen before the page is.
const DAY: Color = Color(0xf6, 0xf2, 0xea, 0xff);
/// The same by lamplight.
const NIGHT: Color = Color(0x17, 0x15, 0x13, 0xff);

/// Opens the window of `tauri.conf.json`. It does not wait for the client.
pub fn open(app: &AppHandle, place: &Place) -> tauri::Result<()> {
    // The web view would make it for all to look into.
    make_private(&place.data)?;
    let config = app
        .config()
        .app
        .windows
        .first()
        .ok_or(Error::WindowNotFound)?;
    let window = WebviewWindowBuilder::from_config(app, config)?
        .data_directory(place.web_view())
        .background_color(DAY);
    let window = settled::say(window, "input, main").build()?;
    if window.theme()? == Theme::Dark {
        window.set_background_color(Some(NIGHT))?;
    }
    Ok(())
}

/// Brings the window to the front: somebody has started Snug a second time.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        // Each may be refused by the window system, which then has its reasons.
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
