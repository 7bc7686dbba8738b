//! Puts configuration, capabilities and icons into the application.

use tauri_build::Attributes;

const CAPABILITIES: &str = "src-tauri/capabilities";

fn main() {
    println!("cargo:rerun-if-changed={CAPABILITIES}");
    // Configuration and manifest share the root; Tauri would look for capabilities there too.
    let attributes = Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*");
    if let Err(error) = tauri_build::try_build(attributes) {
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}
