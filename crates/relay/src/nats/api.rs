//! JetStream, as far as it is used here: its JSON API over a plain connection. Every request has its
//! time, and is asked again while there is some left, since a leader may be being elected.

use super::names::{Names, Stream};
use super::stored::Stored;
use super::together::Together;
use super::trouble::Trouble;
use async_nats::{Client, HeaderMap, Message, Request, RequestErrorKind};
use axum::body::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

/// How long anything may take before it is given up.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// How long one try may take.
const TRY: Duration = Duration::from_secs(2);
/// Batches under way: NATS takes 50 a stream, from all relays together.
const BATCHES: usize = 16;

/// What a write must find as the last message of a subject: its own, or another.
const LAST: &str = "Nats-Expected-Last-Subject-Sequence";
const LAST_OF: &str = "Nats-Expected-Last-Subject-Sequence-Subject";

/// A message to be stored.
#[derive(Clone, Debug)]
pub struct Write {
    subject: String,
    headers: HeaderMap,
    bytes: Bytes,
}

impl Write {
    /// Bytes for a subject.
    pub fn new(subject: String, bytes: impl Into<Bytes>) -> Self {
        Self {
            subject,
            headers: HeaderMap::new(),
            bytes: bytes.into(),
        }
    }

    /// What it holds, in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// With a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Only if that is the last message of its own subject; 0 for none.
    pub fn after(self, last: u64) -> Self {
        self.header(LAST, &last.to_string())
    }

    /// Only if that is the last message of that subject; 0 for none.
    pub fn after_of(self, subject: &str, last: u64) -> Self {
        self.after(last).header(LAST_OF, subject)
    }

    /// To be forgotten after so long.
    pub fn lasting(self, time: Option<Duration>) -> Self {
        match time {
            // Less than a second is not taken.
            Some(time) => self.header("Nats-TTL", &format!("{}s", time.as_secs().max(1))),
            None => self,
        }
    }
}

/// What is known of a stream.
#[derive(Clone, Debug, Deserialize)]
pub struct Info {
    /// As it was made.
    pub config: Value,
    /// As it is now.
    pub state: Contents,
}

/// How much a stream holds.
#[derive(Clone, Debug, Deserialize)]
pub struct Contents {
    /// In bytes.
    pub bytes: u64,
    /// Different subjects.
    #[serde(default)]
    pub num_subjects: u64,
}

/// The connection, and what everything is called.
pub struct JetStream {
    /// The connection.
    pub client: Client,
    /// The names.
    pub names: Names,
    /// Puts that wait.
    pub(super) together: Together,
    batches: Semaphore,
}

impl JetStream {
    /// Over a connection.
    pub fn new(client: Client, names: Names) -> Self {
        Self {
            client,
            names,
            together: Together::new(),
            batches: Semaphore::new(BATCHES),
        }
    }

