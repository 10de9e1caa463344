//! `Grid`: the glyphs of the screen, each row by itself.
//!
//! Rows move without what stands on them: on a screen of 120 by 36 that is 100 KB, more than a processor keeps at hand between two
//! frames, and with most new posts a whole pane moves. ratatui's own buffer is one stretch, where it would have to be copied.
//! Absent on purpose: what is drawn (`sheet`).

use crate::ui::glyph::{Glyph, Symbols};
use crate::ui::shift::Shift;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

/// The glyphs of the screen.
#[derive(Debug)]
pub(crate) struct Grid {
    area: Rect,
    rows: Vec<Vec<Glyph>>,
    symbols: Symbols,
}

impl Grid {
    /// An empty screen, which begins at its upper left corner.
    pub(crate) fn new(area: Rect) -> Self {
        let rows = vec![vec![Glyph::BLANK; usize::from(area.width)]; usize::from(area.height)];
        Self { area, rows, symbols: Symbols::default() }
    }

    /// The whole screen.
    pub(crate) fn area(&self) -> Rect {
        self.area
    }

    /// The glyphs of a row; none where there is no such row.
    pub(crate) fn row(&self, y: u16) -> &[Glyph] {
        self.rows.get(usize::from(y)).map_or(&[], Vec::as_slice)
    }

    /// The glyphs of a row, to draw into, and where their letters are kept.
    pub(crate) fn row_mut(&mut self, y: u16) -> (&mut [Glyph], &mut Symbols) {
        (self.rows.get_mut(usize::from(y)).map_or(&mut [], Vec::as_mut_slice), &mut self.symbols)
    }

    /// The letters of glyphs.
    pub(crate) fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    pub(crate) fn glyph(&self, at: Position) -> Option<&Glyph> {
        self.row(at.y).get(usize::from(at.x))
    }

    /// Puts a style on what stands at a place.
    pub(crate) fn set_style(&mut self, at: Position, style: Style) {
        if let Some(glyph) = self.row_mut(at.y).0.get_mut(usize::from(at.x)) {
            *glyph = glyph.styled(style);
        }
    }

    /// Moves rows. What stands on those that come in is not said.
    pub(crate) fn shift(&mut self, shift: Shift) {
        shift.apply(&mut self.rows, |_| ());
    }

    /// Forgets the letters of what is no longer to be seen, where they have become many.
    pub(crate) fn forget(&mut self) {
        if self.symbols.are_many() {
            self.symbols.keep(self.rows.iter().flatten());
        }
    }

    /// The same as ratatui has it.
    pub(crate) fn buffer(&self) -> Buffer {
        Buffer { area: self.area, content: self.rows.iter().flatten().map(|glyph| self.symbols.cell(glyph)).collect() }
    }

    /// What ratatui has, to draw from in tests.
    #[cfg(test)]
    pub(crate) fn of(buffer: &Buffer) -> Self {
        let mut grid = Self::new(buffer.area);
        for (y, cells) in (0..).zip(buffer.content.chunks(buffer.area.width.into())) {
            let (row, symbols) = grid.row_mut(y);
            for (glyph, cell) in row.iter_mut().zip(cells) {
                *glyph = symbols.glyph(cell.symbol(), crate::text::wrap::width(cell.symbol())).styled(cell.style());
            }
        }
        grid
    }
}
