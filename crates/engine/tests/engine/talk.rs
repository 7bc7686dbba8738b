//! Edits, deletions, reactions, replies, forwards, drafts and disappearing messages.

use crate::people::{ADA, BO, World};
use snug_engine::{Draft, Error, Extras, Message, MessageKind, MessageState, Problem, Rejection};
use snug_wire::content::Mention;
use snug_wire::{ConversationId, MessageId};

const HOUR: u64 = 3_600_000;

impl World {
    fn edit(&mut self, who: usize, id: MessageId, text: &str) -> Result<(), Error> {
        let now = self.now;
        self.engine(who).edit(id, text, Vec::new(), now)
    }

    fn delete(&mut self, who: usize, id: MessageId) -> Result<(), Error> {
        let now = self.now;
        self.engine(who).delete(id, now)
    }

    fn react(&mut self, who: usize, id: MessageId, emoji: Option<&str>) {
        let now = self.now;
        self.engine(who).react(id, emoji, now).unwrap();
    }

    fn message(&self, who: usize, id: &MessageId) -> Message {
        let message = self.people[who].engine.view().message(id).unwrap();
        message.expect("the message is there")
    }

    fn reactions(&self, who: usize, id: &MessageId) -> Vec<String> {
        let all = self.people[who].engine.view().reactions(id).unwrap();
        all.into_iter().map(|(_, emoji)| emoji).collect()
    }

    fn versions(&self, who: usize, id: &MessageId) -> Vec<String> {
        let message = self.message(who, id);
        let all = self.people[who].engine.view().versions(&message).unwrap();
        all.into_iter().map(|version| version.text).collect()
    }
}

