//! `snug-relay`: a relay of one's own.

mod commands;
mod started;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use snug_relay::settings::{self, Operation};
use std::path::PathBuf;
use std::process::ExitCode;

/// The system's own asks the kernel for memory a page at a time in every thread but the first.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Carries sealed envelopes between Snug devices. It can read none of them.
///
/// Prints `listening on ws://HOST:PORT` when it is ready, then `key HEX`: the relay's own key.
/// Stops on SIGTERM and SIGINT, looks at its certificate and keys of tokens on SIGHUP. Logs go to
/// stderr. Every setting can be a flag, a variable, or a line of a TOML file, in this order.
#[derive(Debug, Parser)]
#[command(name = "snug-relay", version)]
struct Arguments {
    /// File of settings, TOML; --print-config shows what can stand in it
    #[arg(long, global = true, value_name = "FILE", env = "SNUG_RELAY_CONFIG")]
    config: Option<PathBuf>,
    /// Print the settings in force as such a file, and end
    #[arg(long)]
    print_config: bool,
    #[command(flatten)]
    operation: Operation,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask the relay that runs with these settings how it is; fails if it is not ready
    Health,
    /// Make access tokens for a closed relay
    #[command(subcommand)]
    Token(commands::Token),
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("snug-relay: {}", in_full(&error));
            ExitCode::FAILURE
        }
    }
}

/// With its causes, but for those it names itself.
fn in_full(error: &anyhow::Error) -> String {
    let mut full = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // Some say theirs with a number before it.
        let end = cause.rsplit(": ").next().unwrap_or_default();
        if !full.contains(end) {
            full = format!("{full}: {cause}");
        }
    }
    full
}

fn run() -> anyhow::Result<()> {
    let mut command = Arguments::command();
    let mut matches = command.clone().get_matches();
    if let Some(file) = matches.get_one::<PathBuf>("config") {
        command = settings::lend(command, file)?;
        matches = command.get_matches();
    }
    let arguments = Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    if let Some(wrong) = settings::contradiction(&matches) {
        let error = Arguments::command().error(ErrorKind::ArgumentConflict, wrong);
        error.exit();
    }
    if arguments.print_config {
        print!("{}", settings::print(&matches));
        return Ok(());
    }
    match arguments.command {
        None => started::run(arguments.operation),
        Some(Command::Health) => commands::health(&arguments.operation),
        Some(Command::Token(token)) => commands::token(token),
    }
}

#[cfg(test)]
mod tests {
    use super::in_full;
    use anyhow::{Context as _, anyhow};

    #[test]
    fn a_cause_is_said_once() {
        let error =
            Err::<(), _>(anyhow!("no such file")).context("it cannot be read: no such file");
        let error = error.context("nothing was started").unwrap_err();
        let full = "nothing was started: it cannot be read: no such file";
        assert_eq!(in_full(&error), full);
    }
}
