//! `Pictures`: whether and how pictures are drawn: what the reader wants, and what the terminal said of itself.
//!
//! The terminal is asked once and not waited for: until it answers pictures are half blocks, which every one can draw.
//! Absent on purpose: asking (`runtime`), and the pictures.

use crate::model::{Canvas, Form, TerminalFact};

/// A cell in pixels where the terminal does not say: twice as high as wide, as nearly everywhere.
const USUAL_CELL: (u16, u16) = (10, 20);
/// Cells of other sizes are not believed, in pixels of a side.
const CELLS: std::ops::RangeInclusive<u16> = 4..=128;
/// Most colours of a sixel image, and how many every terminal has that takes them.
const COLORS: (u16, u16) = (256, 16);

/// What the terminal said of itself, as far as pictures are concerned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pictures {
    /// Whether there are to be any: somebody makes them, and colours are wanted.
    pub wanted: bool,
    /// Whether letters have at least 256 colours; half blocks of fewer are no pictures.
    pub colorful: bool,
    /// Whether the environment says that it takes `iTerm2`'s inline images.
    pub inline: bool,
    kitty: bool,
    sixel: bool,
    colors: Option<u16>,
    cell: Option<(u16, u16)>,
}

impl Pictures {
    /// Takes in an answer of a terminal with so many columns and rows.
    pub fn told(&mut self, answer: &TerminalFact, (columns, lines): (u16, u16)) {
        match answer {
            TerminalFact::Kitty(takes) => self.kitty = *takes,
            TerminalFact::Attributes { sixel } => self.sixel = *sixel,
            TerminalFact::Colors(count) => self.colors = Some(*count),
            TerminalFact::Cell(width, height) => self.cell = cell(*width, *height).or(self.cell),
            // Less exact than the other answer, which stands where it was given.
            TerminalFact::Room(width, height) => self.cell = self.cell.or_else(|| cell(width / columns.max(1), height / lines.max(1))),
            TerminalFact::Name(name) => self.inline |= name.as_str().starts_with("iTerm2"),
        }
    }

    /// What pictures are made for, where they are drawn at all; `plainly` as half blocks whatever the terminal can.
    pub fn canvas(&self, plainly: bool) -> Option<Canvas> {
        if !self.wanted {
            return None;
        }
        let form = match self.cell {
            _ if plainly => Form::Blocks,
            _ if self.kitty => Form::Kitty,
            // Their own sizes are told in cells.
            _ if self.inline => Form::Inline,
            Some(_) if self.sixel => Form::Sixel(self.colors.unwrap_or(COLORS.1).clamp(2, COLORS.0)),
            Some(_) | None => Form::Blocks,
        };
        if form == Form::Blocks && !self.colorful {
            return None;
        }
        Some(Canvas { form, cell: self.cell.unwrap_or(USUAL_CELL) })
    }
}

fn cell(width: u16, height: u16) -> Option<(u16, u16)> {
    (CELLS.contains(&width) && CELLS.contains(&height)).then_some((width, height))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Plain;

    const SIZE: (u16, u16) = (100, 40);

    fn form(answers: &[TerminalFact]) -> Option<Canvas> {
        let mut pictures = Pictures { wanted: true, colorful: true, ..Pictures::default() };
        answers.iter().for_each(|answer| pictures.told(answer, SIZE));
        pictures.canvas(false)
    }

    #[test]
    fn the_best_that_a_terminal_says_is_taken() {
        let canvas = |form, cell| Some(Canvas { form, cell });
        let sixel = TerminalFact::Attributes { sixel: true };
        assert_eq!(form(&[]), canvas(Form::Blocks, USUAL_CELL));
        assert_eq!(form(&[TerminalFact::Kitty(true), sixel.clone(), TerminalFact::Cell(9, 18)]), canvas(Form::Kitty, (9, 18)));
        assert_eq!(form(&[TerminalFact::Kitty(false), sixel.clone(), TerminalFact::Cell(9, 18)]), canvas(Form::Sixel(16), (9, 18)));
        assert_eq!(form(&[sixel.clone(), TerminalFact::Colors(1024), TerminalFact::Cell(9, 18)]), canvas(Form::Sixel(256), (9, 18)));
        assert_eq!(form(std::slice::from_ref(&sixel)), canvas(Form::Blocks, USUAL_CELL), "its sizes are in pixels");
        assert_eq!(form(&[sixel, TerminalFact::Room(1000, 800)]), canvas(Form::Sixel(16), (10, 20)));
        assert_eq!(form(&[TerminalFact::Cell(9, 18), TerminalFact::Room(1000, 800)]), canvas(Form::Blocks, (9, 18)));
        assert_eq!(form(&[TerminalFact::Cell(0, 60_000)]), canvas(Form::Blocks, USUAL_CELL));
        assert_eq!(form(&[TerminalFact::Name(Plain::line("iTerm2 3.5"))]), canvas(Form::Inline, USUAL_CELL));
        let pictures = Pictures { wanted: true, colorful: true, inline: true, ..Pictures::default() };
        assert_eq!(pictures.canvas(true), canvas(Form::Blocks, USUAL_CELL));
        assert_eq!(Pictures::default().canvas(false), None);
        let mut plain = Pictures { wanted: true, ..Pictures::default() };
        assert_eq!(plain.canvas(false), None, "sixteen colours");
        plain.told(&TerminalFact::Kitty(true), SIZE);
        assert_eq!(plain.canvas(false), canvas(Form::Kitty, USUAL_CELL), "its pictures have colours of their own");
    }
}
