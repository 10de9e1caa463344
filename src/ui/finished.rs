//! `Finished`: a line with nothing left to fill in, of a card or of a bar.
//!
//! It is measured and summed up once, when it is laid out. A frame names it, and looks at its words only where they have to be drawn.
//! Absent on purpose: where it stands.

use crate::state::hashed::Keyed;
use crate::ui::emojis;
use crate::ui::line::{cols, cut_line, line_width};
use crate::ui::sheet::{fold, leads};
use crate::ui::theme::Theme;
use ratatui::text::Line;
use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::Arc;

/// A finished line of a bar: its column, the columns that it may take, and itself.
pub(crate) type Piece = (u16, u16, Arc<Finished>);

/// A finished line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    line: Line<'static>,
    columns: u16,
    sum: u64,
    has_links: bool,
    has_marks: bool,
}

impl Finished {
    pub(crate) fn new(line: Line<'static>) -> Self {
        let mut sum = Keyed::default().build_hasher();
        fold(&mut sum, line.style);
        for span in &line.spans {
            fold(&mut sum, span.style);
            // Where one ends and the next begins is part of it.
            sum.write_u64(span.content.len() as u64);
            sum.write(span.content.as_bytes());
        }
        Self {
            columns: cols(line_width(&line)),
            sum: sum.finish(),
            has_links: leads(line.style) || line.spans.iter().any(|span| leads(span.style)),
            has_marks: line.spans.iter().any(|span| emojis::has_mark(&span.content)),
            line,
        }
    }

    /// Its words and how they look.
    pub(crate) fn line(&self) -> &Line<'static> {
        &self.line
    }

    /// Its words in at most `width` columns, cut with an ellipsis.
    pub(crate) fn within(&self, width: u16, theme: &Theme) -> Cow<'_, Line<'static>> {
        if self.columns <= width { Cow::Borrowed(&self.line) } else { cut_line(&self.line, usize::from(width), theme) }
    }

    /// Its width.
    pub(crate) fn columns(&self) -> u16 {
        self.columns
    }

    /// A number that tells it from other lines.
    pub(crate) fn sum(&self) -> u64 {
        self.sum
    }

    /// Whether some of its words lead somewhere.
    pub(crate) fn has_links(&self) -> bool {
        self.has_links
    }

    /// Whether custom emoji stand in it, which may become pictures at any time.
    pub(crate) fn has_marks(&self) -> bool {
        self.has_marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::sheet::Sheet;
    use jiff::tz::TimeZone;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Modifier, Style};
    use ratatui::text::Span;

    #[test]
    fn a_line_that_is_named_is_drawn_as_its_words_are() {
        let theme = Theme::new(true, false, TimeZone::UTC);
        let red = Style::new().fg(Color::Red);
        let spans =
            vec![Span::raw("one "), Span::styled("\u{65e5}\u{672c}", red), Span::raw(" e\u{301} and "), Span::styled("more", theme.bold())];
        let line = Line::from(spans).style(Style::new().underline_color(Color::Rgb(1, 2, 3)));
        let finished = Arc::new(Finished::new(line.clone()));
        assert_eq!((usize::from(finished.columns()), finished.has_links()), (line_width(&line), true));
        let screen = Rect::new(0, 0, 30, 1);
        for width in 1..24 {
            let (mut named, mut written) = (Sheet::new(screen), Sheet::new(screen));
            named.begin(&theme);
            named.finished((2, 0), width.min(finished.columns()), &finished, theme.dim(), &theme);
            let links = named.end(&theme);
            written.begin(&theme);
            let mut at = 2;
            for span in &cut_line(&line, usize::from(width), &theme).spans {
                let columns = cols(line_width(&Line::from(span.clone())));
                written.letters((at, 0), columns, &span.content, theme.dim().patch(line.style).patch(span.style), &theme);
                at += columns;
            }
            assert_eq!(links, written.end(&theme), "{width}");
            assert_eq!(named.cells(), written.cells(), "{width}");
        }
    }

    #[test]
    fn lines_that_look_different_have_different_sums() {
        let line = |spans: &[(&'static str, Style)]| {
            Finished::new(spans.iter().map(|(words, style)| Span::styled(*words, *style)).collect()).sum()
        };
        let (plain, bold) = (Style::new(), Style::new().add_modifier(Modifier::BOLD));
        let all = [
            line(&[]),
            line(&[("ab", plain)]),
            line(&[("ab", bold)]),
            line(&[("a", plain), ("b", bold)]),
            line(&[("a", bold), ("b", plain)]),
            line(&[("ab", plain.underline_color(Color::Red))]),
        ];
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), all.len());
        assert_eq!(line(&[("ab", bold)]), line(&[("ab", bold)]));
    }
}
