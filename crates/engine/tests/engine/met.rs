//! A chat of Ada's with a stranger, who may then say anything to her device's inbox.

use crate::forge::Stranger;
use crate::people::{ADA, World};
use openmls::prelude::ExtensionType;
use rusqlite::Connection;
use snug_engine::{Access, Event, MessageKind, NewInvitation, connect};
use snug_wire::card::{InboxAddress, Signed};
use snug_wire::inbox::{InboxForm, JoinRequest, Joining, Pointer};
use snug_wire::log_state::LogState;
use snug_wire::{Address, ConversationId, EnvelopeId, GroupId, JoinId, LockSecret, Secret, Seq};

pub const OWN: [ExtensionType; 1] = [ExtensionType::Unknown(0xF051)];

/// How many lines of somebody's timeline say that.
pub fn told(world: &World, who: usize, chat: ConversationId, event: Event) -> usize {
    let is = |kind: MessageKind| kind == MessageKind::Event(event);
    let messages = world.messages(who, chat);
    messages.iter().filter(|m| is(m.kind)).count()
}

pub fn outbox_is_empty(world: &World, who: usize) {
    let outbox = world.people[who].engine.view().outbox().unwrap();
    assert!(outbox.is_empty(), "{outbox:?}");
}

/// An entry of an epoch that much later than the last one's, by anybody who knows the mailbox. A commit
/// is of the epoch before.
pub fn later(world: &World, mailbox: Address, by: u64) -> Vec<u8> {
    let mut bytes = world.relay.mailboxes[&mailbox]
        .entries
        .last()
        .unwrap()
        .bytes
        .clone();
    // RFC 9420 §6: version and wire format, the group id behind its length, the epoch.
    let epoch = &mut bytes[21..29];
    let n = u64::from_be_bytes((&*epoch).try_into().unwrap());
    epoch.copy_from_slice(&(n + by).to_be_bytes());
    bytes
}

/// Ada in a chat with a stranger, and how the stranger's one device got in.
pub struct Met {
    pub world: World,
    pub stranger: Stranger,
    pub pointer: Pointer,
    /// What it led to.
    pub joining: Joining,
}

pub fn met_with(change: impl FnOnce(&mut Stranger)) -> Met {
    let mut world = World::new(&["Ada", "Bo"]);
    let mut stranger = Stranger::new(&mut world, 50);
    change(&mut stranger);
    let pointer = connect_to(&mut world, &stranger);
    let joining = Stranger::opened(&world, &pointer);
    Met {
        world,
        stranger,
        pointer,
        joining,
    }
}

pub fn met() -> Met {
    met_with(|_| ())
}

/// Ada in a group of hers with a stranger, who is no admin: all that is said is of that group.
pub fn met_in_group() -> Met {
    let mut met = met();
    let stranger = &met.stranger;
    let package = stranger.key_package(stranger.device, &OWN);
    let inbox = stranger.inbox.address;
    met.world.relay.stock(&inbox, package);
    let now = met.world.now;
    let others = [stranger.account];
    let made = met.world.engine(ADA).create_group("Walks", &others, now);
    made.unwrap();
    met.world.rest();
    met.world.wait(120_000);
    met.pointer = match met.stranger.received(&met.world).pop() {
        Some(InboxForm::Pointer(signed)) => signed.form.clone(),
        other => panic!("{other:?}"),
    };
    met.joining = Stranger::opened(&met.world, &met.pointer);
    met
}

pub fn connect_to(world: &mut World, stranger: &Stranger) -> Pointer {
    let code = world.invite(ADA, &NewInvitation::default());
    let view = world.people[ADA].engine.view();
    let invitation = view.invitation(&code.id).unwrap().unwrap();
    let request = stranger.request(world, &code, stranger.claim(1));
    stranger.send(world, &invitation.invited.card.inbox, request);
    world.rest();
    world.wait(60_000);
    world.ignored(ADA);
    match &stranger.received(world)[..] {
        [InboxForm::Pointer(signed), ..] => signed.form.clone(),
        other => panic!("{other:?}"),
    }
}

impl Met {
    pub fn chat(&self) -> ConversationId {
        self.pointer.conversation
    }

    /// Where Ada's device is reached.
    pub fn ada(&self) -> InboxAddress {
        let others = self.joining.reach.iter();
        let mut others = others.filter(|reach| reach.account != self.stranger.account);
        others.next().unwrap().inbox.clone()
    }

