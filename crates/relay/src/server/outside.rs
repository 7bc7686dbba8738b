//! The way in from the local network: a second listener beside the one for this computer, with TLS
//! under the relay's own key, opened and closed while the relay runs.
//!
//! It is for devices alone: nothing of an operator's is behind it. Who comes from elsewhere than a local
//! network is not even greeted, whatever the network between lets through.

use super::http::{Entrance, accept};
use super::{Shared, own_certificate};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as Bound};
use std::sync::{Arc, Weak};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

/// How many streams may wait to be taken.
const BACKLOG: i32 = 128;

/// The way in from the local network, closed at first. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Outside {
    shared: Weak<Shared>,
    open: Arc<Mutex<Option<Open>>>,
}

/// Why it cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The relay has stopped.
    #[error("the relay has stopped")]
    Stopped,
    /// No port.
    #[error("no port can be listened on: {0}")]
    Listen(io::Error),
    /// TLS.
    #[error("its certificate cannot be made: {0}")]
    Certificate(String),
}

#[derive(Debug)]
struct Open {
    port: u16,
    _leaving: DropGuard,
    _closing: DropGuard,
    listening: Vec<JoinHandle<()>>,
}

impl Outside {
    pub(super) fn of(shared: &Arc<Shared>) -> Self {
        Self {
            shared: Arc::downgrade(shared),
            open: Arc::default(),
        }
    }

    /// Opens it on this port, or on another where that is taken or is 0; says on which. Where it is open
    /// already it stays as it is.
    ///
    /// # Errors
    /// [`OutsideError`] says in plain words what is in the way.
    pub async fn open(&self, port: u16) -> Result<u16, OutsideError> {
        let mut open = self.open.lock().await;
        let shared = self.shared.upgrade();
        let shared = shared.filter(|shared| !shared.leaving.is_cancelled());
        let shared = shared.ok_or(OutsideError::Stopped)?;
        if let Some(open) = &*open {
            return Ok(open.port);
        }
        let tls = own_certificate::acceptor(&shared.key).map_err(OutsideError::Certificate)?;
        let (listeners, port) = listen(port).map_err(OutsideError::Listen)?;
        let entrance = Entrance {
            tls: Some(tls),
            leaving: shared.leaving.child_token(),
            closing: shared.closing.child_token(),
            is_outside: true,
        };
        let all = listeners.into_iter();
        let listening = all.map(|listener| accept(listener, &shared, entrance.clone()));
        *open = Some(Open {
            port,
            listening: listening.collect(),
            _leaving: entrance.leaving.drop_guard(),
            _closing: entrance.closing.drop_guard(),
        });
        Ok(port)
    }

    /// Closes it: nobody comes in any more when this returns, and those who are in are told `Leaving`.
    pub async fn close(&self) {
        let open = self.open.lock().await.take();
        let listening = open.map(|open| open.listening).unwrap_or_default();
        for listening in listening {
            // It only ends, with the port free.
            let _ = listening.await;
        }
    }
}

/// By IPv4 and IPv6 as far as this computer has them, on one port.
fn listen(port: u16) -> io::Result<(Vec<TcpListener>, u16)> {
    let v4 = |port| bind((Ipv4Addr::UNSPECIFIED, port).into());
    let v6 = |port| bind((Ipv6Addr::UNSPECIFIED, port).into());
    // Taken by now: a new one is chosen, and devices find it.
    let first = v4(port).or_else(|_| v4(0)).or_else(|_| v6(port));
    let first = first.or_else(|_| v6(0))?;
    let address = first.local_addr()?;
    let mut all = vec![TcpListener::from_std(first)?];
    if address.is_ipv4()
        && let Ok(second) = v6(address.port())
    {
        all.push(TcpListener::from_std(second)?);
    }
    Ok((all, address.port()))
}

/// IPv6 for itself: whether it would take IPv4 as well is different on every system.
fn bind(address: SocketAddr) -> io::Result<Bound> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Elsewhere it would let two programs have one port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
