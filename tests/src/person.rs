//! A person with `snug-cli`.

use crate::program::{Process, program};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{BufReader, Lines, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Output, Stdio};
use tempfile::TempDir;

/// Protects everybody's keys here.
pub const PASSPHRASE: &str = "a passphrase of the tests";

/// Somebody with an account, or about to make one.
pub struct Person {
    /// The name others see.
    pub name: String,
    data: TempDir,
}

impl Person {
    /// Without an account yet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            data: tempfile::tempdir().unwrap(),
        }
    }

    /// With an account on the relay at this URL.
    pub fn on(relay: &str, name: &str) -> Self {
        let person = Self::new(name);
        let made = person.does(&["account", "new", "--name", name, "--relay", relay]);
        assert_eq!(made[0]["name"], name);
        person
    }

    /// With an account on a relay of their own, which runs while `snug-cli` does.
    pub fn at_home(name: &str) -> Self {
        let person = Self::new(name);
        let made = person.does(&["account", "new", "--name", name, "--here"]);
        assert_eq!(made[0]["relay"], "this computer");
        person
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// Where a picture of this person's lies: beside the data, not in it.
    pub fn picture(&self) -> PathBuf {
        self.data().with_extension("png")
    }

    /// `snug-cli` with these words on this person's data.
    pub fn command<S: AsRef<OsStr>>(&self, words: &[S]) -> Command {
        let mut command = program("snug-cli");
        command
            .env("SNUG_PASSPHRASE", PASSPHRASE)
            .stdin(Stdio::null());
        command
            .arg("--data")
            .arg(self.data())
            .args(["--keychain", "file"])
            .args(words);
        command
    }

    /// Runs a command that must succeed; its lines.
    #[track_caller]
    pub fn does<S: AsRef<OsStr>>(&self, words: &[S]) -> Vec<Value> {
        let output = self.command(words).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{}: {complaint}", self.name);
        assert_eq!(complaint, "", "{}", self.name);
        lines(&output)
    }

    /// Runs a command that must fail; what it says.
    #[track_caller]
    pub fn fails<S: AsRef<OsStr>>(&self, words: &[S]) -> String {
        refusal(&self.command(words).output().unwrap())
    }

    /// The one chat there is.
    #[track_caller]
    pub fn chat(&self) -> String {
        let chats = self.does(&["chats"]);
        assert_eq!(chats.len(), 1, "{} has one chat", self.name);
        chats[0]["id"].as_str().unwrap().to_owned()
    }

    /// All messages of the one chat, as they are after catching up.
    #[track_caller]
    pub fn history(&self) -> Vec<Value> {
        self.does(&["history", &self.chat(), "--limit", "500"])
    }

    /// Starts listening.
    pub fn listens(&self) -> Listening {
        let mut command = self.command(&["listen"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut process = Process {
            child: command.spawn().unwrap(),
        };
        let commands = process.child.stdin.take().unwrap();
        let mut listening = Listening {
            lines: process.lines(),
            commands: Some(commands),
            process,
        };
        listening.until(|line| line["type"] == "listening");
        listening
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // Only where one was made.
        let _ = std::fs::remove_file(self.picture());
    }
}

/// The lines of a run that ended well.
#[track_caller]
pub fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What a run that was refused says, which is a sentence and nothing else.
#[track_caller]
pub fn refusal(output: &Output) -> String {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "",
        "nothing on stdout"
    );
    assert_eq!(said.lines().count(), 1, "one line: {said}");
    assert!(!said.contains("panicked"), "{said}");
    let sentence = said.strip_prefix("snug-cli: ").unwrap().trim_end();
    assert!(
        sentence.ends_with('.') && sentence.contains(' '),
        "a sentence: {said}"
    );
    sentence.to_owned()
}

/// What a process that listens consists of.
pub struct Wires {
    /// Itself; killed when dropped.
    pub process: Process,
    /// Its stdin.
    pub commands: ChildStdin,
    /// Its stdout.
    pub lines: Lines<BufReader<ChildStdout>>,
}

/// `snug-cli listen`; killed when dropped.
pub struct Listening {
    process: Process,
    commands: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Listening {
    /// The next line.
    #[track_caller]
    pub fn line(&mut self) -> Value {
        let line = self.lines.next().expect("it still listens").unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Reads up to the first line that is wanted, and returns it.
    #[track_caller]
    pub fn until(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.line();
            if is_wanted(&line) {
                return line;
            }
        }
    }

    /// Gives a command without waiting for its answer.
    pub fn asks(&mut self, command: &Value) {
        let commands = self.commands.as_mut().unwrap();
        writeln!(commands, "{command}").unwrap();
        commands.flush().unwrap();
    }

    /// Gives a command and waits for its answer's rows.
    #[track_caller]
    pub fn does(&mut self, mut command: Value) -> Vec<Value> {
        command["for"] = json!("does");
        self.asks(&command);
        let answer = self.until(|line| line["type"] == "answer" && line["for"] == "does");
        assert_eq!(answer["ok"], true, "{answer}");
        answer["rows"].as_array().unwrap().clone()
    }

    /// Ends stdin; listening goes on.
    pub fn asks_no_more(&mut self) {
        self.commands = None;
    }

    /// Its parts, for whoever reads and writes at once.
    pub fn apart(self) -> Wires {
        Wires {
            process: self.process,
            commands: self.commands.unwrap(),
            lines: self.lines,
        }
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.process.kill();
    }
}

/// Two strangers become one chat: the first invites, the second uses the code.
pub fn meet(inviter: &Person, invited: &Person) {
    let made = inviter.does(&["invite", "new"]);
    invited.does(&["invite", "accept", made[0]["code"].as_str().unwrap()]);
    assert_eq!(inviter.chat(), invited.chat());
}
