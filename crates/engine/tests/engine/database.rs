//! The database file: its key, its damage, its version, and what can be read of it without the key.

use crate::people::{ADA, BO, World};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use rusqlite::ErrorCode;
use snug_engine::{Access, Engine, Error, NewInvitation, Reader, Result, connect};
use snug_wire::log_state::{ConversationKind, LogState};
use snug_wire::{ConversationId, Secret, encode};
use std::fs;
use std::path::Path;

fn open(path: &Path, key: [u8; 32]) -> Result<Engine> {
    let db = connect(path, &Secret::new(key), Access::Write)?;
    Engine::open(db, Box::new(ChaCha20Rng::seed_from_u64(1)))
}

fn code(result: Result<Engine>) -> ErrorCode {
    match result.map(|_| ()) {
        Err(Error::Database(error)) => error.sqlite_error_code().expect("SQLite's own error"),
        other => panic!("{other:?} where the database fails"),
    }
}

#[test]
fn another_key_does_not_open_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    open(&path, [7; 32]).unwrap().close().unwrap();
    assert_eq!(code(open(&path, [8; 32])), ErrorCode::NotADatabase);
    open(&path, [7; 32]).unwrap();
}

#[test]
fn a_damaged_file_is_said_to_be_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    open(&path, [7; 32]).unwrap().close().unwrap();
    let whole = fs::read(&path).unwrap();
    let check = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let code = code(open(&path, [7; 32]));
        let damaged = [ErrorCode::NotADatabase, ErrorCode::DatabaseCorrupt];
        assert!(damaged.contains(&code), "{code:?}");
    };
    check(&whole[..whole.len() / 3]);
    check(&whole[..100]);
    let mut flipped = whole.clone();
    flipped[1_000] ^= 1;
    check(&flipped);
    fs::write(&path, &whole).unwrap();
    open(&path, [7; 32]).unwrap();
}

#[test]
fn one_of_a_newer_snug_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    open(&path, [7; 32]).unwrap().close().unwrap();
    let db = connect(&path, &Secret::new([7; 32]), Access::Write).unwrap();
    db.pragma_update(None, "user_version", 1_000).unwrap();
    drop(db);
    assert!(matches!(open(&path, [7; 32]), Err(Error::TooNew)));
}

/// Lines of the schema as a database has it.
fn schema(db: &rusqlite::Connection) -> String {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name";
    let mut query = db.prepare(sql).unwrap();
    let lines = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    lines.map(|line| line.unwrap() + ";\n").collect()
}

const FIRST: &str = include_str!("../../src/store/schema/1.sql");
/// What all migrations together come to: an edit of any of them shows here.
const NOW: &str = include_str!("schema.sql");

#[test]
fn the_first_schema_opens_with_all_that_is_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("first.db");
    let db = connect(&path, &Secret::new([7; 32]), Access::Write).unwrap();
    db.execute_batch(FIRST).unwrap();
    db.execute_batch(
        "INSERT INTO conversation VALUES (zeroblob(32), 0, NULL, 7);
         INSERT INTO message VALUES (zeroblob(16), zeroblob(32), zeroblob(24), NULL, 0,
           zeroblob(32), 1, 1, 5, 'kept', x'a0', 1, 1);
         INSERT INTO mls VALUES (x'01', x'02');
         INSERT INTO outbox (relay, lane, priority, not_before, stage, intent)
           VALUES (zeroblob(32), zeroblob(32), 1, 0, 2, x'03');",
    )
    .unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    drop(db);
    let engine = open(&path, [7; 32]).unwrap();
    assert!(engine.view().account().unwrap().is_none());
    let chat = ConversationId([0; 32]);
    let messages = engine.view().messages(&chat, None, 10).unwrap();
    assert_eq!(messages[0].text, "kept");
    assert!(engine.is_index_behind().unwrap(), "it is still to be found");
    drop(engine);
    let db = connect(&path, &Secret::new([7; 32]), Access::Read).unwrap();
    let kept = "SELECT stage, value FROM outbox, mls WHERE key = x'01'";
    let kept = db.query_row(kept, [], |row| Ok((row.get(0)?, row.get(1)?)));
    // What awaited its echo is frozen: it is put again with the same bytes.
    assert_eq!(kept.unwrap(), (1, vec![2_u8]));
}

