//! `Rows`: a screen as it stands, row by row, to hold against what is wanted.
//!
//! What a wide glyph covers is [`Glyph::COVERED`], and blanks at the end of a row are left out, so that two rows have the same glyphs
//! exactly where they look alike. Absent on purpose: sizes; beyond what is held everything is blank. What stands here cannot be written
//! again where its letters are long: those are with the sheet.

use crate::ui::{Glyph, Shift};
use std::ops::Range;

/// A row of glyphs.
#[derive(Debug, Default)]
pub(super) struct Row {
    glyphs: Vec<Glyph>,
    /// Whether it has a cluster about whose width terminals may differ.
    is_doubtful: bool,
}

/// Hands on the glyphs that were drawn in some columns of a row, each with its place. Where links are not told, they are none.
#[inline]
fn each(drawn: &[Glyph], within: &Range<usize>, tells_links: bool, mut take: impl FnMut(Range<usize>, Glyph)) {
    let end = within.end.min(drawn.len());
    let glyphs = drawn.get(..end).unwrap_or_default();
    let mut x = within.start;
    while let Some(glyph) = glyphs.get(x) {
        let columns = x..end.min(x + glyph.columns());
        x = columns.end;
        take(columns, if tells_links { *glyph } else { glyph.unlinked() });
    }
}

impl Row {
    /// A row as it was drawn.
    pub(super) fn read(drawn: &[Glyph], tells_links: bool) -> Self {
        let mut row = Self { glyphs: drawn.to_vec(), is_doubtful: false };
        let mut covered = 0;
        for glyph in &mut row.glyphs {
            if covered > 0 {
                covered -= 1;
                *glyph = Glyph::COVERED;
                continue;
            }
            covered = glyph.columns() - 1;
            row.is_doubtful |= glyph.is_doubtful();
            if !tells_links {
                *glyph = glyph.unlinked();
            }
        }
        row.leave_out_blanks();
        row
    }

    /// Becomes another row. Adds the columns of each glyph that is another now.
    pub(super) fn become_row(&mut self, wanted: Self, other: &mut Vec<Range<usize>>) {
        let mut x = 0;
        while let Some(differs) = self.differs(&wanted, x) {
            let first = (0..=differs).rev().find(|x| wanted.at(*x) != Glyph::COVERED).unwrap_or(differs);
            x = first + wanted.columns(first);
            other.push(first..x);
        }
        *self = wanted;
    }

    /// The first column, from one on, in which it is not another row.
    fn differs(&self, wanted: &Self, from: usize) -> Option<usize> {
        let [own, others] = [self, wanted].map(|row| row.glyphs.get(from..).unwrap_or_default());
        let common = own.iter().zip(others).position(|(own, other)| own != other);
        // Beyond the end of one the other is all that there is.
        let rest = || (from + own.len().min(others.len())..self.len().max(wanted.len())).find(|x| self.at(*x) != wanted.at(*x));
        common.map(|place| from + place).or_else(rest)
    }

    /// Becomes what was drawn in some columns, between which and the others no glyph stands; all of them where it is doubtful. Adds the
    /// columns of each glyph that is another now.
    pub(super) fn take(&mut self, drawn: &[Glyph], columns: &[Range<usize>], tells_links: bool, other: &mut Vec<Range<usize>>) {
        self.is_doubtful = false;
        for within in columns {
            each(drawn, within, tells_links, |columns, glyph| {
                self.is_doubtful |= glyph.is_doubtful();
                if self.put(columns.start, glyph, columns.end) {
                    other.push(columns);
                }
            });
        }
        self.leave_out_blanks();
    }

    fn leave_out_blanks(&mut self) {
        let written = self.glyphs.iter().rposition(|glyph| *glyph != Glyph::BLANK).map_or(0, |last| last + 1);
        self.glyphs.truncate(written);
    }

