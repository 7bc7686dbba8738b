//! What stands in for a WebSocket where none gets through: Socket.IO over HTTP long-polling, with the
//! very same frames. `docs/PROTOCOL.md`, 2, says how.
//!
//! One request always waits for what the relay says, another carries what is said to it. Each event is
//! acknowledged when it was taken, in both directions; so little is under way at a time. An answer that
//! is lost loses frames: the connection ends then, as when a WebSocket breaks.

use super::packet::{self, Bad, Open, Packet, Reader, Said};
use super::stream::Heard;
use futures_util::{Sink, Stream};
use reqwest::{Client, Response, Url};
use snug_wire::FRAME_LIMIT;
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_util::sync::PollSender;

/// Where it is at a relay.
const PATH: &str = "/socket.io/?EIO=4&transport=polling";
/// The largest answer: what a relay puts into one, and room.
const ANSWER: usize = 3 * FRAME_LIMIT;
/// Messages that may wait on either side.
const WAITING: usize = 4;
/// Acknowledgements and answers to pings that may wait.
const SMALL: usize = 16;
/// Frames that leave together.
const TOGETHER: usize = 64;
/// Bytes of a body beside the frames of an event.
const AROUND: usize = 4_096;
/// Nothing new leaves while as many bytes are unacknowledged.
const UNACKNOWLEDGED: usize = FRAME_LIMIT;
/// For what is to be answered at once.
const ANSWERED: Duration = Duration::from_secs(30);
/// Bytes that leave in a second on the slowest line that is borne.
const SLOWEST: u64 = 4 << 10;
/// Events that are unacknowledged at most: a relay lets 128 wait.
const EVENTS: usize = 64;
/// For telling the relay that it is over.
const GOODBYE: Duration = Duration::from_secs(2);

/// A connection over which frames go.
pub(super) struct Polling {
    outward: PollSender<Message>,
    inward: mpsc::Receiver<Result<Message, Error>>,
    heard: Heard,
    /// Ends with this.
    tasks: JoinSet<()>,
}

/// What both directions know.
struct Exchange {
    http: Client,
    url: Url,
    /// The largest body that is sent.
    largest: usize,
    heard: Heard,
    sent: Mutex<Sent>,
    room: Notify,
}

/// Events on their way, by their numbers.
#[derive(Default)]
struct Sent {
    last: u64,
    events: BTreeMap<u64, Event>,
    bytes: usize,
}

#[derive(Clone, Copy)]
enum Event {
    Frames(usize),
    Ping,
}

/// Why a connection could not begin.
pub(super) enum Closed {
    /// The answer was another: its status, and when to come again.
    Answer(u16, Option<u64>),
    /// In words.
    Failed(String),
}

impl From<io::Error> for Closed {
    fn from(error: io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl Polling {
    /// Begins a connection at `http://host:port` or `https://host:port`.
    pub async fn open(http: Client, relay: &str) -> Result<Self, Closed> {
        let failed = |error: &dyn std::fmt::Display| Closed::Failed(error.to_string());
        let mut url = Url::parse(relay).map_err(|error| failed(&error))?;
        url = url.join(PATH).map_err(|error| failed(&error))?;
        let heard = Heard::now();
        let answer = http.get(url.clone()).timeout(ANSWERED).send().await;
        let answer = answer.map_err(|error| Closed::from(broken(&error)))?;
        if !answer.status().is_success() {
            let again = answer.headers().get(reqwest::header::RETRY_AFTER);
            let again = again.and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(Closed::Answer(answer.status().as_u16(), again));
        }
        let open = Open::read(&text(answer, &heard).await?).map_err(bad)?;
        url.query_pairs_mut().append_pair("sid", &open.sid);
        let exchange = Exchange {
            http,
            url,
            largest: open.max_payload.min(2 * FRAME_LIMIT),
            heard: heard.clone(),
            sent: Mutex::default(),
            room: Notify::new(),
        };
        exchange.join().await?;
        let (outward, queue) = mpsc::channel(WAITING);
        let (said, inward) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { exchange.run(queue, &said).await });
        Ok(Self {
            outward: PollSender::new(outward),
            inward,
            heard,
            tasks,
        })
    }

    /// When something last came.
    pub fn heard(&self) -> Heard {
        self.heard.clone()
    }
}

impl Exchange {
    /// Joins the default namespace: nothing else is said before, but pings.
    async fn join(&self) -> io::Result<()> {
        self.post(&[packet::join()]).await?;
        loop {
            let body = self.get().await?;
            let mut said = None;
            for packet in packet::packets(&body) {
                match packet.map_err(bad)? {
                    Packet::Ping => self.post(&[Packet::Pong]).await?,
                    Packet::Message(text) if said.is_none() => {
                        said = Reader::default().text(&text).map_err(bad)?;
                    }
                    Packet::Pong | Packet::Noop => {}
                    _ => return Err(closed()),
                }
            }
            match said {
                Some(Said::Joined) => return Ok(()),
                Some(_) => return Err(closed()),
                None => {}
            }
        }
    }

