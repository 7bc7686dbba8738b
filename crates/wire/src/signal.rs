//! What a signal says: typing and presence, never stored (rule 23).
//!
//! A [`SealedSignal`] crosses the relay; inside it is a [`Signal`], padded as messages are, so that its
//! length does not tell its kind.

use crate::cbor::{self, form_of, put_kind};
use crate::{SIGNAL_LIMIT, WireError, decode, encode};
use minicbor::decode::Error as DecodeError;
use minicbor::{Decode, Decoder, Encode, Encoder};

/// Longest text of a presence, in characters.
pub const STATUS_LIMIT: usize = 140;

/// A signal under its author's key of the present epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SealedSignal {
    /// The author's leaf in the MLS group.
    #[n(0)]
    pub leaf: u32,
    /// Random.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub nonce: [u8; 24],
    /// XChaCha20-Poly1305 of a padded [`Signal`].
    #[cbor(n(2), with = "minicbor::bytes")]
    pub sealed: Vec<u8>,
}

/// The plaintext of a signal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Signal {
    /// Random, made when the author's program started: a new run replaces the old for good.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub run: [u8; 16],
    /// Rises with every signal of the run.
    #[n(1)]
    pub counter: u64,
    /// What it says.
    #[n(2)]
    pub body: SignalBody,
}

impl Signal {
    /// Reads a signal that was padded with [`crate::pad`].
    ///
    /// # Errors
    /// When the padding or the form is wrong.
    pub fn from_padded(bytes: &[u8]) -> Result<Self, WireError> {
        decode(crate::pad::unpad(bytes)?, SIGNAL_LIMIT)
    }

    /// The form that is encrypted.
    pub fn to_padded(&self) -> Vec<u8> {
        crate::pad::pad(&encode(self))
    }
}

/// A kind and its own form. Kinds not known here are kept as they came, and mean nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignalBody {
    /// Kind 1: somebody writes, or has stopped.
    Typing(Typing),
    /// Kind 2: how somebody is there.
    Presence(Presence),
    /// Written by a newer Snug.
    Unknown {
        /// Its kind.
        kind: u16,
        /// Its form, CBOR.
        form: Vec<u8>,
    },
}

/// Somebody writes, or has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Typing {
    /// Whether they write.
    #[n(0)]
    pub on: bool,
}

/// How somebody is there.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Presence {
    /// Their state.
    #[n(0)]
    pub state: PresenceState,
    /// Their own words, at most [`STATUS_LIMIT`] characters.
    #[n(1)]
    #[cbor(default)]
    pub text: String,
    /// How long nobody has touched their computer, in milliseconds: a span, because clocks differ.
    #[n(2)]
    #[cbor(default)]
    pub idle: u64,
    /// Whether they have just come and want to know how the others are there.
    #[n(3)]
    #[cbor(default)]
    pub ask: bool,
}

/// How a device's person is there. Who is invisible says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum PresenceState {
    /// Gone: said when the program ends.
    #[n(0)]
    Offline,
    /// The program runs, nobody touches it.
    #[n(1)]
    Away,
    /// There.
    #[n(2)]
    Online,
    /// There, and not to be disturbed.
    #[n(3)]
    Busy,
}

impl SignalBody {
    fn parts(&self) -> (u16, Vec<u8>) {
        match self {
            Self::Typing(typing) => (1, encode(typing)),
            Self::Presence(presence) => (2, encode(presence)),
            Self::Unknown { kind, form } => (*kind, form.clone()),
        }
    }
}

impl<C> Encode<C> for SignalBody {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let (kind, form) = self.parts();
        put_kind(e, kind, &form)
    }
}

impl<'b, C> Decode<'b, C> for SignalBody {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        let (kind, form) = cbor::kind(d)?;
        Ok(match kind {
            1 => Self::Typing(form_of(form)?),
            2 => Self::Presence(form_of(form)?),
            _ => Self::Unknown {
                kind,
                form: form.to_vec(),
            },
        })
    }
}
