//! What people do, and what they remember of it: only what their engine said it has kept.

use crate::model;
use crate::world::World;
use crate::written::Said;
use rand::RngExt as _;
use snug_engine::{Extras, Message, MessageKind, MessageState};
use snug_wire::MessageId;

/// How far back people look for a message to do something with.
const IN_VIEW: u32 = 12;
const EMOJI: [&str; 3] = ["\u{1f44d}", "\u{2764}\u{fe0f}", "\u{1f44b}\u{1f3fd}"];

impl World {
    /// People do all that can be done while everything goes wrong.
    pub fn live(&mut self, steps: u32) {
        for n in 0..steps {
            self.act(n);
            for _ in 0..3 {
                self.step();
            }
        }
    }

    /// Somebody may do something.
    pub fn act(&mut self, n: u32) {
        let device = self.rng.random_range(0..self.devices.len());
        match self.rng.random_range(0..100) {
            0..25 => self.write(device, &format!("message-{n} of world {}", self.seed)),
            25..33 => self.read(device),
            33..41 => self.edit_some(device, &format!("edit-{n} of world {}", self.seed)),
            41..44 => self.delete_some(device),
            44..54 => self.react_to_some(device),
            54..56 => {
                let seconds = [None, Some(1), Some(3), Some(9)];
                let seconds = seconds[self.rng.random_range(0..seconds.len())];
                self.set_timer(device, seconds);
            }
            _ => {}
        }
    }

    fn message(&self, device: usize, id: &MessageId) -> Option<Message> {
        self.devices[device].engine.view().message(id).unwrap()
    }

    /// Some text in view that is there and that fits.
    fn some(&mut self, device: usize, fits: impl Fn(&Message) -> bool) -> Option<MessageId> {
        let chat = self.chat(device)?;
        let view = self.devices[device].engine.view();
        let mut page = view.messages(&chat, None, IN_VIEW).unwrap();
        page.retain(|m| m.kind == MessageKind::Text && !m.amended.deleted && fits(m));
        if page.is_empty() {
            return None;
        }
        Some(page[self.rng.random_range(0..page.len())].id)
    }

    pub fn write(&mut self, device: usize, text: &str) {
        let Some(chat) = self.chat(device) else {
            return;
        };
        let now = self.now;
        let view = self.devices[device].engine.view();
        let timer = view.chat(&chat).unwrap().unwrap().timer;
        let sent =
            self.devices[device].attempt(|e| e.send_text(chat, text, Extras::default(), now));
        if let Some(id) = sent {
            let by = self.devices[device].account;
            self.written
                .add((by, device), id, Said::Text(vec![text.into()]), now, timer);
        }
    }

    pub fn edit_some(&mut self, device: usize, text: &str) {
        if let Some(id) = self.some(device, |m| m.own) {
            self.edit(device, id, text);
        }
    }

    pub fn edit(&mut self, device: usize, id: MessageId, text: &str) {
        let content = self.message(device, &id).expect("it is in view").content;
        let now = self.now;
        let done = self.devices[device].attempt(|e| e.edit(id, text, Vec::new(), now));
        if done.is_some() {
            let after = self.message(device, &id).expect("it stays");
            assert_eq!(after.text, text, "an edit shows at once");
            self.written.posts += 1;
            let line = self.written.line(&id);
            match &mut line.said {
                // It had not left: nobody will know another text.
                Said::Text(texts) if after.content != content => *texts = vec![text.into()],
                Said::Text(texts) => texts.push(text.into()),
                Said::Timer(_) => panic!("a timer was edited"),
            }
        }
    }

    pub fn delete_some(&mut self, device: usize) {
        if let Some(id) = self.some(device, |m| m.own) {
            self.delete(device, id);
        }
    }

