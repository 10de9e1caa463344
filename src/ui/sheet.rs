//! `Sheet`: the cells of the screen, row by row, and what each row was drawn with the last time.
//!
//! Most rows of a frame are those of the frame before, here or some rows further down. What is to be drawn is written down
//! first, as strokes, and summed up for each row; cells are drawn for those rows alone whose sum is another one. Where rows
//! have only moved that is said, and they are not drawn either. What has to look at cells that are drawn already (a mark on
//! what was found, pictures under other things) has the whole frame drawn at once.
//!
//! Where panes stand side by side a row is told in parts ([`Sheet::part`]), so that a bar beside a post or a line of the reader
//! changes nothing but itself.
//!
//! A sum has 64 bits and a key that nobody knows: two rows that differ have the same one as often as a disk loses a bit.
//! Absent on purpose: what is drawn (`paint`), and how a terminal is told (`runtime`).

use crate::state::LinkSpan;
use crate::state::hashed::{Folding, Keyed};
use crate::text::{runs, wrap};
use crate::ui::finished::Finished;
use crate::ui::glyph::{Glyph, Symbols, color_number};
use crate::ui::grid::Grid;
use crate::ui::halves::Halves;
use crate::ui::line::{cols, shown};
use crate::ui::shift::Shift;
use crate::ui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;
use std::sync::Arc;

/// The cells of the screen, and what they were drawn with.
#[derive(Debug)]
pub struct Sheet {
    grid: Grid,
    /// What each row was drawn with; nothing where that is not known.
    drawn: Vec<Option<Drawn>>,
    /// What the frame under way draws.
    strokes: Strokes,
    parts: Parts,
    changed: Vec<Changed>,
    moved: Option<Shift>,
    is_still: bool,
}

/// Most parts of a row.
pub(crate) const PARTS: usize = 3;

/// Where the parts of rows begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    seams: [u16; PARTS - 1],
}

impl Parts {
    const WHOLE: Self = Self { seams: [u16::MAX; PARTS - 1] };

    /// The part that a column belongs to.
    fn of(self, x: u16) -> usize {
        self.seams.iter().filter(|seam| **seam <= x).count()
    }

    /// The columns of each part.
    fn columns(self, width: u16) -> [Range<usize>; PARTS] {
        let [first, second] = self.seams.map(|seam| usize::from(seam.min(width)));
        [0..first, first..second, second..usize::from(width)]
    }
}

/// What the last frame changed of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The row.
    pub y: u16,
    /// Its columns, from left to right, between which no glyph stands; empty ranges are of parts that are what they were.
    pub columns: [Range<usize>; PARTS],
}

impl Changed {
    /// A row of this width that has nothing of what it had.
    pub(crate) fn whole(y: u16, width: u16) -> Self {
        Self { y, columns: Parts::WHOLE.columns(width) }
    }
}

/// What the parts of a row were drawn with.
#[derive(Debug, Clone)]
struct Drawn {
    sums: [u64; PARTS],
    links: Vec<LinkSpan>,
}

/// A number for the whole of a row.
fn together([first, second, third]: [u64; PARTS]) -> u64 {
    first ^ second.rotate_left(21) ^ third.rotate_left(42)
}

/// What a frame draws, in order.
#[derive(Debug, Default)]
struct Strokes {
    all: Vec<Stroke>,
    text: String,
    rows: Vec<Told>,
    /// Whether everything so far is in the cells, and whatever follows goes there at once.
    is_inked: bool,
}

/// What is told of a row before it is drawn.
#[derive(Debug, Clone)]
struct Told {
    sums: [Folding; PARTS],
    has_links: bool,
    /// Whether something is in several parts: then all of them are drawn, or none.
    is_joined: bool,
}

/// Something that is drawn into one row.
#[derive(Debug, Clone)]
struct Stroke {
    at: (u16, u16),
    width: u16,
    what: What,
    style: Style,
}

