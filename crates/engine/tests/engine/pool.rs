//! Key packages: where they wait, when more are made, and what is done where there are none.

use crate::circle::{known, rejected};
use crate::people::{ADA, BO, World};
use snug_engine::{GroupWish, Rejection};
use snug_wire::frame::{MailboxKind, Refusal};
use snug_wire::{Address, ConversationId};
use std::collections::BTreeSet;

const TEN_MINUTES: u64 = 10 * 60_000;
/// How many wait beside an inbox at first.
const FULL: usize = 4;

/// Bo's inbox with a pool: the one that Ada knows.
fn inbox(world: &World) -> Address {
    let all = world.relay.addresses(MailboxKind::Inbox);
    let mut all = all.into_iter().filter(|address| {
        world.reads(BO, address) && world.relay.mailboxes[address].last_resort.is_some()
    });
    let one = all.next().expect("it is stocked");
    assert_eq!(all.next(), None);
    one
}

fn empty(world: &mut World) -> (Vec<Vec<u8>>, Option<Vec<u8>>) {
    let address = inbox(world);
    let mailbox = world.relay.mailboxes.get_mut(&address).unwrap();
    (
        std::mem::take(&mut mailbox.pool),
        mailbox.last_resort.take(),
    )
}

/// Whether the wish to add Bo waits for a key of his; `None` without one.
fn no_keys(world: &World, group: ConversationId) -> Option<bool> {
    let pending = world.group(ADA, group).unwrap().pending;
    assert!(pending.len() <= 1, "{pending:?}");
    pending.first().map(|change| change.no_keys)
}

/// They write to each other there.
fn talk(world: &mut World, group: ConversationId) {
    for (from, to) in [(ADA, BO), (BO, ADA)] {
        let text = format!("to {to}");
        world.send(from, group, &text);
        world.rest();
        assert_eq!(world.texts(to, group).last(), Some(&text));
    }
}

#[test]
fn a_pool_is_stocked_when_its_inbox_is_made() {
    let world = known(&["Ada", "Bo"]);
    let mailbox = &world.relay.mailboxes[&inbox(&world)];
    assert_eq!(mailbox.pool.len(), FULL);
    let mut all: BTreeSet<_> = mailbox.pool.iter().collect();
    all.extend(&mailbox.last_resort);
    assert_eq!(all.len(), FULL + 1, "no two are equal");
    // The inbox of an invitation has none: who uses it brings their own.
    let stocked = |a: &&Address| world.relay.mailboxes[*a].last_resort.is_some();
    let all = world.relay.addresses(MailboxKind::Inbox);
    let invitations = all.iter().filter(|a| !stocked(a)).count();
    assert_eq!(invitations, 1);
}

#[test]
fn a_pool_is_filled_again_when_it_was_used() {
    let mut world = known(&["Ada", "Bo"]);
    let address = inbox(&world);
    let mut used = BTreeSet::new();
    for n in 0..3 * FULL {
        let before = world.relay.mailboxes[&address].pool.clone();
        assert!(!before.is_empty(), "the {n}th");
        assert!(before.len() <= 2 * FULL);
        assert!(used.insert(before[0].clone()), "each is used once");
        let group = world.found_group(2);
        world.come_in(BO, group);
        talk(&mut world, group);
    }
}

#[test]
fn a_pool_that_was_not_taken_is_put_there_with_the_next_connection() {
    let mut world = World::new(&["Ada", "Bo"]);
    world.relay.pool_refusals = vec![Refusal::Malformed; 10].into();
    world.meet(ADA, BO);
    world.relay.pool_refusals.clear();
    let stocked = |world: &World| {
        let all = world.relay.mailboxes.values();
        all.filter(|m| m.last_resort.is_some()).count()
    };
    assert_eq!(stocked(&world), 0);
    for who in [ADA, BO] {
        world.offline(who);
        world.online(who);
        world.rest();
    }
    assert_eq!(stocked(&world), 2);
    // What is there is not put there again and again.
    for _ in 0..5 {
        world.offline(BO);
        world.online(BO);
        world.rest();
    }
    assert_eq!(world.relay.mailboxes[&inbox(&world)].pool.len(), FULL);
    let group = world.found_group(2);
    world.come_in(BO, group);
}

