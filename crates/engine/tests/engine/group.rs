//! Changes of groups: who may ask for them, when they are done, and who reads on afterwards.

use crate::circle::{LATER, circle, known, rejected};
use crate::people::{ADA, BO, CYAN, World};
use rusqlite::Connection;
use snug_engine::{Access, ChatStanding, GroupWish, Happened, MessageState, Rejection, connect};
use snug_wire::frame::{Answer, Put, Refusal, Request};
use snug_wire::log_state::{DESCRIPTION_LIMIT, PICTURE_LIMIT, Role};
use snug_wire::{Address, ConversationId, EnvelopeId, LockSecret, NAME_LIMIT, Seq};

fn rename(name: &str) -> GroupWish {
    GroupWish::Rename(name.into())
}

fn pending(world: &World, who: usize, group: ConversationId) -> Vec<GroupWish> {
    let all = world.group(who, group).unwrap().pending.into_iter();
    all.map(|change| change.wish).collect()
}

#[test]
fn only_an_admin_asks_for_changes() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    let (ada, cyan) = (world.account(ADA), world.account(CYAN));
    for wish in [
        GroupWish::Add(ada),
        GroupWish::Remove(cyan),
        GroupWish::Role(world.account(BO), Role::Admin),
        rename("Bo's"),
        GroupWish::Describe("Bo's".into()),
        GroupWish::Picture(None),
    ] {
        rejected(world.wish(BO, group, &wish), Rejection::NotAdmin);
    }
    // Made one, Bo may; made none again, not any more.
    for (role, by) in [(Role::Admin, ADA), (Role::Member, ADA)] {
        let bo = world.account(BO);
        let wish = GroupWish::Role(bo, role);
        world.wish(by, group, &wish).unwrap();
        world.rest();
        let done = world.wish(BO, group, &rename("Long walks"));
        assert_eq!(done.is_ok(), role == Role::Admin);
        world.rest();
    }
    for who in [ADA, BO, CYAN] {
        assert_eq!(world.group(who, group).unwrap().name, "Long walks");
    }
}

#[test]
fn what_cannot_be_is_said_at_once() {
    let (mut world, group) = circle(&["Ada", "Bo"]);
    let (ada, bo) = (world.account(ADA), world.account(BO));
    let chat = world.people[ADA].engine.view().chats().unwrap();
    let direct = chat.iter().find(|c| c.peer.is_some()).unwrap().id;
    let nobody = snug_wire::AccountId([9; 32]);
    let member = |account| GroupWish::Role(account, Role::Member);
    for (wish, why) in [
        (GroupWish::Add(bo), Rejection::AlreadyIn),
        (GroupWish::Add(ada), Rejection::NotFound),
        (GroupWish::Add(nobody), Rejection::NotFound),
        (GroupWish::Remove(ada), Rejection::LeaveInstead),
        (member(ada), Rejection::LastAdmin),
        (member(nobody), Rejection::NotFound),
        (rename(" "), Rejection::NameEmpty),
        (rename(&"x".repeat(NAME_LIMIT + 1)), Rejection::NameTooLong),
        (
            GroupWish::Describe("x".repeat(DESCRIPTION_LIMIT + 1)),
            Rejection::TextTooLong,
        ),
        (
            GroupWish::Picture(Some(vec![0; PICTURE_LIMIT + 1])),
            Rejection::PictureTooLarge,
        ),
    ] {
        rejected(world.wish(ADA, group, &wish), why);
    }
    for id in [direct, ConversationId([9; 32])] {
        let done = world.wish(ADA, id, &rename("Walks"));
        rejected(done, Rejection::NotFound);
    }
    assert!(pending(&world, ADA, group).is_empty());
    // What is so already is not asked for.
    for wish in [
        GroupWish::Remove(nobody),
        member(bo),
        rename("Walks"),
        GroupWish::Describe(String::new()),
        GroupWish::Picture(None),
    ] {
        world.wish(ADA, group, &wish).unwrap();
        assert!(pending(&world, ADA, group).is_empty(), "{wish:?}");
    }
}

#[test]
fn who_is_out_asks_for_nothing() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    let now = world.now;
    rejected(
        world.engine(ADA).leave_group(group, None, now),
        Rejection::LastAdmin,
    );
    let bo = world.account(BO);
    world.engine(ADA).leave_group(group, Some(bo), now).unwrap();
    rejected(world.wish(ADA, group, &rename("Ada's")), Rejection::NotIn);
    world.rest();
    world.wait(60_000);
    rejected(world.wish(ADA, group, &rename("Ada's")), Rejection::NotIn);
    assert_eq!(world.group(BO, group).unwrap().role, Role::Admin);
    for who in [BO, CYAN] {
        assert_eq!(world.names(who, group), ["Bo", "Cyan"]);
    }
    let cyan = world.account(CYAN);
    world.wish(BO, group, &GroupWish::Remove(cyan)).unwrap();
    world.rest();
    let standing = |who: usize| world.group(who, group).unwrap().standing;
    assert_eq!(standing(ADA), ChatStanding::Left);
    assert_eq!(standing(CYAN), ChatStanding::Removed);
    rejected(world.wish(CYAN, group, &rename("C")), Rejection::NotIn);
}

