//! A world: one relay, two people, one clock, one seed.

use crate::device::Device;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use snug_engine::{Extras, MessageState};
use snug_relay::Store;
use snug_relay::core::{Core, Job, Out};
use snug_wire::frame::RelayFrame;
use snug_wire::{ConversationId, MessageId, RelayAddress, RelayKey};

/// What goes wrong, in chances out of a thousand at every step.
#[derive(Clone, Copy)]
pub struct Chaos {
    pub cut: u32,
    pub lose_delivery: u32,
    pub double_delivery: u32,
    pub crash: u32,
    pub relay_crash: u32,
}

impl Chaos {
    pub const NONE: Self = Self {
        cut: 0,
        lose_delivery: 0,
        double_delivery: 0,
        crash: 0,
        relay_crash: 0,
    };
    pub const NETWORK: Self = Self {
        cut: 40,
        lose_delivery: 20,
        double_delivery: 20,
        crash: 0,
        relay_crash: 0,
    };
    pub const ALL: Self = Self {
        cut: 25,
        lose_delivery: 10,
        double_delivery: 10,
        crash: 60,
        relay_crash: 15,
    };
}

/// A message somebody wrote and was told is kept.
pub struct Written {
    pub by: usize,
    pub id: MessageId,
    pub text: String,
}

pub struct World {
    pub seed: u64,
    pub rng: ChaCha20Rng,
    pub now: u64,
    chaos: Chaos,
    calm: bool,
    relay: Option<Core>,
    next_peer: u64,
    pub devices: Vec<Device>,
    pub written: Vec<Written>,
    _dir: tempfile::TempDir,
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

impl World {
    pub fn new(seed: u64, chaos: Chaos) -> Self {
        let dir = scratch();
        let now = 1_800_000_000_000;
        let core = Core::open(Store::in_memory().unwrap(), [9; 32]).unwrap();
        let relay = RelayAddress {
            url: "ws://127.0.0.1:1".into(),
            key: RelayKey(core.key().0),
        };
        let devices = ["Ada", "Bo"]
            .iter()
            .enumerate()
            .map(|(i, name)| {
                let path = dir.path().join(format!("{name}.db"));
                Device::new(name, path, seed * 2 + i as u64 + 1, &relay, now)
            })
            .collect();
        Self {
            seed,
            rng: ChaCha20Rng::seed_from_u64(seed),
            now,
            chaos,
            calm: false,
            relay: Some(core),
            next_peer: 1,
            devices,
            written: Vec::new(),
            _dir: dir,
        }
    }

    fn chance(&mut self, of_a_thousand: u32) -> bool {
        !self.calm && self.rng.random_range(0..1000) < of_a_thousand
    }

    fn relay(&mut self) -> &mut Core {
        self.relay.as_mut().unwrap()
    }

    /// One thing happens somewhere.
    pub fn step(&mut self) {
        let device = self.rng.random_range(0..self.devices.len());
        self.now += self.rng.random_range(1..50);
        if self.chance(self.chaos.relay_crash) {
            self.crash_relay();
        }
        if self.chance(self.chaos.cut) {
            self.disconnect(device);
        }
        if self.chance(self.chaos.crash) {
            if self.rng.random_bool(0.3) {
                self.disconnect(device);
                self.devices[device].crash();
            } else {
                let steps = self.rng.random_range(1..30);
                self.devices[device].fuse.light(steps);
            }
        }
        match self.rng.random_range(0..4) {
            0 => self.carry_to_relay(device),
            1 | 2 => {
                let most = self.rng.random_range(1..8);
                self.carry_to_device(device, most);
            }
            _ => self.tend(device),
        }
    }

    /// Connects a device that is not, and sends what may leave.
    fn tend(&mut self, device: usize) {
        if self.devices[device].link.is_none() {
            let peer = self.next_peer;
            self.next_peer += 1;
            self.devices[device].connect(peer);
        }
        let now = self.now;
        self.devices[device].pump(now);
    }

    fn disconnect(&mut self, device: usize) {
        if let Some(link) = &self.devices[device].link {
            let peer = link.peer;
            self.relay().disconnected(peer);
        }
        self.devices[device].cut();
    }

    fn crash_relay(&mut self) {
        for device in &mut self.devices {
            device.cut();
        }
        let store = self.relay.take().unwrap().into_store();
        self.relay = Some(Core::open(store, [9; 32]).unwrap());
    }

