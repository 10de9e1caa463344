//! `Surface`: the terminal's cells as they are believed to be, and the few bytes that make them what is wanted.
//!
//! Of each frame the rows that changed are held against them, once: ratatui's own `Terminal` would compare whole frames, and
//! know nothing of what follows. Rows that have only moved are moved by the terminal itself, and then what differs is written.
//! Nothing may be moved or erased where pictures hang: it is told so.
//!
//! A cluster of several code points (Devanagari and Thai syllables, emoji joined or with a selector, letters with marks)
//! takes as many columns as the terminal thinks, not as many as we count. What it leaves beside itself, now or when it is
//! replaced, and what it pushes aside, is not in our picture of the screen. So a line that has such a cluster, or had one, is
//! erased and written whole when anything on it changes, and behind each cluster the cursor is placed anew.
//!
//! Where the locale knows nothing but ASCII, other letters are written as the letter beneath their marks, or as `?`: bytes
//! that the terminal takes for something else could be anything, control characters too.

mod pen;
mod rows;
mod shift;

use crate::ui::{Changed, Glyph, PARTS, Sheet, Shift, Symbols, Targets};
pub(crate) use pen::go_to;
use pen::{Pen, sequence};
use ratatui::layout::Position;
use rows::{Row, Rows};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use unicode_normalization::UnicodeNormalization as _;

/// Most unchanged cells between two changed ones that are written again, which takes no more than placing the cursor.
const BRIDGED: usize = 4;
const SHOW_CURSOR: &[u8] = b"\x1b[?25h";
const HIDE_CURSOR: &[u8] = b"\x1b[?25l";
/// From how many cells on a blank end of a row is erased rather than written.
const ERASED: usize = 4;

/// Writes what differs, so that no cluster can damage what stands beside it.
#[derive(Debug)]
pub(crate) struct Surface {
    /// What is to be written to the terminal.
    out: Vec<u8>,
    /// The screen as we believe it to be.
    shown: Rows,
    /// Whether nothing but ASCII may be written.
    ascii: bool,
    /// Lines that were erased and written whole since somebody asked.
    rewritten: BTreeSet<u16>,
    /// Where links lead, where the terminal is told.
    targets: Option<Targets>,
    /// Where the cursor is, where that is known, and whether it is to be seen.
    cursor: (Option<Position>, Option<bool>),
    /// What a frame finds on the way, in the same room each time.
    notes: Notes,
}

/// What is found while a frame is written.
#[derive(Debug, Default)]
struct Notes {
    /// The columns of glyphs of one row that are others now.
    other: Vec<Range<usize>>,
    /// What is upright, with its place.
    upright: Vec<(u16, u16, Glyph)>,
}

impl Surface {
    pub(crate) fn new(ascii: bool) -> Self {
        Self {
            out: Vec::new(),
            shown: Rows::default(),
            ascii,
            rewritten: BTreeSet::new(),
            targets: None,
            cursor: (None, None),
            notes: Notes::default(),
        }
    }

    /// Tells the terminal from now on where links lead.
    pub(crate) fn link(&mut self, targets: Targets) {
        self.targets = Some(targets);
    }

    /// Adds a sequence of another's to what is to be written.
    pub(crate) fn put(&mut self, sequence: &[u8]) {
        self.out.extend_from_slice(sequence);
    }

    /// What is to be written, since this was asked the last time.
    pub(crate) fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Lines that were erased and written whole since this was asked the last time.
    pub(crate) fn take_rewritten(&mut self) -> BTreeSet<u16> {
        std::mem::take(&mut self.rewritten)
    }

    /// Wipes the screen; where the cursor is then nobody knows.
    pub(crate) fn clear(&mut self) {
        self.shown.forget();
        self.cursor = (None, None);
        sequence(&mut self.out, [2], b'J');
    }

    /// Makes the screen look like this, with the cursor to be seen at a place or nowhere. Where the sheet is still, nothing is moved or
    /// erased, nor written that stands there already. A screen of another size has to be wiped before.
    pub(crate) fn show(&mut self, sheet: &Sheet, cursor: Option<Position>) {
        self.show_rows(sheet.moved(), sheet.changed(), |y| sheet.row(y), sheet.symbols(), sheet.is_still());
        self.point(cursor);
    }

