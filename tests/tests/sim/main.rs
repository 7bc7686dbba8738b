//! Many small worlds: engines and the relay's own machine in one thread, with virtual time, a seed,
//! connections that are cut, frames lost and doubled, and crashes at every step of a transaction.
//!
//! People write, edit, delete, react, set timers and read. At the end of each world everything is healed
//! and run until nothing moves; then what every device has is compared with what was written.
//! `SIM_SEED=n` runs one world alone, `SIM_WORLDS=n` that many, `SIM_TRACE=1` tells what devices ignored.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test says what went wrong by panicking"
)]

mod acts;
mod crash;
mod crowd;
mod device;
mod groups;
mod interleavings;
mod losing;
mod model;
mod network;
mod soak;
mod story;
mod torn;
mod world;
mod written;

use world::{Chaos, World};

fn seeds(default: u64) -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    match number("SIM_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SIM_WORLDS").unwrap_or(default)).collect(),
    }
}

fn run(default: u64, chaos: Chaos, steps: u32, mutual: bool) {
    for seed in seeds(default) {
        let name = format!("seed {seed} (SIM_SEED={seed} replays it)");
        let world = std::panic::catch_unwind(|| {
            let mut world = World::new(seed, chaos);
            story::meet(&mut world, mutual);
            world.live(steps);
            world.end();
        });
        assert!(world.is_ok(), "{name}");
    }
}

#[test]
fn calm_worlds() {
    run(20, Chaos::NONE, 120, false);
}

#[test]
fn worlds_with_cuts_and_doubles() {
    run(80, Chaos::NETWORK, 200, false);
}

#[test]
fn worlds_with_crashes_at_every_step() {
    run(80, Chaos::ALL, 250, false);
}

#[test]
fn worlds_of_four_devices() {
    for seed in seeds(40) {
        let name = format!("seed {seed} (SIM_SEED={seed} replays it)");
        let world = std::panic::catch_unwind(|| {
            let mut world = World::new(seed, Chaos::ALL);
            story::meet(&mut world, false);
            world.add_device(0);
            world.add_device(1);
            world.live(250);
            world.end();
        });
        assert!(world.is_ok(), "{name}");
    }
}

#[test]
fn worlds_where_both_invite_each_other() {
    run(40, Chaos::ALL, 250, true);
}
