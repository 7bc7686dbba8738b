//! The connection to the home relay.

use crate::arguments::ConnectionSet;
use crate::output::{self, Line};
use anyhow::{Result, bail};
use serde_json::Value;
use snug_client::Client;
use snug_client::view::{Proxy, ProxyKind};
use std::time::Duration;

/// Everything known of it.
pub async fn show(client: &Client) -> Result<Line> {
    output::row("connectionDetails", &client.connection_details().await?)
}

/// Changes how connections are made; shows how they are made then.
pub async fn set(client: &Client, change: ConnectionSet) -> Result<Line> {
    let mut settings = client.connection_settings();
    let before = settings.clone();
    let number = |n: u128| u32::try_from(n).unwrap_or(u32::MAX);
    let seconds = |span: Duration| number(span.as_secs().into());
    if let Some(span) = change.heartbeat {
        settings.heartbeat = seconds(span);
    }
    if let Some(span) = change.silence {
        settings.silence = seconds(span);
    }
    if let Some(span) = change.shortest_pause {
        settings.shortest_pause = number(span.as_millis());
    }
    if let Some(span) = change.longest_pause {
        settings.longest_pause = seconds(span);
    }
    if let Some(text) = change.proxy {
        let user = change.proxy_user.unwrap_or_default();
        settings.proxy = proxy(&text, user)?;
    }
    if settings != before {
        client.set_connection_settings(settings).await?;
    }
    if let Some(address) = change.relay_token {
        client.set_relay_token(&address).await?;
    }
    let mut line = output::row("connectionSettings", &client.connection_settings())?;
    if let Some(Value::Object(proxy)) = line.get_mut("proxy") {
        // Terminals remember what they showed.
        proxy.remove("password");
    }
    Ok(line)
}

/// The proxy a text names.
fn proxy(text: &str, user: String) -> Result<Proxy> {
    let (kind, address) = match text.split_once("://") {
        None if text == "none" => (ProxyKind::None, ""),
        None if text == "system" => (ProxyKind::System, ""),
        Some(("http", address)) => (ProxyKind::Http, address),
        Some(("socks5" | "socks5h", address)) => (ProxyKind::Socks5, address),
        _ => bail!(
            "{text:?} is no proxy: write none, system, http://HOST:PORT or socks5://HOST:PORT"
        ),
    };
    let password = match user.is_empty() {
        true => String::new(),
        false => std::env::var("SNUG_PROXY_PASSWORD").unwrap_or_default(),
    };
    Ok(Proxy {
        kind,
        address: address.trim_end_matches('/').to_owned(),
        user,
        password,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_written_as_everywhere() {
        let named = |text| proxy(text, String::new()).map(|proxy| (proxy.kind, proxy.address));
        let cases = [
            ("none", ProxyKind::None, ""),
            ("system", ProxyKind::System, ""),
            (
                "http://proxy.example:3128/",
                ProxyKind::Http,
                "proxy.example:3128",
            ),
            (
                "socks5://127.0.0.1:9050",
                ProxyKind::Socks5,
                "127.0.0.1:9050",
            ),
            ("socks5h://[::1]:9050", ProxyKind::Socks5, "[::1]:9050"),
        ];
        for (text, kind, address) in cases {
            assert_eq!(named(text).unwrap(), (kind, address.to_owned()), "{text}");
        }
        for wrong in [
            "",
            "tor",
            "https://proxy.example:1",
            "socks4://x:1",
            "proxy.example:1",
        ] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }
}
