//! Who may import whom among the crates (docs/ARCHITECTURE.md, the house).

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

use crate::files::root;
use crate::nothing;

/// Member, what it may import, and what its tests may import besides.
const MAY_IMPORT: &[(&str, &[&str], &[&str])] = &[
    ("snug-wire", &[], &[]),
    ("snug-engine", &["snug-wire"], &[]),
    (
        "snug-client",
        &["snug-wire", "snug-engine"],
        &["snug-relay"],
    ),
    ("snug-relay", &["snug-wire"], &[]),
    ("snug-cli", &["snug-wire", "snug-client", "snug-relay"], &[]),
    ("snug", &["snug-wire", "snug-client", "snug-relay"], &[]),
    (
        "snug-tests",
        &["snug-wire", "snug-engine", "snug-client", "snug-relay"],
        &[],
    ),
    ("xtask", &[], &[]),
];

/// Member, and what must not come in through any other crate either, with the reason.
const NEVER: &[(&str, &[&str], &str)] = &[
    (
        "snug-wire",
        &["tokio", "rusqlite", "openmls"],
        "wire says what the bytes are: no network, storage, encryption",
    ),
    (
        "snug-engine",
        &[
            "tokio",
            "tungstenite",
            "tokio-tungstenite",
            "keyring",
            "tauri",
        ],
        "the engine has no network, no keychain, no window: the client brings what they know as arguments",
    ),
    (
        "snug-relay",
        &["snug-engine", "openmls", "tauri"],
        "a relay can read nothing, so it has nothing to read with",
    ),
    (
        "snug-client",
        &["tauri"],
        "the client serves every host: what only a window needs belongs to the shell",
    ),
    (
        "snug-cli",
        &["tauri"],
        "the command line runs where no window is",
    ),
];

/// What this platform builds: for the others cargo would have to download what nothing here uses.
fn metadata() -> Metadata {
    let rustc = Command::new("rustc").arg("-vV").output().unwrap();
    let rustc = String::from_utf8(rustc.stdout).unwrap();
    let host = rustc
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .unwrap();
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--filter-platform".to_owned(), host.to_owned()])
        .exec()
        .unwrap()
}

#[test]
fn crates_import_only_what_they_may() {
    let metadata = metadata();
    let names: BTreeSet<_> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let Some((_, built, tested)) = MAY_IMPORT.iter().find(|(member, ..)| *member == name)
        else {
            wrong.push(format!(
                "{name} is not in the table: say there what it may import"
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let other = dependency.name.as_str();
            let tested = dependency.kind == DependencyKind::Development && tested.contains(&other);
            if names.contains(other) && !built.contains(&other) && !tested {
                wrong.push(format!("{name} imports {other}"));
            }
        }
    }
    nothing(
        wrong,
        "Turn these around, or move what is shared down to where both may reach (MAY_IMPORT):",
    );
}

#[test]
fn nothing_forbidden_comes_in_by_a_detour() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut wrong = Vec::new();
    for (member, never, reason) in NEVER {
        let packages = metadata.workspace_packages();
        let start = &packages
            .iter()
            .find(|package| package.name == member)
            .unwrap()
            .id;
        // Each crate reached, with the one that brought it in.
        let mut via: BTreeMap<&PackageId, &PackageId> = BTreeMap::new();
        let mut open = vec![start];
        while let Some(id) = open.pop() {
            for dependency in &nodes[id].deps {
                let only_tests = dependency
                    .dep_kinds
                    .iter()
                    .all(|kind| kind.kind == DependencyKind::Development);
                if !only_tests && dependency.pkg != *start && !via.contains_key(&dependency.pkg) {
                    via.insert(&dependency.pkg, id);
                    open.push(&dependency.pkg);
                }
            }
        }
        for id in via
            .keys()
            .filter(|id| never.contains(&metadata[id].name.as_str()))
        {
            let mut way = vec![metadata[id].name.as_str()];
            let mut step = *id;
            while let Some(before) = via.get(step) {
                way.push(metadata[before].name.as_str());
                step = before;
            }
            way.reverse();
            wrong.push(format!("{} ({reason})", way.join(" → ")));
        }
    }
    nothing(
        wrong,
        "Take these dependencies out again, or switch off the feature that brings them (NEVER):",
    );
}

#[test]
fn no_crate_is_a_drawer() {
    let names = metadata()
        .workspace_packages()
        .iter()
        .map(|package| package.name.to_string())
        .collect::<Vec<_>>();
    let drawer = |name: &String| {
        name.split('-')
            .any(|word| ["common", "helpers", "shared", "util", "utils"].contains(&word))
    };
    nothing(
        names.into_iter().filter(drawer).collect(),
        "Name these crates after what is in them.",
    );
}

#[test]
fn every_member_says_what_it_is_for() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifest
        .lines()
        .skip_while(|line| !line.starts_with("members = ["))
        .skip(1);
    let silent = members
        .take_while(|line| !line.starts_with(']'))
        .filter(|line| {
            let purpose = line
                .split_once('#')
                .map_or("", |(_, purpose)| purpose)
                .trim();
            !line.trim().is_empty() && purpose.len() < 10
        });
    nothing(
        silent.map(|line| line.trim().to_owned()).collect(),
        "Say behind each member in the root Cargo.toml, after a #, what it is for:",
    );
    let packages = metadata();
    let silent = packages
        .workspace_packages()
        .into_iter()
        .filter(|package| package.description.is_none());
    nothing(
        silent.map(|package| package.name.to_string()).collect(),
        "Give these a `description`:",
    );
}
