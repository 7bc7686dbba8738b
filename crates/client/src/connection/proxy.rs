//! The stream to a relay: directly, or through a proxy that is told the relay's name.

use super::Way;
use super::refused::Refused;
use super::socket::unreachable;
use crate::view::{Proxy, ProxyKind};
use crate::{Problem, ProblemCode, relay_url};
use data_encoding::BASE64;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use std::fmt;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_socks::tcp::Socks5Stream;
use tokio_tungstenite::tungstenite::http::Uri;

/// The most bytes of a proxy's answer to CONNECT.
const ANSWER: usize = 8192;

/// A proxy that is to be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    scheme: Scheme,
    /// `host:port`.
    address: String,
    credentials: Option<Credentials>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Socks5,
}

/// Sent to the proxy, shown to nobody.
#[derive(Clone, PartialEq, Eq)]
enum Credentials {
    /// The value of `Proxy-Authorization`.
    Basic(String),
    /// Name and password.
    Password(String, String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Socks5 => "socks5",
        };
        write!(f, "{scheme}://{}", self.address)
    }
}

/// The proxy for this relay, if there is one. A relay on this computer needs none, and no proxy
/// would find it.
///
/// # Errors
/// `proxyRefused` when the environment names one of a kind that is not spoken here.
pub(crate) fn gate(url: &str, proxy: &Proxy) -> Result<Option<Gate>, Problem> {
    if relay_url::is_here(relay_url::host(url)) {
        return Ok(None);
    }
    let scheme = match proxy.kind {
        ProxyKind::None => return Ok(None),
        ProxyKind::System => return named(url, &Matcher::from_env()),
        ProxyKind::Http => Scheme::Http,
        ProxyKind::Socks5 => Scheme::Socks5,
    };
    let (user, password) = (&proxy.user, &proxy.password);
    let credentials = match scheme {
        _ if user.is_empty() => None,
        Scheme::Http => {
            let basic = BASE64.encode(format!("{user}:{password}").as_bytes());
            Some(Credentials::Basic(format!("Basic {basic}")))
        }
        Scheme::Socks5 => Some(Credentials::Password(user.clone(), password.clone())),
    };
    Ok(Some(Gate {
        scheme,
        address: proxy.address.clone(),
        credentials,
    }))
}

/// The proxy that the environment names for this relay.
fn named(url: &str, environment: &Matcher) -> Result<Option<Gate>, Problem> {
    // Proxies are named for `http` and `https`; ours are those under a WebSocket.
    let found: Option<Intercept> = url
        .replacen("ws", "http", 1)
        .parse::<Uri>()
        .ok()
        .and_then(|uri| environment.intercept(&uri));
    let Some(found) = found else {
        return Ok(None);
    };
    let (scheme, port) = match found.uri().scheme_str() {
        Some("http") => (Scheme::Http, 80),
        Some("socks5" | "socks5h") => (Scheme::Socks5, 1080),
        other => {
            let text = format!(
                "The environment names a proxy of a kind that Snug does not speak ({}). Name an \
                 http:// or socks5:// one.",
                other.unwrap_or_default()
            );
            return Err(Problem::new(ProblemCode::ProxyRefused, text));
        }
    };
    let basic = found.basic_auth().and_then(|value| value.to_str().ok());
    let password = found.raw_auth();
    Ok(Some(Gate {
        scheme,
        address: format!(
            "{}:{}",
            found.uri().host().unwrap_or_default(),
            found.uri().port_u16().unwrap_or(port)
        ),
        credentials: basic
            .map(|value| Credentials::Basic(value.to_owned()))
            .or_else(|| password.map(|(u, p)| Credentials::Password(u.into(), p.into()))),
    }))
}

/// Opens a stream to the relay at this URL. Nothing was said on it yet.
///
/// # Errors
/// `relayUnreachable`; `proxyRefused` when it is the proxy that cannot be reached or refuses.
pub(super) async fn stream(url: &str, way: &Way) -> Result<TcpStream, Refused> {
    let target = Target::of(url)?;
    let (opened, silent) = match gate(url, &way.proxy)? {
        None => {
            let opened = timeout(way.timing.connect, TcpStream::connect(target.authority()));
            let opened = opened
                .await
                .map(|opened| opened.map_err(|e| unreachable(url, &e).into()));
            (opened, unreachable(url, &"it does not answer"))
        }
        Some(gate) => {
            let opened = timeout(way.timing.connect, gate.through(url, &target)).await;
            (opened, gate.problem("it does not answer in time"))
        }
    };
    let stream = opened.map_err(|_| silent)??;
    stream.set_nodelay(true).map_err(|e| unreachable(url, &e))?;
    Ok(stream)
}

