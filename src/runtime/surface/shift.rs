//! Whether parts of rows have only moved, with others beside them: then the terminal can move them, and less is left to write.
//!
//! Rows are told by a stretch of their beginning, and the shift that most of them agree on is tried out: it is taken where less has to
//! be written with it, whatever stands beside them. Absent on purpose: how a terminal is told.

use super::Wanted;
use super::rows::{Glyph, Row, Rows};
use crate::state::hashed::Keyed;
use crate::ui::Shift;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;

/// The columns that tell a row: not the bar beside a chosen one, and not what is right of a narrow list.
const TELLING: Range<usize> = 2..34;
/// What a shift costs by itself, in cells.
const PRICE: usize = 24;

/// The shift after which least is left to write, where there is one that pays. Rows that are not wanted otherwise stay as they are.
pub(super) fn find(shown: &Rows, wanted: &BTreeMap<u16, Wanted<'_>>) -> Option<Shift> {
    let is_told_anew = |(y, wanted): &(&u16, &Wanted<'_>)| shown.row(**y).differs(&wanted.row, TELLING);
    let after = wanted.iter().filter(is_told_anew).filter_map(|(y, wanted)| Some((*y, telling(&wanted.row)?)));
    let before = (0..shown.height()).filter_map(|y| Some((y, telling(shown.row(y))?)));
    Shift::agreed(before, after).filter(|shift| pays(shown, wanted, *shift))
}

fn pays(shown: &Rows, wanted: &BTreeMap<u16, Wanted<'_>>, shift: Shift) -> bool {
    let after = |y| wanted.get(&y).map_or_else(|| shown.row(y), |wanted: &Wanted<'_>| &wanted.row);
    let without: usize = shift.rows().map(|y| shown.row(y).differences(after(y))).sum();
    PRICE + left(shown, shift, after) < without
}

/// A shift that is made in any case, with those rows beyond its ends that move in the same way but for what stands beside them, where
/// less is left to write so. A chosen row is one of them: its bar does not move with it.
pub(super) fn extended(shown: &Rows, wanted: &BTreeMap<u16, Wanted<'_>>, shift: Shift) -> Shift {
    let moved = |y: u16, by: i32| u16::try_from(i32::from(y) + by).ok();
    // Beyond one end rows go into those that move anyway, beyond the other they come out of them.
    let goes_along = |from: Option<u16>, to: Option<u16>| {
        let number = telling(shown.row(from?))?;
        Some(to.and_then(|to| wanted.get(&to)).and_then(|wanted| telling(&wanted.row)) == Some(number))
    };
    let into = |y: u16| goes_along(Some(y), moved(y, shift.by));
    let out_of = |y: u16| goes_along(moved(y, -shift.by), Some(y));
    let (above, below) = ((0..shift.top).rev(), shift.bottom.saturating_add(1)..shown.height());
    let wider = if shift.by > 0 {
        Shift { top: reach(above, into).unwrap_or(shift.top), bottom: reach(below, out_of).unwrap_or(shift.bottom), ..shift }
    } else {
        Shift { top: reach(above, out_of).unwrap_or(shift.top), bottom: reach(below, into).unwrap_or(shift.bottom), ..shift }
    };
    if wider == shift {
        return shift;
    }
    let blank = Row::default();
    let after = |y| match wanted.get(&y) {
        Some(wanted) => &wanted.row,
        None => shift.source(y).map_or(&blank, |from| shown.row(from)),
    };
    let unmoved: usize = wider.rows().filter(|y| !shift.rows().contains(y)).map(|y| shown.row(y).differences(after(y))).sum();
    if left(shown, wider, after) < left(shown, shift, after) + unmoved { wider } else { shift }
}

/// The last of some rows that go along, as far as all before it do; blank ones neither do nor do not.
fn reach(rows: impl Iterator<Item = u16>, goes_along: impl Fn(u16) -> Option<bool>) -> Option<u16> {
    let known = rows.filter_map(|y| Some((y, goes_along(y)?)));
    known.take_while(|(_, goes)| *goes).last().map(|(y, _)| y)
}

/// How many cells of the rows of a shift are left to write behind it.
fn left<'r>(shown: &'r Rows, shift: Shift, after: impl Fn(u16) -> &'r Row) -> usize {
    let blank = Row::default();
    shift.rows().map(|y| shift.source(y).map_or(&blank, |from| shown.row(from)).differences(after(y))).sum()
}

/// A number for what tells a row; nothing where that is blank.
fn telling(row: &Row) -> Option<u64> {
    let mut sum = Keyed::default().build_hasher();
    let mut is_blank = true;
    for glyph in row.part(TELLING) {
        is_blank &= glyph.symbol() == Glyph::BLANK.symbol();
        sum.write_u64(glyph.symbol());
    }
    (!is_blank).then(|| sum.finish())
}
