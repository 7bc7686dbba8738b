//! System packages, through the operating system's own package manager.
//!
//! Debian's and Ubuntu's list is the one CI installs; the others name the same things.

use anyhow::{Result, bail};

use crate::sys;

/// What the packages of a list are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Building and showing the application.
    Windows,
    /// A virtual display with fonts, a bus and pictures taken of it.
    Screen,
    /// Driving the real application, with a real keychain.
    EndToEnd,
}

/// A package manager: how to ask what is missing, how to install, and what the packages are called there.
struct Manager {
    name: &'static str,
    /// Prints the installed ones among its arguments, one per line, name first.
    installed: &'static [&'static str],
    /// Brings the lists up to date where `install` does not do so itself.
    refresh: &'static [&'static str],
    install: &'static [&'static str],
    windows: &'static [&'static str],
    screen: &'static [&'static str],
    end_to_end: &'static [&'static str],
}

// Perl and make configure and build the OpenSSL inside SQLCipher.
const MANAGERS: &[Manager] = &[
    Manager {
        name: "apt-get",
        installed: &[
            "dpkg-query",
            "--show",
            "--showformat",
            "${Package} ${db:Status-Status}\n",
        ],
        refresh: &["apt-get", "update", "--quiet"],
        install: &[
            "apt-get",
            "install",
            "--quiet",
            "--yes",
            "--no-install-recommends",
        ],
        windows: &[
            "build-essential",
            "pkg-config",
            "perl",
            "libwebkit2gtk-4.1-dev",
            "libdbus-1-dev",
        ],
        screen: &[
            "xvfb",
            "dbus",
            "imagemagick",
            "fonts-dejavu-core",
            "fonts-noto-color-emoji",
        ],
        end_to_end: &["webkit2gtk-driver", "gnome-keyring"],
    },
    Manager {
        name: "dnf",
        installed: &["rpm", "--query", "--queryformat", "%{NAME} installed\n"],
        refresh: &[],
        install: &["dnf", "install", "--assumeyes"],
        windows: &[
            "gcc",
            "gcc-c++",
            "make",
            "pkgconf-pkg-config",
            "perl",
            "webkit2gtk4.1-devel",
            "dbus-devel",
        ],
        screen: &[
            "xorg-x11-server-Xvfb",
            "dbus-daemon",
            "ImageMagick",
            "dejavu-sans-fonts",
            "google-noto-color-emoji-fonts",
        ],
        // The driver is part of WebKitGTK here.
        end_to_end: &["gnome-keyring"],
    },
    Manager {
        name: "pacman",
        installed: &["pacman", "--query"],
        refresh: &[],
        install: &["pacman", "--sync", "--needed", "--noconfirm"],
        windows: &["base-devel", "perl", "webkit2gtk-4.1", "dbus"],
        screen: &[
            "xorg-server-xvfb",
            "imagemagick",
            "ttf-dejavu",
            "noto-fonts-emoji",
        ],
        end_to_end: &["gnome-keyring"],
    },
    Manager {
        name: "zypper",
        installed: &["rpm", "--query", "--queryformat", "%{NAME} installed\n"],
        refresh: &[],
        install: &["zypper", "--non-interactive", "install"],
        windows: &[
            "gcc",
            "gcc-c++",
            "make",
            "pkgconf-pkg-config",
            "perl",
            "webkit2gtk3-devel",
            "dbus-1-devel",
        ],
        screen: &[
            "xorg-x11-server-Xvfb",
            "dbus-1",
            "ImageMagick",
            "dejavu-fonts",
            "noto-coloremoji-fonts",
        ],
        end_to_end: &["gnome-keyring"],
    },
];

/// Installs those that are missing.
pub fn install(wanted: &[For]) -> Result<()> {
    if cfg!(target_os = "macos") {
        return macos();
    }
    if cfg!(windows) {
        return windows();
    }
    let Some(manager) = MANAGERS.iter().find(|manager| sys::on_path(manager.name)) else {
        println!(
            "No package manager known here: Snug needs WebKitGTK 4.1 with its headers, D-Bus' headers, a C compiler, make and perl."
        );
        return Ok(());
    };
    let missing = manager.missing(wanted);
    if missing.is_empty() {
        return Ok(());
    }
    println!("Installing with {}: {}", manager.name, missing.join(" "));
    if !manager.refresh.is_empty() {
        as_root(manager.refresh, &[])?;
    }
    as_root(manager.install, &missing)
}

impl Manager {
    fn missing(&self, wanted: &[For]) -> Vec<&'static str> {
        let lists = [
            (For::Windows, self.windows),
            (For::Screen, self.screen),
            (For::EndToEnd, self.end_to_end),
        ];
        let names: Vec<_> = lists
            .into_iter()
            .filter(|(purpose, _)| wanted.contains(purpose))
            .flat_map(|(_, list)| list.iter().copied())
            .collect();
        // These exit with an error when a name is unknown, and still print the others.
        let mut ask = command(self.installed);
        let answer = ask
            .args(&names)
            .output()
            .map(|output| output.stdout)
            .unwrap_or_default();
        let answer = String::from_utf8_lossy(&answer);
        let installed = |name: &str| {
            answer
                .lines()
                .filter_map(|line| line.split_once(' '))
                .any(|(installed, state)| {
                    installed == name && state != "not-installed" && state != "config-files"
                })
        };
        names.into_iter().filter(|name| !installed(name)).collect()
    }
}

/// Runs `words` with `more` behind, asking for nothing as root and through sudo otherwise.
fn as_root(words: &[&str], more: &[&str]) -> Result<()> {
    let root = sys::output(sys::program("id").arg("-u"))?.trim() == "0";
    if !root && !sys::on_path("sudo") {
        bail!(
            "system packages are missing; as root, run: {} {}",
            words.join(" "),
            more.join(" ")
        );
    }
    let mut command = if root {
        command(words)
    } else {
        let mut sudo = sys::program("sudo");
        sudo.args(words);
        sudo
    };
    sys::run(command.args(more).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn command(words: &[&str]) -> std::process::Command {
    let (name, rest) = words.split_first().unwrap_or((&"", &[]));
    let mut command = sys::program(name);
    command.args(rest);
    command
}

/// The web view is part of macOS; the compiler comes with Apple's command line tools.
fn macos() -> Result<()> {
    if sys::succeeds(sys::program("xcode-select").arg("--print-path")) {
        return Ok(());
    }
    sys::run(sys::program("xcode-select").arg("--install"))?;
    bail!(
        "finish the installation of Apple's command line tools in the window that opened, then run this again"
    )
}

/// The web view is part of Windows and the compiler came with Rust; perl configures OpenSSL.
fn windows() -> Result<()> {
    if sys::succeeds(sys::program("perl").arg("-v")) {
        return Ok(());
    }
    sys::run(sys::program("winget").args([
        "install",
        "--exact",
        "--id",
        "StrawberryPerl.StrawberryPerl",
    ]))?;
    bail!("perl is installed: open a new terminal, so that it is found, and run this again")
}
