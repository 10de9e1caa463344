//! `Rows`: sorted unique rows, newest first. A ledger has them of one stream, a merged tab of several.
//!
//! Where a merged tab shows a ledger, the ledger's rows note each key that came, went or changed its kind: what the tab shows is
//! brought in line from there, so that nothing has to be gone through as a whole. Absent on purpose: what rows mean, and how
//! they come and go (`Timeline`).

use crate::model::by_age;
use crate::state::timeline::{Gap, Place, Row, RowKey};
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::collections::vec_deque::IntoIter;
use std::sync::Arc;

/// Sorted unique rows, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    all: VecDeque<Row>,
    /// Where gaps stand, newest first: the screen asks for them with each frame.
    gaps: Vec<Arc<str>>,
    /// Keys that came, went or changed since the last look; `None` where nobody looks.
    touched: Option<Vec<RowKey>>,
}

impl Rows {
    /// The rows, newest first.
    pub fn all(&self) -> &VecDeque<Row> {
        &self.all
    }

    /// The row at an index counted from the newest.
    pub fn row(&self, index: usize) -> Option<&Row> {
        self.all.get(index)
    }

    /// Where a row stands, counted from the newest. Conversations are looked for one by one: they are few.
    pub fn index_of(&self, key: &RowKey) -> Option<usize> {
        let index = match key {
            RowKey::Conversation(id) => return self.all.iter().position(|row| matches!(row, Row::Conversation(held, _) if held == id)),
            RowKey::Status(_) | RowKey::Notification(_) | RowKey::Gap(_) => self.place_of(key),
        };
        self.all.get(index).filter(|row| row.is_of(key)).map(|_| index)
    }

    /// The row of a key.
    pub fn get(&self, key: &RowKey) -> Option<&Row> {
        self.row(self.index_of(key)?)
    }

    /// Where a row that is gone would stand.
    pub fn index_near(&self, key: &RowKey) -> usize {
        self.place_of(key).min(self.all.len().saturating_sub(1))
    }

    /// How many rows stand above a key's place; none above a conversation's, which only its last message tells.
    pub fn place_of(&self, key: &RowKey) -> usize {
        key.place().map_or(0, |place| self.above(place))
    }

    /// Puts a row where it belongs; says where that is, if it was not there before.
    pub fn insert(&mut self, row: Row) -> Option<usize> {
        let index = self.above(row.place());
        if self.all.get(index).is_some_and(|held| held.newest_first(&row).is_eq() && held.is_of(&row.key())) {
            return None;
        }
        self.touch(&row);
        if let Row::Gap(gap) = &row {
            let place = self.gaps.partition_point(|held| by_age(held, &gap.after) == Ordering::Greater);
            self.gaps.insert(place, Arc::clone(&gap.after));
        }
        if self.all.len() == self.all.capacity() {
            // A quarter more: by doubling, those that the default limit lets stand would take up twice their room.
            self.all.reserve_exact(self.all.len() / 4 + 16);
        }
        self.all.insert(index, row);
        Some(index)
    }

    /// Puts a row in the place of the one with its key; says whether there is one.
    pub(super) fn replace(&mut self, row: Row) -> bool {
        let Some(index) = self.index_of(&row.key()) else { return false };
        self.touch(&row);
        if let Some(held) = self.all.get_mut(index) {
            *held = row;
        }
        true
    }

    /// Takes a row out.
    pub fn remove(&mut self, key: &RowKey) -> Option<Row> {
        let index = self.index_of(key)?;
        let row = self.all.remove(index)?;
        self.left(&row);
        Some(row)
    }

    /// Takes the oldest row out.
    pub(super) fn pop_back(&mut self) -> Option<Row> {
        let row = self.all.pop_back()?;
        self.left(&row);
        Some(row)
    }