#[derive(Debug, Clone)]
enum What {
    /// Letters, as far as there is room.
    Letters(Range<usize>),
    /// A finished line, cut to the room that there is.
    Line(Arc<Finished>),
    /// A row of a picture.
    Halves(Halves),
    /// Blank cells.
    Blank,
    /// The cells as they are, further back.
    Back,
}

impl Stroke {
    /// Its letters, out of all that the frame draws.
    fn words<'t>(&self, text: &'t str) -> &'t str {
        if let What::Letters(range) = &self.what { text.get(range.clone()).unwrap_or_default() } else { "" }
    }
}

impl Sheet {
    /// Empty cells of a screen.
    pub fn new(area: Rect) -> Self {
        Self {
            grid: Grid::new(area),
            drawn: Vec::new(),
            strokes: Strokes::default(),
            parts: Parts::WHOLE,
            changed: Vec::new(),
            moved: None,
            is_still: false,
        }
    }

    /// The whole screen.
    pub fn area(&self) -> Rect {
        self.grid.area()
    }

    /// Takes another size; then nothing is on it.
    pub fn resize(&mut self, area: Rect) {
        *self = Self { is_still: self.is_still, ..Self::new(area) };
    }

    /// Says whether rows must stay where they are.
    pub fn keep_still(&mut self, is_still: bool) {
        self.is_still = is_still;
    }

    /// Whether rows must stay where they are.
    pub fn is_still(&self) -> bool {
        self.is_still
    }

    /// The screen as ratatui has it: a copy.
    pub fn cells(&self) -> Buffer {
        self.grid.buffer()
    }

    /// What the last frame changed, beside rows that moved, from top to bottom.
    pub fn changed(&self) -> &[Changed] {
        &self.changed
    }

    /// The rows that moved with the last frame, before others changed.
    pub fn moved(&self) -> Option<Shift> {
        self.moved
    }

    /// The glyphs of a row; none where there is no such row.
    pub fn row(&self, y: u16) -> &[Glyph] {
        self.grid.row(y)
    }

    /// The letters of the glyphs.
    pub fn symbols(&self) -> &Symbols {
        self.grid.symbols()
    }

    /// A frame begins, with everything as the theme has it where nothing is drawn.
    pub(crate) fn begin(&mut self, theme: &Theme) {
        self.strokes.all.clear();
        self.strokes.text.clear();
        self.strokes.is_inked = false;
        self.parts = Parts::WHOLE;
        self.tell_rows(theme);
    }

    /// Tells rows from now on in parts that begin at these columns, which grow. Before anything is drawn.
    pub(crate) fn part(&mut self, seams: [u16; PARTS - 1], theme: &Theme) {
        debug_assert!(self.strokes.all.is_empty() && seams.is_sorted(), "{seams:?} after {} strokes", self.strokes.all.len());
        self.parts = Parts { seams };
        self.tell_rows(theme);
    }

    fn tell_rows(&mut self, theme: &Theme) {
        let mut start = Keyed::default().build_hasher();
        fold(&mut start, theme.base());
        // Parts that begin elsewhere are others.
        self.parts.seams.iter().for_each(|seam| start.write_u64(u64::from(*seam)));
        let rows = &mut self.strokes.rows;
        rows.clear();
        let sums = std::array::from_fn(|_| start.clone());
        rows.resize(usize::from(self.grid.area().height), Told { sums, has_links: false, is_joined: false });
    }

    /// Draws letters into at most `width` columns of a row of the screen.
    pub(crate) fn letters(&mut self, at: (u16, u16), width: u16, text: &str, style: Style, theme: &Theme) {
        let from = self.strokes.text.len();
        self.strokes.text.push_str(text);
        self.stroke(Stroke { at, width, what: What::Letters(from..from + text.len()), style }, theme);
    }

    /// Draws a finished line into at most `width` columns of a row of the screen, on a ground.
    pub(crate) fn finished(&mut self, at: (u16, u16), width: u16, line: &Arc<Finished>, ground: Style, theme: &Theme) {
        self.stroke(Stroke { at, width, what: What::Line(Arc::clone(line)), style: ground }, theme);
    }

