//! Writes that were torn: the end of a write-ahead log is missing or garbled, as a disk leaves it that
//! lost its power. What was committed before is there, and the database is used on.

use crate::device::Device;
use crate::story;
use crate::world::World;
use snug_engine::Extras;
use snug_relay::Store;
use snug_relay::core::Core;
use std::fs;
use std::path::{Path, PathBuf};

/// What a disk writes at once.
const SECTOR: u64 = 512;
/// How many transactions are torn.
const TORN: usize = 4;

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn len(path: &Path) -> u64 {
    fs::metadata(log_of(path)).map_or(0, |log| log.len())
}

/// Calls `opens` for a copy of the database torn at every boundary in the last transactions, with how
/// many of them were whole before. `ends` says where each ends in the log.
fn tear(path: &Path, ends: &[u64], mut opens: impl FnMut(&Path, usize)) -> usize {
    let log = fs::read(log_of(path)).unwrap();
    let dir = tempfile::tempdir_in(path.parent().unwrap()).unwrap();
    let copy = dir.path().join("torn.db");
    let from = ends[ends.len() - 1 - TORN].next_multiple_of(SECTOR);
    let mut count = 0;
    for at in (from..=log.len() as u64).step_by(SECTOR as usize) {
        let whole = ends.iter().filter(|end| **end <= at).count();
        let (cut, end) = (at as usize, log.len().min((at + SECTOR) as usize));
        let mut garbled = log.clone();
        garbled[cut..end].iter_mut().for_each(|byte| *byte ^= 0x5a);
        for torn in [&log[..cut], &garbled] {
            fs::copy(path, &copy).unwrap();
            fs::write(log_of(&copy), torn).unwrap();
            opens(&copy, whole);
            count += 1;
            for file in fs::read_dir(dir.path()).unwrap() {
                fs::remove_file(file.unwrap().path()).unwrap();
            }
        }
    }
    count
}

/// Two people in a chat, at rest, nothing in their logs.
fn rested() -> World {
    let mut world = World::on_disk(1);
    story::meet(&mut world, false);
    world.settle();
    let (dir, now, written) = world.saved();
    let mut world = World::resumed(dir.path(), 1, now, 2);
    world.written = written;
    world
}

/// What the chat of a device shows.
fn shows(device: &Device) -> Vec<(String, bool, bool)> {
    let view = device.engine.view();
    let chat = view.chats().unwrap()[0].id;
    let messages = view.messages(&chat, None, 100).unwrap();
    let shown = messages.into_iter();
    shown
        .map(|m| (m.text, m.amended.deleted, m.reacted))
        .collect()
}

#[test]
fn a_torn_log_of_the_engine_loses_no_whole_transaction() {
    let mut world = rested();
    let path = world.path("Ada.db");
    let chat = world.chat(0).unwrap();
    let (mut ends, mut states) = (Vec::new(), vec![shows(&world.devices[0])]);
    let mut ids = Vec::new();
    for n in 0..8 {
        let (now, engine) = (world.now, &mut world.devices[0].engine);
        match n {
            5 => engine.edit(ids[0], "edited", Vec::new(), now).unwrap(),
            6 => engine.react(ids[1], Some("\u{1f44d}"), now).unwrap(),
            7 => engine.delete(ids[2], now).unwrap(),
            _ => {
                let text = format!("message {n}");
                ids.push(
                    engine
                        .send_text(chat, &text, Extras::default(), now)
                        .unwrap(),
                );
            }
        }
        ends.push(len(&path));
        states.push(shows(&world.devices[0]));
    }
    assert!(ends.is_sorted_by(|a, b| a < b), "each wrote: {ends:?}");
    let relay = world.relay_key();
    let count = tear(&path, &ends, |torn, whole| {
        let mut ada = Device::resume((0, "Ada"), torn.to_path_buf(), 3, relay);
        assert_eq!(shows(&ada), states[whole], "after {whole} transactions");
        let sent = ada
            .engine
            .send_text(chat, "on it goes", Extras::default(), 1);
        assert!(ada.engine.view().message(&sent.unwrap()).unwrap().is_some());
    });
    println!("the engine's log torn {count} times");
}

#[test]
fn a_torn_log_of_the_relay_loses_no_whole_transaction() {
    let mut world = rested();
    world.settle();
    world.disconnect(1);
    let path = world.path("relay.db");
    let entries = |path: &Path| -> i64 {
        let db = rusqlite::Connection::open(path).unwrap();
        db.query_row("SELECT count(*) FROM entry", [], |row| row.get(0))
            .unwrap()
    };
    let (mut ends, mut states) = (Vec::new(), vec![entries(&path)]);
    for n in 0..8 {
        world.write(0, &format!("message {n}"));
        world.tend(0);
        world.carry_to_relay(0, 64);
        ends.push(len(&path));
        states.push(entries(&path));
        world.carry_to_device(0, 64);
    }
    assert!(states.is_sorted_by(|a, b| a < b), "each was stored");
    let count = tear(&path, &ends, |torn, whole| {
        drop(Core::open(Store::open(torn).unwrap(), [9; 32]).unwrap());
        assert_eq!(entries(torn), states[whole], "after {whole} batches");
    });
    println!("the relay's log torn {count} times");
}
