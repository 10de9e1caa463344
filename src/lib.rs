//! Trunkline: Mastodon as it happens, in a terminal.

pub mod text;
