//! Whose address counts: the peer's own, or what a trusted proxy says in `Forwarded` (RFC 7239) or
//! `X-Forwarded-For`. Of a chain the last address that no trusted proxy has counts: what stands
//! before it, anybody may have written.

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const FORWARDED: HeaderName = HeaderName::from_static("forwarded");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The address that counts.
    pub address: IpAddr,
    /// It is a program on this computer, as far as can be told.
    pub local: bool,
    /// A proxy named it that is not trusted: the address is the proxy's.
    pub unsure: bool,
}

/// Finds it out. With the headers of both kinds, `Forwarded` counts.
pub fn origin(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Origin {
    let peer = peer.to_canonical();
    let named = headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR);
    let trusts = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    if !named || !trusts(&peer) {
        return Origin {
            address: peer,
            local: peer.is_loopback() && !named,
            unsure: named,
        };
    }
    let mut address = peer;
    for before in chain(headers).into_iter().rev() {
        // What cannot be read, and all before it, is nobody's word.
        let Some(before) = before else { break };
        address = before;
        if !trusts(&before) {
            break;
        }
    }
    Origin {
        address,
        local: false,
        unsure: false,
    }
}

/// What counts together: one address, or one network of the size that a household gets.
pub fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = u128::from(address) & (u128::MAX << 64);
            Ipv6Addr::from(network).into()
        }
    }
}

/// The addresses named, the nearest last; `None` where one cannot be read.
fn chain(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    if headers.contains_key(FORWARDED) {
        let elements = values(headers, FORWARDED);
        return elements.iter().map(|element| in_element(element)).collect();
    }
    let named = values(headers, X_FORWARDED_FOR);
    named.iter().map(|text| in_text(text)).collect()
}

fn values(headers: &HeaderMap, name: HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).into_iter();
    lines
        .flat_map(|line| line.to_str().unwrap_or("?").split(','))
        .map(|value| value.trim().to_owned())
        .collect()
}

/// `for=192.0.2.1;proto=https`, `For="[2001:db8::1]:4711"`.
fn in_element(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    let (_, value) = named.next()?;
    in_text(value.trim().trim_matches('"'))
}

/// An address, in brackets or not, with a port or not.
fn in_text(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|with| with.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, lines: &[(&'static str, &'static str)]) -> (String, bool, bool) {
        let trusted: Vec<IpNet> = ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
            .map(|network| network.parse().unwrap())
            .into();
        let lines = lines.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        let headers: HeaderMap = lines.collect();
        let Origin {
            address,
            local,
            unsure,
        } = origin(peer.parse().unwrap(), &headers, &trusted);
        (address.to_string(), local, unsure)
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let x = "x-forwarded-for";
        for (peer, lines, address, local, unsure) in [
            ("127.0.0.1", vec![], "127.0.0.1", true, false),
            ("::1", vec![], "::1", true, false),
            ("192.0.2.7", vec![], "192.0.2.7", false, false),
            ("::ffff:192.0.2.7", vec![], "192.0.2.7", false, false),
            (
                "127.0.0.1",
                vec![(x, "192.0.2.1")],
                "192.0.2.1",
                false,
                false,
            ),
            // Written by whoever likes to be somebody else.
            (
                "192.0.2.7",
                vec![(x, "192.0.2.1")],
                "192.0.2.7",
                false,
                true,
            ),
            (
                "127.0.0.2",
                vec![(x, "127.0.0.1")],
                "127.0.0.2",
                false,
                true,
            ),
            (
                "127.0.0.1",
                vec![(x, "198.51.100.9, 192.0.2.1")],
                "192.0.2.1",
                false,
                false,
            ),
            (
                "127.0.0.1",
                vec![(x, "192.0.2.1, 10.1.2.3")],
                "192.0.2.1",
                false,
                false,
            ),
            (
                "127.0.0.1",
                vec![(x, "198.51.100.9"), (x, "192.0.2.1")],
                "192.0.2.1",
                false,
                false,
            ),
            (
                "127.0.0.1",
                vec![(x, "192.0.2.1:4711")],
                "192.0.2.1",
                false,
                false,
            ),
            (
                "127.0.0.1",
                vec![(x, "[2001:db8::1]:4711")],
                "2001:db8::1",
                false,
                false,
            ),
            (
                "127.0.0.1",
                vec![(x, "2001:db8::1")],
                "2001:db8::1",
                false,
                false,
            ),
            ("127.0.0.1", vec![(x, "rubbish")], "127.0.0.1", false, false),
            (
                "127.0.0.1",
                vec![(x, "192.0.2.1, rubbish, 10.1.2.3")],
                "10.1.2.3",
                false,
                false,
            ),
            (
                "10.0.0.9",
                vec![("forwarded", "for=192.0.2.1;proto=https")],
                "192.0.2.1",
                false,
                false,
            ),
            (
                "10.0.0.9",
                vec![(
                    "forwarded",
                    "proto=https;For=\"[2001:db8::1]:4711\", for=10.0.0.8",
                )],
                "2001:db8::1",
                false,
                false,
            ),
            (
                "10.0.0.9",
                vec![("forwarded", "for=_hidden")],
                "10.0.0.9",
                false,
                false,
            ),
        ] {
            let found = from(peer, &lines);
            assert_eq!(
                found,
                (address.to_owned(), local, unsure),
                "{peer} {lines:?}"
            );
        }
    }

    #[test]
    fn a_household_counts_as_one() {
        let network = |text: &str| counted(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }
}
