//! Why something was refused, in the words of hosts.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A refusal: a code a host translates, and an English sentence for logs and terminals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What hosts branch on and translate.
    pub code: ProblemCode,
    /// What happened, to what, what to do.
    pub text: String,
}

/// Every refusal a host tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum ProblemCode {
    /// The text is no Snug code.
    CodeForeign,
    /// A character of the code is wrong.
    CodeDamaged,
    /// The end of the code is missing.
    CodeIncomplete,
    /// The code is from a newer Snug.
    CodeTooNew,
    /// The code is for something else than meeting a person.
    CodeOther,
    /// The code is one's own.
    CodeOwn,
    /// The picture shows no code.
    NoCodeInPicture,
    /// The file is no picture that can be read.
    NotAPicture,
    /// The relay does not know the invitation.
    InvitationUnknown,
    /// Somebody has used the invitation.
    InvitationUsed,
    /// The invitation has expired.
    InvitationExpired,
    /// The invitation was withdrawn.
    InvitationRevoked,
    /// The code does not open the card, or the card is not what it should be.
    InvitationDamaged,
    /// The relay does not answer.
    RelayUnreachable,
    /// Another relay answers at this address.
    RelayOther,
    /// The relay speaks another version of the protocol.
    RelayVersion,
    /// A name is needed.
    NameEmpty,
    /// The name has more than [`snug_wire::NAME_LIMIT`] characters.
    NameTooLong,
    /// A text is needed.
    TextEmpty,
    /// The text is longer than allowed.
    TextTooLong,
    /// Too much waits to be sent.
    QueueFull,
    /// The disk is full.
    DiskFull,
    /// The database cannot be read.
    DatabaseDamaged,
    /// The database is from a newer Snug.
    DatabaseTooNew,
    /// Another process has the data open.
    DatabaseBusy,
    /// The keychain is locked.
    KeychainLocked,
    /// There is no keychain, or the keys are not in it.
    KeychainMissing,
    /// The passphrase does not open the keychain file.
    PassphraseWrong,
    /// What was asked for is not there.
    NotFound,
    /// An error in Snug itself, or of the computer it runs on.
    Broken,
}

impl Problem {
    /// A problem in words.
    pub fn new(code: ProblemCode, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// Snug, or the computer, does what it must not.
    pub(crate) fn broken(what: impl fmt::Display) -> Self {
        Self::new(ProblemCode::Broken, format!("Snug cannot go on: {what}. Start it again."))
    }

    /// A file or directory could not be used.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let code = match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                ProblemCode::DiskFull
            }
            _ => ProblemCode::Broken,
        };
        Self::new(code, format!("{} cannot be used: {error}.", path.display()))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Problem {}
