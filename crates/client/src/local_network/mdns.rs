//! Where a relay is, said and asked by multicast DNS (RFC 6762, RFC 6763).
//!
//! What is said: that there is a relay of Snug, the hash of its key that codes hold, its address and
//! port. Nothing of persons, and not the computer's name. Whoever answers is believed nothing: what is
//! found has to prove the key.

use super::address::is_around_here;
use data_encoding::HEXLOWER;
use mdns_sd::{IfKind, IfPredicate, Receiver, ScopedIp, ServiceDaemon, ServiceEvent, ServiceInfo};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// What a relay of Snug is called there.
const KIND: &str = "_snug._tcp.local.";
/// For an answer: two questions, a second apart, and a computer that is slow.
const PATIENCE: Duration = Duration::from_secs(3);
/// For a last word.
const FAREWELL: Duration = Duration::from_millis(300);
/// How many addresses are tried: whoever lies can make up any number.
const MOST: usize = 8;

/// How a relay is named there: by the hash of its key that a code holds.
fn instance(key_hash: &[u8; 16]) -> String {
    HEXLOWER.encode(key_hash)
}

/// Says where a relay is until it is dropped.
pub(crate) struct Announcement(ServiceDaemon);

impl Announcement {
    /// Begins to say it, in the network of that address alone.
    pub fn begin(key_hash: &[u8; 16], address: IpAddr, port: u16) -> mdns_sd::Result<Self> {
        let name = instance(key_hash);
        let host = format!("snug-{name}.local.");
        let mut said = ServiceInfo::new(KIND, &name, &host, address, port, None)?;
        // Nobody else has this name by right, and who has it by wrong is not to have us renamed.
        said.set_requires_probe(false);
        let begun = Self(ServiceDaemon::new()?);
        begun.0.disable_interface(IfKind::All)?;
        begun.0.enable_interface(IfKind::Addr(address))?;
        begun.0.register(said)?;
        Ok(begun)
    }

    /// Takes it back.
    pub async fn end(self) {
        if let Ok(ended) = self.0.shutdown() {
            // Without the last word it is forgotten in two minutes.
            let _ = timeout(FAREWELL, ended.recv_async()).await;
        }
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // Ended already, perhaps.
        let _ = self.0.shutdown();
    }
}

/// Asks where a relay is, for a few seconds.
pub(crate) struct Search {
    daemon: ServiceDaemon,
    events: Receiver<ServiceEvent>,
    name: String,
    until: Instant,
    found: VecDeque<SocketAddr>,
    left: usize,
}

impl Search {
    /// Begins to ask, in all networks around here.
    pub fn begin(key_hash: &[u8; 16]) -> mdns_sd::Result<Self> {
        let daemon = ServiceDaemon::new()?;
        let around = IfPredicate::new(|one| is_around_here(&one.name, &one.ip()));
        daemon.disable_interface(IfKind::All)?;
        daemon.enable_interface(IfKind::Predicate(around))?;
        Ok(Self {
            events: daemon.browse(KIND)?,
            daemon,
            name: format!("{}.{KIND}", instance(key_hash)),
            until: Instant::now() + PATIENCE,
            found: VecDeque::new(),
            left: MOST,
        })
    }

    /// The next address somebody says it is at; `None` when it is time to give up.
    pub async fn next(&mut self) -> Option<SocketAddr> {
        loop {
            if let Some(next) = self.found.pop_front() {
                self.left = self.left.checked_sub(1)?;
                return Some(next);
            }
            let event = timeout_at(self.until, self.events.recv_async()).await;
            if let ServiceEvent::ServiceResolved(said) = event.ok()?.ok()?
                && said.fullname.eq_ignore_ascii_case(&self.name)
            {
                let all = said.addresses.iter().filter_map(usable);
                let mut all: Vec<_> = all.map(|ip| SocketAddr::new(ip, said.port)).collect();
                all.sort_unstable();
                self.found.extend(all);
            }
        }
    }
}

impl Drop for Search {
    fn drop(&mut self) {
        // Its thread ends by itself.
        let _ = self.daemon.shutdown();
    }
}

/// An address that can be dialled and is of a local network: nobody is to send us elsewhere.
fn usable(said: &ScopedIp) -> Option<IpAddr> {
    Some(said.to_ip_addr()).filter(|address| is_around_here("", address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_hash_of_the_key_and_nothing_else() {
        let name = instance(&[0xab; 16]);
        assert_eq!(name, "ab".repeat(16));
        // The longest label there is (RFC 1035, 2.3.4), and the longest kind (RFC 6335, 5.1).
        assert!(format!("snug-{name}").len() <= 63);
        assert!(KIND.split('.').next().unwrap().len() <= 16);
    }

    #[test]
    fn nobody_is_sent_to_the_internet_or_to_this_computer_itself() {
        for wrong in ["9.9.9.9", "127.0.0.1", "::1", "fe80::1"] {
            let said = ScopedIp::from(wrong.parse::<IpAddr>().unwrap());
            assert_eq!(usable(&said), None, "{wrong}");
        }
        for right in ["192.168.1.5", "fd00::5"] {
            let said = ScopedIp::from(right.parse::<IpAddr>().unwrap());
            assert_eq!(usable(&said), right.parse().ok());
        }
    }
}
