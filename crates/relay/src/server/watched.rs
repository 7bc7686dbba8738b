//! Something read from files, read again when they change. What is wrong replaces nothing.

use sha2::{Digest as _, Sha256};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Largest file that is read.
const LARGEST: u64 = 1 << 20;

/// What the files say, or what is wrong with them, in words.
pub type Read<T> = fn(&[Vec<u8>]) -> Result<T, String>;

/// The files and what they said last.
#[derive(Debug)]
pub struct Watched<T> {
    paths: Vec<PathBuf>,
    read: Read<T>,
    now: RwLock<Arc<T>>,
    /// Of what was read last, right or wrong.
    seen: Mutex<[u8; 32]>,
}

impl<T> Watched<T> {
    /// Reads them for the first time; says in words why that does not work.
    pub fn new(paths: Vec<PathBuf>, read: Read<T>) -> Result<Self, String> {
        let contents = contents(&paths)?;
        let first = read(&contents).map_err(|error| wrong(&paths, &error))?;
        Ok(Self {
            seen: Mutex::new(digest(&contents)),
            now: RwLock::new(Arc::new(first)),
            paths,
            read,
        })
    }

    /// What they say.
    pub fn now(&self) -> Arc<T> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads them if they changed since they were read last; says whether what they say did. What is
    /// wrong is said once.
    pub fn look(&self) -> Result<bool, String> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = contents(&self.paths)?;
        let digest = digest(&contents);
        if *seen == digest {
            return Ok(false);
        }
        *seen = digest;
        let new = (self.read)(&contents).map_err(|error| wrong(&self.paths, &error))?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        Ok(true)
    }
}

fn contents(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, String> {
    let read = |path: &PathBuf| {
        let size = std::fs::metadata(path).map(|about| about.len());
        match size {
            Ok(size) if size > LARGEST => Err(format!("{} is too large", path.display())),
            _ => std::fs::read(path)
                .map_err(|error| format!("{} cannot be read: {error}", path.display())),
        }
    };
    paths.iter().map(read).collect()
}

fn digest(contents: &[Vec<u8>]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for content in contents {
        hash.update((content.len() as u64).to_be_bytes());
        hash.update(content);
    }
    hash.finalize().into()
}

fn wrong(paths: &[PathBuf], error: &str) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    format!("{}: {error}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(contents: &[Vec<u8>]) -> Result<u32, String> {
        let text = String::from_utf8_lossy(&contents[0]);
        text.parse().map_err(|_| format!("{text:?} is no number"))
    }

    #[test]
    fn what_is_wrong_replaces_nothing_and_is_said_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("number");
        assert!(Watched::new(vec![path.clone()], number).is_err());
        std::fs::write(&path, "1").unwrap();
        let watched = Watched::new(vec![path.clone()], number).unwrap();
        assert_eq!(watched.look(), Ok(false));
        std::fs::write(&path, "x").unwrap();
        let said = watched.look().unwrap_err();
        assert!(said.ends_with("number: \"x\" is no number"), "{said}");
        assert_eq!((watched.look(), *watched.now()), (Ok(false), 1));
        std::fs::write(&path, "2").unwrap();
        assert_eq!((watched.look(), *watched.now()), (Ok(true), 2));
        std::fs::remove_file(&path).unwrap();
        assert!(watched.look().is_err());
        assert_eq!(*watched.now(), 2);
    }
}
