//! The task of a connection: attempts, pauses, attempts.

use super::backoff::in_a_row;
use super::detour::Detour;
use super::dial::{By, Call, Dialled, Expected};
use super::link::{Ended, Link};
use super::nearby::dial_or_find;
use super::refused::Refused;
use super::socket::Socket;
use super::{Change, Event, Ledger, Origin, Statistics, Way};
use crate::clock::now;
use crate::relay_url;
use crate::view::ConnectionState;
use snug_wire::{RelayAddress, Secret};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// A connection that keeps itself up until it is dropped.
pub(crate) struct Connection {
    retry: Arc<Notify>,
    statistics: watch::Receiver<Statistics>,
    _ends: DropGuard,
}

/// Where connections live and report to.
#[derive(Clone)]
pub(crate) struct Ground {
    pub runtime: Handle,
    pub tasks: TaskTracker,
    pub way: watch::Receiver<Way>,
    /// What happens around this computer.
    pub changes: watch::Receiver<Change>,
    pub events: mpsc::Sender<(Origin, Event)>,
    pub ledger: Ledger,
}

impl Connection {
    /// Starts connecting to this relay with this connection key (rule 10).
    pub fn start(ground: &Ground, instance: u64, relay: RelayAddress, key: Secret) -> Self {
        let begun = match ground.ledger.statistics(&relay.key) {
            Some(before) => before.continued(now()),
            None => Statistics::new(now()),
        };
        let (statistics, seen) = watch::channel(begun);
        ground.ledger.follow(relay.key, seen.clone());
        let retry = Arc::new(Notify::new());
        let end = CancellationToken::new();
        let task = Task {
            origin: Origin {
                relay: relay.key,
                instance,
            },
            relay,
            key,
            way: ground.way.clone(),
            changes: ground.changes.clone(),
            events: ground.events.clone(),
            statistics,
            retry: Arc::clone(&retry),
            end: end.clone(),
        };
        ground.tasks.spawn_on(task.run(), &ground.runtime);
        Self {
            retry,
            statistics: seen,
            _ends: end.drop_guard(),
        }
    }

    /// Tries at once if it is pausing; asks for a sign of life if it is up.
    pub fn retry(&self) {
        self.retry.notify_one();
    }

    /// How it goes. Held for a moment only.
    pub fn statistics(&self) -> watch::Ref<'_, Statistics> {
        self.statistics.borrow()
    }
}

/// How the relay is reached, as long as the network stays the same.
struct Road {
    /// Where it is.
    url: String,
    detour: Detour,
    /// A WebSocket that got through, to be used next.
    ready: Option<Socket>,
}

impl Road {
    /// Nothing is known of it yet.
    fn to(url: String) -> Self {
        Self {
            url,
            detour: Detour::default(),
            ready: None,
        }
    }
}

struct Task {
    origin: Origin,
    relay: RelayAddress,
    key: Secret,
    way: watch::Receiver<Way>,
    changes: watch::Receiver<Change>,
    events: mpsc::Sender<(Origin, Event)>,
    statistics: watch::Sender<Statistics>,
    retry: Arc<Notify>,
    end: CancellationToken,
}

impl Task {
    async fn run(mut self) {
        // Between two attempts nothing needs to be said goodbye to; within one, `Link` does it.
        let mut failures = 0;
        let mut road = Road::to(self.relay.url.clone());
        while !self.end.is_cancelled() {
            let up = OnceLock::new();
            let way = self.way.borrow_and_update().clone();
            // What happened before led to this attempt.
            self.changes.mark_unchanged();
            let (mut changing, mut changes) = (self.way.clone(), self.changes.clone());
            let ended = tokio::select! {
                ended = self.attempt(&way, &up, &mut road) => ended,
                ended = self.overtaken(&way, &mut changing, &mut changes) => {
                    // Another network may let through what this one did not.
                    road = Road::to(road.url);
                    ended
                }
            };
            (self.way, self.changes) = (changing, changes);
            let stood = up.get().map(Instant::elapsed);
            failures = in_a_row(failures, stood, way.timing.silence);
            let backoff = self.way.borrow().timing.backoff;
            let pause = match ended.is_meant() {
                true => Duration::ZERO,
                false => backoff.pause(failures, rand::random()),
            };
            self.pause(ended, pause).await;
        }
    }

