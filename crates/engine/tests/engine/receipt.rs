//! Receipts: watermarks, what could not be opened, and what nobody may claim.

use crate::circle::{LATER, circle, known};
use crate::people::{ADA, BO, CYAN, World};
use snug_engine::{GroupWish, MessageState};

#[test]
fn what_could_not_be_opened_fails_and_arrives_once_when_sent_again() {
    let (mut world, chat) = World::chat();
    let mailbox = world.mailbox();
    world.offline(BO);
    let id = world.send(ADA, chat, "one");
    world.rest();
    let entries = &mut world.relay.mailboxes.get_mut(&mailbox).unwrap().entries;
    let whole = entries.last().unwrap().bytes.clone();
    entries.last_mut().unwrap().bytes[40] ^= 1;
    world.online(BO);
    world.rest();
    assert_eq!(
        world.state(ADA, &id),
        MessageState::Failed,
        "Bo's device says so by itself"
    );
    assert_eq!(world.people[BO].engine.view().quarantined().unwrap(), 1);
    let now = world.now;
    world.engine(ADA).retry(id, now).unwrap();
    world.rest();
    assert_eq!(world.texts(BO, chat), ["one"]);
    assert_eq!(world.state(ADA, &id), MessageState::Delivered);
    // The first bytes come after all.
    world.plant(mailbox, false, whole);
    world.rest();
    assert_eq!(world.texts(BO, chat), ["one"], "each id is stored once");
}

#[test]
fn devices_that_cannot_open_each_other_come_to_rest() {
    let (mut world, chat) = World::chat();
    let mailbox = world.mailbox();
    for n in 0..60_u8 {
        world.plant(mailbox, false, vec![n; 64]);
    }
    world.rest();
    world.send(ADA, chat, "still here");
    world.rest();
    assert_eq!(world.texts(BO, chat), ["still here"]);
    assert_eq!(world.people[BO].engine.view().quarantined().unwrap(), 60);
}

#[test]
fn noise_is_kept_within_bounds() {
    let (mut world, chat) = World::chat();
    let mailbox = world.mailbox();
    for n in 0..1_500_u32 {
        world.plant(mailbox, false, n.to_be_bytes().to_vec());
    }
    world.rest();
    assert_eq!(world.people[BO].engine.view().quarantined().unwrap(), 1_000);
    world.send(BO, chat, "still here");
    world.rest();
    assert_eq!(world.texts(ADA, chat), ["still here"]);
}

/// What was said is everywhere, and the receipts of a group have left and come.
fn told(world: &mut World) {
    world.rest();
    world.wait(6_000);
}

#[test]
fn who_was_only_asked_into_a_group_holds_nothing_up() {
    let mut world = known(&["Ada", "Bo", "Cyan"]);
    let group = world.found_group(3);
    world.come_in(BO, group);
    for who in [ADA, BO] {
        let id = world.send(who, group, "one");
        told(&mut world);
        assert_eq!(world.state(who, &id), MessageState::Delivered, "{who}");
    }
    let cyan = world.account(CYAN);
    let joined = |world: &World, who| {
        let all = world.group(who, group).unwrap().participants;
        all.iter().find(|p| p.account == cyan).unwrap().joined
    };
    assert!(!joined(&world, ADA) && !joined(&world, BO));
    world.come_in(CYAN, group);
    world.wait(LATER);
    assert!(joined(&world, ADA) && joined(&world, BO));
    world.offline(CYAN);
    let id = world.send(ADA, group, "two");
    told(&mut world);
    assert_eq!(world.state(ADA, &id), MessageState::Sent);
    world.online(CYAN);
    told(&mut world);
    assert_eq!(world.state(ADA, &id), MessageState::Delivered);
}

#[test]
fn who_is_in_a_group_no_more_holds_nothing_up() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    world.offline(CYAN);
    let id = world.send(ADA, group, "one");
    told(&mut world);
    assert_eq!(world.state(ADA, &id), MessageState::Sent);
    let wish = GroupWish::Remove(world.account(CYAN));
    world.wish(ADA, group, &wish).unwrap();
    world.rest();
    assert_eq!(world.state(ADA, &id), MessageState::Delivered);
}

#[test]
fn who_comes_later_misses_nothing_said_before() {
    let mut world = known(&["Ada", "Bo", "Cyan"]);
    let group = world.found_group(2);
    world.come_in(BO, group);
    world.wait(LATER);
    world.offline(BO);
    let id = world.send(ADA, group, "one");
    world.rest();
    let wish = GroupWish::Add(world.account(CYAN));
    world.wish(ADA, group, &wish).unwrap();
    world.rest();
    world.come_in(CYAN, group);
    world.wait(LATER);
    assert_eq!(world.state(ADA, &id), MessageState::Sent);
    world.online(BO);
    told(&mut world);
    assert_eq!(world.state(ADA, &id), MessageState::Delivered);
}