/// Where a relay is.
struct Target<'a> {
    /// An IPv6 address in brackets.
    host: &'a str,
    port: u16,
}

impl<'a> Target<'a> {
    fn of(url: &'a str) -> Result<Self, Problem> {
        let authority = relay_url::host(url);
        let usual = if url.starts_with("wss://") { 443 } else { 80 };
        let found = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                port.parse().ok().map(|port| (host, port))
            }
            _ => Some((authority, usual)),
        };
        let (host, port) = found.ok_or_else(|| unreachable(url, &"its port is not a number"))?;
        Ok(Self { host, port })
    }

    fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl Gate {
    /// For plain HTTP, with names resolved by the proxy.
    pub(super) fn for_requests(&self) -> reqwest::Result<reqwest::Proxy> {
        let address = match self.scheme {
            Scheme::Http => format!("http://{}", self.address),
            Scheme::Socks5 => format!("socks5h://{}", self.address),
        };
        let proxy = reqwest::Proxy::all(address)?;
        Ok(match &self.credentials {
            None => proxy,
            Some(Credentials::Basic(value)) => match value.parse() {
                Ok(value) => proxy.custom_http_auth(value),
                Err(_) => proxy,
            },
            Some(Credentials::Password(user, password)) => proxy.basic_auth(user, password),
        })
    }

    async fn through(&self, url: &str, target: &Target<'_>) -> Result<TcpStream, Refused> {
        let mut stream = TcpStream::connect(&self.address)
            .await
            .map_err(|e| self.problem(&e))?;
        match self.scheme {
            Scheme::Http => {
                self.connect(&mut stream, url, target).await?;
                Ok(stream)
            }
            Scheme::Socks5 => Ok(self.socks(stream, url, target).await?),
        }
    }

    /// HTTP CONNECT (RFC 9110, section 9.3.6).
    async fn connect(
        &self,
        stream: &mut TcpStream,
        url: &str,
        target: &Target<'_>,
    ) -> Result<(), Refused> {
        let target = target.authority();
        let mut asked = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        if let Some(Credentials::Basic(value)) = &self.credentials {
            asked.push_str(&format!("Proxy-Authorization: {value}\r\n"));
        }
        asked.push_str("\r\n");
        let answered = async {
            stream.write_all(asked.as_bytes()).await?;
            let mut answer = Vec::new();
            // A relay says nothing before it is asked: what follows the head is not its word.
            while !answer.ends_with(b"\r\n\r\n") && answer.len() < ANSWER {
                if stream.read_buf(&mut answer).await? == 0 {
                    break;
                }
            }
            std::io::Result::Ok(answer)
        };
        let answer = answered.await.map_err(|e| self.problem(&e))?;
        let problem = match status(&answer) {
            Some(200..=299) => return Ok(()),
            Some(407) => self.problem(&"it wants another user name or password"),
            Some(status @ (502..=504)) => unreachable(
                url,
                &format!("the proxy {self} does not get there (HTTP {status})"),
            ),
            Some(status) => {
                let problem = self.problem(&format!("it refuses (HTTP {status})"));
                if url.starts_with("ws://") {
                    // It may carry plain requests: without TLS, polling is such.
                    let why = format!("the proxy refuses (HTTP {status})");
                    return Err(Refused::blocked(problem, &why));
                }
                problem
            }
            None if answer.is_empty() => self.problem(&"it closed the connection"),
            None => self.problem(&"what answers there is no HTTP proxy"),
        };
        Err(problem.into())
    }

    /// SOCKS5 (RFC 1928, 1929); names are resolved by the proxy.
    async fn socks(
        &self,
        stream: TcpStream,
        url: &str,
        target: &Target<'_>,
    ) -> Result<TcpStream, Problem> {
        use tokio_socks::Error;
        let host = target.host.trim_start_matches('[').trim_end_matches(']');
        let to = (host, target.port);
        let opened = match &self.credentials {
            Some(Credentials::Password(user, password)) => {
                Socks5Stream::connect_with_password_and_socket(stream, to, user, password).await
            }
            _ => Socks5Stream::connect_with_socket(stream, to).await,
        };
        opened
            .map(Socks5Stream::into_inner)
            .map_err(|error| match error {
                Error::GeneralSocksServerFailure
                | Error::NetworkUnreachable
                | Error::HostUnreachable
                | Error::ConnectionRefused
                | Error::TtlExpired => unreachable(
                    url,
                    &format!("the proxy {self} does not get there ({error})"),
                ),
                Error::PasswordAuthFailure(_)
                | Error::NoAcceptableAuthMethods
                | Error::AuthorizationRequired => {
                    self.problem(&"it wants another user name or password")
                }
                Error::ConnectionNotAllowedByRuleset => self.problem(&"it refuses"),
                Error::Io(error) => self.problem(&error),
                _ => self.problem(&"what answers there is no SOCKS5 proxy"),
            })
    }

    fn problem(&self, why: &(impl fmt::Display + ?Sized)) -> Problem {
        let text = format!(
            "The proxy {self} cannot be used: {why}. Check the proxy in the connection settings."
        );
        Problem::new(ProblemCode::ProxyRefused, text)
    }
}