    pub fn delete(&mut self, device: usize, id: MessageId) {
        let now = self.now;
        if self.devices[device]
            .attempt(|e| e.delete(id, now))
            .is_some()
        {
            self.written.posts += 1;
            match self.message(device, &id) {
                Some(message) => {
                    assert!(message.amended.deleted, "a deletion shows at once");
                    self.written.line(&id).deleted = true;
                }
                None => self.written.withdraw(&id),
            }
        }
    }

    pub fn react_to_some(&mut self, device: usize) {
        if let Some(id) = self.some(device, |_| true) {
            let emoji = self.rng.random_range(0..EMOJI.len() + 1);
            self.react(device, id, EMOJI.get(emoji).copied());
        }
    }

    pub fn react(&mut self, device: usize, id: MessageId, emoji: Option<&str>) {
        let now = self.now;
        if self.devices[device]
            .attempt(|e| e.react(id, emoji, now))
            .is_some()
        {
            self.written.posts += 1;
            let account = self.devices[device].account;
            let line = self.written.line(&id);
            line.thoughts[account].push(emoji.unwrap_or_default().to_owned());
        }
    }

    pub fn set_timer(&mut self, device: usize, seconds: Option<u32>) {
        let Some(chat) = self.chat(device) else {
            return;
        };
        let last = |world: &Self| {
            let view = world.devices[device].engine.view();
            view.messages(&chat, None, 1).unwrap().pop().map(|m| m.id)
        };
        let (before, now) = (last(self), self.now);
        if self.devices[device]
            .attempt(|e| e.set_timer(chat, seconds, now))
            .is_some()
        {
            let view = self.devices[device].engine.view();
            let chat = view.chat(&chat).unwrap().unwrap();
            assert_eq!(chat.timer, seconds, "a timer is in force at once");
            // Saying what is so already says nothing.
            if let Some(id) = last(self).filter(|_| last(self) != before) {
                let by = self.devices[device].account;
                self.written
                    .add((by, device), id, Said::Timer(seconds), now, None);
            }
        }
    }

    /// Somebody looks at what is unread: at all of it, or at some.
    pub fn read(&mut self, device: usize) {
        let unread = self.unread(device);
        if !unread.is_empty() {
            let up_to = self
                .rng
                .random_range(0..unread.len() * 2)
                .min(unread.len() - 1);
            self.read_up_to(device, &unread, up_to);
        }
    }

    /// Somebody looks at everything.
    pub fn read_all(&mut self, device: usize) {
        let unread = self.unread(device);
        if let Some(last) = unread.len().checked_sub(1) {
            self.read_up_to(device, &unread, last);
        }
    }

    fn unread(&self, device: usize) -> Vec<Message> {
        let view = self.devices[device].engine.view();
        let Some(chat) = self.chat(device) else {
            return Vec::new();
        };
        let first = view.chat(&chat).unwrap().unwrap().unread.first;
        let Some(first) = first.and_then(|id| view.message(&id).unwrap()) else {
            return Vec::new();
        };
        let mut unread = view.messages_from(&chat, first.place, 100_000).unwrap();
        unread.retain(|m| m.state == MessageState::Unread);
        unread
    }

    fn read_up_to(&mut self, device: usize, unread: &[Message], last: usize) {
        let (last, now) = (&unread[last], self.now);
        let done = self.devices[device].attempt(|e| e.mark_read(last.conversation, last.id, now));
        if done.is_some() {
            for message in unread.iter().filter(|m| m.place <= last.place) {
                self.written.line(&message.id).seen[device] = Some(now);
                let group = message.group.expect("it came in a log");
                let read = self.written.read[device]
                    .entry(group)
                    .or_insert(message.seq);
                *read = message.seq.max(*read);
            }
        }
    }

    /// At rest everything is compared; and once more when all was seen and every timer has run out.
    pub fn end(&mut self) {
        self.settle();
        model::compare(self);
        for device in 0..self.devices.len() {
            self.read_all(device);
        }
        self.settle();
        self.now += 60_000;
        self.settle();
        model::compare(self);
    }
}
