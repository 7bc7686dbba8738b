//! Rule 9, and its quotas.

use crate::forms::{address, create, knock, open, refused, secret, stored, trim};
use crate::world::{ADA, BO, CYAN, World, everywhere};
use snug_relay::core::limits;
use snug_wire::Seq;
use snug_wire::frame::MailboxKind::{Inbox, Rendezvous};
use snug_wire::frame::{Answer, Put, Refusal, Request};

fn inbox(mut world: World) -> World {
    assert_eq!(world.ask(ADA, create(1, Inbox, 1)), Some(Answer::Done));
    world
}

fn a_stranger_puts_into_an_inbox_but_no_commit_and_not_after_it_is_retired(world: World) {
    let mut world = inbox(world);
    world.ask(ADA, open(1, 1));
    assert_eq!(world.got(ADA), ["caught up 1"]);
    assert_eq!(world.put(BO, knock(1, 1)), stored(1));
    assert_eq!(world.got(ADA), ["entry 1 of 1 at 1 after 0"]);
    assert_eq!(
        world.put(
            BO,
            Put {
                flagged: true,
                ..knock(1, 2)
            }
        ),
        refused(Refusal::Malformed)
    );
    assert_eq!(
        world.put(
            BO,
            Put {
                rests_on: Seq(1),
                ..knock(1, 2)
            }
        ),
        refused(Refusal::Malformed)
    );
    assert_eq!(
        world.ask(BO, Request::Retire(address(1), secret(2))),
        Some(refused(Refusal::WrongLock))
    );
    assert_eq!(
        world.ask(ADA, Request::Retire(address(1), secret(1))),
        Some(Answer::Done)
    );
    assert_eq!(
        world.ask(ADA, Request::Retire(address(1), secret(1))),
        Some(Answer::Done),
        "again"
    );
    assert_eq!(world.put(BO, knock(1, 2)), refused(Refusal::Retired));
    assert_eq!(world.put(BO, knock(1, 1)), stored(1), "idempotence first");
    world.ask(CYAN, open(1, 1));
    assert_eq!(
        world.got(CYAN),
        ["entry 1 of 1 at 1 after 0", "caught up 1"],
        "what is there can be read"
    );
}

fn an_inbox_holds_so_many_entries_until_its_owner_trims(world: World) {
    let mut world = inbox(world);
    let many: Vec<_> = (0..limits::INBOX_ENTRIES)
        .map(|n| {
            let mut put = knock(1, 1);
            put.id.0[..8].copy_from_slice(&n.to_be_bytes());
            (BO, Request::Put(put))
        })
        .collect();
    for (answer, seq) in world.answers(&many).into_iter().zip(1..) {
        assert_eq!(answer, stored(seq));
    }
    assert_eq!(world.put(BO, knock(1, 200)), refused(Refusal::Full));
    world.ask(ADA, open(1, 1));
    let read = world.raw(ADA);
    assert_eq!(
        read.len() as u64,
        limits::INBOX_ENTRIES + 1,
        "and caught up"
    );
    world.ask(ADA, trim(1, 1, 2));
    assert_eq!(world.put(BO, knock(1, 200)), stored(1_001));
    assert_eq!(world.put(BO, knock(1, 201)), refused(Refusal::Full));
}

fn an_inbox_holds_so_many_bytes_until_its_owner_trims(world: World) {
    let mut world = inbox(world);
    let large = |id| Put {
        bytes: vec![id; 4_000_000],
        ..knock(1, id)
    };
    for id in 1..=4 {
        assert_eq!(world.put(BO, large(id)), stored(u64::from(id)));
    }
    assert_eq!(world.put(BO, large(5)), refused(Refusal::Full));
    assert_eq!(
        world.put(BO, knock(1, 5)),
        stored(5),
        "what fits still does"
    );
    world.ask(ADA, trim(1, 1, 2));
    assert_eq!(world.put(BO, large(6)), stored(6));
}

fn a_rendezvous_is_like_an_inbox(world: World) {
    let mut world = world;
    world.ask(ADA, create(1, Rendezvous, 1));
    assert_eq!(world.put(BO, knock(1, 1)), stored(1));
    assert_eq!(
        world.put(
            BO,
            Put {
                flagged: true,
                ..knock(1, 2)
            }
        ),
        refused(Refusal::Malformed)
    );
}

everywhere![
    a_stranger_puts_into_an_inbox_but_no_commit_and_not_after_it_is_retired,
    an_inbox_holds_so_many_entries_until_its_owner_trims,
    an_inbox_holds_so_many_bytes_until_its_owner_trims,
    a_rendezvous_is_like_an_inbox,
];
