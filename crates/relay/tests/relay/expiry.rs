//! Rules 3 and 11.

use crate::forms::{
    address, attachment, commit, create, invitation, knock, lock, open, open_from, publish, secret,
    stock, text, trim,
};
use crate::world::{ADA, BO, World};
use snug_relay::core::Peer;
use snug_relay::core::limits::{DAY, RENDEZVOUS, TIME_TO_LIVE, UNOPENED};
use snug_wire::frame::MailboxKind::{Conversation, Inbox, Rendezvous};
use snug_wire::frame::{Answer, Opened, Put, Refusal, Request};
use snug_wire::{EnvelopeId, Seq};

#[test]
fn an_entry_lives_ninety_days_and_the_head_longer() {
    let mut world = World::new();
    let begin = world.now;
    world.ask(ADA, create(1, Conversation, 1));
    world.put(
        ADA,
        Put {
            attachments: vec![attachment(9, b"welcome")],
            ..commit(1, 1, 1, 0)
        },
    );
    world.expire(begin + DAY);
    world.put(ADA, text(1, 1, 2, 1));
    world.expire(begin + TIME_TO_LIVE);
    world.ask(BO, open(1, 1));
    assert_eq!(world.got(BO).len(), 3, "not yet");
    world.expire(begin + TIME_TO_LIVE + 1);
    let state = Opened {
        generation: 1,
        first: Seq(2),
        last: Seq(2),
        head: Seq(1),
    };
    assert_eq!(world.ask(BO, open(1, 1)), Some(Answer::Opened(state)));
    assert_eq!(world.got(BO), ["entry 2 of 1 at 2 after 1", "caught up 1"]);
    let fetch = Request::Fetch(address(1), Seq(1), secret(9));
    assert_eq!(
        world.ask(BO, fetch),
        Some(Answer::Refused(Refusal::Nothing))
    );
    assert_eq!(
        world.put(ADA, commit(1, 1, 1, 0)),
        Answer::Refused(Refusal::Stale(Seq(1))),
        "its id is forgotten"
    );
    world.crash();
    assert_eq!(world.ask(BO, open(1, 1)), Some(Answer::Opened(state)));
}

#[test]
fn a_mailbox_lives_until_a_year_without_an_open() {
    let mut world = World::new();
    let begin = world.now;
    world.ask(ADA, create(1, Conversation, 1));
    world.ask(ADA, create(2, Conversation, 1));
    world.put(ADA, commit(1, 1, 1, 0));
    world.expire(begin + UNOPENED - 1);
    assert!(matches!(world.ask(BO, open(1, 1)), Some(Answer::Opened(_))));
    world.expire(begin + UNOPENED);
    assert_eq!(
        world.ask(BO, open(2, 1)),
        Some(Answer::Refused(Refusal::NoMailbox))
    );
    world.expire(begin + 3 * UNOPENED);
    assert!(
        matches!(world.ask(ADA, open(1, 1)), Some(Answer::Opened(_))),
        "Bo had it open all the time"
    );
    world.crash();
    world.expire(begin + 5 * UNOPENED);
    assert_eq!(
        world.ask(ADA, open(1, 1)),
        Some(Answer::Refused(Refusal::NoMailbox))
    );
    world.ask(ADA, create(1, Conversation, 1));
    let answer = world.ask(ADA, open_from(1, 1, 1, 1, 1));
    assert!(
        matches!(answer, Some(Answer::Diverged(_))),
        "what is made anew is another log"
    );
}

#[test]
fn a_rendezvous_lives_ten_minutes() {
    let mut world = World::new();
    let begin = world.now;
    world.ask(ADA, create(1, Rendezvous, 1));
    world.ask(ADA, open(1, 1));
    world.put(BO, knock(1, 1));
    world.expire(begin + RENDEZVOUS);
    assert_eq!(world.got(ADA), ["entry 1 of 1 at 1 after 0", "caught up 1"]);
    world.expire(begin + RENDEZVOUS + 1);
    assert_eq!(world.got(ADA), ["ended 1 at 1"]);
    assert_eq!(
        world.put(BO, knock(1, 2)),
        Answer::Refused(Refusal::NoMailbox)
    );
}

#[test]
fn a_key_package_waits_ninety_days() {
    let mut world = World::new();
    world.ask(ADA, create(1, Inbox, 1));
    world.ask(ADA, stock(1, 1, &[b"a"], Some(b"last")));
    world.expire(world.now + TIME_TO_LIVE + 1);
    world.ask(ADA, stock(1, 1, &[b"b"], None));
    assert_eq!(
        world.ask(BO, Request::Take(address(1))),
        Some(Answer::Bytes(b"b".to_vec()))
    );
    assert_eq!(
        world.ask(BO, Request::Take(address(1))),
        Some(Answer::Bytes(b"last".to_vec()))
    );
}

