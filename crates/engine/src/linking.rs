//! A second device of an account: what it gives to one that is listed, and what it gets (rules 21, 25).
//! How the two find each other and trust each other is not here (rule 29).

use crate::account::checked_name;
use crate::error::{Rejection, Result};
use crate::invitation::open_inbox;
use crate::mls::{self, key_package};
use crate::store::table::wish::{ANY, Form, Wish};
use crate::store::table::{contact, conversation, log, relay, setting, wish};
use crate::work::Work;
use crate::{Engine, admit};
use ed25519_dalek::SigningKey;
use minicbor::bytes::ByteVec;
use snug_wire::device_list::{DeviceList, ListedDevice};
use snug_wire::linking::{Admission, KnownContact, NewDevice};
use snug_wire::log_state::Credential;
use snug_wire::{AccountId, DeviceId, DeviceKey, JoinId, RelayAddress, Secret, encode};

impl Engine {
    /// Makes this database's device, to be one of that account: it can be in so many conversations.
    /// Nothing else can be done before [`Engine::become_device`].
    ///
    /// # Errors
    /// [`Rejection::AccountExists`].
    pub fn new_device(
        &mut self,
        account: AccountId,
        home: &RelayAddress,
        conversations: usize,
        now: u64,
    ) -> Result<NewDevice> {
        self.write(now, |w| prepare(w, account, home, conversations))
    }

    /// Lists another device of this account, and takes it into every conversation, the own one first, as
    /// far as its key packages go.
    ///
    /// # Errors
    /// [`Rejection::NoAccount`].
    pub fn admit_device(&mut self, new: &NewDevice, now: u64) -> Result<Admission> {
        self.write(now, |w| admit(w, new))
    }

    /// Makes this database's device one of the account that admitted it.
    ///
    /// # Errors
    /// [`Rejection::AccountExists`], [`Rejection::CardDamaged`] for an admission of another device.
    pub fn become_device(&mut self, admission: &Admission, now: u64) -> Result<()> {
        self.write(now, |w| enter(w, admission))
    }
}

fn prepare(
    w: &mut Work<'_>,
    account: AccountId,
    home: &RelayAddress,
    conversations: usize,
) -> Result<NewDevice> {
    if setting::get(w.db, "account")?.is_some() {
        return Err(Rejection::AccountExists.into());
    }
    let seed = Secret::new(w.random());
    let key = DeviceKey(
        SigningKey::from_bytes(seed.expose())
            .verifying_key()
            .to_bytes(),
    );
    let who = Credential {
        account,
        device: DeviceId(w.random()),
        key,
    };
    setting::put(w.db, "device", &who.device.0)?;
    setting::put(w.db, "device seed", seed.expose())?;
    let connection = Secret::new(w.random());
    relay::put(w.db, home, &connection)?;
    let inbox = open_inbox(w, home)?;
    let signer = mls::signer(seed.expose(), &key.0);
    let key_packages = (0..conversations)
        .map(|_| {
            Ok(ByteVec::from(key_package::make(
                &w.provider(),
                &signer,
                &who,
            )?))
        })
        .collect::<Result<_>>()?;
    let new = NewDevice {
        id: JoinId(w.random()),
        device: ListedDevice {
            id: who.device,
            key,
        },
        inbox: inbox.clone(),
        key_packages,
    };
    wish::insert(
        w.db,
        &Wish {
            id: new.id,
            conversation: ANY,
            incoming: false,
            open: true,
            at: w.now,
            form: Form {
                who,
                devices: DeviceList(Vec::new()),
                key_package: Vec::new(),
                inbox,
                lost: None,
            },
        },
    )?;
    Ok(new)
}

fn admit(w: &mut Work<'_>, new: &NewDevice) -> Result<Admission> {
    let me = w.me()?;
    let devices = me
        .devices
        .with(new.device.clone(), me.device, &me.signing_key())
        .ok_or(Rejection::NoAccount)?;
    setting::put(w.db, "device list", &encode(&devices))?;
    w.changes.account = true;
    let who = Credential {
        account: me.account,
        device: new.device.id,
        key: new.device.key,
    };
    let mut conversations = vec![me.own];
    conversations.extend(conversation::visible(w.db)?.into_iter().map(|c| c.id));
    for (id, key_package) in conversations.into_iter().zip(&new.key_packages) {
        if log::of(w.db, &id)?.is_empty() {
            continue;
        }
        wish::insert(
            w.db,
            &Wish {
                id: new.id,
                conversation: id,
                incoming: true,
                open: true,
                at: w.now,
                form: Form {
                    who: who.clone(),
                    devices: devices.clone(),
                    key_package: key_package.to_vec(),
                    inbox: new.inbox.clone(),
                    lost: None,
                },
            },
        )?;
        admit::serve(w, &id)?;
    }
    let contacts = contact::all(w.db)?
        .into_iter()
        .map(|(account, name, devices)| KnownContact {
            account,
            name,
            devices,
        })
        .collect();
    Ok(Admission {
        account: me.account,
        devices,
        name: me.name.clone(),
        home: me.home.clone(),
        contacts,
    })
}

fn enter(w: &mut Work<'_>, admission: &Admission) -> Result<()> {
    if setting::get(w.db, "account")?.is_some() {
        return Err(Rejection::AccountExists.into());
    }
    let (Some(device), Some(seed)) = (
        setting::get(w.db, "device")?,
        setting::get(w.db, "device seed")?,
    ) else {
        return Err(Rejection::NoAccount.into());
    };
    let key = Secret::from_slice(&seed).map(|seed| {
        let key = SigningKey::from_bytes(seed.expose()).verifying_key();
        DeviceKey(key.to_bytes())
    });
    let listed = DeviceId::from_slice(&device).and_then(|device| {
        let entry = admission.devices.verified(&admission.account)?;
        entry.key_of(&device)
    });
    if key.is_none() || listed != key {
        return Err(Rejection::CardDamaged.into());
    }
    setting::put(w.db, "account", &admission.account.0)?;
    setting::put(w.db, "device list", &encode(&admission.devices))?;
    setting::put(w.db, "name", checked_name(&admission.name)?.as_bytes())?;
    setting::put(w.db, "home", &encode(&admission.home))?;
    for known in &admission.contacts {
        if known.devices.verified(&known.account).is_some() {
            contact::put(w.db, &known.account, &known.name, &known.devices)?;
        }
    }
    w.changes.account = true;
    Ok(())
}
