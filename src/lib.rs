//! Trunkline: Mastodon as it happens, in a terminal.

pub mod command;
pub mod config;
pub mod keymap;
pub mod logging;
pub mod model;
pub mod state;
pub mod text;
pub mod ui;
pub mod update;
