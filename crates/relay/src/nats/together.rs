//! Puts of different mailboxes that wait at the same time go in one atomic batch: NATS writes once for all
//! of them, as the relay's own file does. Each mailbox has one under way at most, so that no two in a
//! batch check the same subject. If a batch is refused, each goes by itself and gets its own answer.

use super::api::{JetStream, Write};
use super::trouble::Trouble;
use futures_util::future::join_all;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use tokio::sync::{Semaphore, oneshot};

/// Batches under way: while they are, the next ones fill. NATS takes 50 a stream, from all relays.
const TURNS: usize = 4;
/// Messages in a batch, of which NATS takes 1,000.
const MOST: usize = 500;
/// Bytes in a batch, about.
const LARGE: usize = 1 << 20;

/// What is to be stored one behind the other, and who wants to know.
struct Part {
    writes: Vec<Write>,
    done: oneshot::Sender<Result<u64, Trouble>>,
}

/// What waits.
pub struct Together {
    waiting: Mutex<VecDeque<Part>>,
    turns: Semaphore,
}

impl Together {
    /// Nothing waits.
    pub fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            turns: Semaphore::new(TURNS),
        }
    }

    fn wait(&self, part: Part) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(part);
    }

    /// As many of those who wait as fit.
    fn next(&self) -> Vec<Part> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut parts: Vec<Part> = Vec::new();
        let (mut count, mut bytes) = (0, 0);
        while let Some(part) = waiting.pop_front() {
            count += part.writes.len();
            bytes += part.writes.iter().map(Write::len).sum::<usize>();
            if !parts.is_empty() && (count > MOST || bytes > LARGE) {
                waiting.push_front(part);
                break;
            }
            parts.push(part);
        }
        parts
    }
}

impl JetStream {
    /// Stores all or none, one behind the other, perhaps with what others store; the place of the last. Not
    /// asked again.
    pub async fn store(&self, writes: Vec<Write>) -> Result<u64, Trouble> {
        let (done, mut told) = oneshot::channel();
        self.together.wait(Part { writes, done });
        let ended = || Err(Trouble::Silent("who sent for others ended".into()));
        loop {
            // Whoever comes to turn sends for those who wait; meanwhile it may be sent for.
            tokio::select! {
                biased;
                told = &mut told => return told.unwrap_or_else(|_| ended()),
                _turn = self.together.turns.acquire() => {
                    let parts = self.together.next();
                    if parts.is_empty() {
                        break;
                    }
                    self.send(parts).await;
                }
            }
        }
        // Nobody waits: it is under way.
        told.await.unwrap_or_else(|_| ended())
    }

    async fn send(&self, mut parts: Vec<Part>) {
        let all = parts.iter().flat_map(|part| part.writes.iter().cloned());
        match self.batch(all.collect()).await {
            Ok(last) => {
                let mut behind = 0;
                for part in parts.into_iter().rev() {
                    // Who has gone does not want to know.
                    let _ = part.done.send(Ok(last - behind));
                    behind += part.writes.len() as u64;
                }
            }
            Err(trouble) if parts.len() == 1 || trouble.is_silent() => {
                for part in parts.drain(..) {
                    let _ = part.done.send(Err(trouble.clone()));
                }
            }
            Err(_) => {
                let alone = parts.into_iter().map(|part| async {
                    let stored = self.batch(part.writes).await;
                    let _ = part.done.send(stored);
                });
                join_all(alone).await;
            }
        }
    }
}
