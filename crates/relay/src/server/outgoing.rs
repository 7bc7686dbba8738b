//! The queue of encoded frames from the writer to one connection.

use axum::body::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use tokio::sync::{Notify, mpsc};

/// Bytes that may wait for one connection. One more, and it is cut: it opens again and catches
/// up. Room for a few of the largest frames, or a burst of tens of thousands of small ones.
pub const QUEUE_BYTES: usize = 16 << 20;
/// Frames that may wait for one connection, with the same end.
const QUEUE_FRAMES: usize = 32 << 10;
/// Above that many waiting bytes signals are dropped and catching up pauses.
pub const EASY_BYTES: usize = 256 << 10;

/// The queue is full, or the connection has gone.
#[derive(Debug)]
pub struct Full;

#[derive(Debug, Default)]
struct Shared {
    bytes: AtomicUsize,
    room_wanted: AtomicBool,
    cut: Notify,
}

/// The writer's end.
#[derive(Debug)]
pub struct Outgoing {
    frames: mpsc::Sender<Bytes>,
    shared: Arc<Shared>,
}

/// The connection's end.
#[derive(Debug)]
pub struct Frames {
    frames: mpsc::Receiver<Bytes>,
    shared: Arc<Shared>,
}

/// An empty queue.
pub fn queue() -> (Outgoing, Frames) {
    let (sender, receiver) = mpsc::channel(QUEUE_FRAMES);
    let shared = Arc::new(Shared::default());
    let outgoing = Outgoing {
        frames: sender,
        shared: Arc::clone(&shared),
    };
    (
        outgoing,
        Frames {
            frames: receiver,
            shared,
        },
    )
}

impl Outgoing {
    /// Queues a frame. When that fails the connection is to be [cut](Self::cut).
    pub fn send(&self, frame: Bytes) -> Result<(), Full> {
        let len = frame.len();
        if self.shared.bytes.fetch_add(len, SeqCst) + len > QUEUE_BYTES {
            return Err(Full);
        }
        match self.frames.try_send(frame) {
            // A closed queue is emptied by the connection's leaving.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(Full),
        }
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
        self.frames.recv_many(into, limit).await
    }

    /// The next frame, if one waits.
    #[cfg(test)]
    pub fn take_now(&mut self) -> Option<Bytes> {
        self.frames.try_recv().ok()
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
