//! Looking for something in everything, in every form it might have taken.

use data_encoding::{BASE32, BASE64, BASE64URL, Encoding, HEXLOWER, HEXUPPER};
use std::path::{Path, PathBuf};

/// Something that must not be found: a marker or a key, in all its forms.
pub struct Wanted {
    name: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Wanted {
    /// These bytes: as they are, in hexadecimal, base32, base64 at every alignment, and as UTF-16.
    pub fn new(name: &str, bytes: &[u8]) -> Self {
        let wide =
            |unit: fn(u16) -> [u8; 2]| bytes.iter().flat_map(|b| unit(u16::from(*b))).collect();
        let mut forms = vec![
            ("raw", bytes.to_vec()),
            ("hex", HEXLOWER.encode(bytes).into()),
            ("HEX", HEXUPPER.encode(bytes).into()),
            ("utf-16le", wide(u16::to_le_bytes)),
            ("utf-16be", wide(u16::to_be_bytes)),
        ];
        for (name, encoding, group) in [
            ("base64", BASE64, 3),
            ("base64url", BASE64URL, 3),
            ("base32", BASE32, 5),
        ] {
            forms.extend((0..group).map(|shift| (name, shifted(&encoding, bytes, shift))));
        }
        Self {
            name: name.to_owned(),
            forms,
        }
    }

    /// The forms that are in these bytes, by name.
    pub fn found_in(&self, bytes: &[u8]) -> Vec<&'static str> {
        let found = self
            .forms
            .iter()
            .filter(|(_, form)| memchr::memmem::find(bytes, form).is_some());
        found.map(|(name, _)| *name).collect()
    }
}

/// The part of an encoding that does not depend on what stands around the bytes, `shift` of them before.
fn shifted(encoding: &Encoding, bytes: &[u8], shift: usize) -> Vec<u8> {
    let bits = encoding.bit_width();
    let all = [&vec![0; shift], bytes].concat();
    let encoded = encoding.encode(&all).into_bytes();
    let (start, end) = ((shift * 8).div_ceil(bits), all.len() * 8 / bits);
    encoded[start..end].to_vec()
}

/// Everything in which is looked.
#[derive(Default)]
pub struct Haystack {
    bytes: Vec<(String, Vec<u8>)>,
}

impl Haystack {
    /// All files below these directories.
    pub fn of_files(directories: &[PathBuf]) -> Self {
        let mut haystack = Self::default();
        for directory in directories {
            haystack.walk(directory);
        }
        haystack
    }

    /// Adds bytes from elsewhere.
    pub fn add(&mut self, name: &str, bytes: Vec<u8>) {
        self.bytes.push((name.to_owned(), bytes));
    }

    /// The names of all that is here.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.bytes.iter().map(|(name, _)| name.as_str())
    }

    /// What is found where: `marker of the text as hex in /some/file`.
    pub fn finds(&self, wanted: &[Wanted]) -> Vec<String> {
        let mut found = Vec::new();
        for (place, bytes) in &self.bytes {
            for wanted in wanted {
                // A path says something too.
                let forms = [wanted.found_in(bytes), wanted.found_in(place.as_bytes())].concat();
                found.extend(
                    forms
                        .iter()
                        .map(|form| format!("{} as {form} in {place}", wanted.name)),
                );
            }
        }
        found
    }

    fn walk(&mut self, directory: &Path) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.walk(&path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                self.add(&path.display().to_string(), bytes);
            }
        }
    }
}
