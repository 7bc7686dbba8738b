//! What makes waiting pointless: the computer has slept, or it is in another network.
//!
//! Both are looked for, every two seconds, without asking the operating system's own services:
//! - sleep shows as time that passed while nobody looked; the wall clock counts it, the monotonic
//!   clock does not on every system. A clock that is set forward looks the same, and costs one new
//!   connection;
//! - a network shows as the address from which the Internet would be reached. Asking the routing
//!   table for it sends nothing.

use crate::clock;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);
/// Shorter sleeps are left to the heartbeat.
const SLEPT: Duration = Duration::from_secs(10);

/// What changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing yet.
    #[default]
    None,
    /// The computer slept for so long.
    Slept(Duration),
    /// It is in another network, or in one again.
    Moved,
}

/// Looks until nobody listens.
pub(crate) async fn look(changes: watch::Sender<Change>) {
    let mut watch = Watch {
        wall: clock::now(),
        instant: Instant::now(),
        here: towards_the_internet(),
    };
    loop {
        tokio::select! {
            () = sleep(LOOK) => {}
            () = changes.closed() => return,
        }
        if let Some(change) = watch.look(clock::now(), Instant::now(), towards_the_internet()) {
            tracing::info!(?change, "around this computer");
            changes.send_replace(change);
        }
    }
}

/// Own addresses towards the Internet, by IPv4 and IPv6.
type Here = (Option<IpAddr>, Option<IpAddr>);

/// What was seen last.
struct Watch {
    /// Milliseconds of Unix time.
    wall: u64,
    instant: Instant,
    here: Here,
}

impl Watch {
    fn look(&mut self, wall: u64, instant: Instant, here: Here) -> Option<Change> {
        let by_wall = Duration::from_millis(wall.saturating_sub(self.wall));
        let passed = by_wall.max(instant.saturating_duration_since(self.instant));
        let unseen = passed.saturating_sub(LOOK);
        let moved = here != self.here && here != (None, None);
        *self = Self {
            wall,
            instant,
            here,
        };
        match (unseen >= SLEPT, moved) {
            (true, _) => Some(Change::Slept(unseen)),
            (false, true) => Some(Change::Moved),
            (false, false) => None,
        }
    }
}

/// Asked with addresses that documentation is written with (RFC 5737, RFC 3849): routed like any other.
pub(crate) fn towards_the_internet() -> Here {
    (
        towards(
            Ipv4Addr::UNSPECIFIED.into(),
            Ipv4Addr::new(192, 0, 2, 1).into(),
        ),
        towards(
            Ipv6Addr::UNSPECIFIED.into(),
            Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
        ),
    )
}

/// From which address packets to this one would leave. Connecting a UDP socket sends none.
fn towards(any: IpAddr, there: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
    socket.connect(SocketAddr::new(there, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Here = (Some(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 7))), None);
    const TRAIN: Here = (Some(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7))), None);

    fn watch() -> Watch {
        Watch {
            wall: 1_000_000,
            instant: Instant::now(),
            here: HOME,
        }
    }

    #[test]
    fn sleep_is_time_that_nobody_saw_by_either_clock() {
        let seconds = Duration::from_secs;
        let mut one = watch();
        let start = one.instant;
        assert_eq!(one.look(1_002_000, start + seconds(2), HOME), None);
        // Suspended for an hour: the monotonic clock stood still, or did not.
        let change = one.look(4_604_000, start + seconds(4), HOME);
        assert_eq!(change, Some(Change::Slept(seconds(3_600))));
        let change = one.look(4_606_000, start + seconds(3_606), HOME);
        assert_eq!(change, Some(Change::Slept(seconds(3_600))));
        // A busy moment, and a clock that is set back.
        assert_eq!(one.look(4_615_000, start + seconds(3_615), HOME), None);
        assert_eq!(one.look(1_000_000, start + seconds(3_617), HOME), None);
    }

    #[test]
    fn a_network_counts_when_there_is_one_again() {
        let mut one = watch();
        let start = one.instant;
        let mut look = |here| one.look(1_000_000, start, here);
        assert_eq!(look(HOME), None);
        assert_eq!(look(TRAIN), Some(Change::Moved));
        assert_eq!(look((None, None)), None);
        assert_eq!(look((None, None)), None);
        assert_eq!(look(TRAIN), Some(Change::Moved));
    }

    #[test]
    fn this_computer_is_asked_without_a_network() {
        // Whatever it says, it says the same twice.
        assert_eq!(towards_the_internet(), towards_the_internet());
    }
}
