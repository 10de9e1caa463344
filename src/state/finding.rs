//! `Finding`: what is searched for, and how far the walk to the next row that has it has come.
//!
//! A walk looks at a slice of rows with each message, so that a long tab holds nothing up. Absent on purpose: the walking
//! (`update::finding`) and how what is found is marked (`ui`).

use crate::filter::Pattern;
use crate::model::{Sources, StatusId};
use crate::state::tabs::Anchor;
use crate::state::timeline::RowKey;

/// What is searched for. It is marked wherever it is in view until the reader lets go of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub pattern: Pattern,
    /// Whether the walk goes on in the next tab.
    pub all_tabs: bool,
    /// The walk under way.
    pub walk: Option<Walk>,
    /// The walk through the open thread that is under way instead.
    pub leafing: Option<Leafing>,
    /// Whether the last walk found nothing.
    pub missed: bool,
}

impl Finding {
    /// Whether a walk is under way.
    pub fn goes_on(&self) -> bool {
        self.walk.is_some() || self.leafing.is_some()
    }
}

/// A walk to the next post of the open thread that has what is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leafing {
    /// Whether it goes down the thread.
    pub down: bool,
    /// The open post.
    pub status: StatusId,
    /// The post that was looked at last.
    pub at: StatusId,
    /// Whether that one is to be looked at all the same.
    pub counts: bool,
    /// How many posts are left to look at.
    pub left: usize,
    /// Whether it has gone past an end of the thread.
    pub around: bool,
}

/// A place in an open thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The open post.
    pub status: StatusId,
    /// The one with the cursor.
    pub cursor: StatusId,
    /// The line at which that one begins.
    pub line: i32,
}

/// Where the reader was when a search began, and what was searched for before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeker {
    /// The tab.
    pub sources: Sources,
    /// Its chosen row.
    pub cursor: Option<RowKey>,
    /// Where its view stood.
    pub anchor: Anchor,
    /// The place in the thread that is open: then that is searched.
    pub page: Option<Page>,
    /// What was searched for before.
    pub before: Option<Finding>,
    /// Whether it is searched for in all tabs.
    pub all_tabs: bool,
    /// What is wrong with what is typed.
    pub wrong: Option<String>,
}

/// A walk to the next row that has what is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// Whether it goes to older rows.
    pub older: bool,
    /// The tab in which it began.
    pub from: Sources,
    /// The row at which it began; `None` where the tab had none.
    pub start: Option<RowKey>,
    /// The tab in which it is.
    pub sources: Sources,
    /// The row that was looked at last there, and whether it is to be looked at all the same; `None` where the walk has just
    /// come there.
    pub last: Option<(RowKey, bool)>,
    /// Whether it has left the part of the tab of `from` in which it began.
    pub around: bool,
}