#[test]
fn an_invitation_is_forgotten_ninety_days_after_its_end() {
    let mut world = World::new();
    let begin = world.now;
    let card = |world: &mut World, id| world.ask(BO, Request::Card(invitation(id))).unwrap();
    for it in [
        publish(1, None, Some(begin + DAY)),
        publish(2, None, None),
        publish(3, None, None),
    ] {
        let id = it.id;
        world.ask(ADA, Request::Publish(it));
        assert!(matches!(
            world.ask(BO, Request::Card(id)),
            Some(Answer::Card(_, None))
        ));
    }
    world.ask(ADA, Request::Revoke(invitation(2), secret(2)));
    world.expire(begin + TIME_TO_LIVE);
    assert_eq!(
        card(&mut world, 1),
        Answer::Card(vec![1; 40], Some(Refusal::Expired))
    );
    assert_eq!(
        card(&mut world, 2),
        Answer::Card(vec![2; 40], Some(Refusal::Revoked))
    );
    world.expire(begin + TIME_TO_LIVE + DAY + 1);
    assert_eq!(card(&mut world, 1), Answer::Refused(Refusal::NoInvitation));
    assert_eq!(card(&mut world, 2), Answer::Refused(Refusal::NoInvitation));
    world.expire(begin + 10 * UNOPENED);
    assert_eq!(
        card(&mut world, 3),
        Answer::Card(vec![3; 40], None),
        "one without an end stays"
    );
}

#[test]
fn many_mailboxes_are_looked_at_in_turn() {
    let mut world = World::new();
    let numbered = |n: u64| {
        let mut at = address(0);
        at.0[..8].copy_from_slice(&n.to_be_bytes());
        at
    };
    let make: Vec<_> = (0..600)
        .map(numbered)
        .flat_map(|at| {
            let put = Put {
                address: at,
                ..knock(0, 1)
            };
            [Request::Create(at, Inbox, lock(1)), Request::Put(put)]
        })
        .map(|request| (ADA, request))
        .collect();
    world.batch(&make);
    let open: Vec<_> = (0..600)
        .map(|n| (BO, Request::Open(numbered(n), secret(1), None)))
        .collect();
    for held in [600, 350, 100, 0, 0] {
        let answers = world.batch(&open);
        let with = answers
            .iter()
            .filter(|out| format!("{:?}", out.frame).contains("first: Seq(1)"));
        assert_eq!(with.count(), held);
        world.expire(1_000_000_000_000 + TIME_TO_LIVE + 1);
    }
}

#[test]
fn the_file_shrinks() {
    let mut world = World::new();
    world.ask(ADA, create(1, Inbox, 1));
    for id in 1..=4 {
        world.put(
            ADA,
            Put {
                bytes: vec![id; 4_000_000],
                ..knock(1, id)
            },
        );
    }
    for _ in 0..10 {
        world.expire(world.now + TIME_TO_LIVE + 1);
    }
    let dir = world.end();
    let file = dir.path().join("relay.db");
    assert!(std::fs::metadata(file).unwrap().len() < 8_000_000);
}

/// A thousand entries with ids of their own.
fn thousand(begin: u64, like: &Put) -> Vec<(Peer, Request)> {
    let put = |n: u64| {
        let mut id = EnvelopeId([0; 16]);
        id.0[..8].copy_from_slice(&n.to_be_bytes());
        let put = Put { id, ..like.clone() };
        (ADA, Request::Put(put))
    };
    (begin..begin + 1_000).map(put).collect()
}

fn state(world: &mut World, at: u8) -> Opened {
    match world.ask(BO, open(at, 1)) {
        Some(Answer::Opened(state)) => state,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_long_log_is_trimmed_in_pieces() {
    let mut world = World::new();
    world.ask(ADA, create(1, Conversation, 1));
    for begin in [
        0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000,
    ] {
        world.batch(&thousand(begin, &text(1, 1, 1, 0)));
    }
    assert_eq!(
        world.ask(ADA, trim(1, 1, 10_000)),
        Some(Answer::Refused(Refusal::Busy(0)))
    );
    let first = state(&mut world, 1).first;
    assert!(Seq(1) < first && first < Seq(10_000), "{first:?}");
    assert_eq!(world.ask(ADA, trim(1, 1, 10_000)), Some(Answer::Done));
    assert_eq!(state(&mut world, 1).first, Seq(10_000));
}

#[test]
fn what_is_too_old_goes_in_pieces() {
    let mut world = World::new();
    for at in 1..=60 {
        world.ask(ADA, create(at, Inbox, 1));
        world.batch(&thousand(0, &knock(at, 1)));
    }
    let later = world.now + TIME_TO_LIVE + 1;
    let mut left = 60_000;
    while left > 0 {
        world.expire(later);
        let now: u64 = (1..=60)
            .map(|at| state(&mut world, at))
            .map(|state| state.last.0 + 1 - state.first.0)
            .sum();
        assert!(now < left && left - now < 10_000, "{now} of {left}");
        left = now;
    }
}

#[test]
fn full_rendezvous_go_in_pieces() {
    let mut world = World::new();
    for at in 1..=5 {
        world.ask(ADA, create(at, Rendezvous, 1));
        for id in 1..=4 {
            let bytes = vec![id; 4_000_000];
            world.put(
                ADA,
                Put {
                    bytes,
                    ..knock(at, id)
                },
            );
        }
    }
    let later = world.now + RENDEZVOUS + 1;
    let there = |world: &mut World| {
        (1..=5)
            .filter(|at| matches!(world.ask(BO, open(*at, 1)), Some(Answer::Opened(_))))
            .count()
    };
    world.expire(later);
    assert!((1..5).contains(&there(&mut world)));
    for _ in 0..3 {
        world.expire(later);
    }
    assert_eq!(there(&mut world), 0);
}
