//! Words the glossary keeps out.

use crate::files::sources;
use crate::nothing;

/// Other people's exact spellings, which we do not choose.
const THEIRS: &[&str] = &[
    "dbus-run-session",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_SESSION",
    "\"--session\"",
    "session bus",
    "sessionStorage",
    "NewSessionError",
];

#[test]
fn nothing_is_called_session() {
    let files = sources(&["rs", "toml", "ts", "svelte", "css", "json"]).into_iter();
    let ours = files.filter(|source| {
        !source.path.starts_with("tests/tests/tidy/") && source.path != "ui/tests/house.test.ts"
    });
    let wrong = ours.flat_map(|source| source.lines_where(says_session));
    nothing(
        wrong.collect(),
        "\"Session\" can mean chat, login, socket or ratchet: say conversation, connection, group … (docs/GLOSSARY.md).",
    );
}

/// Whether the word occurs, alone or within a name, outside of [`THEIRS`]; `possession` is another word.
fn says_session(line: &str) -> bool {
    let line = THEIRS
        .iter()
        .fold(line.to_owned(), |line, theirs| line.replace(theirs, ""));
    line.to_lowercase().match_indices("session").any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let starts_upper = line.get(at..).is_some_and(|rest| rest.starts_with('S'));
        !before.is_some_and(|c| c.is_lowercase()) || starts_upper
    })
}
