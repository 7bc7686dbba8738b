//! What must be true at rest, said of what was written: nothing lost, nothing twice, one order, and the
//! same end of all edits, deletions, reactions and timers on every device.

use crate::device::Device;
use crate::world::World;
use crate::written::{Line, Said};
use snug_engine::{Chat, Message, MessageKind, MessageState, RequestState, Search};
use snug_wire::MessageId;
use std::collections::BTreeMap;

/// How many messages are looked for on each device.
const SEARCHES: usize = 6;

/// What one device has.
struct Has<'a> {
    n: usize,
    device: &'a Device,
    chat: Chat,
    messages: Vec<Message>,
}

/// Compares every device with the others and with what was written.
pub fn compare(world: &World) {
    let all: Vec<Has<'_>> = (0..world.devices.len()).map(|n| has(world, n)).collect();
    one_order(&all);
    for has in &all {
        nothing_lost_nothing_twice(world, has);
        first_in_first_out(world, has);
        lines(world, has, &all);
        states(world, has);
        unread(has);
        found(world, has);
        quiet(has.device);
    }
}

fn has(world: &World, n: usize) -> Has<'_> {
    let device = &world.devices[n];
    let view = device.engine.view();
    let id = world.chat(n);
    let id = id.unwrap_or_else(|| panic!("{} is in the chat", device.name));
    Has {
        n,
        device,
        chat: view.chat(&id).unwrap().unwrap(),
        messages: view.messages(&id, None, 100_000).unwrap(),
    }
}

/// What two devices both have stands at the same place on both, and so in the same order.
fn one_order(all: &[Has<'_>]) {
    for other in &all[1..] {
        let there: BTreeMap<MessageId, &Message> = said(other).map(|m| (m.id, m)).collect();
        for message in said(&all[0]) {
            if let Some(same) = there.get(&message.id) {
                assert_eq!(message.place, same.place, "one order on every device");
                assert_eq!(message.text, same.text, "the same words on every device");
            }
        }
        assert_eq!(
            all[0].chat.timer, other.chat.timer,
            "the same timer on every device"
        );
    }
}

/// Just what was written is there, once; a message that is not has disappeared in its time.
fn nothing_lost_nothing_twice(world: &World, has: &Has<'_>) {
    let name = has.device.name;
    let mut there: BTreeMap<MessageId, &Message> = BTreeMap::new();
    for message in said(has) {
        assert!(
            there.insert(message.id, message).is_none(),
            "{name} has nothing twice"
        );
    }
    for line in world.written.lines() {
        let message = there.remove(&line.id);
        if world.lossy && line.deleted {
            // It may have been taken back before it could be sent again.
            continue;
        }
        let Some(seconds) = line.timer.map(u64::from) else {
            assert!(message.is_some(), "{name} lost {:?}", line.text());
            continue;
        };
        let end = |seen: u64| seen + seconds * 1000;
        match (line.by == has.device.account, message) {
            // Its author's time runs from its place in the log.
            (true, Some(message)) => {
                let at = message.expires_at.expect("its time runs");
                assert!(at > world.now, "{name}'s own is gone in time");
                assert!(at >= end(line.at), "{name}'s own stays its time");
            }
            (true, None) => assert!(end(line.at) <= world.now, "{name}'s own stays its time"),
            // Its author's copy went before it could be sent again.
            (false, None) if world.lossy && end(line.at) <= world.now => {}
            (false, message) => {
                let ends = line.seen[has.n].map(end);
                let is_over = ends.is_some_and(|at| at <= world.now);
                assert_eq!(
                    message.is_none(),
                    is_over,
                    "{name}: gone once seen, in time"
                );
                if let Some(message) = message {
                    assert_eq!(message.expires_at, ends, "{name}: from being seen");
                }
            }
        }
    }
    let more: Vec<_> = there.values().map(|m| (m.kind, &m.text)).collect();
    assert!(more.is_empty(), "{name} has what nobody wrote: {more:?}");
}

/// What people said, without what happened to a device's copy of the conversation.
fn said<'a>(has: &'a Has<'_>) -> impl Iterator<Item = &'a Message> {
    let is_said = |m: &&Message| !matches!(m.kind, MessageKind::Event(_));
    has.messages.iter().filter(is_said)
}

/// Within one log a device's messages keep the order they were written in, unless some were lost and sent
/// again.
fn first_in_first_out(world: &World, has: &Has<'_>) {
    if world.lossy {
        return;
    }
    let written: BTreeMap<MessageId, (usize, usize)> = world
        .written
        .lines()
        .enumerate()
        .map(|(n, line)| (line.id, (line.device, n)))
        .collect();
    let mut last = BTreeMap::new();
    for message in said(has) {
        let (device, at) = written[&message.id];
        let before = last.insert((device, message.group), at);
        assert!(
            before.is_none_or(|before| before < at),
            "an author's order never flips"
        );
    }
}

/// Every message says what its author said last, and shows what everybody thought of it last.
fn lines(world: &World, has: &Has<'_>, all: &[Has<'_>]) {
    let view = has.device.engine.view();
    let accounts: Vec<_> = all
        .iter()
        .map(|has| has.device.engine.view().account().unwrap().unwrap().id)
        .collect();
    let messages: BTreeMap<MessageId, &Message> = has.messages.iter().map(|m| (m.id, m)).collect();
    let mut last_timer = None;
    for line in world.written.lines() {
        let Some(message) = messages.get(&line.id) else {
            continue;
        };
        if world.lossy && line.timer.is_some() {
            // What was said about it may be gone where it would be said again.
            continue;
        }
        let name = format!("{}: {:?}", has.device.name, line.text());
        assert!(!message.amended.pending, "{name} is settled");
        assert_eq!(message.amended.deleted, line.deleted, "{name} deleted");
        assert_eq!(message.timer, line.timer, "{name} timer");
        match &line.said {
            Said::Timer(seconds) => {
                assert_eq!(message.kind, MessageKind::Timer, "{name}");
                assert_eq!(message.timer_set(), *seconds, "{name}");
                last_timer = last_timer.max(Some((message.place, *seconds)));
            }
            Said::Text(_) => {
                assert_eq!(message.kind, MessageKind::Text, "{name}");
                let versions = view.versions(message).unwrap();
                let versions = versions.into_iter().map(|v| v.text).collect();
                texts(world, &name, line, message, versions);
            }
        }
        let mut expected: Vec<_> = (accounts.iter().zip(&line.thoughts))
            .filter_map(|(account, thoughts)| Some((*account, thoughts.last()?.clone())))
            .filter(|(_, emoji)| !line.deleted && !emoji.is_empty())
            .collect();
        expected.sort();
        let shown = view.reactions(&message.id).unwrap();
        assert_eq!(message.reacted, !shown.is_empty(), "{name} has reactions");
        if world.is_crossing() {
            // Over two logs, or by two devices at once, the last one in their order counts.
            for (account, emoji) in &shown {
                let who = accounts.iter().position(|a| a == account).unwrap();
                assert!(line.thoughts[who].contains(emoji), "{name} reactions");
            }
            for other in all {
                if other.messages.iter().any(|m| m.id == line.id) {
                    let theirs = other.device.engine.view().reactions(&line.id).unwrap();
                    assert_eq!(shown, theirs, "{name} reactions");
                }
            }
        } else {
            assert_eq!(shown, expected, "{name} reactions");
        }
    }
    let timer = last_timer.and_then(|(_, seconds)| seconds);
    assert_eq!(
        has.chat.timer, timer,
        "{}: the last timer counts",
        has.device.name
    );
}

