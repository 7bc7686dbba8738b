//! What must be true at rest, said of what was written: nothing lost, nothing twice, one order.

use crate::world::World;
use snug_engine::{Message, MessageState, RequestState};

/// Compares every device with the others and with what was written.
pub fn compare(world: &World) {
    let chats: Vec<Vec<Message>> = (0..world.devices.len())
        .map(|device| {
            let chat = world
                .chat(device)
                .unwrap_or_else(|| panic!("device {device} is in the chat"));
            world.devices[device]
                .engine
                .view()
                .messages(&chat, None, 100_000)
                .unwrap()
        })
        .collect();
    one_order(&chats);
    nothing_lost_nothing_twice(world, &chats[0]);
    first_in_first_out(world, &chats[0]);
    states(world, &chats);
    for device in &world.devices {
        let view = device.engine.view();
        assert_eq!(
            view.quarantined().unwrap(),
            0,
            "{} could open everything",
            device.name
        );
        for request in view.requests().unwrap() {
            assert_eq!(
                request.state,
                RequestState::Connected,
                "{}'s request",
                device.name
            );
        }
    }
}

fn one_order(chats: &[Vec<Message>]) {
    let order = |chat: &[Message]| {
        chat.iter()
            .map(|m| (m.id, m.text.clone()))
            .collect::<Vec<_>>()
    };
    for other in &chats[1..] {
        assert_eq!(order(&chats[0]), order(other), "one order on every device");
    }
}

fn nothing_lost_nothing_twice(world: &World, chat: &[Message]) {
    let mut written: Vec<_> = world
        .written
        .iter()
        .map(|w| (w.id, w.text.as_str()))
        .collect();
    let mut stored: Vec<_> = chat.iter().map(|m| (m.id, m.text.as_str())).collect();
    written.sort();
    stored.sort();
    assert_eq!(stored, written, "just what was written is there");
}

/// Within one log an author's messages keep the order they were written in.
fn first_in_first_out(world: &World, chat: &[Message]) {
    for device in 0..world.devices.len() {
        let written: Vec<_> = world
            .written
            .iter()
            .filter(|w| w.by == device)
            .map(|w| w.id)
            .collect();
        let mut last = std::collections::BTreeMap::new();
        for message in chat {
            if let Some(at) = written.iter().position(|id| *id == message.id) {
                let before = last.insert(message.group, at);
                assert!(
                    before.is_none_or(|before| before < at),
                    "an author's order never flips"
                );
            }
        }
    }
}

fn states(world: &World, chats: &[Vec<Message>]) {
    for (device, chat) in chats.iter().enumerate() {
        let other = &chats[1 - device];
        for (mine, theirs) in chat.iter().zip(other) {
            if mine.own {
                let expected = match theirs.state {
                    MessageState::Seen => MessageState::Read,
                    _ => MessageState::Delivered,
                };
                assert_eq!(
                    mine.state, expected,
                    "{}: {}",
                    world.devices[device].name, mine.text
                );
            }
        }
        let id = world.chat(device).unwrap();
        let unread = chat
            .iter()
            .filter(|m| m.state == MessageState::Unread)
            .count();
        let counted = world.devices[device]
            .engine
            .view()
            .chat(&id)
            .unwrap()
            .unwrap()
            .unread;
        assert_eq!(counted.count, unread as u64, "the unread count is exact");
    }
}
