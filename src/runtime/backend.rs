//! `CarefulBackend`: crossterm's, but for text that terminals measure differently from us.
//!
//! A cluster of several code points (Devanagari syllables, emoji joined or with a selector, letters with marks) takes as
//! many columns as the terminal thinks, not as many as we count. Where it takes fewer, what stood in the rest of its cells
//! would stay; where it takes more, everything behind it on the line would shift. So its cells are blanked first, and the
//! cursor is placed anew behind it. Nothing else is changed, and ordinary text costs nothing more.

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr as _;

/// Writes cells so that no cluster can damage its neighbours.
#[derive(Debug)]
pub(crate) struct CarefulBackend<W: Write>(CrosstermBackend<W>);

impl<W: Write> CarefulBackend<W> {
    pub(crate) fn new(out: W) -> Self {
        Self(CrosstermBackend::new(out))
    }
}

/// Whether terminals may differ about the width of a cell's text.
fn is_doubtful(cell: &Cell) -> bool {
    cell.symbol().chars().nth(1).is_some()
}

/// A blank in the style of a cell.
fn blank(cell: &Cell) -> Cell {
    let mut blank = cell.clone();
    blank.set_symbol(" ");
    blank
}

impl<W: Write> Backend for CarefulBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let content: Vec<_> = content.collect();
        if !content.iter().any(|(_, _, cell)| is_doubtful(cell)) {
            return self.0.draw(content.into_iter());
        }
        let blanks: Vec<Cell> = content.iter().map(|(_, _, cell)| blank(cell)).collect();
        let mut run: Vec<(u16, u16, &Cell)> = Vec::with_capacity(content.len());
        for ((x, y, cell), blank) in content.into_iter().zip(&blanks) {
            if !is_doubtful(cell) {
                run.push((x, y, cell));
                continue;
            }
            let columns = u16::try_from(cell.symbol().width()).unwrap_or(1);
            run.extend((0..columns).map(|column| (x.saturating_add(column), y, blank)));
            run.push((x, y, cell));
            // Crossterm's backend places the cursor wherever the next cell is not one column on, and at the beginning.
            if columns < 2 {
                self.0.draw(run.drain(..))?;
            }
        }
        self.0.draw(run.into_iter())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Asking the terminal could wait for an answer that never comes, and nothing needs it.
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.0.clear_region(clear_type)
    }

    fn append_lines(&mut self, n: u16) -> io::Result<()> {
        self.0.append_lines(n)
    }

    fn size(&self) -> io::Result<Size> {
        self.0.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    /// What goes to the terminal when one line of text takes the place of another.
    fn written(before: &str, after: &str) -> String {
        let area = Rect::new(0, 0, 20, 1);
        let (mut old, mut new) = (Buffer::empty(area), Buffer::empty(area));
        old.set_string(0, 0, before, Style::new());
        new.set_string(0, 0, after, Style::new());
        let mut out = Vec::new();
        CarefulBackend::new(&mut out).draw(old.diff(&new).into_iter()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_cluster_is_written_over_blanks_and_what_follows_is_placed_anew() {
        let out = written("abcdef", "a\u{928}\u{93f}z");
        let cluster = out.find('\u{928}').unwrap();
        let (before, behind) = out.split_at(cluster);
        assert!(before.contains("\u{1b}[1;2H "), "its cells are blanked first: {out:?}");
        assert!(before.ends_with("\u{1b}[1;2H"), "then it is written where they are: {out:?}");
        let (between, _) = behind.split_once('z').unwrap();
        assert!(between.contains("\u{1b}[1;"), "what follows does not rely on where the cursor is: {out:?}");
    }

    #[test]
    fn what_follows_a_narrow_cluster_is_placed_anew_too() {
        let out = written("abcdef", "e\u{301}z");
        let (_, behind) = out.split_once('\u{301}').unwrap();
        let (between, _) = behind.split_once('z').unwrap();
        assert!(between.contains("\u{1b}[1;2H"), "{out:?}");
    }

    #[test]
    fn ordinary_text_is_written_as_ever() {
        for text in ["plain words", "日本語と字", "café"] {
            let out = written("xxxxxxxxxxxx", text);
            let mut plain = Vec::new();
            let area = Rect::new(0, 0, 20, 1);
            let (mut old, mut new) = (Buffer::empty(area), Buffer::empty(area));
            old.set_string(0, 0, "xxxxxxxxxxxx", Style::new());
            new.set_string(0, 0, text, Style::new());
            CrosstermBackend::new(&mut plain).draw(old.diff(&new).into_iter()).unwrap();
            assert_eq!(out.as_bytes(), plain, "{text}");
        }
    }
}