/// What a log has established moves to a table of its own, byte for byte: its hash stands in the group.
#[test]
fn a_log_of_the_first_schema_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("first.db");
    let key = Secret::new([7; 32]);
    let db = connect(&path, &key, Access::Write).unwrap();
    db.execute_batch(FIRST).unwrap();
    db.execute_batch(
        "INSERT INTO conversation VALUES (zeroblob(32), 0, zeroblob(32), 7);
         INSERT INTO mailbox VALUES (zeroblob(32), zeroblob(32), zeroblob(32), 1, 0, 9, NULL, NULL);",
    )
    .unwrap();
    let state = LogState::new(ConversationId([0; 32]), ConversationKind::Direct);
    // As it was written before there were groups: conversation, kind, participants.
    let old = [
        &[0xa3, 0x00, 0x58, 0x20][..],
        &[0; 32],
        &[0x01, 0x00, 0x02, 0x80],
    ]
    .concat();
    assert_eq!(encode(&state), old);
    db.execute(
        "INSERT INTO log VALUES (zeroblob(16), zeroblob(32), zeroblob(32), ?1, 3, 1, 9)",
        [&old],
    )
    .unwrap();
    // A Welcome was being fetched by a pointer of the old form, beside something else.
    db.execute_batch(
        "INSERT INTO outbox (relay, lane, priority, not_before, stage, intent)
           VALUES (zeroblob(32), zeroblob(32), 1, 0, 0, x'820b81a0'),
                  (zeroblob(32), zeroblob(32), 1, 0, 0, x'820a80');
         INSERT INTO request VALUES
           (x'01', 0, zeroblob(16), zeroblob(32), 'Bo', '', 2, 5, NULL, x'a0'),
           (x'02', 0, zeroblob(16), zeroblob(32), 'Cyan', '', 1, 5, NULL, x'a0');",
    )
    .unwrap();
    db.pragma_update(None, "user_version", 1).unwrap();
    drop(db);
    let engine = open(&path, [7; 32]).unwrap();
    assert_eq!(engine.view().outbox().unwrap().len(), 1);
    drop(engine);
    let db = connect(&path, &key, Access::Read).unwrap();
    let moved = "SELECT state, kind, head, read FROM log JOIN log_state USING (group_id)";
    let moved = db.query_row(moved, [], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    });
    assert_eq!(moved.unwrap(), (old, 0, 3, 9));
    let states = "SELECT group_concat(state) FROM (SELECT state FROM request ORDER BY claim)";
    let states: String = db.query_row(states, [], |row| row.get(0)).unwrap();
    assert_eq!(states, "8,1");
}

#[test]
fn the_schema_is_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    open(&path, [7; 32]).unwrap().close().unwrap();
    let db = connect(&path, &Secret::new([7; 32]), Access::Read).unwrap();
    let now = schema(&db);
    assert!(
        now == NOW,
        "a schema that was released is not edited: add a migration\n{now}"
    );
}

#[test]
fn a_reader_sees_what_was_written_and_writes_nothing() {
    let (mut world, chat) = World::chat();
    world.send(ADA, chat, "one");
    let person = &world.people[ADA];
    let db = connect(&person.path, &person.key, Access::Read).unwrap();
    assert!(db.execute("DELETE FROM message", []).is_err());
    let reader = Reader::open(db);
    assert_eq!(
        reader.view().messages(&chat, None, 10).unwrap()[0].text,
        "one"
    );
    assert!(
        connect(
            &world.dir.path().join("none.db"),
            &Secret::new([7; 32]),
            Access::Read
        )
        .is_err()
    );
}

#[test]
fn nothing_readable_rests_in_the_files() {
    let mut world = World::new(&["Marker-name-of-Ada", "Bo"]);
    let new = NewInvitation {
        greeting: "marker-greeting-0123".into(),
        ..NewInvitation::default()
    };
    let invited = world.invite(ADA, &new);
    world.ask(BO, &invited).unwrap();
    world.rest();
    let chat = world.people[ADA].engine.view().chats().unwrap()[0].id;
    world.send(ADA, chat, "marker-text-01234567");
    world.rest();
    assert_eq!(world.texts(BO, chat), ["marker-text-01234567"]);
    let markers: [&[u8]; 5] = [
        b"Marker-name-of-A",
        b"marker-greeting-",
        b"marker-text-0123",
        &invited.key.expose()[..16],
        b"SQLite format 3\0",
    ];
    let mut bytes = 0;
    for file in fs::read_dir(world.dir.path()).unwrap() {
        let content = fs::read(file.unwrap().path()).unwrap();
        bytes += content.len();
        for marker in markers {
            let found = content.windows(16).any(|window| window == marker);
            assert!(!found, "{}", String::from_utf8_lossy(marker));
        }
    }
    assert!(bytes > 100_000, "the files were searched");
    for put in &world.relay.puts {
        for marker in markers {
            assert!(!put.bytes.windows(16).any(|window| window == marker));
        }
    }
}

#[test]
fn a_cut_at_any_step_of_sending_leaves_all_or_nothing() {
    let (mut world, chat) = World::chat();
    for step in ["queue", "encrypt", "freeze", "commit"] {
        world
            .engine(ADA)
            .set_interrupt(Box::new(move |at| at == step));
        let now = world.now;
        let sent = world
            .engine(ADA)
            .send_text(chat, step, snug_engine::Extras::default(), now);
        assert!(matches!(sent, Err(Error::Interrupted)), "{step}");
        world.engine(ADA).set_interrupt(Box::new(|_| false));
        assert!(world.texts(ADA, chat).is_empty(), "{step}");
    }
    world.send(ADA, chat, "after");
    world.rest();
    assert_eq!(world.texts(BO, chat), ["after"]);
}
