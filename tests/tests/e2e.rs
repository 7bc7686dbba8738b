//! Two people, two real windows, driven through WebDriver as hands would: on the screen there is,
//! virtual or not. `cargo xtask test` starts the screen and a bus; pictures of every stage are left
//! in `target/e2e`.
//!
//! Each window is a process of its own with its own data, killed the hard way where the story says
//! so. Nothing waits for time to pass: every step waits for what it needs to be on the page.

#![allow(
    clippy::indexing_slicing,
    reason = "JSON that lacks what is looked for reads as null, and the check says so"
)]

#[path = "e2e/circle.rs"]
mod circle;
#[path = "e2e/contacts.rs"]
mod contacts;
#[path = "e2e/driver.rs"]
mod driver;
#[path = "e2e/failing.rs"]
mod failing;
#[path = "e2e/grouping.rs"]
mod grouping;
#[path = "e2e/hostile.rs"]
mod hostile;
#[path = "e2e/meeting.rs"]
mod meeting;
#[path = "e2e/nearby.rs"]
mod nearby;
#[path = "e2e/page.rs"]
mod page;
#[path = "e2e/people.rs"]
mod people;
#[path = "e2e/programs.rs"]
mod programs;
#[path = "e2e/talking.rs"]
mod talking;