    /// Connects and stays connected; `up` is set to when it was.
    async fn attempt(&self, way: &Way, up: &OnceLock<Instant>, road: &mut Road) -> Ended {
        self.becomes(ConnectionState::Connecting);
        self.tell(Event::Connecting).await;
        let dialled = tokio::select! {
            dialled = self.dial(way, road) => dialled,
            () = self.end.cancelled() => return Ended::closing(),
        };
        let (socket, instead) = match dialled {
            Ok(dialled) => dialled,
            Err(refused) => {
                let longest = way.timing.backoff.longest;
                return Ended {
                    at_least: refused.at_least.min(longest),
                    ..refused.problem.into()
                };
            }
        };
        let is_detour = instead.is_some();
        self.statistics
            .send_modify(|statistics| statistics.instead = instead);
        self.becomes(ConnectionState::Connected);
        let begun = *up.get_or_init(Instant::now);
        let url = road.url.clone();
        let link = Link {
            origin: self.origin,
            url: &url,
            way: self.way.clone(),
            retry: &self.retry,
            events: &self.events,
            statistics: &self.statistics,
        };
        if is_detour {
            return self.until_web_socket(link, socket, way, road).await;
        }
        let ended = link.run(socket, &self.end).await;
        if ended.was_cut {
            road.detour
                .cut(begun.elapsed(), way.timing.upgrade, Instant::now());
        }
        ended
    }

    /// A connection, and why it is not over a WebSocket.
    async fn dial(&self, way: &Way, road: &mut Road) -> Result<(Socket, Option<String>), Refused> {
        if let Some(socket) = road.ready.take() {
            return Ok((socket, None));
        }
        let (url, expected) = (road.url.clone(), Expected::Key(self.relay.key));
        let call = Call::new(&url, &expected, &self.key, way);
        if let Some(why) = road.detour.why(Instant::now()) {
            let why = why.to_owned();
            if let Ok(dialled) = call.dial_by(By::Polling).await {
                return Ok((dialled.socket, Some(why)));
            }
        }
        let Dialled {
            socket,
            relay,
            instead,
        } = dial_or_find(call).await?;
        if relay.url != url {
            road.url.clone_from(&relay.url);
            self.tell(Event::Found(relay.url)).await;
        }
        match &instead {
            Some(why) => road
                .detour
                .begin(why.clone(), way.timing.upgrade, Instant::now()),
            None => road.detour.end(),
        }
        Ok((socket, instead))
    }

    /// Runs a connection over HTTP until it ends, or a WebSocket gets through.
    async fn until_web_socket(
        &self,
        link: Link<'_>,
        socket: Socket,
        way: &Way,
        road: &mut Road,
    ) -> Ended {
        let end = self.end.child_token();
        let mut run = pin!(link.run(socket, &end));
        let web_socket = tokio::select! {
            ended = &mut run => return ended,
            web_socket = self.web_socket(&road.url, way, &mut road.detour) => web_socket,
        };
        // What was said last still leaves.
        end.cancel();
        run.await;
        road.ready = Some(web_socket);
        Ended::meant("A WebSocket gets through again.")
    }

    /// The first that gets through.
    async fn web_socket(&self, url: &str, way: &Way, detour: &mut Detour) -> Socket {
        let expected = Expected::Key(self.relay.key);
        let call = Call::new(url, &expected, &self.key, way);
        loop {
            sleep_until(detour.due().unwrap_or_else(Instant::now)).await;
            match call.dial_by(By::WebSocket).await {
                Ok(dialled) => {
                    detour.end();
                    return dialled.socket;
                }
                Err(refused) => {
                    let why = refused.blocked.unwrap_or(refused.problem.text);
                    detour.begin(why, way.timing.upgrade, Instant::now());
                }
            }
        }
    }

    /// Waits until something makes an attempt, or the connection it led to, worthless.
    async fn overtaken(
        &self,
        way: &Way,
        changing: &mut watch::Receiver<Way>,
        changes: &mut watch::Receiver<Change>,
    ) -> Ended {
        loop {
            tokio::select! {
                Ok(()) = changing.changed() => {
                    if changing.borrow_and_update().proxy != way.proxy {
                        return Ended::meant("The proxy was changed.");
                    }
                }
                Ok(()) = changes.changed() => {
                    let change = *changes.borrow_and_update();
                    if let Some(why) = self.loses_by(change) {
                        return Ended::meant(why);
                    }
                }
                else => return std::future::pending().await,
            }
        }
    }

