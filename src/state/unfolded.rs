//! `Unfolded`: the posts that the reader has unfolded, whatever they were folded behind; the last so many of them.
//!
//! Posts come and go with the rows that show them, and a run ends; what was unfolded stays so all the same. Absent on purpose:
//! what folds a post (`State::shown`).

use crate::model::StatusId;
use std::collections::{HashSet, VecDeque};

/// How many are kept; the ones unfolded first are dropped first.
pub const MOST: usize = 1_000;

/// Posts that the reader has unfolded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unfolded {
    ids: HashSet<StatusId>,
    /// The same, in the order in which they were unfolded.
    order: VecDeque<StatusId>,
}

impl Unfolded {
    /// Whether a post is one of them.
    pub fn contains(&self, id: &StatusId) -> bool {
        self.ids.contains(id)
    }

    /// Takes in a post that was unfolded.
    pub fn insert(&mut self, id: StatusId) {
        if !self.ids.insert(id.clone()) {
            return;
        }
        self.order.push_back(id);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    /// Forgets a post that was folded again, or is gone; says whether it was one of them.
    pub fn remove(&mut self, id: &StatusId) -> bool {
        let was = self.ids.remove(id);
        if was {
            self.order.retain(|held| held != id);
        }
        was
    }

    /// All of them, in the order in which they were unfolded.
    pub fn all(&self) -> impl Iterator<Item = &StatusId> {
        self.order.iter()
    }
}

impl FromIterator<StatusId> for Unfolded {
    fn from_iter<T: IntoIterator<Item = StatusId>>(all: T) -> Self {
        let mut unfolded = Self::default();
        all.into_iter().for_each(|id| unfolded.insert(id));
        unfolded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: usize) -> StatusId {
        StatusId::new(&number.to_string()).unwrap()
    }

    #[test]
    fn the_last_ones_are_kept_each_once_and_the_first_ones_dropped() {
        let mut unfolded: Unfolded = (1..=MOST).chain([1]).map(id).collect();
        assert_eq!(unfolded.all().count(), MOST);
        assert!(unfolded.remove(&id(2)) && !unfolded.remove(&id(2)));
        unfolded.insert(id(MOST + 1));
        assert!(unfolded.contains(&id(1)) && !unfolded.contains(&id(2)));
        unfolded.insert(id(MOST + 2));
        assert!(!unfolded.contains(&id(1)) && unfolded.contains(&id(3)));
        assert_eq!((unfolded.all().count(), unfolded.all().last()), (MOST, Some(&id(MOST + 2))));
    }
}
