//! Says on stdout when a window has settled: drawn, with something a person can use. Only for
//! `cargo xtask bench app`, which asks for it by an environment variable.

use tauri::{Manager, Runtime, WebviewWindowBuilder};

/// Asks for it.
const ASKED: &str = "SNUG_SAY_WHEN_SETTLED";
/// What is said.
const SAID: &str = "window settled";

/// Says so once an element of this CSS selector is there and two frames have been drawn since.
pub fn say<'a, R: Runtime, M: Manager<R>>(
    window: WebviewWindowBuilder<'a, R, M>,
    usable: &str,
) -> WebviewWindowBuilder<'a, R, M> {
    if std::env::var_os(ASKED).is_none() {
        return window;
    }
    let watch = format!(
        r#"addEventListener("DOMContentLoaded", () => {{
            const look = () => {{
                if (!document.querySelector("{usable}")) return requestAnimationFrame(look);
                requestAnimationFrame(() => requestAnimationFrame(() => {{ document.title = "{SAID}"; }}));
            }};
            look();
        }});"#
    );
    window
        .initialization_script(watch)
        .on_document_title_changed(|_, title| {
            if title == SAID {
                println!("{SAID}");
            }
        })
}
