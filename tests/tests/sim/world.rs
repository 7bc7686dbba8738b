//! A world: one relay, some devices, one clock, one seed.

use crate::device::Device;
use crate::written::Written;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use snug_relay::Store;
use snug_relay::core::{Core, Job, Out};
use snug_wire::frame::RelayFrame;
use snug_wire::{ConversationId, RelayAddress, RelayKey};
use std::path::{Path, PathBuf};

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

/// The accounts, a device each; some get a second one (`World::add_device`).
pub const NAMES: [&str; 2] = ["Ada", "Bo"];

/// The accounts of a crowd, a device each.
pub const CROWD: [&str; 30] = [
    "Ada", "Bo", "Cyan", "Dee", "Ada 2", "Bo 2", "Cyan 2", "Dee 2", "Ada 3", "Bo 3", "Cyan 3",
    "Dee 3", "Ada 4", "Bo 4", "Cyan 4", "Dee 4", "Ada 5", "Bo 5", "Cyan 5", "Dee 5", "Ada 6",
    "Bo 6", "Cyan 6", "Dee 6", "Ada 7", "Bo 7", "Cyan 7", "Dee 7", "Ada 8", "Bo 8",
];

/// When every world begins.
const BEGINNING: u64 = 1_800_000_000_000;

pub struct World {
    pub seed: u64,
    pub rng: ChaCha20Rng,
    pub now: u64,
    chaos: Chaos,
    calm: bool,
    relay: Option<Core>,
    next_peer: u64,
    pub devices: Vec<Device>,
    /// What people did and were told is kept.
    pub written: Written,
    /// Whether each invited the other: then there may be two logs, and between them no order.
    pub mutual: bool,
    /// Whether devices may go on asking for help that nobody can give.
    pub patient: bool,
    /// The device that has no connection for now.
    pub away: Option<usize>,
    /// Whether the relay lost what it had acknowledged, or did not keep it for as long as a device was away.
    pub lossy: bool,
    dir: tempfile::TempDir,
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
        Self::with(seed, chaos, &NAMES)
    }

    /// One of so many accounts, at most [`CROWD`].
    pub fn crowd(seed: u64, chaos: Chaos, accounts: usize) -> Self {
        Self::with(seed, chaos, &CROWD[..accounts])
    }

    fn with(seed: u64, chaos: Chaos, names: &[&'static str]) -> Self {
        let relay = Core::open(Store::in_memory().unwrap(), [9; 32]).unwrap();
        let address = RelayAddress {
            url: "ws://127.0.0.1:1".into(),
            key: relay.key(),
        };
        let count = names.len() as u64;
        let seeds = move |n: usize| seed * count + n as u64 + 1;
        Self::of(seed, chaos, (scratch(), names), relay, |who, path| {
            Device::new(who, path, seeds(who.0), &address, BEGINNING)
        })
    }

    /// As an earlier world ended that was [`World::saved`] there.
    pub fn resumed(from: &Path, seed: u64, now: u64, accounts: usize) -> Self {
        let dir = scratch();
        for file in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
            std::fs::copy(file.path(), dir.path().join(file.file_name())).unwrap();
        }
        let store = Store::open(&dir.path().join("relay.db")).unwrap();
        let relay = Core::open(store, [9; 32]).unwrap();
        let key = relay.key();
        let of = (dir, &CROWD[..accounts]);
        let mut world = Self::of(seed, Chaos::NONE, of, relay, |who, path| {
            Device::resume(who, path, 1000 + seed * 100 + who.0 as u64, key)
        });
        world.now = now;
        world
    }

    fn of(
        seed: u64,
        chaos: Chaos,
        (dir, names): (tempfile::TempDir, &[&'static str]),
        relay: Core,
        device: impl Fn((usize, &'static str), PathBuf) -> Device,
    ) -> Self {
        let devices = names.iter().enumerate().map(|(n, name)| {
            let path = dir.path().join(format!("{name}.db"));
            device((n, name), path)
        });
        Self {
            seed,
            rng: ChaCha20Rng::seed_from_u64(seed),
            now: BEGINNING,
            chaos,
            calm: false,
            relay: Some(relay),
            next_peer: 1,
            devices: devices.collect(),
            written: Written::new(2 * names.len()),
            mutual: false,
            lossy: false,
            patient: false,
            away: None,
            dir,
        }
    }

    /// A world whose relay is in a file, to be continued by [`World::resumed`].
    pub fn on_disk(seed: u64) -> Self {
        Self::on_disk_with(seed, Chaos::NONE)
    }

    pub fn on_disk_with(seed: u64, chaos: Chaos) -> Self {
        Self::new(seed, chaos).moved_to_disk()
    }

    /// The same with its relay in a file.
    pub fn moved_to_disk(self) -> Self {
        let mut world = self;
        let store = Store::open(&world.dir.path().join("relay.db")).unwrap();
        let relay = Core::open(store, [9; 32]).unwrap();
        assert_eq!(relay.key(), world.relay().key(), "the same relay");
        world.relay = Some(relay);
        world
    }

    /// Ends all of it in good order; what it was is in the directory, with the time and what was written.
    pub fn saved(self) -> (tempfile::TempDir, u64, Written) {
        for device in self.devices {
            device.engine.close().unwrap();
        }
        drop(self.relay);
        (self.dir, self.now, self.written)
    }

    /// Whether more than one log or device may say something about the same at once.
    pub fn is_crossing(&self) -> bool {
        self.mutual || self.devices.len() > NAMES.len()
    }

    /// A second device of an account, which may take part as soon as it is in the chat.
    pub fn add_device(&mut self, account: usize) {
        self.step_until_in_chat(account);
        let relay = self.relay_address();
        let n = self.devices.len();
        let path = self.path(&format!("{} {n}.db", NAMES[account]));
        let seed = 1_000_000 + self.seed * 10 + n as u64;
        let mut device = Device::resume((account, NAMES[account]), path, seed, relay.key);
        let now = self.now;
        let of = self.devices[account].engine.view().account();
        let of = of.unwrap().expect("the account is there").id;
        let new = device.engine.new_device(of, &relay, 2, now).unwrap();
        let mut admission = None;
        while admission.is_none() {
            admission = self.devices[account].attempt(|e| e.admit_device(&new, now));
        }
        let admission = admission.expect("it was admitted");
        device.engine.become_device(&admission, now).unwrap();
        self.devices.push(device);
        self.step_until_in_chat(n);
    }

    pub fn step_until_in_chat(&mut self, device: usize) {
        for _ in 0..20_000 {
            if self.chat(device).is_some() {
                return;
            }
            self.step();
        }
        panic!("never in the chat: {:#?}", self.described());
    }

    fn relay_address(&self) -> RelayAddress {
        RelayAddress {
            url: "ws://127.0.0.1:1".into(),
            key: self.relay_key(),
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
            0 => {
                let most = self.rng.random_range(1..6);
                self.carry_to_relay(device, most);
            }
            1 | 2 => {
                let most = self.rng.random_range(1..8);
                self.carry_to_device(device, most);
            }
            _ => self.tend(device),
        }
    }

    /// Connects a device that is not, sends what may leave, and does what time brings.
    pub fn tend(&mut self, device: usize) {
        if self.devices[device].link.is_none() && self.away != Some(device) {
            let peer = self.next_peer;
            self.next_peer += 1;
            self.devices[device].connect(peer);
        }
        let now = self.now;
        self.devices[device].pump(now);
        self.devices[device].tick(now);
        if self.rng.random_range(0..12) == 0 {
            self.devices[device].attempt(|e| e.index(now));
        }
    }

    pub fn disconnect(&mut self, device: usize) {
        if let Some(link) = &self.devices[device].link {
            let peer = link.peer;
            self.relay().disconnected(peer);
        }
        self.devices[device].cut();
    }

    pub fn crash_relay(&mut self) {
        self.with_relay_stopped(|store| store);
    }

    /// The relay stops, something happens to its store, and it starts again.
    pub fn with_relay_stopped(&mut self, change: impl FnOnce(Store) -> Store) {
        for device in &mut self.devices {
            device.cut();
        }
        let store = change(self.relay.take().unwrap().into_store());
        self.relay = Some(Core::open(store, [9; 32]).unwrap());
    }

    /// What the relay does by itself as time goes: it keeps nothing for ever.
    pub fn expire(&mut self) {
        let now = self.now;
        // A mailbox in turn each time.
        for _ in 0..8 {
            let out = self.relay().expire(now).unwrap();
            self.hand_out(out);
        }
    }

    /// The relay gets up to `most` requests.
    pub fn carry_to_relay(&mut self, device: usize, most: usize) {
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

    /// A device gets up to `most` frames, and answers.
    pub fn carry_to_device(&mut self, device: usize, most: usize) {
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

    /// Whether there is something for a device to take.
    pub fn has_for(&self, device: usize) -> bool {
        let link = self.devices[device].link.as_ref();
        link.is_some_and(|link| {
            !link.to_device.is_empty() || self.relay.as_ref().unwrap().is_behind(link.peer)
        })
    }

    /// Where a file of this world is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn relay_key(&self) -> RelayKey {
        self.relay.as_ref().unwrap().key()
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

    /// From here on everything may go wrong again.
    pub fn stir(&mut self) {
        self.calm = false;
    }

    /// From here on this may go wrong; what could before.
    pub fn stir_with(&mut self, chaos: Chaos) -> Chaos {
        self.calm = false;
        std::mem::replace(&mut self.chaos, chaos)
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
                self.carry_to_relay(device, 64);
                self.carry_to_device(device, 64);
            }
            let waits = (0..self.devices.len()).any(|device| self.has_for(device));
            if !waits && self.devices.iter().all(Device::is_quiet) {
                for device in 0..self.devices.len() {
                    let now = self.now;
                    self.devices[device].tick(now);
                }
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
        if self.patient {
            return;
        }
        panic!("the world does not come to rest: {:#?}", self.described());
    }

    fn described(&self) -> Vec<String> {
        let devices = self.devices.iter();
        devices.map(|device| device.describe(self.now)).collect()
    }
}
