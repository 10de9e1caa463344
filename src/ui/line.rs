//! Lines: text cut and marked for the screen. Knows styles and widths, but not where anything stands.
//!
//! Wrapping and cutting are `text::wrap`'s; ratatui is never asked to wrap what strangers wrote.

use crate::model::{Emoji, Timestamp};
use crate::text::{LinkKind, Mark, RichText, Role, WebAddress, wrap};
use crate::ui::aside::Aside;
use crate::ui::finished::Finished;
use crate::ui::pictures::Strip;
use crate::ui::theme::Theme;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use std::borrow::Cow;
use std::sync::Arc;

/// A line of a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CardLine {
    /// Finished text.
    Text(Arc<Finished>),
    /// A heading whose right end tells an age; that is drawn over it each time.
    Head(Head),
    /// Finished text that ends in the time left until then, or in the word for "over".
    Left(Line<'static>, Timestamp),
    /// A row of pictures, the row of that number.
    Picture(Arc<Strip>, u16),
    /// A line right of a small picture, the line of that number from its top on; most are beneath it.
    Beside(Arc<Aside>, u16, Box<Self>),
}

impl CardLine {
    /// Finished text.
    pub(crate) fn text(line: Line<'static>) -> Self {
        Self::Text(Arc::new(Finished::new(line)))
    }

    /// The columns before it, and the line itself.
    pub(crate) fn apart(&self) -> (u16, &Self) {
        match self {
            Self::Beside(aside, _, line) => (aside.indent, line),
            Self::Text(_) | Self::Head(_) | Self::Left(..) | Self::Picture(..) => (0, self),
        }
    }
}

/// A heading: a name that is kept as long as possible, what follows it, and at the right a word and an age.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) name: Line<'static>,
    pub(crate) rest: Line<'static>,
    pub(crate) word: Option<String>,
    pub(crate) at: Option<Timestamp>,
}

/// Lines of one row or pane, laid out for one width.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) lines: Vec<CardLine>,
}

impl Card {
    /// Its height in lines.
    pub(crate) fn height(&self) -> u16 {
        cols(self.lines.len())
    }

    pub(crate) fn push(&mut self, line: impl Into<Line<'static>>) {
        self.lines.push(CardLine::text(line.into()));
    }

    pub(crate) fn extend(&mut self, lines: impl IntoIterator<Item = Line<'static>>) {
        self.lines.extend(lines.into_iter().map(CardLine::text));
    }

    pub(crate) fn blank(&mut self) {
        self.push(Line::default());
    }
}

/// A count as columns or rows of a screen.
pub(crate) fn cols(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Width of a line in columns.
pub(crate) fn line_width(line: &Line<'_>) -> usize {
    line.spans.iter().map(|span| wrap::width(&span.content)).sum()
}

/// Text as it is drawn: where nothing but ASCII can be shown, so is the box in the place of a letter that was not clean.
pub(crate) fn shown<'t>(text: &'t str, theme: &Theme) -> Cow<'t, str> {
    if theme.is_ascii() && text.contains('\u{25af}') { Cow::Owned(text.replace('\u{25af}', "?")) } else { Cow::Borrowed(text) }
}

/// Cuts text to a width; where something was cut it ends in an ellipsis.
pub(crate) fn cut<'t>(text: &'t str, width: usize, theme: &Theme) -> Cow<'t, str> {
    let short = wrap::truncate(text, width);
    if theme.is_ascii() && short.len() != text.len() {
        return Cow::Owned(short.strip_suffix('…').map_or_else(|| short.to_string(), |kept| format!("{kept}{}", theme.glyphs().ellipsis)));
    }
    short
}

