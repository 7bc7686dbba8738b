//! A relay of a local network that is not where it was: computers there get other addresses. It is
//! asked for by multicast DNS, and what is found has to be the expected relay as anywhere.
//!
//! Nobody is asked about a relay that is elsewhere, or reached through a proxy: what is said in the
//! local network then is more than a person asked for.

use super::dial::{Call, Dialled, Expected};
use super::refused::Refused;
use super::{Way, proxy};
use crate::local_network::mdns::Search;
use crate::{Problem, ProblemCode};
use snug_wire::RelayAddress;
use snug_wire::code::RelayHint;
use std::net::SocketAddr;

/// As [`Call::dial`]; the answer says where the relay really is.
pub(super) async fn dial_or_find(call: Call<'_>) -> Result<Dialled, Refused> {
    let refused = match call.dial().await {
        Ok(done) => return Ok(done),
        Err(refused) => refused,
    };
    let Some(key_hash) = sought(call.url, call.expected, call.way, &refused.problem) else {
        return Err(refused);
    };
    let mut search = match Search::begin(&key_hash) {
        Ok(search) => search,
        Err(error) => {
            tracing::info!(%error, "the local network cannot be asked");
            return Err(refused);
        }
    };
    while let Some(found) = search.next().await {
        let found = wss(found);
        if found == call.url {
            continue;
        }
        let there = Call {
            url: &found,
            ..call
        };
        match there.dial().await {
            Ok(done) => return Ok(done),
            Err(other) => tracing::info!("not there either: {}", other.problem.text),
        }
    }
    Err(refused)
}

/// The hash of the key of the relay to ask for, where asking makes sense.
fn sought(url: &str, expected: &Expected, way: &Way, problem: &Problem) -> Option<[u8; 16]> {
    let hint = |key_hash| RelayHint {
        url: url.to_owned(),
        key_hash,
    };
    let there = hint([0; 16]);
    let is_lost = matches!(
        problem.code,
        ProblemCode::RelayUnreachable | ProblemCode::RelayOther
    );
    let is_direct = matches!(proxy::gate(url, &way.proxy), Ok(None));
    if !is_lost || !is_direct || !there.is_local() || there.is_loopback() {
        return None;
    }
    match expected {
        Expected::Named(hint) => Some(hint.key_hash),
        Expected::Key(key) => {
            let relay = RelayAddress {
                url: url.to_owned(),
                key: *key,
            };
            Some(RelayHint::of(&relay).key_hash)
        }
        Expected::Any => None,
    }
}

/// How a relay shared on a local network is dialled.
fn wss(address: SocketAddr) -> String {
    format!("wss://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Proxy, ProxyKind};
    use snug_wire::RelayKey;

    const KEY: RelayKey = RelayKey([7; 32]);

    fn asks(url: &str, expected: &Expected, way: &Way, code: ProblemCode) -> bool {
        sought(url, expected, way, &Problem::new(code, "It is not there.")).is_some()
    }

    #[test]
    fn only_a_relay_of_a_local_network_that_is_not_there_is_asked_for() {
        let direct = Way::default();
        let key = Expected::Key(KEY);
        let asks = |url| asks(url, &key, &direct, ProblemCode::RelayUnreachable);
        for near in [
            "wss://192.168.1.5:7700",
            "wss://[fd00::2]:7700",
            "wss://kitchen.local:7700",
        ] {
            assert!(asks(near), "{near}");
        }
        for far in [
            "ws://127.0.0.1:7700",
            "wss://relay.example",
            "wss://9.9.9.9:7700",
        ] {
            assert!(!asks(far), "{far}");
        }
    }

    #[test]
    fn nobody_is_asked_for_whom_that_says_too_much() {
        let near = "wss://192.168.1.5:7700";
        let (direct, key) = (Way::default(), Expected::Key(KEY));
        assert!(asks(near, &key, &direct, ProblemCode::RelayOther));
        assert!(!asks(near, &key, &direct, ProblemCode::RelayVersion));
        assert!(!asks(
            near,
            &Expected::Any,
            &direct,
            ProblemCode::RelayOther
        ));
        let tor = Way {
            proxy: Proxy {
                kind: ProxyKind::Socks5,
                address: "127.0.0.1:9050".into(),
                ..Proxy::default()
            },
            ..Way::default()
        };
        assert!(!asks(near, &key, &tor, ProblemCode::RelayUnreachable));
    }

    #[test]
    fn a_code_and_a_stored_address_ask_for_the_same_name() {
        let relay = RelayAddress {
            url: "wss://192.168.1.5:1".into(),
            key: KEY,
        };
        let problem = Problem::new(ProblemCode::RelayUnreachable, "It is not there.");
        let way = Way::default();
        let asked = |expected| sought(&relay.url, &expected, &way, &problem);
        let by_code = asked(Expected::Named(RelayHint::of(&relay)));
        assert!(by_code.is_some());
        assert_eq!(by_code, asked(Expected::Key(KEY)));
        assert_eq!(wss("[fd00::2]:7".parse().unwrap()), "wss://[fd00::2]:7");
    }
}
