//! TLS with a certificate from files. A changed one serves those who come from then on; nobody who is
//! there is disturbed.

use super::watched::Watched;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, crypto::ring};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The certificate of now.
#[derive(Debug)]
pub struct Certificate(Watched<Arc<CertifiedKey>>);

impl Certificate {
    /// Reads the chain and the key, both PEM; says in words what is wrong.
    pub fn read(chain: PathBuf, key: PathBuf) -> Result<Arc<Self>, String> {
        Watched::new(vec![chain, key], certified).map(|watched| Arc::new(Self(watched)))
    }

    /// Reads them again if they changed.
    pub fn look(&self) -> Result<bool, String> {
        self.0.look()
    }

    /// What greets those who come.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, String> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let resolver = Arc::clone(self) as Arc<dyn ResolvesServerCert>;
        let mut config = builder.with_no_client_auth().with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.now()))
    }
}

fn certified(contents: &[Vec<u8>]) -> Result<Arc<CertifiedKey>, String> {
    let [chain, key] = contents else {
        return Err("a certificate is two files".into());
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the certificate is not PEM: {error}"))?;
    if chain.is_empty() {
        return Err("there is no certificate in it".into());
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| format!("there is no private key in it: {error}"))?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider())
        .map_err(|error| format!("certificate and key do not fit: {error}"))?;
    Ok(Arc::new(certified))
}
