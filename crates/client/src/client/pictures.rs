//! Codes drawn and read, off the async threads: reading takes up to seconds.

use super::{Client, id, not_found};
use crate::view::QrMatrix;
use crate::{Problem, ProblemCode, qr};
use data_encoding::BASE64;
use snug_wire::InvitationId;
use std::path::{Path, PathBuf};

impl Client {
    /// An invitation's code as a QR.
    ///
    /// # Errors
    /// `notFound`.
    pub async fn invitation_qr(&self, invitation: &str) -> Result<QrMatrix, Problem> {
        qr::matrix(&self.code_of(invitation).await?)
    }

    /// The same as a PNG file only its owner can read: whoever has the code can connect.
    ///
    /// # Errors
    /// `notFound`, `diskFull`, or what the file system says.
    pub async fn save_invitation_picture(
        &self,
        invitation: &str,
        path: impl Into<PathBuf>,
    ) -> Result<(), Problem> {
        let (code, path) = (self.code_of(invitation).await?, path.into());
        on_a_thread(move || {
            let picture = qr::png(&code)?;
            write(&path, &picture).map_err(|e| Problem::file(&path, &e))
        })
        .await
    }

    /// The text of the code in a picture file.
    ///
    /// # Errors
    /// `notAPicture`, `noCodeInPicture`, or what the file system says.
    pub async fn code_in_file(&self, path: impl Into<PathBuf>) -> Result<String, Problem> {
        code_in_file(path).await
    }

    /// The text of the code in a picture given as base64, with or without `data:…;base64,` before.
    ///
    /// # Errors
    /// `notAPicture`, `noCodeInPicture`.
    pub async fn code_in_picture(&self, base64: &str) -> Result<String, Problem> {
        let base64 = base64
            .split_once(";base64,")
            .map_or(base64, |(_, rest)| rest);
        let bytes = BASE64.decode(base64.trim().as_bytes()).map_err(|_| {
            Problem::new(
                ProblemCode::NotAPicture,
                "This is not a picture Snug can read.",
            )
        })?;
        on_a_thread(move || qr::text_in(&bytes)).await
    }

    async fn code_of(&self, invitation: &str) -> Result<String, Problem> {
        let invitation: InvitationId = id(invitation)?;
        let found = self.read(move |view| view.invitation(&invitation)).await?;
        Ok(found.ok_or_else(not_found)?.invited.code.to_string())
    }
}

/// The text of the code in a picture file.
///
/// # Errors
/// `notAPicture`, `noCodeInPicture`, or what the file system says.
pub async fn code_in_file(path: impl Into<PathBuf>) -> Result<String, Problem> {
    let path = path.into();
    on_a_thread(move || qr::text_in(&read(&path)?)).await
}

/// Writes a file only its owner can read. What is no file, such as `/dev/stdout`, keeps its rights.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    file.write_all(bytes)
}

/// A file of at most what [`qr::text_in`] takes; of a longer one, so much that it is refused.
fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let limit = qr::LARGEST_FILE as u64 + 1;
    std::fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|e| Problem::file(path, &e))?;
    Ok(bytes)
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Problem::broken)?
}
