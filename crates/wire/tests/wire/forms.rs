//! Every form, frozen: what it says (CBOR diagnostic notation, RFC 8949 §8) and its bytes.
//!
//! A changed snapshot is a changed protocol. Keys and variants may be added; what stands here stays.

use crate::{fixtures, frames};
use ciborium::Value;
use minicbor::{Decode, Encode};
use snug_wire::code::CodeKind;
use snug_wire::content::Priority;
use snug_wire::frame::MailboxKind;
use snug_wire::inbox::DenialReason;
use snug_wire::log_state::{ConversationKind, ParticipantKind, Role};
use snug_wire::{FRAME_LIMIT, WireError, decode, encode};
use std::fmt::{Debug, Write as _};

/// Diagnostic notation; a map's entries stand on lines of their own.
fn diagnose(value: &Value, indent: usize) -> String {
    match value {
        Value::Integer(number) => i128::from(*number).to_string(),
        Value::Bytes(bytes) => format!("h'{}'", hex(bytes)),
        Value::Text(text) => format!("{text:?}"),
        Value::Bool(truth) => truth.to_string(),
        Value::Array(values) => {
            let parts: Vec<_> = values.iter().map(|v| diagnose(v, indent)).collect();
            format!("[{}]", parts.join(", "))
        }
        Value::Map(entries) => {
            let mut out = "{\n".to_owned();
            for (key, value) in entries {
                let key = diagnose(key, indent);
                let value = diagnose(value, indent + 2);
                writeln!(out, "{:indent$}  {key}: {value},", "").unwrap();
            }
            write!(out, "{:indent$}}}", "").unwrap();
            out
        }
        other => panic!("no form holds {other:?}"),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// One value: its name, notation and bytes. It decodes to itself.
pub fn render<T>(name: &str, value: &T) -> String
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let bytes = encode(value);
    assert_eq!(decode::<T>(&bytes, FRAME_LIMIT).as_ref(), Ok(value));
    let tree: Value = ciborium::from_reader(bytes.as_slice()).unwrap();
    let mut out = format!("{name}\n{}\n", diagnose(&tree, 0));
    for line in bytes.chunks(48) {
        writeln!(out, "{}", hex(line)).unwrap();
    }
    out
}

fn render_all<T>(values: &[T], name: impl Fn(&T) -> &'static str) -> String
where
    T: Encode<()> + for<'b> Decode<'b, ()> + PartialEq + Debug,
{
    let parts: Vec<_> = values
        .iter()
        .map(|value| render(name(value), value))
        .collect();
    parts.join("\n")
}

/// The fixtures hold variants 0 to n without a hole, and there is no variant n + 1.
fn assert_every_variant<T>(values: &[T])
where
    T: Encode<()> + for<'b> Decode<'b, ()> + Debug,
{
    let index = |value: &T| match ciborium::from_reader(encode(value).as_slice()).unwrap() {
        Value::Array(parts) => u8::try_from(parts[0].as_integer().unwrap()).unwrap(),
        other => panic!("not a variant: {other:?}"),
    };
    let mut seen: Vec<u8> = values.iter().map(index).collect();
    seen.dedup();
    let count = u8::try_from(seen.len()).unwrap();
    assert_eq!(seen, (0..count).collect::<Vec<_>>());
    let mut unknown = vec![0x82];
    if count >= 24 {
        unknown.push(0x18);
    }
    unknown.extend([count, 0x80]);
    let next = decode::<T>(&unknown, FRAME_LIMIT).unwrap_err();
    assert!(
        matches!(&next, WireError::Malformed(why) if why.contains("unknown enum variant")),
        "variant {count} has no fixture: {next:?}"
    );
}

#[test]
fn client_frame() {
    let values = frames::client_frames();
    assert_every_variant(&values);
    insta::assert_snapshot!(render_all(&values, frames::client_frame_name));
}

#[test]
fn request() {
    let values = frames::requests();
    assert_every_variant(&values);
    insta::assert_snapshot!(render_all(&values, frames::request_name));
}

#[test]
fn relay_frame() {
    let values = frames::relay_frames();
    assert_every_variant(&values);
    insta::assert_snapshot!(render_all(&values, frames::relay_frame_name));
}

#[test]
fn answer() {
    let values = frames::answers();
    assert_every_variant(&values);
    insta::assert_snapshot!(render_all(&values, frames::answer_name));
}

#[test]
fn refusal() {
    let values = frames::refusals();
    assert_every_variant(&values);
    insta::assert_snapshot!(render_all(&values, frames::refusal_name));
}

#[test]
fn content() {
    let values: Vec<_> = fixtures::bodies()
        .into_iter()
        .map(fixtures::content)
        .collect();
    insta::assert_snapshot!(render_all(&values, |c| fixtures::body_name(&c.body)));
}

#[test]
fn own_record() {
    let values = fixtures::own_records();
    assert_every_variant(&values);
    insta::assert_snapshot!(render_all(&values, fixtures::own_record_name));
}

#[test]
fn decision() {
    let values = fixtures::decisions();
    assert_eq!(values.len(), 6);
    insta::assert_snapshot!(render_all(&values, fixtures::decision_name));
}

#[test]
fn inbox_form() {
    let values = fixtures::inbox_forms();
    assert_every_variant(&values);
    insta::assert_snapshot!(render_all(&values, fixtures::inbox_form_name));
}

#[test]
fn change() {
    let values = fixtures::changes();
    assert_every_variant(&values);
    insta::assert_snapshot!(render_all(&values, fixtures::change_name));
}

#[test]
fn linking() {
    insta::assert_snapshot!(format!(
        "{}\n{}",
        render("NewDevice", &fixtures::new_device()),
        render("Admission", &fixtures::admission())
    ));
}

#[test]
fn sealed_form() {
    insta::assert_snapshot!(render("SealedForm", &fixtures::sealed_form()));
}

#[test]
fn card() {
    insta::assert_snapshot!(format!(
        "{}\n{}",
        render("Signed<Card>", &fixtures::signed_card()),
        render("Card", &fixtures::group_card())
    ));
}

#[test]
fn joining() {
    insta::assert_snapshot!(render_all(&fixtures::joinings(), |_| "Joining"));
}

#[test]
fn device_list() {
    insta::assert_snapshot!(render("DeviceList", &fixtures::devices(0xa1)));
}

#[test]
fn log_state() {
    let parts = [fixtures::log_state(), fixtures::group_state()].map(|state| {
        format!(
            "{}\nhash {}",
            render("LogState", &state),
            hex(&state.hash())
        )
    });
    insta::assert_snapshot!(parts.join("\n\n"));
}

#[test]
fn credential() {
    insta::assert_snapshot!(render("Credential", &fixtures::credential()));
}

#[test]
fn enumerations() {
    let parts = [
        render_all(
            &[
                MailboxKind::Conversation,
                MailboxKind::Inbox,
                MailboxKind::Rendezvous,
            ],
            |kind| match kind {
                MailboxKind::Conversation => "MailboxKind::Conversation",
                MailboxKind::Inbox => "MailboxKind::Inbox",
                MailboxKind::Rendezvous => "MailboxKind::Rendezvous",
            },
        ),
        render_all(
            &[
                ConversationKind::Direct,
                ConversationKind::Group,
                ConversationKind::Own,
            ],
            |kind| match kind {
                ConversationKind::Direct => "ConversationKind::Direct",
                ConversationKind::Group => "ConversationKind::Group",
                ConversationKind::Own => "ConversationKind::Own",
            },
        ),
        render_all(&[Role::Admin, Role::Member], |role| match role {
            Role::Admin => "Role::Admin",
            Role::Member => "Role::Member",
        }),
        render_all(
            &[ParticipantKind::User, ParticipantKind::Agent],
            |kind| match kind {
                ParticipantKind::User => "ParticipantKind::User",
                ParticipantKind::Agent => "ParticipantKind::Agent",
            },
        ),
        render_all(
            &[
                Priority::Low,
                Priority::Normal,
                Priority::High,
                Priority::Urgent,
            ],
            |priority| match priority {
                Priority::Low => "Priority::Low",
                Priority::Normal => "Priority::Normal",
                Priority::High => "Priority::High",
                Priority::Urgent => "Priority::Urgent",
            },
        ),
        render_all(
            &[
                DenialReason::Declined,
                DenialReason::Used,
                DenialReason::Expired,
                DenialReason::Revoked,
            ],
            |reason| match reason {
                DenialReason::Declined => "DenialReason::Declined",
                DenialReason::Used => "DenialReason::Used",
                DenialReason::Expired => "DenialReason::Expired",
                DenialReason::Revoked => "DenialReason::Revoked",
            },
        ),
        render_all(
            &[
                CodeKind::Contact,
                CodeKind::Group,
                CodeKind::Device,
                CodeKind::Verify,
                CodeKind::Agent,
            ],
            |kind| match kind {
                CodeKind::Contact => "CodeKind::Contact",
                CodeKind::Group => "CodeKind::Group",
                CodeKind::Device => "CodeKind::Device",
                CodeKind::Verify => "CodeKind::Verify",
                CodeKind::Agent => "CodeKind::Agent",
            },
        ),
    ];
    insta::assert_snapshot!(parts.join("\n"));
}

#[test]
fn invite_code() {
    let code = fixtures::code();
    insta::assert_snapshot!(format!("{code}\n{}", code.link()));
}

#[test]
fn padded_content() {
    let content = fixtures::content(fixtures::bodies().swap_remove(0));
    insta::assert_snapshot!(hex(&content.to_padded()));
}
