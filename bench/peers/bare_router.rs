//! The least a router in Rust can do: tokio-tungstenite, a table of topics, a queue for each
//! connection. No storage, no locks on topics, no proof of keys.
//!
//! A message is its own delivery: kind 0, topic of 32 bytes, number of 8, what is said. Kind 1 with a
//! topic subscribes; kind 2 with a number acknowledges.

use futures_util::{SinkExt as _, StreamExt as _};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Message};
use tokio_util::task::TaskTracker;

/// Frames that may wait for a connection, and those written at once: as the relay has it.
const QUEUE: usize = 32 << 10;
const BURST: usize = 256;
/// The default of 128 KiB would be held by every idle connection.
const SOCKET_BUFFER: usize = 4 << 10;

type Topic = [u8; 32];
type Queue = mpsc::Sender<Bytes>;
type Topics = RwLock<HashMap<Topic, Vec<Queue>>>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on ws://{}", listener.local_addr()?);
    let topics = Arc::new(Topics::default());
    let tasks = TaskTracker::new();
    loop {
        let (stream, _) = listener.accept().await?;
        let topics = Arc::clone(&topics);
        tasks.spawn(async move {
            // How a client ends is its own affair.
            let _ = serve(stream, &topics).await;
        });
    }
}

async fn serve(stream: TcpStream, topics: &Topics) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(SOCKET_BUFFER)
        .write_buffer_size(SOCKET_BUFFER);
    let mut socket = tokio_tungstenite::accept_async_with_config(stream, Some(config)).await?;
    let (queue, mut waiting) = mpsc::channel(QUEUE);
    let mut burst = Vec::new();
    loop {
        tokio::select! {
            _ = waiting.recv_many(&mut burst, BURST) => {
                for frame in burst.drain(..) {
                    socket.feed(Message::Binary(frame)).await?;
                }
                socket.flush().await?;
                burst.shrink_to(1);
            }
            message = socket.next() => match message {
                Some(Ok(Message::Binary(bytes))) => take(bytes, &queue, topics),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            }
        }
    }
    let mut topics = topics.write().unwrap_or_else(PoisonError::into_inner);
    topics.retain(|_, readers| {
        readers.retain(|reader| !reader.same_channel(&queue));
        !readers.is_empty()
    });
    Ok(())
}

/// A message of a connection. What does not fit a queue is lost, as is what has no form.
fn take(bytes: Bytes, queue: &Queue, topics: &Topics) {
    let Some((&[kind], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let Some((topic, rest)) = rest.split_first_chunk::<32>() else {
        return;
    };
    if kind == 1 {
        let mut topics = topics.write().unwrap_or_else(PoisonError::into_inner);
        topics.entry(*topic).or_default().push(queue.clone());
        let _ = queue.try_send(Bytes::from_static(&[2; 9]));
        return;
    }
    let number = rest.first_chunk::<8>().copied().unwrap_or_default();
    let mut taken = vec![2];
    taken.extend(number);
    let _ = queue.try_send(taken.into());
    let topics = topics.read().unwrap_or_else(PoisonError::into_inner);
    for reader in topics.get(topic).into_iter().flatten() {
        let _ = reader.try_send(bytes.clone());
    }
}
