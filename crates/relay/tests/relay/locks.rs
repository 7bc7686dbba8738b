//! Rule 4.

use crate::forms::{address, commit, create, lock, open, open_from, secret, text, trim};
use crate::world::{ADA, BO, CYAN, World, everywhere};
use snug_wire::Seq;
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::{Answer, Opened, Put, Refusal, Request};

/// A text at 1, a commit to lock 2 at 2, a text at 3, a commit to lock 3 at 4, a text at 5.
fn relocked(mut world: World) -> World {
    world.ask(ADA, create(1, Conversation, 1));
    world.put(ADA, text(1, 1, 1, 0));
    world.put(
        ADA,
        Put {
            lock: Some(lock(2)),
            ..commit(1, 1, 2, 0)
        },
    );
    world.put(ADA, text(1, 2, 3, 2));
    world.put(
        ADA,
        Put {
            lock: Some(lock(3)),
            ..commit(1, 2, 4, 2)
        },
    );
    world.put(ADA, text(1, 3, 5, 4));
    world
}

fn opened(last: u64, head: u64) -> Answer {
    Answer::Opened(Opened {
        generation: 1,
        first: Seq(1),
        last: Seq(last),
        head: Seq(head),
    })
}

fn an_old_secret_reads_up_to_the_commit_that_replaced_it(world: World) {
    let mut world = relocked(world);
    let log = [
        "entry 1 of 1 at 1 after 0",
        "commit 2 of 1 at 2 after 1",
        "entry 3 of 1 at 3 after 2",
        "commit 4 of 1 at 4 after 3",
        "entry 5 of 1 at 5 after 4",
    ];
    for (with, end, closing) in [(1, 2, "ended 1 at 2"), (2, 4, "ended 1 at 4")] {
        assert_eq!(
            world.ask(BO, open(1, with)),
            Some(opened(end, end)),
            "it is told of no more"
        );
        assert_eq!(world.got(BO), [&log[..end as usize], &[closing]].concat());
    }
    assert_eq!(world.ask(BO, open(1, 3)), Some(opened(5, 4)));
    assert_eq!(world.got(BO), [&log[..], &["caught up 1"]].concat());
    assert_eq!(world.ask(BO, open_from(1, 1, 1, 2, 2)), Some(opened(2, 2)));
    assert_eq!(world.got(BO), ["ended 1 at 2"], "it was there already");
    assert!(
        matches!(
            world.ask(BO, open_from(1, 1, 1, 3, 3)),
            Some(Answer::Diverged(_))
        ),
        "beyond its end"
    );
}

fn an_old_secret_does_nothing_else(world: World) {
    let mut world = relocked(world);
    let outdated = |at| Some(Answer::Refused(Refusal::Outdated(Seq(at))));
    let signal = Request::Signal(address(1), secret(2), vec![1]);
    assert_eq!(Some(world.put(BO, text(1, 1, 9, 4))), outdated(2));
    assert_eq!(Some(world.put(BO, text(1, 2, 9, 4))), outdated(4));
    assert_eq!(world.ask(BO, trim(1, 2, 9)), outdated(4));
    assert_eq!(world.ask(BO, signal), outdated(4));
    assert_eq!(
        Some(world.put(BO, text(1, 8, 9, 4))),
        Some(Answer::Refused(Refusal::WrongLock))
    );
}

fn who_reads_under_the_replaced_lock_ends_there(world: World) {
    let mut world = relocked(world);
    for peer in [ADA, BO] {
        world.ask(peer, open_from(1, 3, 1, 5, 5));
        assert_eq!(world.got(peer), ["caught up 1"]);
    }
    world.ask(CYAN, open(1, 3));
    world.put(
        ADA,
        Put {
            lock: Some(lock(4)),
            ..commit(1, 3, 6, 4)
        },
    );
    world.put(ADA, text(1, 4, 7, 6));
    let end = ["commit 6 of 1 at 6 after 5", "ended 1 at 6"];
    assert_eq!(world.got(ADA), end);
    assert_eq!(world.got(BO), end);
    let late = world.got(CYAN);
    assert_eq!(
        late[late.len() - 2..],
        end,
        "who is still catching up gets there too"
    );
    assert!(matches!(
        world.ask(BO, open_from(1, 4, 1, 6, 6)),
        Some(Answer::Opened(_))
    ));
    assert_eq!(world.got(BO), ["entry 7 of 1 at 7 after 6", "caught up 1"]);
    let signal = Request::Signal(address(1), secret(4), vec![1]);
    world.ask(CYAN, open(1, 3));
    world.ask(ADA, signal);
    assert_eq!(world.got(BO), ["signal [1] of 1"]);
    assert!(
        !world.got(CYAN).contains(&"signal [1] of 1".into()),
        "an old lock hears no signal"
    );
}

fn a_commit_with_the_lock_of_now_changes_nothing(world: World) {
    let mut world = relocked(world);
    world.ask(BO, open_from(1, 3, 1, 5, 5));
    world.got(BO);
    world.put(
        ADA,
        Put {
            lock: Some(lock(3)),
            ..commit(1, 3, 6, 4)
        },
    );
    assert_eq!(world.got(BO), ["commit 6 of 1 at 6 after 5"]);
    assert_eq!(world.put(ADA, text(1, 3, 7, 6)), Answer::Stored(Seq(7)));
}

fn locks_and_head_outlive_the_entries(world: World) {
    let mut world = relocked(world);
    world.ask(ADA, trim(1, 3, 6));
    world.crash();
    let state = Opened {
        generation: 1,
        first: Seq(6),
        last: Seq(5),
        head: Seq(4),
    };
    assert_eq!(world.ask(BO, open(1, 3)), Some(Answer::Opened(state)));
    assert_eq!(world.got(BO), ["caught up 1"]);
    assert_eq!(
        world.ask(BO, open(1, 1)),
        Some(Answer::Opened(Opened {
            first: Seq(3),
            last: Seq(2),
            head: Seq(2),
            ..state
        }))
    );
    assert_eq!(world.got(BO), ["ended 1 at 2"]);
    assert_eq!(
        world.put(ADA, text(1, 3, 6, 0)),
        Answer::Refused(Refusal::Stale(Seq(4)))
    );
    assert_eq!(world.put(ADA, text(1, 3, 6, 4)), Answer::Stored(Seq(6)));
}

everywhere![
    an_old_secret_reads_up_to_the_commit_that_replaced_it,
    an_old_secret_does_nothing_else,
    who_reads_under_the_replaced_lock_ends_there,
    a_commit_with_the_lock_of_now_changes_nothing,
    locks_and_head_outlive_the_entries,
];
