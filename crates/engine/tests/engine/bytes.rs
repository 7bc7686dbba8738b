//! Whatever stands in a mailbox, `receive` does not fail and does not panic: noise, and real entries
//! changed a little, in every kind of mailbox, flagged or not. `SEEDS` worlds, each from its seed.

use crate::people::{ADA, BO, World};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use snug_engine::NewInvitation;
use snug_wire::Address;

const SEEDS: u64 = 24;
const ENTRIES: usize = 60;

/// Noise, or a real entry cut, lengthened, or with bytes of it changed.
fn entry(rng: &mut ChaCha20Rng, real: &[Vec<u8>]) -> Vec<u8> {
    let noise = |rng: &mut ChaCha20Rng, most: usize| -> Vec<u8> {
        let len = rng.random_range(0..most);
        (0..len).map(|_| rng.random()).collect()
    };
    if real.is_empty() || rng.random_bool(0.2) {
        return noise(rng, 300);
    }
    let mut bytes = real[rng.random_range(0..real.len())].clone();
    match rng.random_range(0..4) {
        0 => bytes.truncate(rng.random_range(0..=bytes.len())),
        1 => bytes.extend(noise(rng, 40)),
        // Lengths and kinds stand in front.
        2 if !bytes.is_empty() => {
            let at = rng.random_range(0..bytes.len().min(40));
            bytes[at] = rng.random();
        }
        _ if !bytes.is_empty() => {
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..bytes.len());
                bytes[at] ^= 1 << rng.random_range(0..8);
            }
        }
        _ => {}
    }
    bytes
}

fn check(seed: u64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (mut world, chat) = World::chat();
    world.invite(ADA, &NewInvitation::default());
    world.send(ADA, chat, "one");
    world.send(BO, chat, "two");
    world.rest();
    let real: Vec<Vec<u8>> = world
        .relay
        .mailboxes
        .values()
        .flat_map(|mailbox| mailbox.entries.iter().map(|entry| entry.bytes.clone()))
        .collect();
    let all: Vec<Address> = world.relay.mailboxes.keys().copied().collect();
    for n in 0..ENTRIES {
        let address = all[rng.random_range(0..all.len())];
        let bytes = entry(&mut rng, &real);
        world.plant(address, rng.random_bool(0.3), bytes);
        if n % 7 == 0 {
            world.rest();
        }
    }
    world.rest();
    // Nothing of it holds anything up.
    world.send(ADA, chat, "three");
    world.rest();
    world.crash(BO);
    world.send(BO, chat, "four");
    world.rest();
    for who in [ADA, BO] {
        assert_eq!(world.texts(who, chat), ["one", "two", "three", "four"]);
    }
}

#[test]
fn no_bytes_make_receiving_fail() {
    for seed in 0..SEEDS {
        let done = std::panic::catch_unwind(|| check(seed));
        assert!(done.is_ok(), "seed {seed}");
    }
}
