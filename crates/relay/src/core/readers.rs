//! Who has which mailbox open. In memory only: connections do not outlive the process.

use super::Peer;
use snug_wire::{Address, Seq};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// How far a reader of a mailbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// Stored entries after that one are still to be delivered, then it is live; with `until`
    /// (an old lock) it ends there instead (rule 4).
    Behind { after: Seq, until: Option<Seq> },
    /// Every entry is delivered as it is stored.
    Live,
}

#[derive(Debug, Default)]
pub(super) struct Readers {
    peers: BTreeMap<Peer, Reader>,
    mailboxes: BTreeMap<Address, BTreeSet<Peer>>,
}

#[derive(Debug, Default)]
struct Reader {
    /// Most have few: a tree's first node would have room for eleven.
    opens: HashMap<Address, Open>,
    /// Those of them that are behind, in the order they were opened.
    behind: VecDeque<Address>,
}

impl Readers {
    /// How many mailboxes that peer has open.
    pub fn count(&self, peer: Peer) -> usize {
        self.peers.get(&peer).map_or(0, |reader| reader.opens.len())
    }

    pub fn get(&self, peer: Peer, address: &Address) -> Option<Open> {
        self.peers.get(&peer)?.opens.get(address).copied()
    }

    pub fn is_open(&self, address: &Address) -> bool {
        self.mailboxes.contains_key(address)
    }

    /// Opens, or opens anew.
    pub fn open(&mut self, peer: Peer, address: Address, open: Open) {
        let reader = self.peers.entry(peer).or_default();
        if open != Open::Live && !matches!(reader.opens.get(&address), Some(Open::Behind { .. })) {
            reader.behind.push_back(address);
        }
        reader.opens.insert(address, open);
        self.mailboxes.entry(address).or_default().insert(peer);
    }

    pub fn close(&mut self, peer: Peer, address: &Address) {
        if let Some(reader) = self.peers.get_mut(&peer) {
            if let Some(Open::Behind { .. }) = reader.opens.remove(address) {
                reader.behind.retain(|behind| behind != address);
            }
            if reader.opens.is_empty() {
                self.peers.remove(&peer);
            }
        }
        self.forget(peer, address);
    }

    fn forget(&mut self, peer: Peer, address: &Address) {
        if let Some(peers) = self.mailboxes.get_mut(address) {
            peers.remove(&peer);
            if peers.is_empty() {
                self.mailboxes.remove(address);
            }
        }
    }

    pub fn disconnected(&mut self, peer: Peer) {
        for address in self.peers.remove(&peer).unwrap_or_default().opens.keys() {
            self.forget(peer, address);
        }
    }

    /// Everyone who has that mailbox open.
    pub fn all(&self, address: &Address) -> Vec<Peer> {
        self.mailboxes
            .get(address)
            .map_or_else(Vec::new, |peers| peers.iter().copied().collect())
    }

    /// Those to whom an entry goes at once.
    pub fn live(&self, address: &Address) -> Vec<Peer> {
        self.filtered(address, |_, open| open == Open::Live)
    }

    /// Those who opened it with the lock of now, without that peer.
    pub fn current(&self, address: &Address, without: Peer) -> Vec<Peer> {
        self.filtered(address, |peer, open| {
            peer != without && !matches!(open, Open::Behind { until: Some(_), .. })
        })
    }

    fn filtered(&self, address: &Address, keep: impl Fn(Peer, Open) -> bool) -> Vec<Peer> {
        let Some(peers) = self.mailboxes.get(address) else {
            return Vec::new();
        };
        peers
            .iter()
            .copied()
            .filter(|peer| {
                self.get(*peer, address)
                    .is_some_and(|open| keep(*peer, open))
            })
            .collect()
    }

    /// The lock changed at that entry: who is live reads no more, who is behind reads up to it.
    pub fn end(&mut self, address: &Address, at: Seq) {
        for peer in self.all(address) {
            match self.get(peer, address) {
                Some(Open::Live) => self.close(peer, address),
                Some(Open::Behind { after, until: None }) => {
                    self.open(
                        peer,
                        *address,
                        Open::Behind {
                            after,
                            until: Some(at),
                        },
                    );
                }
                _ => {}
            }
        }
    }

    /// The mailbox that peer is to catch up with next, and from where.
    pub fn next_behind(&self, peer: Peer) -> Option<(Address, Seq, Option<Seq>)> {
        let reader = self.peers.get(&peer)?;
        let address = reader.behind.front()?;
        match reader.opens.get(address)? {
            Open::Behind { after, until } => Some((*address, *after, *until)),
            Open::Live => None,
        }
    }

    /// Moves a reader that is behind.
    pub fn advance(&mut self, peer: Peer, address: &Address, to: Seq) {
        if let Some(reader) = self.peers.get_mut(&peer)
            && let Some(Open::Behind { after, .. }) = reader.opens.get_mut(address)
        {
            *after = to;
        }
    }

    /// Ends catching up with the mailbox of [`Readers::next_behind`]: live, or closed if it had an end.
    pub fn caught_up(&mut self, peer: Peer, address: &Address) {
        let Some(reader) = self.peers.get_mut(&peer) else {
            return;
        };
        match reader.opens.get_mut(address) {
            Some(open @ Open::Behind { until: None, .. }) => {
                *open = Open::Live;
                reader.behind.pop_front();
                if reader.behind.is_empty() {
                    reader.behind = VecDeque::new();
                }
            }
            _ => self.close(peer, address),
        }
    }
}
