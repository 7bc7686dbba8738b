//! The connections, one to each relay the engine's mailboxes live on.

use super::lane::{Lane, Pending};
use super::signals;
use crate::connection::{Connection, Event, Ground, Ledger, Origin, Statistics};
use snug_engine::{Engine, Result};
use snug_wire::frame::{Answer, Delivery, RelayFrame, Request};
use snug_wire::{RelayAddress, RelayKey};
use std::collections::BTreeMap;
use tokio::sync::watch;

/// All connections.
pub(super) struct Relays {
    ground: Ground,
    begun: u64,
    /// The relay inside the application, where it really is.
    embedded: Option<RelayAddress>,
    all: BTreeMap<RelayKey, Relay>,
}

struct Relay {
    instance: u64,
    url: String,
    connection: Connection,
    /// While it is up.
    lane: Option<Lane>,
    /// An attempt has failed since it was last up.
    failed: bool,
}

impl Relays {
    pub fn new(ground: Ground, embedded: Option<RelayAddress>) -> Self {
        Self {
            ground,
            begun: 0,
            embedded,
            all: BTreeMap::new(),
        }
    }

    /// Connects to every relay the engine names, and to no other.
    pub fn follow(&mut self, engine: &mut Engine) -> Result<()> {
        let mut named = engine.relays()?;
        for relay in &mut named {
            // Whatever others are told: from here it is on this computer.
            if let Some(here) = self.embedded.as_ref().filter(|here| here.key == relay.key) {
                relay.url.clone_from(&here.url);
            }
        }
        let gone = |key: &RelayKey, relay: &Relay| {
            !named
                .iter()
                .any(|named| named.key == *key && named.url == relay.url)
        };
        let over: Vec<RelayKey> = self
            .all
            .iter()
            .filter(|(key, relay)| gone(key, relay))
            .map(|(key, _)| *key)
            .collect();
        for key in over {
            self.all.remove(&key);
            engine.disconnected(&key)?;
        }
        for relay in named {
            if !self.all.contains_key(&relay.key) {
                self.begin(engine, relay)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, engine: &mut Engine, relay: RelayAddress) -> Result<()> {
        let secret = engine.connection_key(&relay.key)?;
        self.begun += 1;
        let begun = Relay {
            instance: self.begun,
            url: relay.url.clone(),
            connection: Connection::start(&self.ground, self.begun, relay.clone(), secret),
            lane: None,
            failed: false,
        };
        self.all.insert(relay.key, begun);
        Ok(())
    }

    /// Ends every connection.
    pub fn drop_all(&mut self, engine: &mut Engine) -> Result<()> {
        let all = std::mem::take(&mut self.all);
        all.keys().try_for_each(|key| engine.disconnected(key))
    }

    /// Ends every pause.
    pub fn retry(&self) {
        for relay in self.all.values() {
            relay.connection.retry();
        }
    }

    /// Opens new mailboxes and sends what the engine has to send.
    pub fn pump(&mut self, engine: &mut Engine, now: u64) -> Result<()> {
        for (key, relay) in &mut self.all {
            let Some(lane) = &mut relay.lane else {
                continue;
            };
            lane.open(engine.take_subscriptions(key)?);
            lane.open_waiting();
            while lane.has_room() {
                let Some(outgoing) = engine.next_outgoing(key, now)? else {
                    break;
                };
                lane.ask(Pending::Outgoing(outgoing.id), outgoing.request);
            }
        }
        Ok(())
    }

    /// Whether a signal to that relay would not be in the way.
    pub fn has_room_for_signal(&self, relay: &RelayKey) -> bool {
        let lane = self.all.get(relay).and_then(|relay| relay.lane.as_ref());
        lane.is_some_and(Lane::has_room_for_signal)
    }

    /// Sends a signal, if there is a connection.
    pub fn signal(&mut self, relay: &RelayKey, request: Request) {
        if let Some(lane) = self.all.get_mut(relay).and_then(|r| r.lane.as_mut()) {
            lane.signal(request);
        }
    }

    /// Something happened on a connection.
    pub fn event(
        &mut self,
        engine: &mut Engine,
        origin: Origin,
        event: Event,
        now: u64,
    ) -> Result<()> {
        let key = origin.relay;
        let Some(relay) = self
            .all
            .get_mut(&key)
            .filter(|r| r.instance == origin.instance)
        else {
            return Ok(());
        };
        match event {
            Event::Connecting | Event::Measured => {}
            Event::Found(url) => {
                relay.url.clone_from(&url);
                engine.relay_moved(&RelayAddress { url, key }, now)?;
            }
            Event::Up(requests) => {
                relay.failed = false;
                relay.lane = Some(Lane::new(requests, engine.subscriptions(&key)?));
            }
            Event::Down => {
                relay.failed = true;
                relay.lane = None;
                engine.disconnected(&key)?;
            }
            Event::Frames(frames) => {
                if let Some(lane) = &mut relay.lane {
                    take_in(engine, &key, lane, &self.ground.ledger, frames, now)?;
                }
            }
        }
        Ok(())
    }

    /// What is counted.
    pub fn ledger(&self) -> &Ledger {
        &self.ground.ledger
    }

    /// How the connection to that relay goes. Held for a moment only.
    pub fn statistics(&self, key: &RelayKey) -> Option<watch::Ref<'_, Statistics>> {
        self.all.get(key).map(|relay| relay.connection.statistics())
    }

    /// Every relay is read to its end and has answered everything, or cannot be reached.
    pub fn is_quiet(&self) -> bool {
        self.all.values().all(|relay| match &relay.lane {
            Some(lane) => lane.is_quiet(),
            None => relay.failed,
        })
    }

    /// Whether an attempt at that relay has failed since it was last up.
    pub fn has_failed(&self, key: &RelayKey) -> bool {
        self.all.get(key).is_some_and(|relay| relay.failed)
    }
}

/// Frames in their order; deliveries that follow each other are one transaction.
fn take_in(
    engine: &mut Engine,
    relay: &RelayKey,
    lane: &mut Lane,
    ledger: &Ledger,
    frames: Vec<RelayFrame>,
    now: u64,
) -> Result<()> {
    let mut batch = Vec::new();
    let among = frames.len();
    for frame in frames {
        if let RelayFrame::Delivery(delivery) = frame {
            lane.delivered(&delivery.address, delivery.seq);
            batch.push(delivery);
            continue;
        }
        receive(engine, relay, ledger, &mut batch, now)?;
        match frame {
            RelayFrame::Answer(number, answer) => match lane.answered(number, &answer) {
                Some(Pending::Outgoing(id)) => {
                    let is_message = engine.view().is_message(id)?;
                    engine.settle(id, &answer, now)?;
                    if is_message && matches!(answer, Answer::Stored(_)) {
                        ledger.messages().sent += 1;
                    }
                }
                Some(Pending::Open(address)) => engine.opened(relay, address, &answer, now)?,
                None => {}
            },
            RelayFrame::CaughtUp(address) => {
                lane.caught_up(&address);
                engine.caught_up(address);
                engine.announce(&address, now)?;
            }
            RelayFrame::Ended(address, at) => {
                lane.ended(&address);
                engine.ended(relay, address, at, now)?;
            }
            RelayFrame::Signal(address, bytes) => {
                signals::receive(engine, relay, (&address, &bytes), among, now)?;
            }
            // The rest belongs to a connection's beginning and end.
            _ => {}
        }
    }
    receive(engine, relay, ledger, &mut batch, now)
}

fn receive(
    engine: &mut Engine,
    relay: &RelayKey,
    ledger: &Ledger,
    batch: &mut Vec<Delivery>,
    now: u64,
) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let received = engine.receive(relay, batch, now)?;
    if !received.ignored.is_empty() {
        tracing::info!(count = received.ignored.len(), "entries ignored");
        ledger.messages().ignored += received.ignored.len() as u64;
    }
    batch.clear();
    Ok(())
}
