//! Codes in pictures.

use crate::output::Line;
use anyhow::Result;
use std::path::Path;

/// The text of the code in a picture file.
pub async fn decode(file: &Path) -> Result<Line> {
    let text = snug_client::code_in_file(file).await?;
    Ok(Line::from_iter([
        ("type".to_owned(), "code".into()),
        ("text".to_owned(), text.into()),
    ]))
}
