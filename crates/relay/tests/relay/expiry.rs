//! Rules 3 and 11.

use crate::forms::{attachment, commit, create, knock, open, open_from, publish, secret, stock, text};
use crate::world::{ADA, BO, World};
use snug_relay::core::limits::{DAY, RENDEZVOUS, TIME_TO_LIVE, UNOPENED};
use snug_wire::frame::MailboxKind::{Conversation, Inbox, Rendezvous};
use snug_wire::frame::{Answer, Opened, Put, Refusal, Request};
use snug_wire::{Seq, frame::Publish};

#[test]
fn an_entry_lives_ninety_days_and_the_head_longer() {
    let mut world = World::new();
    let begin = world.now;
    world.ask(ADA, create(1, Conversation, 1));
    world.put(ADA, Put { attachments: vec![attachment(9, b"welcome")], ..commit(1, 1, 1, 0) });
    world.expire(begin + DAY);
    world.put(ADA, text(1, 1, 2, 1));
    world.expire(begin + TIME_TO_LIVE);
    world.ask(BO, open(1, 1));
    assert_eq!(world.got(BO).len(), 3, "not yet");
    world.expire(begin + TIME_TO_LIVE + 1);
    let state = Opened { generation: 1, first: Seq(2), last: Seq(2), head: Seq(1) };
    assert_eq!(world.ask(BO, open(1, 1)), Some(Answer::Opened(state)));
    assert_eq!(world.got(BO), ["entry 2 of 1 at 2 after 1", "caught up 1"]);
    let fetch = Request::Fetch(crate::forms::address(1), Seq(1), secret(9));
    assert_eq!(world.ask(BO, fetch), Some(Answer::Refused(Refusal::Nothing)));
    assert_eq!(world.put(ADA, commit(1, 1, 1, 0)), Answer::Refused(Refusal::Stale(Seq(1))), "its id is forgotten");
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
    assert_eq!(world.ask(BO, open(2, 1)), Some(Answer::Refused(Refusal::NoMailbox)));
    world.expire(begin + 3 * UNOPENED);
    assert!(matches!(world.ask(ADA, open(1, 1)), Some(Answer::Opened(_))), "Bo had it open all the time");
    world.crash();
    world.expire(begin + 5 * UNOPENED);
    assert_eq!(world.ask(ADA, open(1, 1)), Some(Answer::Refused(Refusal::NoMailbox)));
    world.ask(ADA, create(1, Conversation, 1));
    let answer = world.ask(ADA, open_from(1, 1, 1, 1, 1));
    assert!(matches!(answer, Some(Answer::Diverged(_))), "what is made anew is another log");
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
    assert_eq!(world.put(BO, knock(1, 2)), Answer::Refused(Refusal::NoMailbox));
}

#[test]
fn a_key_package_waits_ninety_days() {
    let mut world = World::new();
    world.ask(ADA, create(1, Inbox, 1));
    world.ask(ADA, stock(1, 1, &[b"a"], Some(b"last")));
    world.expire(world.now + TIME_TO_LIVE + 1);
    world.ask(ADA, stock(1, 1, &[b"b"], None));
    assert_eq!(world.ask(BO, Request::Take(crate::forms::address(1))), Some(Answer::Bytes(b"b".to_vec())));
    assert_eq!(world.ask(BO, Request::Take(crate::forms::address(1))), Some(Answer::Bytes(b"last".to_vec())));
}

#[test]
fn an_invitation_is_forgotten_ninety_days_after_its_end() {
    let mut world = World::new();
    let begin = world.now;
    let card = |world: &mut World, id| world.ask(BO, Request::Card(crate::forms::invitation(id))).unwrap();
    for Publish { id, .. } in [publish(1, None, Some(begin + DAY)), publish(2, None, None), publish(3, None, None)]
        .map(|it| { world.ask(ADA, Request::Publish(it.clone())); it })
    {
        assert!(matches!(world.ask(BO, Request::Card(id)), Some(Answer::Card(_, None))));
    }
    world.ask(ADA, Request::Revoke(crate::forms::invitation(2), secret(2)));
    world.expire(begin + TIME_TO_LIVE);
    assert_eq!(card(&mut world, 1), Answer::Card(vec![1; 40], Some(Refusal::Expired)));
    assert_eq!(card(&mut world, 2), Answer::Card(vec![2; 40], Some(Refusal::Revoked)));
    world.expire(begin + TIME_TO_LIVE + DAY + 1);
    assert_eq!(card(&mut world, 1), Answer::Refused(Refusal::NoInvitation));
    assert_eq!(card(&mut world, 2), Answer::Refused(Refusal::NoInvitation));
    world.expire(begin + 10 * UNOPENED);
    assert_eq!(card(&mut world, 3), Answer::Card(vec![3; 40], None), "one without an end stays");
}

#[test]
fn many_mailboxes_are_looked_at_in_turn() {
    let mut world = World::new();
    let begin = world.now;
    for n in 0..2_500_u64 {
        let mut at = crate::forms::address(0);
        at.0[..8].copy_from_slice(&n.to_be_bytes());
        world.batch(&[
            (ADA, Request::Create(at, Inbox, crate::forms::lock(1))),
            (ADA, Request::Put(Put { address: at, ..knock(0, 1) })),
        ]);
    }
    let held = |world: &mut World| {
        (0..2_500_u64).filter(|n| {
            let mut at = crate::forms::address(0);
            at.0[..8].copy_from_slice(&n.to_be_bytes());
            let out = world.batch(&[(BO, Request::Open(at, secret(1), None)), (BO, Request::Close(at))]);
            format!("{:?}", out[0].frame).contains("first: Seq(1)")
        }).count()
    };
    assert_eq!(held(&mut world), 2_500);
    for left in [1_500, 500, 0, 0] {
        world.expire(begin + TIME_TO_LIVE + 1);
        assert_eq!(held(&mut world), left);
    }
}
