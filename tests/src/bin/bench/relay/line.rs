//! One connection to a server, in the server's own words.

use super::{mqtt, plain, snug, socket_io};
use anyhow::{Context as _, Result};
use futures_util::{SinkExt as _, StreamExt as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Bytes of what is put: a text of a line or two, sealed and padded.
pub const SIZE: usize = 1_024;
/// The default would be held by every connection.
const SOCKET_BUFFER: usize = 4 << 10;
/// Addresses of this computer that connections come from: one alone has too few ports.
const SOURCES: u64 = 8;

/// Topics from here on are those of strangers, who come from an address of their own.
pub const STRANGE: u64 = 1 << 63;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The relay's protocol.
    Snug,
    /// The same over Socket.IO.
    SnugEvents,
    /// That of `bench/peers`.
    Plain,
    /// Engine.IO 4 with Socket.IO 5 over WebSocket.
    SocketIo,
    /// MQTT 3.1.1 over WebSocket.
    Mqtt,
}

/// What comes from a server.
#[derive(Debug)]
pub enum Heard {
    /// Something that was put was taken; its place, where the server has places.
    Taken(u64),
    /// Something that was put then.
    Entry(Duration),
    /// Everything stored has come.
    CaughtUp,
    /// Nothing that counts.
    Other,
}

/// A connection that has one topic open.
pub struct Line {
    pub socket: WebSocketStream<TcpStream>,
    pub dialect: Dialect,
    pub topic: u64,
    /// Puts so far.
    pub puts: u64,
    /// What had been put while it was away, and came before it was caught up.
    pub missed: u64,
    /// Of MQTT: bytes that are not yet read.
    waiting: Vec<u8>,
    pub snug: snug::Place,
}

/// Time since the program began: what stamps are counted from.
pub fn now() -> Duration {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGAN.elapsed()
}

/// The stamp that what is put begins with.
pub fn stamp(bytes: &[u8]) -> Duration {
    let nanos = bytes.first_chunk().copied().unwrap_or_default();
    Duration::from_nanos(u64::from_be_bytes(nanos))
}

/// What is put now.
pub fn said() -> Vec<u8> {
    let mut bytes = (now().as_nanos() as u64).to_be_bytes().to_vec();
    bytes.resize(SIZE, 7);
    bytes
}

impl Line {
    /// Connects, opens the topic and catches up with it. `who` tells apart the connections of one topic.
    pub async fn open(
        server: SocketAddr,
        dialect: Dialect,
        topic: u64,
        who: u64,
        place: snug::Place,
    ) -> Result<Self> {
        let mut line = Self::strange(server, dialect, topic).await?;
        line.snug = place;
        match dialect {
            Dialect::Snug | Dialect::SnugEvents => {
                if dialect == Dialect::SnugEvents {
                    socket_io::join(&mut line).await?;
                }
                snug::greet(&mut line, who).await?;
                line.catch_up().await?;
            }
            Dialect::Plain => plain::greet(&mut line).await?,
            Dialect::SocketIo => socket_io::greet(&mut line).await?,
            Dialect::Mqtt => mqtt::greet(&mut line, who).await?,
        }
        Ok(line)
    }

    /// A WebSocket over which nothing has been said.
    pub async fn strange(server: SocketAddr, dialect: Dialect, topic: u64) -> Result<Self> {
        Ok(Self {
            socket: connect(server, dialect, topic).await?,
            dialect,
            topic,
            puts: 0,
            missed: 0,
            waiting: Vec::new(),
            snug: snug::Place::default(),
        })
    }

    async fn catch_up(&mut self) -> Result<()> {
        loop {
            match self.hear().await? {
                Heard::CaughtUp => return Ok(()),
                Heard::Entry(_) => self.missed += 1,
                Heard::Taken(_) | Heard::Other => {}
            }
        }
    }

