//! The desktop application.

// No console beside the window on Windows.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    snug_desktop::drawing::choose();
    match snug_desktop::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Snug cannot show its window: {error}");
            ExitCode::FAILURE
        }
    }
}