    /// A wish that holds in every respect.
    pub fn wish(&self, n: u8) -> JoinRequest {
        JoinRequest {
            id: JoinId([n; 16]),
            conversation: self.chat(),
            account: self.stranger.account,
            devices: self.stranger.devices.clone(),
            key_package: self.stranger.key_package(self.stranger.device, &OWN),
            inbox: self.stranger.inbox.clone(),
            group: self.pointer.group,
            read: self.pointer.commit,
            unusable: false,
        }
    }

    pub fn say(&mut self, form: &InboxForm) -> Vec<&'static str> {
        let ada = self.ada();
        let bytes = self.stranger.seal(&ada, form);
        self.world.drop_into(ada.address, bytes);
        self.world.rest();
        self.world.ignored(ADA)
    }

    pub fn ask(&mut self, signed: Signed<JoinRequest>) -> Vec<&'static str> {
        self.say(&InboxForm::Join(Box::new(signed)))
    }

    /// How many pointers Ada's device sent, and how often it asked to be taken in.
    pub fn heard(&self) -> (usize, usize) {
        let all = self.stranger.received(&self.world);
        let pointers = all.iter().filter(|f| matches!(f, InboxForm::Pointer(_)));
        let wishes = all.iter().filter(|f| matches!(f, InboxForm::Join(_)));
        (pointers.count(), wishes.count())
    }

    pub fn entries(&self) -> usize {
        let mailbox = &self.world.relay.mailboxes[&self.pointer.address];
        mailbox.entries.len()
    }

    /// Ada cannot follow the log any more, and asks: her wish.
    pub fn ada_asks(&mut self) -> JoinRequest {
        let bytes = later(&self.world, self.pointer.address, 2);
        self.world.plant(self.pointer.address, false, bytes);
        self.world.rest();
        self.world.ignored(ADA);
        self.ada_asked()
    }

    /// Her newest wish.
    pub fn ada_asked(&self) -> JoinRequest {
        let all = self.stranger.received(&self.world);
        let mut all = all.into_iter().rev();
        all.find_map(|form| match form {
            InboxForm::Join(signed) => Some(signed.form),
            _ => None,
        })
        .expect("she asked")
    }

    pub fn database(&self) -> Connection {
        let ada = &self.world.people[ADA];
        connect(&ada.path, &Secret::new([7; 32]), Access::Read).unwrap()
    }
}

impl Met {
    /// A pointer into another log of the conversation, that answers Ada's wish and holds in every respect.
    pub fn lead(&self) -> Pointer {
        let mut group = self.pointer.group;
        group.0[0] = 0;
        Pointer {
            address: Address([77; 32]),
            group,
            commit: Seq(1),
            secret: LockSecret::new([77; 32]),
            fetch: LockSecret::new([77; 32]),
            key: Secret::new([77; 32]),
            generation: 7,
            envelope: EnvelopeId([77; 16]),
            answers: None,
            joins: Some(self.ada_asked().id),
            account: self.stranger.account,
            devices: self.stranger.devices.clone(),
            offer: None,
            ..self.pointer.clone()
        }
    }

    pub fn point(&mut self, pointer: Pointer) -> Vec<&'static str> {
        let signed = self.stranger.sign(pointer);
        self.say(&InboxForm::Pointer(Box::new(signed)))
    }

    /// Whether Ada asked the relay for a Welcome since.
    pub fn fetched(&self) -> usize {
        self.world.relay.fetches
    }
}

impl Met {
    /// The stranger founds the conversation anew under that id, with Ada's device in it.
    pub fn enter(&mut self, group: GroupId) -> Pointer {
        self.found(group, |_| ())
    }

    /// As `enter`, with that state.
    pub fn found(&mut self, group: GroupId, change: impl FnOnce(&mut LogState)) -> Pointer {
        let wish = self.ada_asked();
        let at = Pointer {
            group,
            ..self.lead()
        };
        let mut state = self.joining.state.clone();
        change(&mut state);
        let (commit, welcome) = self.stranger.found(&group, &state, &wish.key_package);
        let joining = Joining {
            welcome,
            state,
            reach: Vec::new(),
        };
        let attached = Stranger::attach(&at, &joining);
        self.world.relay.make(&at, commit, attached);
        at
    }
}