#[test]
fn where_there_is_no_key_the_wish_waits_and_is_tried_again() {
    let mut world = known(&["Ada", "Bo"]);
    let kept = empty(&mut world);
    let group = world.found_group(2);
    assert_eq!(no_keys(&world, group), Some(true));
    assert!(world.engine(ADA).is_idle().unwrap(), "nothing can be done");
    assert_eq!(world.names(ADA, group), ["Ada"]);
    world.wait(TEN_MINUTES);
    assert_eq!(no_keys(&world, group), Some(true), "there is still none");
    assert!(world.offers(BO).is_empty());
    // It outlives a restart, and other changes do not wait for it.
    world.crash(ADA);
    let rename = GroupWish::Rename("Long walks".into());
    world.wish(ADA, group, &rename).unwrap();
    world.rest();
    assert_eq!(world.group(ADA, group).unwrap().name, "Long walks");
    assert_eq!(no_keys(&world, group), Some(true));
    let address = snug_wire::Address::clone(&only_inbox(&world));
    let mailbox = world.relay.mailboxes.get_mut(&address).unwrap();
    (mailbox.pool, mailbox.last_resort) = kept;
    world.wait(TEN_MINUTES - 1);
    assert_eq!(no_keys(&world, group), Some(true), "not before its time");
    world.wait(1);
    assert_eq!(no_keys(&world, group), None);
    world.come_in(BO, group);
    talk(&mut world, group);
}

/// Bo's inbox for answers where its pool is empty.
fn only_inbox(world: &World) -> Address {
    let all = world.relay.addresses(MailboxKind::Inbox);
    let mut all = all.into_iter().filter(|a| world.reads(BO, a));
    let one = all.next().unwrap();
    assert_eq!(all.next(), None, "Bo has made no invitation");
    one
}

#[test]
fn a_relay_that_refuses_a_key_is_asked_again() {
    for refusal in [
        Refusal::Nothing,
        Refusal::NoMailbox,
        Refusal::Malformed,
        Refusal::Retired,
    ] {
        let mut world = known(&["Ada", "Bo"]);
        world.relay.pool_refusals.push_back(refusal.clone());
        let group = world.found_group(2);
        assert_eq!(no_keys(&world, group), Some(true), "{refusal:?}");
        world.wait(TEN_MINUTES);
        assert_eq!(no_keys(&world, group), None, "{refusal:?}");
        world.come_in(BO, group);
    }
    // One that is only busy, sooner.
    let mut world = known(&["Ada", "Bo"]);
    world.relay.pool_refusals.push_back(Refusal::Busy(3_000));
    let group = world.found_group(2);
    assert_eq!(no_keys(&world, group), Some(false));
    world.wait(3_000);
    assert_eq!(no_keys(&world, group), None);
    world.come_in(BO, group);
}

#[test]
fn what_is_no_key_of_theirs_is_not_used() {
    let mut world = known(&["Ada", "Bo", "Cyan"]);
    let address = inbox(&world);
    let other = world.relay.addresses(MailboxKind::Inbox);
    let other = other
        .iter()
        .filter(|a| **a != address && !world.reads(ADA, a))
        .find_map(|a| world.relay.mailboxes[a].last_resort.clone())
        .expect("Cyan's");
    for false_one in [vec![1, 2, 3], Vec::new(), other] {
        let mailbox = world.relay.mailboxes.get_mut(&address).unwrap();
        mailbox.pool.insert(0, false_one);
        let group = world.found_group(2);
        assert_eq!(no_keys(&world, group), Some(true));
        world.wait(TEN_MINUTES);
        assert_eq!(no_keys(&world, group), None, "the next one is true");
    }
}

#[test]
fn the_last_resort_opens_as_often_as_it_is_used() {
    let mut world = known(&["Ada", "Bo"]);
    let address = inbox(&world);
    let mut groups = Vec::new();
    for _ in 0..3 {
        let mailbox = world.relay.mailboxes.get_mut(&address).unwrap();
        mailbox.pool.clear();
        let group = world.found_group(2);
        assert_eq!(no_keys(&world, group), None);
        assert_eq!(world.names(ADA, group), ["Ada", "Bo"]);
        assert_eq!(
            world.offers(BO).len(),
            groups.len() + 1,
            "{:?}",
            world.ignored(BO)
        );
        groups.push(group);
    }
    for group in groups {
        world.come_in(BO, group);
        talk(&mut world, group);
    }
}

#[test]
fn who_is_only_wished_for_can_be_taken_back() {
    let mut world = known(&["Ada", "Bo"]);
    empty(&mut world);
    let group = world.found_group(2);
    let bo = world.account(BO);
    let add = GroupWish::Add(bo);
    world.wish(ADA, group, &add).unwrap();
    assert_eq!(no_keys(&world, group), Some(true), "still one wish");
    world.wish(ADA, group, &GroupWish::Remove(bo)).unwrap();
    assert_eq!(no_keys(&world, group), None);
    let number = 1;
    let now = world.now;
    let cancelled = world.engine(ADA).cancel_change(group, number, now);
    rejected(cancelled, Rejection::NotFound);
    world.wait(2 * TEN_MINUTES);
    assert!(world.offers(BO).is_empty());
    assert_eq!(world.names(ADA, group), ["Ada"]);
}
