//! Somebody who speaks the protocol by hand, and may say anything in it.

use crate::people::World;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use ed25519_dalek::SigningKey;
use hmac::Mac as _;
use minicbor::bytes::ByteVec;
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{
    BasicCredential, Capabilities, Ciphersuite, CredentialType, CredentialWithKey, Extension,
    ExtensionType, Extensions, KeyPackage, KeyPackageIn, Lifetime, MlsGroup, MlsGroupCreateConfig,
    PURE_CIPHERTEXT_WIRE_FORMAT_POLICY, ProposalType, ProtocolVersion,
    RequiredCapabilitiesExtension, UnknownExtension,
};
use openmls_basic_credential::SignatureKeyPair;
use openmls_libcrux_crypto::Provider;
use openmls_traits::OpenMlsProvider as _;
use openmls_traits::crypto::OpenMlsCrypto as _;
use openmls_traits::types::{HpkeCiphertext, SignatureScheme};
use snug_wire::card::{Card, InboxAddress, Signed};
use snug_wire::code::{CodeKind, InviteCode, RelayHint};
use snug_wire::content::Profile;
use snug_wire::device_list::{DeviceList, Entry, ListedDevice, Signer};
use snug_wire::frame::{Answer, MailboxKind, Publish, Request};
use snug_wire::inbox::{InboxForm, InviteRequest, Joining, Pointer, SealedForm};
use snug_wire::log_state::{Credential, LogState, Participant, ParticipantKind, Role};
use snug_wire::{
    AccountId, Address, ClaimId, ConversationId, DeviceId, DeviceKey, FRAME_LIMIT, GroupId,
    InvitationId, LockSecret, Secret, decode, encode, pad,
};

const SUITE: Ciphersuite = Ciphersuite::MLS_256_XWING_CHACHA20POLY1305_SHA256_Ed25519;
const INFO: &[u8] = b"snug/1 inbox";

pub struct Stranger {
    pub account: AccountId,
    pub device: DeviceId,
    pub key: SigningKey,
    pub devices: DeviceList,
    pub inbox: InboxAddress,
    secret: LockSecret,
    private: Vec<u8>,
    provider: Provider,
    n: u8,
}

/// A device list of that many devices, all with keys of their own but the first given.
fn list(account: &SigningKey, devices: Vec<ListedDevice>) -> DeviceList {
    let entry = Entry {
        account: AccountId(account.verifying_key().to_bytes()),
        version: 1,
        previous: [0; 32],
        devices,
        own: ConversationId([0; 32]),
        signer: Signer::Account,
    };
    DeviceList(vec![entry.sign(account)])
}

impl Stranger {
    /// The `n`th stranger, with an inbox at the world's relay.
    pub fn new(world: &mut World, n: u8) -> Self {
        Self::with_devices(world, n, 1)
    }

    pub fn with_devices(world: &mut World, n: u8, count: usize) -> Self {
        let account = SigningKey::from_bytes(&[n; 32]);
        let key = SigningKey::from_bytes(&[n ^ 0x80; 32]);
        let device = DeviceId([n; 16]);
        let devices = (0..count).map(|i| ListedDevice {
            id: DeviceId([n.wrapping_add(i as u8); 16]),
            key: DeviceKey(key.verifying_key().to_bytes()),
        });
        let provider = Provider::new().unwrap();
        let pair = provider
            .crypto()
            .derive_hpke_keypair(SUITE.hpke_config(), &[n; 32])
            .unwrap();
        let secret = LockSecret::new([n; 32]);
        let address = Address([n; 32]);
        let create = Request::Create(address, MailboxKind::Inbox, secret.lock());
        assert_eq!(world.relay.handle(create, 0), Answer::Done);
        Self {
            account: AccountId(account.verifying_key().to_bytes()),
            device,
            devices: list(&account, devices.collect()),
            key,
            inbox: InboxAddress {
                relay: world.relay.address(),
                address,
                key: pair.public,
            },
            secret,
            private: pair.private.to_vec(),
            provider,
            n,
        }
    }

    /// Lists one device more, with the same key.
    pub fn list_one_more(&mut self) -> DeviceId {
        let id = DeviceId([self.n.wrapping_add(self.devices.0.len() as u8); 16]);
        let key = DeviceKey(self.key_of(id).verifying_key().to_bytes());
        let new = ListedDevice { id, key };
        self.devices = self.devices.with(new, self.device, &self.key).unwrap();
        id
    }

    /// The key of a listed device: of the first ones that of all.
    pub fn key_of(&self, device: DeviceId) -> SigningKey {
        let first = &self.devices.0[0].entry.devices;
        if device == self.device || first.iter().any(|listed| listed.id == device) {
            return self.key.clone();
        }
        SigningKey::from_bytes(&[device.0[0] ^ 0x40; 32])
    }

