//! At home, without a server: the relay inside one's own program, shared on the local network.
//!
//! A computer without a local network has none to share: these tests say so then, and end.

use serde_json::{Value, json};
use snug_tests::person::{Listening, Person};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// Shares, and says at which address.
fn shares(person: &Person) -> Option<String> {
    let row = &person.does(&["relay", "share", "on"])[0];
    assert_eq!((&row["on"], &row["problem"]), (&json!(true), &Value::Null));
    let address = row["address"].as_str().map(str::to_owned);
    if address.is_none() {
        eprintln!("this computer is in no local network: nothing is tested");
    }
    address
}

/// A code of who listens.
fn code(near: &mut Listening) -> Value {
    near.does(json!({ "do": "invite" })).remove(0)
}

fn says(near: &mut Listening, text: &str) {
    near.until(|line| line["type"] == "message" && line["text"] == text);
}

fn hears(far: &Person, text: &str) {
    assert!(far.history().iter().any(|line| line["text"] == text));
}

/// Ada, at home with a shared relay, and Bo, at home with one of his own, in one chat on hers.
fn met() -> Option<(Person, Person, Listening, String)> {
    let (ada, bo) = (Person::at_home("Ada"), Person::at_home("Bo"));
    let address = shares(&ada)?;
    let mut near = ada.listens();
    let made = code(&mut near);
    assert_eq!(made["hereOnly"], false);
    assert_eq!(made["localOnly"], true);
    let seen = bo.does(&["invite", "preview", made["code"].as_str().unwrap()]);
    assert_eq!(seen[0]["relay"], *address);
    bo.does(&["invite", "accept", made["code"].as_str().unwrap()]);
    near.until(|line| line["type"] == "chat");
    bo.chat();
    Some((ada, bo, near, address))
}

#[test]
fn two_computers_talk_without_a_server() {
    let Some((_ada, bo, mut near, _)) = met() else {
        return;
    };
    bo.does(&["send", "Ada", "Anyone home?"]);
    says(&mut near, "Anyone home?");
    near.does(json!({ "do": "send", "chat": "Bo", "text": "Come in" }));
    hears(&bo, "Come in");
}

#[test]
fn who_is_not_where_they_were_is_found_again() {
    let Some((ada, bo, near, address)) = met() else {
        return;
    };
    if !carries_multicast(&address) {
        eprintln!("this computer's network carries no multicast: nobody is found");
        return;
    }
    near.kill();
    // Somebody else's relay takes the port, which Bo knows as Ada's.
    let cyan = Person::at_home("Cyan");
    takes(&cyan, &address);
    let mut other = cyan.listens();
    assert_eq!(share(&mut other)["address"], *address);
    let mut near = ada.listens();
    let now = share(&mut near)["address"].clone();
    assert!(now.is_string() && now != *address);

    bo.does(&["send", "Ada", "There you are"]);
    says(&mut near, "There you are");
    near.does(json!({ "do": "send", "chat": "Bo", "text": "We moved" }));
    hears(&bo, "We moved");
    // New codes name where she is now.
    let made = code(&mut near);
    let dee = Person::at_home("Dee");
    let seen = dee.does(&["invite", "preview", made["code"].as_str().unwrap()]);
    assert_eq!(seen[0]["relay"], now);
}

#[test]
fn nobody_is_let_in_when_it_is_switched_off() {
    let Some((_ada, bo, mut near, address)) = met() else {
        return;
    };
    let off = near.does(json!({ "do": "share", "on": false })).remove(0);
    assert_eq!((&off["on"], &off["address"]), (&json!(false), &Value::Null));
    assert!(std::net::TcpStream::connect(&address).is_err());
    assert_eq!(code(&mut near)["hereOnly"], true);

    let on = near.does(json!({ "do": "share", "on": true })).remove(0);
    assert_eq!(on["address"], *address, "the same port again");
    bo.does(&["send", "Ada", "Hello again"]);
    says(&mut near, "Hello again");
}

/// Whether what is said to a group of that network comes back.
fn carries_multicast(address: &str) -> bool {
    let Ok(SocketAddr::V4(own)) = address.parse() else {
        return true;
    };
    let group = Ipv4Addr::new(224, 0, 0, 251);
    let heard = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.join_multicast_v4(&group, own.ip())?;
        socket.set_read_timeout(Some(Duration::from_secs(5)))?;
        let from = UdpSocket::bind((*own.ip(), 0))?;
        from.send_to(b"?", (group, socket.local_addr()?.port()))?;
        socket.recv(&mut [0])
    };
    heard().is_ok()
}

fn share(near: &mut Listening) -> Value {
    near.does(json!({ "do": "share" })).remove(0)
}

/// Has this person's relay shared at the port of that address.
fn takes(person: &Person, address: &str) {
    let file = person.data().join("settings.json");
    let mut settings: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let (_, port) = address.rsplit_once(':').unwrap();
    let port: u16 = port.parse().unwrap();
    settings["localNetwork"] = json!({ "on": true, "port": port });
    std::fs::write(&file, settings.to_string()).unwrap();
}