/// The status of a whole HTTP answer without a body.
fn status(answer: &[u8]) -> Option<u16> {
    let head = answer.strip_suffix(b"\r\n\r\n")?;
    let line = head.strip_prefix(b"HTTP/1.")?.get(2..5)?;
    std::str::from_utf8(line).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str, environment: &Matcher) -> String {
        match named(url, environment) {
            Ok(Some(gate)) => gate.to_string(),
            Ok(None) => "none".into(),
            Err(problem) => problem.text,
        }
    }

    #[test]
    fn the_environment_names_proxies() {
        let environment = Matcher::builder()
            .https("http://ada:lamplight@proxy.example:3128")
            .all("socks5h://tor.example")
            .no("near.example, 10.0.0.0/8")
            .build();
        let cases = [
            ("wss://relay.example", "http://proxy.example:3128"),
            ("ws://relay.example:7700", "socks5://tor.example:1080"),
            ("wss://relay.near.example", "none"),
            ("wss://10.1.2.3:7700", "none"),
        ];
        for (url, gate) in cases {
            assert_eq!(shown(url, &environment), gate, "{url}");
        }
        let found = named("wss://relay.example", &environment).unwrap().unwrap();
        let basic = Credentials::Basic("Basic YWRhOmxhbXBsaWdodA==".into());
        assert_eq!(found.credentials, Some(basic));
        assert!(!format!("{found:?}").contains("YWRh"));

        let tls = Matcher::builder().all("https://proxy.example").build();
        assert!(shown("wss://relay.example", &tls).contains("does not speak (https)"));
        assert_eq!(
            shown("wss://relay.example", &Matcher::builder().build()),
            "none"
        );
    }

    #[test]
    fn a_relay_on_this_computer_is_reached_directly() {
        let proxy = Proxy {
            kind: ProxyKind::Socks5,
            address: "tor.example:9050".into(),
            ..Proxy::default()
        };
        for here in ["ws://127.0.0.1:7700", "ws://localhost:1", "ws://[::1]:7700"] {
            assert_eq!(gate(here, &proxy).unwrap(), None);
        }
        let gate = gate("wss://relay.example", &proxy).unwrap().unwrap();
        assert_eq!(gate.to_string(), "socks5://tor.example:9050");
    }

    #[test]
    fn a_relay_is_a_host_and_a_port() {
        let cases = [
            ("wss://relay.example", "relay.example:443"),
            ("ws://relay.example", "relay.example:80"),
            ("ws://[2001:db8::1]", "[2001:db8::1]:80"),
            ("ws://[2001:db8::1]:7700", "[2001:db8::1]:7700"),
        ];
        for (url, authority) in cases {
            assert_eq!(Target::of(url).unwrap().authority(), authority);
        }
        assert!(Target::of("ws://relay.example:99999").is_err());
    }

    #[test]
    fn an_answer_is_a_whole_head() {
        assert_eq!(
            status(b"HTTP/1.1 200 Connection established\r\n\r\n"),
            Some(200)
        );
        assert_eq!(status(b"HTTP/1.0 407 Who\r\nVia: x\r\n\r\n"), Some(407));
        assert_eq!(status(b"HTTP/1.1 200 OK\r\n"), None);
        assert_eq!(status(b"\x05\xff\r\n\r\n"), None);
        assert_eq!(status(b"HTTP/1.1\r\n\r\n"), None);
    }
}