#[test]
fn a_change_outlives_a_restart_and_is_done_on_reconnection() {
    let mut world = known(&["Ada", "Bo", "Cyan"]);
    let group = world.found_group(2);
    world.come_in(BO, group);
    world.wait(LATER);
    world.offline(ADA);
    let cyan = world.account(CYAN);
    let wishes = [GroupWish::Add(cyan), rename("Long walks")];
    for wish in &wishes {
        world.wish(ADA, group, wish).unwrap();
        // Asked for twice, it is one.
        world.wish(ADA, group, wish).unwrap();
    }
    world.rest();
    assert_eq!(pending(&world, ADA, group), wishes);
    assert_eq!(world.group(BO, group).unwrap().name, "Walks");
    world.crash(ADA);
    assert_eq!(pending(&world, ADA, group), wishes);
    assert_eq!(world.group(ADA, group).unwrap().name, "Walks");
    world.rest();
    assert!(pending(&world, ADA, group).is_empty());
    world.come_in(CYAN, group);
    for who in [ADA, BO, CYAN] {
        assert_eq!(world.group(who, group).unwrap().name, "Long walks");
        assert_eq!(world.names(who, group), ["Ada", "Bo", "Cyan"]);
    }
    let renamed = |h: &&Happened| matches!(h, Happened::Renamed(_));
    let happened = world.happened(BO, group);
    assert_eq!(happened.iter().filter(renamed).count(), 1);
}

#[test]
fn of_what_is_asked_for_again_the_last_counts() {
    let (mut world, group) = circle(&["Ada", "Bo"]);
    world.offline(ADA);
    let bo = world.account(BO);
    for name in ["One", "Two", "Three"] {
        world.wish(ADA, group, &rename(name)).unwrap();
    }
    for role in [Role::Admin, Role::Member, Role::Admin] {
        let wish = GroupWish::Role(bo, role);
        world.wish(ADA, group, &wish).unwrap();
    }
    let expected = [rename("Three"), GroupWish::Role(bo, Role::Admin)];
    assert_eq!(pending(&world, ADA, group), expected);
    let first = world.group(ADA, group).unwrap().pending[0].id;
    let now = world.now;
    let ada = world.engine(ADA);
    ada.cancel_change(group, first, now).unwrap();
    rejected(ada.cancel_change(group, first, now), Rejection::NotFound);
    assert_eq!(pending(&world, ADA, group), expected[1..]);
    world.online(ADA);
    world.rest();
    assert_eq!(world.group(BO, group).unwrap().role, Role::Admin);
    assert_eq!(world.group(BO, group).unwrap().name, "Walks");
}

/// Somebody who was in, and keeps every secret they ever had.
struct Attacker {
    secrets: Vec<LockSecret>,
}

impl Attacker {
    /// Learns what a device knows now.
    fn learn(&mut self, world: &World, who: usize) {
        let person = &world.people[who];
        let db: Connection = connect(&person.path, &person.key, Access::Read).unwrap();
        let mut query = db.prepare("SELECT secret FROM mailbox").unwrap();
        let rows = query
            .query_map([], |row| row.get::<_, [u8; 32]>(0))
            .unwrap();
        self.secrets
            .extend(rows.map(|row| LockSecret::new(row.unwrap())));
    }

    /// The last entry that any secret opens.
    fn reads_up_to(&self, world: &World, mailbox: &Address) -> Seq {
        let all = self.secrets.iter().filter_map(|secret| {
            let answer = world.relay.open(mailbox, secret, None);
            let (entries, _) = world.relay.read(mailbox, secret, Seq(0))?;
            let last = entries.last().map_or(Seq(0), |last| last.seq);
            match answer {
                Answer::Opened(opened) => {
                    assert_eq!(opened.last, last);
                    Some(last)
                }
                refused => {
                    assert_eq!(refused, Answer::Refused(Refusal::WrongLock));
                    None
                }
            }
        });
        all.max().unwrap_or(Seq(0))
    }

