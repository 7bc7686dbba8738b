//! A way to NATS that can be cut.

use std::net::SocketAddr;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A port that leads to another one, unless it is cut.
pub struct Proxy {
    address: SocketAddr,
    is_cut: watch::Sender<bool>,
    _ways: JoinSet<()>,
}

impl Proxy {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_cut, watched) = watch::channel(false);
        let mut ways = JoinSet::new();
        ways.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut here, _)) = listener.accept().await {
                let mut watched = watched.clone();
                open.spawn(async move {
                    if *watched.borrow() {
                        return;
                    }
                    let mut there = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut here, &mut there) => {}
                        _ = watched.wait_for(|is_cut| *is_cut) => {}
                    }
                });
            }
        });
        Self {
            address,
            is_cut,
            _ways: ways,
        }
    }

    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Ends what goes through, and lets nothing through.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    pub fn heal(&self) {
        self.is_cut.send_replace(false);
    }
}
