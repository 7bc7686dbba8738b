//! Many people in one group, each a `snug-cli listen` of its own, driven through stdin.

mod member;

pub use member::Member;

use crate::person::Person;
use crate::relay::Relay;
use serde_json::{Value, json};
use std::thread;

/// The group's name, to begin with.
pub const NAME: &str = "The crowd";
/// The two who act, as they stand in [`Crowd::members`].
pub const ADMINS: [usize; 2] = [0, 1];

/// All of them in one group on one relay. Whoever is asked into it comes in by themselves.
pub struct Crowd {
    /// The relay.
    pub relay: Relay,
    /// The group's chat.
    pub group: String,
    /// Ada, Bo, who are admins and know everybody, and the others.
    pub members: Vec<Member>,
}

impl Crowd {
    /// So many people, all in.
    pub fn gather(count: usize) -> Self {
        let relay = Relay::start();
        let mut members = arrive(&relay.url(), count);
        for admin in ADMINS {
            for other in admin + 1..count {
                let code = members[admin].does(json!({ "do": "invite" }))[0]["code"].clone();
                members[other].does(json!({ "do": "accept", "code": code }));
                let name = members[other].person.name.clone();
                members[admin].until(|line| line["type"] == "chat" && line["name"] == name);
            }
        }
        let names: Vec<&str> = members[1..].iter().map(|m| &*m.person.name).collect();
        let new = json!({ "do": "group", "what": "new", "name": NAME, "contacts": names });
        let group = members[0].does(new)[0]["id"].as_str().unwrap().to_owned();
        for member in &mut members {
            member.group.clone_from(&group);
        }
        for member in &mut members {
            member.settles(|row| row["standing"] == "in" && accounts(row).len() == count);
        }
        let promote = json!({ "do": "group", "what": "promote", "chat": group, "person": "Bo" });
        members[0].does(promote);
        members[1].settles(|row| row["role"] == "admin");
        Self {
            relay,
            group,
            members,
        }
    }

    /// A member asks for a change of the group; the answer comes as [`Member::answer`].
    pub fn asks(&mut self, member: usize, what: &str, mut with: Value) {
        with["do"] = "group".into();
        with["what"] = what.into();
        with["chat"] = self.group.clone().into();
        self.members[member].asks(&with);
    }
}

/// Accounts of who is in, as a row of a group has them.
pub fn accounts(row: &Value) -> Vec<&str> {
    let all = row["participants"].as_array();
    let all = all.map(Vec::as_slice).unwrap_or_default().iter();
    all.map(|one| one["account"].as_str().unwrap()).collect()
}

/// What everybody who is in must have the same: names and roles by account, the group's name and description.
pub fn agreed(row: &Value) -> Value {
    let all = row["participants"].as_array().unwrap().iter();
    let mut people: Vec<Value> = all
        .map(|one| json!([one["account"], one["name"], one["role"]]))
        .collect();
    people.sort_by_key(|one| one[0].as_str().unwrap().to_owned());
    json!({ "people": people, "name": row["name"], "description": row["description"] })
}

/// Everybody makes an account and listens.
fn arrive(relay: &str, count: usize) -> Vec<Member> {
    let name = |n: usize| match n {
        0 => "Ada".to_owned(),
        1 => "Bo".to_owned(),
        n => format!("Cyan {n}"),
    };
    let all: Vec<_> = (0..count)
        .map(|n| (relay.to_owned(), name(n)))
        .map(|(relay, name)| thread::spawn(move || Member::of(Person::on(&relay, &name))))
        .collect();
    all.into_iter().map(|one| one.join().unwrap()).collect()
}
