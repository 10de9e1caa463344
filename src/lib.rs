//! Trunkline: Mastodon as it happens, in a terminal.

pub mod model;
pub mod text;
