//! `Finding`: what is searched for, and how far the walk to the next row that has it has come.
//!
//! A walk looks at a slice of rows with each message, so that a long tab holds nothing up. Absent on purpose: the walking
//! (`update::finding`) and how what is found is marked (`ui`).

use crate::filter::Pattern;
use crate::model::Sources;
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
    /// Whether the last walk found nothing.
    pub missed: bool,
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
