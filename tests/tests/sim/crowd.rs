//! A group in a world: what its people do in it, and what holds at rest.

use crate::device::other_relay;
use crate::story;
use crate::world::{Chaos, World};
use rand::RngExt as _;
use snug_engine::{
    ChatStanding, Error, Extras, Group, GroupWish, Happened, Message, MessageKind, MessageState,
    Place, Result,
};
use snug_wire::log_state::Role;
use snug_wire::{AccountId, ConversationId};
use std::collections::BTreeSet;

/// A world with a group in it, made by the first device.
pub struct Crowd {
    pub world: World,
    pub group: ConversationId,
    accounts: Vec<AccountId>,
    /// How many may still leave by themselves.
    leaves: usize,
    /// Whether the relay lost what it had acknowledged: who has gone since cannot send it again.
    pub lossy: bool,
    /// Whether it goes to and fro between two relays.
    pub moving: bool,
    /// Nobody is added, taken out or made anything for now. Two admins who take each other out while the
    /// group is founded anew each go on with those who are left to them.
    pub peaceful: bool,
}

/// What a person may not do changes nothing.
fn allowed<T>(done: Result<T>) -> Result<Option<T>> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(Error::Rejected(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

impl Crowd {
    /// The first `knowing` accounts know everybody; the group has the first one alone in it.
    pub fn new(seed: u64, chaos: Chaos, accounts: usize, knowing: usize) -> Self {
        let world = World::crowd(seed, Chaos::NONE, accounts);
        let mut crowd = Self::begun(world, accounts, knowing);
        crowd.world.stir_with(chaos);
        crowd
    }

    fn begun(mut world: World, accounts: usize, knowing: usize) -> Self {
        for one in 0..knowing {
            for other in one + 1..accounts {
                let code = story::invite(&mut world, one);
                story::ask(&mut world, other, &code);
            }
        }
        world.settle();
        let now = world.now;
        let group = world.devices[0].engine.create_group("The group", &[], now);
        let view = |n: usize| {
            world.devices[n]
                .engine
                .view()
                .account()
                .unwrap()
                .unwrap()
                .id
        };
        let leaves = accounts.div_ceil(4);
        let accounts = (0..accounts).map(view).collect();
        Self {
            leaves,
            lossy: false,
            peaceful: false,
            moving: false,
            group: group.unwrap(),
            accounts,
            world,
        }
    }

    pub fn of(&self, device: usize) -> Option<Group> {
        self.world.devices[device]
            .engine
            .view()
            .group(&self.group)
            .unwrap()
    }

    pub fn is_in(&self, device: usize) -> bool {
        self.of(device)
            .is_some_and(|g| g.standing == ChatStanding::In)
    }

    fn messages(&self, device: usize) -> Vec<Message> {
        let view = self.world.devices[device].engine.view();
        view.messages(&self.group, None, 100_000).unwrap()
    }

    /// Three people in a group, the first two its admins, in a world whose relay is in a file; the
    /// crowd's own world is another one.
    pub fn of_three() -> (Self, World) {
        let world = World::crowd(1, Chaos::NONE, 3).moved_to_disk();
        let mut crowd = Self::begun(world, 3, 2);
        let others = crowd.accounts[1..].to_vec();
        for who in others {
            crowd.wish(0, &GroupWish::Add(who));
        }
        crowd.rest();
        let second = crowd.accounts[1];
        crowd.wish(0, &GroupWish::Role(second, Role::Admin));
        crowd.rest();
        crowd.compare();
        let other = World::crowd(2, Chaos::NONE, 1);
        let world = std::mem::replace(&mut crowd.world, other);
        (crowd, world)
    }

    /// The same group in that world.
    pub fn again(&self, world: World) -> Self {
        Self {
            world,
            group: self.group,
            accounts: self.accounts.clone(),
            leaves: 0,
            lossy: false,
            peaceful: false,
            moving: false,
        }
    }

    pub fn account(&self, n: usize) -> AccountId {
        self.accounts[n]
    }

    pub fn wishes(&self, world: &mut World, device: usize, wish: &GroupWish) {
        let (now, group) = (world.now, self.group);
        world.devices[device].attempt(|e| allowed(e.change_group(group, wish, now)));
    }

    pub fn says(&self, world: &mut World, device: usize, text: &str) {
        let (now, group) = (world.now, self.group);
        world.devices[device]
            .attempt(|e| allowed(e.send_text(group, text, Extras::default(), now)));
    }

    pub fn goes(&self, world: &mut World, device: usize, successor: Option<AccountId>) {
        let (now, group) = (world.now, self.group);
        world.devices[device].attempt(|e| allowed(e.leave_group(group, successor, now)));
    }

    pub fn wish(&mut self, device: usize, wish: &GroupWish) {
        let (now, group) = (self.world.now, self.group);
        self.world.devices[device].attempt(|e| allowed(e.change_group(group, wish, now)));
    }

    pub fn write(&mut self, device: usize, text: &str) {
        let (now, group) = (self.world.now, self.group);
        self.world.devices[device]
            .attempt(|e| allowed(e.send_text(group, text, Extras::default(), now)));
    }

    /// Who is invited comes in, mostly.
    pub fn answer(&mut self, device: usize, yes: bool) {
        let (now, group) = (self.world.now, self.group);
        let view = self.world.devices[device].engine.view();
        let offers = view.group_invitations().unwrap();
        if offers
            .iter()
            .any(|offer| offer.id == group && !offer.accepted)
        {
            self.world.devices[device].attempt(|e| match yes {
                true => e.accept_group(group, now),
                false => e.decline_group(group, now),
            });
        }
    }

    pub fn leave(&mut self, device: usize, successor: Option<AccountId>) {
        let (now, group) = (self.world.now, self.group);
        self.world.devices[device].attempt(|e| allowed(e.leave_group(group, successor, now)));
    }

    /// Half of all come in and some of them are admins, before anything goes wrong.
    pub fn gather(&mut self) {
        let chaos = self.world.stir_with(Chaos::NONE);
        let half = self.accounts.len().div_ceil(2) + 1;
        let some = self.accounts[1..half].to_vec();
        for who in some {
            self.wish(0, &GroupWish::Add(who));
        }
        self.rest();
        let admins = self.accounts[1..half.div_ceil(2) + 1].to_vec();
        for who in admins {
            self.wish(0, &GroupWish::Role(who, Role::Admin));
        }
        self.world.settle();
        self.world.stir_with(chaos);
    }

    /// One of all, or one of those in the group as that device sees it.
    fn somebody(&mut self, is_in: Option<usize>) -> Option<AccountId> {
        let all: Vec<AccountId> = match is_in {
            None => self.accounts.clone(),
            Some(device) => {
                let group = self.of(device)?;
                group.participants.iter().map(|p| p.account).collect()
            }
        };
        let n = self.world.rng.random_range(0..all.len().max(1));
        all.get(n).copied()
    }

    /// A device that is in, or somebody's at random now and then: what they may not do, they cannot.
    fn device(&mut self, fits: impl Fn(&Group) -> bool) -> usize {
        let count = self.world.devices.len();
        let fitting: Vec<usize> = (0..count)
            .filter(|n| self.is_in(*n) && self.of(*n).is_some_and(|g| fits(&g)))
            .collect();
        if fitting.is_empty() || self.world.rng.random_range(0..10) == 0 {
            return self.world.rng.random_range(0..count);
        }
        fitting[self.world.rng.random_range(0..fitting.len())]
    }

    /// Somebody may do something.
    fn act(&mut self, n: u32) {
        let is_admin = |g: &Group| g.role == Role::Admin;
        match self.world.rng.random_range(0..100) {
            30..62 | 66..69 | 90..93 if self.peaceful => {}
            0..30 => {
                let device = self.device(|_| true);
                self.write(device, &format!("message-{n} of world {}", self.world.seed));
            }
            30..45 => {
                let device = self.device(is_admin);
                if let Some(who) = self.somebody(None) {
                    self.wish(device, &GroupWish::Add(who));
                }
            }
            45..50 => {
                let device = self.device(is_admin);
                if let Some(who) = self.somebody(Some(device)) {
                    self.wish(device, &GroupWish::Remove(who));
                }
            }
            50..62 => {
                let device = self.device(is_admin);
                let role = match self.world.rng.random_range(0..3) {
                    0 => Role::Member,
                    _ => Role::Admin,
                };
                if let Some(who) = self.somebody(Some(device)) {
                    self.wish(device, &GroupWish::Role(who, role));
                }
            }
            62..66 => {
                let device = self.device(is_admin);
                self.wish(device, &GroupWish::Rename(format!("The group {n}")));
            }
            66..69 => {
                let device = self.device(|g| g.participants.len() > 2);
                let successor = self.somebody(Some(device));
                // Some stay, or there would be nothing to look at.
                if self.leaves > 0 && self.of(device).is_some_and(|g| g.participants.len() > 2) {
                    self.leaves -= 1;
                    self.leave(device, successor);
                }
            }
            69..90 => {
                for device in 0..self.world.devices.len() {
                    self.answer(device, true);
                }
            }
            90..93 => {
                let device = self.world.rng.random_range(0..self.world.devices.len());
                self.answer(device, false);
            }
            93..95 if self.moving && self.peaceful => {
                let device = self.device(is_admin);
                let here = self.of(device).and_then(|group| group.relay);
                let to = match here.is_some_and(|here| here.key == other_relay().key) {
                    true => self.world.relay_address(),
                    false => other_relay(),
                };
                self.wish(device, &GroupWish::Move(to));
            }
            _ => {}
        }
    }

    pub fn live(&mut self, steps: u32) {
        for n in 0..steps {
            self.act(n);
            for _ in 0..3 {
                self.world.step();
            }
        }
    }

    /// All is healed and run until nothing moves; whoever is invited comes in.
    pub fn rest(&mut self) {
        self.world.settle();
        // Who had no key packages may have some by now.
        self.world.now += 11 * 60_000;
        self.world.settle();
        for _ in 0..3 {
            for device in 0..self.world.devices.len() {
                self.answer(device, true);
            }
            self.world.settle();
        }
    }

    /// At rest everything is compared; then everybody who is in says a word, and all of them have it.
    pub fn end(&mut self) {
        self.rest();
        self.tell();
        self.compare();
        let all = self.counted();
        for device in &all {
            self.write(*device, &format!("last of {device}"));
        }
        self.rest();
        self.compare();
        for device in &all {
            let last = self.messages(*device);
            let texts: BTreeSet<_> = last.iter().map(|m| m.text.clone()).collect();
            for other in &all {
                let text = format!("last of {other}");
                assert!(texts.contains(&text), "{device} has {text:?}");
            }
        }
    }

    /// How many changes of each sort the timelines tell of, over all devices.
    fn tell(&self) {
        let mut told = std::collections::BTreeMap::<&str, usize>::new();
        for device in 0..self.accounts.len() {
            for message in self.messages(device) {
                for happened in message.happened() {
                    let name = match happened {
                        Happened::Founded => "founded",
                        Happened::Added { .. } => "added",
                        Happened::Removed { .. } => "removed",
                        Happened::Left { .. } => "left",
                        Happened::Role { .. } => "role",
                        Happened::Renamed(_) => "renamed",
                        Happened::Described(_) => "described",
                        Happened::Pictured => "pictured",
                        Happened::Elected { .. } => "elected",
                        Happened::Moved(_) => "moved",
                    };
                    *told.entry(name).or_default() += 1;
                }
                if message.kind == MessageKind::Text {
                    *told.entry("text").or_default() += 1;
                }
                if matches!(message.kind, MessageKind::Event(_)) {
                    *told.entry("event").or_default() += 1;
                }
            }
        }
        let is_in = (0..self.accounts.len()).filter(|n| self.is_in(*n)).count();
        println!("world {}: {is_in} in, {told:?}", self.world.seed);
        if std::env::var_os("SIM_TRACE").is_some() {
            for device in 0..self.accounts.len() {
                let standing = self.of(device).map(|g| (g.standing, g.participants.len()));
                println!(
                    "{} {:?} {standing:?}",
                    self.world.devices[device].name, self.accounts[device]
                );
                for message in self.messages(device) {
                    let happened = message.happened();
                    println!(
                        "  {:?} {:?} by {:?} {:?} {} {:?} {happened:?}",
                        message.seq,
                        message.kind,
                        message.author,
                        message.state,
                        message.text,
                        message.problem
                    );
                }
            }
        }
    }

    /// Since when a device is in, and until when it was.
    fn stay(&self, device: usize) -> Option<(Place, Option<Place>)> {
        let own = self.accounts[device];
        let mut stay = None;
        for line in self.messages(device) {
            for happened in line.happened() {
                match happened {
                    Happened::Founded => stay = Some((line.place, None)),
                    Happened::Added { account, .. } if account == own => {
                        stay = Some((line.place, None));
                    }
                    Happened::Removed { account, .. } | Happened::Left { account, .. }
                        if account == own =>
                    {
                        stay = stay.map(|(from, _)| (from, Some(line.place)));
                    }
                    _ => {}
                }
            }
        }
        stay
    }

    /// Those who are in. Where the relay lost something, who asks in vain does not count: all who could tell
    /// them may have gone.
    fn counted(&self) -> Vec<usize> {
        let asks = |n: usize| !self.world.devices[n].engine.is_idle().unwrap();
        (0..self.accounts.len())
            .filter(|n| self.is_in(*n) && !(self.lossy && asks(*n)))
            .collect()
    }

    pub fn compare(&self) {
        let all = self.counted();
        let Some(first) = all.first() else {
            return;
        };
        if self.lossy && all.len() == 1 {
            // Who was away while all others went cannot hear of all of it.
            return;
        }
        let truth = self.of(*first).unwrap();
        for (n, account) in self.accounts.iter().enumerate() {
            let name = self.world.devices[n].name;
            let listed = truth.participants.iter().find(|p| p.account == *account);
            let left = self.of(n).is_some_and(|g| g.standing == ChatStanding::Left);
            let is_lost = left || self.is_in(n) || listed.is_some_and(|p| !p.joined);
            if self.lossy && !all.contains(&n) && is_lost {
                // That they left, or that they were invited, may have been lost.
                continue;
            }
            assert_eq!(listed.is_some(), self.is_in(n), "{name} is in or not");
        }
        let is_admin = |p: &snug_engine::Member| p.role == Role::Admin;
        assert!(truth.participants.iter().any(is_admin), "there is an admin");
        for device in &all {
            let name = self.world.devices[*device].name;
            let group = self.of(*device).unwrap();
            let roles = |g: &Group| -> Vec<_> {
                let all = g.participants.iter();
                all.map(|p| (p.account, p.role, p.name.clone())).collect()
            };
            assert_eq!(
                roles(&truth),
                roles(&group),
                "{name} has the same participants"
            );
            assert_eq!(truth.name, group.name, "{name} has the same name of it");
            assert!(
                group.pending.is_empty(),
                "{name} wishes nothing: {:?}",
                group.pending
            );
            // Who comes late to where the group has moved has none of its lines from before.
            if !self.lossy && !self.moving {
                self.same_since(*first, *device);
            }
            let view = self.world.devices[*device].engine.view();
            assert_eq!(
                view.quarantined().unwrap(),
                0,
                "{name} could open everything"
            );
        }
        for device in 0..self.accounts.len() {
            let stay = self.stay(device);
            let until = stay.and_then(|(_, until)| until);
            let messages = self.messages(device);
            let name = self.world.devices[device].name;
            for message in &messages {
                let is_ours = message.own && message.kind == MessageKind::Text;
                if all.contains(&device) && is_ours {
                    let waits = message.state == MessageState::Sending;
                    assert!(!waits, "{name}: {:?} waits", message.text);
                }
                if let Some(until) = until.filter(|_| !self.is_in(device)) {
                    let is_before = message.place <= until || message.group.is_none();
                    assert!(is_before, "{name} reads {:?} after it went", message.text);
                }
            }
        }
    }

    /// What two devices both were in for is the same on both.
    fn same_since(&self, one: usize, other: usize) {
        let from = |n: usize| self.stay(n).map(|(from, _)| from).expect("it came in");
        let from = from(one).max(from(other));
        let of = |n: usize| -> Vec<_> {
            let all = self.messages(n).into_iter();
            let later = all.filter(|m| m.place > from && !matches!(m.kind, MessageKind::Event(_)));
            let later = later.filter(|m| m.state != MessageState::Failed);
            later
                .map(|m| (m.place, m.id, m.text.clone(), m.happened()))
                .collect()
        };
        let names = (self.world.devices[one].name, self.world.devices[other].name);
        let (here, there) = (of(one), of(other));
        let differs = here.iter().zip(&there).position(|(a, b)| a != b);
        let at = differs.unwrap_or(here.len().min(there.len()));
        assert_eq!(here.get(at), there.get(at), "{names:?} have the same");
    }
}
