//! The queue of encoded frames from the writer to one connection.

use axum::body::Bytes;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes that may wait for one connection. One more, and it is cut: it opens again and catches
/// up. Room for a few of the largest frames, or a burst of tens of thousands of small ones.
pub const QUEUE_BYTES: usize = 16 << 20;
/// Frames that may wait for one connection, with the same end.
const QUEUE_FRAMES: usize = 32 << 10;
/// Above that many waiting bytes signals are dropped and catching up pauses.
pub const EASY_BYTES: usize = 256 << 10;

/// The queue is full.
#[derive(Debug)]
pub struct Full;

/// Frames for which an idle connection keeps room.
const KEPT: usize = 4;

// Not a channel: the room one keeps ready for its first frames is more than the rest of an idle
// connection's own state.
#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    filled: Notify,
    bytes: AtomicUsize,
    room_wanted: AtomicBool,
    cut: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    frames: VecDeque<Bytes>,
    /// Nothing more will come.
    ended: bool,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer's end. What was queued is still taken when it is dropped.
#[derive(Debug)]
pub struct Outgoing {
    shared: Arc<Shared>,
}

/// The connection's end.
#[derive(Debug)]
pub struct Frames {
    shared: Arc<Shared>,
}

/// An empty queue.
pub fn queue() -> (Outgoing, Frames) {
    let shared = Arc::new(Shared::default());
    let outgoing = Outgoing {
        shared: Arc::clone(&shared),
    };
    (outgoing, Frames { shared })
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.shared.waiting().ended = true;
        self.shared.filled.notify_one();
    }
}

impl Outgoing {
    /// Queues a frame. When that fails the connection is to be [cut](Self::cut). What is queued for a
    /// connection that has gone goes with it.
    pub fn send(&self, frame: Bytes) -> Result<(), Full> {
        let len = frame.len();
        if self.shared.bytes.fetch_add(len, SeqCst) + len > QUEUE_BYTES {
            return Err(Full);
        }
        let mut waiting = self.shared.waiting();
        if waiting.frames.len() >= QUEUE_FRAMES {
            return Err(Full);
        }
        waiting.frames.push_back(frame);
        drop(waiting);
        self.shared.filled.notify_one();
        Ok(())
    }

    /// Whether little waits.
    pub fn is_easy(&self) -> bool {
        self.shared.bytes.load(SeqCst) < EASY_BYTES
    }

    /// Asks the connection to say when little waits. Look at [`Self::is_easy`] once more after it.
    pub fn want_room(&self) {
        self.shared.room_wanted.store(true, SeqCst);
    }

    /// Ends the connection as too slow.
    pub fn cut(self) {
        self.shared.cut.notify_one();
    }
}

impl Frames {
    /// Takes up to `limit` frames, waiting for the first; none when the writer has ended.
    pub async fn take(&mut self, into: &mut Vec<Bytes>, limit: usize) -> usize {
        loop {
            {
                let mut waiting = self.shared.waiting();
                let count = waiting.frames.len().min(limit);
                if count > 0 || waiting.ended {
                    into.extend(waiting.frames.drain(..count));
                    waiting.frames.shrink_to(KEPT);
                    return count;
                }
            }
            self.shared.filled.notified().await;
        }
    }

    /// The next frame, if one waits.
    #[cfg(test)]
    pub fn take_now(&mut self) -> Option<Bytes> {
        self.shared.waiting().frames.pop_front()
    }

    /// Says that so many bytes have been sent; whether the writer wants to know of the room.
    pub fn sent(&self, bytes: usize) -> bool {
        let left = self.shared.bytes.fetch_sub(bytes, SeqCst) - bytes;
        left < EASY_BYTES && self.shared.room_wanted.swap(false, SeqCst)
    }

    /// Waits to be cut.
    pub fn cut(&self) -> impl Future<Output = ()> + use<> {
        let shared = Arc::clone(&self.shared);
        async move { shared.cut.notified().await }
    }
}
