//! The file: names and values as flags have them, in TOML.

use super::Operation;
use clap::builder::Resettable;
use clap::{Arg, Args as _, Command};
use std::path::{Path, PathBuf};
use toml::Value;

/// Why a file of settings is not used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{path} cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        source: std::io::Error,
    },
    /// It is not TOML.
    #[error("{path} is not TOML: {source}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: Box<toml::de::Error>,
    },
    /// It says something there is not.
    #[error("{path}: there is no setting {key:?}{}", perhaps(.nearest.as_deref()))]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What it says.
        key: String,
        /// What it may have meant.
        nearest: Option<String>,
    },
    /// A value cannot be.
    #[error("{path}: {key} = {value}: {reason}")]
    Value {
        /// The file.
        path: PathBuf,
        /// Whose value.
        key: String,
        /// As it is written.
        value: String,
        /// What is wrong.
        reason: String,
    },
}

fn perhaps(name: Option<&str>) -> String {
    name.map_or_else(
        || "; snug-relay --print-config shows all there are".into(),
        |name| format!(": did you mean {name:?}?"),
    )
}

/// Every setting there is.
pub(super) fn schema() -> Command {
    Operation::augment_args(Command::new("snug-relay"))
}

/// Gives the command a file's values as defaults: flags and variables win over them.
///
/// # Errors
/// [`FileError`] says in plain words what is wrong with the file.
pub fn lend(command: Command, path: &Path) -> Result<Command, FileError> {
    let text = std::fs::read_to_string(path).map_err(|source| FileError::Read {
        path: path.to_owned(),
        source,
    })?;
    lend_text(command, path, &text)
}

pub(super) fn lend_text(
    mut command: Command,
    path: &Path,
    text: &str,
) -> Result<Command, FileError> {
    let table: toml::Table = toml::from_str(text).map_err(|source| FileError::Form {
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    let schema = schema();
    for (key, value) in table {
        let named = |arg: &&Arg| arg.get_long() == Some(key.as_str());
        let Some(arg) = schema.get_arguments().find(named) else {
            return Err(FileError::Unknown {
                path: path.to_owned(),
                nearest: meant(&schema, &key),
                key,
            });
        };
        let values = checked(arg, &value).map_err(|reason| FileError::Value {
            path: path.to_owned(),
            value: value.to_string(),
            reason,
            key,
        })?;
        if !values.is_empty() {
            command = command.mut_arg(arg.get_id(), |arg| arg.default_values(values));
        }
    }
    Ok(command)
}

/// The name most like that one, if it is like it at all.
fn meant(schema: &Command, key: &str) -> Option<String> {
    let names = schema.get_arguments().filter_map(Arg::get_long);
    let likeness = |name: &str| strsim::jaro_winkler(name, &key.replace('_', "-"));
    let best = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.75).then(|| best.to_owned())
}

/// A value as one would write it after the flag, if the flag takes it.
fn checked(arg: &Arg, value: &Value) -> Result<Vec<String>, String> {
    let values = match value {
        Value::Array(values) => values.iter().map(written).collect::<Result<Vec<_>, _>>()?,
        one => vec![written(one)?],
    };
    let takes_many = arg.get_value_delimiter().is_some();
    if !takes_many && matches!(value, Value::Array(_)) {
        return Err("it is one value, not a list".into());
    }
    // A command of this flag alone, deaf to variables, judges as the real one will.
    let alone = Command::new("snug-relay").arg(arg.clone().env(Resettable::Reset));
    let flag = format!("--{}", arg.get_long().unwrap_or_default());
    let words = values.iter().map(|value| format!("{flag}={value}"));
    let words = std::iter::once("snug-relay".to_owned()).chain(words);
    match alone.try_get_matches_from(words) {
        Ok(_) => Ok(values),
        Err(error) => Err(reason(&error)),
    }
}

fn written(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(whether) => Ok(whether.to_string()),
        _ => Err("write a text, a whole number, true or false".into()),
    }
}

/// clap's word without the frame it puts around it.
fn reason(error: &clap::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let first = text.split("\n\n").next().unwrap_or(text);
    first.split_whitespace().collect::<Vec<_>>().join(" ")
}
