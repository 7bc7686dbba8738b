//! One schema, four ways to say it.

use super::file::{lend_text, schema};
use super::{Limits, Operation, print};
use clap::{Args as _, Command, FromArgMatches as _};
use std::path::Path;

/// The schema, deaf to the variables of whoever runs this test.
fn deaf() -> Command {
    schema().mut_args(|arg| arg.env(clap::builder::Resettable::Reset))
}

fn with(text: &str, flags: &[&str]) -> Operation {
    let command = lend_text(deaf(), Path::new("relay.toml"), text).unwrap();
    let words = ["snug-relay"].iter().chain(flags);
    let matches = command.try_get_matches_from(words).unwrap();
    Operation::from_arg_matches(&matches).unwrap()
}

fn wrong(text: &str) -> String {
    let lent = lend_text(deaf(), Path::new("relay.toml"), text);
    lent.unwrap_err().to_string()
}

#[test]
fn what_is_usual_is_what_the_library_does() {
    let said = with("", &[]);
    assert_eq!(said.settings.limits, Limits::default());
    assert_eq!(format!("{said:?}"), format!("{:?}", Operation::default()));
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_what_is_usual() {
    let text = "listen = \"0.0.0.0:1\"\nmax-connections = 7\ntrusted-proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\ndashboard = true";
    let said = with(text, &[]);
    assert_eq!(said.place.listen, "0.0.0.0:1");
    assert_eq!(said.settings.limits.max_connections, 7);
    assert_eq!(said.settings.access.trusted_proxies.len(), 2);
    assert!(said.settings.operator.dashboard);
    let said = with(text, &["--max-connections=8", "--dashboard=false"]);
    assert_eq!(said.settings.limits.max_connections, 8);
    assert!(!said.settings.operator.dashboard);
}

#[test]
fn a_variable_stands_between_flag_and_file() {
    for arg in schema().get_arguments() {
        let name = arg.get_long().unwrap().replace('-', "_").to_uppercase();
        let variable = arg.get_env().unwrap().to_str().unwrap();
        assert_eq!(variable, format!("SNUG_RELAY_{name}"));
    }
    // What a variable says is not a default: clap asks it before any.
    let path = std::env::var("PATH").unwrap();
    let command = schema().mut_arg("listen", |arg| arg.env("PATH"));
    let command = lend_text(command, Path::new("relay.toml"), "listen = \"file\"").unwrap();
    let said = |words: &[&str]| {
        let matches = command.clone().try_get_matches_from(words).unwrap();
        Operation::from_arg_matches(&matches).unwrap().place.listen
    };
    assert_eq!(said(&["snug-relay"]), path);
    assert_eq!(said(&["snug-relay", "--listen=flag"]), "flag");
}

#[test]
fn what_is_printed_says_the_same_again() {
    let text = "trusted-proxies = [\"10.0.0.0/8\"]\nlog = \"warn\"\nstore = \"memory\"\nlog-format = \"json\"\nmax-connections = 9\noperator-token = \"hush\"";
    let command = lend_text(deaf(), Path::new("relay.toml"), text).unwrap();
    let matches = command.try_get_matches_from(["snug-relay"]).unwrap();
    let printed = print(&matches);
    assert!(!printed.contains("hush"), "{printed}");
    assert!(printed.contains("# operator-token is set, and not shown"));
    assert!(printed.contains("\nmax-connections = 9\n"));
    let mut before = Operation::from_arg_matches(&matches).unwrap();
    before.settings.operator.operator_token = None;
    assert_eq!(
        format!("{:?}", with(&printed, &[])),
        format!("{before:?}"),
        "{printed}"
    );
    for arg in schema().get_arguments() {
        assert!(printed.contains(arg.get_long().unwrap()));
    }
}

#[test]
fn what_is_wrong_in_a_file_is_said_in_words() {
    for (text, said) in [
        (
            "max-conections = 1",
            "relay.toml: there is no setting \"max-conections\": did you mean \"max-connections\"?",
        ),
        (
            "max_connections = 1",
            "relay.toml: there is no setting \"max_connections\": did you mean \"max-connections\"?",
        ),
        (
            "config = \"x\"",
            "relay.toml: there is no setting \"config\"; snug-relay --print-config shows all there are",
        ),
        (
            "max-connections = 0",
            "relay.toml: max-connections = 0: invalid value '0' for '--max-connections <N>': 0 is not in 1..=4294967295",
        ),
        (
            "listen = [\"a\", \"b\"]",
            "relay.toml: listen = [\"a\", \"b\"]: it is one value, not a list",
        ),
        (
            "listen = 1.5",
            "relay.toml: listen = 1.5: write a text, a whole number, true or false",
        ),
        (
            "trusted-proxies = [\"here\"]",
            "relay.toml: trusted-proxies = [\"here\"]: invalid value 'here' for '--trusted-proxies <ADDRESS>': write an address, such as 127.0.0.1, or a network, such as 10.0.0.0/8",
        ),
    ] {
        assert_eq!(wrong(text), said);
    }
    assert!(wrong("listen = ").starts_with("relay.toml is not TOML: "));
    assert!(wrong("[limits]\nx = 1").contains("there is no setting \"limits\""));
}

#[test]
fn the_schema_is_sound() {
    Operation::augment_args(Command::new("snug-relay")).debug_assert();
}
