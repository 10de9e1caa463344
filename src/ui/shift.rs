//! `Shift`: rows of the screen that have only moved. A terminal can move them by itself, so that little is left to draw and to
//! write.
//!
//! Absent on purpose: what tells one row from another, and whether moving them pays; those who ask differ in both.

use crate::state::hashed::{IdMap, Keyed};
use std::ops::RangeInclusive;

/// Rows that move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shift {
    /// The first of them.
    pub top: u16,
    /// The last of them.
    pub bottom: u16,
    /// Down; up where it is negative.
    pub by: i32,
}

impl Shift {
    /// The shift that most rows agree on, two at least. Rows come with their places and a number that tells each from others;
    /// `after` are those that are not what stood there before.
    pub(crate) fn agreed(before: impl IntoIterator<Item = (u16, u64)>, after: impl IntoIterator<Item = (u16, u64)>) -> Option<Self> {
        let before = before.into_iter();
        let room = before.size_hint().1.unwrap_or_default();
        let mut others = Vec::with_capacity(room);
        others.extend(after);
        if others.len() < 2 {
            return None;
        }
        // Where several have the same number, nobody can say which of them went where.
        let mut known: IdMap<u64, Option<u16>> = IdMap::with_capacity_and_hasher(room, Keyed::default());
        for (y, number) in before {
            known.entry(number).and_modify(|place| *place = None).or_insert(Some(y));
        }
        let mut votes: IdMap<i32, (usize, Self)> = IdMap::default();
        for (y, number) in others {
            let Some(from) = known.get(&number).copied().flatten().filter(|from| *from != y) else { continue };
            let (top, bottom, by) = (from.min(y), from.max(y), i32::from(y) - i32::from(from));
            let (count, shift) = votes.entry(by).or_insert((0, Self { top, bottom, by }));
            *count += 1;
            (shift.top, shift.bottom) = (shift.top.min(top), shift.bottom.max(bottom));
        }
        // Of equals the nearest, so that the same screens always move in the same way.
        let (count, shift) = votes.into_values().max_by_key(|(count, shift)| (*count, -shift.by.abs(), shift.by))?;
        (count > 1).then_some(shift)
    }

    /// The rows, with those that are moved out and those that come in.
    pub(crate) fn rows(self) -> RangeInclusive<u16> {
        self.top..=self.bottom
    }

    /// Where what is on a row afterwards was before; nothing where it comes in. Other rows stay where they are.
    pub(crate) fn source(self, y: u16) -> Option<u16> {
        if !self.rows().contains(&y) {
            return Some(y);
        }
        u16::try_from(i32::from(y) - self.by).ok().filter(|from| self.rows().contains(from))
    }

    /// Moves rows; `clear` empties those that come in.
    pub(crate) fn apply<T>(self, rows: &mut [T], clear: impl FnMut(&mut T)) {
        let Some(moved) = rows.get_mut(usize::from(self.top)..=usize::from(self.bottom)) else { return };
        let count = usize::try_from(self.by.unsigned_abs()).unwrap_or(usize::MAX).min(moved.len());
        if self.by > 0 {
            moved.rotate_right(count);
            moved.iter_mut().take(count).for_each(clear);
        } else {
            moved.rotate_left(count);
            moved.iter_mut().rev().take(count).for_each(clear);
        }
    }
}
