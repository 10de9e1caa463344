//! `CarefulBackend`: crossterm's, but for text that terminals measure differently from us.
//!
//! A cluster of several code points (Devanagari and Thai syllables, emoji joined or with a selector, letters with marks)
//! takes as many columns as the terminal thinks, not as many as we count. What it leaves beside itself, now or when it is
//! replaced, and what it pushes aside, is not in our picture of the screen. So a line that has such a cluster, or had one, is
//! erased and written whole when anything on it changes, and behind each cluster the cursor is placed anew. All other lines
//! are written as ever.
//!
//! Where the locale knows nothing but ASCII, other letters are written as the letter beneath their marks, or as `?`: bytes
//! that the terminal takes for something else could be anything, control characters too.

use crate::text::WebAddress;
use crate::ui::Targets;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::Color;
use std::collections::BTreeSet;
use std::io::{self, Write};
use unicode_normalization::UnicodeNormalization as _;
use unicode_width::UnicodeWidthStr as _;

/// Writes cells so that no cluster can damage what stands beside it.
#[derive(Debug)]
pub(crate) struct CarefulBackend<W: Write> {
    inner: CrosstermBackend<W>,
    /// The screen as we believe it to be, line by line, as far as it has been written.
    lines: Vec<Vec<Cell>>,
    /// Whether nothing but ASCII may be written.
    ascii: bool,
    /// Lines that were erased and written whole since somebody asked.
    rewritten: BTreeSet<u16>,
    /// Where links lead, where the terminal is told.
    targets: Option<Targets>,
}

impl<W: Write> CarefulBackend<W> {
    pub(crate) fn new(out: W, ascii: bool) -> Self {
        Self { inner: CrosstermBackend::new(out), lines: Vec::new(), ascii, rewritten: BTreeSet::new(), targets: None }
    }

    /// Tells the terminal from now on where links lead.
    pub(crate) fn link(&mut self, targets: Targets) {
        self.targets = Some(targets);
    }

    /// Lines that were erased and written whole since this was asked the last time.
    pub(crate) fn take_rewritten(&mut self) -> BTreeSet<u16> {
        std::mem::take(&mut self.rewritten)
    }

    /// Whether a line has a cluster that terminals may measure differently.
    fn is_doubtful(&self, y: u16) -> bool {
        self.lines.get(usize::from(y)).is_some_and(|line| line.iter().any(is_doubtful))
    }

    /// Takes a cell into our picture of the screen; what a wide one covers is blank.
    fn keep(&mut self, x: u16, y: u16, cell: &Cell) {
        let (x, y) = (usize::from(x), usize::from(y));
        if self.lines.len() <= y {
            self.lines.resize_with(y + 1, Vec::new);
        }
        let Some(line) = self.lines.get_mut(y) else { return };
        let columns = cell.symbol().width().max(1);
        if line.len() < x + columns {
            line.resize(x + columns, Cell::EMPTY);
        }
        for (column, kept) in line.iter_mut().skip(x).take(columns).enumerate() {
            *kept = if column == 0 { cell.clone() } else { Cell::EMPTY };
        }
    }

    /// Erases a line and writes it whole.
    fn rewrite(&mut self, y: u16) -> io::Result<()> {
        self.inner.set_cursor_position((0, y))?;
        self.inner.clear_region(ClearType::CurrentLine)?;
        let Some(line) = self.lines.get(usize::from(y)) else { return Ok(()) };
        let mut run: Vec<(u16, u16, &Cell)> = Vec::with_capacity(line.len());
        let mut covered = 0;
        for (x, cell) in (0..).zip(line) {
            if covered > 0 {
                covered -= 1;
                continue;
            }
            let columns = cell.symbol().width().max(1);
            covered = columns - 1;
            if *cell == Cell::EMPTY {
                continue;
            }
            run.push((x, y, cell));
            // The backend places the cursor at the beginning and wherever the next cell is not one column on.
            if is_doubtful(cell) && columns < 2 {
                put(&mut self.inner, self.targets.as_ref(), run.drain(..))?;
            }
        }
        put(&mut self.inner, self.targets.as_ref(), run.into_iter())
    }
}

/// Writes cells; those that lead somewhere between the sequences that say so and undo it (OSC 8), so that nothing beside them does.
fn put<'a, W: Write>(
    inner: &mut CrosstermBackend<W>,
    targets: Option<&Targets>,
    cells: impl Iterator<Item = (u16, u16, &'a Cell)>,
) -> io::Result<()> {
    let mut run: Vec<(u16, u16, Cell)> = Vec::new();
    let mut link: Option<(u32, WebAddress)> = None;
    for (x, y, cell) in cells {
        let own =
            targets.and_then(|targets| targets.of(cell.underline_color)).filter(|(_, address)| address.as_str().len() <= LONGEST_TARGET);
        if own != link {
            put_run(inner, link.as_ref(), &mut run)?;
            link = own;
        }
        let mut cell = cell.clone();
        // That colour was no colour.
        cell.underline_color = Color::Reset;
        run.push((x, y, cell));
    }
    put_run(inner, link.as_ref(), &mut run)
}

