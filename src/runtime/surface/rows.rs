//! `Rows`: a screen as it stands, row by row, to hold against what is wanted.
//!
//! A cell takes half of what ratatui's takes and is compared in three words. What a wide glyph covers is [`Glyph::COVERED`], and
//! blanks at the end of a row are left out, so that two rows have the same glyphs exactly where they look alike. Absent on purpose: sizes;
//! beyond what is held everything is blank. What stands here cannot be written again: that is in the sheet.

use crate::state::hashed::Keyed;
use crate::text::wrap;
use crate::ui::{Shift, color_number};
use ratatui::buffer::Cell;
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

/// What tells how glyphs look, without their letters.
pub(super) type Look = (u64, u64);

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

    /// What tells its style, and where it leads, from others.
    pub(super) fn look(self) -> Look {
        (self.colors, self.manner)
    }

    /// The byte that it is, where it is ASCII.
    pub(super) fn byte(self) -> Option<u8> {
        u8::try_from(self.symbol).ok().filter(|byte| *byte != 0 && byte.is_ascii())
    }
}

/// A glyph as it was drawn, and how many columns it takes.
#[derive(Debug, Clone, Copy)]
struct Drawn {
    glyph: Glyph,
    columns: usize,
    /// Whether it is a cluster about whose width terminals may differ.
    is_doubtful: bool,
}

impl Drawn {
    /// Where links are not told, they are none.
    #[inline]
    fn read(cell: &Cell, tells_links: bool) -> Self {
        let symbol = cell.symbol();
        let link = if tells_links { color_number(cell.underline_color) } else { 0 };
        let glyph = Glyph {
            symbol: code_of_symbol(symbol),
            colors: color_number(cell.fg) << 32 | color_number(cell.bg),
            manner: link << 32 | u64::from(cell.modifier.bits()),
        };
        let (columns, is_doubtful) = if symbol.len() == 1 { (1, false) } else { measured(symbol) };
        Self { glyph, columns, is_doubtful }
    }
}

/// How many columns a symbol takes, and whether terminals may differ about that. Apart from what reads cells, most of which are a byte.
#[inline(never)]
fn measured(symbol: &str) -> (usize, bool) {
    (wrap::width(symbol).max(1), symbol.chars().nth(1).is_some())
}

/// Hands on the glyphs that were drawn in some columns of a row, each with its place.
#[inline]
fn each(drawn: &[Cell], within: &Range<usize>, tells_links: bool, mut take: impl FnMut(Range<usize>, Drawn)) {
    let end = within.end.min(drawn.len());
    let cells = drawn.get(..end).unwrap_or_default();
    let mut x = within.start;
    while let Some(cell) = cells.get(x) {
        let glyph = Drawn::read(cell, tells_links);
        let columns = x..end.min(x + glyph.columns);
        x = columns.end;
        take(columns, glyph);
    }
}

impl Row {
    /// A row as it was drawn.
    pub(super) fn read(drawn: &[Cell], tells_links: bool) -> Self {
        let mut row = Self { glyphs: Vec::with_capacity(drawn.len()), is_doubtful: false };
        each(drawn, &(0..drawn.len()), tells_links, |columns, Drawn { glyph, is_doubtful, .. }| {
            row.is_doubtful |= is_doubtful;
            row.glyphs.push(glyph);
            if columns.len() > 1 {
                row.glyphs.resize(columns.end, Glyph::COVERED);
            }
        });
        row.leave_out_blanks();
        row
    }

    /// Becomes another row. Adds the columns of each glyph that is another now.
    pub(super) fn become_row(&mut self, wanted: Self, other: &mut Vec<Range<usize>>) {
        let end = self.len().max(wanted.len());
        let mut x = 0;
        while let Some(differs) = (x..end).find(|x| self.at(*x) != wanted.at(*x)) {
            let first = (0..=differs).rev().find(|x| wanted.at(*x) != Glyph::COVERED).unwrap_or(differs);
            x = first + wanted.columns(first);
            other.push(first..x);
        }
        *self = wanted;
    }

    /// Becomes what was drawn in some columns, between which and the others no glyph stands; all of them where it is doubtful. Adds the
    /// columns of each glyph that is another now.
    pub(super) fn take(&mut self, drawn: &[Cell], columns: &[Range<usize>], tells_links: bool, other: &mut Vec<Range<usize>>) {
        self.is_doubtful = false;
        for within in columns {
            each(drawn, within, tells_links, |columns, Drawn { glyph, is_doubtful, .. }| {
                self.is_doubtful |= is_doubtful;
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
        1 + self.glyphs.iter().skip(x + 1).take_while(|glyph| **glyph == Glyph::COVERED).count()
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
        let mut other = Vec::new();
        row.take(&[Cell::new("日"), Cell::EMPTY, Cell::new(" "), filled, Cell::EMPTY], std::slice::from_ref(&(0..5)), false, &mut other);
        assert_eq!(other, [0..2, 3..4]);
        assert_eq!((row.len(), row.columns(0), row.columns(2), row.is_doubtful()), (4, 2, 1, false));
        assert_eq!(row.at(1), Glyph::COVERED);
        assert_eq!(row.at(9), Glyph::BLANK);
        row.take(&[Cell::new("e\u{301}")], std::slice::from_ref(&(0..1)), false, &mut other);
        assert!(row.is_doubtful());
    }
}
