//! Drawing where there is no graphics processor, on Linux.
//!
//! WebKitGTK hands frames over by DMA-BUF all the same, through Mesa's software OpenGL. Shared memory is
//! faster then: 37 ms instead of 61 for a frame of a scrolling chat, seen on two cores (`bench scroll`).

use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// What WebKitGTK reads; whoever sets it has chosen.
const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Starts the program anew with shared memory for drawing, if nothing else draws and nobody chose: the
/// environment of a running program cannot be changed safely.
pub fn prefer_shared_memory() {
    let draws =
        |node: std::fs::DirEntry| node.file_name().as_encoded_bytes().starts_with(b"renderD");
    let has_processor = std::fs::read_dir("/dev/dri").is_ok_and(|nodes| nodes.flatten().any(draws));
    if has_processor || std::env::var_os(SWITCH).is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let arguments = std::env::args_os().skip(1);
        // It returns only when that cannot be: then WebKit draws as it would.
        let _ = Command::new(program)
            .args(arguments)
            .env(SWITCH, "1")
            .exec();
    }
}
