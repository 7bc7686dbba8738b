//! The operating system's keychain: Secret Service, Keychain Services, Credential Manager.

use super::{Keys, lost};
use crate::{Problem, ProblemCode};
use keyring::{Entry, Error};
use std::time::Duration;

const SERVICE: &str = "snug";
/// Unlocking may ask a person; longer than this and nobody is there.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs blocking work on a thread of its own: one that hangs keeps neither the runtime from
/// shutting down nor its pool busy.
pub(super) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (answer, asked) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name("snug-keychain".into())
        .spawn(move || answer.send(work()))
        .map_err(Problem::broken)?;
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answered) => answered.map_err(Problem::broken)?,
        Err(_) => Err(locked("it did not answer")),
    }
}

/// The keys under this entry, made if `is_new`.
pub(super) fn keys(name: &str, is_new: bool) -> Result<Keys, Problem> {
    let entry = Entry::new(SERVICE, name).map_err(problem)?;
    match entry.get_secret() {
        Ok(bytes) => Keys::from_bytes(&zeroize::Zeroizing::new(bytes))
            .ok_or_else(|| lost("its entry is not Snug's")),
        // A keychain that cannot be used may say so only when written to.
        Err(Error::NoEntry) if is_new => {
            let keys = Keys::random();
            entry.set_secret(&keys.to_bytes()).map_err(problem)?;
            match entry.get_secret().map_err(problem)? {
                read if read == *keys.to_bytes() => Ok(keys),
                _ => Err(missing("it does not keep what is put there")),
            }
        }
        Err(Error::NoEntry) => {
            probe(name)?;
            Err(lost("the operating system's"))
        }
        Err(error) => Err(problem(error)),
    }
}

/// Whether the keychain works at all.
fn probe(name: &str) -> Result<(), Problem> {
    let entry = Entry::new(SERVICE, &format!("{name} probe")).map_err(problem)?;
    entry.set_secret(b"probe").map_err(problem)?;
    entry.delete_credential().map_err(problem)
}

fn problem(error: Error) -> Problem {
    match error {
        Error::NoStorageAccess(why) => locked(&why.to_string()),
        Error::NoDefaultStore => match Entry::store_status() {
            Err(why) => missing(&why.to_string()),
            Ok(()) => missing("there is none"),
        },
        other => missing(&other.to_string()),
    }
}

fn locked(why: &str) -> Problem {
    let text = format!("The keychain is locked: {why}. Unlock it and start Snug again.");
    Problem::new(ProblemCode::KeychainLocked, text)
}

fn missing(why: &str) -> Problem {
    let text = format!(
        "The operating system's keychain cannot be used: {why}. Use a passphrase file instead."
    );
    Problem::new(ProblemCode::KeychainMissing, text)
}
