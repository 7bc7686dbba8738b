//! A relay as far as an engine can tell: mailboxes, cards and claims in memory, and refusals on demand.

use ed25519_dalek::{Signer as _, SigningKey};
use snug_wire::frame::{
    Answer, Cursor, Delivery, MailboxKind, Opened, Publish, Put, Refusal, Request, ticket,
};
use snug_wire::inbox::Pointer;
use snug_wire::{
    Address, ClaimId, EnvelopeId, InvitationId, Lock, LockSecret, RelayAddress, RelayKey, Seq,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub struct Mailbox {
    pub kind: MailboxKind,
    pub lock: Lock,
    pub generation: u64,
    pub entries: Vec<Delivery>,
    pub attachments: BTreeMap<(Seq, Lock), Vec<u8>>,
    /// Locks it had, each with the entry that changed it.
    old: Vec<(Lock, Seq)>,
    /// Key packages, and the one for when there are none.
    pub pool: Vec<Vec<u8>>,
    pub last_resort: Option<Vec<u8>>,
}

/// What a secret opens.
enum Opens {
    All,
    /// Entries up to the one that changed the lock.
    Until(Seq),
    Nothing,
}

impl Mailbox {
    pub fn head(&self) -> Seq {
        self.entries
            .iter()
            .rfind(|e| e.flagged)
            .map_or(Seq(0), |e| e.seq)
    }

    fn new(kind: MailboxKind, lock: Lock) -> Self {
        Self {
            kind,
            lock,
            generation: 7,
            entries: Vec::new(),
            attachments: BTreeMap::new(),
            old: Vec::new(),
            pool: Vec::new(),
            last_resort: None,
        }
    }

    fn opened(&self, until: Option<Seq>) -> Opened {
        Opened {
            generation: self.generation,
            first: Seq(1),
            last: until.unwrap_or(Seq(self.entries.len() as u64)),
            head: until.unwrap_or(self.head()),
        }
    }

    fn opens(&self, lock: &Lock) -> Opens {
        if self.lock == *lock {
            return Opens::All;
        }
        let old = self.old.iter().find(|(old, _)| old == lock);
        old.map_or(Opens::Nothing, |(_, at)| Opens::Until(*at))
    }
}

pub struct Relay {
    pub key: SigningKey,
    pub mailboxes: BTreeMap<Address, Mailbox>,
    pub cards: BTreeMap<InvitationId, (Publish, Vec<ClaimId>, bool)>,
    /// The next `Put`s are answered with these.
    pub refusals: VecDeque<Refusal>,
    /// The next `Publish`, `Claim` or `Create` too.
    pub other_refusals: VecDeque<Refusal>,
    /// The next `Stock` or `Take` too.
    pub pool_refusals: VecDeque<Refusal>,
    /// Every entry that was asked for, stored or not.
    pub puts: Vec<Put>,
    /// How many Welcomes were asked for.
    pub fetches: usize,
    /// Inboxes that were ended.
    pub retired: BTreeSet<Address>,
}

impl Relay {
    pub fn new() -> Self {
        Self {
            key: SigningKey::from_bytes(&[9; 32]),
            mailboxes: BTreeMap::new(),
            cards: BTreeMap::new(),
            refusals: VecDeque::new(),
            other_refusals: VecDeque::new(),
            pool_refusals: VecDeque::new(),
            puts: Vec::new(),
            fetches: 0,
            retired: BTreeSet::new(),
        }
    }

    pub fn address(&self) -> RelayAddress {
        RelayAddress {
            url: "ws://127.0.0.1:1".into(),
            key: RelayKey(self.key.verifying_key().to_bytes()),
        }
    }

    /// Another relay, as far as engines can tell: what is made there is kept here as well.
    pub fn other(&self) -> RelayAddress {
        RelayAddress {
            url: "wss://other.example:443".into(),
            key: RelayKey(
                SigningKey::from_bytes(&[0x99; 32])
                    .verifying_key()
                    .to_bytes(),
            ),
        }
    }

    pub fn relays(&self) -> [RelayAddress; 2] {
        [self.address(), self.other()]
    }

    pub fn ticket(&self, invitation: &InvitationId, claim: &ClaimId) -> [u8; 64] {
        self.key.sign(&ticket(invitation, claim)).to_bytes()
    }

    /// All mailboxes of a kind.
    pub fn addresses(&self, kind: MailboxKind) -> Vec<Address> {
        let of_kind = self.mailboxes.iter().filter(|(_, m)| m.kind == kind);
        of_kind.map(|(address, _)| *address).collect()
    }

    pub fn open(&self, address: &Address, secret: &LockSecret, after: Option<Cursor>) -> Answer {
        let Some(mailbox) = self.mailboxes.get(address) else {
            return Answer::Refused(Refusal::NoMailbox);
        };
        let until = match mailbox.opens(&secret.lock()) {
            Opens::All => None,
            Opens::Until(at) => Some(at),
            Opens::Nothing => return Answer::Refused(Refusal::WrongLock),
        };
        let opened = mailbox.opened(until);
        let there = |c: Cursor| mailbox.entries.get(c.seq.0 as usize - 1).map(|e| e.id);
        match after {
            Some(c)
                if c.generation != mailbox.generation
                    || c.seq > opened.last
                    || there(c) != Some(c.id) =>
            {
                Answer::Diverged(opened)
            }
            _ => Answer::Opened(opened),
        }
    }

    /// What somebody who opened a mailbox with that secret is given behind an entry, and where it ends
    /// for them; nothing of a mailbox that is gone.
    pub fn read(
        &self,
        address: &Address,
        secret: &LockSecret,
        after: Seq,
    ) -> Option<(Vec<Delivery>, Option<Seq>)> {
        let mailbox = self.mailboxes.get(address)?;
        let until = match mailbox.opens(&secret.lock()) {
            Opens::All => None,
            Opens::Until(at) => Some(at),
            Opens::Nothing => Some(Seq(0)),
        };
        let entries = mailbox.entries.iter();
        let given = entries.filter(|e| e.seq > after && until.is_none_or(|at| e.seq <= at));
        Some((given.cloned().collect(), until))
    }

    /// What is attached to an entry; there is one at most in these tests.
    pub fn attached(&self, address: &Address, seq: Seq) -> Vec<u8> {
        let all = &self.mailboxes[address].attachments;
        let mut all = all.iter().filter(|((at, _), _)| *at == seq);
        all.next().expect("something is attached").1.clone()
    }

    /// Makes a conversation's mailbox of one commit, with what is attached to it where the pointer says.
    pub fn make(&mut self, at: &Pointer, commit: Vec<u8>, attached: Vec<u8>) {
        let first = Delivery {
            address: at.address,
            seq: at.commit,
            previous: Seq(0),
            id: EnvelopeId([77; 16]),
            flagged: true,
            bytes: commit,
        };
        let mailbox = Mailbox {
            entries: vec![first],
            attachments: [((at.commit, at.fetch.lock()), attached)].into(),
            ..Mailbox::new(MailboxKind::Conversation, at.secret.lock())
        };
        self.mailboxes.insert(at.address, mailbox);
    }

    pub fn handle(&mut self, request: Request, now: u64) -> Answer {
        if let Request::Put(put) = request {
            self.puts.push(put.clone());
            return match self.refusals.pop_front() {
                Some(refusal) => Answer::Refused(refusal),
                None => self.put(put),
            };
        }
        if let Request::Stock(_) | Request::Take(_) = request {
            return match self.pool_refusals.pop_front() {
                Some(refusal) => Answer::Refused(refusal),
                None => self.pool(request),
            };
        }
        if let Some(refusal) = self.other_refusals.pop_front() {
            return Answer::Refused(refusal);
        }
        self.fetches += usize::from(matches!(request, Request::Fetch(..)));
        match request {
            Request::Create(address, kind, lock) => {
                let made = Mailbox::new(kind, lock);
                self.mailboxes.entry(address).or_insert(made);
                Answer::Done
            }
            Request::Fetch(address, seq, secret) => self
                .mailboxes
                .get(&address)
                .and_then(|m| m.attachments.get(&(seq, secret.lock())))
                .map_or(Answer::Refused(Refusal::Nothing), |b| {
                    Answer::Bytes(b.clone())
                }),
            Request::Publish(publish) => {
                self.cards.insert(publish.id, (publish, Vec::new(), false));
                Answer::Done
            }
            Request::Claim(id, claim) => self.claim(id, claim, now),
            Request::Retire(address, secret) => {
                let ended = self.mailboxes.get(&address);
                if ended.is_none_or(|ended| ended.lock != secret.lock()) {
                    return Answer::Refused(Refusal::WrongLock);
                }
                self.mailboxes.remove(&address);
                self.retired.insert(address);
                Answer::Done
            }
            Request::Revoke(id, _) => {
                self.cards.get_mut(&id).unwrap().2 = true;
                Answer::Done
            }
            _ => Answer::Refused(Refusal::Malformed),
        }
    }

    /// Puts a key package into a pool.
    pub fn stock(&mut self, inbox: &Address, package: Vec<u8>) {
        let mailbox = self.mailboxes.get_mut(inbox).unwrap();
        mailbox.pool.push(package);
    }

    fn pool(&mut self, request: Request) -> Answer {
        let address = match &request {
            Request::Stock(stock) => stock.address,
            Request::Take(address) => *address,
            other => panic!("{other:?}"),
        };
        let Some(mailbox) = self.mailboxes.get_mut(&address) else {
            return Answer::Refused(Refusal::NoMailbox);
        };
        match request {
            Request::Stock(stock) if stock.secret.lock() != mailbox.lock => {
                Answer::Refused(Refusal::WrongLock)
            }
            Request::Stock(stock) => {
                let packages = stock.packages.into_iter().map(|package| package.to_vec());
                mailbox.pool.extend(packages);
                mailbox.last_resort = stock.last_resort.map(|package| package.to_vec());
                Answer::Stocked(mailbox.pool.len() as u32)
            }
            _ if mailbox.pool.is_empty() => match &mailbox.last_resort {
                Some(package) => Answer::Bytes(package.clone()),
                None => Answer::Refused(Refusal::Nothing),
            },
            _ => Answer::Bytes(mailbox.pool.remove(0)),
        }
    }

    fn claim(&mut self, id: InvitationId, claim: ClaimId, now: u64) -> Answer {
        let ticket = self.ticket(&id, &claim);
        let Some((card, claims, revoked)) = self.cards.get_mut(&id) else {
            return Answer::Refused(Refusal::NoInvitation);
        };
        if claims.contains(&claim) {
            return Answer::Claimed(ticket);
        }
        if *revoked {
            return Answer::Refused(Refusal::Revoked);
        }
        if card.uses.is_some_and(|uses| claims.len() as u32 >= uses) {
            return Answer::Refused(Refusal::Used);
        }
        if card.expires_at.is_some_and(|end| end <= now) {
            return Answer::Refused(Refusal::Expired);
        }
        claims.push(claim);
        Answer::Claimed(ticket)
    }

    pub fn put(&mut self, put: Put) -> Answer {
        if self.retired.contains(&put.address) {
            return Answer::Refused(Refusal::Retired);
        }
        let Some(mailbox) = self.mailboxes.get_mut(&put.address) else {
            return Answer::Refused(Refusal::NoMailbox);
        };
        if let Some(known) = mailbox.entries.iter().find(|e| e.id == put.id) {
            return if known.bytes == put.bytes && known.flagged == put.flagged {
                Answer::Stored(known.seq)
            } else {
                Answer::Refused(Refusal::OtherBytes)
            };
        }
        if mailbox.kind == MailboxKind::Conversation {
            let lock = put.secret.as_ref().map(LockSecret::lock);
            match lock.map_or(Opens::Nothing, |lock| mailbox.opens(&lock)) {
                Opens::All => {}
                Opens::Until(at) => return Answer::Refused(Refusal::Outdated(at)),
                Opens::Nothing => return Answer::Refused(Refusal::WrongLock),
            }
            if put.rests_on != mailbox.head() {
                return Answer::Refused(Refusal::Stale(mailbox.head()));
            }
        }
        let last = mailbox.entries.len() as u64;
        mailbox.entries.push(Delivery {
            address: put.address,
            seq: Seq(last + 1),
            previous: Seq(last),
            id: put.id,
            flagged: put.flagged,
            bytes: put.bytes,
        });
        if let Some(lock) = put.lock {
            mailbox.old.push((mailbox.lock, Seq(last + 1)));
            mailbox.lock = lock;
        }
        for attachment in put.attachments {
            let key = (Seq(last + 1), attachment.lock);
            mailbox.attachments.insert(key, attachment.bytes);
        }
        Answer::Stored(Seq(last + 1))
    }
}
