//! Groups as fixtures: Ada is the admin, the others are contacts of hers.

use crate::people::{ADA, World};
use snug_engine::{
    Error, Group, GroupInvitation, GroupWish, Happened, MessageKind, Rejection, Result,
};
use snug_wire::ConversationId;

/// Within that time everybody has renewed their leaves, and nothing is due any more.
pub const LATER: u64 = 20 * 60_000;

/// Ada knows all others, and nothing is due.
pub fn known(names: &[&'static str]) -> World {
    let mut world = World::new(names);
    for other in 1..names.len() {
        world.meet(ADA, other);
    }
    world
}

/// A group of Ada's with all others in it.
pub fn circle(names: &[&'static str]) -> (World, ConversationId) {
    let mut world = known(names);
    let group = world.found_group(names.len());
    for other in 1..names.len() {
        world.come_in(other, group);
    }
    world.wait(LATER);
    for (who, name) in names.iter().enumerate() {
        world.ignored(who);
        assert!(world.engine(who).is_idle().unwrap(), "{name}");
    }
    (world, group)
}

impl World {
    /// Ada makes a group and invites the first so many of all.
    pub fn found_group(&mut self, people: usize) -> ConversationId {
        let others: Vec<_> = (1..people).map(|who| self.account(who)).collect();
        let now = self.now;
        let made = self.engine(ADA).create_group("Walks", &others, now);
        self.rest();
        made.unwrap()
    }

    pub fn come_in(&mut self, who: usize, group: ConversationId) {
        let now = self.now;
        self.engine(who).accept_group(group, now).unwrap();
        self.rest();
    }

    pub fn wish(&mut self, who: usize, group: ConversationId, wish: &GroupWish) -> Result<()> {
        let now = self.now;
        self.engine(who).change_group(group, wish, now)
    }

    pub fn group(&self, who: usize, group: ConversationId) -> Option<Group> {
        self.people[who].engine.view().group(&group).unwrap()
    }

    /// The names of all in a group, as somebody sees it.
    pub fn names(&self, who: usize, group: ConversationId) -> Vec<String> {
        let participants = self.group(who, group).expect("a group").participants;
        let mut names: Vec<_> = participants.into_iter().map(|p| p.name).collect();
        names.sort();
        names
    }

    pub fn offers(&self, who: usize) -> Vec<GroupInvitation> {
        self.people[who].engine.view().group_invitations().unwrap()
    }

    /// What somebody's timeline says that happened.
    pub fn happened(&self, who: usize, group: ConversationId) -> Vec<Happened> {
        let lines = self.messages(who, group).into_iter();
        let lines = lines.filter(|m| m.kind == MessageKind::Happened);
        lines.flat_map(|m| m.happened()).collect()
    }
}

/// It is refused for that reason.
pub fn rejected<T: std::fmt::Debug>(done: Result<T>, why: Rejection) {
    match done {
        Err(Error::Rejected(said)) => assert_eq!(said, why),
        other => panic!("{other:?} where it is refused: {why:?}"),
    }
}
