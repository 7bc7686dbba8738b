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
    attachments: BTreeMap<(Seq, Lock), Vec<u8>>,
}

impl Mailbox {
    pub fn head(&self) -> Seq {
        self.entries
            .iter()
            .rfind(|e| e.flagged)
            .map_or(Seq(0), |e| e.seq)
    }

    fn opened(&self) -> Opened {
        Opened {
            generation: self.generation,
            first: Seq(1),
            last: Seq(self.entries.len() as u64),
            head: self.head(),
        }
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
        if mailbox.lock != secret.lock() {
            return Answer::Refused(Refusal::WrongLock);
        }
        let there = |c: Cursor| mailbox.entries.get(c.seq.0 as usize - 1).map(|e| e.id);
        match after {
            Some(c) if c.generation != mailbox.generation || there(c) != Some(c.id) => {
                Answer::Diverged(mailbox.opened())
            }
            _ => Answer::Opened(mailbox.opened()),
        }
    }

    /// Makes a conversation's mailbox of one commit, with a Welcome where the pointer says.
    pub fn make(&mut self, at: &Pointer, commit: Vec<u8>, welcome: Vec<u8>) {
        let first = Delivery {
            address: at.address,
            seq: at.commit,
            previous: Seq(0),
            id: EnvelopeId([77; 16]),
            flagged: true,
            bytes: commit,
        };
        let mailbox = Mailbox {
            kind: MailboxKind::Conversation,
            lock: at.secret.lock(),
            generation: 7,
            entries: vec![first],
            attachments: [((at.commit, at.fetch.lock()), welcome)].into(),
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
        if let Some(refusal) = self.other_refusals.pop_front() {
            return Answer::Refused(refusal);
        }
        self.fetches += usize::from(matches!(request, Request::Fetch(..)));
        match request {
            Request::Create(address, kind, lock) => {
                self.mailboxes.entry(address).or_insert(Mailbox {
                    kind,
                    lock,
                    generation: 7,
                    entries: Vec::new(),
                    attachments: BTreeMap::new(),
                });
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
            if put.secret.as_ref().map(LockSecret::lock) != Some(mailbox.lock) {
                return Answer::Refused(Refusal::WrongLock);
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
        for attachment in put.attachments {
            let key = (Seq(last + 1), attachment.lock);
            mailbox.attachments.insert(key, attachment.bytes);
        }
        Answer::Stored(Seq(last + 1))
    }
}
