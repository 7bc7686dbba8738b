//! The account of this computer, and this device of it.

use crate::conversation::found_own;
use crate::error::{Rejection, Result};
use crate::store::table::{contact, relay, setting};
use crate::verify;
use crate::work::Work;
use ed25519_dalek::SigningKey;
use rusqlite::Connection;
use snug_wire::device_list::{DeviceList, Entry, ListedDevice, Signer};
use snug_wire::log_state::{Credential, LogState};
use snug_wire::{
    AccountId, ConversationId, DeviceId, DeviceKey, FRAME_LIMIT, NAME_LIMIT, RelayAddress, Secret,
    decode, encode,
};

/// The account as hosts see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// This device.
    pub device: DeviceId,
    /// The name it shows.
    pub name: String,
    /// The relay its own conversation lives on.
    pub home: RelayAddress,
}

/// What the engine must know of itself at every step.
#[derive(Clone)]
pub(crate) struct Me {
    pub account: AccountId,
    pub device: DeviceId,
    pub device_key: DeviceKey,
    pub device_seed: Secret,
    pub devices: DeviceList,
    pub own: ConversationId,
    pub name: String,
    pub home: RelayAddress,
}

impl Me {
    pub fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(self.device_seed.expose())
    }

    pub fn credential(&self) -> Credential {
        Credential {
            account: self.account,
            device: self.device,
            key: self.device_key,
        }
    }

    pub fn as_account(&self) -> Account {
        Account {
            id: self.account,
            device: self.device,
            name: self.name.clone(),
            home: self.home.clone(),
        }
    }

    /// Reads who we are; `None` before there is an account.
    pub fn load(db: &Connection) -> Result<Option<Self>> {
        let Some(account) = setting::get(db, "account")? else {
            return Ok(None);
        };
        let need = |name: &str| -> Result<Vec<u8>> {
            Ok(setting::get(db, name)?.ok_or_else(|| malformed(name))?)
        };
        let device_seed =
            Secret::from_slice(&need("device seed")?).ok_or_else(|| malformed("device seed"))?;
        let devices: DeviceList = decode(&need("device list")?, FRAME_LIMIT)?;
        let own = devices
            .0
            .last()
            .map(|e| e.entry.own)
            .ok_or_else(|| malformed("device list"))?;
        Ok(Some(Self {
            account: AccountId::from_slice(&account).ok_or_else(|| malformed("account"))?,
            device: DeviceId::from_slice(&need("device")?).ok_or_else(|| malformed("device"))?,
            device_key: DeviceKey(
                SigningKey::from_bytes(device_seed.expose())
                    .verifying_key()
                    .to_bytes(),
            ),
            device_seed,
            devices,
            own,
            name: String::from_utf8_lossy(&need("name")?).into_owned(),
            home: decode(&need("home")?, FRAME_LIMIT)?,
        }))
    }
}

/// The id of this account.
pub(crate) fn own_id(db: &Connection) -> Result<Option<AccountId>> {
    let id = setting::get(db, "account")?;
    Ok(id.and_then(|id| AccountId::from_slice(&id)))
}

/// The name of this account, if it is the one with that id.
pub(crate) fn own_name(db: &Connection, id: &AccountId) -> Result<Option<String>> {
    if setting::get(db, "account")?.is_none_or(|account| account != id.0) {
        return Ok(None);
    }
    let name = setting::get(db, "name")?.ok_or_else(|| malformed("name"))?;
    Ok(Some(String::from_utf8_lossy(&name).into_owned()))
}

fn malformed(what: &str) -> snug_wire::WireError {
    snug_wire::WireError::Malformed(format!("the stored {what} is missing or damaged"))
}

/// A name a person typed, trimmed, within its limits.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Rejection::NameEmpty.into());
    }
    if name.chars().count() > NAME_LIMIT {
        return Err(Rejection::NameTooLong.into());
    }
    Ok(name.to_owned())
}

/// Makes the account: device, device list of one entry signed by the account key, own conversation.
pub(crate) fn create(
    w: &mut Work<'_>,
    name: &str,
    account_key: &Secret,
    home: &RelayAddress,
) -> Result<Me> {
    if setting::get(w.db, "account")?.is_some() {
        return Err(Rejection::AccountExists.into());
    }
    let name = checked_name(name)?;
    let account_key = SigningKey::from_bytes(account_key.expose());
    let device_seed = Secret::new(w.random());
    let device = DeviceId(w.random());
    let own = ConversationId(w.random());
    let device_key = DeviceKey(
        SigningKey::from_bytes(device_seed.expose())
            .verifying_key()
            .to_bytes(),
    );
    let account = AccountId(account_key.verifying_key().to_bytes());
    let entry = Entry {
        account,
        version: 1,
        previous: [0; 32],
        devices: vec![ListedDevice {
            id: device,
            key: device_key,
        }],
        own,
        signer: Signer::Account,
    };
    let me = Me {
        account,
        device,
        device_key,
        device_seed,
        devices: DeviceList(vec![entry.sign(&account_key)]),
        own,
        name,
        home: home.clone(),
    };
    setting::put(w.db, "account", &me.account.0)?;
    setting::put(w.db, "device", &me.device.0)?;
    setting::put(w.db, "device seed", me.device_seed.expose())?;
    setting::put(w.db, "device list", &encode(&me.devices))?;
    setting::put(w.db, "name", me.name.as_bytes())?;
    setting::put(w.db, "home", &encode(&me.home))?;
    let connection = Secret::new(w.random());
    relay::put(w.db, home, &connection)?;
    found_own(w, &me)?;
    w.changes.account = true;
    Ok(me)
}

/// Newer device lists of a state: of people we know, and our own.
pub(crate) fn learn_lists(w: &mut Work<'_>, state: &LogState) -> Result<()> {
    let me = w.me()?;
    for participant in &state.participants {
        let devices = &participant.devices;
        if participant.account == me.account {
            if devices.continues(&me.devices) && devices.verified(&me.account).is_some() {
                setting::put(w.db, "device list", &encode(devices))?;
                w.changes.account = true;
            }
        } else if let Some((name, _)) = contact::get(w.db, &participant.account)? {
            contact::put(w.db, &participant.account, &name, devices)?;
            verify::look_again(w, &participant.account)?;
        }
    }
    Ok(())
}

/// Remembers where a relay is now; our home's address goes into the invitations we make.
pub(crate) fn relay_moved(w: &mut Work<'_>, to: &RelayAddress) -> Result<Option<Me>> {
    let connection = Secret::new(w.random());
    relay::put(w.db, to, &connection)?;
    let mut me = w.me.cloned();
    if let Some(me) = me.as_mut().filter(|me| me.home.key == to.key) {
        me.home = to.clone();
        setting::put(w.db, "home", &encode(&me.home))?;
    }
    Ok(me)
}