    /// Takes out the rows from an index to another.
    pub(super) fn drain(&mut self, from: usize, to: usize) -> IntoIter<Row> {
        let drained: VecDeque<Row> = self.all.drain(from..to).collect();
        for row in &drained {
            self.left(row);
        }
        drained.into_iter()
    }

    /// Takes all rows out.
    pub(super) fn clear(&mut self) {
        self.drain(0, self.all.len());
    }

    /// The gap at an index, to change what is known of it.
    pub(super) fn gap_mut(&mut self, index: usize) -> Option<&mut Gap> {
        match self.all.get_mut(index) {
            Some(Row::Gap(gap)) => Some(gap),
            Some(Row::Status(_) | Row::Notification(_) | Row::Conversation(..) | Row::Tombstone(_)) | None => None,
        }
    }

    /// The gaps, newest first.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().filter_map(|after| match self.row(self.above(Place::of_gap(after)))? {
            Row::Gap(gap) => Some(&**gap),
            Row::Status(_) | Row::Notification(_) | Row::Conversation(..) | Row::Tombstone(_) => None,
        })
    }

    /// The rows at and below an id, newest first.
    pub fn from(&self, id: &str) -> impl Iterator<Item = &Row> {
        let index = self.all.partition_point(|row| by_age(row.place_id(), id) == Ordering::Greater);
        self.all.range(index..)
    }

    /// Has changes noted from now on, or not any more.
    pub(super) fn watch(&mut self, watched: bool) {
        if watched != self.touched.is_some() {
            self.touched = watched.then(Vec::new);
        }
    }

    /// Takes the keys that came, went or changed since the last time.
    pub(super) fn take_touched(&mut self) -> Vec<RowKey> {
        self.touched.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes in that a row was taken out.
    fn left(&mut self, row: &Row) {
        self.touch(row);
        if let Row::Gap(gap) = row {
            self.gaps.retain(|held| *held != gap.after);
        }
    }

    fn touch(&mut self, row: &Row) {
        if let Some(touched) = &mut self.touched {
            touched.push(row.key());
        }
    }

    /// Whether there is a row of a key that is old if it is there at all: looked for from the oldest on.
    pub(super) fn holds_old(&self, key: &RowKey) -> bool {
        let Some(place) = key.place() else { return false };
        let length = self.all.len();
        let row = |below: usize| length.checked_sub(below + 1).and_then(|index| self.all.get(index));
        let below = leading(|below| row(below).is_some_and(|row| row.place().newest_first(place) != Ordering::Less));
        below.checked_sub(1).and_then(row).is_some_and(|row| row.is_of(key))
    }

    /// How many rows stand above a place. Looked for from the newest on, since nearly all that comes belongs there or is about
    /// what has just come: the cost goes with the distance, and what lies further down is not fetched.
    fn above(&self, place: Place<'_>) -> usize {
        leading(|index| self.all.get(index).is_some_and(|row| row.place().newest_first(place) == Ordering::Less))
    }

    /// Whether the rows are sorted and unique, and the gaps are those that stand there: tests ask after every message.
    pub fn is_sorted(&self) -> bool {
        let gap = |row: &Row| if let Row::Gap(gap) = row { Some(Arc::clone(&gap.after)) } else { None };
        self.all.iter().filter_map(gap).eq(self.gaps.iter().cloned())
            && self.all.iter().zip(self.all.iter().skip(1)).all(|(newer, older)| newer.newest_first(older) == Ordering::Less)
    }
}

/// How many of 0, 1, 2 and so on it is true of, where it is true of none behind the first of which it is not. The cost goes with
/// their number, and what is far behind is not looked at.
fn leading(is: impl Fn(usize) -> bool) -> usize {
    let (mut known, mut step) = (0, 1);
    while is(known + step - 1) {
        known += step;
        step *= 2;
    }
    // The first of which it is not is among so many from here on.
    while step > 1 {
        step /= 2;
        if is(known + step - 1) {
            known += step;
        }
    }
    known
}
