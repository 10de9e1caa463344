//! `Painter`: puts lines on the screen's cells. Everything drawn goes through here, so nothing leaves its pane.
//!
//! Beside the line between panes a column stays empty, so that the line is placed anew even where a terminal measures a
//! cluster differently. Absent on purpose: what is drawn, and which cells have to be for it (`sheet`).

use crate::filter::Pattern;
use crate::media::{Gallery, Laid};
use crate::state::LinkSpan;
use crate::state::PicturePlace;
use crate::text::wrap;
use crate::ui::aside::Aside;
use crate::ui::emojis;
use crate::ui::finished::{Finished, Piece};
use crate::ui::found;
use crate::ui::halves::Halves;
use crate::ui::line::{Card, CardLine, Head, cols, cut_line, line_width, shown};
use crate::ui::pictures;
use crate::ui::sheet::{PARTS, Sheet};
use crate::ui::theme::Theme;
use crate::ui::times::Clock;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use std::borrow::Cow;
use std::sync::Arc;

/// The screen while it is being drawn.
#[derive(Debug)]
pub(crate) struct Painter<'a> {
    pub(crate) theme: &'a Theme,
    pub(crate) clock: Clock<'a>,
    /// Where the terminal's own cursor goes; it is hidden where nothing asks for it.
    pub(crate) cursor: Option<(u16, u16)>,
    /// Rows that entries of a list of uneven ones take, as in `Measured::choices`.
    pub(crate) choices: Vec<(u16, u16, usize)>,
    /// Pictures that are here, to draw from.
    pub(crate) gallery: Gallery,
    /// Whether pictures may be laid over the screen by the terminal's own means: nothing may lie over them.
    pub(crate) lays: bool,
    /// Whether what is in view goes by too fast for any more pictures than there are.
    pub(crate) is_rushed: bool,
    /// Pictures in view.
    pub(crate) places: Vec<PicturePlace>,
    /// Those of them that the terminal is to lay over the screen.
    pub(crate) laid: Vec<Laid>,
    /// How letters look of which nothing is said.
    ground: Style,
    sheet: &'a mut Sheet,
}

impl<'a> Painter<'a> {
    pub(crate) fn new(sheet: &'a mut Sheet, theme: &'a Theme, clock: Clock<'a>) -> Self {
        sheet.begin(theme);
        Self {
            theme,
            clock,
            cursor: None,
            choices: Vec::new(),
            gallery: Gallery::default(),
            lays: false,
            is_rushed: false,
            places: Vec::new(),
            laid: Vec::new(),
            ground: Style::reset().patch(theme.base()),
            sheet,
        }
    }

    /// The whole screen.
    pub(crate) fn screen(&self) -> Rect {
        self.sheet.area()
    }

    /// Tells panes apart that begin at these columns. Before anything is drawn.
    pub(crate) fn part(&mut self, seams: [u16; PARTS - 1]) {
        self.sheet.part(seams, self.theme);
    }

    /// Draws text in at most `width` columns and gives back the column after it.
    pub(crate) fn text(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        if emojis::has_mark(text) { self.with_emojis(x, y, width, text, style) } else { self.letters(x, y, width, text, style) }
    }

    fn with_emojis(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let end = x.saturating_add(width).min(self.screen().right());
        let (mut at, mut rest) = (x, text);
        while let Some((before, after)) = rest.split_once(emojis::is_mark) {
            at = self.letters(at, y, end.saturating_sub(at), before, style);
            let mark = rest.get(before.len()..).and_then(|mark| mark.chars().next());
            let room = end.saturating_sub(at);
            match mark.and_then(|mark| self.theme.emojis().of(mark)) {
                Some(emoji) if room >= emojis::COLUMNS => {
                    pictures::emoji(self, (at, y), &emoji, style);
                    at += emojis::COLUMNS;
                }
                // Half of one is none.
                Some(_) | None => at = self.letters(at, y, room.min(emojis::COLUMNS), "  ", style),
            }
            rest = after;
        }
        self.letters(at, y, end.saturating_sub(at), rest, style)
    }