fn put_run<W: Write>(inner: &mut CrosstermBackend<W>, link: Option<&(u32, WebAddress)>, run: &mut Vec<(u16, u16, Cell)>) -> io::Result<()> {
    if run.is_empty() {
        return Ok(());
    }
    if let Some((number, address)) = link {
        write!(inner, "\x1b]8;id=tl{number};{address}\x1b\\")?;
    }
    inner.draw(run.iter().map(|(x, y, cell)| (*x, *y, cell)))?;
    run.clear();
    if link.is_some() {
        write!(inner, "\x1b]8;;\x1b\\")?;
    }
    Ok(())
}

/// Bytes of an address that terminals surely take.
const LONGEST_TARGET: usize = 2_000;

/// Whether terminals may differ about the width of a cell's text.
fn is_doubtful(cell: &Cell) -> bool {
    cell.symbol().chars().nth(1).is_some()
}

/// The cell in ASCII, as wide as it was.
fn in_ascii(cell: &Cell) -> Cell {
    let mut cell = cell.clone();
    let symbol = cell.symbol();
    if !symbol.is_ascii() {
        let letter = match symbol.nfkd().next() {
            Some('\u{2018}' | '\u{2019}') => '\'',
            Some('\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}') => '"',
            Some('\u{2010}'..='\u{2015}') => '-',
            Some(letter) if letter.is_ascii_graphic() => letter,
            Some(_) | None => '?',
        };
        let columns = symbol.width().max(1);
        let text = if columns > 1 { String::from(letter) + &"?".repeat(columns - 1) } else { String::from(letter) };
        cell.set_symbol(&text);
    }
    cell
}

