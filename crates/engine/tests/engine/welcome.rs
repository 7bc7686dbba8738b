//! Welcomes that come too late or cannot be opened: over, said, and nobody is held up.

use crate::circle::{LATER, known};
use crate::people::{ADA, BO, CYAN, World};
use snug_engine::{ChatStanding, GroupWish};
use snug_wire::frame::MailboxKind;
use snug_wire::{Address, ConversationId};

/// Bo's inbox that Ada knows.
fn inbox(world: &World) -> Address {
    let all = world.relay.addresses(MailboxKind::Inbox);
    let is_stocked = |a: &Address| world.relay.mailboxes[a].last_resort.is_some();
    let mut all = all.into_iter();
    all.find(|a| world.reads(BO, a) && is_stocked(a)).unwrap()
}

/// The newest that lies in Bo's inbox.
fn newest(world: &World) -> Vec<u8> {
    let entries = &world.relay.mailboxes[&inbox(world)].entries;
    entries.last().unwrap().bytes.clone()
}

fn is_at_rest(world: &World) {
    for person in &world.people {
        assert!(person.engine.is_idle().unwrap(), "{}", person.name);
    }
}

fn talk(world: &mut World, group: ConversationId, among: &[usize]) {
    for who in among {
        world.send(*who, group, "hello");
    }
    world.rest();
    let texts = world.texts(among[0], group);
    assert!(texts.len() >= among.len());
    for who in among {
        assert!(
            world
                .texts(*who, group)
                .ends_with(&texts[texts.len() - among.len()..])
        );
    }
}

#[test]
fn a_welcome_to_a_group_one_left_leads_nowhere() {
    let mut world = known(&["Ada", "Bo", "Cyan"]);
    let group = world.found_group(3);
    let pointer = newest(&world);
    for who in [BO, CYAN] {
        world.come_in(who, group);
    }
    world.wait(LATER);
    let now = world.now;
    world.engine(BO).leave_group(group, None, now).unwrap();
    world.rest();
    world.wait(60_000);
    assert_eq!(world.names(ADA, group), ["Ada", "Cyan"]);
    world.ignored(BO);

    let inbox = inbox(&world);
    world.drop_into(inbox, pointer);
    world.rest();
    // As a word of Ada's it is true: he is shown it, and what he is led to has no place for him.
    assert_eq!(world.offers(BO).len(), 1);
    world.come_in(BO, group);
    assert_eq!(world.group(BO, group).unwrap().standing, ChatStanding::Left);
    assert!(world.offers(BO).is_empty());
    is_at_rest(&world);
    talk(&mut world, group, &[ADA, CYAN]);
    // Asked in anew, he may come.
    let bo = world.account(BO);
    world.wish(ADA, group, &GroupWish::Add(bo)).unwrap();
    world.rest();
    world.come_in(BO, group);
    talk(&mut world, group, &[ADA, BO, CYAN]);
}

#[test]
fn a_welcome_by_a_key_that_was_used_leads_nowhere() {
    let mut world = known(&["Ada", "Bo"]);
    let inbox = inbox(&world);
    let used = world.relay.mailboxes[&inbox].pool[0].clone();
    let first = world.found_group(2);
    world.come_in(BO, first);
    world.wait(LATER);
    // As of a relay that was restored from a copy.
    let mailbox = world.relay.mailboxes.get_mut(&inbox).unwrap();
    mailbox.pool.insert(0, used);
    let second = world.found_group(2);
    assert_eq!(world.names(ADA, second), ["Ada", "Bo"]);
    assert_eq!(world.offers(BO).len(), 1);
    world.come_in(BO, second);
    assert!(world.offers(BO).is_empty());
    assert!(world.group(BO, second).is_none());
    world.wait(LATER);
    is_at_rest(&world);
    talk(&mut world, first, &[ADA, BO]);
    // Taken out and asked once more, he comes in.
    let bo = world.account(BO);
    world.wish(ADA, second, &GroupWish::Remove(bo)).unwrap();
    world.rest();
    world.wish(ADA, second, &GroupWish::Add(bo)).unwrap();
    world.rest();
    world.come_in(BO, second);
    talk(&mut world, second, &[ADA, BO]);
}
