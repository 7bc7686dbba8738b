//! The real binary, each run a process of its own.

use crate::client::Client;
use crate::forms::{create, open, text};
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::{Answer, Put, RelayFrame, Request};
use snug_wire::{RelayKey, Seq};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

pub struct Process {
    pub child: Child,
    pub url: String,
    pub key: RelayKey,
}

fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snug-relay"));
    command
        .args(["--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Process {
    /// One over NATS.
    pub fn on_nats(servers: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snug-relay"));
        command.args(["--listen", "127.0.0.1:0", "--store", servers]);
        Self::of(command.stdout(Stdio::piped()))
    }

    /// What one says that cannot start over NATS.
    pub fn fails_on_nats(servers: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snug-relay"));
        command.args(["--listen", "127.0.0.1:0", "--store", servers]);
        let output = command.output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }

    fn start(data: &Path) -> Self {
        Self::of(&mut command(data))
    }

    pub fn of(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let url = lines
            .next()
            .unwrap()
            .strip_prefix("listening on ")
            .unwrap()
            .to_owned();
        let key = lines
            .next()
            .unwrap()
            .strip_prefix("key ")
            .unwrap()
            .parse()
            .unwrap();
        Self { child, url, key }
    }

    pub async fn connect(&self) -> Client {
        Client::connect(&self.url, self.key).await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Ended already, or killed now.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a run that failed says, nothing of it twice.
fn failed(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    let parts: Vec<&str> = said.trim_end().split(": ").collect();
    let mut once = parts.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), parts.len(), "{said}");
    said
}

fn numbered(n: u64) -> Put {
    let mut put = text(1, 1, 0, 0);
    put.id.0[8..].copy_from_slice(&n.to_be_bytes());
    put.bytes = n.to_be_bytes().to_vec();
    put
}

/// Kills in the middle of a stream of puts; what was acknowledged must be there, in its place.
#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut key = None;
    let mut acknowledged = Vec::new();
    for round in 0..4_u64 {
        let mut relay = Process::start(dir.path());
        assert_eq!(*key.get_or_insert(relay.key), relay.key, "it keeps its key");
        let mut client = relay.connect().await;
        assert_eq!(client.ask(create(1, Conversation, 1)).await, Answer::Done);
        for n in round * 1_000..round * 1_000 + 200 {
            client.post(Request::Put(numbered(n))).await;
        }
        for _ in 0..50 {
            if let RelayFrame::Answer(number, Answer::Stored(seq)) = client.next().await {
                // The first request was the create.
                acknowledged.push((seq, numbered(round * 1_000 + number - 2)));
            }
        }
        relay.child.kill().unwrap();
        relay.child.wait().unwrap();
    }
    assert_eq!(acknowledged.len(), 4 * 50);
    let relay = Process::start(dir.path());
    let mut client = relay.connect().await;
    client.ask(open(1, 1)).await;
    let mut log = Vec::new();
    while let RelayFrame::Delivery(delivery) = client.next().await {
        assert_eq!(delivery.previous, Seq(delivery.seq.0 - 1), "no hole");
        log.push((delivery.seq, delivery.id, delivery.bytes));
    }
    for (seq, put) in acknowledged {
        assert!(
            log.contains(&(seq, put.id, put.bytes.clone())),
            "{seq:?} is lost"
        );
        assert_eq!(
            client.ask(Request::Put(put)).await,
            Answer::Stored(seq),
            "and known"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_well_when_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    let mut relay = Process::start(dir.path());
    let client = relay.connect().await;
    Command::new("kill")
        .arg(relay.child.id().to_string())
        .status()
        .unwrap();
    assert_eq!(client.goodbye().await, snug_wire::frame::Refusal::Leaving);
    assert!(relay.child.wait().unwrap().success());
}

#[test]
fn it_fails_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let usage = Command::new(env!("CARGO_BIN_EXE_snug-relay"))
        .arg("--lissten")
        .output()
        .unwrap();
    assert!(failed(&usage, 2).contains("--listen"));
    let nowhere = command(dir.path())
        .args(["--listen", "nowhere"])
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(2), "given twice");
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let error = failed(&command(&file).output().unwrap(), 1);
    assert!(
        error.starts_with("snug-relay: the data directory "),
        "{error}"
    );
    std::fs::write(dir.path().join("relay.db"), vec![b'x'; 10_000]).unwrap();
    let error = failed(&command(dir.path()).output().unwrap(), 1);
    assert!(
        error.contains("relay.db: the relay's file cannot be used"),
        "{error}"
    );
}

#[test]
fn a_second_process_on_the_same_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _relay = Process::start(dir.path());
    let error = failed(&command(dir.path()).output().unwrap(), 1);
    assert!(error.contains("another relay is running on "), "{error}");
}

#[cfg(unix)]
#[test]
fn its_files_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let _relay = Process::start(&data);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in ["relay.db", "relay.db-wal"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
}

/// The settings as they are said, and the environment of nobody.
fn said(words: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_snug-relay"));
    command.args(words).envs(variables.iter().copied());
    command.output().unwrap()
}

