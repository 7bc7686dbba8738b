//! A message as a stream holds it, however it was got: asked for, read by a consumer, or heard live.

use super::trouble::Trouble;
use async_nats::{HeaderMap, Message};
use axum::body::Bytes;
use data_encoding::BASE64;
use serde::Deserialize;

/// One message.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its place in the stream.
    pub seq: u64,
    /// Its subject.
    pub subject: String,
    /// What stands beside its bytes.
    pub headers: HeaderMap,
    /// Its bytes.
    pub bytes: Bytes,
}

/// As the API tells it.
#[derive(Deserialize)]
pub struct Raw {
    seq: u64,
    subject: String,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
}

fn form(what: &str) -> Trouble {
    Trouble::Form(what.to_owned())
}

impl Stored {
    /// One that was asked for.
    pub fn from_raw(raw: Raw) -> Result<Self, Trouble> {
        let decode = |text: &str| BASE64.decode(text.as_bytes()).map_err(|_| form("base64"));
        let headers = String::from_utf8(decode(&raw.hdrs)?).map_err(|_| form("headers"))?;
        let mut map = HeaderMap::new();
        // The first line is the version.
        for line in headers.lines().skip(1) {
            if let Some((name, value)) = line.split_once(':') {
                map.insert(name, value.trim());
            }
        }
        Ok(Self {
            seq: raw.seq,
            subject: raw.subject,
            headers: map,
            bytes: decode(&raw.data)?.into(),
        })
    }

    /// One that was republished when it was stored.
    pub fn from_live(message: Message) -> Result<Self, Trouble> {
        let headers = message.headers.unwrap_or_default();
        let text = |name| headers.get(name).map(|value| value.as_str().to_owned());
        let seq = text("Nats-Sequence").and_then(|seq| seq.parse().ok());
        Ok(Self {
            seq: seq.ok_or_else(|| form("a live message without its place"))?,
            subject: text("Nats-Subject").ok_or_else(|| form("a live message without subject"))?,
            headers,
            bytes: message.payload,
        })
    }

    /// One that a consumer delivered, with how many it has delivered by that, and how many are left.
    pub fn from_consumer(message: Message) -> Result<(Self, u64, u64), Trouble> {
        // $JS.ACK.STREAM.CONSUMER.DELIVERIES.SEQ.COUNT.TIME.PENDING, or with domain and account before
        // the stream and a token behind.
        let reply = message.reply.unwrap_or_else(|| "".into());
        let parts: Vec<&str> = reply.split('.').collect();
        let skip = if parts.len() > 9 { 2 } else { 0 };
        let number = |at: usize| parts.get(at + skip).and_then(|part| part.parse().ok());
        let (Some(seq), Some(count), Some(pending)) = (number(5), number(6), number(8)) else {
            return Err(form("a consumer's message without its place"));
        };
        let stored = Self {
            seq,
            subject: message.subject.to_string(),
            headers: message.headers.unwrap_or_default(),
            bytes: message.payload,
        };
        Ok((stored, count, pending))
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.as_str())
    }

    /// A header's number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.parse().ok()
    }
}
