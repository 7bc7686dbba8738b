//! The page's TypeScript is what the shell offers.

use super::bindings;
use specta_typescript::{Typescript, semantic};
use std::{env, fs};

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/core/bindings.ts");

/// `UPDATE=1 cargo test -p snug bindings` writes them anew.
#[test]
fn bindings_are_fresh() {
    let dir = tempfile::tempdir().unwrap();
    let made = dir.path().join("bindings.ts");
    // Times are finite: never the `null` that JSON makes of other floats.
    let floats = semantic::Configuration::empty().enable_lossless_floats();
    bindings()
        .semantic_types(floats)
        // What crosses has one shape both ways.
        .disable_serde_phases()
        .export(Typescript::default(), &made)
        .unwrap();
    let made = fs::read_to_string(made).unwrap();
    if env::var_os("UPDATE").is_some() {
        fs::write(COMMITTED, &made).unwrap();
    }
    let committed = fs::read_to_string(COMMITTED).unwrap().replace("\r\n", "\n");
    assert!(
        made == committed,
        "ui/src/core/bindings.ts is stale: run `UPDATE=1 cargo test -p snug bindings` and commit it"
    );
}
