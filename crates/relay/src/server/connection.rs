//! One connection: a task that reads requests and writes frames.

use super::Shared;
use super::gate::Pass;
use super::handshake::handshake;
use super::line::Line;
use super::outgoing::{Frames, queue};
use super::writer::Input;
use crate::core::{Job, Peer};
use axum::body::Bytes;
use futures_util::FutureExt as _;
use snug_wire::frame::{Answer, ClientFrame, Refusal, RelayFrame, Request};
use snug_wire::{FRAME_LIMIT, decode};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Bytes of requests, over all connections, that may wait for the writer. When as many do,
/// connections are read no further until some are done.
pub const IN_FLIGHT: usize = 64 << 20;
/// What a request counts at least: about what it holds in memory.
const LEAST_REQUEST: usize = 512;
/// Frames written at once.
const BURST: usize = 256;
/// Requests handed over at once: fewer, since each may be worth several frames.
const READ: usize = BURST / 4;
/// Turns of reading or writing after which it is looked whether a connection is to end.
const BUSY: u32 = 64;
/// Requests refused in a row for being too many, after which their connection ends.
const PATIENCE: u32 = 1_000;

/// How a connection ends.
#[derive(Debug)]
pub enum End {
    /// The client has gone, or the network.
    Gone,
    /// The relay ends it, saying why.
    Said(Refusal),
    /// The same, after bytes that cannot be read on from.
    Broken(Refusal),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        Self::Said(refusal)
    }
}

/// Serves a connection to its end, which `leaving` brings about.
pub async fn serve(line: &mut Line, shared: &Shared, pass: Arc<Pass>, leaving: &CancellationToken) {
    let begun = tokio::select! {
        () = leaving.cancelled() => Err(Refusal::Leaving.into()),
        // What only its beginning and its end need is not kept by every connection: so the boxes.
        begun = timeout(shared.times.handshake, Box::pin(handshake(line, shared))) => {
            begun.unwrap_or(Err(Refusal::NotProved.into()))
        }
    };
    let end = match begun {
        Ok(until) => {
            let connection = Connection {
                shared,
                leaving,
                pass,
                peer: Peer(shared.next_peer.fetch_add(1, Ordering::Relaxed)),
            };
            connection.serve(line, until).await
        }
        Err(end) => end,
    };
    let (reason, readable) = match end {
        End::Gone => return,
        End::Said(reason) => (reason, true),
        End::Broken(reason) => (reason, false),
    };
    shared.stats.refused(&reason);
    Box::pin(line.goodbye(reason, readable)).await;
}

/// One that is authenticated.
struct Connection<'a> {
    shared: &'a Shared,
    leaving: &'a CancellationToken,
    pass: Arc<Pass>,
    peer: Peer,
}

