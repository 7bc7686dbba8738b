//! How a device becomes one of an account: what the new one gives, and what it gets (rule 29).

use crate::card::InboxAddress;
use crate::device_list::{DeviceList, ListedDevice};
use crate::{AccountId, JoinId, RelayAddress};
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};

/// What a new device gives to one that is listed already.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct NewDevice {
    /// Pointers to its Welcomes answer this wish.
    #[n(0)]
    pub id: JoinId,
    /// The device.
    #[n(1)]
    pub device: ListedDevice,
    /// Where pointers go.
    #[n(2)]
    pub inbox: InboxAddress,
    /// A key package for each conversation it is to be in.
    #[cbor(n(3), decode_with = "crate::cbor::key_packages")]
    pub key_packages: Vec<ByteVec>,
}

/// What it gets: whose device it is, and whom that account knows.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Admission {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// Its devices, the new one among them.
    #[n(1)]
    pub devices: DeviceList,
    /// The name the account shows.
    #[n(2)]
    pub name: String,
    /// Where its own conversation lives.
    #[n(3)]
    pub home: RelayAddress,
    /// Whom it knows.
    #[n(4)]
    pub contacts: Vec<KnownContact>,
}

/// An account that another one knows.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct KnownContact {
    /// The account.
    #[n(0)]
    pub account: AccountId,
    /// Its name.
    #[n(1)]
    pub name: String,
    /// Its devices.
    #[n(2)]
    pub devices: DeviceList,
}
