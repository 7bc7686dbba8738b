//! How connections are made, as a person sets it.

use crate::connection::{Backoff, Timing, Way};
use crate::{Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// Which kind of proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum ProxyKind {
    /// None: relays are reached directly.
    #[default]
    None,
    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    System,
    /// HTTP CONNECT.
    Http,
    /// SOCKS5, which resolves names itself: Tor is one.
    Socks5,
}

/// The proxy through which relays are reached; one on this computer is reached directly all the same.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Proxy {
    /// Its kind. What follows counts for `http` and `socks5` alone.
    pub kind: ProxyKind,
    /// `host:port`.
    pub address: String,
    /// The name it wants; empty for none.
    pub user: String,
    /// The password it wants. Kept in the encrypted database, not in the settings file.
    pub password: String,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("kind", &self.kind)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// How connections are made and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionSettings {
    /// Seconds between two pings.
    pub heartbeat: u32,
    /// Seconds without a sign of life after which a connection is given up.
    pub silence: u32,
    /// Milliseconds: the first pause between two attempts is at most this long.
    pub shortest_pause: u32,
    /// Seconds: no pause is longer.
    pub longest_pause: u32,
    /// The proxy.
    pub proxy: Proxy,
}

/// Seconds.
const HEARTBEAT: RangeInclusive<u32> = 5..=300;
/// Seconds that an answer to a ping has at least.
const ANSWER: u32 = 3;
/// Seconds.
const LONGEST_SILENCE: u32 = 600;
/// Milliseconds.
const SHORTEST_PAUSE: RangeInclusive<u32> = 100..=60_000;
/// Seconds.
const LONGEST_PAUSE: RangeInclusive<u32> = 1..=3_600;
/// The most bytes of a name or password that SOCKS5 carries (RFC 1929).
const CREDENTIAL: usize = 255;

impl ConnectionSettings {
    pub(crate) fn of(way: &Way) -> Self {
        let Timing {
            heartbeat,
            silence,
            backoff,
            ..
        } = way.timing;
        let number = |n: u128| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            heartbeat: number(heartbeat.as_secs().into()),
            silence: number((heartbeat + silence).as_secs().into()),
            shortest_pause: number(backoff.first.as_millis()),
            longest_pause: number(backoff.longest.as_secs().into()),
            proxy: way.proxy.clone(),
        }
    }

    /// As connections take it; what a person cannot set is as in `timing`.
    pub(crate) fn way(&self, timing: &Timing) -> Way {
        let seconds = |n: u32| Duration::from_secs(n.into());
        Way {
            timing: Timing {
                connect: timing.connect,
                heartbeat: seconds(self.heartbeat),
                silence: seconds(self.silence.saturating_sub(self.heartbeat)),
                upgrade: timing.upgrade,
                backoff: Backoff {
                    first: Duration::from_millis(self.shortest_pause.into()),
                    longest: seconds(self.longest_pause),
                },
            },
            proxy: self.proxy.clone(),
            tokens: Arc::default(),
        }
    }

    /// The same, tidied; refused where it cannot work.
    ///
    /// # Errors
    /// `settingRefused`.
    pub(crate) fn checked(mut self) -> Result<Self, Problem> {
        within("The heartbeat", self.heartbeat, HEARTBEAT, "seconds")?;
        let silence = self.heartbeat + ANSWER..=LONGEST_SILENCE;
        within("The silence", self.silence, silence, "seconds")?;
        let (shortest, longest) = (self.shortest_pause, self.longest_pause);
        within("The first pause", shortest, SHORTEST_PAUSE, "milliseconds")?;
        within("The longest pause", longest, LONGEST_PAUSE, "seconds")?;
        if shortest > longest * 1_000 {
            return refused("The first pause is longer than the longest one. Make it shorter.");
        }
        self.proxy = self.proxy.checked()?;
        Ok(self)
    }
}

impl Proxy {
    fn checked(self) -> Result<Self, Problem> {
        if matches!(self.kind, ProxyKind::None | ProxyKind::System) {
            return Ok(Self {
                kind: self.kind,
                ..Self::default()
            });
        }
        let Self {
            kind,
            address,
            user,
            password,
        } = self;
        let address = address.trim().to_owned();
        let port = address.rsplit_once(':').filter(|(host, _)| is_host(host));
        if port
            .and_then(|(_, port)| port.parse::<u16>().ok())
            .is_none_or(|port| port == 0)
        {
            return refused(format!(
                "{address:?} is not the address of a proxy. Write it like proxy.example:1080."
            ));
        }
        if user.len() > CREDENTIAL || password.len() > CREDENTIAL {
            return refused(
                "The proxy's user name or password is too long: 255 bytes are the most.",
            );
        }
        if user.is_empty() && !password.is_empty() {
            return refused("The proxy has a password but no user name. Add the name.");
        }
        if user.contains(':') && kind == ProxyKind::Http {
            return refused("A user name for an HTTP proxy cannot contain a colon.");
        }
        Ok(Self {
            kind,
            address,
            user,
            password,
        })
    }
}

