//! Rules 2, 3, 5, 6, 7, 8, 12.

use crate::forms::{
    address, attachment, commit, create, knock, lock, open, open_from, refused, secret, stored,
    text, trim,
};
use crate::world::{ADA, BO, CYAN, World, everywhere};
use snug_relay::core::limits;
use snug_wire::frame::MailboxKind::{Conversation, Inbox};
use snug_wire::frame::{Answer, Opened, Put, Refusal, Request};
use snug_wire::{SIGNAL_LIMIT, Seq};

fn opened(generation: u64, first: u64, last: u64, head: u64) -> Opened {
    Opened {
        generation,
        first: Seq(first),
        last: Seq(last),
        head: Seq(head),
    }
}

fn conversation(mut world: World) -> World {
    assert_eq!(
        world.ask(ADA, create(1, Conversation, 1)),
        Some(Answer::Done)
    );
    world
}

fn creating_again_is_fine_and_taking_another_address_is_not(world: World) {
    let mut world = conversation(world);
    assert_eq!(
        world.ask(BO, create(1, Conversation, 1)),
        Some(Answer::Done)
    );
    assert_eq!(
        world.ask(BO, create(1, Inbox, 1)),
        Some(refused(Refusal::Taken))
    );
    assert_eq!(
        world.ask(BO, create(1, Conversation, 2)),
        Some(refused(Refusal::Taken))
    );
    assert_eq!(world.made(), 1, "no second generation");
    world.put(
        ADA,
        Put {
            lock: Some(lock(2)),
            ..commit(1, 1, 1, 0)
        },
    );
    assert_eq!(
        world.ask(ADA, create(1, Conversation, 1)),
        Some(Answer::Done),
        "after its lock was replaced"
    );
}

fn an_entry_reaches_all_who_have_it_open_its_author_too(world: World) {
    let mut world = conversation(world);
    world.ask(ADA, open(1, 1));
    world.ask(BO, open(1, 1));
    assert_eq!(world.got(ADA), ["caught up 1"]);
    assert_eq!(world.got(BO), ["caught up 1"]);
    assert_eq!(world.put(ADA, text(1, 1, 5, 0)), stored(1));
    assert_eq!(world.put(BO, text(1, 1, 6, 0)), stored(2));
    let both = ["entry 5 of 1 at 1 after 0", "entry 6 of 1 at 2 after 1"];
    assert_eq!(world.got(ADA), both);
    assert_eq!(world.got(BO), both);
    world.ask(BO, Request::Close(address(1)));
    world.disconnected(ADA);
    world.put(CYAN, text(1, 1, 7, 0));
    assert!(world.got(ADA).is_empty() && world.got(BO).is_empty());
}

fn nothing_is_there_to_open_without_mailbox_or_secret(world: World) {
    let mut world = conversation(world);
    assert_eq!(world.ask(BO, open(2, 1)), Some(refused(Refusal::NoMailbox)));
    assert_eq!(world.ask(BO, open(1, 2)), Some(refused(Refusal::WrongLock)));
    assert_eq!(world.put(BO, text(2, 1, 1, 0)), refused(Refusal::NoMailbox));
    assert_eq!(world.put(BO, text(1, 2, 1, 0)), refused(Refusal::WrongLock));
    assert_eq!(world.put(BO, knock(1, 1)), refused(Refusal::WrongLock));
    assert_eq!(
        world.ask(BO, trim(1, 2, 1)),
        Some(refused(Refusal::WrongLock))
    );
}

