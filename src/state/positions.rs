//! `Positions`: up to where the server knows that the reader has read, and when that is told again.
//!
//! Absent on purpose: the place of each tab (`Tab` has it), and asking (`update` does).

use crate::model::{Markers, Timestamp};
use jiff::SignedDuration;

/// The least time between two writings of the markers.
pub const PAUSE: SignedDuration = SignedDuration::from_secs(30);

/// What passes between the reader's places here and the server's markers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Positions {
    /// The server's markers as last heard; `None` before it was asked, and where it cannot be.
    pub known: Option<Markers>,
    /// Whether a question is under way.
    pub asked: bool,
    /// Before this nothing is asked.
    pub not_before: Option<Timestamp>,
    /// Whether they are kept to this computer: no account that is saved, no scope for it, or a server without markers.
    pub local: bool,
}

impl Positions {
    /// Whether something may be asked now.
    pub fn may_ask(&self, now: Timestamp) -> bool {
        !self.local && !self.asked && self.not_before.is_none_or(|at| at <= now)
    }

    /// Nothing more is asked for a while.
    pub fn pause(&mut self, now: Timestamp, pause: SignedDuration) {
        self.asked = false;
        self.not_before = now.checked_add(pause).ok();
    }
}
