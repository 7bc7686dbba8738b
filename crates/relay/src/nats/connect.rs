//! The connection to NATS, and what must be there: a version, a payload, three streams.

use super::api::{Info, JetStream};
use super::hub::Hub;
use super::names::{Names, Stream};
use super::trouble::Trouble;
use crate::settings::Nats;
use async_nats::{Client, ConnectOptions, Event};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::{interval, timeout};

/// The first version that does all that is asked of it.
const VERSION: (i64, i64, i64) = (2, 15, 0);
/// A frame, as text inside an answer, and what stands beside it.
const PAYLOAD: usize = 8 << 20;
/// How long the first connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long servers that were just started may take to come together.
pub const TOGETHER: Duration = Duration::from_secs(30);
/// How long the way back to a server may take at most, once it is lost.
const BACK: Duration = Duration::from_secs(1);
/// How often is asked whether NATS is well, while it is not.
const PROBE: Duration = Duration::from_millis(500);
/// Copies of everything, where there are servers for them.
const REPLICAS: u8 = 3;

/// What happens to the connection.
pub type Events = mpsc::UnboundedReceiver<Event>;

/// Connects, and looks whether what is there will do. Says in words what is in the way.
pub async fn connect(servers: &[String], how: &Nats) -> Result<(Client, Events), String> {
    let (events, heard) = mpsc::unbounded_channel();
    let mut options = ConnectOptions::new();
    if let Some(user) = &how.nats_user {
        let password = how.nats_password.clone().unwrap_or_default();
        options = options.user_and_password(user.clone(), password);
    }
    if let Some(file) = &how.nats_ca {
        options = options.add_root_certificates(file.clone());
    }
    let options = options
        .name("snug-relay")
        .connection_timeout(CONNECT / 2)
        .reconnect_delay_callback(|tries| BACK.min(Duration::from_millis(50 * tries as u64)))
        .event_callback(move |event| {
            // Nobody hears it once the relay has ended.
            let _ = events.send(event);
            async {}
        });
    let at = servers.join(", ");
    let client = match timeout(CONNECT, options.connect(servers)).await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return Err(format!("NATS cannot be reached at {at}: {error}")),
        Err(_) => return Err(format!("NATS does not answer at {at}")),
    };
    let server = client.server_info();
    let (major, minor, patch) = VERSION;
    if !client.is_server_compatible(major, minor, patch) {
        let version = server.version;
        return Err(format!(
            "NATS at {at} is version {version}: {major}.{minor} or newer is needed"
        ));
    }
    if server.max_payload < PAYLOAD {
        let most = server.max_payload;
        return Err(format!(
            "NATS at {at} takes messages of at most {most} bytes: set max_payload to 8MB there"
        ));
    }
    Ok((client, heard))
}

/// Makes the streams that are not there, and looks at those that are.
pub async fn prepare(nats: &JetStream, replicas: Option<u8>) -> Result<(), String> {
    let in_cluster = nats.client.server_info().cluster.is_some();
    let replicas = replicas.unwrap_or(if in_cluster { REPLICAS } else { 1 });
    for stream in [Stream::Log, Stream::Heads, Stream::State] {
        let name = nats.names.stream(stream);
        let begun = Instant::now();
        let info = loop {
            let info = match nats.info(stream).await {
                Err(trouble) if trouble.is_no_stream() => make(nats, stream, replicas).await,
                other => other,
            };
            match info {
                Ok(info) => break info,
                // All may have been started at the same time.
                Err(trouble) if trouble.is_passing() && begun.elapsed() < TOGETHER => {}
                Err(trouble) => return Err(no_stream(&name, replicas, &trouble)),
            }
        };
        let has = |what: &str| info.config.get(what).and_then(Value::as_bool) == Some(true);
        let is_ours = has("allow_msg_ttl")
            && (stream == Stream::Heads || has("allow_atomic"))
            && (stream != Stream::Log || info.config.get("republish").is_some());
        if !is_ours {
            return Err(format!(
                "there is a stream {name} in NATS that no relay made: choose another --nats-name"
            ));
        }
    }
    Ok(())
}

async fn make(nats: &JetStream, stream: Stream, replicas: u8) -> Result<Info, Trouble> {
    let name = nats.names.stream(stream);
    let mut config = json!({
        "name": name,
        "subjects": nats.names.subjects(stream),
        "storage": "file",
        "num_replicas": replicas,
        "discard": "new",
        "allow_msg_ttl": true,
        "allow_direct": true,
    });
    let more = match stream {
        Stream::Log => {
            let (from, to) = nats.names.republish();
            json!({ "allow_atomic": true, "republish": { "src": from, "dest": to } })
        }
        _ => json!({
            "allow_atomic": stream == Stream::State,
            "max_msgs_per_subject": 1,
            "allow_rollup_hdrs": true,
            "deny_delete": true,
        }),
    };
    if let (Some(config), Some(more)) = (config.as_object_mut(), more.as_object()) {
        config.extend(more.clone());
    }
    match nats
        .ask::<Value>(&format!("STREAM.CREATE.{name}"), &config)
        .await
    {
        Ok(_) => {}
        // Another relay may have made it just then.
        Err(trouble) if nats.info(stream).await.is_err() => return Err(trouble),
        Err(_) => {}
    }
    nats.info(stream).await
}

fn no_stream(name: &str, replicas: u8, trouble: &Trouble) -> String {
    match trouble {
        Trouble::Nobody => format!(
            "the stream {name} cannot be made or read: is JetStream on, for this account too?"
        ),
        Trouble::Silent(why) => {
            format!("the stream {name} cannot be made or read: NATS does not answer ({why})")
        }
        other => format!(
            "the stream {name} cannot be made with {replicas} replicas: {other}. \
             --nats-replicas says how many there are to be"
        ),
    }
}

/// Hears what happens to the connection and to the log's leader. After either something may have been
/// missed.
pub async fn watch(hub: Arc<Hub>, mut events: Events) {
    let log = hub.nats.names.stream(Stream::Log);
    let elected = format!("$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.{log}");
    let mut elected = match hub.nats.client.subscribe(elected).await {
        Ok(elected) => elected.boxed(),
        Err(error) => {
            tracing::error!(%error, "elections of leaders are not heard");
            futures_util::stream::pending().boxed()
        }
    };
    let mut probe = interval(PROBE);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(Event::Connected) => {
                    tracing::info!("connected to NATS");
                    hub.missed();
                }
                Some(Event::Disconnected) => {
                    tracing::warn!("the connection to NATS is lost");
                    hub.set_ready(false);
                }
                Some(Event::SlowConsumer(_)) => {
                    tracing::warn!("messages of NATS were dropped: they are read from the log");
                    hub.missed();
                }
                Some(event) => tracing::debug!(%event, "NATS"),
                None => return,
            },
            Some(_) = elected.next() => {
                tracing::info!("the log has a new leader");
                hub.missed();
            }
            _ = probe.tick(), if !hub.is_ready() => {
                if hub.nats.info(Stream::Log).await.is_ok() {
                    hub.set_ready(true);
                    hub.missed();
                }
            }
        }
    }
}

/// The names a setting gives, if it may.
pub fn names(name: &str) -> Result<Names, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_plain) {
        return Err(format!(
            "{name:?} is no name for streams: write letters, digits, - and _"
        ));
    }
    Ok(Names::new(name))
}
