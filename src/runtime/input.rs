//! Where keys come from: `Key`, `Paste`, `Mouse` and `Resized`, as messages.
//!
//! On Unix the terminal's bytes are read and understood here ([`parser`]): crossterm's reader waits for the end of a paste
//! or a mouse report that never comes, and swallows every key meanwhile. Absent on purpose: what a key means (`keymap`).

#[cfg(unix)]
mod bytes;
#[cfg(any(not(unix), test))]
#[cfg_attr(unix, expect(dead_code, reason = "only its tests run here"))]
mod console;
#[cfg(unix)]
mod parser;
#[cfg(unix)]
mod terminal;

use crate::update::Msg;
use std::future::Future;

#[cfg(not(unix))]
pub(crate) use console::TerminalKeys;
#[cfg(unix)]
pub(crate) use terminal::TerminalKeys;

/// Where keys come from.
pub trait Keys {
    /// The next thing that the reader did; `None` when nothing will come any more. Can be dropped and asked again.
    fn next(&mut self) -> impl Future<Output = Option<Msg>>;

    /// Stops listening, so that another program can.
    fn pause(&mut self);

    /// Listens again.
    fn resume(&mut self);
}
