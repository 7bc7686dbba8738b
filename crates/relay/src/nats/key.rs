//! The relay's key (rule 1). All relays over one NATS are one relay: they have the same key, which the
//! first of them makes.

use super::api::{JetStream, Write, pause};
use super::connect::TOGETHER;
use super::names::Stream;
use super::trouble::Trouble;
use data_encoding::HEXLOWER;
use ed25519_dalek::SigningKey;
use std::time::Instant;

/// The key that is there; `fresh` becomes it the first time.
pub async fn take(nats: &JetStream, fresh: [u8; 32]) -> Result<SigningKey, Trouble> {
    let subject = nats.names.key();
    let begun = Instant::now();
    loop {
        if let Some(there) = nats.last(Stream::State, &subject).await? {
            let seed = HEXLOWER.decode(&there.bytes).ok();
            let seed = seed.and_then(|seed| <[u8; 32]>::try_from(seed).ok());
            let seed = seed.ok_or_else(|| Trouble::Form(subject.clone()))?;
            return Ok(SigningKey::from_bytes(&seed));
        }
        let write = Write::new(subject.clone(), HEXLOWER.encode(&fresh)).after(0);
        match nats.write(write).await {
            // Read once more, so that it is what is there that counts.
            Ok(_) => {}
            Err(trouble) if trouble.is_conflict() => {}
            // The stream was just made, and has no leader yet.
            Err(trouble) if trouble.is_passing() && begun.elapsed() < TOGETHER => {}
            Err(trouble) => return Err(trouble),
        }
        pause().await;
    }
}