    /// Why a connection is not worth keeping after such a change.
    fn loses_by(&self, change: Change) -> Option<String> {
        // One to this computer needs no network, and sleeps and wakes with it.
        if relay_url::is_here(self.relay.host()) {
            return None;
        }
        match change {
            Change::None => None,
            Change::Slept(span) => Some(format!("The computer slept for {} s.", span.as_secs())),
            Change::Moved => Some("The network changed.".into()),
        }
    }

    async fn pause(&mut self, ended: Ended, pause: Duration) {
        let pause = pause.max(ended.at_least);
        tracing::info!(
            relay = self.relay.host(),
            ?pause,
            "not connected: {}",
            ended.text()
        );
        let due = now().saturating_add(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        self.statistics.send_modify(|statistics| {
            statistics.ended(ended.reason, now());
            statistics.retry_at = Some(due);
        });
        self.tell(Event::Down).await;
        if pause.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.retry.notified() => {}
            // Whatever it is, it may be what the connection lacked.
            Ok(()) = self.way.changed() => {}
            Ok(()) = self.changes.changed() => {}
            () = self.end.cancelled() => {}
        }
    }

    fn becomes(&self, state: ConnectionState) {
        self.statistics
            .send_modify(|statistics| statistics.becomes(state, now()));
    }

    async fn tell(&self, event: Event) {
        // When the driver has gone, `end` is cancelled too.
        tokio::select! {
            _ = self.events.send((self.origin, event)) => {}
            () = self.end.cancelled() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Proxy, ProxyKind};
    use snug_relay::{Config, Relay};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;

    /// A proxy to this relay. One on this computer would be reached directly, and stay as it is.
    async fn gate(listener: TcpListener, relay: String) {
        loop {
            let mut stream = listener.accept().await.unwrap().0;
            let mut onward = TcpStream::connect(&relay).await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            // One after the other: an old connection is over when a new one comes.
            let _ = copy_bidirectional(&mut stream, &mut onward).await;
        }
    }

    async fn next(events: &mut mpsc::Receiver<(Origin, Event)>) -> Event {
        let soon = timeout(Duration::from_secs(60), events.recv());
        soon.await.unwrap().unwrap().1
    }

    async fn is_up(
        events: &mut mpsc::Receiver<(Origin, Event)>,
    ) -> mpsc::Sender<snug_wire::frame::ClientFrame> {
        loop {
            if let Event::Up(requests) = next(events).await {
                return requests;
            }
        }
    }

    #[tokio::test]
    async fn sleep_and_a_new_network_end_a_connection_and_begin_another_at_once() {
        let place = tempfile::tempdir().unwrap();
        let relay = Relay::start(Config {
            data: place.path().to_owned(),
            listen: ([127, 0, 0, 1], 0).into(),
            keep_port: true,
        });
        let relay = relay.await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut way = Way {
            proxy: Proxy {
                kind: ProxyKind::Http,
                address: listener.local_addr().unwrap().to_string(),
                ..Proxy::default()
            },
            ..Way::default()
        };
        // A pause would be noticed.
        way.timing.backoff.first = Duration::from_secs(3_600);
        way.timing.backoff.longest = Duration::from_secs(3_600);
        let gate = gate(listener, relay.url().replace("ws://", ""));

        let (_way, chosen) = watch::channel(way);
        let (changing, changes) = watch::channel(Change::default());
        let (events, mut happened) = mpsc::channel(4);
        let ground = Ground {
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
            way: chosen,
            changes,
            events,
            ledger: Ledger::default(),
        };
        let address = RelayAddress {
            url: "ws://relay.test:7700".into(),
            key: relay.key(),
        };
        let story = async {
            let connection = Connection::start(&ground, 1, address, Secret::new([7; 32]));
            let mut requests = is_up(&mut happened).await;
            for change in [Change::Slept(Duration::from_secs(90)), Change::Moved] {
                changing.send_replace(change);
                let anew = is_up(&mut happened).await;
                assert!(requests.is_closed(), "the old one is over");
                requests = anew;
            }
            let statistics = connection.statistics().clone();
            let why = statistics.reconnects.iter().map(|one| one.text.as_str());
            assert_eq!(
                why.collect::<Vec<_>>(),
                ["The computer slept for 90 s.", "The network changed."]
            );
            assert!(statistics.errors.is_empty());
            assert_eq!(statistics.attempts, 3);
        };
        tokio::select! {
            () = story => {}
            () = gate => unreachable!("it goes on"),
        }
        relay.stop().await;
    }
}
