//! The engine made live: connections, keychain, driver, view rows, one update stream.
//!
//! ```text
//! host ── Client ── calls ──► driver (one thread, owns the Engine) ── requests ──► connection, one
//!   ▲       │                    │      ▲                                           task per relay
//!   │       └── reads, over a    │      └────────────── frames, state ◄───────────────┘
//!   │           connection of    ▼
//!   └──────────── their own ── updates
//! ```
//!
//! [`DataDir::open`], then [`Client::open`], then commands; [`Client::updates`] says what changed.
//! A person is told of a refusal by its [`ProblemCode`].

mod client;
mod clock;
pub mod connection;
mod data_dir;
mod driver;
pub mod keychain;
mod local_network;
mod problem;
pub mod qr;
pub mod relay_url;
pub mod view;

pub use client::{Client, Options, Updates, code_in_file};
pub use data_dir::{DataDir, LocalNetwork, Settings};
pub use local_network::{Door, DoorFuture};
pub use problem::{Problem, ProblemCode};
