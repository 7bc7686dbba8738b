//! Small real proxies: over sockets, one connection after the other or many at once.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by it"
)]

use snug_client::view::{Proxy, ProxyKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// What a proxy was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// `host:port` as it came, a name unresolved.
    pub target: String,
    /// `user:password`, as it came.
    pub credentials: String,
}

/// A proxy that leads to one relay, whatever it is asked for. It ends when it is dropped.
pub struct Gate {
    pub address: String,
    /// What it was asked for, in order.
    pub asked: mpsc::UnboundedReceiver<Asked>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

impl Gate {
    /// Wants these credentials, `user:password`; none if empty.
    pub async fn new(kind: ProxyKind, relay: SocketAddr, wanted: &str) -> Self {
        Self::that(kind, relay, wanted, true).await
    }

    /// One for web pages: it carries requests of HTTP, and no streams.
    pub async fn for_pages(relay: SocketAddr) -> Self {
        Self::that(ProxyKind::Http, relay, "", false).await
    }

    async fn that(kind: ProxyKind, relay: SocketAddr, wanted: &str, connects: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (tell, asked) = mpsc::unbounded_channel();
        let tasks = Arc::new(Mutex::new(JoinSet::new()));
        let (wanted, all) = (wanted.to_owned(), Arc::downgrade(&tasks));
        tasks.lock().unwrap().spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(tasks) = all.upgrade() else { return };
                let (tell, wanted) = (tell.clone(), wanted.clone());
                tasks.lock().unwrap().spawn(async move {
                    // Who hangs up is of no interest here.
                    let _ = match kind {
                        ProxyKind::Http if !connects => pages(stream, relay).await,
                        ProxyKind::Http => http(stream, relay, &wanted, &tell).await,
                        _ => socks(stream, relay, &wanted, &tell).await,
                    };
                });
            }
        });
        Self {
            address,
            asked,
            tasks,
        }
    }

    /// As a person sets it.
    pub fn proxy(&self, kind: ProxyKind, user: &str, password: &str) -> Proxy {
        Proxy {
            kind,
            address: self.address.clone(),
            user: user.into(),
            password: password.into(),
        }
    }

    /// Ends what goes through it.
    pub fn close(&self) {
        self.tasks.lock().unwrap().abort_all();
    }
}

async fn through(mut stream: TcpStream, relay: SocketAddr) -> std::io::Result<()> {
    let mut onward = TcpStream::connect(relay).await?;
    copy_bidirectional(&mut stream, &mut onward).await?;
    Ok(())
}

async fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8(head).unwrap())
}

async fn pages(mut stream: TcpStream, relay: SocketAddr) -> std::io::Result<()> {
    let head = head(&mut stream).await?;
    if head.starts_with("CONNECT ") {
        let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        return stream.write_all(refusal).await;
    }
    let mut onward = TcpStream::connect(relay).await?;
    onward.write_all(head.as_bytes()).await?;
    copy_bidirectional(&mut stream, &mut onward).await?;
    Ok(())
}

async fn http(
    mut stream: TcpStream,
    relay: SocketAddr,
    wanted: &str,
    tell: &mpsc::UnboundedSender<Asked>,
) -> std::io::Result<()> {
    let head = head(&mut stream).await?;
    let basic = head
        .lines()
        .find_map(|line| line.strip_prefix("Proxy-Authorization: Basic "));
    let credentials = basic.map_or(String::new(), |basic| {
        String::from_utf8(data_encoding::BASE64.decode(basic.as_bytes()).unwrap()).unwrap()
    });
    let target = head.split(' ').nth(1).unwrap().to_owned();
    let is_right = credentials == wanted;
    let _ = tell.send(Asked {
        target,
        credentials,
    });
    if !is_right {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        return stream.write_all(refusal).await;
    }
    // In pieces: an answer need not come at once.
    for piece in [
        "HTTP/1.1 200 Conn",
        "ection established\r\nVia: gate\r",
        "\n\r\n",
    ] {
        stream.write_all(piece.as_bytes()).await?;
        stream.flush().await?;
        tokio::task::yield_now().await;
    }
    through(stream, relay).await
}

async fn socks(
    mut stream: TcpStream,
    relay: SocketAddr,
    wanted: &str,
    tell: &mpsc::UnboundedSender<Asked>,
) -> std::io::Result<()> {
    let mut greeting = [0; 2];
    stream.read_exact(&mut greeting).await?;
    assert_eq!(greeting[0], 5);
    let mut methods = vec![0; greeting[1].into()];
    stream.read_exact(&mut methods).await?;
    let method = if wanted.is_empty() { 0 } else { 2 };
    if !methods.contains(&method) {
        return stream.write_all(&[5, 0xff]).await;
    }
    stream.write_all(&[5, method]).await?;
    let mut credentials = String::new();
    if method == 2 {
        assert_eq!(stream.read_u8().await?, 1);
        let user = text(&mut stream).await?;
        credentials = format!("{user}:{}", text(&mut stream).await?);
        let is_right = credentials == wanted;
        stream.write_all(&[1, u8::from(!is_right)]).await?;
        if !is_right {
            return Ok(());
        }
    }
    let mut request = [0; 4];
    stream.read_exact(&mut request).await?;
    assert_eq!(request, [5, 1, 0, 3], "a name, for the proxy to resolve");
    let host = text(&mut stream).await?;
    let target = format!("{host}:{}", stream.read_u16().await?);
    let _ = tell.send(Asked {
        target,
        credentials,
    });
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    through(stream, relay).await
}

async fn text(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut text = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut text).await?;
    Ok(String::from_utf8(text).unwrap())
}
