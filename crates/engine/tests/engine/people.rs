//! People as fixtures: each an engine over a real database file, all at one relay, at one clock.

use crate::relay::Relay;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use snug_engine::{
    Access, Engine, Extras, InvitationState, Message, MessageKind, MessageState, NewInvitation,
    OutgoingId, Result, connect,
};
use snug_wire::code::InviteCode;
use snug_wire::frame::{Answer, Delivery, MailboxKind, Opened, Put};
use snug_wire::{
    AccountId, Address, ClaimId, ConversationId, EnvelopeId, InvitationId, LockSecret, MessageId,
    RelayKey, Secret, Seq,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub const ADA: usize = 0;
pub const BO: usize = 1;
pub const CYAN: usize = 2;

pub struct Person {
    pub name: &'static str,
    pub engine: Engine,
    pub path: PathBuf,
    pub key: Secret,
    pub online: bool,
    /// Why entries did not count, in the order they came.
    pub ignored: Vec<&'static str>,
    lives: u64,
    seed: u64,
    /// Open mailboxes: of which relay, with which secret, and the last entry delivered of each.
    open: BTreeMap<Address, (RelayKey, LockSecret, Seq)>,
    connected: BTreeSet<RelayKey>,
}

/// Memory if there is a file system in it: what is tested is order, not the disk.
fn scratch() -> tempfile::TempDir {
    let shm = std::path::Path::new("/dev/shm");
    if shm.is_dir() {
        tempfile::tempdir_in(shm).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

fn start(path: &Path, key: &Secret, seed: u64) -> Engine {
    let db = connect(path, key, Access::Write).unwrap();
    Engine::open(db, Box::new(ChaCha20Rng::seed_from_u64(seed))).unwrap()
}

pub struct World {
    pub relay: Relay,
    pub now: u64,
    pub people: Vec<Person>,
    pub dir: tempfile::TempDir,
}

impl World {
    /// These people with an account each, and their mailboxes made.
    pub fn new(names: &[&'static str]) -> Self {
        let mut world = Self {
            relay: Relay::new(),
            now: 1_800_000_000_000,
            people: Vec::new(),
            dir: scratch(),
        };
        for (n, name) in names.iter().enumerate() {
            let path = world.dir.path().join(format!("{name}.db"));
            let key = Secret::new([7; 32]);
            let seed = 100 + n as u64;
            let mut engine = start(&path, &key, seed);
            let account = Secret::new([n as u8 + 1; 32]);
            let home = world.relay.address();
            engine
                .create_account(name, &account, &home, world.now)
                .unwrap();
            world.people.push(Person {
                name,
                engine,
                path,
                key,
                online: true,
                ignored: Vec::new(),
                lives: 0,
                seed,
                open: BTreeMap::new(),
                connected: BTreeSet::new(),
            });
        }
        world.rest();
        world
    }

    /// Another device of somebody's account, in all its conversations: its number.
    pub fn link(&mut self, of: usize) -> usize {
        let n = self.people.len();
        let (name, key) = (self.people[of].name, self.people[of].key.clone());
        let path = self.dir.path().join(format!("{name} {n}.db"));
        let seed = 100 + n as u64;
        let mut engine = start(&path, &key, seed);
        let account = self.people[of].engine.view().account().unwrap().unwrap().id;
        let (home, now) = (self.relay.address(), self.now);
        let new = engine.new_device(account, &home, 8, now).unwrap();
        let admission = self.engine(of).admit_device(&new, now).unwrap();
        engine.become_device(&admission, now).unwrap();
        self.people.push(Person {
            name,
            engine,
            path,
            key,
            online: true,
            ignored: Vec::new(),
            lives: 0,
            seed,
            open: BTreeMap::new(),
            connected: BTreeSet::new(),
        });
        self.rest();
        self.wait(60_000);
        n
    }

    /// The relay has kept nothing of a mailbox for somebody, far more than a ratchet leaps over.
    pub fn lose(&mut self, who: usize, address: Address) {
        let mailbox = &self.relay.mailboxes[&address];
        let last = Seq(mailbox.entries.len() as u64);
        let answer = Answer::Opened(Opened {
            generation: mailbox.generation,
            first: Seq(last.0 + 5_000),
            last,
            head: mailbox.head(),
        });
        let (relay, now) = (self.relay.address().key, self.now);
        self.engine(who)
            .opened(&relay, address, &answer, now)
            .unwrap();
    }

    /// Ada and Bo in a chat.
    pub fn chat() -> (Self, ConversationId) {
        let mut world = Self::new(&["Ada", "Bo"]);
        let chat = world.meet(ADA, BO);
        (world, chat)
    }

    pub fn engine(&mut self, who: usize) -> &mut Engine {
        &mut self.people[who].engine
    }

    /// Ends a person's program without any order, and starts it again over the same file.
    pub fn crash(&mut self, who: usize) {
        self.offline(who);
        let person = &mut self.people[who];
        person.online = true;
        person.lives += 1;
        person.engine = start(
            &person.path,
            &person.key,
            person.seed ^ (person.lives << 32),
        );
    }

    pub fn offline(&mut self, who: usize) {
        let relays = self.relay.relays();
        let person = &mut self.people[who];
        person.online = false;
        person.connected.clear();
        person.open.clear();
        for relay in relays {
            person.engine.disconnected(&relay.key).unwrap();
        }
    }

    pub fn online(&mut self, who: usize) {
        self.people[who].online = true;
    }

    /// Runs until nothing moves; time stands still.
    pub fn rest(&mut self) {
        for _ in 0..2_000 {
            let mut moved = false;
            for who in 0..self.people.len() {
                moved |= self.turn(who);
            }
            if !moved {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    /// Lets time pass, then runs until nothing moves.
    pub fn wait(&mut self, milliseconds: u64) {
        self.now += milliseconds;
        for person in 0..self.people.len() {
            let now = self.now;
            self.engine(person).tick(now).unwrap();
        }
        self.rest();
    }

    fn turn(&mut self, who: usize) -> bool {
        if !self.people[who].online {
            return false;
        }
        let mut moved = false;
        for relay in self.relay.relays() {
            moved |= self.turn_at(who, relay.key);
        }
        moved
    }

    fn turn_at(&mut self, who: usize, relay: RelayKey) -> bool {
        let now = self.now;
        let person = &mut self.people[who];
        let to_open = if person.connected.insert(relay) {
            person.engine.subscriptions(&relay).unwrap()
        } else {
            person.engine.take_subscriptions(&relay).unwrap()
        };
        let mut moved = !to_open.is_empty();
        for s in to_open {
            let answer = self.relay.open(&s.address, &s.secret, s.after);
            let from = match (&answer, s.after) {
                (Answer::Opened(_), Some(cursor)) => cursor.seq,
                _ => Seq(0),
            };
            person
                .engine
                .opened(&relay, s.address, &answer, now)
                .unwrap();
            if !matches!(answer, Answer::Refused(_)) {
                person.open.insert(s.address, (relay, s.secret, from));
            }
        }
        moved |= self.deliver(who);
        let person = &mut self.people[who];
        while let Some(outgoing) = person.engine.next_outgoing(&relay, now).unwrap() {
            let answer = self.relay.handle(outgoing.request, now);
            person.engine.settle(outgoing.id, &answer, now).unwrap();
            moved = true;
        }
        moved
    }

    /// Opens and receives, and sends nothing.
    pub fn rest_receiving(&mut self, who: usize) {
        let relay = self.relay.address().key;
        let now = self.now;
        for s in self.engine(who).take_subscriptions(&relay).unwrap() {
            let answer = self.relay.open(&s.address, &s.secret, s.after);
            self.engine(who)
                .opened(&relay, s.address, &answer, now)
                .unwrap();
            let from = s.after.map_or(Seq(0), |cursor| cursor.seq);
            self.people[who]
                .open
                .insert(s.address, (relay, s.secret, from));
        }
        self.deliver(who);
    }

    fn deliver(&mut self, who: usize) -> bool {
        let person = &mut self.people[who];
        let mut moved = false;
        let mut over = Vec::new();
        for (address, (relay, secret, from)) in &mut person.open {
            let Some((new, until)) = self.relay.read(address, secret, *from) else {
                continue;
            };
            moved |= !new.is_empty();
            *from = new.last().map_or(*from, |last| last.seq);
            let received = person.engine.receive(relay, &new, self.now);
            let ignored = received
                .expect("receive never fails because of others")
                .ignored;
            person.ignored.extend(ignored.iter().map(|i| i.why));
            match until {
                None => person.engine.caught_up(*address),
                Some(at) => over.push((*relay, *address, at)),
            }
        }
        for (relay, address, at) in over {
            person.open.remove(&address);
            person.engine.ended(&relay, address, at, self.now).unwrap();
            moved = true;
        }
        moved
    }

    /// What a person's engine would send now, not yet sent.
    pub fn outgoing(&mut self, who: usize) -> Option<(OutgoingId, snug_wire::frame::Request)> {
        let relay = self.relay.address().key;
        let now = self.now;
        let next = self.engine(who).next_outgoing(&relay, now).unwrap();
        next.map(|outgoing| (outgoing.id, outgoing.request))
    }

    pub fn invite(&mut self, who: usize, new: &NewInvitation) -> InviteCode {
        let now = self.now;
        let id = self.engine(who).create_invitation(new, now).unwrap();
        self.rest();
        self.invitation(who, &id).1
    }

    pub fn invitation(&self, who: usize, id: &InvitationId) -> (InvitationState, InviteCode) {
        let invitation = self.people[who]
            .engine
            .view()
            .invitation(id)
            .unwrap()
            .unwrap();
        (invitation.state, invitation.invited.code)
    }

    /// The sealed card behind a code.
    pub fn card(&self, code: &InviteCode) -> Vec<u8> {
        self.relay.cards[&code.id].0.card.clone()
    }

    pub fn ask(&mut self, who: usize, code: &InviteCode) -> Result<ClaimId> {
        let (card, at, now) = (self.card(code), self.relay.address(), self.now);
        self.engine(who).accept(code, &at, &card, "Hello", now)
    }

    /// Two people meet by a one-time invitation; afterwards nothing is due.
    pub fn meet(&mut self, inviter: usize, guest: usize) -> ConversationId {
        let code = self.invite(inviter, &NewInvitation::default());
        let claim = self.ask(guest, &code).unwrap();
        self.rest();
        self.wait(20_000);
        let request = self.people[guest].engine.view().request(&claim).unwrap();
        request.unwrap().conversation.expect("they are connected")
    }

    pub fn account(&self, who: usize) -> AccountId {
        let view = self.people[who].engine.view();
        view.account().unwrap().unwrap().id
    }

    pub fn send(&mut self, who: usize, chat: ConversationId, text: &str) -> MessageId {
        let now = self.now;
        self.engine(who)
            .send_text(chat, text, Extras::default(), now)
            .unwrap()
    }

    pub fn read_all(&mut self, who: usize, chat: ConversationId) {
        let last = self.messages(who, chat).last().unwrap().id;
        let now = self.now;
        self.engine(who).mark_read(chat, last, now).unwrap();
    }

    pub fn messages(&self, who: usize, chat: ConversationId) -> Vec<Message> {
        self.people[who]
            .engine
            .view()
            .messages(&chat, None, 10_000)
            .unwrap()
    }

    /// What people said in a chat, a line each.
    pub fn texts(&self, who: usize, chat: ConversationId) -> Vec<String> {
        self.messages(who, chat)
            .into_iter()
            .filter(|m| !matches!(m.kind, MessageKind::Event(_) | MessageKind::Happened))
            .map(|m| m.text)
            .collect()
    }

    pub fn state(&self, who: usize, id: &MessageId) -> MessageState {
        let message = self.people[who].engine.view().message(id).unwrap();
        message.unwrap().state
    }

    pub fn unread(&self, who: usize, chat: ConversationId) -> u64 {
        self.people[who]
            .engine
            .view()
            .chat(&chat)
            .unwrap()
            .unwrap()
            .unread
            .count
    }

    /// The mailbox of the newest log of a chat: the conversation with most entries.
    pub fn mailbox(&self) -> Address {
        let addresses = self.relay.addresses(MailboxKind::Conversation);
        let len = |a: &Address| self.relay.mailboxes[a].entries.len();
        // The own conversations hold records of invitations only.
        *addresses
            .iter()
            .filter(|a| {
                (0..self.people.len())
                    .filter(|who| self.reads(*who, a))
                    .count()
                    > 1
            })
            .max_by_key(|a| len(a))
            .expect("a mailbox that two people read")
    }

    pub fn reads(&self, who: usize, address: &Address) -> bool {
        self.people[who].open.contains_key(address)
    }

    /// Puts something nobody's engine made into a mailbox.
    pub fn plant(&mut self, address: Address, flagged: bool, bytes: Vec<u8>) {
        let mailbox = self.relay.mailboxes.get_mut(&address).unwrap();
        let last = mailbox.entries.len() as u64;
        mailbox.entries.push(Delivery {
            address,
            seq: Seq(last + 1),
            previous: Seq(last),
            id: envelope(&bytes, last),
            flagged,
            bytes,
        });
    }

    /// Puts a sealed form into an inbox, as anybody may.
    pub fn drop_into(&mut self, inbox: Address, bytes: Vec<u8>) {
        let n = self.relay.puts.len() as u64;
        let answer = self.relay.put(Put {
            address: inbox,
            secret: None,
            id: envelope(&bytes, 1_000 + n),
            flagged: false,
            rests_on: Seq(0),
            lock: None,
            attachments: Vec::new(),
            bytes,
        });
        assert!(matches!(answer, Answer::Stored(_)), "{answer:?}");
    }

    /// The reasons for which a person's engine ignored entries since it was last asked.
    pub fn ignored(&mut self, who: usize) -> Vec<&'static str> {
        std::mem::take(&mut self.people[who].ignored)
    }
}

fn envelope(bytes: &[u8], n: u64) -> EnvelopeId {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest([bytes, &n.to_be_bytes()].concat());
    EnvelopeId::from_slice(&digest[..16]).unwrap()
}
