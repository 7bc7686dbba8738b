//! The crypto OpenMLS and our own sealing use: libcrux, behind a check it leaves out.
//!
//! libcrux panics where it is to seal to an X-Wing key shorter than its ML-KEM part. Such keys come
//! from others: in key packages, commits, Welcomes and inbox addresses.

use crate::error::{Error, Result as EngineResult};
use openmls::prelude::tls_codec::SecretVLBytes;
use openmls_libcrux_crypto::CryptoProvider;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::types::{
    AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeCiphertext, HpkeConfig,
    HpkeKemType, HpkeKeyPair, KemOutput, SignatureScheme,
};

/// Length of an X-Wing public key, in bytes (draft-connolly-cfrg-xwing-kem-06 §5).
const XWING_KEY: usize = 1216;

type Result<T> = std::result::Result<T, CryptoError>;

/// libcrux, and no key of a wrong length.
pub(crate) struct Crypto(CryptoProvider);

impl Crypto {
    /// Seeds itself from the operating system.
    pub fn new() -> EngineResult<Self> {
        let inner = CryptoProvider::new().map_err(|e| Error::Mls(e.to_string()))?;
        Ok(Self(inner))
    }

    /// Where OpenMLS takes its randomness from.
    pub fn rand(&self) -> &CryptoProvider {
        &self.0
    }
}

fn fits(config: &HpkeConfig, key: &[u8]) -> Result<()> {
    match config.0 {
        HpkeKemType::XWingKemDraft6 if key.len() != XWING_KEY => Err(CryptoError::InvalidPublicKey),
        _ => Ok(()),
    }
}

impl OpenMlsCrypto for Crypto {
    fn supports(&self, suite: Ciphersuite) -> Result<()> {
        self.0.supports(suite)
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        self.0.supported_ciphersuites()
    }

    fn hkdf_extract(&self, hash: HashType, salt: &[u8], ikm: &[u8]) -> Result<SecretVLBytes> {
        self.0.hkdf_extract(hash, salt, ikm)
    }

    fn hmac(&self, hash: HashType, key: &[u8], message: &[u8]) -> Result<SecretVLBytes> {
        self.0.hmac(hash, key, message)
    }

    fn hkdf_expand(
        &self,
        hash: HashType,
        prk: &[u8],
        info: &[u8],
        len: usize,
    ) -> Result<SecretVLBytes> {
        self.0.hkdf_expand(hash, prk, info, len)
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Result<Vec<u8>> {
        self.0.hash(hash, data)
    }

    fn aead_encrypt(
        &self,
        alg: AeadType,
        key: &[u8],
        data: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>> {
        self.0.aead_encrypt(alg, key, data, nonce, aad)
    }

    fn aead_decrypt(
        &self,
        alg: AeadType,
        key: &[u8],
        sealed: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>> {
        self.0.aead_decrypt(alg, key, sealed, nonce, aad)
    }

    fn signature_key_gen(&self, alg: SignatureScheme) -> Result<(Vec<u8>, Vec<u8>)> {
        self.0.signature_key_gen(alg)
    }

    fn verify_signature(
        &self,
        alg: SignatureScheme,
        data: &[u8],
        key: &[u8],
        signature: &[u8],
    ) -> Result<()> {
        self.0.verify_signature(alg, data, key, signature)
    }

    fn sign(&self, alg: SignatureScheme, data: &[u8], key: &[u8]) -> Result<Vec<u8>> {
        self.0.sign(alg, data, key)
    }

    fn hpke_seal(
        &self,
        config: HpkeConfig,
        key: &[u8],
        info: &[u8],
        aad: &[u8],
        plain: &[u8],
    ) -> Result<HpkeCiphertext> {
        fits(&config, key)?;
        self.0.hpke_seal(config, key, info, aad, plain)
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        sealed: &HpkeCiphertext,
        key: &[u8],
        info: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>> {
        self.0.hpke_open(config, sealed, key, info, aad)
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        key: &[u8],
        info: &[u8],
        context: &[u8],
        len: usize,
    ) -> Result<(KemOutput, ExporterSecret)> {
        fits(&config, key)?;
        self.0
            .hpke_setup_sender_and_export(config, key, info, context, len)
    }

    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        enc: &[u8],
        key: &[u8],
        info: &[u8],
        context: &[u8],
        len: usize,
    ) -> Result<ExporterSecret> {
        self.0
            .hpke_setup_receiver_and_export(config, enc, key, info, context, len)
    }

    fn derive_hpke_keypair(&self, config: HpkeConfig, ikm: &[u8]) -> Result<HpkeKeyPair> {
        self.0.derive_hpke_keypair(config, ikm)
    }
}
