//! Codes in pictures.

use crate::output::Line;
use anyhow::{Result, bail};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;

/// The text of the code in a picture file.
pub async fn decode(file: &Path) -> Result<Line> {
    let text = snug_client::code_in_file(file).await?;
    Ok(Line::from_iter([
        ("type".to_owned(), "code".into()),
        ("text".to_owned(), text.into()),
    ]))
}

/// Where a picture will be written. A file made for it is gone again unless the picture comes.
pub struct Reserved<'a> {
    /// Where.
    pub file: &'a Path,
    is_ours: bool,
}

impl<'a> Reserved<'a> {
    /// Sees whether the file can be written, and makes it if it is not there.
    ///
    /// # Errors
    /// When it cannot.
    pub fn new(file: &'a Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true);
        let is_ours = match options.clone().create_new(true).open(file) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                options.open(file).map(|_| false)
            }
            Err(error) => Err(error),
        };
        match is_ours {
            Ok(is_ours) => Ok(Self { file, is_ours }),
            Err(error) => bail!(
                "No invitation was made: its picture {} cannot be written: {error}.",
                file.display()
            ),
        }
    }

    /// The picture is written.
    pub fn done(mut self) {
        self.is_ours = false;
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.is_ours {
            // It is empty, and in nobody's way if it stays.
            let _ = std::fs::remove_file(self.file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_made_for_a_picture_goes_if_none_comes() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("code.png");
        drop(Reserved::new(&place).unwrap());
        assert!(!place.exists());
        Reserved::new(&place).unwrap().done();
        drop(Reserved::new(&place).unwrap());
        assert!(place.exists(), "what was there stays");
        assert!(Reserved::new(&directory.path().join("not/there.png")).is_err());
    }
}
