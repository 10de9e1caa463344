//! `Sieve`: the filter of a tab, and which rows it hides. Rows are looked at once: when they come, when they change, and when
//! the filter does; the last a slice at a time, so that a long tab holds nothing up.
//!
//! Absent on purpose: the filters that the reader has set on the server (`State::shown`).

use crate::filter::Filter;
use crate::state::hashed::IdSet;
use crate::state::timeline::RowKey;

/// The filter of a tab and what it hides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sieve {
    filter: Filter,
    hidden: IdSet<RowKey>,
    /// How many of the newest rows have been looked at, while not all have.
    looked: Option<usize>,
    /// Whether all rows are to be looked at once more after that.
    again: bool,
}

impl Sieve {
    /// A sieve that nothing has been put through yet; what rows there are already is to be looked at.
    pub fn new(filter: Filter) -> Self {
        let looked = (!filter.is_empty()).then_some(0);
        Self { filter, looked, ..Self::default() }
    }

    /// What it lets through.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Whether it hides a row.
    pub fn hides(&self, key: impl FnOnce() -> RowKey) -> bool {
        !self.hidden.is_empty() && self.hidden.contains(&key())
    }

    /// How many rows it hides.
    pub fn count(&self) -> usize {
        self.hidden.len()
    }

    /// Whether it hides any row.
    pub fn hides_any(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// The rows that it hides.
    pub fn hidden(&self) -> impl Iterator<Item = &RowKey> {
        self.hidden.iter()
    }

    /// Changes the filter; rows stay as they were until they are looked at again. Says whether it is another.
    pub fn change(&mut self, filter: Filter) -> bool {
        if self.filter == filter {
            return false;
        }
        self.filter = filter;
        self.looked = Some(0);
        self.again = false;
        true
    }

    /// Has all rows looked at again, after those that are being looked at.
    pub fn look_again(&mut self) {
        if self.filter.is_empty() {
            return;
        }
        self.again = self.looked.is_some();
        self.looked.get_or_insert(0);
    }

    /// How many rows have been looked at, where not all have.
    pub fn looked(&self) -> Option<usize> {
        self.looked
    }

    /// Takes in that so many rows have been looked at, of all there are.
    pub fn has_looked(&mut self, rows: usize, all: usize) {
        self.looked = if rows < all { Some(rows) } else { std::mem::take(&mut self.again).then_some(0) };
    }

    /// Notes whether a row is hidden; says whether that is new.
    pub fn set(&mut self, key: RowKey, hidden: bool) -> bool {
        if hidden { self.hidden.insert(key) } else { !self.hidden.is_empty() && self.hidden.remove(&key) }
    }

    /// Takes in that a row has gone. Those beneath it may have moved up past what has been looked at.
    pub fn forget(&mut self, key: &RowKey) {
        self.hidden.remove(key);
        if let Some(looked) = &mut self.looked {
            *looked = looked.saturating_sub(1);
        }
    }
}
