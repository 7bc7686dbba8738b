//! `cargo xtask …`: set-up and habits, the same for a person, for CI and on every operating system.

mod app;
mod bench;
mod demo;
mod fuzz;
mod packages;
mod run;
mod screen;
mod setup;
mod soak;
mod sys;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Set-up and habits of Snug"
)]
struct Arguments {
    #[command(subcommand)]
    habit: Habit,
}

#[derive(Subcommand)]
enum Habit {
    /// Install what is missing, build and start Snug; without a display, play the demo
    Run,
    /// Two windows with two accounts on one relay, already in one chat
    Demo,
    /// Set up and run everything CI runs
    Test,
    /// Fetch the NATS server that the relay's tests start, without running them
    Nats,
    /// Measure; all of them or the one named
    Bench(bench::Wanted),
    /// Drive seeded worlds of 10,000 messages each, with edits, deletions, reactions, receipts, timers,
    /// crashes and cuts: nothing lost, nothing twice, one order. Two accounts with one device each;
    /// second devices come with linking. A failing world says how to replay it alone
    #[command(args_conflicts_with_subcommands = true)]
    Soak {
        /// How many messages are written in all
        #[arg(long, default_value_t = 1_000_000)]
        messages: u64,
        /// The first world's seed; the others count on from it
        #[arg(long, default_value_t = 1)]
        seed: u64,
        #[command(subcommand)]
        of: Option<soak::Of>,
    },
    /// Feed every decoder, and the relay's core, what nobody would send
    Fuzz {
        /// Which target; all of them when left out
        target: Option<String>,
        /// How long in all, shared out among the targets
        #[arg(long, default_value_t = 12)]
        minutes: u32,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().habit {
        Habit::Run => run::run(),
        Habit::Demo => demo::demo(),
        Habit::Test => test::test(),
        Habit::Nats => setup::nats_server(),
        Habit::Bench(wanted) => bench::bench(&wanted),
        Habit::Soak { of: Some(what), .. } => soak::of(&what),
        Habit::Soak { messages, seed, .. } => soak::worlds(messages, seed),
        Habit::Fuzz { target, minutes } => fuzz::fuzz(target.as_deref(), minutes),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\n{error:#}");
            ExitCode::FAILURE
        }
    }
}