/// Cuts a line to a width; where something was cut it ends in an ellipsis.
pub(crate) fn cut_line<'l, 't>(line: &'l Line<'t>, width: usize, theme: &Theme) -> Cow<'l, Line<'t>> {
    // No character has more columns than bytes.
    if line.spans.iter().map(|span| span.content.len()).sum::<usize>() <= width || line_width(line) <= width {
        return Cow::Borrowed(line);
    }
    let mut left = width;
    let mut short = Line::default();
    for (index, span) in line.spans.iter().enumerate() {
        let own = wrap::width(&span.content);
        let later: usize = line.spans.iter().skip(index + 1).map(|span| wrap::width(&span.content)).sum();
        if own + later.min(1) <= left {
            left -= own;
            short.push_span(span.clone());
            continue;
        }
        // The ellipsis also stands for what the later spans say.
        let cut = if own <= left { ellipsis_after(&span.content, left, theme) } else { cut(&span.content, left, theme).into_owned() };
        short.push_span(Span::styled(cut, span.style));
        break;
    }
    Cow::Owned(short)
}

/// As much of a text as fits before an ellipsis, and the ellipsis.
fn ellipsis_after(text: &str, width: usize, theme: &Theme) -> String {
    let marked = format!("{text}…");
    let short = wrap::truncate(&marked, width);
    short.strip_suffix('…').map_or_else(String::new, |kept| format!("{kept}{}", theme.glyphs().ellipsis))
}

/// Rich text as lines of at most `width` columns; custom emoji are pictures, or their shortcodes step back.
pub(crate) fn rich(text: &RichText, width: u16, theme: &Theme, emojis: &[Emoji]) -> Vec<Line<'static>> {
    let text = &*theme.emojis().in_words(text, emojis);
    wrap::wrap(text, width.max(1))
        .into_iter()
        .map(|wrapped| {
            let mut line = Line::default();
            for piece in wrapped.pieces {
                let style = leading(role_style(piece.role, theme), piece.role, text, theme);
                match piece.role {
                    Role::Quote => line.push_span(Span::styled(quote_bar(&piece.text, theme), style)),
                    Role::Text(_) if !emojis.is_empty() => push_with_emojis(&mut line, &piece.text, style, emojis, theme),
                    Role::Marker if theme.is_ascii() => line.push_span(Span::styled(piece.text.replace('•', "*"), style)),
                    Role::Text(_) | Role::Heading(_) | Role::Marker => line.push_span(Span::styled(piece.text, style)),
                }
            }
            line
        })
        .collect()
}

/// Plain text as lines of at most `width` columns.
pub(crate) fn plain(text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    wrap::wrap_str(text, width.max(1)).into_iter().map(|text| Line::styled_span(text, style)).collect()
}

/// Puts a prefix before the first line and another, as wide, before the rest.
pub(crate) fn hang(lines: Vec<Line<'static>>, first: &Span<'static>, later: &Span<'static>) -> Vec<Line<'static>> {
    lines
        .into_iter()
        .enumerate()
        .map(|(index, mut line)| {
            line.spans.insert(0, if index == 0 { first.clone() } else { later.clone() });
            line
        })
        .collect()
}

/// Keeps the first `most` lines; where some are missing the last kept one ends in an ellipsis.
pub(crate) fn ellipsize(lines: &mut Vec<Line<'static>>, most: usize, width: u16, theme: &Theme) {
    if lines.len() <= most.max(1) {
        return;
    }
    lines.truncate(most.max(1));
    if let Some(last) = lines.last_mut() {
        let mut short = cut_line(last, usize::from(width.saturating_sub(1)), theme).into_owned();
        let ends_so = short.spans.last().is_some_and(|span| span.content.ends_with(theme.glyphs().ellipsis));
        if !ends_so {
            short.push_span(Span::styled(theme.glyphs().ellipsis, theme.dim()));
        }
        *last = short;
    }
}

/// Keeps the first `most` lines; the last kept one is replaced by how many are missing and how to see them.
pub(crate) fn shorten<T>(lines: &mut Vec<T>, most: usize, more: impl FnOnce(usize) -> T) {
    let most = most.max(1);
    if lines.len() > most {
        let missing = lines.len() + 1 - most;
        lines.truncate(most - 1);
        lines.push(more(missing));
    }
}

trait StyledSpan {
    fn styled_span(text: String, style: Style) -> Self;
}

impl StyledSpan for Line<'static> {
    fn styled_span(text: String, style: Style) -> Self {
        Self::from(Span::styled(text, style))
    }
}

