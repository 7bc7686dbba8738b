//! Why something was refused, in the words of hosts.

use serde::{Deserialize, Serialize};
use std::error::Error;
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
    /// What waits to be sent weighs too much.
    TooManyBytes,
    /// Only its author may change a message.
    NotYours,
    /// Only admins of the group may do this.
    NotAdmin,
    /// One is the group's only admin: another must be one first.
    LastAdmin,
    /// An admin of the group was heard of lately: no other is chosen.
    AdminsThere,
    /// One is not in the group any more.
    NotInGroup,
    /// There is nothing to add somebody with: none of their devices has been online for long.
    NoKeys,
    /// The group holds no more people.
    GroupFull,
    /// The message waited too long to be sent.
    Expired,
    /// A device of theirs could not open the message.
    Unopened,
    /// The relay does not take messages of this chat any more.
    ChatGone,
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
    /// The proxy cannot be reached, or refuses.
    ProxyRefused,
    /// A setting has a value that cannot work.
    SettingRefused,
    /// It is one's own account.
    Oneself,
    /// One blocked that person.
    Blocked,
    /// The code compares somebody else's safety number.
    NumberOther,
    /// The safety numbers differ.
    NumberDiffers,
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
        Self::new(
            ProblemCode::Broken,
            format!("Snug cannot go on: {what}. Start it again."),
        )
    }

    /// Something a host runs beside the client failed, as `text` says. A full disk is found among
    /// the causes.
    pub fn caused(text: impl Into<String>, cause: &(dyn Error + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(cause), |cause| (**cause).source());
        let code = match causes.any(is_full) {
            true => ProblemCode::DiskFull,
            false => ProblemCode::Broken,
        };
        Self::new(code, text)
    }

    /// A file or directory could not be used.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Self {
        let what_to_do = match is_full(error) {
            true => "; make room on the disk",
            false => "",
        };
        let path = path.display();
        Self::caused(
            format!("{path} cannot be used: {error}{what_to_do}."),
            error,
        )
    }
}

fn is_full(error: &(dyn Error + 'static)) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    if let Some(error) = error.downcast_ref::<std::io::Error>() {
        return matches!(error.kind(), StorageFull | QuotaExceeded);
    }
    error
        .downcast_ref()
        .is_some_and(|failure| database(failure).0 == ProblemCode::DiskFull)
}

impl From<snug_engine::Error> for Problem {
    fn from(error: snug_engine::Error) -> Self {
        use snug_engine::Error::{Database, Rejected, TooNew};
        let (code, what_to_do) = match &error {
            Rejected(rejection) => return (*rejection).into(),
            TooNew => (ProblemCode::DatabaseTooNew, "update Snug to open it"),
            Database(failure) => database(failure),
            _ => (ProblemCode::Broken, "start Snug again"),
        };
        Self::new(code, sentence(&format!("{error}; {what_to_do}")))
    }
}

/// What failed in SQLite, and what a person can do.
fn database(failure: &rusqlite::Error) -> (ProblemCode, &'static str) {
    use rusqlite::ErrorCode;
    // Also where there was no room for the index of the log.
    let no_room = failure
        .sqlite_error()
        .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE);
    match failure.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (ProblemCode::DiskFull, "make room on the disk"),
        _ if no_room => (ProblemCode::DiskFull, "make room on the disk"),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (
            ProblemCode::DatabaseDamaged,
            "the file is damaged or its key is another one: restore it from a backup",
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            ProblemCode::DatabaseBusy,
            "close the other program that uses it",
        ),
        _ => (
            ProblemCode::Broken,
            "see whether the disk can be written, then start Snug again",
        ),
    }
}

