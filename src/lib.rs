//! Trunkline: Mastodon as it happens, in a terminal.

pub mod command;
pub mod keymap;
pub mod mastodon;
pub mod model;
pub mod state;
pub mod text;
pub mod update;
