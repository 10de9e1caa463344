//! The links of a post: number, words, what should be known, and the whole real address with its host standing out.
//!
//! What may mislead stands above the address, so that a long one cannot push it out of view.

use super::{inner_width, more, panel, words};
use crate::command::Command;
use crate::state::{LinkChoice, LinkList, OverlayPane, State};
use crate::text::{Doubt, wrap};
use crate::ui::line::{cols, cut, line_width, plain};
use crate::ui::paint::Painter;
use crate::ui::theme::Theme;
use crate::ui::timeline::cells;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

/// The widest that addresses are set, in columns.
const WIDEST: u16 = 96;
/// Columns before what is said of a link: the bar, and its number.
const MARGIN: u16 = 5;

/// Draws the links.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, list: &LinkList) -> OverlayPane {
    let theme = painter.theme;
    let width = inner_width(body, WIDEST);
    let room = width.saturating_sub(MARGIN).max(1);
    let blocks: Vec<Vec<Line<'static>>> = list.links.iter().map(|link| block(link, theme, room)).collect();
    let spaced = blocks.iter().map(|block| block.len() + 1).sum::<usize>() + 2 < usize::from(body.height);
    let gap = usize::from(spaced);
    let total: usize = blocks.iter().map(|block| block.len() + gap).sum::<usize>().saturating_sub(gap);
    let title = if list.folded { "Links beside the folded words" } else { "Links" };
    let area = panel(painter, body, title, (width, cols(total + 2)));
    let foot = u16::from(area.height > 3) * 2;
    let view = Rect { height: area.height.saturating_sub(foot), ..area };
    let (first, most) = first_line(list, &blocks, gap, total, usize::from(view.height));
    let mut at = 0;
    let mut drawn = 0;
    for (index, block) in blocks.iter().enumerate() {
        let (from, to) = (at, at + block.len());
        at = to + gap;
        let Some(rows) = rows_in_view(view, first, from, to) else { continue };
        drawn += 1;
        painter.choices.push((rows.y, rows.bottom(), index));
        let chosen = index == list.chosen;
        for (line, y) in block.iter().skip(first.saturating_sub(from)).zip(rows.y..rows.bottom()) {
            if chosen {
                painter.text(view.x, y, 1, theme.glyphs().selection, theme.accent());
            }
            painter.line(view.x + MARGIN, y, view.width.saturating_sub(MARGIN), line);
        }
        if from >= first {
            let style = if chosen { theme.fresh() } else { theme.dim() };
            painter.text(view.x + 1, rows.y, MARGIN - 2, &format!("{:>3}", index + 1), style);
        }
    }
    if foot > 0 {
        hints(painter, state, list, Rect { y: area.bottom() - 1, height: 1, ..area });
    }
    more(painter, area, body, cols(total.saturating_sub(first + usize::from(view.height))));
    OverlayPane { area: cells(view), first: (view.y, 0), entries: drawn, most }
}

