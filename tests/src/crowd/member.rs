//! One of many.

use crate::person::{Person, Wires};
use crate::program::Process;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::ChildStdin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than this nobody waits for a line: then it is said who waits, instead of for ever.
const PATIENCE: Duration = Duration::from_secs(90);

type Commands = Arc<Mutex<ChildStdin>>;

/// Somebody who listens, and whose lines are read as they come, so that nobody waits for a full pipe.
pub struct Member {
    /// Who.
    pub person: Person,
    /// The chat of the group.
    pub group: String,
    commands: Commands,
    lines: Receiver<(Instant, Value)>,
    /// Counts lines about the group's chat.
    looks: u64,
    _process: Process,
}

impl Member {
    /// Starts listening.
    pub fn of(person: Person) -> Self {
        let Wires {
            process,
            commands,
            lines,
        } = person.listens().apart();
        let commands = Arc::new(Mutex::new(commands));
        let (told, heard) = channel();
        let answers = Arc::clone(&commands);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                hear(&line, &answers, &told);
            }
        });
        Self {
            person,
            group: String::new(),
            commands,
            lines: heard,
            looks: 0,
            _process: process,
        }
    }

    /// Account and name.
    #[track_caller]
    pub fn known(&mut self) -> (String, String) {
        let row = self.settles(|_| true);
        let all = row["participants"].as_array().unwrap();
        let own = all.iter().find(|one| one["own"] == true).unwrap();
        let text = |field: &str| own[field].as_str().unwrap().to_owned();
        (text("account"), text("name"))
    }

    /// Gives a command without waiting for its answer.
    pub fn asks(&self, command: &Value) {
        say(&self.commands, command);
    }

    /// The next line, and when it came.
    #[track_caller]
    pub fn line(&mut self) -> (Instant, Value) {
        let Ok((at, line)) = self.lines.recv_timeout(PATIENCE) else {
            panic!("{} was told nothing more", self.person.name);
        };
        if line["type"] == "chat" && line["id"] == *self.group {
            self.looks += 1;
        }
        (at, line)
    }

    /// Reads up to the first line that is wanted, and returns it.
    #[track_caller]
    pub fn until(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (_, line) = self.line();
            if is_wanted(&line) {
                return line;
            }
        }
    }

    /// Reads until all of these were told, each once; when the last of them came.
    #[track_caller]
    pub fn is_told(&mut self, mut missing: Vec<impl Fn(&Value) -> bool>) -> Instant {
        loop {
            let (at, line) = self.line();
            missing.retain(|is_it| !is_it(&line));
            if missing.is_empty() {
                return at;
            }
        }
    }

    /// The next answer to what was asked without a `for`.
    #[track_caller]
    pub fn answer(&mut self) -> Value {
        self.until(|line| line["type"] == "answer" && line["for"].is_null())
    }

    /// Gives a command and waits for its answer's rows.
    #[track_caller]
    pub fn does(&mut self, mut command: Value) -> Vec<Value> {
        command["for"] = json!("does");
        self.asks(&command);
        let answer = self.until(|line| line["type"] == "answer" && line["for"] == "does");
        assert_eq!(answer["ok"], true, "{}: {answer}", self.person.name);
        answer["rows"].as_array().unwrap().clone()
    }

    /// Looks at the group, again after each change, until it is as wanted.
    #[track_caller]
    pub fn settles(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let before = self.looks;
            let show = json!({ "do": "group", "what": "show", "chat": self.group, "for": "show" });
            self.asks(&show);
            let answer = self.until(|line| line["type"] == "answer" && line["for"] == "show");
            // Nothing to show before one is in for the first time.
            let row = &answer["rows"][0];
            if answer["ok"] == true && is_wanted(row) {
                return row.clone();
            }
            // What changed since it was asked for may be in the answer, or not.
            while self.looks == before {
                self.line();
            }
        }
    }
}

/// Passes a line on; who is asked into a group says yes.
fn hear(line: &str, commands: &Commands, told: &Sender<(Instant, Value)>) {
    let at = Instant::now();
    let line: Value = serde_json::from_str(line).unwrap();
    if line["type"] == "groupInvitation" && line["accepted"] == false {
        let yes =
            json!({ "do": "group", "what": "accept", "invitation": line["id"], "for": "yes" });
        say(commands, &yes);
    }
    // Nobody reads any more when the test is over.
    let _ = told.send((at, line));
}

fn say(commands: &Commands, command: &Value) {
    let mut commands = commands.lock().unwrap();
    // A process that ended says so by its lines, which end too.
    let _ = writeln!(commands, "{command}").and_then(|()| commands.flush());
}
