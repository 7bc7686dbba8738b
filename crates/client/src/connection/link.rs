//! One connection from `Ready` to its end: reading, writing and the heartbeat.

use super::dial::farewell;
use super::socket::{Socket, frame, message, unreachable};
use super::statistics::Reason;
use super::stream::Heard;
use super::{BATCH, Event, IN_FLIGHT, Origin, Statistics, Way};
use crate::Problem;
use crate::clock::now;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use snug_wire::FRAME_LIMIT;
use snug_wire::frame::{ClientFrame, Refusal, RelayFrame};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_util::sync::CancellationToken;

/// Frames read ahead of the driver weigh at most about this many bytes.
const AHEAD: usize = 2 * FRAME_LIMIT;
/// For saying goodbye when the client ends.
const GOODBYE: Duration = Duration::from_millis(500);

/// How a connection, or an attempt at one, ended.
pub(super) struct Ended {
    pub reason: Reason,
    /// The relay asked not to be tried again before.
    pub at_least: Duration,
    /// Nobody said why.
    pub was_cut: bool,
}

impl Ended {
    /// On our side, for this reason, in a sentence.
    pub fn meant(why: impl Into<String>) -> Self {
        Self {
            reason: Reason::Meant(why.into()),
            at_least: Duration::ZERO,
            was_cut: false,
        }
    }

    pub fn closing() -> Self {
        Self::meant("Snug is closing.")
    }

    pub fn is_meant(&self) -> bool {
        matches!(self.reason, Reason::Meant(_))
    }

    /// Why, in words.
    pub fn text(&self) -> &str {
        match &self.reason {
            Reason::Failed(problem) => &problem.text,
            Reason::Meant(text) => text,
        }
    }
}

impl From<Problem> for Ended {
    fn from(problem: Problem) -> Self {
        Self {
            reason: Reason::Failed(problem),
            at_least: Duration::ZERO,
            was_cut: true,
        }
    }
}

/// What a link works with.
pub(super) struct Link<'a> {
    pub origin: Origin,
    pub url: &'a str,
    /// Its delays count from when they change; another proxy ends the link from outside.
    pub way: watch::Receiver<Way>,
    /// Asks for a sign of life at once.
    pub retry: &'a Notify,
    pub events: &'a mpsc::Sender<(Origin, Event)>,
    pub statistics: &'a watch::Sender<Statistics>,
}

/// Signs of life.
struct Pulse {
    /// When something last came from the relay.
    heard: Heard,
    /// When a ping was sent whose answer has not come.
    asked: Option<Instant>,
    /// Nothing is being read because the driver is behind.
    holding: bool,
}

impl Pulse {
    /// Whether nothing came since the ping, though it was listened for.
    fn is_silent(&self) -> bool {
        self.waits() && !self.holding
    }

    /// Whether nothing came since the ping.
    fn waits(&self) -> bool {
        self.asked.is_some_and(|asked| self.heard.at() < asked)
    }
}

type SharedPulse = Mutex<Pulse>;

fn lock(pulse: &SharedPulse) -> MutexGuard<'_, Pulse> {
    pulse.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link<'_> {
    /// Runs until the connection or the client ends.
    pub async fn run(&self, socket: Socket, end: &CancellationToken) -> Ended {
        let (requests, mut queue) = mpsc::channel(IN_FLIGHT);
        let heard = socket.heard();
        let (mut sink, stream) = socket.split();
        let pulse = Mutex::new(Pulse {
            heard,
            asked: None,
            holding: false,
        });
        tokio::select! {
            biased;
            () = end.cancelled() => {}
            ended = async {
                if self.tell(Event::Up(requests)).await.is_err() {
                    return Ended::closing();
                }
                // Two halves of one task: a write that waits for the relay must not keep us from
                // reading what the relay waits to be rid of.
                tokio::select! {
                    ended = self.read(stream, &pulse) => ended,
                    ended = self.write(&mut sink, &mut queue, &pulse) => ended,
                }
            } => return ended,
        }
        // What was said last still leaves: that we go, to those who see us.
        let last = std::iter::from_fn(|| queue.try_recv().ok());
        let last = last.map(|frame| message(&frame)).collect();
        let _ = timeout(GOODBYE, async {
            self.write_all(&mut sink, last).await?;
            sink.close().await
        })
        .await;
        Ended::closing()
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
                    Err(_) => break Ended::closing(),
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
                .send_modify(|statistics| statistics.measured(asked.elapsed(), now()));
            // When the driver is behind it need not know: the next one tells.
            let _ = self.events.try_send((self.origin, Event::Measured));
        }
        let len = message.len();
        match frame(url, &message)? {
            Some(RelayFrame::Goodbye(why)) => Err(Ended {
                at_least: match why {
                    Refusal::Busy(wait) => {
                        Duration::from_millis(wait).min(self.way.borrow().timing.backoff.longest)
                    }
                    _ => Duration::ZERO,
                },
                was_cut: false,
                ..farewell(url, &why).into()
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
        queue: &mut mpsc::Receiver<ClientFrame>,
        pulse: &SharedPulse,
    ) -> Ended {
        let mut batch = Vec::with_capacity(IN_FLIGHT);
        let mut way = self.way.clone();
        // When the next ping is due, and until when the last one must have been answered.
        let (mut due, mut answer) = (Instant::now(), None::<Instant>);
        loop {
            let timing = way.borrow_and_update().timing;
            let messages: Vec<Message> = tokio::select! {
                taken = queue.recv_many(&mut batch, IN_FLIGHT) => {
                    if taken == 0 {
                        return Ended::closing();
                    }
                    batch.drain(..).map(|frame| message(&frame)).collect()
                }
                () = sleep_until(answer.map_or(due, |answer| answer.min(due))) => {
                    let now = Instant::now();
                    if answer.is_some_and(|answer| answer <= now) {
                        if lock(pulse).is_silent() {
                            return self.silent();
                        }
                        answer = None;
                    }
                    if now < due {
                        continue;
                    }
                    due = now + timing.heartbeat;
                    let mut pulse = lock(pulse);
                    // The first that is not answered counts, however many follow it.
                    if !pulse.waits() {
                        pulse.asked = Some(now);
                        answer = None;
                    }
                    answer = answer.or(Some(now + timing.silence));
                    vec![Message::Ping(Bytes::new())]
                }
                Ok(()) = way.changed() => {
                    (due, answer) = (Instant::now(), None);
                    continue;
                }
                () = self.retry.notified() => {
                    due = Instant::now();
                    continue;
                }
            };
            match timeout(timing.silence, self.write_all(sink, messages)).await {
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
        told.map_err(|_| Ended::closing())
    }
}