impl From<snug_engine::Rejection> for Problem {
    fn from(rejection: snug_engine::Rejection) -> Self {
        use snug_engine::Rejection;
        let code = match rejection {
            Rejection::NameEmpty => ProblemCode::NameEmpty,
            Rejection::NameTooLong => ProblemCode::NameTooLong,
            Rejection::TextEmpty => ProblemCode::TextEmpty,
            Rejection::TextTooLong => ProblemCode::TextTooLong,
            Rejection::QueueFull => ProblemCode::QueueFull,
            Rejection::QueueHeavy => ProblemCode::TooManyBytes,
            Rejection::NotYours => ProblemCode::NotYours,
            Rejection::NotFound | Rejection::Answered | Rejection::NoAccount => {
                ProblemCode::NotFound
            }
            Rejection::Oneself => ProblemCode::Oneself,
            Rejection::Blocked => ProblemCode::Blocked,
            Rejection::OtherPerson => ProblemCode::NumberOther,
            Rejection::Mismatch => ProblemCode::NumberDiffers,
            Rejection::OwnCode => ProblemCode::CodeOwn,
            Rejection::OtherCode => ProblemCode::CodeOther,
            Rejection::CardDamaged => ProblemCode::InvitationDamaged,
            Rejection::Used => ProblemCode::InvitationUsed,
            Rejection::Expired => ProblemCode::InvitationExpired,
            Rejection::Revoked => ProblemCode::InvitationRevoked,
            Rejection::AccountExists => ProblemCode::Broken,
            Rejection::NotAdmin => ProblemCode::NotAdmin,
            Rejection::LastAdmin => ProblemCode::LastAdmin,
            Rejection::AdminsThere => ProblemCode::AdminsThere,
            Rejection::NotIn => ProblemCode::NotInGroup,
            Rejection::GroupFull => ProblemCode::GroupFull,
            Rejection::PictureTooLarge => ProblemCode::NotAPicture,
            // Hosts offer neither.
            Rejection::AlreadyIn | Rejection::LeaveInstead => ProblemCode::NotFound,
        };
        Self::new(code, sentence(&rejection.to_string()))
    }
}

impl From<snug_wire::code::CodeError> for Problem {
    fn from(error: snug_wire::code::CodeError) -> Self {
        use snug_wire::code::CodeError;
        let code = match error {
            CodeError::Foreign => ProblemCode::CodeForeign,
            CodeError::Incomplete => ProblemCode::CodeIncomplete,
            CodeError::Damaged => ProblemCode::CodeDamaged,
            CodeError::TooNew => ProblemCode::CodeTooNew,
            CodeError::Verifies => ProblemCode::CodeOther,
        };
        Self::new(code, sentence(&error.to_string()))
    }
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    let mut text: String = first.into_iter().flatten().chain(letters).collect();
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_damaged_file_are_told_apart() {
        let of = |code| {
            let failure = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            Problem::from(snug_engine::Error::from(failure)).code
        };
        assert_eq!(of(rusqlite::ffi::SQLITE_FULL), ProblemCode::DiskFull);
        assert_eq!(
            of(rusqlite::ffi::SQLITE_IOERR_SHMSIZE),
            ProblemCode::DiskFull
        );
        assert_eq!(
            of(rusqlite::ffi::SQLITE_NOTADB),
            ProblemCode::DatabaseDamaged
        );
        assert_eq!(
            of(rusqlite::ffi::SQLITE_CORRUPT),
            ProblemCode::DatabaseDamaged
        );
        assert_eq!(of(rusqlite::ffi::SQLITE_BUSY), ProblemCode::DatabaseBusy);
        assert_eq!(of(rusqlite::ffi::SQLITE_IOERR), ProblemCode::Broken);
    }

    #[test]
    fn a_full_disk_is_found_behind_another_error() {
        let of = |kind: std::io::ErrorKind| {
            let behind = snug_engine::Error::from(rusqlite::Error::ToSqlConversionFailure(
                std::io::Error::from(kind).into(),
            ));
            Problem::caused("The relay does not start.", &behind).code
        };
        assert_eq!(of(std::io::ErrorKind::StorageFull), ProblemCode::DiskFull);
        assert_eq!(of(std::io::ErrorKind::NotFound), ProblemCode::Broken);
    }

    #[test]
    fn a_problem_is_a_sentence() {
        let problem = Problem::from(snug_engine::Rejection::Used);
        assert_eq!(
            problem.text,
            "This invitation was used already: ask for a new one."
        );
    }
}
