//! One connection from `Ready` to its end: reading, writing and the heartbeat.

use super::dial::farewell;
use super::socket::{Socket, frame, message, unreachable};
use super::{BATCH, Event, IN_FLIGHT, Origin, Statistics, Timing};
use crate::{Problem, ProblemCode};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use snug_wire::FRAME_LIMIT;
use snug_wire::frame::{ClientFrame, Refusal, RelayFrame};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_util::sync::CancellationToken;

/// Frames read ahead of the driver weigh at most about this many bytes.
const AHEAD: usize = 2 * FRAME_LIMIT;
/// For saying goodbye when the client ends.
const GOODBYE: Duration = Duration::from_millis(500);

/// How a connection, or an attempt at one, ended.
pub(super) struct Ended {
    pub problem: Problem,
    /// The relay asked not to be tried again before.
    pub at_least: Duration,
}

impl Ended {
    pub fn on_purpose() -> Self {
        Problem::new(ProblemCode::RelayUnreachable, "Snug is closing.").into()
    }
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Self {
        Self {
            problem,
            at_least: Duration::ZERO,
        }
    }
}

/// What a link works with.
pub(super) struct Link<'a> {
    pub origin: Origin,
    pub url: &'a str,
    pub timing: &'a Timing,
    pub events: &'a mpsc::Sender<(Origin, Event)>,
    pub statistics: &'a watch::Sender<Statistics>,
}

/// Signs of life.
struct Pulse {
    /// When something last came from the relay.
    heard: Instant,
    /// When the last ping was sent whose answer has not come.
    asked: Option<Instant>,
    /// Nothing is being read because the driver is behind.
    holding: bool,
}

impl Pulse {
    /// Whether nothing came since the ping, though it was listened for.
    fn is_silent(&self) -> bool {
        self.asked
            .is_some_and(|asked| !self.holding && self.heard < asked)
    }
}

type SharedPulse = Mutex<Pulse>;

fn lock(pulse: &SharedPulse) -> MutexGuard<'_, Pulse> {
    pulse.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link<'_> {
    /// Runs until the connection or the client ends.
    pub async fn run(&self, socket: Socket, end: &CancellationToken) -> Ended {
        let (requests, queue) = mpsc::channel(IN_FLIGHT);
        let (mut sink, stream) = socket.split();
        let pulse = Mutex::new(Pulse {
            heard: Instant::now(),
            asked: None,
            holding: false,
        });
        tokio::select! {
            biased;
            () = end.cancelled() => {}
            ended = async {
                if self.tell(Event::Up(requests)).await.is_err() {
                    return Ended::on_purpose();
                }
                // Two halves of one task: a write that waits for the relay must not keep us from
                // reading what the relay waits to be rid of.
                tokio::select! {
                    ended = self.read(stream, &pulse) => ended,
                    ended = self.write(&mut sink, queue, &pulse) => ended,
                }
            } => return ended,
        }
        let _ = timeout(GOODBYE, sink.close()).await;
        Ended::on_purpose()
    }

    async fn read(&self, mut stream: SplitStream<Socket>, pulse: &SharedPulse) -> Ended {
        let (mut batch, mut weight) = (Vec::new(), 0);
        let ended = loop {
            let is_full = batch.len() >= BATCH || weight >= AHEAD;
            lock(pulse).holding = is_full;
            tokio::select! {
                // What is already here goes with the batch.
                biased;
                received = stream.next(), if !is_full => {
                    lock(pulse).heard = Instant::now();
                    match self.received(received, pulse) {
                        Ok(Some((frame, len))) => {
                            batch.push(frame);
                            weight += len;
                        }
                        Ok(None) => {}
                        Err(ended) => break ended,
                    }
                }
                permit = self.events.reserve(), if !batch.is_empty() => match permit {
                    Ok(permit) => {
                        let frames = std::mem::take(&mut batch);
                        permit.send((self.origin, Event::Frames(frames)));
                        weight = 0;
                    }
                    Err(_) => break Ended::on_purpose(),
                },
            }
        };
        if !batch.is_empty() {
            let _ = self.tell(Event::Frames(batch)).await;
        }
        ended
    }

    fn received(
        &self,
        received: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
        pulse: &SharedPulse,
    ) -> Result<Option<(RelayFrame, usize)>, Ended> {
        let url = self.url;
        let message = received
            .ok_or_else(|| unreachable(url, &"it closed the connection"))?
            .map_err(|error| unreachable(url, &error))?;
        if let Message::Pong(_) = message
            && let Some(asked) = lock(pulse).asked.take()
        {
            self.statistics
                .send_modify(|s| s.round_trip = Some(asked.elapsed()));
            // When the driver is behind it need not know: the next one tells.
            let _ = self.events.try_send((self.origin, Event::Measured));
        }
        let len = message.len();
        match frame(url, &message)? {
            Some(RelayFrame::Goodbye(why)) => Err(Ended {
                problem: farewell(url, &why),
                at_least: match why {
                    Refusal::Busy(wait) => {
                        Duration::from_millis(wait).min(self.timing.backoff.longest)
                    }
                    _ => Duration::ZERO,
                },
            }),
            Some(frame) => {
                self.statistics.send_modify(|statistics| {
                    statistics.frames.1 += 1;
                    statistics.bytes.1 += len as u64;
                });
                Ok(Some((frame, len)))
            }
            None => Ok(None),
        }
    }

    async fn write(
        &self,
        sink: &mut SplitSink<Socket, Message>,
        mut queue: mpsc::Receiver<ClientFrame>,
        pulse: &SharedPulse,
    ) -> Ended {
        let mut batch = Vec::with_capacity(IN_FLIGHT);
        let (mut look, mut due) = (Instant::now(), Instant::now());
        loop {
            let messages: Vec<Message> = tokio::select! {
                taken = queue.recv_many(&mut batch, IN_FLIGHT) => {
                    if taken == 0 {
                        return Ended::on_purpose();
                    }
                    batch.drain(..).map(|frame| message(&frame)).collect()
                }
                () = sleep_until(look) => {
                    if Instant::now() >= due {
                        lock(pulse).asked = Some(Instant::now());
                        due = Instant::now() + self.timing.heartbeat;
                        look = Instant::now() + self.timing.silence;
                        vec![Message::Ping(Bytes::new())]
                    } else if lock(pulse).is_silent() {
                        return self.silent();
                    } else {
                        look = due;
                        Vec::new()
                    }
                }
            };
            match timeout(self.timing.silence, self.write_all(sink, messages)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return unreachable(self.url, &error).into(),
                Err(_) => return self.silent(),
            }
        }
    }

    /// Feeds everything, flushes once.
    async fn write_all(
        &self,
        sink: &mut SplitSink<Socket, Message>,
        messages: Vec<Message>,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        let frames = messages.iter().filter(|message| message.is_binary());
        let (count, bytes) = frames.fold((0, 0), |(count, bytes), frame| {
            (count + 1, bytes + frame.len() as u64)
        });
        self.statistics.send_modify(|statistics| {
            statistics.frames.0 += count;
            statistics.bytes.0 += bytes;
        });
        for message in messages {
            sink.feed(message).await?;
        }
        sink.flush().await
    }

    fn silent(&self) -> Ended {
        unreachable(self.url, &"it fell silent").into()
    }

    async fn tell(&self, event: Event) -> Result<(), Ended> {
        let told = self.events.send((self.origin, event)).await;
        told.map_err(|_| Ended::on_purpose())
    }
}
