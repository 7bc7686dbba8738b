//! How many may come, how often, and how fast they may ask.
//!
//! Programs on this computer are not counted by address: they share it with everybody a proxy sends
//! that nobody has named as trusted.

use super::forwarded::{Origin, counted};
use crate::settings::Limits;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How many more are let in from one address only to be told that it is too many.
const TOLD: u32 = 50;

/// A token bucket that is full at first.
#[derive(Debug)]
struct Bucket(DefaultDirectRateLimiter);

impl Bucket {
    fn new(per_second: u32, burst: u32) -> Self {
        let one = NonZeroU32::MIN;
        let quota = Quota::per_second(NonZeroU32::new(per_second).unwrap_or(one));
        let quota = quota.allow_burst(NonZeroU32::new(burst).unwrap_or(one));
        Self(RateLimiter::direct(quota))
    }

    /// Takes one, or says how long until there is one.
    fn take(&self) -> Result<(), Duration> {
        let clock = DefaultClock::default();
        self.0
            .check()
            .map_err(|not_until| not_until.wait_time_from(clock.now()))
    }
}

/// One network address.
#[derive(Debug)]
struct Place {
    there: AtomicU32,
    /// Sweeps that found nobody there.
    empty: AtomicU32,
    connects: Bucket,
    requests: Bucket,
}

/// Everybody's way in.
#[derive(Debug)]
pub struct Gate {
    limits: Limits,
    there: AtomicU32,
    places: Mutex<HashMap<IpAddr, Arc<Place>>>,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The relay has all connections it takes.
    Crowded,
    /// The address has too many, or comes too often: try again after that time.
    Address(Duration),
}

/// A connection's place; given back when dropped.
#[derive(Debug)]
pub struct Pass {
    gate: Arc<Gate>,
    counts: bool,
    place: Option<Arc<Place>>,
    own: Option<Box<Bucket>>,
}

/// A stream that has not said what it wants; counted by the peer's own address, until its connection
/// is.
#[derive(Debug)]
pub struct Knock {
    place: Option<Arc<Place>>,
    /// Its place was handed over to the connection.
    handed: Arc<AtomicBool>,
}

impl Gate {
    /// With everybody outside.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            there: AtomicU32::new(0),
            places: Mutex::default(),
        }
    }

    fn place(&self, address: IpAddr) -> Arc<Place> {
        let limits = &self.limits;
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(counted(address)).or_insert_with(|| {
            Arc::new(Place {
                there: AtomicU32::new(0),
                empty: AtomicU32::new(0),
                connects: Bucket::new(
                    limits.connects_per_second_per_address,
                    limits.connect_burst_per_address,
                ),
                requests: Bucket::new(
                    limits.requests_per_second_per_address,
                    limits.request_burst_per_address,
                ),
            })
        });
        place.empty.store(0, Relaxed);
        Arc::clone(place)
    }

    /// Takes a stream from that peer, or does not; proxies and this computer may bring any number.
    pub fn knock(&self, peer: IpAddr, is_proxy: bool) -> Option<Knock> {
        if is_proxy || peer.to_canonical().is_loopback() {
            return Some(Knock {
                place: None,
                handed: Arc::default(),
            });
        }
        let place = self.place(peer.to_canonical());
        let most = self.limits.max_connections_per_address;
        if place.there.fetch_add(1, Relaxed) >= most.saturating_add(TOLD) {
            place.there.fetch_sub(1, Relaxed);
            return None;
        }
        Some(Knock {
            place: Some(place),
            handed: Arc::default(),
        })
    }

    /// Lets a connection in. `handed` is of its stream, if that was counted under this address already.
    pub fn enter(
        self: &Arc<Self>,
        origin: &Origin,
        handed: Option<&AtomicBool>,
    ) -> Result<Pass, Closed> {
        // Given back by the drop of what is made here, whatever comes after.
        let mut pass = Pass {
            gate: Arc::clone(self),
            counts: false,
            place: None,
            own: None,
        };
        if !origin.local {
            let limits = &self.limits;
            let bucket = Bucket::new(limits.requests_per_second, limits.request_burst);
            pass.own = Some(Box::new(bucket));
        }
        // Who is not known by address is not judged by it.
        let unknown = origin.unsure && origin.address.is_loopback();
        if !origin.local && !unknown {
            let place = self.place(origin.address);
            let takes_over = handed.is_some_and(|handed| !handed.swap(true, Relaxed));
            let others = match takes_over {
                true => place.there.load(Relaxed).saturating_sub(1),
                false => place.there.fetch_add(1, Relaxed),
            };
            pass.place = Some(Arc::clone(&place));
            if others >= self.limits.max_connections_per_address {
                return Err(Closed::Address(Duration::from_secs(5)));
            }
            place.connects.take().map_err(Closed::Address)?;
        }
        let there = self.there.fetch_add(1, Relaxed);
        pass.counts = true;
        if there >= self.limits.max_connections {
            return Err(Closed::Crowded);
        }
        Ok(pass)
    }

    /// Forgets addresses from which nobody has come for two calls. To be called now and then, but not
    /// before a bucket has had time to fill.
    pub fn sweep(&self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| {
            place.there.load(Relaxed) > 0 || place.empty.fetch_add(1, Relaxed) < 2
        });
    }
}