fn every_put_rests_on_the_newest_commit(world: World) {
    let mut world = conversation(world);
    assert_eq!(world.put(ADA, text(1, 1, 1, 0)), stored(1));
    assert_eq!(world.put(ADA, commit(1, 1, 2, 0)), stored(2));
    assert_eq!(
        world.put(BO, commit(1, 1, 3, 0)),
        refused(Refusal::Stale(Seq(2))),
        "the second of two commits"
    );
    assert_eq!(
        world.put(BO, text(1, 1, 4, 0)),
        refused(Refusal::Stale(Seq(2))),
        "text too"
    );
    assert_eq!(
        world.put(BO, text(1, 1, 4, 1)),
        refused(Refusal::Stale(Seq(2))),
        "1 is no commit"
    );
    assert_eq!(
        world.put(BO, text(1, 1, 4, 9)),
        refused(Refusal::Stale(Seq(2))),
        "9 is not there"
    );
    assert_eq!(world.put(BO, text(1, 1, 4, 2)), stored(3));
}

fn a_known_envelope_is_answered_before_lock_and_head_are_looked_at(world: World) {
    let mut world = conversation(world);
    assert_eq!(world.put(ADA, text(1, 1, 1, 0)), stored(1));
    assert_eq!(
        world.put(
            ADA,
            Put {
                lock: Some(lock(2)),
                ..commit(1, 1, 2, 0)
            }
        ),
        stored(2)
    );
    world.ask(ADA, open(1, 2));
    world.got(ADA);
    assert_eq!(
        world.put(ADA, text(1, 1, 1, 0)),
        stored(1),
        "old lock, old head"
    );
    assert_eq!(world.put(ADA, text(1, 9, 1, 0)), stored(1), "any lock");
    let other = [
        Put {
            bytes: vec![9],
            ..text(1, 1, 1, 0)
        },
        Put {
            flagged: true,
            ..text(1, 1, 1, 0)
        },
        Put {
            rests_on: Seq(2),
            ..text(1, 1, 1, 0)
        },
        Put {
            attachments: vec![attachment(1, b"w")],
            ..text(1, 1, 1, 0)
        },
        Put {
            lock: Some(lock(3)),
            ..text(1, 1, 1, 0)
        },
    ];
    for put in other {
        assert_eq!(world.put(ADA, put), refused(Refusal::OtherBytes));
    }
    assert!(world.got(ADA).is_empty(), "nothing was delivered twice");
    assert_eq!(world.ask(ADA, trim(1, 2, 3)), Some(Answer::Done));
    assert_eq!(
        world.put(ADA, text(1, 1, 1, 0)),
        stored(1),
        "trimmed, but remembered"
    );
    world.crash();
    assert_eq!(
        world.put(ADA, text(1, 1, 1, 0)),
        stored(1),
        "after a crash too"
    );
}

fn a_cursor_of_another_log_diverges(world: World) {
    let mut world = conversation(world);
    for id in 1..=3 {
        world.put(ADA, text(1, 1, id, 0));
    }
    let state = opened(1, 1, 3, 0);
    let all = [
        "entry 1 of 1 at 1 after 0",
        "entry 2 of 1 at 2 after 1",
        "entry 3 of 1 at 3 after 2",
        "caught up 1",
    ];
    for (what, request) in [
        ("other generation", open_from(1, 1, 2, 2, 2)),
        ("other envelope", open_from(1, 1, 1, 2, 9)),
        ("beyond the last", open_from(1, 1, 1, 4, 4)),
        ("beyond all numbers", open_from(1, 1, 1, u64::MAX, 4)),
    ] {
        assert_eq!(
            world.ask(BO, request),
            Some(Answer::Diverged(state)),
            "{what}"
        );
        assert_eq!(world.got(BO), all, "{what}: read from the first");
    }
    for (seq, left) in [(0, 0), (1, 1), (2, 2), (3, 3)] {
        let answer = world.ask(BO, open_from(1, 1, 1, seq, seq as u8));
        assert_eq!(answer, Some(Answer::Opened(state)));
        assert_eq!(world.got(BO), all[left..]);
    }
}

