//! `Flood`: a followed view that goes on now and then, because more comes than can be read.
//!
//! Between two turns the view stands still. What it passes over stays in the ledger. Absent on purpose: when it begins and
//! ends (`update`).

use crate::model::Timestamp;
use jiff::SignedDuration;

/// How long the view stands still between two turns.
pub const TURN: SignedDuration = SignedDuration::from_secs(6);

/// A followed view of a tab in which more comes than the reader wants to see scroll by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flood {
    /// When the view goes on to the newest row, if there is a newer one by then.
    pub next: Timestamp,
    /// One in so many rows that came with the last turn was shown; one where all were.
    pub every: usize,
    /// Rows that were passed over since it began.
    pub passed: usize,
}

impl Flood {
    /// How much is shown, in words.
    pub fn words(&self) -> String {
        if self.every > 1 { format!("showing 1 of {}", self.every) } else { "showing all".to_owned() }
    }
}
