//! Addresses of local networks: those the Internet does not lead to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether that is an address of a local network, or of this computer: private (RFC 1918, RFC 4193),
/// link-local (RFC 3927, RFC 4291), of a network that was numbered for documentation or measurement (RFC
/// 5737, RFC 2544), loopback. An IPv4 address inside an IPv6 one counts as what it is.
pub fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => is_local_v4(v4),
        IpAddr::V6(v6) => is_local_v6(v6),
    }
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || (first == 198 && matches!(second, 18 | 19))
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
}

/// The host of `scheme://host:port`, an IPv6 address without its brackets.
pub(crate) fn host(url: &str) -> &str {
    let host = url.split_once("://").map_or("", |(_, rest)| rest);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((ipv6, _port)) => ipv6,
        None => host.split_once(':').map_or(host, |(host, _port)| host),
    }
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn the_internet_does_not_lead_to_a_local_network() {
        for local in [
            "10.0.0.1",
            "172.31.255.255",
            "192.168.1.5",
            "169.254.7.7",
            "192.0.2.9",
            "198.19.0.1",
            "127.0.0.1",
            "::1",
            "fd00::2",
            "fe80::1",
            "::ffff:192.168.1.5",
        ] {
            assert!(is_local(local.parse().unwrap()), "{local}");
        }
        for far in [
            "9.9.9.9",
            "172.32.0.1",
            "100.64.0.1",
            "198.20.0.1",
            "2001:db8::1",
            "2620:fe::fe",
            "::ffff:9.9.9.9",
            "0.0.0.0",
        ] {
            assert!(!is_local(far.parse().unwrap()), "{far}");
        }
    }
}
