//! Tests run always, once, and wait for what happens instead of for time to pass.

use crate::files::{Source, sources};
use crate::nothing;

/// The part of a Rust file that is tests: all of it in a `tests` folder, else from `#[cfg(test)]` on.
/// Benchmarks are none: real time is what they are about.
fn test_lines(source: &Source) -> Source {
    let tests = (source.path.starts_with("tests/") && !source.path.starts_with("tests/src/bin/"))
        || source.path.contains("/tests/")
        || source.path.ends_with("/tests.rs");
    let start = if tests {
        Some(0)
    } else {
        source.text.find("#[cfg(test)]")
    };
    // The lines before stay as empty ones, so that numbers remain true.
    let before = source
        .text
        .get(..start.unwrap_or(source.text.len()))
        .unwrap_or_default();
    let text = "\n".repeat(before.matches('\n').count()) + &source.text[before.len()..];
    Source {
        path: source.path.clone(),
        text,
    }
}

fn rust() -> impl Iterator<Item = Source> {
    sources(&["rs"])
        .into_iter()
        .filter(|source| !source.path.starts_with("tests/tests/tidy/"))
}

#[test]
fn no_test_is_ignored() {
    let rust = rust()
        .flat_map(|source| source.lines_where(|line| line.trim_start().starts_with("#[ignore")));
    let ui = sources(&["test.ts", "test.svelte.ts"])
        .into_iter()
        .flat_map(|source| {
            source.lines_where(|line| {
                [".skip(", ".only(", ".todo(", ".skipIf("]
                    .iter()
                    .any(|word| line.contains(word))
            })
        });
    nothing(
        rust.chain(ui).collect(),
        "Mend these tests or delete them: an ignored one proves nothing.",
    );
}

#[test]
fn no_test_sleeps() {
    let rust =
        rust().flat_map(|source| test_lines(&source).lines_where(|line| line.contains("sleep(")));
    let ui = sources(&["test.ts", "test.svelte.ts"]).into_iter();
    let ui = ui.flat_map(|source| source.lines_where(|line| line.contains("setTimeout(")));
    nothing(
        rust.chain(ui).collect(),
        "Await what happens: an update, idleness, virtual time. Where there is only looking again (a window, \
         a process), tick a `tokio::time::interval` under a time-out.",
    );
}
