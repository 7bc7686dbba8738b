//! Errors, by what the caller does next.

/// Why an operation was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The person asked for something that cannot be; nothing was changed.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Our own disk or database failed; nothing was changed.
    #[error("the database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// MLS state could not be written or made.
    #[error("the encryption state failed: {0}")]
    Mls(String),
    /// A stored form cannot be read back.
    #[error("the database holds something unreadable: {0}")]
    Stored(#[from] snug_wire::WireError),
    /// The database was written by a newer Snug.
    #[error("the database was written by a newer version of Snug")]
    TooNew,
    /// An interruption that a test asked for.
    #[error("interrupted")]
    Interrupted,
}

/// What a person is told, one variant per sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// There is an account already.
    #[error("there is an account already")]
    AccountExists,
    /// There is no account yet.
    #[error("there is no account yet")]
    NoAccount,
    /// The name is empty.
    #[error("a name is needed")]
    NameEmpty,
    /// The name or greeting is too long.
    #[error("the name or greeting is too long")]
    NameTooLong,
    /// The text is empty.
    #[error("a message needs some text")]
    TextEmpty,
    /// The text is longer than [`snug_wire::TEXT_LIMIT`].
    #[error("the text is too long: at most 64 KiB")]
    TextTooLong,
    /// Too much waits to be sent.
    #[error("too much is waiting to be sent; connect first")]
    QueueFull,
    /// What waits to be sent weighs too much.
    #[error("too much is waiting to be sent; connect first")]
    QueueHeavy,
    /// Only its author may change a message.
    #[error("only who wrote a message can change it")]
    NotYours,
    /// One's own account.
    #[error("that is you")]
    Oneself,
    /// It is somebody blocked.
    #[error("you blocked this person: unblock them first")]
    Blocked,
    /// The code is of somebody else than the one compared with.
    #[error("this code is somebody else's: scan the one on the screen of the person of this chat")]
    OtherPerson,
    /// The safety numbers differ.
    #[error(
        "the safety numbers differ: if one of you has just added a device, wait until both are online and \
         compare again; if they still differ, somebody may stand between you"
    )]
    Mismatch,
    /// Only admins change a group.
    #[error("only an admin of the group can do that")]
    NotAdmin,
    /// A group keeps an admin.
    #[error("a group needs an admin: make somebody else one first")]
    LastAdmin,
    /// Another admin is chosen only where there is none any more.
    #[error(
        "an admin of this group was heard of within the last 30 days: ask them to make you one"
    )]
    AdminsThere,
    /// One left the group, or was taken out.
    #[error("you are not in this group any more")]
    NotIn,
    /// They are in the group.
    #[error("they are in the group already")]
    AlreadyIn,
    /// One does not remove oneself.
    #[error("to go yourself, leave the group")]
    LeaveInstead,
    /// A group holds [`snug_wire::log_state::MOST_PARTICIPANTS`].
    #[error("the group is full")]
    GroupFull,
    /// The picture is larger than [`snug_wire::log_state::PICTURE_LIMIT`].
    #[error("the picture is too large: at most 16 KiB")]
    PictureTooLarge,
    /// There is no such thing.
    #[error("there is no such chat, message, invitation or request")]
    NotFound,
    /// One's own code.
    #[error("this is your own code: let somebody else read it")]
    OwnCode,
    /// A code for something else than meeting a person.
    #[error("this code is not an invitation from a person")]
    OtherCode,
    /// The card does not open, or says something false.
    #[error("this invitation is damaged: ask for a new one")]
    CardDamaged,
    /// The invitation has no use left.
    #[error("this invitation was used already: ask for a new one")]
    Used,
    /// The invitation has expired.
    #[error("this invitation has expired: ask for a new one")]
    Expired,
    /// The invitation was revoked.
    #[error("this invitation was withdrawn: ask for a new one")]
    Revoked,
    /// The request was answered already.
    #[error("this request was answered already")]
    Answered,
}

/// What every operation returns.
pub type Result<T> = std::result::Result<T, Error>;
