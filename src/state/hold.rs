//! `SinceHold`: what happened in a tab since the reader began to hold it still.
//!
//! Absent on purpose: which rows are held back. Those stand above the view, and are counted there.

use crate::model::StatusId;
use std::collections::HashSet;

/// How many edited posts of a held tab are told apart: it may be held for weeks.
const EDITED_COUNTED: usize = 10_000;

/// What happened in a tab since it is held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinceHold {
    /// Rows that came.
    pub new: usize,
    /// Posts in it that were edited, each once, as far as they are counted.
    pub edited: HashSet<StatusId>,
    /// Rows whose posts were deleted.
    pub deleted: usize,
}

impl SinceHold {
    /// Takes in that a post was edited.
    pub fn edit(&mut self, id: &StatusId) {
        if self.edited.len() < EDITED_COUNTED {
            self.edited.insert(id.clone());
        }
    }

    /// What happened in words, as in `37 new, 2 edited, 1 deleted`; `None` where nothing did.
    pub fn words(&self) -> Option<String> {
        let edited = if self.edited.len() < EDITED_COUNTED { "edited" } else { "or more edited" };
        let counts = [(self.new, "new"), (self.edited.len(), edited), (self.deleted, "deleted")];
        let told: Vec<String> = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_told() {
        assert_eq!(SinceHold::default().words(), None);
        let edited = HashSet::from([StatusId::new("7").unwrap()]);
        assert_eq!(SinceHold { edited: edited.clone(), ..SinceHold::default() }.words().as_deref(), Some("1 edited"));
        assert_eq!(SinceHold { new: 37, edited, deleted: 2 }.words().as_deref(), Some("37 new, 1 edited, 2 deleted"));
    }

    #[test]
    fn a_tab_that_is_held_for_weeks_counts_no_further_than_it_can_remember() {
        let mut since = SinceHold::default();
        for number in 0..EDITED_COUNTED + 5 {
            since.edit(&StatusId::new(&number.to_string()).unwrap());
        }
        assert_eq!((since.edited.len(), since.words().as_deref()), (EDITED_COUNTED, Some("10000 or more edited")));
    }
}