fn texts(world: &World, name: &str, line: &Line, message: &Message, mut versions: Vec<String>) {
    let Said::Text(written) = &line.said else {
        return;
    };
    if line.deleted {
        assert!(message.text.is_empty() && message.content.is_empty() && versions.is_empty());
        return;
    }
    assert_eq!(message.amended.edited, written.len() > 1, "{name} edited");
    let last = versions.last();
    assert_eq!(last, Some(&message.text), "{name}: the last text counts");
    let mut written = written.clone();
    if world.is_crossing() {
        versions.sort();
        written.sort();
    }
    assert_eq!(
        versions, written,
        "{name}: all texts it had, in their order"
    );
}

/// How far each message has come, by what others have looked at.
fn states(world: &World, has: &Has<'_>) {
    let others =
        || (0..world.devices.len()).filter(|n| world.devices[*n].account != has.device.account);
    for message in said(has) {
        let group = message.group.expect("at rest everything is in a log");
        let is_read_by = |n: usize| {
            let read = world.written.read[n].get(&group);
            match world.lossy {
                // It may have been sent again since.
                true => world.written.of(&message.id).seen[n].is_some(),
                false => read.is_some_and(|read| message.seq <= *read),
            }
        };
        if world.lossy && message.own {
            // What was said of it where it stood before is not said again.
            let is_there = matches!(message.state, MessageState::Delivered | MessageState::Read);
            assert!(
                is_there || message.amended.deleted,
                "{}: {:?} is {:?}",
                has.device.name,
                message.text,
                message.state
            );
            continue;
        }
        let expected = match (message.own, &message.kind) {
            (true, _) if others().any(is_read_by) => MessageState::Read,
            (true, _) => MessageState::Delivered,
            (false, MessageKind::Text) if !message.amended.deleted && !is_read_by(has.n) => {
                MessageState::Unread
            }
            (false, _) => MessageState::Seen,
        };
        assert_eq!(
            message.state, expected,
            "{}: {:?}",
            has.device.name, message.text
        );
    }
}

fn unread(has: &Has<'_>) {
    let unread = has
        .messages
        .iter()
        .filter(|m| m.state == MessageState::Unread);
    let first = unread.clone().next().map(|m| m.id);
    let told = has.chat.unread;
    assert_eq!(
        told.count,
        unread.count() as u64,
        "the unread count is exact"
    );
    assert_eq!(told.first, first, "the first unread one");
}

/// What is gone, deleted or written over is not found any more; what is there is.
fn found(world: &World, has: &Has<'_>) {
    let view = has.device.engine.view();
    let finds = |text: &str| {
        let search = Search {
            text: text.split(' ').next().unwrap_or_default().to_owned(),
            ..Search::default()
        };
        let found = view.search(&search, 100_000).unwrap();
        found.messages.into_iter().map(|m| m.id).collect::<Vec<_>>()
    };
    let there: BTreeMap<MessageId, &Message> = has.messages.iter().map(|m| (m.id, m)).collect();
    let lines: Vec<&Line> = world.written.lines().collect();
    let interesting = |line: &&&Line| match &line.said {
        Said::Text(texts) => line.deleted || texts.len() > 1 || line.timer.is_some(),
        Said::Timer(_) => false,
    };
    for line in lines.iter().rev().filter(interesting).take(SEARCHES) {
        let Said::Text(texts) = &line.said else {
            continue;
        };
        for text in texts {
            let is_shown = there.get(&line.id).is_some_and(|m| m.text == *text);
            let is_found = finds(text).contains(&line.id);
            assert_eq!(is_found, is_shown, "{} finds {text:?}", has.device.name);
        }
    }
}

fn quiet(device: &Device) {
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