fn quote_bar(text: &str, theme: &Theme) -> String {
    text.chars().map(|ch| if ch == ' ' { " " } else { theme.glyphs().vertical }).collect()
}

fn role_style(role: Role, theme: &Theme) -> Style {
    match role {
        Role::Text(mark) => mark_style(mark, theme),
        Role::Heading(mark) => mark_style(mark, theme).add_modifier(Modifier::BOLD),
        Role::Quote | Role::Marker => theme.dim(),
    }
}

/// The style with where the words lead, if they lead anywhere on the web.
fn leading(style: Style, role: Role, text: &RichText, theme: &Theme) -> Style {
    let index = match role {
        Role::Text(mark) | Role::Heading(mark) => mark.link.map(|(index, _)| index),
        Role::Quote | Role::Marker => None,
    };
    let link = index.and_then(|index| text.links.get(usize::from(index)));
    match link.and_then(|link| WebAddress::read(link.url.as_str())) {
        Some(address) => style.underline_color(theme.targets().color(&address)),
        None => style,
    }
}

fn mark_style(mark: Mark, theme: &Theme) -> Style {
    let mut style = match mark.link {
        Some((_, LinkKind::Web)) => theme.link(),
        Some((_, LinkKind::Mention | LinkKind::Hashtag)) => theme.tag(),
        None => Style::new(),
    };
    for (on, modifier) in [(mark.em, Modifier::ITALIC), (mark.strong, Modifier::BOLD), (mark.strike, Modifier::CROSSED_OUT)] {
        if on {
            style = style.add_modifier(modifier);
        }
    }
    if mark.code && mark.link.is_none() { style.patch(theme.code()) } else { style }
}

fn push_with_emojis(line: &mut Line<'static>, text: &str, style: Style, emojis: &[Emoji], theme: &Theme) {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once(':') {
        plain.push_str(before);
        let name = after.split_once(':').filter(|(name, _)| emojis.iter().any(|emoji| emoji.shortcode.as_str() == *name));
        if let Some((name, later)) = name {
            line.push_span(Span::styled(std::mem::take(&mut plain), style));
            line.push_span(Span::styled(format!(":{name}:"), style.patch(theme.dim())));
            rest = later;
        } else {
            plain.push(':');
            rest = after;
        }
    }
    plain.push_str(rest);
    line.push_span(Span::styled(plain, style));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Plain;
    use jiff::tz::TimeZone;

    fn theme() -> Theme {
        Theme::new(true, false, TimeZone::UTC)
    }

    #[test]
    fn shortcodes_of_known_emoji_step_back_and_colons_stay() {
        let mut line = Line::default();
        push_with_emojis(
            &mut line,
            "at 12:30 :blobcat: and :other:",
            Style::new(),
            &[Emoji { shortcode: Plain::line("blobcat"), picture: None }],
            &theme(),
        );
        let words: Vec<(&str, bool)> = line.spans.iter().map(|span| (&*span.content, span.style == theme().dim())).collect();
        assert_eq!(words, [("at 12:30 ", false), (":blobcat:", true), (" and :other:", false)]);
    }

    #[test]
    fn a_line_is_cut_across_its_spans() {
        let line = Line::from(vec![Span::raw("one "), Span::raw("two "), Span::raw("three")]);
        for width in 0..16 {
            let short = cut_line(&line, width, &theme());
            assert!(line_width(&short) <= width, "{width}: {short:?}");
        }
        assert_eq!(*cut_line(&line, 13, &theme()), line);
        assert_eq!(cut_line(&line, 8, &theme()).to_string(), "one two…");
    }

    #[test]
    fn shortening_counts_the_line_that_it_replaces() {
        let mut lines = vec![1, 2, 3, 4, 5];
        shorten(&mut lines, 3, |missing| missing * 100);
        assert_eq!(lines, [1, 2, 300]);
    }
}
