//! Making keys and tokens, for operators without an identity service of their own.

use super::{Claims, eddsa};
use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use snug_wire::Token;

/// Why no token is made.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The text is not a private key.
    #[error("it is not a private Ed25519 key (JWK with kty, crv, kid, x and d)")]
    Key,
    /// It cannot be signed.
    #[error("the token cannot be signed: {0}")]
    Sign(#[from] jsonwebtoken::errors::Error),
}

/// Who signs tokens.
pub struct Issuer {
    name: String,
    key: SigningKey,
}

impl Issuer {
    /// With a key from this seed, under a name that other keys beside it must not have.
    pub fn new(name: impl Into<String>, seed: &[u8; 32]) -> Self {
        Self {
            name: name.into(),
            key: SigningKey::from_bytes(seed),
        }
    }

    /// From the text of [`Self::private`].
    ///
    /// # Errors
    /// [`IssueError::Key`].
    pub fn read(text: &str) -> Result<Self, IssueError> {
        let key: Value = serde_json::from_str(text).map_err(|_| IssueError::Key)?;
        let field = |name| key.get(name).and_then(Value::as_str);
        let bytes = |name| {
            let text = field(name)?;
            let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
            <[u8; 32]>::try_from(bytes).ok()
        };
        let (Some("OKP"), Some("Ed25519"), Some(name)) = (field("kty"), field("crv"), field("kid"))
        else {
            return Err(IssueError::Key);
        };
        let seed = bytes("d").ok_or(IssueError::Key)?;
        let issuer = Self::new(name, &seed);
        if bytes("x") != Some(issuer.key.verifying_key().to_bytes()) {
            return Err(IssueError::Key);
        }
        Ok(issuer)
    }

    /// The key with its secret, as a JWK. Whoever has it makes tokens.
    pub fn private(&self) -> String {
        let mut key = self.public();
        if let Some(key) = key.as_object_mut() {
            let seed = BASE64URL_NOPAD.encode(self.key.as_bytes());
            key.insert("d".into(), seed.into());
        }
        format!("{key:#}\n")
    }

    fn public(&self) -> Value {
        let x = BASE64URL_NOPAD.encode(self.key.verifying_key().as_bytes());
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.name, "x": x })
    }

    /// A token for whom the operator calls so, good from `now` until `until`, seconds of Unix time.
    ///
    /// # Errors
    /// [`IssueError::Sign`].
    pub fn issue(
        &self,
        subject: &str,
        audience: Option<&str>,
        now: u64,
        until: u64,
    ) -> Result<Token, IssueError> {
        eddsa::install();
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.name.clone());
        let claims = Claims {
            exp: until,
            nbf: None,
            iat: Some(now),
            sub: Some(subject.to_owned()),
            aud: audience.map(str::to_owned),
        };
        let key = EncodingKey::from_ed_der(self.key.as_bytes());
        Ok(Token::new(encode(&header, &claims, &key)?))
    }
}

/// The public halves of these keys, as the file that a relay reads.
pub fn public<'a>(issuers: impl IntoIterator<Item = &'a Issuer>) -> String {
    let keys: Vec<Value> = issuers.into_iter().map(Issuer::public).collect();
    format!("{:#}\n", json!({ "keys": keys }))
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Issuer({})", self.name)
    }
}