    /// Draws a row of a picture, on a ground.
    pub(crate) fn halves(&mut self, at: (u16, u16), halves: Halves, ground: Style, theme: &Theme) {
        self.stroke(Stroke { at, width: halves.size.0, what: What::Halves(halves), style: ground }, theme);
    }

    /// Empties a stretch of a row.
    pub(crate) fn blank(&mut self, at: (u16, u16), width: u16, theme: &Theme) {
        self.stroke(Stroke { at, width, what: What::Blank, style: theme.base() }, theme);
    }

    /// Lets a stretch of a row step back.
    pub(crate) fn back(&mut self, at: (u16, u16), width: u16, style: Style, theme: &Theme) {
        self.stroke(Stroke { at, width, what: What::Back, style }, theme);
    }

    fn stroke(&mut self, stroke: Stroke, theme: &Theme) {
        let Strokes { all, text, rows, is_inked } = &mut self.strokes;
        let words = stroke.words(text);
        if *is_inked {
            ink(self.grid.row_mut(stroke.at.1), &stroke, words, theme);
            text.clear();
            return;
        }
        let Some(Told { sums, has_links, is_joined }) = rows.get_mut(usize::from(stroke.at.1)) else { return };
        let kind = match &stroke.what {
            What::Letters(_) => 0,
            What::Blank => 1,
            What::Back => 2,
            What::Line(_) => 3,
            What::Halves(_) => 4,
        };
        *has_links |= if let What::Line(line) = &stroke.what { line.has_links() } else { leads(stroke.style) };
        let [first, last] = [stroke.at.0, stroke.at.0.saturating_add(stroke.width.saturating_sub(1))].map(|x| self.parts.of(x));
        *is_joined |= first < last;
        for sum in sums.iter_mut().take(last + 1).skip(first) {
            sum.write_u64(u64::from(stroke.at.0) | u64::from(stroke.width) << 16 | kind << 32);
            fold(sum, stroke.style);
            match &stroke.what {
                What::Line(line) => sum.write_u64(line.sum()),
                What::Halves(halves) => halves.tell(sum),
                What::Letters(_) | What::Blank | What::Back => sum.write(words.as_bytes()),
            }
        }
        all.push(stroke);
    }

    /// The cells with everything that has been drawn so far; whatever follows is drawn at once, and everything again next time.
    pub(crate) fn inked(&mut self, theme: &Theme) -> &mut Grid {
        if !self.strokes.is_inked {
            self.ink(theme, |_| [true; PARTS]);
            self.strokes.is_inked = true;
        }
        &mut self.grid
    }

    /// A frame ends: the cells of rows that are not what they were are drawn. Gives back where links stand, from top to bottom.
    pub(crate) fn end(&mut self, theme: &Theme) -> Vec<LinkSpan> {
        let Rect { width, height, .. } = self.area();
        self.moved = None;
        self.grid.forget();
        if self.strokes.is_inked {
            self.drawn.clear();
            self.changed = (0..height).map(|y| Changed::whole(y, width)).collect();
            return (0..height).flat_map(|y| links(y, self.row(y), theme)).collect();
        }
        let sums: Vec<[u64; PARTS]> = self.strokes.rows.iter().map(|row| row.sums.each_ref().map(Folding::finish)).collect();
        self.drawn.resize(usize::from(height), None);
        self.moved = self.shift(&sums);
        if let Some(shift) = self.moved {
            shift.apply(&mut self.drawn, |row| *row = None);
            self.grid.shift(shift);
        }
        let changes: Vec<[bool; PARTS]> = self.drawn.iter().zip(&self.strokes.rows).zip(&sums).map(changes).collect();
        self.ink(theme, |y| changes.get(usize::from(y)).copied().unwrap_or_default());
        let columns = self.parts.columns(width);
        let part = |(changes, columns): (bool, &Range<usize>)| if changes { columns.clone() } else { 0..0 };
        let row = |(y, changes): (u16, &[bool; PARTS])| {
            if *changes == [true; PARTS] {
                // A glyph may stand where two parts meet.
                return Changed::whole(y, width);
            }
            let mut parts = changes.iter().copied().zip(&columns).map(part);
            Changed { y, columns: std::array::from_fn(|_| parts.next().unwrap_or_default()) }
        };
        self.changed = (0..height).zip(&changes).filter(|(_, changes)| changes.contains(&true)).map(row).collect();
        for Changed { y, .. } in &self.changed {
            let place = usize::from(*y);
            let has_links = self.strokes.rows.get(place).is_some_and(|row| row.has_links);
            let links = if has_links { links(*y, self.row(*y), theme) } else { Vec::new() };
            if let (Some(drawn), Some(sums)) = (self.drawn.get_mut(place), sums.get(place)) {
                *drawn = Some(Drawn { sums: *sums, links });
            }
        }
        let rows = (0..).zip(self.drawn.iter().flatten());
        rows.flat_map(|(y, drawn)| drawn.links.iter().map(move |link| LinkSpan { y, ..link.clone() })).collect()
    }

