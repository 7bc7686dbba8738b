//! Chats that are pinned, archived, muted.

use crate::people::{ADA, BO, CYAN, World};
use snug_engine::{Error, Rejection};
use snug_wire::ConversationId;
use snug_wire::own::Keeping;

fn keep(world: &mut World, who: usize, chat: ConversationId, new: Keeping) {
    let now = world.now;
    world.engine(who).set_keeping(chat, new, now).unwrap();
    world.rest();
}

fn kept(world: &World, who: usize, chat: ConversationId) -> Keeping {
    let chat = world.people[who].engine.view().chat(&chat).unwrap();
    chat.unwrap().keeping
}

const PINNED: Keeping = Keeping {
    pinned: true,
    archived: false,
    muted_until: None,
};
const ARCHIVED: Keeping = Keeping {
    pinned: false,
    archived: true,
    muted_until: None,
};

fn muted(until: u64) -> Keeping {
    Keeping {
        muted_until: Some(until),
        ..Keeping::default()
    }
}

#[test]
fn pinned_chats_come_first_and_archived_ones_last() {
    let mut world = World::new(&["Ada", "Bo", "Cyan", "Dee"]);
    let chats = [BO, CYAN, 3].map(|other| world.meet(ADA, other));
    let order = |world: &World| -> Vec<ConversationId> {
        let all = world.people[ADA].engine.view().chats().unwrap();
        all.iter().map(|chat| chat.id).collect()
    };
    assert_eq!(order(&world), [chats[2], chats[1], chats[0]]);
    keep(&mut world, ADA, chats[0], PINNED);
    keep(&mut world, ADA, chats[2], ARCHIVED);
    assert_eq!(order(&world), [chats[0], chats[1], chats[2]]);
    let both = Keeping {
        archived: true,
        ..PINNED
    };
    keep(&mut world, ADA, chats[0], both);
    assert_eq!(
        kept(&world, ADA, chats[0]),
        ARCHIVED,
        "what is archived is not pinned"
    );
}

#[test]
fn what_is_new_brings_a_chat_out_of_the_archive_unless_it_is_muted() {
    let (mut world, chat) = World::chat();
    keep(&mut world, ADA, chat, ARCHIVED);
    world.send(BO, chat, "one");
    world.rest();
    assert_eq!(kept(&world, ADA, chat), Keeping::default());
    let hushed = Keeping {
        muted_until: Some(Keeping::FOR_GOOD),
        ..ARCHIVED
    };
    keep(&mut world, ADA, chat, hushed);
    world.send(BO, chat, "two");
    world.rest();
    assert_eq!(kept(&world, ADA, chat), hushed);
    keep(&mut world, ADA, chat, ARCHIVED);
    world.send(ADA, chat, "three");
    assert_eq!(kept(&world, ADA, chat), Keeping::default(), "one's own too");
}

#[test]
fn a_mute_ends_at_its_time() {
    let (mut world, chat) = World::chat();
    let end = world.now + 60_000;
    keep(&mut world, ADA, chat, muted(end));
    world.send(BO, chat, "quiet");
    world.rest();
    let quiet = |world: &World| {
        let last = world.messages(ADA, chat).pop().unwrap();
        world.people[ADA].engine.view().is_quiet(&last).unwrap()
    };
    assert!(quiet(&world));
    let now = world.now;
    let due = world.engine(ADA).next_deadline(now).unwrap();
    assert!(due.is_some_and(|due| due <= end));
    world.engine(ADA).take_changes();
    world.wait(60_000);
    assert_eq!(kept(&world, ADA, chat), Keeping::default());
    assert!(!quiet(&world));
    let changed = world.engine(ADA).take_changes().conversations;
    assert!(changed.contains(&chat), "the list is told");
    keep(&mut world, ADA, chat, muted(Keeping::FOR_GOOD));
    let now = world.now;
    let due = world.engine(ADA).next_deadline(now).unwrap();
    assert!(due.is_none_or(|due| due < Keeping::FOR_GOOD));
    keep(&mut world, ADA, chat, muted(1));
    assert_eq!(
        kept(&world, ADA, chat),
        Keeping::default(),
        "over before it began"
    );
}

#[test]
fn one_s_other_device_keeps_it_the_same() {
    let (mut world, chat) = World::chat();
    let second = world.link(ADA);
    keep(&mut world, second, chat, PINNED);
    assert_eq!(kept(&world, ADA, chat), PINNED);
    world.offline(ADA);
    for new in [
        ARCHIVED,
        muted(Keeping::FOR_GOOD),
        Keeping::default(),
        PINNED,
    ] {
        let now = world.now;
        world.engine(ADA).set_keeping(chat, new, now).unwrap();
    }
    keep(&mut world, second, chat, ARCHIVED);
    world.online(ADA);
    world.rest();
    assert_eq!(kept(&world, ADA, chat), PINNED, "hers came last");
    assert_eq!(kept(&world, second, chat), PINNED);
    assert_eq!(
        kept(&world, BO, chat),
        Keeping::default(),
        "nobody else is told"
    );
}

#[test]
fn there_must_be_such_a_chat() {
    let (mut world, _) = World::chat();
    let now = world.now;
    let none = world
        .engine(ADA)
        .set_keeping(ConversationId([3; 32]), PINNED, now);
    assert!(matches!(none, Err(Error::Rejected(Rejection::NotFound))));
}
