//! The programs under test, and looking at processes.

use anyhow::{Context, Result, bail};
use std::future::Future;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tokio::time::{interval, timeout};

/// For anything a person would wait for. Slow machines build and test at once.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks at what cannot tell by itself.
const LOOK: Duration = Duration::from_millis(25);

/// `target` of this build.
pub fn target() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let target = test
        .ancestors()
        .nth(3)
        .context("tests run from `target/PROFILE/deps`")?;
    Ok(target.to_path_buf())
}

/// The application, with the UI inside.
pub fn snug() -> Result<PathBuf> {
    match std::env::var_os("SNUG_BIN") {
        Some(snug) => Ok(snug.into()),
        None => beside("snug"),
    }
}

/// A program of this build.
pub fn beside(name: &str) -> Result<PathBuf> {
    let program = target()?.join("debug").join(name);
    if !program.is_file() {
        bail!(
            "{} is not built: `cargo xtask test` builds it first",
            program.display()
        );
    }
    Ok(program)
}

/// A port nobody listens on now.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Looks until something is there.
pub async fn until<T, F: Future<Output = Result<Option<T>>>>(
    what: &str,
    mut look: impl FnMut() -> F,
) -> Result<T> {
    let mut due = interval(LOOK);
    let found = timeout(PATIENCE, async {
        loop {
            due.tick().await;
            if let Some(found) = look().await? {
                return Ok(found);
            }
        }
    });
    found
        .await
        .with_context(|| format!("waited {} s in vain for {what}", PATIENCE.as_secs()))?
}

/// The process of the application that has this data open.
pub fn process_on(data: &Path) -> Result<u32> {
    let snug = snug()?.canonicalize()?;
    let wanted = format!("SNUG_DATA={}", data.display());
    for entry in std::fs::read_dir("/proc")? {
        let path = entry?.path();
        let Some(id) = path
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok())
        else {
            continue;
        };
        // Processes end while we look.
        if std::fs::read_link(path.join("exe")).is_ok_and(|exe| exe == snug)
            && std::fs::read(path.join("environ")).is_ok_and(|all| {
                all.split(|byte| *byte == 0)
                    .any(|one| one == wanted.as_bytes())
            })
        {
            return Ok(id);
        }
    }
    bail!("no application has {} open", data.display())
}

/// Ends a process, or with `-` before it a group, without giving it a chance to tidy up.
pub fn kill(process: &str) {
    // It may have ended by itself.
    let _ = Command::new("kill").args(["-KILL", "--", process]).status();
}
