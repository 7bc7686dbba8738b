//! Worlds of a group: people are added, removed, made admins, leave and write, from many devices, while
//! everything goes wrong. At rest everybody who is in has the same of everything; who is not has nothing
//! of what came after.

use crate::crowd::Crowd;
use crate::world::Chaos;
use crate::{seeds, world};
use rand::RngExt as _;

fn run(default: u64, crowd: impl Fn(u64)) {
    for seed in seeds(default) {
        let name = format!("seed {seed} (SIM_SEED={seed} replays it)");
        let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| crowd(seed)));
        assert!(lived.is_ok(), "{name}");
    }
}

#[test]
fn calm_groups() {
    run(10, |seed| {
        let mut crowd = Crowd::new(seed, Chaos::NONE, 5, 3);
        crowd.gather();
        crowd.live(200);
        crowd.end();
    });
}

#[test]
fn groups_of_few() {
    run(40, |seed| {
        let mut crowd = Crowd::new(seed, Chaos::ALL, 5, 3);
        crowd.gather();
        crowd.live(250);
        crowd.end();
    });
}

#[test]
fn groups_of_many() {
    run(4, |seed| {
        let mut crowd = Crowd::new(seed, Chaos::ALL, world::CROWD.len(), 2);
        crowd.gather();
        crowd.live(600);
        crowd.end();
    });
}

/// Admins move the group between two relays, at once and again; then all else goes on there.
#[test]
fn groups_that_move() {
    run(15, |seed| {
        let mut crowd = Crowd::new(seed, Chaos::ALL, 5, 3);
        (crowd.moving, crowd.peaceful) = (true, true);
        crowd.gather();
        crowd.live(200);
        crowd.rest();
        crowd.compare();
        crowd.peaceful = false;
        crowd.world.stir();
        crowd.live(80);
        crowd.end();
    });
}

/// Everything is lost at the relay: an admin's device founds the group anew, and who is in comes after.
#[test]
fn groups_whose_relay_loses_everything() {
    run(15, |seed| {
        let mut crowd = Crowd::new(seed, Chaos::ALL, 5, 3);
        crowd.gather();
        crowd.live(80);
        crowd.rest();
        (crowd.lossy, crowd.peaceful) = (true, true);
        crowd
            .world
            .with_relay_stopped(|_| snug_relay::Store::in_memory().unwrap());
        crowd.world.stir_with(Chaos::ALL);
        crowd.live(40);
        crowd.rest();
        crowd.compare();
        crowd.peaceful = false;
        crowd.world.stir();
        crowd.live(60);
        crowd.end();
    });
}

/// Somebody is away for longer than the relay keeps entries, while the group changes.
#[test]
fn groups_with_somebody_away_too_long() {
    run(15, |seed| {
        let mut crowd = Crowd::new(seed, Chaos::NONE, 5, 3);
        crowd.gather();
        crowd.live(40);
        crowd.rest();
        crowd.lossy = true;
        let away = crowd.world.rng.random_range(0..5);
        // Who knows none of those who are admins by then asks in vain.
        crowd.world.patient = true;
        crowd.world.away = Some(away);
        crowd.world.disconnect(away);
        crowd.live(60);
        for _ in 0..10 {
            crowd.world.now += 10 * 24 * 3_600_000;
            crowd.world.expire();
            crowd.live(3);
        }
        crowd.world.away = None;
        crowd.world.stir_with(Chaos::ALL);
        crowd.live(40);
        crowd.end();
    });
}
