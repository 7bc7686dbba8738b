//! A small real middlebox: what lies between a device and its relay in a network that does not want
//! WebSockets.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]
#![allow(dead_code, reason = "each test uses some of it")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What becomes of a WebSocket. All else passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It passes.
    Pass,
    /// Its `Upgrade` is taken away, as HTTP/1.1 lets anybody between do.
    Strip,
    /// It is let through, and cut when the first bytes follow.
    Cut,
}

/// It ends when it is dropped.
pub struct Middlebox {
    address: SocketAddr,
    rule: Arc<Mutex<Rule>>,
    _tasks: JoinSet<()>,
}

impl Middlebox {
    pub async fn new(relay: SocketAddr, rule: Rule) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let rule = Arc::new(Mutex::new(rule));
        let mut tasks = JoinSet::new();
        let now = Arc::clone(&rule);
        tasks.spawn(async move {
            let mut streams = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let rule = Arc::clone(&now);
                streams.spawn(async move {
                    // Who hangs up is of no interest here.
                    let _ = between(stream, relay, &rule).await;
                });
            }
        });
        Self {
            address,
            rule,
            _tasks: tasks,
        }
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// For WebSockets that begin from now on.
    pub fn set(&self, rule: Rule) {
        *self.rule.lock().unwrap() = rule;
    }
}

async fn between(
    mut device: TcpStream,
    relay: SocketAddr,
    rule: &Mutex<Rule>,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(device.read_u8().await?);
    }
    let text = String::from_utf8(head).unwrap();
    let is_upgrade = |line: &str| line.to_ascii_lowercase().starts_with("upgrade:");
    let rule = match text.lines().any(is_upgrade) {
        true => *rule.lock().unwrap(),
        false => Rule::Pass,
    };
    let mut relay = TcpStream::connect(relay).await?;
    let head = match rule {
        Rule::Strip => text.replacen("Upgrade: websocket\r\n", "", 1),
        _ => text,
    };
    relay.write_all(head.as_bytes()).await?;
    if rule == Rule::Cut {
        // The answer passes, and what is said over it does not.
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(relay.read_u8().await?);
        }
        device.write_all(&answer).await?;
        device.read_u8().await?;
        return Ok(());
    }
    copy_bidirectional(&mut device, &mut relay).await?;
    Ok(())
}
