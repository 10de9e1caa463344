//! `update`: the only function that changes `State`.
//!
//! Synchronous and pure: it reads no clock, file, socket or random source; time arrives as `Msg::Tick`. What the world
//! should do goes out as effects.

pub mod effect;
pub mod msg;

pub use effect::Effect;
pub use msg::{Mouse, Msg, Reply};

use crate::keymap::Keymap;
use crate::state::{Measured, State};

/// Changes the state by one message and says what the world should do.
pub fn update(state: &mut State, keymap: &Keymap, msg: Msg, measured: &Measured) -> Vec<Effect> {
    let _ = (state, keymap, msg, measured);
    Vec::new()
}
