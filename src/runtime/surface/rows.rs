//! `Rows`: a screen as it stands, row by row, to hold against what is wanted.
//!
//! A cell takes half of what ratatui's takes and is compared in three words. What a wide glyph covers is [`Glyph::COVERED`], and
//! blanks at the end of a row are left out, so that two rows have the same glyphs exactly where they look alike. Absent on purpose: sizes;
//! beyond what is held everything is blank. What stands here cannot be written again: that is in the sheet.

use crate::state::hashed::Keyed;
use crate::ui::{Shift, color_number};
use ratatui::buffer::{Cell, CellWidth as _};
use std::hash::BuildHasher as _;
use std::ops::Range;

/// Bytes of a symbol that stand for themselves; a longer one is held as a keyed sum of them.
const SHORT: usize = 7;
/// The highest byte of such a sum. No short symbol has it.
const LONG: u64 = 0xff << 56;

/// What a terminal shows of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Glyph {
    symbol: u64,
    /// Foreground and background.
    colors: u64,
    /// The underline's colour, which tells where a link leads, and modifiers.
    manner: u64,
}

/// A row of them.
#[derive(Debug, Default)]
pub(super) struct Row {
    glyphs: Vec<Glyph>,
    /// Whether it has a cluster about whose width terminals may differ.
    is_doubtful: bool,
}

impl Glyph {
    pub(super) const BLANK: Self = Self { symbol: b' ' as u64, colors: 0, manner: 0 };
    /// The other half of a wide glyph.
    pub(super) const COVERED: Self = Self { symbol: 0, ..Self::BLANK };

    /// Whether the same letters stand there, in whatever style.
    pub(super) fn symbol(self) -> u64 {
        self.symbol
    }

    fn of(cell: &Cell, symbol: &str, tells_links: bool) -> Self {
        let link = if tells_links { color_number(cell.underline_color) } else { 0 };
        Self {
            symbol: code_of_symbol(symbol),
            colors: color_number(cell.fg) << 32 | color_number(cell.bg),
            manner: link << 32 | u64::from(cell.modifier.bits()),
        }
    }
}

impl Row {
    /// Takes in a row as it was drawn; what a wide glyph covers is covered. Where links are not told, they are none.
    pub(super) fn read(&mut self, drawn: &[Cell], tells_links: bool) {
        self.clear();
        self.read_columns(0..drawn.len(), drawn, tells_links);
    }

    /// Takes in some columns of a row as it was drawn, between which and the others no glyph stands.
    pub(super) fn read_columns(&mut self, columns: Range<usize>, drawn: &[Cell], tells_links: bool) {
        if self.glyphs.len() < columns.end {
            self.glyphs.resize(columns.end, Glyph::BLANK);
        }
        let mut cells = drawn.iter().zip(&mut self.glyphs).skip(columns.start).take(columns.len());
        while let Some((cell, glyph)) = cells.next() {
            let symbol = cell.symbol();
            *glyph = Glyph::of(cell, symbol, tells_links);
            if symbol.len() > 1 {
                self.is_doubtful |= symbol.chars().nth(1).is_some();
                let covered = usize::from(symbol.cell_width()).saturating_sub(1);
                cells.by_ref().take(covered).for_each(|(_, glyph)| *glyph = Glyph::COVERED);
            }
        }
        let written = self.glyphs.iter().rposition(|glyph| *glyph != Glyph::BLANK).map_or(0, |last| last + 1);
        self.glyphs.truncate(written);
    }

