//! Long worlds: thousands of messages each, until so many were written in all.
//!
//! `SIM_SOAK=n` says how many messages (`cargo xtask soak` sets it), `SIM_SEED=n` the first world's
//! seed. Two accounts, two devices each.

use crate::model;
use crate::story;
use crate::world::{Chaos, World};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Messages of one world.
const WORLD: u64 = 10_000;
/// How many a test run writes.
const SHORT: u64 = 400;
/// Rarer than in small worlds: what matters here is how much there is.
const CHAOS: Chaos = Chaos {
    cut: 8,
    lose_delivery: 3,
    double_delivery: 3,
    crash: 4,
    relay_crash: 1,
};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What was done so far, over all threads.
#[derive(Default)]
struct Done {
    worlds: AtomicU64,
    messages: AtomicU64,
    posts: AtomicU64,
}

fn world(seed: u64, messages: u64) -> World {
    let mut world = World::new(seed, CHAOS);
    story::meet(&mut world, false);
    world.add_device(0);
    world.add_device(1);
    let mut n = 0;
    while (world.written.count() as u64) < messages {
        world.act(n);
        world.step();
        world.step();
        n += 1;
        // Now and then everything is compared, and people have seen all there is.
        if n.is_multiple_of(8_192) {
            world.settle();
            model::compare(&world);
            world.stir();
        }
    }
    world.end();
    world
}

#[test]
fn soak() {
    let total = number("SIM_SOAK").unwrap_or(SHORT);
    let first = number("SIM_SEED").unwrap_or(1);
    let worlds = total.div_ceil(WORLD);
    let (next, done, start) = (AtomicU64::new(0), Done::default(), Instant::now());
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    std::thread::scope(|scope| {
        for _ in 0..threads.min(worlds) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= worlds {
                        break;
                    }
                    let (seed, messages) = (first + n, WORLD.min(total - n * WORLD));
                    let lived = std::panic::catch_unwind(|| world(seed, messages));
                    let Ok(lived) = lived else {
                        panic!(
                            "seed {seed} (cargo xtask soak --messages {messages} --seed {seed} replays it)"
                        );
                    };
                    tell(&done, &lived, total, start);
                }
            });
        }
    });
    assert!(done.messages.load(Ordering::Relaxed) >= total);
}

fn tell(done: &Done, world: &World, total: u64, start: Instant) {
    let add = |to: &AtomicU64, n: usize| to.fetch_add(n as u64, Ordering::Relaxed) + n as u64;
    let worlds = add(&done.worlds, 1);
    let messages = add(&done.messages, world.written.count());
    let posts = add(&done.posts, world.written.posts);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "world {worlds} (seed {}): {messages} of {total} messages, {posts} edits, deletions and \
         reactions, {:.0} messages/s, {} MiB",
        world.seed,
        messages as f64 / seconds,
        memory() >> 10,
    );
}

/// What this process holds in memory, in KiB; 0 where that is not told.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}
