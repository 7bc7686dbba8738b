//! An invitation's card: what its code opens (rule 27).

use crate::device_list::DeviceList;
use crate::handshake::verify;
use crate::{
    AccountId, Address, ConversationId, DeviceId, DeviceKey, InvitationId, RelayAddress, encode,
};
use ed25519_dalek::{Signer as _, SigningKey};
use minicbor::{Decode, Encode};

/// Who invites, and how to reach them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Card {
    /// The invitation it belongs to.
    #[n(0)]
    pub invitation: InvitationId,
    /// The inviter.
    #[n(1)]
    pub account: AccountId,
    /// Their devices.
    #[n(2)]
    pub devices: DeviceList,
    /// The name they show.
    #[n(3)]
    pub name: String,
    /// A word of welcome, may be empty.
    #[n(4)]
    pub greeting: String,
    /// Where requests go.
    #[n(5)]
    pub inbox: InboxAddress,
    /// When the invitation ends, milliseconds of Unix time.
    #[n(6)]
    pub expires_at: Option<u64>,
    /// How often it can be used; `None` without limit.
    #[n(7)]
    pub uses: Option<u32>,
    /// Whether the inviter is asked before a conversation arises.
    #[n(8)]
    #[cbor(default)]
    pub asks: bool,
    /// The group it leads into; a direct conversation if none.
    #[n(9)]
    pub group: Option<GroupCard>,
}

/// A group as an invitation into it shows it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct GroupCard {
    /// Its conversation.
    #[n(0)]
    pub conversation: ConversationId,
    /// What it was called when the invitation was made.
    #[n(1)]
    pub name: String,
    /// How many were in it then.
    #[n(2)]
    pub participants: u32,
}

/// A place things can be sealed and sent to (rule 9).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct InboxAddress {
    /// The relay.
    #[n(0)]
    pub relay: RelayAddress,
    /// The mailbox, and the key-package pool beside it.
    #[n(1)]
    pub address: Address,
    /// X-Wing public key, 1216 bytes.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub key: Vec<u8>,
}

/// A form signed by a device of an account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Signed<T> {
    /// What is signed.
    #[n(0)]
    pub form: T,
    /// The device that signed.
    #[n(1)]
    pub device: DeviceId,
    /// Ed25519 over a label and the form's CBOR.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub signature: [u8; 64],
}

/// A form that is signed under a label of its own, so that no signature fits another form.
pub trait Signable: Encode<()> + Sized {
    /// The label.
    const LABEL: &'static [u8];

    /// Signs with a device's key.
    fn signed(self, device: DeviceId, key: &SigningKey) -> Signed<Self> {
        let signature = key.sign(&[Self::LABEL, &encode(&self)].concat()).to_bytes();
        Signed {
            form: self,
            device,
            signature,
        }
    }
}

impl<T: Signable> Signed<T> {
    /// Whether that key signed.
    pub fn is_by(&self, key: &DeviceKey) -> bool {
        let bytes = [T::LABEL, &encode(&self.form)].concat();
        verify(&key.0, &bytes, &self.signature)
    }
}

impl Signable for Card {
    const LABEL: &'static [u8] = b"snug/1 card";
}
