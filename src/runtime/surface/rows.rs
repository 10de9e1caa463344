//! `Rows`: a screen as cells, row by row, as far as something has been written.
//!
//! What a wide glyph covers is held as [`COVERED`], so that two rows are equal exactly where they look alike. Absent on
//! purpose: sizes; beyond what is held everything is blank.

use crate::ui::Shift;
use ratatui::buffer::{Cell, CellWidth as _};
use ratatui::style::Color;

/// The other half of a wide glyph.
const COVERED: Cell = Cell::new("");
/// A blank cell, to be borrowed.
static BLANK: Cell = Cell::EMPTY;

/// Rows of cells.
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<Vec<Cell>>);

impl Rows {
    pub(super) fn height(&self) -> u16 {
        u16::try_from(self.0.len()).unwrap_or(u16::MAX)
    }

    pub(super) fn row(&self, y: u16) -> &[Cell] {
        self.0.get(usize::from(y)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// Takes in a row as it was drawn; what a wide glyph covers is covered. Where links are not told, they are none. Gives back
    /// whether it looks different now.
    pub(super) fn take(&mut self, y: u16, drawn: &[Cell], tells_links: bool) -> bool {
        let Some(row) = self.row_mut(y).filter(|row| !is_same(row, drawn, tells_links)) else { return false };
        row.clear();
        while let Some(one) = drawn.get(row.len()) {
            let covered = columns(one) - 1;
            let mut one = one.clone();
            if !tells_links {
                one.underline_color = Color::Reset;
            }
            row.push(one);
            row.extend(std::iter::repeat_n(COVERED, covered));
        }
        true
    }

    /// Makes a row that of other rows.
    pub(super) fn copy(&mut self, y: u16, from: &Self) {
        let (Some(row), from) = (self.row_mut(y), from.row(y)) else { return };
        row.resize(from.len(), Cell::EMPTY);
        row.clone_from_slice(from);
    }

    /// Moves rows; what comes in is blank.
    pub(super) fn shift(&mut self, shift: Shift) {
        let _grown = self.row_mut(shift.bottom);
        shift.apply(&mut self.0, Vec::clear);
    }

    fn row_mut(&mut self, y: u16) -> Option<&mut Vec<Cell>> {
        let y = usize::from(y);
        if self.0.len() <= y {
            self.0.resize_with(y + 1, Vec::new);
        }
        self.0.get_mut(y)
    }
}

/// Whether a row looks like one that was drawn.
fn is_same(row: &[Cell], drawn: &[Cell], tells_links: bool) -> bool {
    let mut x = 0;
    while let Some(one) = drawn.get(x) {
        let (held, covered) = (cell(row, x), columns(one) - 1);
        let look = |cell: &Cell| (cell.fg, cell.bg, cell.modifier);
        if held.symbol() != one.symbol() || look(held) != look(one) || (tells_links && held.underline_color != one.underline_color) {
            return false;
        }
        if (1..=covered).any(|more| !is_covered(cell(row, x + more))) {
            return false;
        }
        x += covered + 1;
    }
    row.len() <= x
}

/// Whether this is the other half of a wide glyph.
pub(super) fn is_covered(cell: &Cell) -> bool {
    cell.symbol().is_empty()
}

/// A cell of a row, blank beyond its end.
pub(super) fn cell(row: &[Cell], x: usize) -> &Cell {
    row.get(x).unwrap_or(&BLANK)
}

/// Columns that a cell takes.
pub(super) fn columns(cell: &Cell) -> usize {
    match cell.symbol() {
        symbol if symbol.len() == 1 => 1,
        symbol => usize::from(symbol.cell_width()).max(1),
    }
}

/// In how many cells two rows differ.
pub(super) fn differences(one: &[Cell], other: &[Cell]) -> usize {
    (0..one.len().max(other.len())).filter(|x| cell(one, *x) != cell(other, *x)).count()
}
