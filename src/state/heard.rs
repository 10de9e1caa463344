//! `Heard`: what became of the last key or command, for a front end that answers in words instead of showing where things
//! stand.

use crate::command::Command;
use crate::keymap::Key;

/// What became of the last key or command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// Counts up with each.
    pub count: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a key or command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was heard yet, or text was typed.
    #[default]
    Nothing,
    /// It was run.
    Ran(Command),
    /// It makes no sense now.
    Refused(Command),
    /// The key has no command here.
    Unbound(Key),
}

impl Heard {
    /// Takes in what became of another one.
    pub fn hear(&mut self, outcome: Outcome) {
        self.count += 1;
        self.outcome = outcome;
    }
}