    /// Makes these rows look like this, after others have moved.
    fn show_rows<'r>(
        &mut self,
        moved: Option<Shift>,
        changed: &[Changed],
        drawn: impl Fn(u16) -> &'r [Glyph],
        symbols: &Symbols,
        is_still: bool,
    ) {
        let is_ascii = self.ascii;
        let drawn = |y| if is_ascii { Cow::Owned(in_ascii(drawn(y), symbols)) } else { Cow::Borrowed(drawn(y)) };
        let mut wanted = shift::Wanted::new(changed, &self.shown, drawn, self.targets.is_some());
        let shift = match moved {
            Some(moved) => Some(wanted.extended(&self.shown, moved)),
            None if is_still => None,
            None => wanted.find(&self.shown),
        };
        let Some(shift) = shift else {
            self.write(None, changed.iter().map(|changed| (changed.y, &changed.columns, wanted.take(changed.y))), symbols, is_still);
            return;
        };
        // Of the rows that only the terminal moves some are to stay where they are, and those beside what has moved have not: they are held
        // against it whole.
        let is_told = |y: u16| !shift.rows().contains(&y) || moved.is_some_and(|moved| moved.rows().contains(&y));
        let told = changed.iter().map(|changed| (changed.y, if is_told(changed.y) { &changed.columns } else { &EVERYWHERE }));
        let others = shift.rows().filter(|y| !is_told(*y)).map(|y| (y, &EVERYWHERE));
        let rows: BTreeMap<u16, &[Range<usize>; PARTS]> = told.chain(others).collect();
        self.shown.shift(shift);
        self.write(Some(shift), rows.into_iter().map(|(y, columns)| (y, columns, wanted.take(y))), symbols, is_still);
    }

    /// Writes whatever differs in some columns of rows, after others have moved.
    fn write<'r>(
        &mut self,
        moved: Option<Shift>,
        rows: impl Iterator<Item = (u16, &'r [Range<usize>; PARTS], (Cow<'r, [Glyph]>, Option<Row>))>,
        symbols: &Symbols,
        is_still: bool,
    ) {
        let Self { out, shown, targets, rewritten, notes: Notes { other, upright }, .. } = self;
        let before = out.len();
        let mut pen = Pen::new(out, symbols, targets.as_ref());
        if let Some(shift) = moved {
            pen.shift(shift);
        }
        upright.clear();
        for (y, columns, (drawn, wanted)) in rows {
            let Some(row) = shown.row_mut(y) else { continue };
            // Which part has the cluster nobody knows.
            let was_doubtful = row.is_doubtful();
            other.clear();
            match wanted {
                Some(wanted) => row.become_row(wanted, other),
                None => row.take(&drawn, if was_doubtful { &EVERYWHERE } else { columns }, targets.is_some(), other),
            }
            if other.is_empty() {
                continue;
            }
            if was_doubtful || row.is_doubtful() {
                rewrite(&mut pen, y, row);
                rewritten.insert(y);
            } else {
                mend(&mut pen, y, other, row, is_still, upright);
            }
        }
        // One above the other, so that how they look is said once.
        upright.sort_by_key(|(x, y, _)| (*x, *y));
        for (x, y, glyph) in upright.iter() {
            pen.glyph(*x, *y, *glyph, 1);
        }
        pen.plain();
        if out.len() > before {
            self.cursor.0 = None;
        }
    }

    /// Places, shows and hides the cursor, where it is not as it should be.
    fn point(&mut self, wanted: Option<Position>) {
        if let Some(place) = wanted.filter(|place| self.cursor.0 != Some(*place)) {
            go_to(&mut self.out, (place.x, place.y));
            self.cursor.0 = Some(place);
        }
        if self.cursor.1 != Some(wanted.is_some()) {
            self.put(if wanted.is_some() { SHOW_CURSOR } else { HIDE_CURSOR });
            self.cursor.1 = Some(wanted.is_some());
        }
    }
}