fn rejection<T: std::fmt::Debug>(result: Result<T, Error>) -> Rejection {
    match result {
        Err(Error::Rejected(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn sent(text: &str) -> (World, ConversationId, MessageId) {
    let (mut world, chat) = World::chat();
    let id = world.send(ADA, chat, text);
    world.rest();
    (world, chat, id)
}

#[test]
fn an_edit_shows_at_once_here_and_later_there_and_keeps_what_was() {
    let (mut world, chat, id) = sent("tee");
    world.edit(ADA, id, "tea").unwrap();
    assert_eq!(world.texts(ADA, chat), ["tea"]);
    assert!(world.message(ADA, &id).amended.pending);
    assert_eq!(world.texts(BO, chat), ["tee"]);
    world.rest();
    for who in [ADA, BO] {
        let message = world.message(who, &id);
        assert_eq!(message.text, "tea");
        assert!(message.amended.edited && !message.amended.pending);
        assert_eq!(world.versions(who, &id), ["tee", "tea"]);
    }
}

#[test]
fn only_its_author_changes_a_message() {
    let (mut world, chat, id) = sent("mine");
    assert_eq!(rejection(world.edit(BO, id, "yours")), Rejection::NotYours);
    assert_eq!(rejection(world.delete(BO, id)), Rejection::NotYours);
    assert_eq!(rejection(world.edit(ADA, id, " ")), Rejection::TextEmpty);
    assert_eq!(world.texts(BO, chat), ["mine"]);
}

#[test]
fn a_message_that_has_not_left_is_written_anew_or_goes() {
    let (mut world, chat) = World::chat();
    world.offline(ADA);
    let edited = world.send(ADA, chat, "first");
    let gone = world.send(ADA, chat, "second");
    world.edit(ADA, edited, "changed").unwrap();
    world.delete(ADA, gone).unwrap();
    world.online(ADA);
    world.rest();
    assert_eq!(world.texts(BO, chat), ["changed"]);
    assert!(!world.message(BO, &edited).amended.edited);
    assert_eq!(world.texts(ADA, chat), ["changed"]);
}

#[test]
fn a_deletion_erases_the_text_everywhere_and_no_edit_brings_it_back() {
    let (mut world, chat, id) = sent("regretted");
    world.react(BO, id, Some("\u{1f44d}"));
    world.edit(ADA, id, "regretted twice").unwrap();
    world.rest();
    world.delete(ADA, id).unwrap();
    world.rest();
    for who in [ADA, BO] {
        let message = world.message(who, &id);
        assert!(message.amended.deleted && message.text.is_empty() && message.content.is_empty());
        assert!(world.versions(who, &id).is_empty());
        assert!(world.reactions(who, &id).is_empty());
    }
    assert_eq!(rejection(world.edit(ADA, id, "back")), Rejection::NotFound);
    assert_eq!(world.messages(BO, chat).len(), 1, "its place stays");
}

#[test]
fn edits_and_a_deletion_that_cross_end_the_same_on_both_sides() {
    let (mut world, _, id) = sent("one");
    // Written offline, one after the other; between them Bo reacts.
    world.offline(ADA);
    world.edit(ADA, id, "two").unwrap();
    world.edit(ADA, id, "three").unwrap();
    world.react(BO, id, Some("\u{2764}"));
    world.rest();
    world.online(ADA);
    world.rest();
    assert_eq!(world.versions(ADA, &id), world.versions(BO, &id));
    assert_eq!(world.message(BO, &id).text, "three");
    assert_eq!(world.reactions(ADA, &id), ["\u{2764}"]);
}

#[test]
fn one_reaction_of_each_counts_and_can_be_taken_back() {
    let (mut world, _, id) = sent("cake?");
    world.react(BO, id, Some("\u{1f44d}"));
    world.react(BO, id, Some("\u{1f370}"));
    world.react(ADA, id, Some("\u{1f44d}"));
    world.rest();
    for who in [ADA, BO] {
        let mut all = world.reactions(who, &id);
        all.sort();
        assert_eq!(all, ["\u{1f370}", "\u{1f44d}"]);
    }
    world.react(BO, id, None);
    world.rest();
    assert_eq!(world.reactions(ADA, &id), ["\u{1f44d}"]);
}

#[test]
fn ten_thousand_reactions_of_one_person_are_one() {
    let (mut world, _, id) = sent("flood");
    for n in 0..200 {
        world.react(BO, id, Some(["\u{1f44d}", "\u{1f44e}"][n % 2]));
    }
    world.rest();
    assert_eq!(world.reactions(ADA, &id), ["\u{1f44e}"]);
}

#[test]
fn an_answer_names_what_it_answers_and_a_mention_who_is_meant() {
    let (mut world, chat, id) = sent("who comes?");
    let now = world.now;
    let ada = world.people[ADA].engine.view().account().unwrap().unwrap();
    let mention = Mention {
        account: ada.id,
        from: 0,
        to: 4,
    };
    let extras = Extras {
        reply_to: Some(id),
        mentions: vec![mention],
        ..Extras::default()
    };
    let answer = world
        .engine(BO)
        .send_text(chat, "@Ada me", extras, now)
        .unwrap();
    world.rest();
    let message = world.message(ADA, &answer);
    assert!(message.to_me);
    assert_eq!(message.form().unwrap().reply_to, Some(id));
    let unread = world.people[ADA].engine.view().chat(&chat).unwrap();
    let unread = unread.unwrap().unread;
    assert_eq!((unread.mentions, unread.first_mention), (1, Some(answer)));
    world.read_all(ADA, chat);
    let unread = world.people[ADA].engine.view().chat(&chat).unwrap();
    assert_eq!(unread.unwrap().unread.mentions, 0);
}

#[test]
fn a_forwarded_text_says_that_it_is() {
    let (mut world, chat, id) = sent("news");
    let now = world.now;
    let copies = world.engine(BO).forward(id, &[chat], now).unwrap();
    world.rest();
    let copy = world.message(ADA, &copies[0]);
    assert_eq!(copy.text, "news");
    assert!(copy.form().unwrap().forwarded);
    assert!(!world.message(ADA, &id).form().unwrap().forwarded);
}

#[test]
fn a_draft_is_kept_over_restarts_until_it_is_sent() {
    let (mut world, chat) = World::chat();
    let draft = Draft {
        text: "half a tho".into(),
        ..Draft::default()
    };
    let now = world.now;
    world
        .engine(ADA)
        .set_draft(chat, Some(&draft), now)
        .unwrap();
    world.crash(ADA);
    let kept = |world: &World| {
        let chat = world.people[ADA].engine.view().chat(&chat).unwrap();
        chat.unwrap().draft
    };
    assert_eq!(kept(&world), Some(draft));
    world.send(ADA, chat, "half a thought");
    assert_eq!(kept(&world), None);
}

#[test]
fn messages_disappear_once_seen_and_are_told_to_stay_again() {
    let (mut world, chat) = World::chat();
    let now = world.now;
    world.engine(ADA).set_timer(chat, Some(60), now).unwrap();
    world.rest();
    let id = world.send(ADA, chat, "soon gone");
    world.rest();
    for who in [ADA, BO] {
        assert_eq!(world.messages(who, chat)[0].kind, MessageKind::Timer);
        assert_eq!(world.message(who, &id).timer, Some(60));
    }
    // The author's time runs from sending, the reader's from seeing.
    world.wait(59_000);
    assert_eq!(world.messages(ADA, chat).len(), 2);
    world.wait(1_000);
    assert_eq!(world.messages(ADA, chat).len(), 1);
    assert_eq!(world.messages(BO, chat).len(), 2);
    world.read_all(BO, chat);
    world.crash(BO);
    world.wait(59_000);
    assert_eq!(world.messages(BO, chat).len(), 2);
    world.wait(1_000);
    assert_eq!(world.messages(BO, chat).len(), 1);
    let now = world.now;
    world.engine(BO).set_timer(chat, None, now).unwrap();
    world.rest();
    let stays = world.send(ADA, chat, "stays");
    world.rest();
    world.read_all(BO, chat);
    world.wait(24 * HOUR);
    assert_eq!(world.message(BO, &stays).text, "stays");
}

#[test]
fn two_timers_that_cross_come_to_the_last_in_the_log() {
    let (mut world, chat) = World::chat();
    let now = world.now;
    world.engine(ADA).set_timer(chat, Some(60), now).unwrap();
    world.engine(BO).set_timer(chat, Some(300), now).unwrap();
    world.rest();
    let timer = |who: usize| {
        let chat = world.people[who].engine.view().chat(&chat).unwrap();
        chat.unwrap().timer
    };
    assert_eq!(timer(ADA), timer(BO));
    let last = world.messages(ADA, chat).pop().unwrap();
    assert_eq!(last.timer_set(), timer(ADA));
}

#[test]
fn what_waited_a_week_fails_and_says_why() {
    let (mut world, chat) = World::chat();
    world.offline(ADA);
    let id = world.send(ADA, chat, "too late");
    world.wait(7 * 24 * HOUR);
    assert_eq!(world.state(ADA, &id), MessageState::Sending);
    world.wait(1);
    assert_eq!(world.state(ADA, &id), MessageState::Failed);
    assert_eq!(world.message(ADA, &id).problem, Some(Problem::Expired));
    let now = world.now;
    world.engine(ADA).retry(id, now).unwrap();
    world.online(ADA);
    world.rest();
    assert_eq!(world.texts(BO, chat), ["too late"]);
    assert_eq!(world.message(ADA, &id).problem, None);
}

#[test]
fn who_has_a_message_and_since_when() {
    let (mut world, chat, id) = sent("seen?");
    let delivered = world.now;
    world.wait(5_000);
    world.read_all(BO, chat);
    world.rest();
    let message = world.message(ADA, &id);
    let recipients = world.people[ADA].engine.view().recipients(&message);
    let recipients = recipients.unwrap();
    assert_eq!(recipients.len(), 1);
    assert_eq!(recipients[0].delivered_at, Some(delivered));
    assert_eq!(recipients[0].read_at, Some(world.now));
}

#[test]
fn pages_go_both_ways_and_a_date_is_found() {
    let (mut world, chat) = World::chat();
    let begin = world.now;
    for n in 0..50 {
        world.send(ADA, chat, &format!("{n}"));
        world.rest();
        world.now += HOUR;
    }
    let view = world.people[ADA].engine.view();
    let newest = view.messages(&chat, None, 10).unwrap();
    assert_eq!(newest[0].text, "40");
    let older = view.messages(&chat, Some(newest[0].place), 10).unwrap();
    let back = view.messages_after(&chat, older[9].place, 10).unwrap();
    assert_eq!(back[0].text, "40");
    for n in [0, 1, 17, 49] {
        let found = view.first_since(&chat, begin + n * HOUR).unwrap().unwrap();
        assert_eq!(found.text, n.to_string());
    }
    assert_eq!(view.first_since(&chat, 0).unwrap().unwrap().text, "0");
    assert!(
        view.first_since(&chat, begin + 50 * HOUR)
            .unwrap()
            .is_none()
    );
}

#[test]
fn no_step_of_an_edit_or_deletion_is_left_half_done() {
    for step in ["store post", "queue", "encrypt", "freeze", "commit"] {
        let (mut world, chat, id) = sent("whole");
        let wanted = step.to_owned();
        world
            .engine(ADA)
            .set_interrupt(Box::new(move |at| at == wanted));
        assert!(matches!(
            world.edit(ADA, id, "half"),
            Err(Error::Interrupted)
        ));
        world.crash(ADA);
        world.rest();
        assert_eq!(world.texts(ADA, chat), ["whole"], "{step}");
        world.delete(ADA, id).unwrap();
        world.rest();
        assert!(world.message(BO, &id).amended.deleted, "{step}");
    }
}