/// The first line in view, and how far it can be scrolled on from where the chosen link is in view.
fn first_line(list: &LinkList, blocks: &[Vec<Line<'static>>], gap: usize, total: usize, height: usize) -> (usize, u16) {
    let above: usize = blocks.iter().take(list.chosen).map(|block| block.len() + gap).sum();
    let own = blocks.get(list.chosen).map_or(0, Vec::len);
    let end = total.saturating_sub(height);
    // Whole where it fits, and from its beginning where it does not.
    let least = (above + own).saturating_sub(height).min(above);
    let base = above.saturating_sub(height / 3).max(least).min(end);
    ((base + usize::from(list.scroll)).min(end), cols(end - base))
}

/// The rows of the view that the lines `from..to` take; `None` where they are out of it.
fn rows_in_view(view: Rect, first: usize, from: usize, to: usize) -> Option<Rect> {
    let top = from.max(first) - first;
    let bottom = to.saturating_sub(first).min(usize::from(view.height));
    (top < bottom).then(|| Rect { y: view.y + cols(top), height: cols(bottom - top), ..view })
}

fn block(link: &LinkChoice, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let mut head = Line::default();
    let what = if link.what.is_empty() { String::new() } else { format!("  {}", link.what) };
    let said = if link.words.is_blank() { "no words" } else { link.words.as_str() };
    let style = if link.words.is_blank() { theme.dim() } else { Style::new() };
    head.push_span(words(cut(said, usize::from(width).saturating_sub(what.len()), theme).into_owned(), style));
    head.push_span(words(what, theme.dim()));
    let mut lines = vec![head];
    for doubt in link.address.doubts() {
        let mark = Span::styled(format!("{} ", theme.glyphs().notice), theme.bad());
        let told = plain(&doubt_words(doubt, link), width.saturating_sub(2), theme.bold());
        lines.extend(crate::ui::line::hang(told, &mark, &Span::raw("  ")));
    }
    lines.extend(address(link, theme, width));
    lines
}

/// What should be known of an address before it is opened.
pub(crate) fn doubt_words(doubt: &Doubt, link: &LinkChoice) -> String {
    let host = link.address.host().map_or("", |host| host.as_str());
    match doubt {
        Doubt::Elsewhere(said) => format!("the words say {said}, but it leads to {host}"),
        Doubt::Foreign(looks) => format!("{host} would look like {looks}: letters beyond ASCII"),
        Doubt::Login(before) => format!("what stands before the @ ({}) is a name; the host is {host}", before.truncate(40)),
        Doubt::Port(port) => format!("a port of its own: {port}"),
        Doubt::Scheme(scheme) => format!("{scheme}: is not of the web; it can be copied, not opened"),
        Doubt::Unreadable => "this is no address; it can be copied, not opened".to_owned(),
    }
}

/// The whole address over as many lines as it takes, its host bold.
fn address(link: &LinkChoice, theme: &Theme, width: u16) -> Vec<Line<'static>> {
    let shown = link.address.shown().as_str();
    let (style, bold) = (theme.link_mark(), theme.link_mark().add_modifier(Modifier::BOLD));
    let host = link.address.host().map_or("", |host| host.as_str());
    // After the login, which may say anything.
    let authority = shown.split_once("://").map_or(0, |(scheme, _)| scheme.len() + 3);
    let end = shown.get(authority..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(shown.len(), |end| authority + end);
    let login = shown.get(authority..end).and_then(|all| all.rfind('@')).map_or(authority, |at| authority + at + 1);
    let (from, to) = if host.is_empty() { (0, 0) } else { (login, login + host.len()) };
    let mut lines = Vec::new();
    let mut at = 0;
    for text in wrap::wrap_str(shown, width) {
        let start = at;
        at += text.len();
        let part = |a: usize, b: usize| text.get(a.clamp(start, at) - start..b.clamp(start, at) - start).unwrap_or_default().to_owned();
        let spans = [(part(start, from), style), (part(from, to), bold), (part(to, at), style)];
        lines.push(Line::from(
            spans.into_iter().filter(|(text, _)| !text.is_empty()).map(|(text, style)| words(text, style)).collect::<Vec<_>>(),
        ));
    }
    lines
}

fn hints(painter: &mut Painter<'_>, state: &State, list: &LinkList, area: Rect) {
    let theme = painter.theme;
    let opens = list.choice().is_some_and(|link| link.address.web().is_some());
    let mut line = Line::default();
    let all = [(Command::Read, if opens { "opens" } else { "" }), (Command::CopyUrl, "copies"), (Command::Back, "closes")];
    for (key, words_) in
        all.into_iter().filter(|(_, words)| !words.is_empty()).filter_map(|(command, words)| Some((state.first_key(command)?, words)))
    {
        line.push_span(words(key.to_owned(), theme.bold()));
        line.push_span(words(format!(" {words_}  "), theme.dim()));
    }
    // Beneath the words of the links, or from the edge where there is little room.
    let margin = MARGIN.min(area.width.saturating_sub(cols(line_width(&line))));
    painter.line(area.x + margin, area.y, area.width.saturating_sub(margin), &line);
}
