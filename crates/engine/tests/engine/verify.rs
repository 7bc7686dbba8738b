//! Safety numbers: the same for both, and said loudly when what was compared holds no longer.

use crate::people::{ADA, BO, CYAN, World};
use snug_engine::{Compared, Error, Event, MessageKind, Rejection, SafetyNumber, Trust};
use snug_wire::verify::VerifyCode;
use snug_wire::{AccountId, ConversationId};

fn account(world: &World, who: usize) -> AccountId {
    let account = world.people[who].engine.view().account().unwrap();
    account.unwrap().id
}

fn number(world: &World, who: usize, of: usize) -> SafetyNumber {
    let of = account(world, of);
    world.people[who].engine.view().safety_number(&of).unwrap()
}

fn trust(world: &World, who: usize, chat: ConversationId) -> Trust {
    let chat = world.people[who].engine.view().chat(&chat).unwrap();
    chat.unwrap().trust
}

fn scan(world: &mut World, who: usize, of: usize, code: VerifyCode) -> Result<(), Rejection> {
    compare(world, who, of, &Compared::Code(code))
}

fn compare(world: &mut World, who: usize, of: usize, what: &Compared) -> Result<(), Rejection> {
    let (of, now) = (account(world, of), world.now);
    match world.engine(who).verify(of, what, now) {
        Ok(()) => {
            world.rest();
            Ok(())
        }
        Err(Error::Rejected(why)) => Err(why),
        Err(other) => panic!("{other:?}"),
    }
}

/// How often a chat says that somebody has a new device.
fn told(world: &World, who: usize, chat: ConversationId) -> usize {
    let is = |kind| kind == MessageKind::Event(Event::NewDevice);
    let all = world.messages(who, chat);
    all.iter().filter(|m| is(m.kind)).count()
}

#[test]
fn both_see_the_same_number_and_scan_each_other() {
    let (mut world, chat) = World::chat();
    assert_eq!(
        number(&world, ADA, BO).digits,
        number(&world, BO, ADA).digits
    );
    assert_eq!(trust(&world, ADA, chat), Trust::Unverified);
    let shown = number(&world, BO, ADA).code;
    assert_eq!(scan(&mut world, ADA, BO, shown), Ok(()));
    assert_eq!(trust(&world, ADA, chat), Trust::Verified);
    assert_eq!(
        trust(&world, BO, chat),
        Trust::Unverified,
        "each for themselves"
    );
    let seen = Compared::Digits(number(&world, ADA, BO).digits);
    assert_eq!(compare(&mut world, BO, ADA, &seen), Ok(()));
    assert_eq!(trust(&world, BO, chat), Trust::Verified);
    let (bo, now) = (account(&world, BO), world.now);
    world.engine(ADA).unverify(bo, now).unwrap();
    assert_eq!(trust(&world, ADA, chat), Trust::Unverified);
    assert_eq!(told(&world, ADA, chat), 0);
}

#[test]
fn what_does_not_match_is_refused_and_changes_nothing() {
    let mut world = World::new(&["Ada", "Bo", "Cyan"]);
    let chat = world.meet(ADA, BO);
    world.meet(ADA, CYAN);
    let own = number(&world, ADA, BO).code;
    assert_eq!(scan(&mut world, ADA, BO, own), Err(Rejection::OtherPerson));
    let of_cyan = number(&world, CYAN, ADA).code;
    assert_eq!(
        scan(&mut world, ADA, BO, of_cyan),
        Err(Rejection::OtherPerson)
    );
    for change in [
        |c: &mut VerifyCode| c.own[0] ^= 1,
        |c: &mut VerifyCode| c.other[0] ^= 1,
    ] {
        let mut shown = number(&world, BO, ADA).code;
        change(&mut shown);
        assert_eq!(scan(&mut world, ADA, BO, shown), Err(Rejection::Mismatch));
    }
    let others = Compared::Digits(number(&world, ADA, CYAN).digits);
    assert_eq!(
        compare(&mut world, ADA, BO, &others),
        Err(Rejection::Mismatch)
    );
    assert_eq!(trust(&world, ADA, chat), Trust::Unverified);
    let of_nobody = world.people[ADA]
        .engine
        .view()
        .safety_number(&AccountId([3; 32]));
    assert!(matches!(
        of_nobody,
        Err(Error::Rejected(Rejection::NotFound))
    ));
    let of_oneself = world.people[ADA]
        .engine
        .view()
        .safety_number(&account(&world, ADA));
    assert!(matches!(
        of_oneself,
        Err(Error::Rejected(Rejection::Oneself))
    ));
}

#[test]
fn a_new_device_of_theirs_drops_it_loudly_and_once() {
    let (mut world, chat) = World::chat();
    world.send(BO, chat, "before");
    world.rest();
    let before = number(&world, ADA, BO).digits;
    let shown = number(&world, BO, ADA).code;
    scan(&mut world, ADA, BO, shown).unwrap();
    let seen = Compared::Digits(before.clone());
    world.link(BO);
    assert_eq!(trust(&world, ADA, chat), Trust::Changed);
    assert_eq!(told(&world, ADA, chat), 1);
    let line = world.messages(ADA, chat).pop().unwrap();
    assert_eq!((line.author, line.own), (account(&world, BO), false));
    assert_ne!(number(&world, ADA, BO).digits, before);
    assert_eq!(
        number(&world, ADA, BO).digits,
        number(&world, BO, ADA).digits
    );
    assert_eq!(
        compare(&mut world, ADA, BO, &seen),
        Err(Rejection::Mismatch),
        "what was seen before"
    );
    world.link(BO);
    assert_eq!(told(&world, ADA, chat), 1, "it was said");
    let shown = number(&world, BO, ADA).code;
    scan(&mut world, ADA, BO, shown).unwrap();
    assert_eq!(trust(&world, ADA, chat), Trust::Verified);
    world.link(BO);
    assert_eq!(told(&world, ADA, chat), 2);
    world.send(BO, chat, "after");
    world.rest();
    assert_eq!(world.texts(ADA, chat), ["before", "after"]);
}

#[test]
fn one_s_own_new_device_leaves_it_and_knows_it_from_then_on() {
    let (mut world, chat) = World::chat();
    let second = world.link(ADA);
    let shown = number(&world, BO, ADA).code;
    scan(&mut world, ADA, BO, shown).unwrap();
    assert_eq!(trust(&world, second, chat), Trust::Verified);
    world.link(ADA);
    assert_eq!(trust(&world, ADA, chat), Trust::Verified);
    assert_eq!(told(&world, ADA, chat), 0);
    world.link(BO);
    for who in [ADA, second] {
        assert_eq!(trust(&world, who, chat), Trust::Changed);
        assert_eq!(told(&world, who, chat), 1);
    }
}
