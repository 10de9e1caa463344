//! `Effect`: something the world should do.

use crate::text::{Plain, WebAddress};
use crate::update::Question;

/// Something the world should do. There is none for subscribing: the wanted streams are derived from the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the server; the answer comes as a [`crate::update::Reply`], also where asking fails.
    Ask(Question),
    /// Leave the screen and stop the process; the loop does it.
    Suspend,
    /// Read the configuration file again; the loop does it, and answers with `Msg::Reloaded` or `Msg::Failed`.
    Reload,
    /// Tell the desktop of something while the reader is elsewhere, with the terminal's bell or without; the loop does it.
    Alert {
        /// What.
        words: Plain,
        /// Whether the bell rings.
        bell: bool,
    },
    /// Hand an address to the reader's browser; the loop does it, and answers with `Msg::Told` or `Msg::Failed`.
    Open(WebAddress),
    /// Put a text where the reader can paste it; the loop does it, and answers with `Msg::Told` or `Msg::Failed`.
    Copy {
        /// What it is, in a word or two.
        what: &'static str,
        /// The text: clean, with `\n` for line breaks, none at its end.
        text: String,
    },
    /// Paint the whole screen again; the loop does it.
    Redraw,
    /// End, to go on with the account at this place among the saved ones; the loop does it.
    SwitchAccount(usize),
    /// End; the loop does it.
    Quit,
}
