//! Messages: their states, counts, limits and order.

use crate::people::{ADA, BO, CYAN, World};
use snug_engine::{Error, Extras, MessageState, Rejection, WAITING_LIMIT};
use snug_wire::content::Priority;
use snug_wire::{ConversationId, MessageId, TEXT_LIMIT};

fn rejected<T: std::fmt::Debug>(result: snug_engine::Result<T>) -> Rejection {
    match result {
        Err(Error::Rejected(why)) => why,
        other => panic!("{other:?} where a rejection was expected"),
    }
}

#[test]
fn a_message_is_sending_sent_delivered_and_read() {
    let (mut world, chat) = World::chat();
    world.offline(BO);
    let id = world.send(ADA, chat, "hello");
    assert_eq!(world.state(ADA, &id), MessageState::Sending);
    world.rest();
    assert_eq!(world.state(ADA, &id), MessageState::Sent);
    world.online(BO);
    world.rest();
    assert_eq!(world.state(ADA, &id), MessageState::Delivered);
    assert_eq!(world.state(BO, &id), MessageState::Unread);
    assert_eq!(world.unread(BO, chat), 1);
    world.read_all(BO, chat);
    world.rest();
    assert_eq!(world.state(ADA, &id), MessageState::Read);
    assert_eq!(world.state(BO, &id), MessageState::Seen);
    assert_eq!(world.unread(BO, chat), 0);
}

#[test]
fn unread_counts_are_exact_and_name_the_first() {
    let (mut world, chat) = World::chat();
    let sent: Vec<MessageId> = ["a", "b", "c"]
        .map(|text| world.send(ADA, chat, text))
        .into();
    world.rest();
    let now = world.now;
    world.engine(BO).mark_read(chat, sent[0], now).unwrap();
    world.rest();
    let row = world.people[BO].engine.view().chat(&chat).unwrap().unwrap();
    assert_eq!((row.unread.count, row.unread.first), (2, Some(sent[1])));
    let states: Vec<_> = sent.iter().map(|id| world.state(ADA, id)).collect();
    use MessageState::{Delivered, Read};
    assert_eq!(states, [Read, Delivered, Delivered]);
    let elsewhere = ConversationId([0; 32]);
    let marked = world.engine(BO).mark_read(elsewhere, sent[1], now);
    assert_eq!(rejected(marked), Rejection::NotFound);
}

#[test]
fn texts_have_limits() {
    let (mut world, chat) = World::chat();
    let now = world.now;
    let mut check = |text: &str, expected: Option<Rejection>| {
        let sent = world
            .engine(ADA)
            .send_text(chat, text, Extras::default(), now);
        match expected {
            None => drop(sent.unwrap()),
            Some(why) => assert_eq!(rejected(sent), why),
        }
    };
    check("", Some(Rejection::TextEmpty));
    check(" \n", Some(Rejection::TextEmpty));
    check(&"x".repeat(TEXT_LIMIT), None);
    check(&"x".repeat(TEXT_LIMIT + 1), Some(Rejection::TextTooLong));
    let longest = "x".repeat(TEXT_LIMIT);
    world.rest();
    assert_eq!(world.texts(BO, chat), [longest]);
    let nowhere = ConversationId([0; 32]);
    let sent = world
        .engine(ADA)
        .send_text(nowhere, "x", Extras::default(), now);
    assert_eq!(rejected(sent), Rejection::NotFound);
}

#[test]
fn a_full_queue_refuses_and_drops_nothing() {
    let (mut world, chat) = World::chat();
    world.offline(ADA);
    for n in 0..WAITING_LIMIT {
        world.send(ADA, chat, &n.to_string());
    }
    let now = world.now;
    let sent = world
        .engine(ADA)
        .send_text(chat, "more", Extras::default(), now);
    assert_eq!(rejected(sent), Rejection::QueueFull);
    assert_eq!(
        world.people[ADA].engine.view().waiting().unwrap(),
        WAITING_LIMIT
    );
}