fn what_is_trimmed_is_not_delivered_and_the_gap_is_seen(world: World) {
    let mut world = conversation(world);
    world.put(ADA, commit(1, 1, 1, 0));
    world.put(ADA, text(1, 1, 2, 1));
    world.put(ADA, text(1, 1, 3, 1));
    assert_eq!(world.ask(ADA, trim(1, 1, 3)), Some(Answer::Done));
    assert_eq!(
        world.ask(ADA, trim(1, 1, 2)),
        Some(Answer::Done),
        "nothing comes back"
    );
    assert_eq!(
        world.ask(BO, open(1, 1)),
        Some(Answer::Opened(opened(1, 3, 3, 1))),
        "the head outlives its entry"
    );
    assert_eq!(world.got(BO), ["entry 3 of 1 at 3 after 2", "caught up 1"]);
    assert_eq!(
        world.ask(BO, open_from(1, 1, 1, 1, 1)),
        Some(Answer::Opened(opened(1, 3, 3, 1)))
    );
    assert_eq!(
        world.got(BO),
        ["entry 3 of 1 at 3 after 2", "caught up 1"],
        "3 comes after 2, not after 1"
    );
    assert_eq!(world.ask(ADA, trim(1, 1, u64::MAX)), Some(Answer::Done));
    assert_eq!(
        world.ask(BO, open(1, 1)),
        Some(Answer::Opened(opened(1, 4, 3, 1))),
        "none is held"
    );
    assert_eq!(world.put(ADA, text(1, 1, 4, 1)), stored(4));
}

fn an_attachment_is_fetched_with_its_own_secret_as_long_as_its_entry_is_held(world: World) {
    let mut world = conversation(world);
    let welcomes = vec![attachment(10, b"for bo"), attachment(11, b"for cyan")];
    assert_eq!(
        world.put(
            ADA,
            Put {
                attachments: welcomes,
                ..commit(1, 1, 1, 0)
            }
        ),
        stored(1)
    );
    let fetch = |world: &mut World, seq, with| {
        world
            .ask(BO, Request::Fetch(address(1), Seq(seq), secret(with)))
            .unwrap()
    };
    assert_eq!(fetch(&mut world, 1, 10), Answer::Bytes(b"for bo".to_vec()));
    assert_eq!(
        fetch(&mut world, 1, 10),
        Answer::Bytes(b"for bo".to_vec()),
        "again"
    );
    assert_eq!(
        fetch(&mut world, 1, 11),
        Answer::Bytes(b"for cyan".to_vec())
    );
    assert_eq!(
        fetch(&mut world, 1, 1),
        refused(Refusal::Nothing),
        "the mailbox's secret is another"
    );
    assert_eq!(fetch(&mut world, u64::MAX, 10), refused(Refusal::Nothing));
    world.ask(ADA, trim(1, 1, 2));
    assert_eq!(fetch(&mut world, 1, 10), refused(Refusal::Nothing));
}

fn what_has_no_sense_is_refused(world: World) {
    let mut world = conversation(world);
    let many = (0..=100).map(|n| attachment(n, b"")).collect();
    for put in [
        Put {
            lock: Some(lock(2)),
            ..text(1, 1, 1, 0)
        },
        Put {
            attachments: vec![attachment(1, b"")],
            ..text(1, 1, 1, 0)
        },
        Put {
            attachments: vec![attachment(1, b"a"), attachment(1, b"b")],
            ..commit(1, 1, 1, 0)
        },
        Put {
            attachments: many,
            ..commit(1, 1, 1, 0)
        },
    ] {
        assert_eq!(world.put(ADA, put), refused(Refusal::Malformed));
    }
    let large = Put {
        bytes: vec![0; limits::ENTRY + 1],
        ..text(1, 1, 1, 0)
    };
    assert_eq!(
        world.put(ADA, large),
        refused(Refusal::TooLarge(limits::ENTRY as u64))
    );
    assert_eq!(
        world.ask(ADA, Request::Retire(address(1), secret(1))),
        Some(refused(Refusal::Malformed))
    );
}