    /// Becomes like another.
    pub(super) fn copy(&mut self, other: &Self) {
        let Self { glyphs, is_doubtful } = other;
        self.glyphs.clone_from(glyphs);
        self.is_doubtful = *is_doubtful;
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

    /// Where the glyph begins that takes a column.
    pub(super) fn start(&self, x: usize) -> usize {
        (0..=x).rev().find(|x| self.at(*x) != Glyph::COVERED).unwrap_or_default()
    }

    /// Columns of the glyph that begins at one.
    pub(super) fn columns(&self, x: usize) -> usize {
        1 + self.glyphs.iter().skip(x + 1).take_while(|glyph| **glyph == Glyph::COVERED).count()
    }

    /// Whether it has a cluster about whose width terminals may differ.
    pub(super) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// Its glyphs in some columns, as far as there are any.
    pub(super) fn part(&self, columns: Range<usize>) -> impl Iterator<Item = Glyph> {
        self.glyphs.iter().skip(columns.start).take(columns.len()).copied()
    }

    /// Whether another is different in some columns, or may be: blanks there differ from nothing.
    pub(super) fn differs(&self, other: &Self, columns: Range<usize>) -> bool {
        let [one, other] = [self, other].map(|row| row.glyphs.get(columns.start..columns.end.min(row.len())).unwrap_or_default());
        one != other
    }

    /// In how many cells it differs from another.
    pub(super) fn differences(&self, other: &Self) -> usize {
        (0..self.len().max(other.len())).filter(|x| self.at(*x) != other.at(*x)).count()
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

    /// Puts a row in its place; gives back what stood there.
    pub(super) fn put(&mut self, y: u16, row: Row) -> Row {
        self.row_mut(y).map(|place| std::mem::replace(place, row)).unwrap_or_default()
    }

    /// Moves rows; what comes in is blank.
    pub(super) fn shift(&mut self, shift: Shift) {
        let _grown = self.row_mut(shift.bottom);
        shift.apply(&mut self.rows, Row::clear);
    }

    fn row_mut(&mut self, y: u16) -> Option<&mut Row> {
        let y = usize::from(y);
        if self.rows.len() <= y {
            self.rows.resize_with(y + 1, Row::default);
        }
        self.rows.get_mut(y)
    }
}

/// A number for a symbol.
fn code_of_symbol(symbol: &str) -> u64 {
    let bytes = symbol.as_bytes();
    match bytes {
        [byte] => u64::from(*byte),
        _ if bytes.len() <= SHORT => bytes.iter().rev().fold(0, |code, byte| code << 8 | u64::from(*byte)),
        _ => Keyed::default().hash_one(symbol) | LONG,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Color;
    use std::collections::HashSet;

    #[test]
    fn whatever_looks_different_has_another_number() {
        let named = [
            Color::Reset,
            Color::Black,
            Color::Red,
            Color::Green,
            Color::Yellow,
            Color::Blue,
            Color::Magenta,
            Color::Cyan,
            Color::Gray,
            Color::DarkGray,
            Color::LightRed,
            Color::LightGreen,
            Color::LightYellow,
            Color::LightBlue,
            Color::LightMagenta,
            Color::LightCyan,
            Color::White,
        ];
        let numbered = (0..=255).flat_map(|number| [Color::Indexed(number), Color::Rgb(0, 0, number), Color::Rgb(number.max(1), 0, 0)]);
        let colors: HashSet<Color> = named.into_iter().chain(numbered).collect();
        assert_eq!(colors.iter().map(|color| color_number(*color)).collect::<HashSet<_>>().len(), colors.len());
        assert!(colors.iter().all(|color| color_number(*color) < 1 << 32));
        let symbols = ["", " ", "a", "b", "é", "e\u{301}", "日", "👩\u{200d}🚀", "👩🏽\u{200d}🚀", "\u{7f}"];
        assert_eq!(symbols.iter().map(|symbol| code_of_symbol(symbol)).collect::<HashSet<_>>().len(), symbols.len());
    }

    #[test]
    fn a_row_ends_with_what_is_not_blank() {
        let mut filled = Cell::new(" ");
        filled.bg = Color::Blue;
        let mut row = Row::default();
        row.read(&[Cell::new("日"), Cell::EMPTY, Cell::new(" "), filled, Cell::EMPTY], false);
        assert_eq!((row.len(), row.columns(0), row.columns(2), row.is_doubtful()), (4, 2, 1, false));
        assert_eq!(row.at(1), Glyph::COVERED);
        assert_eq!(row.at(9), Glyph::BLANK);
        row.read(&[Cell::new("e\u{301}")], false);
        assert!(row.is_doubtful());
    }
}