impl Connection<'_> {
    async fn serve(&self, line: &mut Line, until: Option<Instant>) -> End {
        let (outgoing, mut frames) = queue(&self.shared.bounds);
        if let Err(end) = self
            .hand_over(&mut vec![Input::Joined(self.peer, outgoing)])
            .await
        {
            return end;
        }
        self.shared.stats.traffic.connected.add(1);
        let end = {
            let cut = frames.cut();
            tokio::select! {
                end = self.talk(line, &mut frames, until) => end,
                () = cut => Refusal::Slow.into(),
            }
        };
        // Fails only when the writer has ended, and with it all it knew.
        let _ = self.hand_over(&mut vec![Input::Left(self.peer)]).await;
        if let End::Said(Refusal::Leaving | Refusal::TokenExpired) = end {
            Box::pin(self.finish(line, &mut frames)).await;
        }
        self.shared.stats.traffic.disconnected.add(1);
        end
    }

    /// Writes what was asked for before the end: the writer does it all, then ends the queue.
    async fn finish(&self, line: &mut Line, frames: &mut Frames) {
        let rest = async {
            let mut burst = Vec::new();
            while frames.take(&mut burst, BURST).await > 0 {
                self.write(line, frames, &mut burst).await?;
            }
            Ok::<_, End>(())
        };
        // Who does not read has no claim on it.
        let _ = timeout(self.shared.times.drain, rest).await;
    }

    /// Reads and writes until something ends it.
    async fn talk(&self, line: &mut Line, frames: &mut Frames, until: Option<Instant>) -> End {
        let mut expired = pin!(at(until));
        let mut leaving = pin!(self.leaving.cancelled());
        let silence = self.shared.times.silence;
        let mut burst = Vec::new();
        let mut refused = 0;
        let mut heard = Instant::now();
        let mut silent = pin!(sleep_until(heard + silence));
        let mut turns = 0_u32;
        loop {
            let next = async {
                tokio::select! {
                    count = frames.take(&mut burst, BURST) => Next::Write(count),
                    said = line.hear() => Next::Read(said),
                }
            };
            let done = tokio::select! {
                // What seldom comes costs little where there is always something to do. Between two writes,
                // so that no frame is lost half-way.
                biased;
                next = next => match next {
                    Next::Write(0) => Err(Refusal::Leaving.into()),
                    Next::Write(_) => timeout(silence, self.write(line, frames, &mut burst))
                        .await
                        .unwrap_or(Err(End::Gone)),
                    Next::Read(said) => {
                        let done = self.read_all(line, said, &mut refused).await;
                        heard = Instant::now();
                        done
                    }
                },
                // Moved only when it comes, so that a message costs no timer.
                () = &mut silent => {
                    silent.as_mut().reset(heard + silence);
                    if heard.elapsed() < silence { Ok(()) } else { Err(End::Gone) }
                }
                () = &mut expired => Err(Refusal::TokenExpired.into()),
                () = &mut leaving => Err(Refusal::Leaving.into()),
            };
            if let Err(end) = done {
                return end;
            }
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(BUSY)
                && let Some(end) = self.is_over(until, heard)
            {
                return end;
            }
        }
    }

    /// What ends a connection that always has something to do.
    fn is_over(&self, until: Option<Instant>, heard: Instant) -> Option<End> {
        if self.leaving.is_cancelled() {
            return Some(Refusal::Leaving.into());
        }
        let now = Instant::now();
        if until.is_some_and(|until| until <= now) {
            return Some(Refusal::TokenExpired.into());
        }
        (now - heard >= self.shared.times.silence).then_some(End::Gone)
    }

    /// Many frames, one flush.
    async fn write(
        &self,
        line: &mut Line,
        frames: &Frames,
        burst: &mut Vec<Bytes>,
    ) -> Result<(), End> {
        let bytes = burst.iter().map(Bytes::len).sum();
        let traffic = &self.shared.stats.traffic;
        traffic.frames_out.add(burst.len() as u64);
        traffic.bytes_out.add(bytes as u64);
        line.write(burst).await?;
        // An idle connection keeps no large buffer.
        burst.shrink_to(1);
        if frames.sent(bytes) {
            self.hand_over(&mut vec![Input::Room(self.peer)]).await?;
        }
        Ok(())
    }

    /// Reads what has come, and hands it over together: whoever gets much at once needs little for each.
    async fn read_all(
        &self,
        line: &mut Line,
        said: Result<Option<Bytes>, End>,
        refused: &mut u32,
    ) -> Result<(), End> {
        let mut asked = Vec::new();
        let mut next = Some(said);
        let mut done = Ok(());
        while done.is_ok()
            && let Some(said) = next.take()
        {
            let before = asked.len();
            done = self.read(line, said, refused, &mut asked).await;
            // What had to wait has let others wait, and what is large goes alone: writing comes first.
            if asked.len() > before && asked.len() < READ && !asked.last().is_some_and(is_large) {
                next = line.hear().now_or_never();
            }
        }
        // Also what came before an end.
        self.hand_over(&mut asked).await.and(done)
    }

    async fn read(
        &self,
        line: &mut Line,
        said: Result<Option<Bytes>, End>,
        refused: &mut u32,
        asked: &mut Vec<Input>,
    ) -> Result<(), End> {
        let Some(bytes) = said? else {
            return Ok(());
        };
        let traffic = &self.shared.stats.traffic;
        traffic.frames_in.add(1);
        traffic.bytes_in.add(bytes.len() as u64);
        let held = self.room(bytes.len(), asked).await?;
        let ClientFrame::Request(number, request) = parse(&bytes)? else {
            return Err(Refusal::Malformed.into());
        };
        if let Err(wait) = self.pass.ask() {
            drop(held);
            let request = (number, request);
            return Box::pin(self.too_many(line, request, wait, refused, asked)).await;
        }
        *refused = 0;
        asked.push(self.asked(number, request, held));
        Ok(())
    }

    /// A request beyond what a connection may ask: a signal is dropped, opening waits, since a device
    /// asks for it once only, and the rest is refused for as long as it takes.
    async fn too_many(
        &self,
        line: &mut Line,
        (number, request): (u64, Request),
        wait: Duration,
        refused: &mut u32,
        asked: &mut Vec<Input>,
    ) -> Result<(), End> {
        // This may take a while, which is not theirs.
        self.hand_over(asked).await?;
        match request {
            Request::Signal(..) => {
                self.shared.stats.traffic.signals_held.add(1);
                return Ok(());
            }
            Request::Open(..) | Request::Close(_) => {
                sleep(wait).await;
                let held = self.room(LEAST_REQUEST, asked).await?;
                asked.push(self.asked(number, request, held));
                return Ok(());
            }
            _ => {}
        }
        *refused += 1;
        let busy = Refusal::Busy(wait.as_millis() as u64 + 1);
        if *refused > PATIENCE {
            return Err(busy.into());
        }
        self.shared.stats.refused(&busy);
        let answer = RelayFrame::Answer(number, Answer::Refused(busy));
        let sent = timeout(self.shared.times.silence, line.send(&answer)).await;
        sent.unwrap_or(Err(End::Gone))
    }

    /// Room for a request of so many bytes. Who waits for it holds none that others wait for.
    async fn room(
        &self,
        bytes: usize,
        asked: &mut Vec<Input>,
    ) -> Result<OwnedSemaphorePermit, End> {
        let size = bytes.max(LEAST_REQUEST) as u32;
        let in_flight = &self.shared.in_flight;
        if let Ok(held) = Arc::clone(in_flight).try_acquire_many_owned(size) {
            return Ok(held);
        }
        self.hand_over(asked).await?;
        let held = Arc::clone(in_flight).acquire_many_owned(size).await;
        Ok(held.map_err(|_| Refusal::Leaving)?)
    }

    fn asked(&self, number: u64, request: Request, held: OwnedSemaphorePermit) -> Input {
        let job = Job {
            peer: self.peer,
            number,
            request,
        };
        Input::Asked(job, held)
    }

    /// What was asked for goes to where it is done.
    async fn hand_over(&self, inputs: &mut Vec<Input>) -> Result<(), End> {
        if inputs.is_empty() {
            return Ok(());
        }
        let sent = self.shared.writer.send(inputs).await;
        sent.map_err(|_| Refusal::Leaving.into())
    }
}

/// Whether answering it takes long, or much.
fn is_large(input: &Input) -> bool {
    let Input::Asked(job, _) = input else {
        return false;
    };
    matches!(job.request, Request::Fetch(..) | Request::Trim(..))
}

/// What a connection does next.
enum Next {
    /// Send so many frames.
    Write(usize),
    Read(Result<Option<Bytes>, End>),
}

/// Waits until then, or for ever.
async fn at(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// The frame in these bytes.
pub fn parse(bytes: &[u8]) -> Result<ClientFrame, End> {
    decode(bytes, FRAME_LIMIT).map_err(|_| Refusal::Malformed.into())
}