    fn letters(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        let columns = cols(wrap::columns_within(text, usize::from(self.room(x, y, width))));
        if columns > 0 {
            self.ink((x, y), columns, &shown(text, self.theme), style);
        }
        x + columns
    }

    /// How many of `width` columns from a place on there are on the screen.
    fn room(&self, x: u16, y: u16, width: u16) -> u16 {
        let area = self.screen();
        if area.contains(Position { x, y }) { width.min(area.right() - x) } else { 0 }
    }

    /// Draws one cell of a picture.
    pub(crate) fn cell(&mut self, x: u16, y: u16, symbol: &str, style: Style) {
        self.ink((x, y), 1, symbol, style);
    }

    /// Draws a row of a picture.
    pub(crate) fn halves(&mut self, x: u16, y: u16, halves: Halves) {
        self.sheet.halves((x, y), halves, self.ground, self.theme);
    }

    fn ink(&mut self, at: (u16, u16), columns: u16, text: &str, style: Style) {
        self.sheet.letters(at, columns, text, self.ground.patch(style), self.theme);
    }

    /// Whether a cell is empty, with letters of this colour if it had any. From then on nothing of this frame is saved.
    pub(crate) fn is_empty(&mut self, x: u16, y: u16, color: Option<Color>) -> bool {
        let glyph = self.sheet.inked(self.theme).glyph(Position { x, y });
        glyph.is_some_and(|glyph| glyph.byte() == Some(b' ') && color.is_none_or(|color| glyph.fg() == color))
    }

    /// Draws a line in at most `width` columns, cut with an ellipsis, and gives back the column after it.
    pub(crate) fn line(&mut self, x: u16, y: u16, width: u16, line: &Line<'_>) -> u16 {
        let short = cut_line(line, usize::from(width), self.theme);
        let end = x.saturating_add(width);
        let style = line.style;
        short.spans.iter().fold(x, |at, span| self.text(at, y, end.saturating_sub(at), &span.content, style.patch(span.style)))
    }

    /// Draws a finished line in at most `width` columns, cut with an ellipsis.
    fn finished(&mut self, x: u16, y: u16, width: u16, line: &Arc<Finished>) {
        if line.has_marks() {
            self.line(x, y, width, line.line());
            return;
        }
        let columns = self.room(x, y, width.min(line.columns()));
        if columns > 0 {
            self.sheet.finished((x, y), columns, line, self.ground, self.theme);
        }
    }

    /// Draws finished lines into a row.
    pub(crate) fn pieces(&mut self, y: u16, pieces: &[Piece]) {
        for (x, width, line) in pieces {
            self.finished(*x, y, *width, line);
        }
    }

    /// Draws a line so that it ends before column `right`; gives back where it starts.
    pub(crate) fn line_to(&mut self, right: u16, y: u16, width: u16, line: &Line<'_>) -> u16 {
        let own = cols(line_width(line)).min(width);
        let x = right.saturating_sub(own);
        self.line(x, y, own, line);
        x
    }

    /// Draws the same glyph of one column over a whole row.
    pub(crate) fn row_of(&mut self, x: u16, y: u16, width: u16, glyph: &str, style: Style) {
        let glyphs = if width == 1 { Cow::Borrowed(glyph) } else { Cow::Owned(glyph.repeat(usize::from(width))) };
        self.ink((x, y), width, &glyphs, style);
    }

    /// Draws the same glyph of one column over a whole column.
    pub(crate) fn column_of(&mut self, x: u16, y: u16, height: u16, glyph: &str, style: Style) {
        for row in y..y.saturating_add(height).min(self.screen().bottom()) {
            self.ink((x, row), 1, glyph, style);
        }
    }

    /// Ends the frame; gives back where links stand, from top to bottom.
    pub(crate) fn end(self) -> Vec<LinkSpan> {
        self.sheet.end(self.theme)
    }

