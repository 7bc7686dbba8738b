//! Whom a certificate shows.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, PKCS_ED25519};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ClientConnection, ServerConfig, ServerConnection};
use snug_wire::code::RelayHint;

const NAME: &str = "relay.example";

/// Somebody with a key.
struct Relay(KeyPair);

impl Relay {
    fn new() -> Self {
        Self(KeyPair::generate_for(&PKCS_ED25519).unwrap())
    }

    fn key(&self) -> RelayKey {
        RelayKey(self.0.public_key_raw().try_into().unwrap())
    }

    /// Signed by itself, for no name.
    fn certificate(&self) -> CertificateDer<'static> {
        let signed = CertificateParams::new(Vec::new()).unwrap();
        signed.self_signed(&self.0).unwrap().into()
    }

    fn address(&self) -> RelayAddress {
        RelayAddress {
            url: "wss://192.168.1.5:7700".into(),
            key: self.key(),
        }
    }

    /// What may be known of it.
    fn expected(&self) -> [Expected; 2] {
        let hint = RelayHint::of(&self.address());
        [Expected::Key(self.key()), Expected::Named(hint)]
    }
}

/// A certificate for [`NAME`], and who trusts it.
fn ordinary() -> (CertificateDer<'static>, Usual) {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let named = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    let named = named
        .signed_by(&KeyPair::generate().unwrap(), &issuer)
        .unwrap();
    let provider = Arc::new(ring::default_provider());
    let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
    (named.into(), Some(usual.build().unwrap()))
}

fn judged(
    expected: &Expected,
    usual: &Usual,
    certificate: &CertificateDer<'_>,
    name: &str,
) -> Result<(), Error> {
    let verifier = Verifier {
        expected: expected.clone(),
        usual: usual.clone(),
        algorithms: ring::default_provider().signature_verification_algorithms,
    };
    let name = ServerName::try_from(name.to_owned()).unwrap();
    verifier
        .verify_server_cert(certificate, &[], &name, &[], UnixTime::now())
        .map(drop)
}

#[test]
fn the_expected_relays_own_key_is_enough_and_no_other() {
    let (ada, cyan) = (Relay::new(), Relay::new());
    let (_, usual) = ordinary();
    for usual in [usual, None] {
        for expected in ada.expected() {
            let judged =
                |relay: &Relay| judged(&expected, &usual, &relay.certificate(), "192.168.1.5");
            assert_eq!(judged(&ada), Ok(()));
            let refused = CertificateError::ApplicationVerificationFailure;
            assert_eq!(judged(&cyan), Err(refused.into()));
        }
    }
    let anybody = judged(&Expected::Any, &None, &ada.certificate(), NAME);
    assert_eq!(anybody, Err(CertificateError::UnknownIssuer.into()));
}

#[test]
fn what_the_system_trusts_is_trusted_by_its_name() {
    let (certificate, usual) = ordinary();
    let [key, hint] = Relay::new().expected();
    for expected in [Expected::Any, key, hint] {
        let judged = |usual, name| judged(&expected, usual, &certificate, name);
        assert_eq!(judged(&usual, NAME), Ok(()));
        assert!(judged(&usual, "other.example").is_err());
        let untrusted = CertificateError::UnknownIssuer;
        assert_eq!(judged(&None, NAME), Err(untrusted.into()));
    }
}

/// Shows one relay's certificate and signs with what another has.
#[derive(Debug)]
struct Shows(Arc<CertifiedKey>);

impl ResolvesServerCert for Shows {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// How it ends when a device that expects Ada greets who shows her certificate and has this key.
fn greeted(
    ada: &Relay,
    signs: &Relay,
    version: &'static rustls::SupportedProtocolVersion,
) -> Result<(), Error> {
    let provider = Arc::new(ring::default_provider());
    let signer = signer(&provider, signs);
    let shown = CertifiedKey::new(vec![ada.certificate()], signer);
    let server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Shows(Arc::new(shown))));
    let mut server = ServerConnection::new(Arc::new(server))?;
    let config = config_with(&Expected::Key(ada.key()), None).unwrap();
    let mut device = ClientConnection::new(config, NAME.try_into().unwrap())?;
    while device.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        while device.wants_write() {
            device.write_tls(&mut bytes).unwrap();
        }
        server.read_tls(&mut bytes.as_slice()).unwrap();
        server.process_new_packets()?;
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        device.read_tls(&mut bytes.as_slice()).unwrap();
        device.process_new_packets()?;
    }
    Ok(())
}

fn signer(provider: &CryptoProvider, relay: &Relay) -> Arc<dyn rustls::sign::SigningKey> {
    let key = PrivatePkcs8KeyDer::from(relay.0.serialize_der());
    provider.key_provider.load_private_key(key.into()).unwrap()
}

#[test]
fn a_certificate_alone_proves_nothing() {
    let (ada, cyan) = (Relay::new(), Relay::new());
    assert_eq!(greeted(&ada, &ada, &rustls::version::TLS13), Ok(()));
    let refused = greeted(&ada, &cyan, &rustls::version::TLS13);
    assert_eq!(refused, Err(CertificateError::BadSignature.into()));
}

#[test]
fn a_relays_own_key_signs_in_no_older_tls() {
    let ada = Relay::new();
    let refused = greeted(&ada, &ada, &rustls::version::TLS12);
    assert!(
        matches!(refused, Err(Error::PeerMisbehaved(_))),
        "{refused:?}"
    );
}
