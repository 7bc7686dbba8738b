//! The queue of encoded frames from the writer to one connection.

use crate::settings::Limits;
use axum::body::Bytes;
use futures_util::task::AtomicWaker;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Relaxed, SeqCst},
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

/// Frames that may wait for one connection. One more, and it is cut: it opens again and catches up.
const QUEUE_FRAMES: usize = 32 << 10;
/// Above that many waiting bytes signals are dropped and catching up pauses.
pub const EASY_BYTES: usize = 256 << 10;

/// The queue is full.
#[derive(Debug)]
pub struct Full;

/// How much may wait.
#[derive(Debug)]
pub struct Bounds {
    /// Bytes for one connection, with the same end. Room for a few of the largest frames, or a burst
    /// of tens of thousands of small ones.
    each: usize,
    /// Bytes for all together. One more, and connections are cut for which more than [`EASY_BYTES`]
    /// wait, so that many who do not read cannot fill the memory.
    all: usize,
    waiting: Arc<AtomicUsize>,
}

impl Bounds {
    /// As set; `waiting` is where bytes that wait are counted.
    pub fn new(limits: &Limits, waiting: Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self {
            each: (limits.queue_mib as usize) << 20,
            all: (limits.queues_mib as usize) << 20,
            waiting,
        })
    }
}

/// Frames for which an idle connection keeps room.
const KEPT: usize = 4;

// Not a channel: the room one keeps ready for its first frames is more than the rest of an idle
// connection's own state.
#[derive(Debug)]
struct Shared {
    bounds: Arc<Bounds>,
    waiting: Mutex<Waiting>,
    bytes: AtomicUsize,
    room_wanted: AtomicBool,
    cut: AtomicBool,
    /// Of the connection's task.
    waker: AtomicWaker,
}

impl Drop for Shared {
    /// What was never sent waits no more.
    fn drop(&mut self) {
        let left = self.bytes.load(SeqCst);
        self.bounds.waiting.fetch_sub(left, Relaxed);
    }
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

/// A connection for which frames wait that does not know of them yet.
#[must_use]
#[derive(Debug)]
pub struct Wake(Arc<Shared>);

impl Wake {
    /// Tells it. Best when nobody else waits for the caller meanwhile: it can take the system a while.
    pub fn wake(self) {
        self.0.waker.wake();
    }
}

/// The connection's end.
#[derive(Debug)]
pub struct Frames {
    shared: Arc<Shared>,
}

/// An empty queue.
pub fn queue(bounds: &Arc<Bounds>) -> (Outgoing, Frames) {
    let shared = Arc::new(Shared {
        bounds: Arc::clone(bounds),
        waiting: Mutex::default(),
        bytes: AtomicUsize::new(0),
        room_wanted: AtomicBool::new(false),
        cut: AtomicBool::new(false),
        waker: AtomicWaker::new(),
    });
    let outgoing = Outgoing {
        shared: Arc::clone(&shared),
    };
    (outgoing, Frames { shared })
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        self.shared.waiting().ended = true;
        self.shared.waker.wake();
    }
}

impl Outgoing {
    /// Queues a frame. If it is the first that waits, the connection is to be woken with what comes of
    /// it. When queueing fails the connection is to be [cut](Self::cut). What is queued for a connection
    /// that has gone goes with it.
    pub fn send(&self, frame: Bytes) -> Result<Option<Wake>, Full> {
        let len = frame.len();
        let bounds = &self.shared.bounds;
        let here = self.shared.bytes.fetch_add(len, SeqCst) + len;
        let all = bounds.waiting.fetch_add(len, Relaxed) + len;
        if here > bounds.each || (all > bounds.all && here > EASY_BYTES) {
            return Err(Full);
        }
        let mut waiting = self.shared.waiting();
        if waiting.frames.len() >= QUEUE_FRAMES {
            return Err(Full);
        }
        waiting.frames.push_back(frame);
        let first = waiting.frames.len() == 1;
        drop(waiting);
        Ok(first.then(|| Wake(Arc::clone(&self.shared))))
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
    pub fn cut(&self) {
        self.shared.cut.store(true, SeqCst);
        self.shared.waker.wake();
    }
}

impl Frames {
    /// Takes up to `limit` frames, waiting for the first; none when the writer has ended. To be called
    /// by one task, as [`Frames::cut`] is.
    pub async fn take(&mut self, into: &mut Vec<Bytes>, limit: usize) -> usize {
        poll_fn(|cx| {
            self.shared.waker.register(cx.waker());
            let mut waiting = self.shared.waiting();
            let count = waiting.frames.len().min(limit);
            if count == 0 && !waiting.ended {
                return Poll::Pending;
            }
            into.extend(waiting.frames.drain(..count));
            waiting.frames.shrink_to(KEPT);
            Poll::Ready(count)
        })
        .await
    }

    /// The next frame, if one waits.
    #[cfg(test)]
    pub fn take_now(&mut self) -> Option<Bytes> {
        self.shared.waiting().frames.pop_front()
    }

    /// Says that so many bytes have been sent; whether the writer wants to know of the room.
    pub fn sent(&self, bytes: usize) -> bool {
        let left = self.shared.bytes.fetch_sub(bytes, SeqCst) - bytes;
        self.shared.bounds.waiting.fetch_sub(bytes, Relaxed);
        left < EASY_BYTES && self.shared.room_wanted.swap(false, SeqCst)
    }

    /// Waits to be cut.
    pub fn cut(&self) -> impl Future<Output = ()> + use<> {
        let shared = Arc::clone(&self.shared);
        poll_fn(move |cx| {
            shared.waker.register(cx.waker());
            match shared.cut.load(SeqCst) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(queue_mib: u32, queues_mib: u32) -> (Arc<Bounds>, Arc<AtomicUsize>) {
        let limits = Limits {
            queue_mib,
            queues_mib,
            ..Limits::default()
        };
        let waiting = Arc::default();
        (Bounds::new(&limits, Arc::clone(&waiting)), waiting)
    }

    fn mib() -> Bytes {
        vec![0; 1 << 20].into()
    }

    #[test]
    fn one_who_does_not_read_is_full_at_its_bound() {
        let (bounds, waiting) = bounds(5, 64);
        let (outgoing, mut frames) = queue(&bounds);
        assert_eq!(
            (0..10).take_while(|_| outgoing.send(mib()).is_ok()).count(),
            5
        );
        while let Some(frame) = frames.take_now() {
            frames.sent(frame.len());
        }
        drop((outgoing, frames));
        assert_eq!(
            waiting.load(Relaxed),
            0,
            "what was refused is not counted on"
        );
    }

    #[test]
    fn together_those_are_cut_for_whom_much_waits() {
        let (bounds, waiting) = bounds(16, 64);
        let slow: Vec<_> = (0..8).map(|_| queue(&bounds)).collect();
        let sent = |(outgoing, _): &(Outgoing, Frames)| {
            (0..16).take_while(|_| outgoing.send(mib()).is_ok()).count()
        };
        let sent: Vec<usize> = slow.iter().map(sent).collect();
        assert_eq!(sent, [16, 16, 16, 16, 0, 0, 0, 0]);
        let (quick, _frames) = queue(&bounds);
        quick.send(vec![0; 1_000].into()).unwrap();
        drop(slow);
        assert_eq!(waiting.load(Relaxed), 1_000);
    }
}