/// Any column of a row.
const EVERYWHERE: [Range<usize>; PARTS] = [0..usize::MAX, 0..0, 0..0];

/// Whether part of a line from top to bottom stands at a column: a bar, or what parts two panes.
fn is_upright(row: &Row, x: usize) -> bool {
    let glyph = row.at(x);
    glyph.is_line() && [x.wrapping_sub(1), x + 1].iter().all(|beside| row.at(*beside).symbol() != glyph.symbol())
}

/// Erases a line and writes it whole.
fn rewrite(pen: &mut Pen<'_>, y: u16, row: &Row) {
    pen.erase_from(0, y);
    let mut x = 0;
    while x < row.len() {
        let (glyph, columns) = (row.at(x), row.columns(x));
        if ![Glyph::BLANK, Glyph::COVERED].contains(&glyph) {
            pen.glyph(column(x), y, glyph, columns);
        }
        x += columns;
    }
}

/// Writes the glyphs of a row that are others now, but for what is upright: that is put aside with its place. Behind the row's end all of
/// it is blank.
fn mend(pen: &mut Pen<'_>, y: u16, other: &[Range<usize>], row: &Row, is_still: bool, upright: &mut Vec<(u16, u16, Glyph)>) {
    let end = row.len();
    let (written, behind) = other.split_at(other.partition_point(|columns| columns.start < end));
    let is_erased = !is_still && behind.len() >= ERASED;
    for columns in if is_erased { written } else { other } {
        let x = columns.start;
        let glyph = row.at(x);
        if pen.goes_on(column(x), y, glyph) {
            continue;
        }
        if is_upright(row, x) {
            upright.push((column(x), y, glyph));
            continue;
        }
        if !is_still {
            bridge(pen, y, row, x);
        }
        pen.glyph(column(x), y, glyph, columns.len());
    }
    if is_erased {
        pen.erase_from(column(end), y);
    }
}

/// Goes on to a column by writing what stands between there already, where that is short.
fn bridge(pen: &mut Pen<'_>, y: u16, row: &Row, to: usize) {
    let Some(from) = pen.column_on(y).map(usize::from) else { return };
    if from >= to || to - from > BRIDGED || !(from..to).all(|x| pen.is_dressed_for(row.at(x))) {
        return;
    }
    (from..to).for_each(|x| pen.glyph(column(x), y, row.at(x), 1));
}

fn column(x: usize) -> u16 {
    u16::try_from(x).unwrap_or(u16::MAX)
}

