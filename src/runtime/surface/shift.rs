//! Whether parts of rows have only moved, with others beside them: then the terminal can move them, and less is left to write.
//!
//! Rows are told by a stretch of their beginning, and the shift that most of them agree on is tried out: it is taken where less has to
//! be written with it, whatever stands beside them. Absent on purpose: how a terminal is told.

use super::rows::{Row, Rows};
use crate::state::hashed::Keyed;
use crate::ui::{Changed, Glyph, Shift};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;

/// The columns that tell a row: not the bar beside a chosen one, and not what is right of a narrow list.
const TELLING: Range<usize> = 2..34;
/// All columns.
const EVERYWHERE: Range<usize> = 0..usize::MAX;
/// What a shift costs by itself, in cells.
const PRICE: usize = 24;

/// What is to be shown.
pub(super) struct Wanted<'w, D> {
    /// The rows that are others now, from top to bottom.
    changed: &'w [Changed],
    /// The glyphs of each row.
    drawn: D,
    tells_links: bool,
    /// Rows that have been looked at, each by its place.
    rows: Vec<OnceCell<Row>>,
    /// What stands beyond them.
    blank: Row,
}

impl<'d, D: Fn(u16) -> Cow<'d, [Glyph]>> Wanted<'_, D> {
    /// What is to be shown where `shown` stands; nothing is looked at yet.
    pub(super) fn new<'w>(changed: &'w [Changed], shown: &Rows, drawn: D, tells_links: bool) -> Wanted<'w, D> {
        let height = changed.last().map_or(0, |changed| usize::from(changed.y) + 1).max(usize::from(shown.height()));
        Wanted { changed, drawn, tells_links, rows: (0..height).map(|_| OnceCell::new()).collect(), blank: Row::default() }
    }

    /// The glyphs of a row, and what was read of them if it was looked at.
    pub(super) fn take(&mut self, y: u16) -> (Cow<'d, [Glyph]>, Option<Row>) {
        ((self.drawn)(y), self.rows.get_mut(usize::from(y)).and_then(OnceCell::take))
    }

    fn row(&self, y: u16) -> &Row {
        let read = || Row::read(&(self.drawn)(y), self.tells_links);
        self.rows.get(usize::from(y)).map_or(&self.blank, |row| row.get_or_init(read))
    }

    /// The shift after which least is left to write, where there is one that pays.
    pub(super) fn find(&self, shown: &Rows) -> Option<Shift> {
        let is_touched =
            |changed: &&Changed| changed.columns.iter().any(|columns| columns.start < TELLING.end && TELLING.start < columns.end);
        let is_told_anew = |changed: &&Changed| shown.row(changed.y).differences(self.row(changed.y), TELLING) > 0;
        let anew = self.changed.iter().filter(is_touched).filter(is_told_anew);
        let after = anew.filter_map(|changed| Some((changed.y, telling_of(self.row(changed.y))?)));
        let before = (0..shown.height()).filter_map(|y| Some((y, telling_of(shown.row(y))?)));
        Shift::agreed(before, after).filter(|shift| PRICE + self.left(shown, *shift, shift.rows()) < self.unmoved(shown, shift.rows()))
    }

    /// A shift that is made in any case, with those rows beyond its ends that move in the same way but for what stands beside them, where
    /// less is left to write so. A chosen row is one of them: its bar does not move with it.
    pub(super) fn extended(&self, shown: &Rows, shift: Shift) -> Shift {
        let moved = |y: u16, by: i32| u16::try_from(i32::from(y) + by).ok();
        let has_changed = |y: &u16| self.changed.binary_search_by_key(y, |changed| changed.y).is_ok();
        // Beyond one end rows go into those that move anyway, beyond the other they come out of them.
        let goes_along = |from: Option<u16>, to: Option<u16>| {
            let number = telling_of(shown.row(from?))?;
            Some(to.filter(has_changed).and_then(|to| telling_of(self.row(to))) == Some(number))
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
        // Most rows come from the same place either way.
        let others = || wider.rows().filter(|y| wider.source(*y) != shift.source(*y));
        if self.left(shown, wider, others()) < self.left(shown, shift, others()) { wider } else { shift }
    }

    /// How many cells of rows are left to write behind a shift.
    fn left(&self, shown: &Rows, shift: Shift, rows: impl Iterator<Item = u16>) -> usize {
        let source = |y: u16| shift.source(y).map_or(&self.blank, |from| shown.row(from));
        rows.map(|y| source(y).differences(self.row(y), EVERYWHERE)).sum()
    }

    /// How many cells of rows are to be written where nothing moves.
    fn unmoved(&self, shown: &Rows, rows: impl Iterator<Item = u16>) -> usize {
        rows.map(|y| shown.row(y).differences(self.row(y), EVERYWHERE)).sum()
    }
}

/// The last of some rows that go along, as far as all before it do; blank ones neither do nor do not.
fn reach(rows: impl Iterator<Item = u16>, goes_along: impl Fn(u16) -> Option<bool>) -> Option<u16> {
    let known = rows.filter_map(|y| Some((y, goes_along(y)?)));
    known.take_while(|(_, goes)| *goes).last().map(|(y, _)| y)
}

/// A number for what tells a row; nothing where that is blank.
fn telling_of(row: &Row) -> Option<u64> {
    let mut sum = Keyed::default().build_hasher();
    let mut is_blank = true;
    for glyph in TELLING.map(|x| row.at(x)) {
        is_blank &= glyph.symbol() == Glyph::BLANK.symbol();
        sum.write_u64(glyph.symbol());
    }
    (!is_blank).then(|| sum.finish())
}
