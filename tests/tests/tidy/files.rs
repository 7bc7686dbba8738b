//! Which files there are, and how long and how named they may be.

use std::fs;
use std::path::{Path, PathBuf};

use crate::nothing;

/// A source file: its path from the root, with `/` between, and its text.
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    pub fn is(&self, extensions: &[&str]) -> bool {
        extensions
            .iter()
            .any(|extension| self.path.ends_with(&format!(".{extension}")))
    }

    /// `path:line: text` for every line of which `wrong` is true.
    pub fn lines_where(&self, wrong: impl Fn(&str) -> bool) -> Vec<String> {
        let lines = self.text.lines().zip(1..).filter(|(line, _)| wrong(line));
        lines
            .map(|(line, number)| format!("{}:{number}: {}", self.path, line.trim()))
            .collect()
    }
}

/// Folders that hold what people write.
const WRITTEN: &[&str] = &[
    "crates",
    "src-tauri",
    "tests",
    "xtask",
    "fuzz",
    "ui/src",
    "ui/tests",
    "ui/messages",
];
/// Written by programs: made anew, never edited.
const GENERATED: &[&str] = &["ui/src/core/bindings.ts", "ui/src/paraglide/"];

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Everything written by people, as far as it is text of these kinds, in the order of paths.
pub fn sources(extensions: &[&str]) -> Vec<Source> {
    let root = root();
    let mut paths = Vec::new();
    for folder in WRITTEN {
        walk(&root.join(folder), &mut paths);
    }
    paths.sort();
    let sources = paths.into_iter().filter_map(|path| {
        let name = path
            .strip_prefix(&root)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        let generated = GENERATED
            .iter()
            .any(|generated| name.starts_with(generated));
        let known = extensions
            .iter()
            .any(|extension| name.ends_with(&format!(".{extension}")));
        (known && !generated).then(|| Source {
            text: fs::read_to_string(&path).unwrap(),
            path: name,
        })
    });
    sources.collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    // A folder that does not exist yet holds nothing.
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_file() {
            paths.push(path);
        } else if !["target", "node_modules", "dist", "gen"].contains(&name.as_ref()) {
            walk(&path, paths);
        }
    }
}

#[test]
fn no_file_is_longer_than_600_lines() {
    let long = sources(&["rs", "ts", "svelte", "css"])
        .into_iter()
        .filter_map(|source| {
            let lines = source.text.lines().count();
            (lines > 600).then(|| format!("{}: {lines} lines", source.path))
        });
    nothing(
        long.collect(),
        "Split these: a file is about one thing, 100 to 200 lines, never above 600.",
    );
}

#[test]
fn no_file_is_a_drawer() {
    let drawer = |path: &str| {
        let name = path.rsplit('/').next().unwrap().split('.').next().unwrap();
        let folder = path.rsplit('/').nth(1).unwrap_or_default();
        let drawers = [
            "common", "helper", "helpers", "manager", "misc", "util", "utils",
        ];
        drawers.contains(&name) || drawers.contains(&folder)
    };
    let drawers = sources(&["rs", "ts", "svelte"])
        .into_iter()
        .map(|source| source.path);
    nothing(
        drawers.filter(|path| drawer(path)).collect(),
        "Name these after what is in them: a name that fits everything collects everything.",
    );
}
