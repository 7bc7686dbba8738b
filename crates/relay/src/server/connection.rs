//! One connection: a task that reads requests and writes frames.

use super::Shared;
use super::gate::Pass;
use super::handshake::handshake;
use super::line::Line;
use super::outgoing::{Frames, queue};
use super::writer::Input;
use crate::core::{Job, Peer};
use axum::body::Bytes;
use snug_wire::frame::{Answer, ClientFrame, Refusal, RelayFrame, Request};
use snug_wire::{FRAME_LIMIT, decode};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Bytes of requests, over all connections, that may wait for the writer. When as many do,
/// connections are read no further until some are done.
pub const IN_FLIGHT: usize = 64 << 20;
/// What a request counts at least: about what it holds in memory.
const LEAST_REQUEST: usize = 512;
/// Frames written at once.
const BURST: usize = 256;
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
pub async fn serve(mut line: Line, shared: &Shared, pass: Arc<Pass>, leaving: &CancellationToken) {
    let begun = tokio::select! {
        () = leaving.cancelled() => Err(Refusal::Leaving.into()),
        // What only its beginning and its end need is not kept by every connection: so the boxes.
        begun = timeout(shared.times.handshake, Box::pin(handshake(&mut line, shared))) => {
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
            connection.serve(&mut line, until).await
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
    async fn serve(self, line: &mut Line, until: Option<Instant>) -> End {
        let (outgoing, mut frames) = queue(&self.shared.bounds);
        if let Err(end) = self.hand_over(Input::Joined(self.peer, outgoing)).await {
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
        let _ = self.shared.writer.send(Input::Left(self.peer)).await;
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
        // Between two writes, so that no frame is lost half-way.
        let mut leaving = pin!(self.leaving.cancelled());
        let mut expired = pin!(at(until));
        let silence = self.shared.times.silence;
        let mut burst = Vec::new();
        let mut refused = 0;
        let mut heard = Instant::now();
        let mut silent = pin!(sleep_until(heard + silence));
        loop {
            let done = tokio::select! {
                count = frames.take(&mut burst, BURST) => match count {
                    0 => Err(Refusal::Leaving.into()),
                    _ => timeout(silence, self.write(line, frames, &mut burst))
                        .await
                        .unwrap_or(Err(End::Gone)),
                },
                said = line.hear() => {
                    heard = Instant::now();
                    self.read(line, said, &mut refused).await
                }
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
        }
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
            self.hand_over(Input::Room(self.peer)).await?;
        }
        Ok(())
    }

    async fn read(
        &self,
        line: &mut Line,
        said: Result<Option<Bytes>, End>,
        refused: &mut u32,
    ) -> Result<(), End> {
        let Some(bytes) = said? else {
            return Ok(());
        };
        let traffic = &self.shared.stats.traffic;
        traffic.frames_in.add(1);
        traffic.bytes_in.add(bytes.len() as u64);
        let size = bytes.len().max(LEAST_REQUEST) as u32;
        let ClientFrame::Request(number, request) = parse(&bytes)? else {
            return Err(Refusal::Malformed.into());
        };
        if let Err(wait) = self.pass.ask() {
            let asked = (number, request);
            return Box::pin(self.too_many(line, asked, wait, refused)).await;
        }
        *refused = 0;
        self.ask(number, request, size).await
    }

    /// A request beyond what a connection may ask: a signal is dropped, opening waits, since a device
    /// asks for it once only, and the rest is refused for as long as it takes.
    async fn too_many(
        &self,
        line: &mut Line,
        (number, request): (u64, Request),
        wait: Duration,
        refused: &mut u32,
    ) -> Result<(), End> {
        match request {
            Request::Signal(..) => {
                self.shared.stats.traffic.signals_held.add(1);
                return Ok(());
            }
            Request::Open(..) | Request::Close(_) => {
                sleep(wait).await;
                return self.ask(number, request, LEAST_REQUEST as u32).await;
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

    async fn ask(&self, number: u64, request: Request, size: u32) -> Result<(), End> {
        let in_flight = Arc::clone(&self.shared.in_flight);
        let Ok(held) = in_flight.acquire_many_owned(size).await else {
            return Err(Refusal::Leaving.into());
        };
        let job = Job {
            peer: self.peer,
            number,
            request,
        };
        self.hand_over(Input::Asked(job, held)).await
    }

    async fn hand_over(&self, input: Input) -> Result<(), End> {
        let sent = self.shared.writer.send(input).await;
        sent.map_err(|_| Refusal::Leaving.into())
    }
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
