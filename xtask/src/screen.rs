//! A display that is not there: a virtual one with its own bus, of which pictures can be taken.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::sys::{self, Running};

/// A window shows this many colours once its text is drawn; an empty one has a handful.
const DRAWN: usize = 64;
/// Between two looks: longer than a frame, shorter than half a caret's blink.
const LOOK: Duration = Duration::from_millis(400);
/// After this a window that still changes is said to be broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether windows have nowhere to go. Only Linux comes without a display.
pub fn is_missing() -> bool {
    let empty = |name| std::env::var_os(name).is_none_or(|value| value.is_empty());
    cfg!(target_os = "linux") && empty("DISPLAY") && empty("WAYLAND_DISPLAY")
}

/// 1280 × 1000 in true colour, without a window manager; gone when dropped.
pub struct Screen {
    display: String,
    bus: String,
    _programs: [Running; 2],
}

impl Screen {
    pub fn open() -> Result<Self> {
        let mut server = sys::program("Xvfb");
        server.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            "1280x1000x24",
            "-nolisten",
            "tcp",
        ]);
        let mut server = Running::start(server.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        let mut bus = sys::program("dbus-daemon");
        bus.args(["--session", "--nofork", "--nopidfile", "--print-address"]);
        let mut bus = Running::start(bus.stdout(Stdio::piped()).stderr(Stdio::null()))?;
        Ok(Self {
            display: format!(":{}", server.first_line()?),
            bus: bus.first_line()?,
            _programs: [server, bus],
        })
    }

    /// Makes a program show its windows here.
    pub fn place<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env_remove("WAYLAND_DISPLAY")
    }

    /// Takes a picture once something is drawn and no longer changes.
    pub fn picture(&self, file: &Path) -> Result<()> {
        let start = Instant::now();
        let mut before = Vec::new();
        loop {
            let now = sys::bytes(self.camera().args(["-depth", "8", "rgb:-"]))?;
            let colours: BTreeSet<&[u8]> = now.chunks(3).collect();
            if now == before && colours.len() >= DRAWN {
                break;
            }
            if start.elapsed() > PATIENCE {
                bail!("the window shows nothing, or does not come to rest");
            }
            before = now;
            std::thread::sleep(LOOK);
        }
        // The window without the bare screen around it.
        sys::run(self.camera().args(["-trim", "+repage"]).arg(file))
    }

    fn camera(&self) -> Command {
        let mut camera = sys::program("import");
        self.place(&mut camera).args(["-silent", "-window", "root"]);
        camera
    }
}