    /// Both directions, until one ends.
    async fn run(
        &self,
        queue: mpsc::Receiver<Message>,
        said: &mpsc::Sender<Result<Message, Error>>,
    ) {
        let (small, smalls) = mpsc::channel(SMALL);
        let ended = tokio::select! {
            ended = self.listen(said, small) => ended,
            ended = self.speak(queue, smalls) => ended,
        };
        if let Err(error) = ended {
            // The relay need not wait for what will not come.
            let _ = timeout(GOODBYE, self.post(&[Packet::Close])).await;
            // Who has gone need not know.
            let _ = said.send(Err(Error::Io(error))).await;
        }
    }

    /// Gives on what the relay says.
    async fn listen(
        &self,
        said: &mpsc::Sender<Result<Message, Error>>,
        small: mpsc::Sender<Packet>,
    ) -> io::Result<()> {
        let mut reader = Reader::default();
        loop {
            let body = self.get().await?;
            for packet in packet::packets(&body) {
                let heard = match packet.map_err(bad)? {
                    Packet::Message(text) => reader.text(&text),
                    Packet::Binary(bytes) => reader.binary(bytes),
                    Packet::Close => return Err(closed()),
                    Packet::Ping => {
                        // Fails only when all ends.
                        let _ = small.send(Packet::Pong).await;
                        Ok(None)
                    }
                    Packet::Pong | Packet::Noop => Ok(None),
                };
                match heard.map_err(bad)? {
                    Some(Said::Frames(frames, number)) => {
                        for frame in frames {
                            if said.send(Ok(Message::Binary(frame))).await.is_err() {
                                return Ok(());
                            }
                        }
                        if let Some(number) = number {
                            let _ = small.send(packet::acknowledgement(number)).await;
                        }
                    }
                    Some(Said::Taken(number)) => {
                        if let Some(Event::Ping) = self.taken(number) {
                            let _ = said.send(Ok(Message::Pong(Bytes::new()))).await;
                        }
                    }
                    Some(Said::Left | Said::NotJoined) => return Err(closed()),
                    Some(Said::Joined) | None => {}
                }
            }
        }
    }

