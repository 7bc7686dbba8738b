//! `--print-config`: what is in force, as a file that says the same.

use super::file::schema;
use clap::{Arg, ArgMatches};
use std::any::TypeId;
use std::fmt::Write as _;
use toml::Value;

/// All settings with their texts, as TOML. What is not set stands there as a comment; what is
/// secret is not shown.
pub fn print(matches: &ArgMatches) -> String {
    let mut out = String::from(
        "# Settings of snug-relay. A flag wins over its variable, that over this file.\n",
    );
    let mut heading = None;
    for arg in schema().get_arguments() {
        if arg.get_help_heading() != heading {
            heading = arg.get_help_heading();
            let _ = write!(out, "\n\n## {}\n", heading.unwrap_or_default());
        }
        one(&mut out, arg, matches);
    }
    out
}

fn one(out: &mut String, arg: &Arg, matches: &ArgMatches) {
    let Some(name) = arg.get_long() else {
        return;
    };
    out.push('\n');
    if let Some(help) = arg.get_help() {
        let _ = writeln!(out, "# {help}.");
    }
    let possible = arg.get_possible_values();
    let possible: Vec<&str> = possible.iter().map(|value| value.get_name()).collect();
    if !possible.is_empty() {
        let _ = writeln!(out, "# One of: {}.", possible.join(", "));
    }
    if let Some(variable) = arg.get_env() {
        let _ = writeln!(out, "# --{name}, {}", variable.display());
    }
    let values = matches.get_raw(arg.get_id().as_str());
    let values = values.into_iter().flatten();
    let values: Vec<Value> = values
        .map(|value| typed(arg, &value.to_string_lossy()))
        .collect();
    let _ = match values.first() {
        None => writeln!(out, "# {name} ="),
        Some(_) if arg.is_hide_env_values_set() => {
            writeln!(out, "# {name} is set, and not shown")
        }
        Some(_) if arg.get_value_delimiter().is_some() => {
            writeln!(out, "{name} = {}", Value::Array(values))
        }
        Some(value) => writeln!(out, "{name} = {value}"),
    };
}

/// Numbers and truths without quotes.
fn typed(arg: &Arg, text: &str) -> Value {
    let of = arg.get_value_parser().type_id();
    if of == TypeId::of::<u32>() || of == TypeId::of::<u64>() {
        if let Ok(number) = text.parse() {
            return Value::Integer(number);
        }
    } else if of == TypeId::of::<bool>()
        && let Ok(whether) = text.parse()
    {
        return Value::Boolean(whether);
    }
    Value::String(text.to_owned())
}