impl Pass {
    /// One request; or how long until there may be one.
    pub fn ask(&self) -> Result<(), Duration> {
        let Some(own) = &self.own else {
            return Ok(());
        };
        own.take()?;
        match &self.place {
            Some(place) => place.requests.take(),
            None => Ok(()),
        }
    }
}

impl Knock {
    /// For [`Gate::enter`], if it was counted.
    pub fn handed(&self) -> Option<Arc<AtomicBool>> {
        self.place.as_ref().map(|_| Arc::clone(&self.handed))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.counts {
            self.gate.there.fetch_sub(1, Relaxed);
        }
        if let Some(place) = &self.place {
            place.there.fetch_sub(1, Relaxed);
        }
    }
}

impl Drop for Knock {
    fn drop(&mut self) {
        if let Some(place) = &self.place
            && !self.handed.swap(true, Relaxed)
        {
            place.there.fetch_sub(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> Origin {
        Origin {
            address: address.parse().unwrap(),
            local: false,
            unsure: false,
        }
    }

    fn gate(limits: Limits) -> Arc<Gate> {
        Arc::new(Gate::new(limits))
    }

    #[test]
    fn places_are_given_back() {
        let gate = gate(Limits {
            max_connections: 3,
            max_connections_per_address: 2,
            ..Limits::default()
        });
        let one = gate.enter(&from("192.0.2.1"), None).unwrap();
        let _two = gate.enter(&from("192.0.2.1"), None).unwrap();
        let Err(Closed::Address(_)) = gate.enter(&from("192.0.2.1"), None) else {
            panic!("a third of one address")
        };
        let _three = gate.enter(&from("192.0.2.2"), None).unwrap();
        let refused = gate.enter(&from("192.0.2.3"), None);
        assert_eq!(refused.unwrap_err(), Closed::Crowded);
        drop(one);
        gate.enter(&from("192.0.2.1"), None).unwrap();
    }

    #[test]
    fn a_stream_counts_once() {
        let gate = gate(Limits {
            max_connections_per_address: 1,
            ..Limits::default()
        });
        let peer = from("192.0.2.1");
        let knock = gate.knock(peer.address, false).unwrap();
        let pass = gate.enter(&peer, knock.handed().as_deref()).unwrap();
        gate.enter(&peer, None).unwrap_err();
        drop(knock);
        gate.enter(&peer, None).unwrap_err();
        drop(pass);
        gate.enter(&peer, None).unwrap();
        let many: Vec<_> = std::iter::from_fn(|| gate.knock(peer.address, false)).collect();
        assert_eq!(many.len() as u32, 1 + TOLD);
    }

    #[test]
    fn who_comes_too_often_is_told_when_to_come_again() {
        let gate = gate(Limits {
            connects_per_second_per_address: 1,
            connect_burst_per_address: 3,
            ..Limits::default()
        });
        // Addresses of the same household; one more for each second that this takes.
        let mut addresses = (1..100).map(|n| from(&format!("2001:db8::{n}")));
        let closed = addresses.find_map(|origin| gate.enter(&origin, None).err());
        let Some(Closed::Address(wait)) = closed else {
            panic!("nobody is told: {closed:?}")
        };
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1));
        gate.enter(&from("2001:db8:0:1::1"), None).unwrap();
    }

    #[test]
    fn requests_are_counted_for_the_connection_and_for_its_address() {
        let gate = gate(Limits {
            requests_per_second: 1,
            request_burst: 2,
            requests_per_second_per_address: 1,
            request_burst_per_address: 3,
            ..Limits::default()
        });
        let one = gate.enter(&from("192.0.2.1"), None).unwrap();
        let two = gate.enter(&from("192.0.2.1"), None).unwrap();
        let many = |pass: &Pass| (0..100).take_while(|_| pass.ask().is_ok()).count();
        let (by_one, by_two) = (many(&one), many(&two));
        assert!((2..100).contains(&by_one), "its own bucket: {by_one}");
        assert!((1..100).contains(&by_two), "the address's: {by_two}");
        let here = Origin {
            local: true,
            ..from("127.0.0.1")
        };
        let local = gate.enter(&here, None).unwrap();
        assert!((0..1_000).all(|_| local.ask().is_ok()));
    }

    #[test]
    fn addresses_are_forgotten_when_nobody_has_come_for_long() {
        let gate = gate(Limits::default());
        let pass = gate.enter(&from("192.0.2.1"), None).unwrap();
        drop(gate.enter(&from("192.0.2.2"), None).unwrap());
        let known = || gate.places.lock().unwrap().len();
        for _ in 0..2 {
            gate.sweep();
            assert_eq!(known(), 2);
        }
        gate.sweep();
        assert_eq!(known(), 1);
        drop(pass);
    }
}
