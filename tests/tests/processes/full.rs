//! A disk that takes no more: who writes is refused in a sentence, and nothing is lost. Once there is
//! room it goes on by itself.
//!
//! The disk is played by a limit on how long files may grow, which every process may set for itself
//! without being anybody special.

use crate::each;
use serde_json::{Value, json};
use snug_tests::person::{Person, meet, refusal};
use snug_tests::program::Process;
use snug_tests::relay::Relay;
use std::collections::BTreeSet;
use std::io::{BufReader, Lines, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

/// Runs this command after a word to the shell; from then on it takes a limit as an error.
fn after(word: &str, command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("trap '' XFSZ; {word}; exec \"$0\" \"$@\"")])
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// `snug-cli listen` on a disk that can be filled up and cleared.
struct Listening {
    process: Process,
    lines: Lines<BufReader<ChildStdout>>,
    commands: ChildStdin,
}

impl Listening {
    fn start(person: &Person) -> Self {
        let mut command = after(":", &person.command(&["listen"]));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process {
            child: command.stderr(Stdio::null()).spawn().unwrap(),
        };
        let commands = process.child.stdin.take().unwrap();
        let mut listening = Self {
            lines: process.lines(),
            process,
            commands,
        };
        listening.until(|line| line["type"] == "listening");
        listening
    }

    fn until(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.next().unwrap().unwrap();
            let line = serde_json::from_str(&line).unwrap();
            if is_wanted(&line) {
                return line;
            }
        }
    }

    fn sends(&mut self, text: &str) -> Value {
        let command = json!({ "do": "send", "chat": "Ada", "text": text, "for": text });
        writeln!(self.commands, "{command}").unwrap();
        self.until(|line| line["type"] == "answer" && line["for"] == text)
    }

    /// Lets its files grow to so many bytes, `unlimited` or 0.
    fn room(&self, bytes: &str) {
        let id = self.process.child.id().to_string();
        let limit = format!("--fsize={bytes}:");
        let done = Command::new("prlimit")
            .args(["--pid", &id, &limit])
            .status();
        // Part of every Linux.
        assert!(done.unwrap().success());
    }
}

#[test]
fn it_goes_on_by_itself_once_there_is_room() {
    let relay = Relay::start();
    let (ada, bo) = (
        Person::on(&relay.url(), "Ada"),
        Person::on(&relay.url(), "Bo"),
    );
    meet(&ada, &bo);
    let mut listening = Listening::start(&bo);
    assert_eq!(listening.sends("before")["ok"], true);

    listening.room("0");
    let refused = listening.sends("no room for this");
    assert_eq!(refused["ok"], false);
    let sentence = refused["error"].as_str().unwrap();
    assert!(sentence.contains("the disk"), "{sentence}");
    let texts = ["one", "two", "three"];
    for text in texts {
        ada.does(&["send", "Bo", text]);
    }
    listening.until(|line| line["type"] == "connection" && !line["problem"].is_null());

    listening.room("unlimited");
    let mut missing = BTreeSet::from(texts);
    while !missing.is_empty() {
        let come = listening.until(|line| line["type"] == "message" && line["own"] == false);
        missing.remove(come["text"].as_str().unwrap());
    }
    let sent = listening.sends("after");
    assert_eq!(sent["ok"], true, "{sent}");
    listening.process.kill();

    let at_bo = bo.history();
    let at_ada = ada.history();
    assert_eq!(each(&at_bo, "id"), each(&at_ada, "id"));
    assert_eq!(
        each(&at_bo, "text"),
        ["before", "one", "two", "three", "after"]
    );
}

#[test]
fn who_starts_without_room_is_told() {
    let relay = Relay::start();
    let (ada, bo) = (Person::on(&relay.url(), "Ada"), Person::new("Bo"));
    let full = |person: &Person, words: &[&str]| {
        let mut command = after("ulimit -f 0", &person.command(words));
        refusal(&command.output().unwrap())
    };
    let join = ["account", "new", "--name", "Bo", "--relay", &relay.url()];
    assert!(full(&bo, &join).contains("cannot be used"));
    bo.does(&join);
    meet(&ada, &bo);
    for words in [&["send", "Ada", "Hello"][..], &["chats"]] {
        assert!(full(&bo, words).contains("the disk"));
    }
    let sent = bo.does(&["send", "Ada", "Hello"]);
    assert_eq!(each(&ada.history(), "id"), each(&sent, "id"));
    assert_eq!(each(&bo.history(), "id"), each(&sent, "id"));
}