    fn carry_to_relay(&mut self, device: usize) {
        let most = self.rng.random_range(1..6);
        let now = self.now;
        let Some(link) = &mut self.devices[device].link else {
            return;
        };
        let peer = link.peer;
        let jobs: Vec<Job> = (0..most)
            .filter_map(|_| link.to_relay.pop_front())
            .map(|(number, request)| Job {
                peer,
                number,
                request,
            })
            .collect();
        let mut jobs = jobs.into_iter().peekable();
        while jobs.peek().is_some() {
            let mut random = ChaCha20Rng::seed_from_u64(self.rng.next_u64());
            let out = self
                .relay
                .as_mut()
                .unwrap()
                .apply(&mut jobs, now, &mut || random.next_u64());
            self.hand_out(out);
        }
    }

    fn hand_out(&mut self, out: Vec<Out>) {
        for Out { to, frame } in out {
            let delivery = matches!(frame, RelayFrame::Delivery(_));
            for peer in to {
                if delivery && self.chance(self.chaos.lose_delivery) {
                    continue;
                }
                let times = 1 + u32::from(delivery && self.chance(self.chaos.double_delivery));
                for device in &mut self.devices {
                    if let Some(link) = device.link.as_mut().filter(|link| link.peer == peer) {
                        for _ in 0..times {
                            link.to_device.push_back(frame.clone());
                        }
                    }
                }
            }
        }
    }

    fn carry_to_device(&mut self, device: usize, most: usize) {
        let now = self.now;
        if let Some(link) = &mut self.devices[device].link {
            let peer = link.peer;
            let frames = self.relay.as_mut().unwrap().pull(peer, 4096).unwrap();
            link.to_device.extend(frames);
        }
        self.devices[device].receive(most, now);
        if self.devices[device].link.is_none() {
            // It crashed: the relay will notice too.
            return;
        }
        self.devices[device].pump(now);
    }

    /// The chat of a device, once it has one.
    pub fn chat(&self, device: usize) -> Option<ConversationId> {
        self.devices[device]
            .engine
            .view()
            .chats()
            .unwrap()
            .first()
            .map(|chat| chat.id)
    }

    /// People write and read while everything goes wrong.
    pub fn live(&mut self, steps: u32) {
        for n in 0..steps {
            let device = self.rng.random_range(0..self.devices.len());
            if self.rng.random_bool(0.25) {
                self.write(device, &format!("message {n} of world {}", self.seed));
            } else if self.rng.random_bool(0.1) {
                self.read(device);
            }
            for _ in 0..3 {
                self.step();
            }
        }
    }

    pub fn write(&mut self, device: usize, text: &str) {
        let Some(chat) = self.chat(device) else {
            return;
        };
        let now = self.now;
        let sent =
            self.devices[device].attempt(|e| e.send_text(chat, text, Extras::default(), now));
        if let Some(id) = sent {
            self.written.push(Written {
                by: device,
                id,
                text: text.into(),
            });
        }
    }

    pub fn read(&mut self, device: usize) {
        let Some(chat) = self.chat(device) else {
            return;
        };
        let page = self.devices[device]
            .engine
            .view()
            .messages(&chat, None, 20)
            .unwrap();
        let last = page.iter().rfind(|m| m.state == MessageState::Unread);
        if let Some(last) = last.map(|m| m.id) {
            let now = self.now;
            self.devices[device].attempt(|e| e.mark_read(chat, last, now));
        }
    }

    /// Nothing goes wrong any more, until nothing moves.
    pub fn settle(&mut self) {
        self.calm = true;
        for device in 0..self.devices.len() {
            self.devices[device].fuse.douse();
            self.disconnect(device);
        }
        for _ in 0..4000 {
            for device in 0..self.devices.len() {
                self.now += 10;
                self.tend(device);
                self.carry_to_relay(device);
                self.carry_to_device(device, 64);
            }
            if self.devices.iter().all(|device| device.is_quiet(self.now)) {
                return;
            }
            if self
                .devices
                .iter()
                .all(|d| d.link.as_ref().is_some_and(crate::network::Link::is_quiet))
            {
                // Only what was delayed on purpose is left.
                self.now += 1000;
            }
        }
        let state: Vec<String> = self
            .devices
            .iter()
            .map(|device| device.describe(self.now))
            .collect();
        panic!("the world does not come to rest: {state:#?}");
    }
}