    /// The shift after which least has to be drawn, where that pays: of whole rows, or of a pane whatever stands beside it.
    fn shift(&self, sums: &[[u64; PARTS]]) -> Option<Shift> {
        if self.is_still {
            return None;
        }
        let width = self.area().width;
        // Where the rows between the seams stay, nothing has moved but what stands beside them, and no terminal moves that alone.
        if self.parts != Parts::WHOLE && self.drawn.iter().zip(sums).filter(|(drawn, sums)| different(drawn.as_ref(), sums)[1]).count() < 2
        {
            return None;
        }
        let agreed = |number: fn([u64; PARTS]) -> u64| {
            let before = |y: u16| self.drawn.get(usize::from(y))?.as_ref().map(|drawn| number(drawn.sums));
            let now = |y: u16| sums.get(usize::from(y)).copied().map(number);
            let all = 0..cols(sums.len());
            let told = all.clone().filter_map(|y| Some((y, before(y)?)));
            let different = all.filter(|y| before(*y) != now(*y)).filter_map(|y| Some((y, now(y)?)));
            Shift::agreed(told, different)
        };
        let columns = self.parts.columns(width);
        // Columns to draw on a row that has what stood on another.
        let left = |y: u16, from: Option<u16>| -> usize {
            let before = from.and_then(|from| self.drawn.get(usize::from(from))?.as_ref());
            let differ = different(before, &sums.get(usize::from(y)).copied().unwrap_or_default());
            columns.iter().zip(differ).filter(|(_, differs)| *differs).map(|(columns, _)| columns.len()).sum()
        };
        let panes = if self.parts == Parts::WHOLE { None } else { agreed(|[_, rows, _]| rows) };
        // Of equals the last.
        let best = [panes, agreed(together)].into_iter().flatten().map(|shift| {
            let moved: usize = shift.rows().map(|y| left(y, shift.source(y))).sum();
            let stayed: usize = shift.rows().map(|y| left(y, Some(y))).sum();
            (stayed.saturating_sub(moved), shift)
        });
        best.max_by_key(|(spared, _)| *spared).filter(|(spared, _)| *spared > usize::from(width)).map(|(_, shift)| shift)
    }

    /// Draws the cells of some parts of rows.
    fn ink(&mut self, theme: &Theme, wanted: impl Fn(u16) -> [bool; PARTS]) {
        let Self { grid, parts, strokes: Strokes { all, text, .. }, .. } = self;
        let Rect { width, height, .. } = grid.area();
        let columns = parts.columns(width);
        let blank = Glyph::BLANK.styled(theme.base());
        for y in 0..height {
            let (row, _) = grid.row_mut(y);
            for (columns, _) in columns.iter().zip(wanted(y)).filter(|(_, wanted)| *wanted) {
                row.get_mut(columns.clone()).unwrap_or_default().fill(blank);
            }
        }
        // Of what is in several parts all are drawn, or none.
        for stroke in all.iter().filter(|stroke| wanted(stroke.at.1).get(parts.of(stroke.at.0)).is_some_and(|wanted| *wanted)) {
            ink(grid.row_mut(stroke.at.1), stroke, stroke.words(text), theme);
        }
    }
}

