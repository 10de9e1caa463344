//! `SinceHold`: what happened in a tab since the reader began to hold it still.
//!
//! Absent on purpose: which rows are held back. Those stand above the view, and are counted there.

use crate::model::StatusId;
use std::collections::HashSet;

/// What happened in a tab since it is held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SinceHold {
    /// Rows that came.
    pub new: usize,
    /// Posts in it that were edited, each once.
    pub edited: HashSet<StatusId>,
    /// Rows whose posts were deleted.
    pub deleted: usize,
}

impl SinceHold {
    /// What happened in words, as in `37 new, 2 edited, 1 deleted`; `None` where nothing did.
    pub fn words(&self) -> Option<String> {
        let counts = [(self.new, "new"), (self.edited.len(), "edited"), (self.deleted, "deleted")];
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
}
