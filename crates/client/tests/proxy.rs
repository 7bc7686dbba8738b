//! Relays behind proxies: such as work, such as refuse, and such as are none.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by it"
)]

mod people;
mod proxies;

use people::{open, relay, soon};
use proxies::{Asked, Gate};
use snug_client::connection::{Timing, Way, lookup};
use snug_client::keychain::Keychain;
use snug_client::view::{ConnectionSettings, ConnectionState, Proxy, ProxyKind, Transport};
use snug_client::{Client, Problem, ProblemCode};
use snug_relay::Running;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Only the proxies here know where that is.
const RELAY: &str = "ws://relay.test:7700";
const KINDS: [ProxyKind; 2] = [ProxyKind::Http, ProxyKind::Socks5];

fn address(relay: &Running) -> SocketAddr {
    let url = relay.url();
    url.trim_start_matches("ws://").parse().unwrap()
}

fn way(proxy: Proxy) -> Way {
    Way {
        proxy,
        ..Way::default()
    }
}

#[tokio::test]
async fn a_relay_is_found_by_its_name_through_either_proxy() {
    let place = tempfile::tempdir().unwrap();
    let relay = relay(&place).await;
    for kind in KINDS {
        for (user, password) in [("", ""), ("ada", "a long: sentence")] {
            let wanted = match user {
                "" => String::new(),
                user => format!("{user}:{password}"),
            };
            let mut gate = Gate::new(kind, address(&relay), &wanted).await;
            let way = way(gate.proxy(kind, user, password));
            let found = soon(lookup(RELAY, &way)).await.unwrap();
            assert_eq!(found.key, relay.key(), "{kind:?}");
            let asked = Asked {
                target: "relay.test:7700".into(),
                credentials: wanted,
            };
            assert_eq!(gate.asked.recv().await, Some(asked));
            // One on this computer needs no proxy.
            soon(lookup(&relay.url(), &way)).await.unwrap();
            assert!(gate.asked.try_recv().is_err());
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn a_wrong_name_or_password_is_said() {
    let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
    for kind in KINDS {
        let gate = Gate::new(kind, nowhere, "ada:lamplight").await;
        for (user, password) in [("", ""), ("ada", "daylight")] {
            let way = way(gate.proxy(kind, user, password));
            let refused = soon(lookup(RELAY, &way)).await.unwrap_err();
            assert_eq!(refused.code, ProblemCode::ProxyRefused);
            assert!(
                refused.text.contains("another user name or password"),
                "{kind:?}: {}",
                refused.text
            );
            assert!(!refused.text.contains("daylight"));
        }
    }
}

/// With TLS the proxy is asked for the same, and what goes through it is TLS from the first byte.
#[tokio::test]
async fn tls_begins_behind_the_proxy() {
    let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for kind in KINDS {
        let mut gate = Gate::new(kind, behind.local_addr().unwrap(), "").await;
        let way = way(gate.proxy(kind, "", ""));
        let mut seen = None;
        let seeing = async {
            loop {
                let (mut stream, _) = behind.accept().await.unwrap();
                if seen.is_none() {
                    let mut record = [0; 5];
                    stream.read_exact(&mut record).await.unwrap();
                    let mut hello = vec![0; u16::from_be_bytes([record[3], record[4]]).into()];
                    stream.read_exact(&mut hello).await.unwrap();
                    seen = Some((record[0], hello));
                }
            }
        };
        let refused = tokio::select! {
            refused = soon(lookup("wss://relay.test", &way)) => refused,
            () = seeing => unreachable!("it goes on"),
        };
        let (kind, hello) = seen.unwrap();
        assert_eq!(refused.unwrap_err().code, ProblemCode::RelayUnreachable);
        assert_eq!(kind, 0x16, "a TLS handshake record");
        assert!(hello.windows(10).any(|name| name == b"relay.test"));
        assert_eq!(gate.asked.recv().await.unwrap().target, "relay.test:443");
    }
}

/// Looks a relay up through a proxy that reads before each of these answers, and at last hangs up
/// or, only if `patience` is short, waits for ever.
async fn answered(
    kind: ProxyKind,
    answers: &[&[u8]],
    hangs_up: bool,
    patience: Duration,
) -> Problem {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut way = way(Proxy {
        kind,
        address: listener.local_addr().unwrap().to_string(),
        ..Proxy::default()
    });
    way.timing = Timing {
        connect: patience,
        ..way.timing
    };
    let played = async {
        let mut kept = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in answers {
                let _ = stream.read(&mut [0; 1024]).await.unwrap();
                stream.write_all(answer).await.unwrap();
            }
            if hangs_up {
                // Only after it has listened, or the hanging up would overtake what is asked.
                if answers.is_empty() || kind == ProxyKind::Socks5 {
                    let _ = stream.read(&mut [0; 1024]).await.unwrap();
                }
            } else {
                kept.push(stream);
            }
        }
    };
    tokio::select! {
        found = soon(lookup(RELAY, &way)) => found.unwrap_err(),
        () = played => unreachable!("it goes on"),
    }
}

/// Short where silence is what is looked for.
fn patience(why: &str) -> Duration {
    match why.contains("in time") {
        true => Duration::from_millis(200),
        false => Duration::from_secs(30),
    }
}

#[tokio::test]
async fn an_http_proxy_that_does_not_help_is_told_apart_from_a_relay_that_is_away() {
    use ProblemCode::{ProxyRefused, RelayUnreachable};
    let endless = vec![b'x'; 9_000];
    let cases: [(&[u8], bool, ProblemCode, &str); 8] = [
        (
            b"HTTP/1.1 403 No\r\n\r\n",
            false,
            ProxyRefused,
            "it refuses (HTTP 403)",
        ),
        (
            b"HTTP/1.0 502 Bad\r\n\r\n",
            false,
            RelayUnreachable,
            "does not get there (HTTP 502)",
        ),
        (
            b"SSH-2.0-gate\r\n\r\n",
            false,
            ProxyRefused,
            "no HTTP proxy",
        ),
        (b"\x05\x00\x00\x01", true, ProxyRefused, "no HTTP proxy"),
        (&endless, false, ProxyRefused, "no HTTP proxy"),
        (
            b"HTTP/1.1 200 OK\r\n",
            false,
            ProxyRefused,
            "does not answer in time",
        ),
        (b"", true, ProxyRefused, "closed the connection"),
        (b"", false, ProxyRefused, "does not answer in time"),
    ];
    for (answer, hangs_up, code, why) in cases {
        let answers: &[&[u8]] = if answer.is_empty() { &[] } else { &[answer] };
        let problem = answered(ProxyKind::Http, answers, hangs_up, patience(why)).await;
        assert_eq!(problem.code, code, "{}", problem.text);
        assert!(problem.text.contains(why), "{}", problem.text);
    }
}

#[tokio::test]
async fn a_socks_proxy_that_does_not_help_is_told_apart_from_a_relay_that_is_away() {
    use ProblemCode::{ProxyRefused, RelayUnreachable};
    let reply = |code| [5, code, 0, 1, 0, 0, 0, 0, 0, 0];
    let cases: [(&[&[u8]], bool, ProblemCode, &str); 9] = [
        (&[&[5, 0], &reply(2)], false, ProxyRefused, "it refuses"),
        (
            &[&[5, 0], &reply(1)],
            false,
            RelayUnreachable,
            "does not get there",
        ),
        (
            &[&[5, 0], &reply(4)],
            false,
            RelayUnreachable,
            "Host unreachable",
        ),
        (
            &[&[5, 0], &reply(5)],
            false,
            RelayUnreachable,
            "Connection refused",
        ),
        (&[&[5, 0xff]], false, ProxyRefused, "another user name"),
        (
            &[b"HTTP/1.1 400 Bad Request\r\n\r\n"],
            false,
            ProxyRefused,
            "no SOCKS5 proxy",
        ),
        (&[&[5, 0]], true, ProxyRefused, "cannot be used"),
        (&[], true, ProxyRefused, "cannot be used"),
        (
            &[&[5, 0], &[5, 0, 0]],
            false,
            ProxyRefused,
            "does not answer in time",
        ),
    ];
    for (answers, hangs_up, code, why) in cases {
        let problem = answered(ProxyKind::Socks5, answers, hangs_up, patience(why)).await;
        assert_eq!(problem.code, code, "{}", problem.text);
        assert!(problem.text.contains(why), "{}", problem.text);
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_said_by_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    for kind in KINDS {
        let way = way(Proxy {
            kind,
            address: address.clone(),
            ..Proxy::default()
        });
        let problem = soon(lookup(RELAY, &way)).await.unwrap_err();
        assert_eq!(problem.code, ProblemCode::ProxyRefused);
        assert!(problem.text.contains(&address));
    }
}

async fn set(client: &Client, proxy: Proxy) {
    let settings = ConnectionSettings {
        proxy,
        ..client.connection_settings()
    };
    // Those of the tests' own clients are shorter than a person can set.
    let settings = ConnectionSettings {
        shortest_pause: 100,
        longest_pause: 1,
        ..settings
    };
    client.set_connection_settings(settings).await.unwrap();
}

async fn is(client: &Client, state: ConnectionState) {
    soon(client.connection_that(|row| row.state == state))
        .await
        .unwrap();
}

/// Many proxies carry requests of HTTP and refuse streams. Without TLS the frames can be such requests.
#[tokio::test]
async fn through_a_proxy_for_web_pages_frames_go_as_such() {
    let relay_place = tempfile::tempdir().unwrap();
    let relay = relay(&relay_place).await;
    let gate = Gate::for_pages(address(&relay)).await;
    let proxy = gate.proxy(ProxyKind::Http, "", "");
    let refused = soon(lookup("wss://relay.test", &way(proxy.clone()))).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::ProxyRefused);

    let place = tempfile::tempdir().unwrap();
    let client = open(&place, &Keychain::memory(), None).await;
    set(&client, proxy).await;
    client.create_account("Ada", Some(RELAY)).await.unwrap();
    is(&client, ConnectionState::Connected).await;
    let details = client.connection_details().await.unwrap();
    assert_eq!(details.transport, Transport::Http);
    assert_eq!(
        details.instead.as_deref(),
        Some("the proxy refuses (HTTP 403)")
    );
}

#[tokio::test]
async fn another_proxy_is_used_at_once_and_its_password_is_kept_in_the_database_alone() {
    let relay_place = tempfile::tempdir().unwrap();
    let relay = relay(&relay_place).await;
    let (http, socks) = (ProxyKind::Http, ProxyKind::Socks5);
    let mut first = Gate::new(http, address(&relay), "").await;
    let mut second = Gate::new(socks, address(&relay), "ada:lamplight-42").await;

    let place = tempfile::tempdir().unwrap();
    let keychain = Keychain::memory();
    let client = open(&place, &keychain, None).await;
    set(&client, first.proxy(http, "", "")).await;
    client.create_account("Ada", Some(RELAY)).await.unwrap();
    is(&client, ConnectionState::Connected).await;
    first.asked.recv().await.unwrap();
    let details = client.connection_details().await.unwrap();
    assert_eq!(details.proxy, Some(format!("http://{}", first.address)));

    // It is up, and is made anew all the same.
    let mut updates = client.updates();
    set(&client, second.proxy(socks, "ada", "lamplight-42")).await;
    soon(second.asked.recv()).await.unwrap();
    let through = Some(format!("socks5://{}", second.address));
    let details = soon(async {
        loop {
            let details = client.connection_details().await.unwrap();
            let is_up = details.row.state == ConnectionState::Connected;
            // Before, the one that is to end may be shown yet.
            if details.proxy == through && is_up && !details.reconnects.is_empty() {
                return details;
            }
            updates.next().await.unwrap();
        }
    })
    .await;
    let last = details.reconnects.last().unwrap();
    assert_eq!(
        (last.reason, last.text.as_str()),
        (None, "The proxy was changed.")
    );
    assert!(details.errors.is_empty());

    // A proxy that closes is an error like any other, and tried again.
    second.close();
    let refused = Some(ProblemCode::ProxyRefused);
    soon(client.connection_that(|row| row.problem == refused))
        .await
        .unwrap();
    client.close().await;

    let mut files = 0;
    for entry in std::fs::read_dir(place.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(12).any(|part| part == b"lamplight-42"));
        files += 1;
    }
    assert!(files >= 2, "settings and database");
    let client = open(&place, &keychain, None).await;
    let kept = client.connection_settings();
    assert_eq!(kept.proxy, second.proxy(socks, "ada", "lamplight-42"));
    assert_eq!((kept.shortest_pause, kept.longest_pause), (100, 1));

    // And forgotten with the proxy.
    set(&client, Proxy::default()).await;
    client.close().await;
    let client = open(&place, &keychain, None).await;
    assert_eq!(client.connection_settings().proxy, Proxy::default());
    client.close().await;
    relay.stop().await;
}
