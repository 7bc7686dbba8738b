//! A window with nothing in it: what the application is measured beside (`cargo xtask bench app`).

use tauri::{WebviewUrl, WebviewWindowBuilder};

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .register_uri_scheme_protocol("bare", |_, _| {
            tauri::http::Response::new(b"<!doctype html><title>Bare</title><body>".to_vec())
        })
        .setup(|app| {
            let blank = "bare://localhost/".parse()?;
            let window = WebviewWindowBuilder::new(app, "bare", WebviewUrl::External(blank))
                .inner_size(1180.0, 800.0);
            snug_desktop::settled::say(window, "body").build()?;
            Ok(())
        })
        .run(tauri::generate_context!())
}
