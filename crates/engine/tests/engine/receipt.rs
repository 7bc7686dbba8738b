//! Receipts: watermarks, what could not be opened, and what nobody may claim.

use crate::people::{ADA, BO, World};
use snug_engine::MessageState;

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