impl<W: Write> Backend for CarefulBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let legible: Vec<(u16, u16, Cell)>;
        let content: Vec<(u16, u16, &Cell)> = if self.ascii {
            legible = content.map(|(x, y, cell)| (x, y, in_ascii(cell))).collect();
            legible.iter().map(|(x, y, cell)| (*x, *y, cell)).collect()
        } else {
            content.collect()
        };
        let touched: BTreeSet<u16> = content.iter().map(|(_, y, _)| *y).collect();
        let mut whole: BTreeSet<u16> = touched.iter().copied().filter(|y| self.is_doubtful(*y)).collect();
        for (x, y, cell) in &content {
            self.keep(*x, *y, cell);
        }
        whole.extend(touched.into_iter().filter(|y| self.is_doubtful(*y)));
        put(&mut self.inner, self.targets.as_ref(), content.into_iter().filter(|(_, y, _)| !whole.contains(y)))?;
        self.rewritten.extend(&whole);
        whole.into_iter().try_for_each(|y| self.rewrite(y))
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Asking the terminal could wait for an answer that never comes, and nothing needs it.
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.lines.clear();
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        // ratatui clears whole screens only, if line by line, and paints every cell afterwards.
        self.lines.clear();
        self.inner.clear_region(clear_type)
    }

    fn append_lines(&mut self, n: u16) -> io::Result<()> {
        self.inner.append_lines(n)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[derive(Debug, Clone, Default)]
    struct Sink(Rc<RefCell<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What goes to the terminal when one text takes the place of another, on the first of two lines.
    fn written(before: &str, after: &str) -> String {
        let area = Rect::new(0, 0, 20, 2);
        let (mut old, mut new) = (Buffer::empty(area), Buffer::empty(area));
        old.set_string(0, 0, before, Style::new());
        new.set_string(0, 0, after, Style::new());
        let sink = Sink::default();
        let mut backend = CarefulBackend::new(sink.clone(), false);
        backend.draw(Buffer::empty(area).diff(&old).into_iter()).unwrap();
        sink.0.borrow_mut().clear();
        backend.draw(old.diff(&new).into_iter()).unwrap();
        String::from_utf8(sink.0.take()).unwrap()
    }

    /// What a terminal shows that measures each code point by itself.
    fn shown(out: &str) -> String {
        let mut parser = vt100::Parser::new(2.try_into().unwrap(), 20.try_into().unwrap(), 0);
        parser.process(out.as_bytes());
        parser.screen().rows(0, 20).next().unwrap()
    }

    #[test]
    fn a_line_with_a_cluster_is_erased_and_written_whole() {
        let out = written("abcdef", "a\u{928}\u{93f}z");
        let (before, behind) = out.split_once('\u{928}').unwrap();
        assert!(before.contains("\u{1b}[2K"), "{out:?}");
        let (between, _) = behind.split_once('z').unwrap();
        assert!(between.contains("\u{1b}[1;"), "what follows does not rely on where the cursor is: {out:?}");
    }

    #[test]
    fn nothing_of_a_cluster_stays_when_it_is_replaced() {
        for cluster in ["\u{915}\u{93e}", "\u{e19}\u{e49}\u{e33}", "👩\u{200d}🚀", "e\u{301}"] {
            let out = written(&format!("x{cluster} y"), "x");
            assert!(out.contains("\u{1b}[2K"), "{cluster}: {out:?}");
            assert_eq!(shown(&out).trim_end(), "x", "{cluster}");
        }
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
            let area = Rect::new(0, 0, 20, 2);
            let (mut old, mut new) = (Buffer::empty(area), Buffer::empty(area));
            old.set_string(0, 0, "xxxxxxxxxxxx", Style::new());
            new.set_string(0, 0, text, Style::new());
            CrosstermBackend::new(&mut plain).draw(old.diff(&new).into_iter()).unwrap();
            assert_eq!(out.as_bytes(), plain, "{text}");
        }
    }

    /// Every OSC 8 sequence of an output, by where it leads; and what is printed while one is open.
    fn links(out: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut rest = out;
        while let Some((_, after)) = rest.split_once("\x1b]8;id=tl") {
            let (target, after) = after.split_once("\x1b\\").unwrap();
            let (inside, after) = after.split_once("\x1b]8;;\x1b\\").expect("a link is left open");
            assert!(!inside.contains("\x1b]8"), "one within another: {out:?}");
            let mut parser = vt100::Parser::new(2.try_into().unwrap(), 40.try_into().unwrap(), 0);
            parser.process(inside.as_bytes());
            found.push((target.split_once(';').unwrap().1.to_owned(), parser.screen().contents().trim().to_owned()));
            rest = after;
        }
        assert_eq!(out.matches("\x1b]8;;").count(), found.len(), "{out:?}");
        found
    }

    #[test]
    fn links_are_told_around_their_own_cells_alone_and_anew_when_only_they_change() {
        let area = Rect::new(0, 0, 40, 2);
        let targets = Targets::default();
        let [one, two] = ["https://tide.example/a;b", "https://dune.example/"].map(|raw| targets.color(&WebAddress::read(raw).unwrap()));
        let mut frames = vec![Buffer::empty(area); 5];
        let draw = |buffer: &mut Buffer, before: &str, color: Color| {
            buffer.set_string(0, 0, before, Style::new());
            let x = u16::try_from(before.width()).unwrap();
            buffer.set_string(x, 0, "here", Style::new().underline_color(color));
            buffer.set_string(x + 4, 0, " and on", Style::new());
        };
        draw(&mut frames[1], "see ", one);
        draw(&mut frames[2], "see ", two);
        draw(&mut frames[3], "e\u{301}e ", two);
        draw(&mut frames[4], "see ", Color::Reset);
        let sink = Sink::default();
        let mut backend = CarefulBackend::new(sink.clone(), false);
        backend.link(targets);
        let mut outs = frames.windows(2).map(|pair| {
            backend.draw(pair[0].diff(&pair[1]).into_iter()).unwrap();
            String::from_utf8(sink.0.take()).unwrap()
        });
        let link = |url: &str| vec![(url.to_owned(), "here".to_owned())];
        assert_eq!(links(&outs.next().unwrap()), link("https://tide.example/a;b"));
        assert_eq!(links(&outs.next().unwrap()), link("https://dune.example/"), "the words stay, where they lead does not");
        let whole = outs.next().unwrap();
        assert!(whole.contains("\u{1b}[2K"), "the line is written whole: {whole:?}");
        assert_eq!(links(&whole), link("https://dune.example/"));
        let last = outs.next().unwrap();
        assert!(links(&last).is_empty() && last.contains("here"), "written again without it: {last:?}");
        assert!(!whole.contains("\x1b[58") && !last.contains("\x1b[58"), "the number is no colour");
    }

    #[test]
    fn a_terminal_that_knows_no_links_is_told_of_none() {
        let area = Rect::new(0, 0, 40, 2);
        let targets = Targets::default();
        let color = targets.color(&WebAddress::read("https://tide.example/").unwrap());
        let mut new = Buffer::empty(area);
        new.set_string(0, 0, "here", Style::new().underline_color(color));
        let sink = Sink::default();
        CarefulBackend::new(sink.clone(), false).draw(Buffer::empty(area).diff(&new).into_iter()).unwrap();
        let out = String::from_utf8(sink.0.take()).unwrap();
        assert!(!out.contains("\x1b]") && !out.contains("\x1b[58"), "{out:?}");
    }

    #[test]
    fn where_only_ascii_can_be_shown_nothing_else_is_written() {
        let area = Rect::new(0, 0, 20, 2);
        for (text, wanted) in
            [("plain", "plain"), ("café “x” – 日本|", "cafe \"x\" - ????|"), ("👩\u{200d}🚀|e\u{301}", "??|e"), ("жук", "???")]
        {
            let (old, mut new) = (Buffer::empty(area), Buffer::empty(area));
            new.set_string(0, 0, text, Style::new());
            let sink = Sink::default();
            let mut backend = CarefulBackend::new(sink.clone(), true);
            backend.draw(old.diff(&new).into_iter()).unwrap();
            let out = sink.0.take();
            assert!(out.is_ascii(), "{text}");
            assert_eq!(shown(&String::from_utf8(out).unwrap()).trim_end(), wanted, "{text}");
        }
    }
}