/// A name, an IPv4 address, or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    match inner {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            (1..=253).contains(&host.len())
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
        }
    }
}

fn within(what: &str, value: u32, allowed: RangeInclusive<u32>, unit: &str) -> Result<(), Problem> {
    if allowed.contains(&value) {
        return Ok(());
    }
    let (least, most) = allowed.into_inner();
    refused(format!(
        "{what} must be {least} to {most} {unit}, not {value}."
    ))
}

fn refused<T>(text: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::new(ProblemCode::SettingRefused, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> ConnectionSettings {
        ConnectionSettings::of(&Way::default())
    }

    fn through(kind: ProxyKind, address: &str) -> ConnectionSettings {
        ConnectionSettings {
            proxy: Proxy {
                kind,
                address: address.into(),
                ..Proxy::default()
            },
            ..usual()
        }
    }

    #[test]
    fn the_usual_settings_are_allowed_and_mean_what_they_say() {
        let way = usual().checked().unwrap().way(&Timing::default());
        assert_eq!(way, Way::default());
    }

    #[test]
    fn what_cannot_work_is_refused_in_words() {
        let cases = [
            (
                ConnectionSettings {
                    heartbeat: 4,
                    ..usual()
                },
                "5 to 300 seconds, not 4",
            ),
            (
                ConnectionSettings {
                    heartbeat: 301,
                    ..usual()
                },
                "5 to 300",
            ),
            (
                ConnectionSettings {
                    silence: 22,
                    ..usual()
                },
                "23 to 600",
            ),
            (
                ConnectionSettings {
                    silence: 601,
                    ..usual()
                },
                "23 to 600",
            ),
            (
                ConnectionSettings {
                    shortest_pause: 99,
                    ..usual()
                },
                "100 to 60000 milliseconds",
            ),
            (
                ConnectionSettings {
                    longest_pause: 0,
                    ..usual()
                },
                "1 to 3600",
            ),
            (
                ConnectionSettings {
                    shortest_pause: 2_000,
                    longest_pause: 1,
                    ..usual()
                },
                "longer than the longest",
            ),
        ];
        for (settings, why) in cases {
            let problem = settings.checked().unwrap_err();
            assert_eq!(problem.code, ProblemCode::SettingRefused);
            assert!(problem.text.contains(why), "{}", problem.text);
        }
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for right in [
            " 127.0.0.1:9050 ",
            "localhost:1",
            "[::1]:1080",
            "proxy.example:65535",
        ] {
            let checked = through(ProxyKind::Socks5, right).checked().unwrap();
            assert_eq!(checked.proxy.address, right.trim());
        }
        for wrong in [
            "",
            "host",
            "host:0",
            "host:65536",
            ":1",
            "::1:1",
            "[::1:1",
            "a b:1",
            "x\r\ny:1",
        ] {
            assert!(
                through(ProxyKind::Http, wrong).checked().is_err(),
                "{wrong:?}"
            );
        }
        // Where none is used nothing of it is kept.
        let none = through(ProxyKind::None, "left over").checked().unwrap();
        assert_eq!(none.proxy, Proxy::default());
    }

    #[test]
    fn names_and_passwords_fit_their_protocol_and_are_not_printed() {
        let with = |kind, user: &str, password: &str| {
            let mut settings = through(kind, "proxy.example:1");
            settings.proxy.user = user.into();
            settings.proxy.password = password.into();
            settings
        };
        assert!(with(ProxyKind::Http, "a:b", "").checked().is_err());
        assert!(with(ProxyKind::Socks5, "", "secret").checked().is_err());
        assert!(
            with(ProxyKind::Socks5, &"x".repeat(256), "")
                .checked()
                .is_err()
        );
        let good = with(ProxyKind::Socks5, "ada", "lamplight")
            .checked()
            .unwrap();
        assert!(!format!("{good:?}").contains("lamplight"));
    }
}