    /// Nothing that any secret puts is taken, nothing attached is given.
    fn is_refused(&self, world: &mut World, mailbox: &Address) {
        let last = world.relay.mailboxes[mailbox].entries.len() as u64;
        for (n, secret) in self.secrets.iter().enumerate() {
            for flagged in [false, true] {
                let put = Put {
                    address: *mailbox,
                    secret: Some(secret.clone()),
                    id: EnvelopeId([n as u8; 16]),
                    flagged,
                    rests_on: world.relay.mailboxes[mailbox].head(),
                    lock: flagged.then(|| secret.lock()),
                    attachments: Vec::new(),
                    bytes: b"noise".to_vec(),
                };
                assert!(matches!(
                    world.relay.put(put),
                    Answer::Refused(Refusal::WrongLock | Refusal::Outdated(_))
                ));
            }
            for seq in 0..=last {
                let fetch = Request::Fetch(*mailbox, Seq(seq), secret.clone());
                let answer = world.relay.handle(fetch, 0);
                assert_eq!(answer, Answer::Refused(Refusal::Nothing));
            }
        }
        let after = world.relay.mailboxes[mailbox].entries.len() as u64;
        assert_eq!(after, last);
    }
}

#[test]
fn who_was_removed_opens_nothing_newer_with_all_they_ever_knew() {
    let mut world = known(&["Ada", "Bo", "Cyan"]);
    let group = world.found_group(3);
    let mut bo = Attacker {
        secrets: Vec::new(),
    };
    world.come_in(CYAN, group);
    world.come_in(BO, group);
    bo.learn(&world, BO);
    world.wait(LATER);
    for who in [ADA, BO, CYAN] {
        world.send(who, group, "all of us");
        world.rest();
        bo.learn(&world, BO);
    }
    let mailbox = world.mailbox();
    let lock = world.relay.mailboxes[&mailbox].lock;
    assert!(bo.secrets.iter().any(|secret| secret.lock() == lock));
    // Bo's device is away while he is removed: it keeps all it had.
    world.offline(BO);
    let out = world.account(BO);
    world.wish(ADA, group, &GroupWish::Remove(out)).unwrap();
    world.rest();
    bo.learn(&world, BO);
    let there = &world.relay.mailboxes[&mailbox];
    let commit = there.head();
    assert_ne!(there.lock, lock, "the lock is another one");
    assert!(bo.secrets.iter().all(|secret| secret.lock() != there.lock));
    for text in ["without Bo", "at last"] {
        for who in [ADA, CYAN] {
            world.send(who, group, text);
            world.rest();
            world.wait(LATER);
        }
    }
    assert_eq!(world.mailbox(), mailbox);
    assert!(world.relay.mailboxes[&mailbox].entries.len() as u64 > commit.0 + 3);
    assert_eq!(bo.reads_up_to(&world, &mailbox), commit);
    bo.is_refused(&mut world, &mailbox);
    // Nor does his own program, also where the relay gives him everything.
    let all = world.relay.mailboxes[&mailbox].entries.clone();
    let (relay, now) = (world.relay.address().key, world.now);
    let last_read = world.messages(BO, group).len();
    let received = world.engine(BO).receive(&relay, &all, now);
    received.unwrap();
    world.online(BO);
    world.rest();
    let texts = world.texts(BO, group);
    assert_eq!(texts, ["all of us"; 3]);
    assert_eq!(world.messages(BO, group).len(), last_read + 1, "one line");
    let state = world.group(BO, group).unwrap();
    assert_eq!(state.standing, ChatStanding::Removed);
    for who in [ADA, CYAN] {
        assert_eq!(world.texts(who, group).len(), 7);
        assert!(world.engine(who).is_idle().unwrap());
    }
}

#[test]
fn what_waited_where_one_was_taken_out_fails() {
    let (mut world, group) = circle(&["Ada", "Bo"]);
    world.offline(BO);
    let id = world.send(BO, group, "too late");
    let bo = world.account(BO);
    world.wish(ADA, group, &GroupWish::Remove(bo)).unwrap();
    world.rest();
    world.online(BO);
    world.rest();
    assert_eq!(world.state(BO, &id), MessageState::Failed);
    assert!(world.engine(BO).is_idle().unwrap());
    let now = world.now;
    let sent = world
        .engine(BO)
        .send_text(group, "still here", Default::default(), now);
    assert!(sent.is_err());
    assert!(world.texts(ADA, group).is_empty());
}

#[test]
fn a_member_who_asks_by_hand_to_stay_is_taken_out_by_all() {
    let (mut world, group) = circle(&["Ada", "Bo", "Cyan"]);
    let now = world.now;
    world.engine(BO).leave_group(group, None, now).unwrap();
    world.rest();
    // Whoever carries it out, it is done once.
    world.wait(60_000);
    for who in [ADA, CYAN] {
        assert_eq!(world.names(who, group), ["Ada", "Cyan"]);
        let left = |h: &&Happened| matches!(h, Happened::Left { .. });
        assert_eq!(world.happened(who, group).iter().filter(left).count(), 1);
    }
    assert_eq!(world.group(BO, group).unwrap().standing, ChatStanding::Left);
}
