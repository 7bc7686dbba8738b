//! What an account may be called, and that there is one.

use crate::people::{ADA, World};
use rand::SeedableRng as _;
use snug_engine::{Access, Engine, Error, NewInvitation, Rejection, connect};
use snug_wire::{NAME_LIMIT, RelayAddress, RelayKey, Secret};

fn empty(dir: &tempfile::TempDir) -> Engine {
    let db = connect(
        &dir.path().join("a.db"),
        &Secret::new([7; 32]),
        Access::Write,
    )
    .unwrap();
    let rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    Engine::open(db, Box::new(rng)).unwrap()
}

fn check(name: &str, expected: Result<&str, Rejection>) {
    let dir = tempfile::tempdir().unwrap();
    let home = RelayAddress {
        url: "ws://127.0.0.1:1".into(),
        key: RelayKey([9; 32]),
    };
    let made = empty(&dir).create_account(name, &Secret::new([1; 32]), &home, 5);
    match (made, expected) {
        (Ok(account), Ok(name)) => assert_eq!(account.name, name),
        (Err(Error::Rejected(why)), Err(expected)) => assert_eq!(why, expected),
        (made, expected) => panic!("{name:?}: {made:?} where {expected:?} was expected"),
    }
}

#[test]
fn names_have_limits() {
    check("Ada", Ok("Ada"));
    check("  Ada \n", Ok("Ada"));
    check("", Err(Rejection::NameEmpty));
    check(" \t ", Err(Rejection::NameEmpty));
    check(&"ä".repeat(NAME_LIMIT), Ok(&"ä".repeat(NAME_LIMIT)));
    check(&"ä".repeat(NAME_LIMIT + 1), Err(Rejection::NameTooLong));
}

#[test]
fn there_is_one_account() {
    let mut world = World::new(&["Ada"]);
    let (home, now) = (world.relay.address(), world.now);
    let again = world
        .engine(ADA)
        .create_account("Eve", &Secret::new([5; 32]), &home, now);
    assert!(matches!(
        again,
        Err(Error::Rejected(Rejection::AccountExists))
    ));
    let account = world.people[ADA].engine.view().account().unwrap().unwrap();
    assert_eq!(account.name, "Ada");
    world.crash(ADA);
    assert_eq!(
        world.people[ADA].engine.view().account().unwrap(),
        Some(account)
    );
}

#[test]
fn without_an_account_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let made = empty(&dir).create_invitation(&NewInvitation::default(), 5);
    assert!(matches!(made, Err(Error::Rejected(Rejection::NoAccount))));
}

#[test]
fn a_moved_relay_keeps_its_connection_key_and_goes_into_new_codes() {
    let mut world = World::new(&["Ada"]);
    let (mut to, now) = (world.relay.address(), world.now);
    let key = world.people[ADA].engine.connection_key(&to.key).unwrap();
    to.url = "ws://127.0.0.1:2".into();
    world.engine(ADA).relay_moved(&to, now).unwrap();
    assert_eq!(world.people[ADA].engine.relays().unwrap(), [to.clone()]);
    assert_eq!(
        world.people[ADA].engine.connection_key(&to.key).unwrap(),
        key
    );
    let code = world.invite(ADA, &NewInvitation::default());
    assert_eq!(code.relay.url, to.url);
}
