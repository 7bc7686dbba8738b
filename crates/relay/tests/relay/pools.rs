//! Rule 31.

use crate::forms::{address, create, secret, stock};
use crate::world::{ADA, BO, World, everywhere};
use snug_relay::core::limits;
use snug_wire::frame::MailboxKind::{Conversation, Inbox, Rendezvous};
use snug_wire::frame::{Answer, Refusal, Request};

fn inbox(mut world: World) -> World {
    world.ask(ADA, create(1, Inbox, 1));
    world
}

fn take(world: &mut World) -> Answer {
    world.ask(BO, Request::Take(address(1))).unwrap()
}

fn refused(refusal: Refusal) -> Option<Answer> {
    Some(Answer::Refused(refusal))
}

fn each_is_given_once_and_the_last_resort_again_and_again(world: World) {
    let mut world = inbox(world);
    assert_eq!(Some(take(&mut world)), refused(Refusal::Nothing));
    assert_eq!(
        world.ask(ADA, stock(1, 1, &[b"b", b"a"], Some(b"last"))),
        Some(Answer::Stocked(2))
    );
    assert_eq!(
        take(&mut world),
        Answer::Bytes(b"b".to_vec()),
        "in the order they came"
    );
    world.crash();
    assert_eq!(take(&mut world), Answer::Bytes(b"a".to_vec()));
    assert_eq!(take(&mut world), Answer::Bytes(b"last".to_vec()));
    assert_eq!(take(&mut world), Answer::Bytes(b"last".to_vec()));
    assert_eq!(
        world.ask(ADA, stock(1, 1, &[], Some(b"newer"))),
        Some(Answer::Stocked(0))
    );
    assert_eq!(take(&mut world), Answer::Bytes(b"newer".to_vec()));
}

fn stocking_again_brings_nothing_back(world: World) {
    let mut world = inbox(world);
    assert_eq!(
        world.ask(ADA, stock(1, 1, &[b"a", b"b", b"b"], None)),
        Some(Answer::Stocked(2))
    );
    assert_eq!(take(&mut world), Answer::Bytes(b"a".to_vec()));
    assert_eq!(
        world.ask(ADA, stock(1, 1, &[b"a", b"b"], None)),
        Some(Answer::Stocked(1)),
        "the answer was lost"
    );
    assert_eq!(take(&mut world), Answer::Bytes(b"b".to_vec()));
    assert_eq!(Some(take(&mut world)), refused(Refusal::Nothing));
}

fn a_pool_has_its_size(world: World) {
    let mut world = inbox(world);
    let packages: Vec<Vec<u8>> = (0..=limits::POOL)
        .map(|n| n.to_be_bytes().to_vec())
        .collect();
    let packages: Vec<&[u8]> = packages.iter().map(Vec::as_slice).collect();
    assert_eq!(
        world.ask(ADA, stock(1, 1, &packages, None)),
        refused(Refusal::Full)
    );
    assert_eq!(
        world.ask(ADA, stock(1, 1, &[], None)),
        Some(Answer::Stocked(0)),
        "all or none"
    );
    assert_eq!(
        world.ask(ADA, stock(1, 1, &packages[1..], None)),
        Some(Answer::Stocked(limits::POOL))
    );
    assert_eq!(
        world.ask(ADA, stock(1, 1, &packages[..1], None)),
        refused(Refusal::Full)
    );
    let large = vec![0; limits::KEY_PACKAGE + 1];
    assert_eq!(
        world.ask(ADA, stock(1, 1, &[], Some(&large))),
        refused(Refusal::TooLarge(16_384))
    );
}

fn only_the_owner_of_an_inbox_stocks(world: World) {
    let mut world = inbox(world);
    world.ask(ADA, create(2, Conversation, 1));
    world.ask(ADA, create(3, Rendezvous, 1));
    assert_eq!(
        world.ask(BO, stock(1, 2, &[b"x"], None)),
        refused(Refusal::WrongLock)
    );
    assert_eq!(
        world.ask(BO, stock(2, 1, &[b"x"], None)),
        refused(Refusal::Malformed)
    );
    assert_eq!(
        world.ask(BO, stock(3, 1, &[b"x"], None)),
        refused(Refusal::Malformed)
    );
    assert_eq!(
        world.ask(BO, stock(4, 1, &[b"x"], None)),
        refused(Refusal::NoMailbox)
    );
    assert_eq!(
        world.ask(BO, Request::Take(address(4))),
        refused(Refusal::NoMailbox)
    );
    world.ask(ADA, stock(1, 1, &[b"a"], Some(b"last")));
    world.ask(ADA, Request::Retire(address(1), secret(1)));
    assert_eq!(Some(take(&mut world)), refused(Refusal::Retired));
    assert_eq!(
        world.ask(ADA, stock(1, 1, &[b"a"], None)),
        refused(Refusal::Retired)
    );
}

everywhere![
    each_is_given_once_and_the_last_resort_again_and_again,
    stocking_again_brings_nothing_back,
    a_pool_has_its_size,
    only_the_owner_of_an_inbox_stocks,
];
