//! `cargo xtask run`: from a fresh checkout to a window.

use anyhow::Result;

use crate::{app, demo, packages, screen, setup, sys};

/// Installs what is missing, builds, starts Snug and waits until it is closed.
pub fn run() -> Result<()> {
    if screen::is_missing() {
        println!(
            "There is no display here, so there is no window to show: playing the demo on a virtual one."
        );
        return demo::demo();
    }
    packages::install(&[packages::For::Windows])?;
    setup::npm()?;
    let app = app::release()?;
    sys::run(&mut sys::program(app.snug))
}