    /// Empties an area, with the other halves of wide glyphs that its edges cut.
    pub(crate) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.screen());
        for y in area.top()..area.bottom() {
            self.sheet.blank((area.x, y), area.width, self.theme);
        }
    }

    /// Lets what an area shows step back behind what is drawn over it next.
    pub(crate) fn step_back(&mut self, area: Rect) {
        let area = area.intersection(self.screen());
        for y in area.top()..area.bottom() {
            self.sheet.back((area.x, y), area.width, self.theme.rule(), self.theme);
        }
    }

    /// Draws the lines `from..` of a card into an area; gives back how many were drawn.
    pub(crate) fn card(&mut self, area: Rect, card: &Card, from: u16) -> u16 {
        let in_view = || card.lines.iter().skip(usize::from(from)).take(usize::from(area.height));
        self.asides(area, in_view());
        let mut lines = in_view().map(CardLine::apart).peekable();
        let mut drawn = 0;
        while let Some((indent, line)) = lines.next() {
            let (x, y, width) = (area.x + indent, area.y + drawn, area.width.saturating_sub(indent));
            drawn += 1;
            if let CardLine::Picture(strip, row) = line {
                let mut count = 1;
                while lines.next_if(|(_, next)| matches!(next, CardLine::Picture(same, _) if Arc::ptr_eq(same, strip))).is_some() {
                    count += 1;
                }
                drawn += count - 1;
                pictures::draw(self, (x, y), strip, *row, count);
            } else {
                self.card_line(x, y, width, line);
            }
        }
        drawn
    }

    /// Draws the pictures left of lines, as far as they are in view.
    fn asides<'c>(&mut self, area: Rect, lines: impl Iterator<Item = &'c CardLine>) {
        let mut last: Option<&Arc<Aside>> = None;
        let mut lines = (area.y..).zip(lines).peekable();
        while let Some((y, line)) = lines.next() {
            let CardLine::Beside(aside, row, _) = line else { continue };
            let is_further = last.is_some_and(|last| Arc::ptr_eq(last, aside)) && *row > 0;
            last = Some(aside);
            if is_further || *row >= aside.strip.rows {
                continue;
            }
            let mut count = 1;
            while let Some((_, CardLine::Beside(same, ..))) = lines.peek()
                && Arc::ptr_eq(same, aside)
                && row + count < aside.strip.rows
            {
                count += 1;
                lines.next();
            }
            pictures::draw(self, (area.x, y), &aside.strip, *row, count);
        }
    }

    fn card_line(&mut self, x: u16, y: u16, width: u16, line: &CardLine) {
        match line {
            CardLine::Text(line) => self.finished(x, y, width, line),
            CardLine::Head(head) => self.head(x, y, width, head),
            CardLine::Picture(strip, row) => pictures::draw(self, (x, y), strip, *row, 1),
            CardLine::Beside(aside, _, line) => self.card_line(x + aside.indent, y, width.saturating_sub(aside.indent), line),
            CardLine::Left(before, until) => {
                let words = self.clock.left(*until).map_or_else(|| "ended".to_owned(), |left| format!("{left} left"));
                let mut line = before.clone();
                line.push_span(Span::styled(words, self.theme.dim()));
                self.line(x, y, width, &line);
            }
        }
    }

    fn head(&mut self, x: u16, y: u16, width: u16, head: &Head) {
        let age = head.at.map(|at| self.clock.age(at));
        let right = [head.word.clone(), age].into_iter().flatten().collect::<Vec<_>>().join(" ");
        let right_width = cols(wrap::width(&right)).min(width / 2);
        let room = width.saturating_sub(right_width + u16::from(right_width > 0) * 2);
        let rest_width = cols(line_width(&head.rest));
        // What follows the name gives way first, the name only where it is very long.
        let most = room.saturating_sub(rest_width + 1).max(room.saturating_mul(2) / 3);
        let name_room = if rest_width == 0 { room } else { most };
        let mut end = self.line(x, y, name_room, &head.name);
        let left = (x + room).saturating_sub(end + 1);
        if rest_width > 0 && left >= 4 {
            end = self.line(end + 1, y, left, &head.rest);
        }
        debug_assert!(end <= x + width, "a heading left its pane");
        self.text(x + width - right_width, y, right_width, &right, self.theme.dim());
    }

    /// Marks what is searched for in an area that is drawn.
    pub(crate) fn mark_found(&mut self, area: Rect, pattern: &Pattern) {
        found::mark(self.sheet.inked(self.theme), self.theme, area, pattern);
    }
}
