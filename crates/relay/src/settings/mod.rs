//! What an operator can set: one schema for flags, environment, file and `--print-config`.
//!
//! The fields below are the schema, with their texts. clap makes flags and variables of them;
//! [`file`] lends a file's values to clap as defaults, so that a flag wins over a variable, a
//! variable over the file, the file over what is usual; [`print`] writes them down again.

mod access;
mod file;
mod keeping;
mod limits;
mod nats;
mod operator;
mod print;

pub use access::{Access, Tls};
pub use file::{FileError, lend};
pub use keeping::Keeping;
pub use limits::Limits;
pub use nats::Nats;
pub use operator::Operator;
pub use print::print;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};
use std::path::PathBuf;

/// Everything `snug-relay` is told.
#[derive(Clone, Debug, Default, Args)]
pub struct Operation {
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
    /// What it says.
    #[command(flatten)]
    pub logs: Logs,
    /// How it works.
    #[command(flatten)]
    pub settings: Settings,
}

/// How a relay works, wherever it runs.
#[derive(Clone, Debug, Default, Args)]
pub struct Settings {
    /// Who may use it.
    #[command(flatten)]
    pub access: Access,
    /// Its certificate.
    #[command(flatten)]
    pub tls: Tls,
    /// What its operator sees.
    #[command(flatten)]
    pub operator: Operator,
    /// How much it takes.
    #[command(flatten)]
    pub limits: Limits,
    /// How NATS is used.
    #[command(flatten)]
    pub nats: Nats,
}

/// Where a relay is.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Place")]
pub struct Place {
    /// Address to listen on; port 0 chooses a free one
    #[arg(long, value_name = "HOST:PORT", env = "SNUG_RELAY_LISTEN", default_value_t = Self::default().listen)]
    pub listen: String,
    /// Directory of the relay's file; made if it is not there
    #[arg(long, value_name = "DIR", env = "SNUG_RELAY_DATA", default_value = Self::default().data.into_os_string())]
    pub data: PathBuf,
    /// Where entries are kept: disk (in that directory), memory (all is forgotten when the relay stops; for trying out and measuring), or nats://HOST:PORT, several with commas between (in NATS JetStream, for any number of relays that are one)
    #[arg(long, value_name = "WHERE", env = "SNUG_RELAY_STORE", default_value_t = Self::default().store)]
    pub store: Keeping,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:7474".into(),
            data: "snug-relay-data".into(),
            store: Keeping::Disk,
        }
    }
}

/// What a relay says on stderr.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Logs")]
pub struct Logs {
    /// How much to say: error, warn, info, debug, trace, or as RUST_LOG is written
    #[arg(long, value_name = "LEVEL", env = "SNUG_RELAY_LOG", default_value_t = Self::default().log)]
    pub log: String,
    /// How to say it
    #[arg(long, value_name = "FORMAT", env = "SNUG_RELAY_LOG_FORMAT", value_enum, default_value_t = Self::default().log_format)]
    pub log_format: LogFormat,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

impl Default for Logs {
    fn default() -> Self {
        Self {
            log: "info".into(),
            log_format: LogFormat::Text,
        }
    }
}

/// What contradicts itself in what was said by flags and variables, in words. A file of settings names
/// everything, so that a directory there is only what it would be.
pub fn contradiction(matches: &ArgMatches) -> Option<&'static str> {
    let store = matches.get_one::<Keeping>("store");
    let data = matches.value_source("data");
    let is_said = data.is_some_and(|source| source != ValueSource::DefaultValue);
    // A container names a directory whatever the store is; over NATS it is not looked at.
    (store == Some(&Keeping::Memory) && is_said).then_some(
        "what is kept in memory has no directory: give --data or --store memory, not both",
    )
}

#[cfg(test)]
mod tests;
