//! `cargo xtask soak`: what takes hours and finds what is rare. The worlds and rounds themselves are
//! tests (`tests/tests/sim`, `tests/tests/processes`), of which each test run does a few.

use std::process::Command;

use anyhow::Result;
use clap::Subcommand;

use crate::app::{self, UI_INSIDE};
use crate::sys;

/// What else can be soaked.
#[derive(Subcommand)]
pub enum Of {
    /// Real `snug-cli` and `snug-relay` processes, killed at random instants while both sides write:
    /// every message that was acknowledged is there exactly once, in one order
    Crashes {
        /// How often something is killed
        #[arg(long, default_value_t = 200)]
        rounds: u32,
        /// Chooses what is killed and when
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Twenty `snug-cli` processes in one group, two of them admins who act at the same instant, and a relay
    /// that is killed in between: everybody who is in has the same roster
    Crowd {
        /// How often both act
        #[arg(long, default_value_t = 200)]
        rounds: u32,
        /// Chooses what they do
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Groups in which people are added, removed, made admins, leave and write while everything goes
    /// wrong: at rest everybody who is in has the same of everything
    Groups {
        /// How many worlds
        #[arg(long, default_value_t = 500)]
        worlds: u64,
        /// One world alone
        #[arg(long)]
        seed: Option<u64>,
    },
}

/// Drives long seeded worlds until so many messages were written.
pub fn worlds(messages: u64, seed: u64) -> Result<()> {
    let mut test = test("sim", "soak::soak");
    test.env("SIM_SOAK", messages.to_string());
    test.env("SIM_SEED", seed.to_string());
    sys::run(&mut test)
}

/// Does the one that is named.
pub fn of(what: &Of) -> Result<()> {
    match what {
        Of::Crashes { rounds, seed } => {
            sys::run(&mut app::build())?;
            let mut test = test("processes", "crashes::crashes_at_random_instants");
            test.env("CRASH_ROUNDS", rounds.to_string());
            test.env("CRASH_SEED", seed.to_string());
            sys::run(&mut test)
        }
        Of::Crowd { rounds, seed } => {
            sys::run(&mut app::build())?;
            let name = "crowd::two_admins_act_at_once_again_and_again";
            let mut test = test("processes", name);
            test.env("CROWD_ROUNDS", rounds.to_string());
            test.env("CROWD_SEED", seed.to_string());
            sys::run(&mut test)
        }
        Of::Groups { worlds, seed } => {
            let mut test = test("sim", "groups::groups_of_few");
            test.env("SIM_WORLDS", worlds.to_string());
            if let Some(seed) = seed {
                test.env("SIM_SEED", seed.to_string());
            }
            sys::run(&mut test)
        }
    }
}

/// One test of the release build; what it prints is shown as it comes.
fn test(binary: &str, name: &str) -> Command {
    let mut cargo = sys::cargo();
    cargo.args(["test", "--release", "--workspace", "--features", UI_INSIDE]);
    cargo.args(["--test", binary, "--", "--exact", name, "--nocapture"]);
    cargo
}