fn a_signal_reaches_the_others_who_have_it_open_and_is_not_kept(world: World) {
    let mut world = conversation(world);
    let signal = |with, bytes: &[u8]| Request::Signal(address(1), secret(with), bytes.to_vec());
    world.ask(ADA, open(1, 1));
    world.ask(BO, open(1, 1));
    world.got(ADA);
    assert_eq!(
        world.ask(ADA, signal(1, b"x")),
        None,
        "answered only when refused"
    );
    assert!(world.got(ADA).is_empty());
    let mut got = world.got(BO);
    got.sort();
    let both = ["caught up 1", "signal [120] of 1"];
    assert_eq!(got, both, "even while it catches up");
    world.ask(CYAN, open(1, 1));
    assert_eq!(world.got(CYAN), ["caught up 1"]);
    assert_eq!(
        world.ask(ADA, signal(2, b"x")),
        Some(refused(Refusal::WrongLock))
    );
    let large = vec![0; SIGNAL_LIMIT + 1];
    assert_eq!(
        world.ask(ADA, signal(1, &large)),
        Some(refused(Refusal::TooLarge(4_096)))
    );
}

#[test]
fn a_connection_has_only_so_many_open() {
    let mut world = World::new();
    let many: Vec<_> = (0..limits::OPENS as u64)
        .flat_map(|n| {
            let mut at = address(0);
            at.0[..8].copy_from_slice(&n.to_be_bytes());
            [
                Request::Create(at, Conversation, lock(1)),
                Request::Open(at, secret(1), None),
            ]
        })
        .map(|request| (ADA, request))
        .collect();
    world.batch(&many);
    world.ask(ADA, create(1, Conversation, 1));
    assert_eq!(world.ask(ADA, open(1, 1)), Some(refused(Refusal::Full)));
    assert!(
        matches!(world.ask(BO, open(1, 1)), Some(Answer::Opened(_))),
        "others may"
    );
    assert!(
        matches!(world.ask(ADA, open(0, 1)), Some(Answer::Opened(_))),
        "one that is open already"
    );
}

fn one_bad_request_costs_the_others_of_its_batch_nothing(world: World) {
    let mut world = conversation(world);
    world.ask(BO, open(1, 1));
    world.got(BO);
    let answers = world.answers(&[
        (ADA, Request::Put(text(1, 1, 1, 0))),
        (CYAN, Request::Put(text(1, 1, 2, 7))),
        (CYAN, trim(9, 9, u64::MAX)),
        (ADA, Request::Put(commit(1, 1, 3, 0))),
        (CYAN, Request::Put(text(1, 1, 4, 0))),
        (ADA, Request::Put(text(1, 1, 5, 2))),
    ]);
    assert_eq!(
        answers,
        [
            stored(1),
            refused(Refusal::Stale(Seq(0))),
            refused(Refusal::NoMailbox),
            stored(2),
            refused(Refusal::Stale(Seq(2))),
            stored(3),
        ]
    );
    assert_eq!(world.got(BO).len(), 3, "and three deliveries");
}

fn an_envelope_is_known_in_its_own_mailbox_only(world: World) {
    let mut world = conversation(world);
    world.ask(ADA, create(2, Conversation, 1));
    assert_eq!(world.put(ADA, text(1, 1, 1, 0)), stored(1));
    assert_eq!(
        world.put(
            ADA,
            Put {
                bytes: vec![9],
                ..text(2, 1, 1, 0)
            }
        ),
        stored(1)
    );
}

everywhere![
    creating_again_is_fine_and_taking_another_address_is_not,
    an_entry_reaches_all_who_have_it_open_its_author_too,
    nothing_is_there_to_open_without_mailbox_or_secret,
    every_put_rests_on_the_newest_commit,
    a_known_envelope_is_answered_before_lock_and_head_are_looked_at,
    a_cursor_of_another_log_diverges,
    what_is_trimmed_is_not_delivered_and_the_gap_is_seen,
    an_attachment_is_fetched_with_its_own_secret_as_long_as_its_entry_is_held,
    what_has_no_sense_is_refused,
    a_signal_reaches_the_others_who_have_it_open_and_is_not_kept,
    one_bad_request_costs_the_others_of_its_batch_nothing,
    an_envelope_is_known_in_its_own_mailbox_only,
];
