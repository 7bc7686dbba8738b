//! Worlds that lose what was acknowledged: a device is away for longer than the relay keeps entries, the
//! relay comes back as an older copy of itself, or empty. All is healed by the devices (rules 2, 17, 18):
//! what its author still has is sent again, under the same id.

use crate::story;
use crate::world::{Chaos, World};
use crate::{model, seeds};
use rand::RngExt as _;
use snug_engine::{Event, MessageKind};
use snug_relay::Store;
use std::path::Path;

/// For longer than a relay keeps entries, in milliseconds.
const AWAY: u64 = 100 * 24 * 3_600_000;

/// Both in the chat: until then the relay alone knows what has to happen, and people invite once more.
fn met(mut world: World) -> World {
    story::meet(&mut world, false);
    for device in 0..2 {
        world.step_until_in_chat(device);
    }
    world.lossy = true;
    world
}

fn run(default: u64, world: impl Fn(u64)) {
    for seed in seeds(default) {
        let name = format!("seed {seed} (SIM_SEED={seed} replays it)");
        let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world(seed)));
        assert!(lived.is_ok(), "{name}");
    }
}

/// How many lines of a device's timeline say that.
fn told(world: &World, device: usize, event: Event) -> usize {
    let chat = world.chat(device).expect("it is in the chat");
    let messages = world.devices[device].engine.view();
    let messages = messages.messages(&chat, None, 100_000).unwrap();
    let is = |kind: MessageKind| kind == MessageKind::Event(event);
    messages.iter().filter(|m| is(m.kind)).count()
}

impl World {
    /// Only one device does anything for a while; the other is cut off.
    fn alone(&mut self, device: usize, steps: u32) {
        let other = 1 - device;
        self.disconnect(other);
        for n in 0..steps {
            let text = format!("message-{n} alone of world {}", self.seed);
            match self.rng.random_range(0..6) {
                0..3 => self.write(device, &text),
                3 => self.edit_some(device, &format!("edit-{n} alone of world {}", self.seed)),
                4 => self.react_to_some(device),
                _ => {}
            }
            self.now += 7;
            self.tend(device);
            self.carry_to_relay(device, 64);
            self.carry_to_device(device, 64);
        }
    }

    /// So much time goes by, in pieces, with one device there.
    fn wait_with(&mut self, device: usize, milliseconds: u64) {
        for _ in 0..10 {
            self.now += milliseconds / 10;
            self.expire();
            self.tend(device);
            self.carry_to_relay(device, 64);
            self.carry_to_device(device, 64);
        }
    }

    fn relay_is_as(&mut self, store: impl FnOnce() -> Store) {
        self.with_relay_stopped(|old| {
            drop(old);
            store()
        });
    }
}

#[test]
fn worlds_where_a_device_is_away_too_long() {
    run(30, |seed| {
        let mut world = met(World::new(seed, Chaos::ALL));
        world.live(80);
        world.settle();
        let here = world.rng.random_range(0..2);
        world.alone(here, 30);
        world.wait_with(here, AWAY);
        world.alone(here, 5);
        world.stir();
        world.live(60);
        world.end();
        assert!(told(&world, 1 - here, Event::Gap) > 0, "the gap is said");
        assert_eq!(
            told(&world, here, Event::Gap),
            0,
            "who was here missed nothing"
        );
    });
}

/// A copy of the relay's database as it is now.
fn copy(of: &Path, to: &Path) {
    let db = rusqlite::Connection::open(of).unwrap();
    db.execute("VACUUM INTO ?1", [to.to_str().unwrap()])
        .unwrap();
}

#[test]
fn worlds_whose_relay_comes_back_as_an_older_copy() {
    run(40, |seed| {
        let mut world = met(World::on_disk_with(seed, Chaos::ALL));
        // With or without the commits by which new leaves renew themselves.
        let before = world.rng.random_range(0..120);
        world.live(before);
        let (now, old) = (world.path("relay.db"), world.path("old.db"));
        copy(&now, &old);
        world.live(100);
        world.now += 30_000;
        world.live(20);
        world.relay_is_as(|| {
            for end in ["", "-wal", "-shm"] {
                let mut file = now.clone().into_os_string();
                file.push(end);
                // There may be no log.
                let _ = std::fs::remove_file(file);
            }
            std::fs::copy(&old, &now).unwrap();
            Store::open(&now).unwrap()
        });
        world.live(60);
        world.end();
    });
}

#[test]
fn worlds_whose_relay_loses_everything() {
    run(30, |seed| {
        let mut world = met(World::new(seed, Chaos::ALL));
        world.live(100);
        world.relay_is_as(|| Store::in_memory().unwrap());
        world.live(60);
        world.end();
        for device in 0..2 {
            assert!(told(&world, device, Event::Renewed) > 0, "it is said");
        }
        // Once more, as if nothing had been.
        world.stir();
        world.relay_is_as(|| Store::in_memory().unwrap());
        world.live(40);
        world.settle();
        model::compare(&world);
    });
}