#[test]
fn settings_come_from_flags_then_variables_then_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("relay.toml");
    let text = "max-connections = 1\nsilence-seconds = 11\nlog = \"warn\"\n";
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let printed = said(
        &["--config", file, "--print-config", "--max-connections", "3"],
        &[
            ("SNUG_RELAY_MAX_CONNECTIONS", "2"),
            ("SNUG_RELAY_SILENCE_SECONDS", "22"),
            ("SNUG_RELAY_OPERATOR_TOKEN", "hush"),
        ],
    );
    assert!(printed.status.success());
    let printed = String::from_utf8(printed.stdout).unwrap();
    for line in [
        "max-connections = 3",
        "silence-seconds = 22",
        "log = \"warn\"",
        "header-seconds = 10",
    ] {
        assert!(
            printed.lines().any(|printed| printed == line),
            "{line} in {printed}"
        );
    }
    assert!(!printed.contains("hush"));

    std::fs::write(file, "silence-secnds = 5").unwrap();
    let error = failed(&said(&["--config", file], &[]), 1);
    assert!(
        error.ends_with(
            "there is no setting \"silence-secnds\": did you mean \"silence-seconds\"?\n"
        ),
        "{error}"
    );
    let error = failed(&said(&["--config", "missing.toml"], &[]), 1);
    assert!(error.contains("missing.toml cannot be read: "), "{error}");
    let wrong = said(&["--log", "snug=loud", "--listen", "nowhere"], &[]);
    assert!(failed(&wrong, 1).contains("does not say how much to log"));
}

#[test]
fn what_is_kept_in_memory_has_no_directory() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_snug-relay"));
    command.current_dir(dir.path()).stdout(Stdio::piped());
    command.args(["--store", "memory", "--listen", "127.0.0.1:0"]);
    let relay = Process::of(&mut command);
    let listen = relay.url.strip_prefix("ws://").unwrap();
    assert!(said(&["--listen", listen, "health"], &[]).status.success());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);

    let both = said(&["--store", "memory", "--data", "here"], &[]);
    assert!(failed(&both, 2).contains("give --data or --store memory, not both"));
    let both = said(&["--data", "here"], &[("SNUG_RELAY_STORE", "memory")]);
    assert!(failed(&both, 2).contains("not both"));
    let disk = said(
        &["--store", "disk", "--data", "here", "--print-config"],
        &[],
    );
    assert!(disk.status.success());
}

/// What one says until it listens that may take 100 connections, with these limits on open files.
#[cfg(unix)]
fn started_with(limits: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limits}; exec \"$@\""), "sh"]);
    command.arg(env!("CARGO_BIN_EXE_snug-relay"));
    command.args(["--store", "memory", "--listen", "127.0.0.1:0"]);
    command.args(["--max-connections", "100"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut first).unwrap();
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(first.starts_with("listening on "));
    String::from_utf8(output.stderr).unwrap()
}

#[cfg(unix)]
#[test]
fn fewer_open_files_than_connections_are_raised_or_told_of() {
    let told = "the system allows fewer open files";
    assert!(started_with("ulimit -n 90").contains(told));
    assert!(!started_with("ulimit -Sn 90").contains(told));
}

#[test]
fn health_is_asked_without_another_program() {
    let dir = tempfile::tempdir().unwrap();
    let relay = Process::start(dir.path());
    let listen = relay.url.strip_prefix("ws://").unwrap();
    let well = said(&["--listen", listen, "health"], &[]);
    assert!(well.status.success());
    assert!(
        String::from_utf8(well.stdout)
            .unwrap()
            .contains("\"ready\":true")
    );
    let file = dir.path().join("relay.toml");
    std::fs::write(&file, format!("listen = {listen:?}")).unwrap();
    let well = said(&["health", "--config", file.to_str().unwrap()], &[]);
    assert!(well.status.success());
    let listen = listen.to_owned();
    drop(relay);
    let error = failed(&said(&["--listen", &listen, "health"], &[]), 1);
    assert!(error.contains("no relay answers at "), "{error}");
}

#[tokio::test]
async fn keys_and_tokens_are_made_by_the_relays_own_program() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (private, keys) = (path("2026.jwk"), path("keys.json"));
    assert!(said(&["token", "key", &private], &[]).status.success());
    let again = failed(&said(&["token", "key", &private], &[]), 1);
    assert!(again.contains("cannot be made"), "{again}");
    let public = said(&["token", "public", &private], &[]).stdout;
    std::fs::write(&keys, public).unwrap();
    let token = said(&["token", "issue", "--key", &private, "--name", "Ada"], &[]).stdout;
    let token = String::from_utf8(token).unwrap();

    let mut command = command(&dir.path().join("data"));
    let relay = Process::of(command.args(["--token-keys", &keys]));
    let mut ada = Client::silent(&relay.url).await;
    let token = snug_wire::Token::new(token.trim());
    ada.prove(relay.key, Some(token)).await;
    assert_eq!(ada.next().await, RelayFrame::Ready);
    let mut eve = Client::silent(&relay.url).await;
    eve.prove(relay.key, None).await;
    assert_eq!(eve.goodbye().await, snug_wire::frame::Refusal::TokenWanted);
}
