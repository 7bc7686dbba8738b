//! Under which address others in the local network reach this computer. Nothing is sent to find out.

use crate::connection::towards_the_internet;
use std::net::IpAddr;

/// How networks are called that lead to no other computer of the local network: those of containers,
/// virtual machines and tunnels.
const NOT_AROUND_HERE: [&str; 16] = [
    "docker",
    "br-",
    "veth",
    "virbr",
    "vmnet",
    "vboxnet",
    "lxc",
    "lxd",
    "podman",
    "tun",
    "tap",
    "utun",
    "wg",
    "vEthernet",
    "tailscale",
    "zt",
];

/// An address of this computer, and how the system calls the network it is of.
pub(crate) type Own = (String, IpAddr);

/// The address to name to others; `None` where there is no local network.
pub(crate) fn own() -> Option<IpAddr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let up = all.into_iter().filter(|one| one.is_oper_up());
    let (v4, v6) = towards_the_internet();
    choose(up.map(|one| (one.name.clone(), one.ip())), &[v4, v6])
}

/// Of the network that leads on to the Internet, if it is a local one: a home's does. IPv4 before IPv6,
/// an address somebody gave before one a computer took because nobody did.
fn choose(all: impl Iterator<Item = Own>, onwards: &[Option<IpAddr>]) -> Option<IpAddr> {
    let rank = |address: &IpAddr| {
        let leads_on = onwards.contains(&Some(*address));
        (is_taken(address), address.is_ipv6(), !leads_on)
    };
    all.filter(|(name, address)| is_around_here(name, address))
        .map(|(_, address)| address)
        .min_by_key(|address| (rank(address), *address))
}

/// Whether computers of the local network are behind it. A link-local IPv6 address says nothing without
/// the name of the link, which is another one on each computer.
pub(crate) fn is_around_here(name: &str, address: &IpAddr) -> bool {
    let is_link = matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local());
    snug_wire::is_local(*address)
        && !address.is_loopback()
        && !is_link
        && !NOT_AROUND_HERE.iter().any(|other| name.starts_with(other))
}

fn is_taken(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V4(v4) if v4.is_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(all: &[(&str, &str)], onwards: &str) -> Option<String> {
        let all = all
            .iter()
            .map(|(name, address)| ((*name).to_owned(), address.parse().unwrap()));
        let chosen = choose(all, &[onwards.parse().ok(), None]);
        chosen.map(|address| address.to_string())
    }

    #[test]
    fn others_reach_this_computer_where_its_network_is() {
        let home = [
            ("lo", "127.0.0.1"),
            ("docker0", "172.17.0.1"),
            ("wg0", "10.8.0.2"),
            ("eth0", "192.168.1.5"),
            ("wlan0", "192.168.1.6"),
            ("wlan0", "fe80::1"),
            ("wlan0", "fd00::6"),
        ];
        let is = |all: &[_], onwards, address: &str| {
            assert_eq!(chosen(all, onwards).as_deref(), Some(address));
        };
        is(&home, "192.168.1.6", "192.168.1.6");
        is(&home, "", "192.168.1.5");
        // A tunnel leads on, and not to who is around here.
        is(&home, "10.8.0.2", "192.168.1.5");
        is(&home[6..], "9.9.9.9", "fd00::6");
        is(
            &[("eth0", "169.254.1.1"), ("eth0", "fd00::6")],
            "",
            "fd00::6",
        );
        is(&[("eth0", "169.254.1.1")], "169.254.1.1", "169.254.1.1");
    }

    #[test]
    fn without_a_local_network_there_is_none() {
        let all = [
            ("lo", "127.0.0.1"),
            ("lo", "::1"),
            ("docker0", "172.17.0.1"),
            ("eth0", "9.9.9.9"),
            ("eth0", "2620:fe::fe"),
            ("eth0", "fe80::1"),
        ];
        assert_eq!(chosen(&all, "9.9.9.9"), None);
    }
}