/// Which parts of a row are not what they were.
fn changes(((drawn, told), sums): ((&Option<Drawn>, &Told), &[u64; PARTS])) -> [bool; PARTS] {
    let changes = different(drawn.as_ref(), sums);
    if told.is_joined && changes.contains(&true) { [true; PARTS] } else { changes }
}

/// Which parts of a row were drawn with something else; all of them where that is not known.
fn different(drawn: Option<&Drawn>, sums: &[u64; PARTS]) -> [bool; PARTS] {
    let Some(drawn) = drawn else { return [true; PARTS] };
    let mut pairs = drawn.sums.iter().zip(sums);
    std::array::from_fn(|_| pairs.next().is_some_and(|(before, now)| before != now))
}

/// Whether what looks like this is part of a link.
pub(crate) fn leads(style: Style) -> bool {
    style.underline_color.is_some_and(|color| color != Color::Reset)
}

/// Sums a style up.
pub(crate) fn fold(sum: &mut Folding, style: Style) {
    // No colour has this number.
    let color = |color: Option<Color>| color.map_or(u64::from(u32::MAX), color_number);
    sum.write_u64(color(style.fg) << 32 | color(style.bg));
    let modifiers = u64::from(style.add_modifier.bits()) | u64::from(style.sub_modifier.bits()) << 16;
    sum.write_u64(color(style.underline_color) << 32 | modifiers);
}

/// Draws a stroke into the glyphs of its row.
fn ink((row, symbols): (&mut [Glyph], &mut Symbols), stroke: &Stroke, words: &str, theme: &Theme) {
    let Stroke { at: (x, _), width, ref what, style } = *stroke;
    let from = usize::from(x);
    if from >= row.len() {
        return;
    }
    if !matches!(what, What::Back) {
        mend(row, from);
    }
    let to = row.len().min(from + usize::from(width));
    let Some(stretch) = row.get_mut(from..to) else { return };
    match what {
        What::Letters(_) => {
            letters(stretch, symbols, words, style);
        }
        What::Line(line) => {
            let style = style.patch(line.line().style);
            line.within(width, theme).spans.iter().fold(0, |at, span| {
                let room = stretch.get_mut(at..).unwrap_or_default();
                at + letters(room, symbols, &shown(&span.content, theme), style.patch(span.style))
            });
        }
        What::Halves(halves) => halves.ink(stretch, style, theme.depth()),
        What::Blank => stretch.fill(Glyph::BLANK.styled(style)),
        What::Back => {
            let bare = theme.base().fg(Color::Reset).underline_color(Color::Reset).remove_modifier(Modifier::BOLD | Modifier::DIM);
            let words = bare.patch(style);
            for glyph in stretch {
                let back = if glyph.is_picture() { Style::new().fg(darker(glyph.fg())).bg(darker(glyph.bg())) } else { words };
                *glyph = glyph.styled(back);
            }
        }
    }
}

/// Puts letters into a row, as far as there is room, and gives back how many columns they take. What stood there before leaves nothing of
/// its style, and both halves of a wide glyph have the new one.
fn letters(row: &mut [Glyph], symbols: &mut Symbols, words: &str, style: Style) -> usize {
    let blank = Glyph::BLANK.styled(style);
    if runs::is_printable(words) {
        // Each letter is a glyph.
        row.iter_mut().zip(words.bytes()).for_each(|(glyph, letter)| *glyph = blank.with_byte(letter));
        return words.len().min(row.len());
    }
    let mut at = 0;
    for (symbol, columns) in wrap::graphemes(words) {
        let Some(taken) = row.get_mut(at..at + columns) else { break };
        taken.fill(blank);
        if let Some(first) = taken.first_mut() {
            *first = symbols.glyph(symbol, columns).looking_like(blank);
        }
        at += columns;
    }
    at
}

