//! `Alerts`: what the desktop is to be told of while the reader is elsewhere; not more often than every [`PAUSE`].
//!
//! Absent on purpose: which notifications those are (`update` asks the settings), and how a desktop is told (`runtime`).

use crate::model::Timestamp;
use crate::text::Plain;
use jiff::SignedDuration;

/// The least time between two alerts; what comes between is told as one.
pub const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// What the desktop is to be told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alerts {
    /// Whether the reader wants any.
    pub on: bool,
    told_at: Option<Timestamp>,
    waiting: Option<(Plain, u32)>,
}

impl Alerts {
    /// With nothing to tell yet.
    pub fn new(on: bool) -> Self {
        Self { on, told_at: None, waiting: None }
    }

    /// Takes in something to tell.
    pub fn add(&mut self, words: Plain) {
        match &mut self.waiting {
            Some((_, more)) => *more = more.saturating_add(1),
            None => self.waiting = Some((words, 0)),
        }
    }

    /// The reader is back, or wants none: what waits is not told.
    pub fn forget(&mut self) {
        self.waiting = None;
    }

    /// When what waits may be told; `None` where nothing waits.
    pub fn due_at(&self) -> Option<Timestamp> {
        self.waiting.as_ref()?;
        self.told_at.map_or(Some(Timestamp::MIN), |at| at.checked_add(PAUSE).ok())
    }

    /// What to tell now, if anything.
    pub fn tell(&mut self, now: Timestamp) -> Option<Plain> {
        // A clock that was set back must not keep us waiting for hours.
        let is_due = self.due_at()? <= now || self.told_at.is_some_and(|at| at > now);
        let (words, more) = self.waiting.take_if(|_| is_due)?;
        self.told_at = Some(now);
        Some(if more == 0 { words } else { Plain::line(&format!("{} (and {more} more)", words.truncate(160))) })
    }
}
