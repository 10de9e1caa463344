//! `Grid`: the cells of the screen, each row by itself.
//!
//! Rows move without their cells: those of a screen of 120 by 36 are 200 KB, more than a processor keeps at hand between two
//! frames, and with most new posts a whole pane moves. ratatui's own buffer is one stretch, where they would have to be copied.
//! Absent on purpose: what is drawn (`sheet`).

use crate::ui::shift::Shift;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};

/// The cells of the screen.
#[derive(Debug)]
pub(crate) struct Grid {
    area: Rect,
    rows: Vec<Vec<Cell>>,
}

impl Grid {
    /// Empty cells of a screen, which begins at its upper left corner.
    pub(crate) fn new(area: Rect) -> Self {
        Self { area, rows: vec![vec![Cell::EMPTY; usize::from(area.width)]; usize::from(area.height)] }
    }

    /// The whole screen.
    pub(crate) fn area(&self) -> Rect {
        self.area
    }

    /// The cells of a row; none where there is no such row.
    pub(crate) fn row(&self, y: u16) -> &[Cell] {
        self.rows.get(usize::from(y)).map_or(&[], Vec::as_slice)
    }

    /// The cells of a row, to draw into.
    pub(crate) fn row_mut(&mut self, y: u16) -> &mut [Cell] {
        self.rows.get_mut(usize::from(y)).map_or(&mut [], Vec::as_mut_slice)
    }

    pub(crate) fn cell(&self, at: Position) -> Option<&Cell> {
        self.row(at.y).get(usize::from(at.x))
    }

    pub(crate) fn cell_mut(&mut self, at: Position) -> Option<&mut Cell> {
        self.row_mut(at.y).get_mut(usize::from(at.x))
    }

    /// Moves rows. What stands on those that come in is not said.
    pub(crate) fn shift(&mut self, shift: Shift) {
        shift.apply(&mut self.rows, |_| ());
    }

    /// The same cells as ratatui has them.
    pub(crate) fn buffer(&self) -> Buffer {
        Buffer { area: self.area, content: self.rows.concat() }
    }
}
