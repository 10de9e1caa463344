//! `Marks`: rows of which nothing is asked but whether they are among them.
//!
//! Kept as fingerprints, in a quarter of the room that their keys take: a tab that nobody looks at has thousands. Absent on purpose: which
//! rows they are. Whoever wants to know goes through the rows.

use crate::state::hashed::{Fingerprint, IdSet, make_room_in_set};
use crate::state::timeline::RowKey;

/// Rows that are marked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks(IdSet<Fingerprint>);

impl Marks {
    /// Marks a row; says whether it was not marked before.
    pub fn insert(&mut self, key: &RowKey) -> bool {
        make_room_in_set(&mut self.0);
        self.0.insert(Fingerprint::of(key))
    }

    /// Takes the mark from a row; says whether it had one.
    pub fn remove(&mut self, key: &RowKey) -> bool {
        !self.0.is_empty() && self.0.remove(&Fingerprint::of(key))
    }

    /// Whether a row is marked.
    pub fn contains(&self, key: &RowKey) -> bool {
        !self.0.is_empty() && self.0.contains(&Fingerprint::of(key))
    }

    /// How many rows are marked.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no row is marked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the mark from all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What must hold: every mark is of one of these rows.
    pub(super) fn are_of<'k>(&self, rows: impl IntoIterator<Item = &'k RowKey>) -> bool {
        let marked: IdSet<Fingerprint> = rows.into_iter().map(Fingerprint::of).filter(|row| self.0.contains(row)).collect();
        marked.len() == self.0.len()
    }
}
