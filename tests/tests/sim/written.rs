//! What was written, as those who wrote it know it: the truth that devices are compared with.

use snug_wire::{GroupId, MessageId, Seq};
use std::collections::BTreeMap;

/// What a line of a timeline says.
#[derive(Clone)]
pub enum Said {
    /// All texts it had, the last one counts.
    Text(Vec<String>),
    /// How many seconds messages stay from here on.
    Timer(Option<u32>),
}

/// A line somebody wrote and was told is kept, with all that was done to it since.
#[derive(Clone)]
pub struct Line {
    /// The account, and its device.
    pub by: usize,
    pub device: usize,
    pub id: MessageId,
    pub said: Said,
    /// When, by the world's clock.
    pub at: u64,
    /// For how many seconds it stays once it was seen.
    pub timer: Option<u32>,
    pub deleted: bool,
    /// What each account thought of it, the last thought counts; an empty one takes it back.
    pub thoughts: Vec<Vec<String>>,
    /// When each device showed it to its person.
    pub seen: Vec<Option<u64>>,
}

/// All of it.
#[derive(Clone)]
pub struct Written {
    lines: Vec<Line>,
    by_id: BTreeMap<MessageId, usize>,
    /// How far each device has shown each log.
    pub read: Vec<BTreeMap<GroupId, Seq>>,
    /// How many lines were taken back before they left: they are nowhere.
    pub withdrawn: usize,
    /// How many edits, deletions and reactions there were.
    pub posts: usize,
}

impl Written {
    pub fn new(devices: usize) -> Self {
        Self {
            lines: Vec::new(),
            by_id: BTreeMap::new(),
            read: vec![BTreeMap::new(); devices],
            withdrawn: 0,
            posts: 0,
        }
    }

    pub fn add(
        &mut self,
        (by, device): (usize, usize),
        id: MessageId,
        said: Said,
        at: u64,
        timer: Option<u32>,
    ) {
        let devices = self.read.len();
        self.by_id.insert(id, self.lines.len());
        self.lines.push(Line {
            by,
            device,
            id,
            said,
            at,
            timer,
            deleted: false,
            thoughts: vec![Vec::new(); devices],
            seen: vec![None; devices],
        });
    }

    /// The line is nowhere any more, and was never sent.
    pub fn withdraw(&mut self, id: &MessageId) {
        self.by_id.remove(id).expect("it was written");
        self.withdrawn += 1;
    }

    pub fn line(&mut self, id: &MessageId) -> &mut Line {
        let at = self.by_id.get(id).expect("somebody wrote it");
        &mut self.lines[*at]
    }

    pub fn of(&self, id: &MessageId) -> &Line {
        let at = self.by_id.get(id).expect("somebody wrote it");
        &self.lines[*at]
    }

    /// Every line that is to be somewhere, in the order of writing.
    pub fn lines(&self) -> impl Iterator<Item = &Line> {
        let kept = |(n, line): &(usize, &Line)| self.by_id.get(&line.id) == Some(n);
        self.lines
            .iter()
            .enumerate()
            .filter(kept)
            .map(|(_, line)| line)
    }

    pub fn count(&self) -> usize {
        self.by_id.len()
    }
}

impl Line {
    /// What it says at last; nothing for what was taken back and what is no text.
    pub fn text(&self) -> &str {
        match &self.said {
            Said::Text(texts) if !self.deleted => texts.last().map_or("", String::as_str),
            _ => "",
        }
    }
}
