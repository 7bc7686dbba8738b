//! A window with nothing in it: what the application is measured beside (`cargo xtask bench app`).

use tauri::http::{HeaderValue, Response, header::CONTENT_TYPE};
use tauri::{WebviewUrl, WebviewWindowBuilder};

fn main() -> tauri::Result<()> {
    tauri::Builder::default()
        .register_uri_scheme_protocol("bare", |_, _| {
            // Without a type it would be a download, and the window would stay without a page.
            let mut page = Response::new(b"<!doctype html><title>Bare</title><body>".to_vec());
            let html = HeaderValue::from_static("text/html");
            page.headers_mut().insert(CONTENT_TYPE, html);
            page
        })
        .setup(|app| {
            let blank = "bare://localhost/".parse()?;
            let window = WebviewWindowBuilder::new(app, "bare", WebviewUrl::External(blank))
                .inner_size(1180.0, 800.0)
                .center();
            snug_desktop::settled::say(window, "body").build()?;
            Ok(())
        })
        .run(tauri::generate_context!())
}
