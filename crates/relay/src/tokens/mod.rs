//! Access tokens of a closed relay: JSON Web Tokens (RFC 7519) signed with EdDSA (RFC 8037), checked
//! against a set of public keys (RFC 7517) that may hold several, so that keys can be changed.

mod eddsa;
mod issue;

pub use issue::{IssueError, Issuer, public};

use crate::server::Watched;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use snug_wire::frame::Refusal;
use snug_wire::{RelayKey, Token};
use std::path::PathBuf;

/// What a token says, as far as anybody looks.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Claims {
    /// Until when it is good, seconds of Unix time.
    exp: u64,
    /// From when on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<u64>,
    /// For whom, in the operator's words; the relay does not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sub: Option<String>,
    /// For which relay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
}

/// Says whose tokens are good.
#[derive(Debug)]
pub(crate) struct Tokens {
    keys: Watched<JwkSet>,
    relay: RelayKey,
    audience: Option<String>,
    skew: u64,
}

impl Tokens {
    /// Reads the set of keys; says in words what is wrong with it.
    pub fn new(
        file: PathBuf,
        relay: RelayKey,
        audience: Option<String>,
        skew: u64,
    ) -> Result<Self, String> {
        eddsa::install();
        Ok(Self {
            keys: Watched::new(vec![file], key_set)?,
            relay,
            audience,
            skew,
        })
    }

    /// Reads the set again if it changed.
    pub fn look(&self) -> Result<bool, String> {
        self.keys.look()
    }

    /// Until when a token is good at that time, both seconds of Unix time.
    ///
    /// # Errors
    /// `TokenWanted`, `TokenRefused`, `TokenExpired`.
    pub fn check(&self, token: Option<&Token>, now: u64) -> Result<u64, Refusal> {
        let token = token.ok_or(Refusal::TokenWanted)?.expose();
        if token.len() > Token::LIMIT {
            return Err(Refusal::TokenRefused);
        }
        let claims = self.signed(token).ok_or(Refusal::TokenRefused)?;
        let good_until = claims.exp.saturating_add(self.skew);
        if good_until <= now {
            return Err(Refusal::TokenExpired);
        }
        if claims
            .nbf
            .is_some_and(|from| from > now.saturating_add(self.skew))
        {
            return Err(Refusal::TokenRefused);
        }
        Ok(good_until)
    }

    /// What it says, if one of the keys has signed it for this relay.
    fn signed(&self, token: &str) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        let keys = self.keys.now();
        let named = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
        let mut candidates = keys.keys.iter().filter(named);
        let validation = self.validation();
        candidates.find_map(|key| {
            let key = DecodingKey::from_jwk(key).ok()?;
            let token = decode::<Claims>(token, &key, &validation).ok()?;
            Some(token.claims)
        })
    }

    /// Times are looked at by [`Self::check`], which knows the time as an argument.
    fn validation(&self) -> Validation {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.validate_exp = false;
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.set_required_spec_claims(&["exp", "aud"]);
            }
            None => validation.set_audience(&[self.relay]),
        }
        validation
    }
}

/// A set in which every key is Ed25519, each under a name of its own if there are several.
fn key_set(contents: &[Vec<u8>]) -> Result<JwkSet, String> {
    let text = contents.first().map(Vec::as_slice).unwrap_or_default();
    let set: JwkSet = serde_json::from_slice(text)
        .map_err(|error| format!("it is not a set of keys (JWK Set): {error}"))?;
    if set.keys.is_empty() {
        return Err("there is no key in it".into());
    }
    for key in &set.keys {
        let is_ed25519 = matches!(&key.algorithm, AlgorithmParameters::OctetKeyPair(pair)
            if pair.curve == EllipticCurve::Ed25519);
        let point = DecodingKey::from_jwk(key).ok();
        let is_whole = point.is_some_and(|key| key.try_get_as_bytes().is_ok_and(|x| x.len() == 32));
        if !is_ed25519 || !is_whole {
            return Err("a key in it is not Ed25519 (\"kty\":\"OKP\",\"crv\":\"Ed25519\")".into());
        }
        let same = |other: &&Jwk| other.common.key_id == key.common.key_id;
        if set.keys.iter().filter(same).count() > 1 {
            return Err("two keys in it have the same name (\"kid\")".into());
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests;
