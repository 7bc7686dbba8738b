//! `snug-relay token`: keys and tokens of a closed relay.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use snug_relay::tokens::{Issuer, public};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds of a day.
const DAY: u64 = 86_400;

/// What can be made.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Make a private key; who has the file can make tokens
    Key {
        /// The new file; its name, without ending, is the key's name
        file: PathBuf,
    },
    /// Print the public halves of private keys, as the file for --token-keys
    Public {
        /// Files made by `token key`: the one of now, and former ones whose tokens are still about
        #[arg(required = true)]
        keys: Vec<PathBuf>,
    },
    /// Print a token
    Issue {
        /// The file made by `token key`
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// For whom, for your own records; the relay does not look
        #[arg(long, value_name = "NAME")]
        name: String,
        /// For how many days it is good
        #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u64).range(1..=36_500))]
        days: u64,
        /// For which relay only: its key, or what its --token-audience says
        #[arg(long, value_name = "TEXT")]
        audience: Option<String>,
    },
}

/// Makes it.
pub fn token(what: Token) -> anyhow::Result<()> {
    match what {
        Token::Key { file } => key(&file),
        Token::Public { keys } => {
            let keys = keys.iter().map(|file| read(file));
            let keys = keys.collect::<anyhow::Result<Vec<_>>>()?;
            print!("{}", public(&keys));
            Ok(())
        }
        Token::Issue {
            key,
            name,
            days,
            audience,
        } => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
            let until = now + days * DAY;
            let token = read(&key)?.issue(&name, audience.as_deref(), now, until)?;
            println!("{}", token.expose());
            Ok(())
        }
    }
}

fn read(file: &Path) -> anyhow::Result<Issuer> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    Issuer::read(&text).with_context(|| file.display().to_string())
}

fn key(file: &Path) -> anyhow::Result<()> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    if name.is_empty() {
        bail!("{} has no name a key could have", file.display());
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut made = options
        .open(file)
        .with_context(|| format!("{} cannot be made", file.display()))?;
    let issuer = Issuer::new(name, &rand::random());
    made.write_all(issuer.private().as_bytes())?;
    made.sync_all()?;
    println!(
        "{} is a new private key: keep it to yourself",
        file.display()
    );
    Ok(())
}
