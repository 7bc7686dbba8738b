//! TLS below a connection. Which relay answers is proved above it in any case (rule 1); TLS keeps from
//! the network between which relay that is, and what is asked of it.
//!
//! A certificate is good if the operating system trusts it, as everywhere, or if its key is the expected
//! relay's own: a relay inside an application, shared on a local network, has nobody to vouch for it, and
//! needs nobody where its key is known. Its names and dates say nothing then. TLS 1.3 alone:
//! see `docs/decisions/0016-local-network.md`.

use super::dial::Expected;
use crate::{Problem, ProblemCode};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, PeerMisbehaved};
use rustls::{RootCertStore, SignatureScheme};
use snug_wire::{RelayAddress, RelayKey};
use std::sync::{Arc, OnceLock};
use tokio_tungstenite::tungstenite;

/// What stands before an Ed25519 key in a certificate (RFC 8410, 4).
const BEFORE_KEY: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// TLS to that relay.
///
/// # Errors
/// `broken`.
pub(super) fn config(expected: &Expected) -> Result<Arc<ClientConfig>, Problem> {
    config_with(expected, usual())
}

fn config_with(expected: &Expected, usual: Usual) -> Result<Arc<ClientConfig>, Problem> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        expected: expected.clone(),
        usual,
        algorithms: provider.signature_verification_algorithms,
    };
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(Problem::broken)?;
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    // What is resumed is not looked at again; each attempt has a configuration of its own anyway.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Who judges as the operating system does; `None` where it trusts nobody.
type Usual = Option<Arc<WebPkiServerVerifier>>;

fn usual() -> Usual {
    static USUAL: OnceLock<Usual> = OnceLock::new();
    let usual = USUAL.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(ring::default_provider());
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .ok()
    });
    usual.clone()
}

/// What a failed beginning means, if it was TLS that showed another relay.
pub(super) fn problem(url: &str, error: &tungstenite::Error) -> Option<Problem> {
    let tungstenite::Error::Io(error) = error else {
        return None;
    };
    let error = error.get_ref()?.downcast_ref::<Error>()?;
    let text = match error {
        Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure) => {
            return Some(other(url));
        }
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "The relay at {url} cannot be reached: nobody this computer trusts vouches for its \
             certificate. One that is shared on a local network is reached by invitations alone."
        ),
        _ => return None,
    };
    Some(Problem::new(ProblemCode::RelayUnreachable, text))
}

/// Another relay than the expected one.
pub(super) fn other(url: &str) -> Problem {
    let text = format!("Another relay answers at {url} than the one expected. Check the address.");
    Problem::new(ProblemCode::RelayOther, text)
}

#[derive(Debug)]
struct Verifier {
    expected: Expected,
    usual: Usual,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// Whether this is the expected relay's own key.
    fn pins(&self, key: RelayKey) -> bool {
        let relay = RelayAddress {
            url: String::new(),
            key,
        };
        match self.expected {
            // Whoever answers has a key: that says nothing.
            Expected::Any => false,
            _ => self.expected.fits(&relay),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let own = own_key(certificate);
        if own.is_some_and(|key| self.pins(key)) {
            return Ok(ServerCertVerified::assertion());
        }
        let judged = match &self.usual {
            Some(usual) => usual.verify_server_cert(certificate, others, name, ocsp, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        let is_anybody = matches!(self.expected, Expected::Any);
        judged.map_err(|error| match error {
            Error::InvalidCertificate(
                CertificateError::Expired
                | CertificateError::ExpiredContext { .. }
                | CertificateError::NotValidYet
                | CertificateError::NotValidYetContext { .. }
                | CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. }
                | CertificateError::Revoked,
            ) => error,
            // A relay's own key that nobody vouches for, and another's than the expected one.
            _ if own.is_some() && !is_anybody => {
                CertificateError::ApplicationVerificationFailure.into()
            }
            _ => error,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if own_key(certificate).is_some_and(|key| self.pins(key)) {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The Ed25519 key in a certificate.
fn own_key(certificate: &CertificateDer<'_>) -> Option<RelayKey> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    let public = parsed.subject_public_key_info();
    let key = public.as_ref().strip_prefix(&BEFORE_KEY)?;
    Some(RelayKey(key.try_into().ok()?))
}

#[cfg(test)]
mod tests;