    /// An event was taken.
    fn taken(&self, number: u64) -> Option<Event> {
        let mut sent = self.sent();
        let event = sent.events.remove(&number)?;
        if let Event::Frames(bytes) = event {
            sent.bytes -= bytes;
        }
        self.room.notify_one();
        Some(event)
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what waits to be said, until nothing more can come; then leaves.
    async fn speak(
        &self,
        mut queue: mpsc::Receiver<Message>,
        mut smalls: mpsc::Receiver<Packet>,
    ) -> io::Result<()> {
        let mut next = None;
        loop {
            let has_room = {
                let sent = self.sent();
                sent.bytes < UNACKNOWLEDGED && sent.events.len() < EVENTS
            };
            let mut packets = Vec::new();
            tokio::select! {
                biased;
                Some(small) = smalls.recv() => packets.push(small),
                message = async {
                    match next.take() {
                        Some(message) => Some(message),
                        None => queue.recv().await,
                    }
                }, if has_room => match message {
                    Some(message) => next = self.gather(message, &mut queue, &mut packets),
                    None => return self.post(&[packet::leave(), Packet::Close]).await,
                },
                () = self.room.notified(), if !has_room => {}
            }
            packets.extend(std::iter::from_fn(|| smalls.try_recv().ok()));
            if !packets.is_empty() {
                self.post(&packets).await?;
            }
        }
    }

    /// As many messages as leave together; gives back the one that does not fit any more.
    fn gather(
        &self,
        first: Message,
        queue: &mut mpsc::Receiver<Message>,
        packets: &mut Vec<Packet>,
    ) -> Option<Message> {
        let (mut frames, mut bytes, mut size) = (Vec::new(), 0, AROUND);
        let mut pings = false;
        let mut next = Some(first);
        while let Some(message) = next.take() {
            if let Message::Binary(frame) = message {
                // As base64.
                size += frame.len() / 3 * 4 + 8;
                let fits = size <= self.largest && bytes + frame.len() <= UNACKNOWLEDGED;
                if !frames.is_empty() && (!fits || frames.len() == TOGETHER) {
                    next = Some(Message::Binary(frame));
                    break;
                }
                bytes += frame.len();
                frames.push(frame);
            } else {
                pings |= message.is_ping();
            }
            next = queue.try_recv().ok();
        }
        if !frames.is_empty() {
            packets.extend(packet::event(self.number(Event::Frames(bytes)), frames));
        }
        if pings {
            packets.extend(packet::event(self.number(Event::Ping), Vec::new()));
        }
        next
    }

    fn number(&self, event: Event) -> u64 {
        let mut sent = self.sent();
        sent.last += 1;
        let number = sent.last;
        sent.events.insert(number, event);
        if let Event::Frames(bytes) = event {
            sent.bytes += bytes;
        }
        number
    }

    async fn post(&self, packets: &[Packet]) -> io::Result<()> {
        let body = packet::body(packets);
        let time = ANSWERED + Duration::from_secs(body.len() as u64 / SLOWEST);
        let request = self.http.post(self.url.clone()).timeout(time);
        let request = request
            .header(reqwest::header::CONTENT_TYPE, "text/plain;charset=UTF-8")
            .body(body);
        let answer = request.send().await.map_err(|error| broken(&error))?;
        accepted(&answer)
    }

    async fn get(&self) -> io::Result<String> {
        let request = self.http.get(self.url.clone());
        let request = request.header(reqwest::header::CACHE_CONTROL, "no-store");
        let answer = request.send().await.map_err(|error| broken(&error))?;
        accepted(&answer)?;
        text(answer, &self.heard).await
    }
}

fn accepted(answer: &Response) -> io::Result<()> {
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(io::Error::other(format!(
            "it answers with HTTP {}",
            status.as_u16()
        ))),
    }
}

/// The whole of an answer.
async fn text(mut answer: Response, heard: &Heard) -> io::Result<String> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| broken(&error))? {
        heard.mark();
        if body.len() + chunk.len() > ANSWER {
            return Err(io::Error::other("its answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    String::from_utf8(body).map_err(|_| bad(Bad("what is no text")))
}

fn bad(bad: Bad) -> io::Error {
    io::Error::other(format!("what answers sent {}", bad.0))
}

fn closed() -> io::Error {
    io::Error::other("it closed the connection")
}

/// The innermost reason: what is around it repeats the address.
fn broken(error: &reqwest::Error) -> io::Error {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    io::Error::other(reason.to_string())
}

impl Stream for Polling {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.inward.poll_recv(cx)
    }
}

fn gone<T>(_: T) -> Error {
    Error::ConnectionClosed
}

/// What is flushed may still wait to leave: its answers tell.
impl Sink<Message> for Polling {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outward.poll_reserve(cx).map_err(gone)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.outward.send_item(message).map_err(gone)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outward.close();
        // Its goodbye has been said, or cannot be.
        while ready!(self.tasks.poll_join_next(cx)).is_some() {}
        Poll::Ready(Ok(()))
    }
}
