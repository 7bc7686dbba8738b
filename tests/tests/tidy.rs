//! Rules of the house that no compiler keeps, one test each. A failure says what to do.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a check that panics has failed, which is all it can say"
)]

#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/tests.rs"]
mod tests;
#[path = "tidy/ui.rs"]
mod ui;
#[path = "tidy/words.rs"]
mod words;

/// Fails with what to do and where, if there is anything to do.
#[track_caller]
fn nothing(wrong: Vec<String>, what_to_do: &str) {
    assert!(
        wrong.is_empty(),
        "\n{what_to_do}\n  {}\n",
        wrong.join("\n  ")
    );
}
