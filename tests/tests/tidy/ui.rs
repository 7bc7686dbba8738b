//! Who may import whom in `ui/src`, and where colours are named.

use crate::files::{Source, sources};
use crate::nothing;

/// Folder of `ui/src`, and the folders it may import. Each may import itself; a folder of `features`
/// is one of its own.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("design", &[]),
    ("state", &["core"]),
    ("features", &["core", "design", "state"]),
    ("app", &["core", "design", "state", "features"]),
];

fn ui() -> impl Iterator<Item = Source> {
    sources(&["ts", "svelte", "css"])
        .into_iter()
        .filter(|source| source.path.starts_with("ui/src/"))
}

/// What a line imports: `from "x"`, `import "x"`, `import("x")`, `@import "x"`.
fn imported(line: &str) -> Option<&str> {
    let after = ["from ", "import(", "import ", "mock("]
        .iter()
        .find_map(|word| {
            let rest = line.split_once(word)?.1.trim_start();
            rest.starts_with(['"', '\'']).then_some(rest)
        })?;
    let quote = after.get(..1)?;
    after.get(1..)?.split(quote).next()
}

/// The path below `ui/src` that `file` means by `import`; `None` for packages.
fn resolve(file: &str, import: &str) -> Option<String> {
    if let Some((_, path)) = import
        .split_once("/src/")
        .filter(|_| !import.starts_with('.'))
    {
        return Some(path.to_owned());
    }
    let alias = ["$lib/", "@/", "~/", "$"]
        .iter()
        .find_map(|alias| import.strip_prefix(alias));
    if let Some(path) = alias {
        return Some(path.to_owned());
    }
    if !import.starts_with('.') {
        return None;
    }
    let mut parts: Vec<_> = file.strip_prefix("ui/src/")?.split('/').collect();
    parts.pop();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The folder a path belongs to: `design`, or `features/chats`.
fn folder(path: &str) -> &str {
    let end = if path.starts_with("features/") { 2 } else { 1 };
    match path.match_indices('/').nth(end - 1) {
        Some((at, _)) => &path[..at],
        None => path,
    }
}

#[test]
fn only_core_talks_to_tauri() {
    let wrong = ui().filter(|source| !source.path.starts_with("ui/src/core/"));
    let wrong = wrong.flat_map(|source| source.lines_where(|line| line.contains("@tauri-apps/")));
    nothing(
        wrong.collect(),
        "Ask through the Core interface of ui/src/core: tests put a fake one there.",
    );
}

#[test]
fn ui_folders_import_only_what_they_may() {
    let mut wrong = Vec::new();
    for source in ui() {
        let own = folder(source.path.strip_prefix("ui/src/").unwrap());
        let kind = own.split('/').next().unwrap();
        let Some((_, may)) = MAY_IMPORT.iter().find(|(folder, _)| *folder == kind) else {
            continue;
        };
        wrong.extend(source.lines_where(|line| {
            let Some(path) = imported(line).and_then(|import| resolve(&source.path, import)) else {
                return false;
            };
            let other = folder(&path);
            let known = MAY_IMPORT
                .iter()
                .any(|(folder, _)| other.split('/').next() == Some(folder));
            known && other != own && !may.contains(&other.split('/').next().unwrap())
        }));
    }
    nothing(
        wrong,
        "design ◄ features ◄ app, and features do not know each other: let app put them together, or move \
         what both need to design (looks) or state (rows). See MAY_IMPORT.",
    );
}

#[test]
fn colours_are_named_in_tokens_alone() {
    let wrong = ui()
        .filter(|source| source.is(&["svelte", "css"]) && !source.path.ends_with("/tokens.css"));
    let wrong = wrong.flat_map(|source| source.lines_where(names_colour));
    nothing(
        wrong.collect(),
        "Use a token of ui/src/design/tokens.css, or add one: light and dark change there alone.",
    );
}

/// `#fff`, `#1f5c4d80`, `rgb(…)`, `hsl(…)`, `oklch(…)`; not `{#each`, `&#39;` or `url(#shadow)`.
fn names_colour(line: &str) -> bool {
    let functions = ["rgb(", "rgba(", "hsl(", "hsla(", "oklch(", "oklab("];
    let hex = line.match_indices('#').any(|(at, _)| {
        let digits =
            line[at + 1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let word = &line[at + 1..][..digits.unwrap_or(line.len() - at - 1)];
        let before = line[..at].chars().next_back();
        [3, 4, 6, 8].contains(&word.len())
            && word.chars().all(|c| c.is_ascii_hexdigit())
            && !matches!(before, Some('{' | '&' | '('))
    });
    hex || functions.iter().any(|function| line.contains(function))
}