    /// Lists another device in place of the one there is, with the same key.
    pub fn replace_device(&mut self) {
        let id = self.list_one_more();
        let mut entry = self.devices.0.pop().unwrap().entry;
        entry.devices.retain(|device| device.id == id);
        entry.devices[0].key = DeviceKey(self.key.verifying_key().to_bytes());
        self.devices.0.push(entry.sign(&self.key));
        self.device = id;
    }

    fn signer(&self, device: DeviceId) -> SignatureKeyPair {
        let key = self.key_of(device);
        SignatureKeyPair::from_raw(
            SignatureScheme::ED25519,
            key.to_bytes().to_vec(),
            key.verifying_key().to_bytes().to_vec(),
        )
    }

    /// Founds a group that carries that state, and adds somebody to it: the commit and the Welcome.
    pub fn found(&self, id: &GroupId, state: &LogState, package: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let own = ExtensionType::Unknown(0xF051);
        let named = UnknownExtension(state.hash().to_vec());
        let extensions = Extensions::from_vec(vec![
            Extension::RequiredCapabilities(RequiredCapabilitiesExtension::new(&[own], &[], &[])),
            Extension::Unknown(0xF051, named),
        ]);
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(SUITE)
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .capabilities(capabilities(&[own]))
            .lifetime(Lifetime::init(0, u64::MAX))
            .with_group_context_extensions(extensions.unwrap())
            .build();
        // One of its own: a group may be founded again and again.
        let (provider, signer) = (&Provider::new().unwrap(), self.signer(self.device));
        let mut group = MlsGroup::new_with_group_id(
            provider,
            &signer,
            &config,
            openmls::prelude::GroupId::from_slice(&id.0),
            self.credential(self.device),
        )
        .unwrap();
        let package = KeyPackageIn::tls_deserialize_exact(package)
            .unwrap()
            .validate(provider.crypto(), ProtocolVersion::Mls10)
            .unwrap();
        let (commit, welcome, _) = group.add_members(provider, &signer, &[package]).unwrap();
        let bytes =
            |message: openmls::prelude::MlsMessageOut| message.tls_serialize_detached().unwrap();
        (bytes(commit), bytes(welcome))
    }

    fn credential(&self, device: DeviceId) -> CredentialWithKey {
        let key = DeviceKey(self.key_of(device).verifying_key().to_bytes());
        let credential = Credential {
            account: self.account,
            device,
            key,
        };
        CredentialWithKey {
            credential: BasicCredential::new(encode(&credential)).into(),
            signature_key: key.0.as_slice().into(),
        }
    }

    /// A key package of one of the stranger's devices.
    pub fn key_package(&self, device: DeviceId, extensions: &[ExtensionType]) -> Vec<u8> {
        KeyPackage::builder()
            .key_package_lifetime(Lifetime::init(0, u64::MAX))
            .leaf_node_capabilities(capabilities(extensions))
            .build(
                SUITE,
                &self.provider,
                &self.signer(device),
                self.credential(device),
            )
            .unwrap()
            .key_package()
            .tls_serialize_detached()
            .unwrap()
    }

