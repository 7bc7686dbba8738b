//! Relay addresses as people write them.

use crate::{Problem, ProblemCode};
use snug_wire::Token;
use snug_wire::code::RelayHint;

/// The same from `relay.example#TOKEN`, as who runs a closed relay gives it, with the token.
///
/// # Errors
/// As [`normalise`].
pub fn with_token(text: &str) -> Result<(String, Option<Token>), Problem> {
    let (address, token) = match text.split_once('#') {
        Some((address, token)) => (address, token.trim()),
        None => (text, ""),
    };
    let token = (!token.is_empty()).then(|| Token::new(token));
    Ok((normalise(address)?, token))
}

/// `ws://host:port` or `wss://host:port` from what a person typed. Without a scheme it is `wss`,
/// but `ws` on this computer, where nobody has a certificate.
///
/// # Errors
/// `settingRefused` for an address of the web, `relayUnreachable` for what else cannot be an address.
pub fn normalise(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let (scheme, host) = match text.split_once("://") {
        Some(("ws", host)) => ("ws", host),
        Some(("wss", host)) => ("wss", host),
        Some((web @ ("http" | "https"), _)) => return Err(of_the_web(web)),
        Some(_) => ("", text),
        None if is_here(text) => ("ws", text),
        None => ("wss", text),
    };
    let host = host.strip_suffix('/').unwrap_or(host);
    // What a code can carry.
    let is_host = |host: &str| {
        (1..=200).contains(&host.len())
            && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".:-_[]".contains(&b))
    };
    if scheme.is_empty() || !is_host(host) {
        let text =
            format!("{text:?} is not the address of a relay. Write it like relay.example:7700.");
        return Err(Problem::new(ProblemCode::RelayUnreachable, text));
    }
    Ok(format!("{scheme}://{}", host.to_ascii_lowercase()))
}

/// What a relay's address begins with instead.
fn of_the_web(scheme: &str) -> Problem {
    let text = format!(
        "A relay's address does not begin with {scheme}://. Use ws:// or wss://, such as wss://relay.example."
    );
    Problem::new(ProblemCode::SettingRefused, text)
}

/// `host:port` of a URL, as people see it.
pub(crate) fn host(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, host)| host)
}

/// Whether that is this computer.
pub(crate) fn is_here(host: &str) -> bool {
    let hint = RelayHint {
        url: format!("ws://{host}"),
        key_hash: [0; 16],
    };
    hint.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::{normalise, with_token};

    #[test]
    fn a_token_stands_behind_the_address() {
        let read = |text| {
            let (url, token) = with_token(text).unwrap();
            (url, token.map(|token| token.expose().to_owned()))
        };
        let (url, token) = read("relay.example/#a.b.c ");
        assert_eq!(url, "wss://relay.example");
        assert_eq!(token.as_deref(), Some("a.b.c"));
        assert_eq!(read("localhost:1#").1, None);
        assert_eq!(read("localhost:1").1, None);
    }

    #[test]
    fn people_write_addresses_in_many_ways() {
        let cases = [
            ("ws://127.0.0.1:7700", "ws://127.0.0.1:7700"),
            (" wss://Relay.Example/ ", "wss://relay.example"),
            ("relay.example:7700", "wss://relay.example:7700"),
            ("localhost:7700", "ws://localhost:7700"),
            ("127.0.0.1:7700", "ws://127.0.0.1:7700"),
            ("[::1]:7700", "ws://[::1]:7700"),
        ];
        for (written, meant) in cases {
            assert_eq!(normalise(written).as_deref(), Ok(meant), "{written}");
        }
        for wrong in [
            "",
            "ftp://relay.example",
            "relay.example/path",
            "two words",
            "wss://",
        ] {
            assert!(normalise(wrong).is_err(), "{wrong}");
        }
        for web in ["http://127.0.0.1:7700", " https://relay.example/ "] {
            let refused = normalise(web).unwrap_err().text;
            assert!(refused.contains("Use ws:// or wss://"), "{web}: {refused}");
        }
    }
}
