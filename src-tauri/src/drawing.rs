//! Drawing where there is no graphics processor, on Linux.
//!
//! WebKitGTK composites by OpenGL all the same, which Mesa then calculates on the processor. Painting
//! straight into memory takes half of that time for a frame of a scrolling chat (`cargo xtask bench scroll`).

/// What WebKitGTK reads; whoever sets it has chosen.
const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Has WebKit paint into memory if no graphics processor is there and nobody chose.
///
/// It changes the environment of the running program: only right at its start, before any thread.
pub fn choose() {
    if has_processor() || std::env::var_os(SWITCH).is_some() {
        return;
    }
    // Where that cannot be, WebKit draws as it would.
    let _ = glib::setenv(SWITCH, "1", false);
}

/// Whether a node is there that programs draw through.
fn has_processor() -> bool {
    let draws =
        |node: std::fs::DirEntry| node.file_name().as_encoded_bytes().starts_with(b"renderD");
    std::fs::read_dir("/dev/dri").is_ok_and(|nodes| nodes.flatten().any(draws))
}
