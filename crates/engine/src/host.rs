//! What a host keeps in the encrypted database because it is secret: values by name.

use crate::Engine;
use crate::error::Result;
use crate::read::View;
use crate::store::table::setting;

fn entry(name: &str) -> String {
    format!("host: {name}")
}

impl Engine {
    /// Keeps a host's value in place of the one it had; an empty one forgets it.
    ///
    /// # Errors
    /// The disk.
    pub fn keep(&mut self, name: &str, value: &[u8]) -> Result<()> {
        setting::put(&self.db, &entry(name), value)
    }
}

impl View<'_> {
    /// A host's value; empty if there is none.
    ///
    /// # Errors
    /// The disk.
    pub fn kept(&self, name: &str) -> Result<Vec<u8>> {
        Ok(setting::get(self.0, &entry(name))?.unwrap_or_default())
    }
}