/// Puts a space where a wide glyph's second half is about to be overwritten at a column.
fn mend(row: &mut [Glyph], x: usize) {
    if let Some(glyph) = x.checked_sub(1).and_then(|left| row.get_mut(left)).filter(|glyph| glyph.columns() > 1) {
        *glyph = glyph.with_byte(b' ');
    }
}

/// A colour of a picture that steps back.
fn darker(color: Color) -> Color {
    if let Color::Rgb(red, green, blue) = color { Color::Rgb(red / 3, green / 3, blue / 3) } else { color }
}

/// Where links stand on a row.
fn links(y: u16, row: &[Glyph], theme: &Theme) -> Vec<LinkSpan> {
    let mut links: Vec<LinkSpan> = Vec::new();
    let mut from = 0;
    for glyphs in row.chunk_by(|one, other| one.underline_color() == other.underline_color()) {
        let to = from + cols(glyphs.len());
        let target = glyphs.first().map(|glyph| glyph.underline_color()).filter(|color| *color != Color::Reset);
        let target = target.and_then(|color| theme.targets().of(color));
        links.extend(target.map(|(number, target)| LinkSpan { y, from, to, target, number }));
        from = to;
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Raster;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use ratatui::text::{Line, Span};

    const SCREEN: Rect = Rect { x: 0, y: 0, width: 24, height: 10 };

    fn theme() -> Theme {
        Theme::new(true, false, TimeZone::UTC)
    }

    /// What a reader sees who moves the rows that moved and looks at those that changed.
    fn follow(seen: &mut [Vec<Glyph>], sheet: &Sheet) {
        if let Some(shift) = sheet.moved() {
            shift.apply(seen, Vec::clear);
        }
        for Changed { y, columns } in sheet.changed() {
            let row = &mut seen[usize::from(*y)];
            row.resize(usize::from(SCREEN.width), Glyph::BLANK);
            for columns in columns {
                row[columns.clone()].copy_from_slice(&sheet.row(*y)[columns.clone()]);
            }
        }
    }

    /// Lines from a place on, and something over them.
    fn draw(sheet: &mut Sheet, lines: &[(u8, u8)], top: usize, over: &[(u8, u8, u8)], seams: [u16; PARTS - 1]) -> Vec<LinkSpan> {
        let theme = theme();
        sheet.begin(&theme);
        sheet.part(seams, &theme);
        for (y, (word, style_of)) in (1..SCREEN.height).zip(lines.iter().skip(top)) {
            let text = ["", "plain words", "日本語 and", "e\u{301}é x", "a longer line than there is room for", "👩🏽\u{200d}🚀 up"]
                [usize::from(*word) % 6];
            let style =
                [Style::reset(), Style::reset().fg(Color::Red), Style::reset().bg(Color::Rgb(1, 2, *style_of))][usize::from(*style_of) % 3];
            let at = (u16::from(word % 3), y);
            if style_of.is_multiple_of(2) {
                sheet.letters(at, 20, &format!("{text}{word}"), style, &theme);
            } else {
                let line = Line::from(vec![Span::styled(text, style), Span::raw(word.to_string())]);
                sheet.finished(at, 20, &Arc::new(Finished::new(line)), Style::reset(), &theme);
            }
        }
        for (what, x, y) in over {
            let at = (u16::from(*x) % 30, u16::from(*y) % 12);
            match what % 5 {
                0 => sheet.blank(at, 5, &theme),
                1 => sheet.back(at, 9, theme.rule(), &theme),
                2 => sheet.letters(at, 3, "字x", Style::reset(), &theme),
                3 => drop(sheet.inked(&theme).area()),
                _ => {
                    let raster = Arc::new(Raster::new((2, 4), vec![[x % 2, y % 3, 9]; 8]));
                    sheet.halves(at, Halves { raster, size: (7, 2), row: u16::from(y % 2) }, Style::reset(), &theme);
                }
            }
        }
        sheet.end(&theme)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn what_moved_and_what_changed_make_the_whole(
            lines in prop::collection::vec(any::<(u8, u8)>(), 0..40),
            frames in prop::collection::vec(
                (0_usize..30, prop::collection::vec(any::<(u8, u8, u8)>(), 0..3), any::<bool>(), 0_usize..4),
                1..12,
            ),
        ) {
            let mut sheet = Sheet::new(SCREEN);
            let mut seen = vec![vec![Glyph::BLANK; usize::from(SCREEN.width)]; usize::from(SCREEN.height)];
            for (top, over, is_still, seams) in frames {
                sheet.keep_still(is_still);
                let seams = [Parts::WHOLE.seams, [4, 12], [4, 12], [0, 9]][seams];
                let links = draw(&mut sheet, &lines, top, &over, seams);
                follow(&mut seen, &sheet);
                prop_assert!(!is_still || sheet.moved().is_none());
                let mut whole = Sheet::new(SCREEN);
                prop_assert_eq!(links, draw(&mut whole, &lines, top, &over, Parts::WHOLE.seams));
                prop_assert_eq!(&seen, &(0..SCREEN.height).map(|y| whole.row(y).to_vec()).collect::<Vec<_>>());
                prop_assert_eq!(sheet.cells(), whole.cells());
            }
        }
    }

    #[test]
    fn rows_that_are_what_they_were_are_not_drawn() {
        let lines: Vec<(u8, u8)> = (0..40).map(|number| (number * 5 + 1, 0)).collect();
        let mut sheet = Sheet::new(SCREEN);
        let draw = |sheet: &mut Sheet, top: usize, over: &[(u8, u8, u8)]| draw(sheet, &lines, top, over, Parts::WHOLE.seams);
        let rows = |sheet: &Sheet| sheet.changed().iter().map(|changed| changed.y).collect::<Vec<_>>();
        draw(&mut sheet, 0, &[]);
        assert_eq!(rows(&sheet).len(), 10, "nothing is known at first");
        draw(&mut sheet, 0, &[]);
        assert_eq!((rows(&sheet), sheet.moved()), (vec![], None));
        draw(&mut sheet, 2, &[]);
        assert_eq!(sheet.moved(), Some(Shift { top: 1, bottom: 9, by: -2 }));
        assert_eq!(rows(&sheet), [8, 9]);
        draw(&mut sheet, 2, &[(0, 3, 4)]);
        assert_eq!(rows(&sheet), [4]);
        draw(&mut sheet, 2, &[(3, 0, 0)]);
        assert_eq!(rows(&sheet).len(), 10, "somebody looked at the cells");
        sheet.resize(SCREEN);
        draw(&mut sheet, 2, &[]);
        assert_eq!(rows(&sheet).len(), 10);
    }

    #[test]
    fn a_part_of_a_row_that_is_what_it_was_is_not_drawn() {
        let mut sheet = Sheet::new(SCREEN);
        let draw = |sheet: &mut Sheet, over: &[(u8, u8, u8)]| {
            draw(sheet, &[(1, 0); 9], 0, over, [4, 12]);
            sheet.changed().to_vec()
        };
        draw(&mut sheet, &[]);
        // The lines above begin in the first and end in the last.
        let above = |columns| [Changed { y: 0, columns }];
        assert_eq!(draw(&mut sheet, &[(0, 14, 0)]), above([0..0, 0..0, 12..24]));
        assert_eq!(draw(&mut sheet, &[(0, 14, 0), (2, 0, 0)]), above([0..4, 0..0, 0..0]));
        let whole = [Changed::whole(0, SCREEN.width)];
        assert_eq!(draw(&mut sheet, &[(0, 10, 0)]), whole, "it lies over two");
        assert_eq!(draw(&mut sheet, &[(0, 10, 0), (2, 0, 0)]), whole);
    }
}