    /// Asks once.
    async fn once(&self, subject: String, request: Request) -> Result<Message, Trouble> {
        let asked = self
            .client
            .send_request(subject, request.timeout(Some(TRY)));
        asked.await.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => Trouble::Nobody,
            _ => Trouble::Silent(error.to_string()),
        })
    }

    /// Asks what may be asked again.
    pub async fn ask<T: DeserializeOwned>(&self, what: &str, body: &Value) -> Result<T, Trouble> {
        let begun = Instant::now();
        let bytes = Bytes::from(body.to_string());
        loop {
            let request = Request::new().payload(bytes.clone());
            let asked = self.once(format!("$JS.API.{what}"), request).await;
            match asked.and_then(|answer| read(&answer.payload)) {
                Err(trouble)
                    if (trouble.is_silent() || trouble.is_passing())
                        && begun.elapsed() < PATIENCE =>
                {
                    pause().await;
                }
                done => return done,
            }
        }
    }

    /// The last message of a subject, wildcards allowed; as the stream's leader has it.
    pub async fn last(&self, stream: Stream, subject: &str) -> Result<Option<Stored>, Trouble> {
        self.get(stream, &json!({ "last_by_subj": subject })).await
    }

    /// The first message of a subject from there on.
    pub async fn next(
        &self,
        stream: Stream,
        subject: &str,
        from: u64,
    ) -> Result<Option<Stored>, Trouble> {
        let what = json!({ "seq": from, "next_by_subj": subject });
        self.get(stream, &what).await
    }

    /// The message at that place.
    pub async fn at(&self, stream: Stream, seq: u64) -> Result<Option<Stored>, Trouble> {
        // What is beyond its numbers is not there.
        if seq == 0 || i64::try_from(seq).is_err() {
            return Ok(None);
        }
        self.get(stream, &json!({ "seq": seq })).await
    }

    async fn get(&self, stream: Stream, what: &Value) -> Result<Option<Stored>, Trouble> {
        #[derive(Deserialize)]
        struct Found {
            message: super::stored::Raw,
        }
        let name = self.names.stream(stream);
        match self
            .ask::<Found>(&format!("STREAM.MSG.GET.{name}"), what)
            .await
        {
            Ok(found) => Stored::from_raw(found.message).map(Some),
            Err(trouble) if trouble.is_no_message() => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// How a stream is.
    pub async fn info(&self, stream: Stream) -> Result<Info, Trouble> {
        let name = self.names.stream(stream);
        self.ask(&format!("STREAM.INFO.{name}"), &json!({})).await
    }

    /// Removes what a subject has below.
    pub async fn purge(&self, subject: &str, below: u64) -> Result<(), Trouble> {
        let name = self.names.stream(Stream::Log);
        let what = json!({ "filter": subject, "seq": below });
        let _: Value = self.ask(&format!("STREAM.PURGE.{name}"), &what).await?;
        Ok(())
    }

    /// Stores one message; its place. Not asked again: after silence it may be there or not.
    pub async fn write(&self, write: Write) -> Result<u64, Trouble> {
        let request = Request::new().payload(write.bytes).headers(write.headers);
        let answer = self.once(write.subject, request).await?;
        Ok(read::<Placed>(&answer.payload)?.seq)
    }

    /// Stores all or none, one behind the other; the place of the last. Not asked again.
    pub async fn batch(&self, writes: Vec<Write>) -> Result<u64, Trouble> {
        let _turn = self.batches.acquire().await;
        let id = format!("{:032x}", rand::random::<u128>());
        let count = writes.len();
        for (write, number) in writes.into_iter().zip(1..) {
            let mut headers = write.headers;
            headers.insert("Nats-Batch-Id", id.as_str());
            headers.insert("Nats-Batch-Sequence", number.to_string().as_str());
            if number == count {
                headers.insert("Nats-Batch-Commit", "1");
                let request = Request::new().payload(write.bytes).headers(headers);
                let answer = self.once(write.subject, request).await?;
                return Ok(read::<Placed>(&answer.payload)?.seq);
            }
            let sent = self
                .client
                .publish_with_headers(write.subject, headers, write.bytes);
            sent.await
                .map_err(|error| Trouble::Silent(error.to_string()))?;
        }
        Err(Trouble::Form("a batch of nothing".into()))
    }

    /// Waits until the log's leader knows who listens here: the way there keeps its order, so that what
    /// was subscribed to before is known when this is answered. Nothing is stored.
    pub async fn fence(&self, subject: &str) -> Result<(), Trouble> {
        let begun = Instant::now();
        loop {
            let write = Write::new(subject.to_owned(), Bytes::new());
            let write = write.header("Nats-Expected-Stream", "-");
            match self.write(write).await {
                Err(trouble) if trouble.is_other_stream() => return Ok(()),
                Ok(_) => return Err(Trouble::Form("a stream took what was for no stream".into())),
                Err(trouble) if begun.elapsed() >= PATIENCE => return Err(trouble),
                Err(_) => pause().await,
            }
        }
    }

    /// Makes a consumer that lives for one page, and lends its name.
    pub(super) async fn consumer(
        &self,
        filters: &[String],
        from: u64,
        headers_only: bool,
    ) -> Result<String, Trouble> {
        #[derive(Deserialize)]
        struct Made {
            name: String,
        }
        let name = self.names.stream(Stream::Log);
        let what = json!({ "stream_name": name, "config": {
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": from.max(1),
            "ack_policy": "none",
            "max_deliver": 1,
            "mem_storage": true,
            "num_replicas": 1,
            "headers_only": headers_only,
            "inactive_threshold": nanos(PATIENCE),
            "filter_subjects": filters,
        }});
        let made: Made = self.ask(&format!("CONSUMER.CREATE.{name}"), &what).await?;
        Ok(made.name)
    }
}

/// Waits a little, not as long as others do.
pub async fn pause() {
    sleep(Duration::from_millis(rand::random_range(5..50))).await;
}

/// As JetStream writes times.
pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The next message, if it comes in time.
pub async fn heard(from: &mut async_nats::Subscriber, within: Duration) -> Option<Message> {
    timeout(within, futures_util::StreamExt::next(from))
        .await
        .ok()
        .flatten()
}

/// Where something was stored.
#[derive(Deserialize)]
struct Placed {
    seq: u64,
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Trouble> {
    #[derive(Deserialize)]
    struct Wrong {
        #[serde(default)]
        err_code: u64,
        #[serde(default)]
        code: u64,
        #[serde(default)]
        description: String,
    }
    #[derive(Deserialize)]
    struct Refused {
        error: Option<Wrong>,
    }
    let form = |error: serde_json::Error| Trouble::Form(error.to_string());
    let refused: Refused = serde_json::from_slice(bytes).map_err(form)?;
    if let Some(wrong) = refused.error {
        return Err(Trouble::Said {
            code: if wrong.err_code > 0 {
                wrong.err_code
            } else {
                wrong.code
            },
            words: wrong.description,
        });
    }
    serde_json::from_slice(bytes).map_err(form)
}
