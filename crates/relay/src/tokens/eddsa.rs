//! Ed25519 for `jsonwebtoken`, which brings no cryptography of its own: the library all of Snug
//! signs with, verified strictly. No other algorithm exists here.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes the library use this. Again does nothing.
pub fn install() {
    // Whoever was first was this as well: nothing else in the process checks tokens.
    let _ = PROVIDER.install_default();
}

struct Signs(SigningKey);
struct Verifies(VerifyingKey);

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    only_ours(algorithm)?;
    let seed: [u8; 32] = key.as_bytes().try_into().map_err(|_| bad_key())?;
    Ok(Box::new(Signs(SigningKey::from_bytes(&seed))))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>, Error> {
    only_ours(algorithm)?;
    let bytes: &[u8; 32] = key.try_get_as_bytes()?.try_into().map_err(|_| bad_key())?;
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| bad_key())?;
    Ok(Box::new(Verifies(key)))
}

fn only_ours(algorithm: &Algorithm) -> Result<(), Error> {
    match algorithm {
        Algorithm::EdDSA => Ok(()),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn bad_key() -> Error {
    ErrorKind::InvalidEddsaKey.into()
}

impl Signer<Vec<u8>> for Signs {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Verifies {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), signature::Error> {
        let wrong = || signature::Error::new();
        let signed = Signature::from_slice(signed).map_err(|_| wrong())?;
        let verified = self.0.verify_strict(message, &signed);
        verified.map_err(|_| wrong())
    }
}

impl JwtSigner for Signs {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

impl JwtVerifier for Verifies {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}