/// A row in ASCII, each glyph as wide as it was.
fn in_ascii(drawn: &[Glyph], symbols: &Symbols) -> Vec<Glyph> {
    let mut row = drawn.to_vec();
    for (x, glyph) in drawn.iter().enumerate().filter(|(_, glyph)| glyph.byte().is_none()) {
        let letter = match symbols.text(glyph).nfkd().next() {
            Some('\u{2018}' | '\u{2019}') => b'\'',
            Some('\u{201c}' | '\u{201d}' | '\u{ab}' | '\u{bb}') => b'"',
            Some('\u{2010}'..='\u{2015}') => b'-',
            Some(letter) if letter.is_ascii_graphic() => u8::try_from(letter).unwrap_or(b'?'),
            Some(_) | None => b'?',
        };
        let places = row.iter_mut().skip(x).take(glyph.columns());
        places.zip(std::iter::once(letter).chain(std::iter::repeat(b'?'))).for_each(|(place, letter)| *place = glyph.with_byte(letter));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::WebAddress;
    use crate::ui::{Grid, Theme};
    use ratatui::buffer::{Buffer, CellWidth as _};
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Modifier, Style};
    use unicode_width::UnicodeWidthStr as _;

    /// Shows all of a buffer.
    fn put(surface: &mut Surface, buffer: &Buffer) -> Vec<u8> {
        let grid = Grid::of(buffer);
        let all: Vec<Changed> = (0..buffer.area.height).map(|y| Changed::whole(y, buffer.area.width)).collect();
        surface.show_rows(None, &all, |y| grid.row(y), grid.symbols(), false);
        surface.take_output()
    }

    /// What goes to the terminal when one text takes the place of another, on the first of two lines.
    fn written(before: &str, after: &str) -> String {
        let area = Rect::new(0, 0, 20, 2);
        let (mut old, mut new) = (Buffer::empty(area), Buffer::empty(area));
        old.set_string(0, 0, before, Style::new());
        new.set_string(0, 0, after, Style::new());
        let mut surface = Surface::new(false);
        put(&mut surface, &old);
        String::from_utf8(put(&mut surface, &new)).unwrap()
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
        let mut surface = Surface::new(false);
        surface.link(targets);
        let mut outs = frames.iter().skip(1).map(|frame| String::from_utf8(put(&mut surface, frame)).unwrap());
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
        let mut surface = Surface::new(false);
        let out = String::from_utf8(put(&mut surface, &new)).unwrap();
        assert!(!out.contains("\x1b]") && !out.contains("\x1b[58"), "{out:?}");
    }

    #[test]
    fn where_only_ascii_can_be_shown_nothing_else_is_written() {
        let area = Rect::new(0, 0, 20, 2);
        for (text, wanted) in
            [("plain", "plain"), ("café “x” – 日本|", "cafe \"x\" - ????|"), ("👩\u{200d}🚀|e\u{301}", "??|e"), ("жук", "???")]
        {
            let mut new = Buffer::empty(area);
            new.set_string(0, 0, text, Style::new());
            let mut surface = Surface::new(true);
            let out = put(&mut surface, &new);
            assert!(out.is_ascii(), "{text}");
            assert_eq!(shown(&String::from_utf8(out).unwrap()).trim_end(), wanted, "{text}");
        }
    }

    const WIDE: Rect = Rect { x: 0, y: 0, width: 48, height: 14 };

    /// A list with a bar, a line above and below, and something beside it.
    #[derive(Debug, Clone)]
    struct Page {
        rows: Vec<(u8, u8)>,
        top: usize,
        chosen: usize,
        beside: u8,
        is_filled: bool,
    }

    impl Page {
        fn draw(&self, sheet: &mut Sheet, theme: &Theme) {
            const WORDS: [&str; 7] =
                ["", "a ferry at night", "日本語のこと", "x", "one two three four five six seven", "ﾊﾝ é ▌─│", "字x字 y 字"];
            const STYLES: [Style; 5] = [
                Style::new(),
                Style::new().fg(Color::Magenta),
                Style::new().add_modifier(Modifier::BOLD).fg(Color::DarkGray),
                Style::new().bg(Color::Blue).add_modifier(Modifier::DIM.union(Modifier::ITALIC)),
                Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Indexed(200)).add_modifier(Modifier::UNDERLINED),
            ];
            sheet.begin(theme);
            sheet.part([2, 33], theme);
            let filled = if self.is_filled { Style::reset().bg(Color::Black) } else { Style::reset() };
            let mut put =
                |x, y, width, text: &str, style: usize| sheet.letters((x, y), width, text, filled.patch(STYLES[style % 5]), theme);
            if self.is_filled {
                (0..WIDE.height).for_each(|y| put(0, y, WIDE.width, &" ".repeat(48), 0));
            }
            put(0, 0, 48, "── above", 1);
            for (y, (place, (word, style))) in (1..13).zip(self.rows.iter().enumerate().skip(self.top)) {
                let text = format!("{}{word}{style} {}", char::from(b'a' + word % 26), WORDS[usize::from(*word) % 7]);
                put(2, y, 30, &text, usize::from(*style));
                if place == self.chosen {
                    put(0, y, 1, "▌", 1);
                }
            }
            for y in 1..13 {
                put(33, y, 1, "│", 0);
                if self.beside > 0 {
                    let words = WORDS[usize::from(self.beside.wrapping_mul(7).wrapping_add(u8::try_from(y / 3).unwrap())) % 7];
                    put(35, y, 13, words, usize::from(self.beside));
                }
            }
            // Something that lies over both, with a glyph where they meet.
            for y in (0..u16::from(self.beside % 3)).map(|row| 4 + row * 2) {
                put(24 + u16::from(self.beside % 2), y, 16, "漢字漢字漢字漢字", 0);
            }
            put(0, 13, 48, &format!("{} rows", self.rows.len()), 0);
            sheet.end(theme);
        }

        fn change(&mut self, (what, number): (u8, u8)) {
            let at = usize::from(number) % (self.rows.len() + 1);
            match what % 8 {
                0 | 1 => (0..=number % 4).for_each(|more| self.rows.insert(0, (number.wrapping_add(more.wrapping_mul(31)), more))),
                2 => self.rows.insert(at, (number, number / 7)),
                3 => drop((at < self.rows.len()).then(|| self.rows.remove(at))),
                4 => self.top = (self.top + usize::from(number % 5)).min(self.rows.len()),
                5 => self.top = self.top.saturating_sub(usize::from(number % 5)),
                6 => self.chosen = at,
                _ => (self.beside, self.is_filled) = (number, number % 16 == 0),
            }
        }
    }

    /// A surface, and a terminal.
    fn written_to() -> (Surface, vt100::Parser) {
        (Surface::new(false), vt100::Parser::new(WIDE.height.try_into().unwrap(), WIDE.width.try_into().unwrap(), 0))
    }

    /// Shows a page on what was shown before; the terminal has to show all of it as it is drawn at once. Gives back what was written.
    fn seen(surface: &mut Surface, parser: &mut vt100::Parser, sheet: &mut Sheet, page: &Page, is_still: bool) -> String {
        let theme = Theme::new(true, false, jiff::tz::TimeZone::UTC);
        sheet.keep_still(is_still);
        page.draw(sheet, &theme);
        surface.show(sheet, None);
        let mut whole = Sheet::new(WIDE);
        page.draw(&mut whole, &theme);
        let out = surface.take_output();
        parser.process(&out);
        assert_shows(parser.screen(), &whole.cells());
        String::from_utf8(out).unwrap()
    }

    fn color(color: Color) -> vt100::Color {
        match (pen_number(color), color) {
            (Some(number), _) => vt100::Color::Idx(number),
            (None, Color::Rgb(red, green, blue)) => vt100::Color::Rgb(red, green, blue),
            (None, _) => vt100::Color::Default,
        }
    }

    fn pen_number(color: Color) -> Option<u8> {
        let all =
            [Color::Black, Color::Red, Color::Green, Color::Yellow, Color::Blue, Color::Magenta, Color::Cyan, Color::Gray, Color::DarkGray];
        if let Color::Indexed(number) = color {
            return Some(number);
        }
        all.iter().position(|one| *one == color).map(|number| u8::try_from(number).unwrap())
    }

    /// Compares every cell that a terminal shows with the one that was drawn.
    fn assert_shows(screen: &vt100::Screen, buffer: &Buffer) {
        for y in 0..WIDE.height {
            let mut x = 0;
            while x < WIDE.width {
                let (drawn, shown) = (&buffer[(x, y)], screen.cell(y, x).unwrap());
                let text = if shown.has_contents() { shown.contents() } else { " " };
                let style = (
                    color(drawn.fg),
                    color(drawn.bg),
                    drawn.modifier.contains(Modifier::BOLD),
                    drawn.modifier.contains(Modifier::UNDERLINED),
                );
                let has_style = (shown.fgcolor(), shown.bgcolor(), shown.bold(), shown.underline());
                assert_eq!(text, drawn.symbol(), "at {x}, {y}\n{}", screen.contents());
                // Nobody sees the colour of a blank.
                assert!(
                    style == has_style || (text == " " && style.1 == has_style.1 && style.3 == has_style.3),
                    "at {x}, {y}: {style:?} {has_style:?}"
                );
                x += drawn.symbol().cell_width().max(1);
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 96, ..Default::default() })]

        #[test]
        fn whatever_changes_the_terminal_shows_what_was_drawn(
            rows in proptest::collection::vec(proptest::arbitrary::any::<(u8, u8)>(), 0..30),
            changes in proptest::collection::vec((proptest::arbitrary::any::<(u8, u8)>(), proptest::arbitrary::any::<bool>()), 1..40),
        ) {
            let (mut surface, mut parser) = written_to();
            let mut sheet = Sheet::new(WIDE);
            let mut page = Page { rows, top: 0, chosen: 0, beside: 0, is_filled: false };
            for (change, is_still) in changes {
                seen(&mut surface, &mut parser, &mut sheet, &page, is_still);
                page.change(change);
            }
        }
    }

    #[test]
    fn half_blocks_of_one_colour_take_no_more_than_blanks() {
        let (mut surface, mut parser) = written_to();
        let mut buffer = Buffer::empty(WIDE);
        buffer.set_string(0, 0, "▀▀▀", Style::new().fg(Color::Indexed(97)).bg(Color::Indexed(97)));
        buffer.set_string(3, 0, "▀", Style::new().fg(Color::Indexed(98)).bg(Color::Indexed(97)));
        buffer.set_string(4, 0, "▀", Style::new());
        let out = put(&mut surface, &buffer);
        parser.process(&out);
        let (cells, out) = ((0..5).map(|x| parser.screen().cell(0, x).unwrap()), String::from_utf8(out).unwrap());
        assert_eq!(cells.map(vt100::Cell::contents).collect::<Vec<_>>(), [" ", " ", " ", "▀", "▀"], "{out:?}");
        assert!((0..4).all(|x| parser.screen().cell(0, x).unwrap().bgcolor() == vt100::Color::Idx(97)), "{out:?}");
        assert_eq!(parser.screen().cell(0, 3).unwrap().fgcolor(), vt100::Color::Idx(98));
    }

    #[test]
    fn rows_that_only_move_are_moved_by_the_terminal() {
        let (mut surface, mut parser) = written_to();
        let mut page =
            Page { rows: (0..30).map(|number| (number * 5 + 1, number)).collect(), top: 0, chosen: 40, beside: 0, is_filled: false };
        let mut sheet = Sheet::new(WIDE);
        let mut show = |page: &Page, is_still: bool| seen(&mut surface, &mut parser, &mut sheet, page, is_still);
        let whole = show(&page, false);
        page.rows.splice(0..0, [(200, 0), (201, 1)]);
        let followed = show(&page, false);
        assert!(followed.contains("\x1b[2;13r\x1b[2;1H\x1b[2L\x1b[r") && followed.len() * 2 < whole.len(), "{followed:?}");
        page.top = 1;
        let scrolled = show(&page, false);
        assert!(scrolled.contains("\x1b[2;13r\x1b[2;1H\x1b[1M\x1b[r") && scrolled.len() * 2 < whole.len(), "{scrolled:?}");
        page.top = 4;
        let still = show(&page, true);
        assert!(!still.contains('M') && !still.contains("\x1b[K"), "pictures hang there: {still:?}");
        page.beside = 3;
        page.top = 0;
        assert!(!show(&page, false).is_empty());
        assert_eq!(show(&page, false), "", "nothing has changed");
    }

    #[test]
    fn a_chosen_row_moves_with_the_others_and_leaves_its_bar() {
        let (mut surface, mut parser) = written_to();
        let mut page =
            Page { rows: (0..30).map(|number| (number * 5 + 1, number)).collect(), top: 0, chosen: 0, beside: 0, is_filled: false };
        let mut sheet = Sheet::new(WIDE);
        let mut show = |page: &Page| seen(&mut surface, &mut parser, &mut sheet, page, false);
        let whole = show(&page);
        assert!(whole.contains("b10 a ferry"), "{whole:?}");
        page.rows.splice(0..0, [(200, 0), (201, 1)]);
        let followed = show(&page);
        assert!(followed.contains("\x1b[2;13r\x1b[2;1H\x1b[2L\x1b[r") && !followed.contains("ferry"), "{followed:?}");
        page.rows.drain(0..2);
        let back = show(&page);
        assert!(back.contains("\x1b[2;13r\x1b[2;1H\x1b[2M\x1b[r") && !back.contains("ferry"), "{back:?}");
    }
}
