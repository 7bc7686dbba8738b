//! What `snug-relay` does besides being a relay.

mod health;
mod token;

pub use health::health;
pub use token::{Token, token};
