//! The way in from the local network, as far as one computer can show it.

use crate::client::Client;
use crate::forms::{create, text};
use crate::network::{connect, start};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion};
use snug_relay::Running;
use snug_wire::frame::MailboxKind::Conversation;
use snug_wire::frame::{Answer, Refusal, RelayFrame, Request};
use snug_wire::{RelayKey, Seq};
use std::sync::Arc;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

/// Takes a certificate for its key.
#[derive(Debug)]
struct Pinned(RelayKey);

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let parsed = ParsedCertificate::try_from(certificate)?;
        let key = parsed.subject_public_key_info();
        assert!(key.as_ref().ends_with(&self.0.0), "its own key");
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        unreachable!("TLS 1.2 is not spoken")
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

async fn come_in(
    relay: &Running,
    host: &str,
    port: u16,
    version: &'static SupportedProtocolVersion,
) -> Result<Client, Box<Error>> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned(relay.key())))
        .with_no_client_auth();
    let connector = Some(Connector::Rustls(Arc::new(config)));
    let url = format!("wss://{host}:{port}");
    let connecting = connect_async_tls_with_config(url, None, false, connector);
    let (socket, _) = connecting.await.map_err(Box::new)?;
    Ok(Client::over(socket).greeted(relay.key()).await)
}

async fn outside(relay: &Running, port: u16) -> Result<Client, Box<Error>> {
    come_in(relay, "127.0.0.1", port, &rustls::version::TLS13).await
}

#[tokio::test]
async fn it_is_closed_until_it_is_opened_and_closing_it_disturbs_nobody_inside() {
    let (relay, _dir) = start().await;
    let way = relay.outside();
    let port = way.open(0).await.unwrap();
    assert_ne!(port, relay.address().port());
    assert_eq!(way.open(0).await.unwrap(), port, "open already");
    let mut ada = connect(&relay).await;
    assert_eq!(ada.ask(create(1, Conversation, 1)).await, Answer::Done);
    let mut bo = outside(&relay, port).await.unwrap();
    let stored = bo.ask(Request::Put(text(1, 1, 1, 0))).await;
    assert_eq!(stored, Answer::Stored(Seq(1)));

    way.close().await;
    assert_eq!(bo.next().await, RelayFrame::Goodbye(Refusal::Leaving));
    assert!(outside(&relay, port).await.is_err());
    let stored = ada.ask(Request::Put(text(1, 1, 2, 0))).await;
    assert_eq!(stored, Answer::Stored(Seq(2)));

    assert_eq!(way.open(port).await.unwrap(), port, "the same port again");
    outside(&relay, port).await.unwrap();
    relay.stop().await;
    assert!(way.open(0).await.is_err(), "it ends with the relay");
}

#[tokio::test]
async fn a_taken_port_is_left_to_who_has_it() {
    let (relay, _dir) = start().await;
    let taken = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let theirs = taken.local_addr().unwrap().port();
    let port = relay.outside().open(theirs).await.unwrap();
    assert_ne!(port, theirs);
    outside(&relay, port).await.unwrap();
}

#[tokio::test]
async fn its_key_signs_in_no_older_tls() {
    let (relay, _dir) = start().await;
    let port = relay.outside().open(0).await.unwrap();
    let older = come_in(&relay, "127.0.0.1", port, &rustls::version::TLS12);
    assert!(older.await.is_err());
}

#[tokio::test]
async fn ipv6_comes_in_at_the_same_port_where_there_is_any() {
    let (relay, _dir) = start().await;
    let port = relay.outside().open(0).await.unwrap();
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        come_in(&relay, "[::1]", port, &rustls::version::TLS13)
            .await
            .unwrap();
    }
}
