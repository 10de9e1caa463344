//! `Typed`: a line that is typed at the foot of the screen and acts on the tab above it while it is.

use crate::filter::{Filter, FilterError};
use crate::state::finding::Seeker;
use crate::state::prompt::Prompt;

/// A line that is typed at the foot of the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typed {
    /// What is typed.
    pub prompt: Prompt,
    /// What for.
    pub what: Purpose,
}

/// What a line is typed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To filter the open tab: what is right so far is tried at once.
    Filter {
        /// What its filter was, which comes back where this one is given up.
        before: Filter,
        /// What is wrong with what is typed.
        wrong: Option<FilterError>,
    },
    /// To search.
    Search(Box<Seeker>),
}
