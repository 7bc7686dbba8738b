//! The engine made live: connections, keychain, driver, view rows, one update stream.

mod clock;
pub mod connection;
mod data_dir;
pub mod keychain;
mod problem;
pub mod qr;
pub mod relay_url;
pub mod view;

pub use data_dir::{DataDir, Settings};
pub use problem::{Problem, ProblemCode};
