//! Trunkline: Mastodon as it happens, in a terminal.

pub mod demo;
pub mod model;
pub mod text;
