//! Mailboxes and entries in memory alone, for a relay that is to forget them: the statements of
//! [`super::mailbox`] and [`super::entry`] once more, over maps. The other tables, which nobody asks
//! for every message, stay in SQLite.

use super::entry::{Entry, ROW};
use super::mailbox::Mailbox;
use snug_wire::frame::MailboxKind;
use snug_wire::{Address, EnvelopeId, Lock, Seq};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// All of them.
#[derive(Debug, Default)]
pub struct Memory {
    ids: HashMap<Address, i64>,
    mailboxes: BTreeMap<i64, Held>,
    last_id: i64,
    /// What they hold, about.
    bytes: u64,
}

/// What a mailbox counts beside its entries, and an entry beside its bytes.
const MAILBOX: u64 = (size_of::<(i64, Held)>() + size_of::<(Address, i64)>()) as u64;
const ENTRY: u64 = (size_of::<(u64, Row)>() + size_of::<(EnvelopeId, u64)>()) as u64;

#[derive(Debug)]
struct Held {
    mailbox: Mailbox,
    made_at: u64,
    rows: BTreeMap<u64, Row>,
    places: HashMap<EnvelopeId, u64>,
}

/// An entry as [`super::entry`] keeps it.
#[derive(Debug)]
pub struct Row {
    pub id: EnvelopeId,
    pub digest: [u8; 32],
    pub flagged: bool,
    pub at: u64,
    pub bytes: Vec<u8>,
}

impl Row {
    fn cost(&self) -> u64 {
        ENTRY + self.bytes.len() as u64
    }
}

impl Memory {
    pub fn find(&self, address: &Address) -> Option<Mailbox> {
        let held = self.mailboxes.get(self.ids.get(address)?)?;
        Some(held.mailbox.clone())
    }

    pub fn count(&self) -> u64 {
        self.mailboxes.len() as u64
    }

    /// What all of it holds, about.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn insert(
        &mut self,
        address: &Address,
        kind: MailboxKind,
        generation: u64,
        lock: &Lock,
        now: u64,
    ) {
        self.last_id += 1;
        let mailbox = Mailbox {
            id: self.last_id,
            address: *address,
            kind,
            generation,
            lock: *lock,
            first: Seq(1),
            last: Seq(0),
            head: Seq(0),
            size: 0,
            retired: false,
            opened_at: now,
        };
        self.ids.insert(*address, mailbox.id);
        let held = Held {
            mailbox,
            made_at: now,
            rows: BTreeMap::new(),
            places: HashMap::new(),
        };
        self.mailboxes.insert(self.last_id, held);
        self.bytes += MAILBOX;
    }

    pub fn update(&mut self, mailbox: &Mailbox) {
        if let Some(held) = self.mailboxes.get_mut(&mailbox.id) {
            held.mailbox.clone_from(mailbox);
        }
    }

    pub fn delete(&mut self, id: i64) {
        if let Some(held) = self.mailboxes.remove(&id) {
            self.ids.remove(&held.mailbox.address);
            let rows: u64 = held.rows.values().map(Row::cost).sum();
            self.bytes -= MAILBOX + rows;
        }
    }

    pub fn page(&self, after: i64, limit: u32) -> Vec<Mailbox> {
        let rest = self.mailboxes.range(after.saturating_add(1)..);
        let page = rest.take(limit as usize);
        page.map(|(_, held)| held.mailbox.clone()).collect()
    }

    /// Older ones have lower ids.
    pub fn old_rendezvous(&self, before: u64, limit: u32) -> Vec<Mailbox> {
        let old = self
            .mailboxes
            .values()
            .filter(|held| held.mailbox.kind == MailboxKind::Rendezvous && held.made_at < before);
        let old = old.take(limit as usize);
        old.map(|held| held.mailbox.clone()).collect()
    }

    pub fn known(&self, mailbox: i64, id: &EnvelopeId) -> Option<(Seq, [u8; 32])> {
        let held = self.mailboxes.get(&mailbox)?;
        let place = held.places.get(id)?;
        Some((Seq(*place), held.rows.get(place)?.digest))
    }

    pub fn id_at(&self, mailbox: i64, seq: Seq) -> Option<EnvelopeId> {
        let row = self.mailboxes.get(&mailbox)?.rows.get(&seq.0)?;
        Some(row.id)
    }

    pub fn append(&mut self, mailbox: i64, seq: Seq, row: Row) {
        if let Some(held) = self.mailboxes.get_mut(&mailbox) {
            self.bytes += row.cost();
            held.places.insert(row.id, seq.0);
            held.rows.insert(seq.0, row);
        }
    }

    pub fn entries(&self, mailbox: i64, from: Seq, to: Seq, budget: usize) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut size = 0;
        for (seq, row) in self.rows(mailbox, from.0..to.0.saturating_add(1)) {
            if size >= budget {
                break;
            }
            let entry = Entry {
                seq: Seq(seq),
                id: row.id,
                flagged: row.flagged,
                bytes: row.bytes.clone(),
            };
            size += entry.cost();
            entries.push(entry);
        }
        entries
    }

    /// What attachments cost is not counted: they are in SQLite.
    pub fn reach(
        &self,
        mailbox: i64,
        range: Range<Seq>,
        before: u64,
        budget: u64,
    ) -> Option<(Seq, u64)> {
        let mut reach = None;
        let mut size = 0;
        for (seq, row) in self.rows(mailbox, range.start.0..range.end.0) {
            if size >= budget || row.at >= before {
                break;
            }
            size += ROW + row.bytes.len() as u64;
            reach = Some((Seq(seq + 1), size));
        }
        reach
    }

    pub fn forget(&mut self, mailbox: i64, from: Seq, below: Seq) -> u64 {
        let Some(held) = self.mailboxes.get_mut(&mailbox) else {
            return 0;
        };
        if from >= below {
            return 0;
        }
        let rows = held.rows.range_mut(from.0..below.0);
        let freed = rows.map(|(_, row)| std::mem::take(&mut row.bytes).len() as u64);
        let freed: u64 = freed.sum();
        self.bytes -= freed;
        freed
    }

    pub fn delete_below(&mut self, mailbox: i64, below: Seq) -> u64 {
        let Some(held) = self.mailboxes.get_mut(&mailbox) else {
            return 0;
        };
        let kept = held.rows.split_off(&below.0);
        let gone = std::mem::replace(&mut held.rows, kept);
        let mut size = 0;
        for row in gone.into_values() {
            size += row.bytes.len() as u64;
            self.bytes -= row.cost();
            held.places.remove(&row.id);
        }
        size
    }

    fn rows(&self, mailbox: i64, range: Range<u64>) -> impl Iterator<Item = (u64, &Row)> {
        let held = self.mailboxes.get(&mailbox);
        let range = range.start..range.end.max(range.start);
        let rows = held
            .into_iter()
            .flat_map(move |held| held.rows.range(range.clone()));
        rows.map(|(seq, row)| (*seq, row))
    }
}
