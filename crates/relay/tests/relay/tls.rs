//! TLS with certificates made here, changed while people talk.

use crate::client::Client;
use crate::forms::{create, text};
use crate::network::config;
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use snug_relay::settings::{Settings, Tls};
use snug_relay::{Relay, Running, StartError};
use snug_wire::Seq;
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::{Answer, Request};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

/// A certificate for 127.0.0.1, trusted by nobody but who is told of it.
struct Made(CertifiedKey<KeyPair>);

impl Made {
    fn new() -> Self {
        Self(generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap())
    }

    fn put(&self, dir: &Path) {
        std::fs::write(dir.join("chain.pem"), self.0.cert.pem()).unwrap();
        std::fs::write(dir.join("key.pem"), self.0.signing_key.serialize_pem()).unwrap();
    }

    /// Trusts this certificate alone.
    fn trusting(&self) -> Connector {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from(self.0.cert.der().to_vec()))
            .unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Connector::Rustls(Arc::new(config))
    }

    async fn connect(&self, relay: &Running) -> Result<Client, Box<Error>> {
        let connector = Some(self.trusting());
        let connecting = connect_async_tls_with_config(relay.url(), None, false, connector);
        let (socket, _) = connecting.await.map_err(Box::new)?;
        Ok(Client::over(socket).greeted(relay.key()).await)
    }
}

async fn start(dir: &Path) -> Result<Running, StartError> {
    let settings = Settings {
        tls: Tls {
            tls_certificate: Some(dir.join("chain.pem")),
            tls_key: Some(dir.join("key.pem")),
        },
        ..Settings::default()
    };
    Relay::start_with(config(&dir.join("data")), settings).await
}

#[tokio::test]
async fn a_certificate_changes_under_running_connections() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (Made::new(), Made::new());
    first.put(dir.path());
    let relay = start(dir.path()).await.unwrap();
    assert!(relay.url().starts_with("wss://127.0.0.1:"));
    let mut ada = first.connect(&relay).await.unwrap();
    assert_eq!(ada.ask(create(1, Conversation, 1)).await, Answer::Done);
    assert!(second.connect(&relay).await.is_err());

    second.put(dir.path());
    relay.reload().unwrap();
    let mut bo = second.connect(&relay).await.unwrap();
    assert!(
        first.connect(&relay).await.is_err(),
        "the old one is not shown any more"
    );
    for (client, seq) in [(&mut ada, 1), (&mut bo, 2)] {
        let stored = client.ask(Request::Put(text(1, 1, seq, 0))).await;
        assert_eq!(
            stored,
            Answer::Stored(Seq(seq.into())),
            "neither was disturbed"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate_is_said_and_the_good_one_stays() {
    let dir = tempfile::tempdir().unwrap();
    assert!(
        start(dir.path())
            .await
            .unwrap_err()
            .to_string()
            .contains("cannot be read")
    );
    let (first, second) = (Made::new(), Made::new());
    first.put(dir.path());
    std::fs::write(dir.path().join("key.pem"), "rubbish").unwrap();
    let said = start(dir.path()).await.unwrap_err().to_string();
    assert!(said.contains("there is no private key in it"), "{said}");
    first.put(dir.path());
    let relay = start(dir.path()).await.unwrap();
    // Between the two writes of whoever renews it.
    let chain = dir.path().join("chain.pem");
    std::fs::write(&chain, second.0.cert.pem()).unwrap();
    let said = relay.reload().unwrap_err();
    assert!(said.contains("do not fit"), "{said}");
    first.connect(&relay).await.unwrap();
    second.put(dir.path());
    relay.reload().unwrap();
    second.connect(&relay).await.unwrap();
    let half = Settings {
        tls: Tls {
            tls_certificate: Some(chain),
            tls_key: None,
        },
        ..Settings::default()
    };
    let said = Relay::start_with(config(&dir.path().join("other")), half).await;
    let said = said.unwrap_err().to_string();
    assert!(said.contains("belong together"), "{said}");
}

#[tokio::test]
async fn who_does_not_speak_tls_gets_nothing_and_disturbs_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let made = Made::new();
    made.put(dir.path());
    let relay = start(dir.path()).await.unwrap();
    let mut plain = tokio::net::TcpStream::connect(relay.address())
        .await
        .unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // An alert of TLS, or a reset.
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
    let mut silent = tokio::net::TcpStream::connect(relay.address())
        .await
        .unwrap();
    silent.write_all(&[0x16, 0x03]).await.unwrap();
    let mut ada = made.connect(&relay).await.unwrap();
    assert_eq!(ada.ask(create(1, Conversation, 1)).await, Answer::Done);
    relay.stop().await;
}

#[tokio::test]
async fn its_own_program_trusts_the_certificate_in_its_file() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (Made::new(), Made::new());
    first.put(dir.path());
    let relay = start(dir.path()).await.unwrap();
    let listen = relay.address().to_string();
    let health = async |certificate: std::path::PathBuf| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_snug-relay"));
        command.args(["--listen", &listen, "--tls-certificate"]);
        command.arg(certificate).arg("health");
        tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap()
    };
    let well = health(dir.path().join("chain.pem")).await;
    assert!(well.status.success(), "{well:?}");
    let other = dir.path().join("other.pem");
    std::fs::write(&other, second.0.cert.pem()).unwrap();
    let ill = health(other).await;
    let said = String::from_utf8(ill.stderr).unwrap();
    assert!(said.contains("another certificate"), "{said}");
}