    /// Puts a glyph at a column, up to another one; says whether another stood there.
    #[inline]
    fn put(&mut self, x: usize, glyph: Glyph, end: usize) -> bool {
        if self.glyphs.len() < end {
            if glyph == Glyph::BLANK {
                return false;
            }
            self.glyphs.resize(end, Glyph::BLANK);
        }
        let Some((first, covered)) = self.glyphs.get_mut(x..end).and_then(<[Glyph]>::split_first_mut) else { return false };
        let mut differs = std::mem::replace(first, glyph) != glyph;
        for place in covered {
            differs |= std::mem::replace(place, Glyph::COVERED) != Glyph::COVERED;
        }
        differs
    }

    fn clear(&mut self) {
        self.glyphs.clear();
        self.is_doubtful = false;
    }

    /// What stands at a column; blank beyond its end.
    pub(super) fn at(&self, x: usize) -> Glyph {
        self.glyphs.get(x).copied().unwrap_or(Glyph::BLANK)
    }

    /// Columns that are not blank, and those before them.
    pub(super) fn len(&self) -> usize {
        self.glyphs.len()
    }

    /// Columns of the glyph that begins at one.
    pub(super) fn columns(&self, x: usize) -> usize {
        self.at(x).columns()
    }

    /// Whether it has a cluster about whose width terminals may differ.
    pub(super) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// In how many columns of a stretch it is not another row.
    pub(super) fn differences(&self, wanted: &Self, within: Range<usize>) -> usize {
        let [own, wanted] = [self, wanted].map(|row| row.glyphs.get(within.start..within.end.min(row.len())).unwrap_or_default());
        let common = own.iter().zip(wanted).filter(|(own, wanted)| own != wanted).count();
        let rest = [own.get(wanted.len()..), wanted.get(own.len()..)];
        common + rest.into_iter().flatten().flatten().filter(|glyph| **glyph != Glyph::BLANK).count()
    }
}

/// Rows of a screen.
#[derive(Debug, Default)]
pub(super) struct Rows {
    rows: Vec<Row>,
    /// What stands on rows that nothing was written to.
    blank: Row,
}

impl Rows {
    pub(super) fn height(&self) -> u16 {
        u16::try_from(self.rows.len()).unwrap_or(u16::MAX)
    }

    pub(super) fn row(&self, y: u16) -> &Row {
        self.rows.get(usize::from(y)).unwrap_or(&self.blank)
    }

    pub(super) fn forget(&mut self) {
        self.rows.clear();
    }

    /// Moves rows; what comes in is blank.
    pub(super) fn shift(&mut self, shift: Shift) {
        let _grown = self.row_mut(shift.bottom);
        shift.apply(&mut self.rows, Row::clear);
    }

    /// A row to be changed.
    pub(super) fn row_mut(&mut self, y: u16) -> Option<&mut Row> {
        let y = usize::from(y);
        if self.rows.len() <= y {
            self.rows.resize_with(y + 1, Row::default);
        }
        self.rows.get_mut(y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::{Color, Style};

    #[test]
    fn a_row_ends_with_what_is_not_blank() {
        let filled = Glyph::BLANK.styled(Style::new().bg(Color::Blue));
        let mut row = Row::default();
        let mut other = Vec::new();
        row.take(
            &[Glyph::new("日", 2), Glyph::BLANK, Glyph::BLANK, filled, Glyph::BLANK],
            std::slice::from_ref(&(0..5)),
            false,
            &mut other,
        );
        assert_eq!(other, [0..2, 3..4]);
        assert_eq!((row.len(), row.columns(0), row.columns(2), row.is_doubtful()), (4, 2, 1, false));
        assert_eq!(row.at(1), Glyph::COVERED);
        assert_eq!(row.at(9), Glyph::BLANK);
        row.take(&[Glyph::new("e\u{301}", 1)], std::slice::from_ref(&(0..1)), false, &mut other);
        assert!(row.is_doubtful());
    }
}
