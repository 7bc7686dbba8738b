//! TLS whose certificate says nothing but the relay's own key: whoever knows which relay to expect
//! needs nobody else's word for it (`docs/decisions/0016-local-network.md`).

use ed25519_dalek::SigningKey;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ED25519};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, crypto::ring, version::TLS13};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// What stands before an Ed25519 seed in PKCS #8 (RFC 8410, 7).
const BEFORE_SEED: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// What greets those who come. TLS 1.3 alone: what the key signs there begins with words of TLS's own,
/// so that it can never be taken for anything the relay signs (`docs/PROTOCOL.md`, labels). In TLS 1.2
/// it begins with 32 bytes of the other side's choice.
pub fn acceptor(key: &SigningKey) -> Result<TlsAcceptor, String> {
    let words = |error: rustls::Error| error.to_string();
    let pkcs8 = PrivatePkcs8KeyDer::from([BEFORE_SEED.as_slice(), &key.to_bytes()].concat());
    let certificate = certificate(&pkcs8).map_err(|error| error.to_string())?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config = builder
        .with_protocol_versions(&[&TLS13])
        .map_err(words)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], pkcs8.into())
        .map_err(words)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Names, dates and who signed it mean nothing, and nobody looks at them.
fn certificate(
    key: &PrivatePkcs8KeyDer<'_>,
) -> Result<rustls::pki_types::CertificateDer<'static>, rcgen::Error> {
    let key = KeyPair::from_pkcs8_der_and_sign_algo(key, &PKCS_ED25519)?;
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::CommonName, "Snug relay");
    Ok(parameters.self_signed(&key)?.into())
}