    /// A claim of one's own on an invitation.
    pub fn claim(&self, n: u8) -> ClaimId {
        ClaimId([self.n, n, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    }

    /// A request that holds in every respect.
    pub fn request(&self, world: &World, code: &InviteCode, claim: ClaimId) -> InviteRequest {
        let own = [ExtensionType::Unknown(0xF051)];
        let listed = &self.devices.0.last().unwrap().entry.devices;
        InviteRequest {
            claim,
            invitation: code.id,
            ticket: world.relay.ticket(&code.id, &claim),
            proof: proof(&code.key, &code.id, &claim, &self.account),
            account: self.account,
            devices: self.devices.clone(),
            key_packages: listed
                .iter()
                .map(|d| ByteVec::from(self.key_package(d.id, &own)))
                .collect(),
            profile: Profile {
                name: "Stranger".into(),
            },
            greeting: String::new(),
            inboxes: listed.iter().map(|_| self.inbox.clone()).collect(),
        }
    }

    pub fn sign<T: snug_wire::card::Signable>(&self, form: T) -> Signed<T> {
        form.signed(self.device, &self.key)
    }

    /// Signs a request and puts it into the inbox of an invitation.
    pub fn send(&self, world: &mut World, inbox: &InboxAddress, request: InviteRequest) {
        let form = InboxForm::Request(Box::new(self.sign(request)));
        world.drop_into(inbox.address, self.seal(inbox, &form));
    }

    pub fn seal(&self, inbox: &InboxAddress, form: &InboxForm) -> Vec<u8> {
        let plain = pad::pad(&encode(form));
        let crypto = self.provider.crypto();
        let config = SUITE.hpke_config();
        let sealed = crypto
            .hpke_seal(config, &inbox.key, INFO, &inbox.address.0, &plain)
            .unwrap();
        encode(&SealedForm {
            encapsulated: sealed.kem_output.as_slice().to_vec(),
            ciphertext: sealed.ciphertext.as_slice().to_vec(),
        })
    }

    /// What is attached to a commit of the stranger's, for whom that pointer leads there.
    pub fn attach(pointer: &Pointer, joining: &Joining) -> Vec<u8> {
        let payload = Payload {
            msg: &encode(joining),
            aad: &pointer.group.0,
        };
        let cipher = XChaCha20Poly1305::new(pointer.key.expose().into());
        let sealed = cipher.encrypt(&[0; 24].into(), payload).unwrap();
        [&[0; 24][..], &sealed].concat()
    }

    /// What a pointer leads to.
    pub fn opened(world: &World, pointer: &Pointer) -> Joining {
        let attached = world.relay.attached(&pointer.address, pointer.commit);
        let (nonce, sealed) = attached.split_first_chunk::<24>().unwrap();
        let payload = Payload {
            msg: sealed,
            aad: &pointer.group.0,
        };
        let cipher = XChaCha20Poly1305::new(pointer.key.expose().into());
        let plain = cipher.decrypt(&(*nonce).into(), payload).unwrap();
        decode(&plain, FRAME_LIMIT).unwrap()
    }

    /// A participant who is the stranger.
    pub fn participant(&self, role: Role) -> Participant {
        participant(self.account, role, self.devices.clone())
    }

    /// Everything that came to the stranger's inbox.
    pub fn received(&self, world: &World) -> Vec<InboxForm> {
        let entries = &world.relay.mailboxes[&self.inbox.address].entries;
        let open = |bytes: &[u8]| {
            let sealed: SealedForm = decode(bytes, FRAME_LIMIT).unwrap();
            let sealed = HpkeCiphertext {
                kem_output: sealed.encapsulated.into(),
                ciphertext: sealed.ciphertext.into(),
            };
            let (config, address) = (SUITE.hpke_config(), &self.inbox.address.0);
            let crypto = self.provider.crypto();
            let plain = crypto.hpke_open(config, &sealed, &self.private, INFO, address);
            decode(pad::unpad(&plain.unwrap()).unwrap(), FRAME_LIMIT).unwrap()
        };
        entries.iter().map(|entry| open(&entry.bytes)).collect()
    }

    /// A code of the stranger's own, with whatever card; it is published.
    pub fn invite(&self, world: &mut World, change: impl FnOnce(&mut Card)) -> InviteCode {
        let code = InviteCode {
            kind: CodeKind::Contact,
            id: InvitationId([self.n; 16]),
            key: Secret::new([self.n; 32]),
            relay: RelayHint::of(&world.relay.address()),
        };
        let mut card = Card {
            invitation: code.id,
            account: self.account,
            devices: self.devices.clone(),
            name: "Stranger".into(),
            greeting: String::new(),
            inbox: self.inbox.clone(),
            expires_at: None,
            uses: None,
            asks: false,
            group: None,
        };
        change(&mut card);
        let payload = Payload {
            msg: &pad::pad(&encode(&self.sign(card))),
            aad: &code.id.0,
        };
        let cipher = XChaCha20Poly1305::new(&derive(&code.key, b"snug/1 card").into());
        let sealed = cipher.encrypt(&[0; 24].into(), payload).unwrap();
        let publish = Publish {
            id: code.id,
            lock: self.secret.lock(),
            uses: None,
            expires_at: None,
            card: [&[0; 24][..], &sealed].concat(),
        };
        world.relay.handle(Request::Publish(publish), 0);
        code
    }
}

/// Somebody as a state names them; a group would name them, too, and count.
pub fn participant(account: AccountId, role: Role, devices: DeviceList) -> Participant {
    Participant {
        account,
        role,
        devices,
        name: String::new(),
        kind: ParticipantKind::User,
        stay: 0,
    }
}

fn capabilities(extensions: &[ExtensionType]) -> Capabilities {
    Capabilities::new(
        Some(&[ProtocolVersion::Mls10]),
        Some(&[SUITE]),
        Some(extensions),
        Some(&[ProposalType::Custom(0xF052)]),
        Some(&[CredentialType::Basic]),
    )
}

fn derive(code: &Secret, label: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let hkdf = hkdf::Hkdf::<sha2::Sha256>::new(None, code.expose());
    hkdf.expand(label, &mut key).unwrap();
    key
}

pub fn proof(code: &Secret, id: &InvitationId, claim: &ClaimId, account: &AccountId) -> [u8; 32] {
    let key = derive(code, b"snug/1 proof");
    let mut mac = <hmac::Hmac<sha2::Sha256> as hmac::KeyInit>::new_from_slice(&key).unwrap();
    mac.update(&[&id.0[..], &claim.0, &account.0].concat());
    mac.finalize().into_bytes().into()
}
