//! The one thread that owns the core: takes what waits, does it in one transaction, and puts
//! answers and deliveries into the connections' queues.

use super::outgoing::{EASY_BYTES, Full, Outgoing};
use crate::core::{Core, Job, Out, Peer};
use axum::body::Bytes;
use snug_wire::encode;
use snug_wire::frame::RelayFrame;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// What may wait for the writer; connections that have more wait in turn, so that a flood of one
/// does not starve the others.
pub const INPUTS: usize = 1_024;
/// What one transaction takes at most.
const BATCH: usize = 512;
/// Bytes of stored entries read for one connection at a time.
const PAGE: usize = EASY_BYTES / 2;

/// What reaches the writer.
pub enum Input {
    /// A connection is authenticated; its frames go there.
    Joined(Peer, Outgoing),
    /// It asks; the permit is given back when it was done.
    Asked(Job, OwnedSemaphorePermit),
    /// It has room for more of what it catches up with.
    Room(Peer),
    /// It has ended.
    Left(Peer),
    /// A piece of what is too old is to be forgotten.
    Expire,
}

struct Writer {
    core: Core,
    connections: BTreeMap<Peer, Outgoing>,
    /// Those who are behind and have room.
    pulling: BTreeSet<Peer>,
}

/// Runs until every sender is gone.
pub fn run(core: Core, mut inputs: mpsc::Receiver<Input>, ready: &AtomicBool) {
    let mut writer = Writer {
        core,
        connections: BTreeMap::new(),
        pulling: BTreeSet::new(),
    };
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        if writer.pulling.is_empty() {
            if inputs.blocking_recv_many(&mut batch, BATCH) == 0 {
                return;
            }
        } else {
            while batch.len() < BATCH
                && let Ok(input) = inputs.try_recv()
            {
                batch.push(input);
            }
        }
        writer.take(batch.drain(..));
        writer.catch_up();
        ready.store(!writer.core.is_failing(), Ordering::Relaxed);
    }
}

impl Writer {
    /// Joining comes before a connection's requests, leaving after them.
    fn take(&mut self, inputs: impl Iterator<Item = Input>) {
        let mut jobs = Vec::new();
        let mut held = Vec::new();
        let mut left = Vec::new();
        let mut expire = false;
        for input in inputs {
            match input {
                Input::Joined(peer, outgoing) => {
                    self.connections.insert(peer, outgoing);
                }
                Input::Asked(job, permit) => {
                    jobs.push(job);
                    held.push(permit);
                }
                Input::Room(peer) => {
                    self.pulling.insert(peer);
                }
                Input::Left(peer) => left.push(peer),
                Input::Expire => expire = true,
            }
        }
        self.apply(jobs);
        drop(held);
        for peer in left {
            self.forget(peer);
        }
        if expire {
            match self.core.expire(now()) {
                Ok(outs) => self.send(outs),
                Err(error) => tracing::error!(%error, "what is too old could not be forgotten"),
            }
        }
    }

    fn apply(&mut self, jobs: Vec<Job>) {
        let peers: BTreeSet<Peer> = jobs.iter().map(|job| job.peer).collect();
        let mut jobs = jobs.into_iter();
        while jobs.len() > 0 {
            let outs = self.core.apply(&mut jobs, now(), &mut rand::random);
            self.send(outs);
        }
        self.pulling
            .extend(peers.into_iter().filter(|peer| self.core.is_behind(*peer)));
    }

    /// Encodes a frame once, whomever it goes to.
    fn send(&mut self, outs: Vec<Out>) {
        for out in outs {
            let bytes = Bytes::from(encode(&out.frame));
            let droppable = matches!(out.frame, RelayFrame::Signal(..));
            for peer in out.to {
                self.send_to(peer, bytes.clone(), droppable);
            }
        }
    }

    fn send_to(&mut self, peer: Peer, bytes: Bytes, droppable: bool) {
        let Some(outgoing) = self.connections.get(&peer) else {
            return;
        };
        if droppable && !outgoing.is_easy() {
            return;
        }
        if let Err(Full) = outgoing.send(bytes)
            && let Some(outgoing) = self.forget(peer)
        {
            tracing::debug!(?peer, "cut: it does not read");
            outgoing.cut();
        }
    }

    fn forget(&mut self, peer: Peer) -> Option<Outgoing> {
        self.core.disconnected(peer);
        self.pulling.remove(&peer);
        self.connections.remove(&peer)
    }

    /// A page for each who is behind and has room; who has none says so later.
    fn catch_up(&mut self) {
        for peer in std::mem::take(&mut self.pulling) {
            let Some(outgoing) = self.connections.get(&peer) else {
                continue;
            };
            if !outgoing.is_easy() {
                outgoing.want_room();
                // It may have sent all between the two.
                if !outgoing.is_easy() {
                    continue;
                }
            }
            match self.core.pull(peer, PAGE) {
                Ok(frames) => {
                    for frame in frames {
                        self.send_to(peer, encode(&frame).into(), false);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "stored entries could not be read");
                    if let Some(outgoing) = self.forget(peer) {
                        outgoing.cut();
                    }
                }
            }
            if self.core.is_behind(peer) {
                self.pulling.insert(peer);
            }
        }
    }
}

/// Milliseconds of Unix time.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}