#[test]
fn what_has_not_left_can_be_discarded_and_nothing_else() {
    let (mut world, chat) = World::chat();
    world.offline(ADA);
    let kept = world.send(ADA, chat, "kept");
    let gone = world.send(ADA, chat, "gone");
    let now = world.now;
    world.engine(ADA).discard(gone, now).unwrap();
    assert!(
        world
            .engine(ADA)
            .take_changes()
            .gone
            .contains(&(chat, gone))
    );
    assert_eq!(
        rejected(world.engine(ADA).retry(kept, now)),
        Rejection::NotFound
    );
    world.online(ADA);
    world.rest();
    assert_eq!(world.texts(BO, chat), ["kept"]);
    for id in [kept, gone] {
        assert_eq!(
            rejected(world.engine(ADA).discard(id, now)),
            Rejection::NotFound
        );
        assert_eq!(
            rejected(world.engine(BO).discard(id, now)),
            Rejection::NotFound
        );
    }
}

#[test]
fn one_order_on_both_sides_however_urgent() {
    let (mut world, chat) = World::chat();
    world.offline(ADA);
    let now = world.now;
    for (text, priority) in [
        ("one", Priority::Normal),
        ("two", Priority::Low),
        ("fire", Priority::Urgent),
        ("three", Priority::Normal),
    ] {
        world
            .engine(ADA)
            .send_text(
                chat,
                text,
                Extras {
                    priority,
                    ..Extras::default()
                },
                now,
            )
            .unwrap();
    }
    world.online(ADA);
    world.rest();
    let order = ["one", "two", "fire", "three"];
    assert_eq!(world.texts(BO, chat), order);
    assert_eq!(world.texts(ADA, chat), order);
}

#[test]
fn a_clock_ahead_does_not_keep_a_chat_on_top() {
    let (mut world, chat) = World::chat();
    let ahead = world.now + 1_000_000;
    world
        .engine(ADA)
        .send_text(chat, "tomorrow", Extras::default(), ahead)
        .unwrap();
    world.rest();
    assert_eq!(world.messages(BO, chat)[0].at, world.now);
}

#[test]
fn messages_survive_a_crash_in_order() {
    let (mut world, chat) = World::chat();
    world.offline(ADA);
    world.send(ADA, chat, "one");
    world.crash(ADA);
    world.send(ADA, chat, "two");
    world.rest();
    world.crash(BO);
    world.rest();
    for who in [ADA, BO] {
        assert_eq!(world.texts(who, chat), ["one", "two"]);
    }
}

#[test]
fn what_is_printed_for_people_who_look_into_it_holds_no_content() {
    let (mut world, chat) = World::chat();
    world.offline(ADA);
    world.send(ADA, chat, "marker-of-a-text");
    let view = world.people[ADA].engine.view();
    let printed = format!(
        "{:?} {:?}",
        world.messages(ADA, chat),
        view.outbox().unwrap()
    );
    assert!(!printed.contains("marker"), "{printed}");
    let bytes = format!("{:?}", "marker-of".as_bytes());
    assert!(
        !printed.contains(bytes.trim_matches(['[', ']'])),
        "{printed}"
    );
}

#[test]
fn the_chat_with_the_most_urgent_message_leaves_first() {
    let mut world = World::new(&["Ada", "Bo", "Cyan"]);
    let (bo, cyan) = (world.meet(ADA, BO), world.meet(ADA, CYAN));
    world.offline(ADA);
    let now = world.now;
    world.send(ADA, bo, "later");
    let extras = Extras {
        priority: Priority::Urgent,
        ..Extras::default()
    };
    world
        .engine(ADA)
        .send_text(cyan, "first", extras, now)
        .unwrap();
    world.online(ADA);
    let before = world.relay.puts.len();
    world.rest();
    let puts = &world.relay.puts[before..];
    let first = |who| puts.iter().position(|put| world.reads(who, &put.address));
    assert!(first(CYAN).unwrap() < first(BO).unwrap());
}