    /// Puts something; it leaves with the next [`Self::flush`] at the latest.
    pub async fn put(&mut self) -> Result<()> {
        self.puts += 1;
        match self.dialect {
            Dialect::Snug | Dialect::SnugEvents => {
                let frame = snug::put(self.topic, self.puts, &self.snug);
                self.feed(frame).await?;
            }
            Dialect::Plain => {
                let frame = plain::put(self.topic, self.puts);
                self.socket.feed(Message::binary(frame)).await?;
            }
            Dialect::Mqtt => {
                let packet = mqtt::put(self.topic, self.puts);
                self.socket.feed(Message::binary(packet)).await?;
            }
            Dialect::SocketIo => {
                let (event, bytes) = socket_io::put(self.topic, self.puts);
                self.socket.feed(Message::text(event)).await?;
                self.socket.feed(Message::binary(bytes)).await?;
            }
        }
        Ok(())
    }

    /// Sends a frame of the relay's protocol.
    pub async fn say(&mut self, frame: Vec<u8>) -> Result<()> {
        self.feed(frame).await?;
        self.flush().await
    }

    async fn feed(&mut self, frame: Vec<u8>) -> Result<()> {
        if self.dialect == Dialect::SnugEvents {
            let event = Message::text(socket_io::FRAME);
            self.socket.feed(event).await?;
        }
        Ok(self.socket.feed(Message::binary(frame)).await?)
    }

    /// The next message with a frame of the relay's protocol.
    pub async fn listen(&mut self) -> Result<Message> {
        loop {
            let message = self.receive().await?;
            if message.is_binary() {
                return Ok(message);
            }
            socket_io::answer(self, &message).await?;
        }
    }

    pub async fn flush(&mut self) -> Result<()> {
        Ok(self.socket.flush().await?)
    }

    /// The next thing the server says.
    pub async fn hear(&mut self) -> Result<Heard> {
        while self.dialect == Dialect::Mqtt {
            if let Some(heard) = mqtt::hear(&mut self.waiting) {
                return Ok(heard);
            }
            let more = self.receive().await?.into_data();
            self.waiting.extend(more);
        }
        let message = self.receive().await?;
        match self.dialect {
            Dialect::SnugEvents if !message.is_binary() => {
                socket_io::answer(self, &message).await?;
                Ok(Heard::Other)
            }
            Dialect::Snug | Dialect::SnugEvents => snug::hear(&message, &mut self.snug),
            Dialect::Plain | Dialect::Mqtt => plain::hear(&message),
            Dialect::SocketIo => socket_io::hear(self, &message).await,
        }
    }

    /// Says nothing but that it is there.
    pub async fn ping(&mut self) -> Result<()> {
        self.send(Message::Ping(Vec::new().into())).await
    }

    pub async fn send(&mut self, message: Message) -> Result<()> {
        Ok(self.socket.send(message).await?)
    }

    pub async fn receive(&mut self) -> Result<Message> {
        let message = self.socket.next().await;
        Ok(message.context("the server closed the connection")??)
    }
}

async fn connect(
    server: SocketAddr,
    dialect: Dialect,
    topic: u64,
) -> Result<WebSocketStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    let last = if topic < STRANGE {
        1 + topic % SOURCES
    } else {
        99
    };
    let source = Ipv4Addr::new(127, 0, 0, last as u8);
    socket.bind(SocketAddr::new(IpAddr::V4(source), 0))?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(SOCKET_BUFFER)
        .write_buffer_size(SOCKET_BUFFER);
    let path = match dialect {
        Dialect::SocketIo | Dialect::SnugEvents => socket_io::PATH,
        _ => "/",
    };
    let mut request = format!("ws://{server}{path}").into_client_request()?;
    if topic >= STRANGE {
        // As a proxy would say: those the relay trusts are believed.
        let from = HeaderValue::from_static("192.0.2.99");
        request.headers_mut().insert("x-forwarded-for", from);
    }
    if dialect == Dialect::Mqtt {
        let speaks = HeaderValue::from_static(mqtt::PROTOCOL);
        request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, speaks);
    }
    let (socket, _) =
        tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?;
    Ok(socket)
}
