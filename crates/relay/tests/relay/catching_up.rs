//! Pages of stored entries, and entries that come meanwhile.

use crate::forms::{address, create, open, text, trim};
use crate::world::{ADA, BO, World, shown};
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::Request;

fn page(world: &mut World, budget: usize) -> Vec<String> {
    world
        .core()
        .pull(BO, budget)
        .unwrap()
        .iter()
        .map(shown)
        .collect()
}

#[test]
fn entries_that_come_while_catching_up_come_once_and_in_order() {
    let mut world = World::new();
    world.ask(ADA, create(1, Conversation, 1));
    for id in 1..=4 {
        world.put(ADA, text(1, 1, id, 0));
    }
    world.ask(BO, open(1, 1));
    assert!(world.core().is_behind(BO));
    assert_eq!(page(&mut world, 1), ["entry 1 of 1 at 1 after 0"]);
    world.put(ADA, text(1, 1, 5, 0));
    assert_eq!(
        page(&mut world, 200),
        ["entry 2 of 1 at 2 after 1", "entry 3 of 1 at 3 after 2"]
    );
    world.ask(ADA, trim(1, 1, 5));
    assert_eq!(
        page(&mut world, 200),
        ["entry 5 of 1 at 5 after 4", "caught up 1"]
    );
    assert!(!world.core().is_behind(BO));
    assert!(page(&mut world, 200).is_empty());
    world.put(ADA, text(1, 1, 6, 0));
    assert_eq!(world.got(BO), ["entry 6 of 1 at 6 after 5"]);
}

#[test]
fn mailboxes_are_caught_up_with_in_the_order_they_were_opened() {
    let mut world = World::new();
    for at in [1, 2, 3] {
        world.ask(ADA, create(at, Conversation, 1));
        world.put(ADA, text(at, 1, at, 0));
    }
    for at in [3, 1, 2] {
        world.ask(BO, open(at, 1));
    }
    world.ask(BO, Request::Close(address(1)));
    assert_eq!(
        page(&mut world, 1),
        ["entry 3 of 3 at 1 after 0", "caught up 3"]
    );
    world.ask(BO, open(3, 1));
    let rest = [
        "entry 2 of 2 at 1 after 0",
        "caught up 2",
        "entry 3 of 3 at 1 after 0",
        "caught up 3",
    ];
    assert_eq!(page(&mut world, 10_000), rest, "3 was opened anew");
    world.ask(BO, open(1, 1));
    world.core().disconnected(BO);
    assert!(page(&mut world, 10_000).is_empty());
}

#[test]
fn a_mailbox_closed_and_opened_while_behind_is_caught_up_with_once() {
    let mut world = World::new();
    world.ask(ADA, create(1, Conversation, 1));
    world.ask(ADA, create(2, Conversation, 1));
    world.put(ADA, text(1, 1, 1, 0));
    world.ask(BO, open(1, 1));
    world.ask(BO, open(2, 1));
    world.ask(BO, Request::Close(address(1)));
    world.ask(BO, open(1, 1));
    let all = page(&mut world, 10_000);
    assert_eq!(
        all,
        ["caught up 2", "entry 1 of 1 at 1 after 0", "caught up 1"]
    );
}
