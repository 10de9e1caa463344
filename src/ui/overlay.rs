//! Frame and placement of overlays; one file for each in `ui/overlay/`.

mod accounts;
mod announcements;
mod edits;
mod health;
mod help;
pub(crate) mod links;
mod palette;
mod profile;
mod search;
mod subscribe;
mod themes;
mod viewer;

use crate::command::{Command, Row};
use crate::keymap::Sequence;
use crate::state::{Measured, Overlay, OverlayPane, Pick, Picker, Prompt, State};
use crate::text::{Plain, wrap};
use crate::ui::cards::Cards;
use crate::ui::line::cols;
use crate::ui::paint::Painter;
use crate::ui::timeline::cells;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

/// Draws what lies over the panes; measures the list or text of the top one.
pub(crate) fn draw(painter: &mut Painter<'_>, cards: &mut Cards, state: &State, body: Rect, measured: &mut Measured) {
    let mut pane = None;
    // A post that was opened from one of them lies over it.
    let hidden = state.overlays.iter().rposition(|overlay| matches!(overlay, Overlay::Detail(_))).map_or(0, |open| open + 1);
    // What is typed at the foot leaves everything above as it is.
    for overlay in state.overlays.iter().skip(hidden).filter(|overlay| !matches!(overlay, Overlay::Typed(_))) {
        // A theme is seen by what it colours.
        if overlay.as_picker().is_none_or(|picker| picker.kind != Pick::Theme) {
            painter.step_back(body);
        }
        pane = match overlay {
            Overlay::Help { scroll } => Some(help::draw(painter, state, body, *scroll)),
            Overlay::Picker(Picker { kind, prompt, chosen }) => Some(match kind {
                Pick::Command => palette::draw(painter, state, body, prompt, *chosen),
                Pick::Stream => subscribe::draw(painter, state, body, prompt, *chosen),
                Pick::Theme => themes::draw(painter, state, body, prompt, *chosen),
                Pick::Account => accounts::draw(painter, state, body, prompt, *chosen),
                Pick::Search => search::draw(painter, state, body, prompt, *chosen),
            }),
            Overlay::Edits(edits) => Some(edits::draw(painter, state, body, edits)),
            Overlay::Profile(view) => {
                // What lies over everything has nothing over it.
                painter.lays = state.top_layer() == Some(overlay);
                let (pane, posts) = profile::draw(painter, cards, state, body, view);
                measured.profile = Some(posts);
                Some(pane)
            }
            Overlay::Announcements { scroll } => Some(announcements::draw(painter, cards, state, body, *scroll)),
            Overlay::Health { scroll } => Some(health::draw(painter, state, body, *scroll)),
            Overlay::Links(list) => Some(links::draw(painter, state, body, list)),
            Overlay::Viewer(viewer) => Some(viewer::draw(painter, state, viewer)),
            Overlay::Detail(_) | Overlay::Typed(_) => None,
        };
    }
    measured.overlay = pane;
}

/// The keys of a command, or how the palette finds it where it has none.
fn keys_of(state: &State, row: &Row) -> String {
    let keys = state.settings.keymap.keys(row.command);
    if !keys.is_empty() {
        return keys.iter().map(Sequence::as_str).collect::<Vec<_>>().join(" ");
    }
    let palette = state.settings.keymap.keys(Command::Palette).first().map_or("", Sequence::as_str);
    format!("{palette} {}", row.name)
}

/// Whether there is room for a frame.
fn is_framed(body: Rect) -> bool {
    body.width >= 48 && body.height >= 10
}

/// The columns inside a panel, at most so many.
fn inner_width(body: Rect, most: u16) -> u16 {
    body.width.saturating_sub(if is_framed(body) { 10 } else { 2 }).clamp(1, most)
}

/// Draws an empty panel with a title in its frame and gives back its inside. Where there is no room for a frame the
/// panel takes everything.
fn panel(painter: &mut Painter<'_>, body: Rect, title: &str, wanted: (u16, u16)) -> Rect {
    let theme = painter.theme;
    painter.cursor = None;
    if !is_framed(body) {
        painter.clear(body);
        painter.text(body.x + 1, body.y, body.width.saturating_sub(2), title, theme.fresh());
        return Rect { x: body.x + 1, y: body.y + 1, width: body.width.saturating_sub(2), height: body.height.saturating_sub(1) };
    }
    let width = wanted.0.saturating_add(6).min(body.width - 4);
    let height = wanted.1.saturating_add(4).min(body.height - 1);
    let area = Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height).min(4) / 2, width, height };
    painter.clear(Rect { x: area.x - 1, width: area.width + 2, ..area });
    frame(painter, area);
    painter.text(area.x + 2, area.y, area.width.saturating_sub(4), &format!(" {title} "), theme.fresh());
    // Where everything fits there is a line for it above as there is beneath.
    let spaced = u16::from(area.height > 12 || wanted.1.saturating_add(4) <= area.height);
    Rect { x: area.x + 3, y: area.y + 1 + spaced, width: area.width - 6, height: area.height - 2 - spaced }
}

/// Says how many lines there are beneath those in view, if any: in the frame, or beside the title where there is none.
fn more(painter: &mut Painter<'_>, area: Rect, body: Rect, lines: u16) {
    if lines == 0 {
        return;
    }
    let more = format!(" {lines} more ");
    let x = area.right().saturating_sub(cols(more.len()));
    let y = if area.bottom() < body.bottom() { area.bottom() } else { body.y };
    painter.text(x, y, cols(more.len()), &more, painter.theme.dim());
}

fn frame(painter: &mut Painter<'_>, area: Rect) {
    let theme = painter.theme;
    let glyphs = theme.glyphs();
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    painter.row_of(area.x, area.y, area.width, glyphs.horizontal, theme.rule());
    painter.row_of(area.x, bottom, area.width, glyphs.horizontal, theme.rule());
    painter.column_of(area.x, area.y, area.height, glyphs.vertical, theme.rule());
    painter.column_of(right, area.y, area.height, glyphs.vertical, theme.rule());
    let places = [(area.x, area.y), (right, area.y), (area.x, bottom), (right, bottom)];
    for ((x, y), corner) in places.into_iter().zip(glyphs.corners) {
        painter.text(x, y, 1, corner, theme.rule());
    }
}

/// Draws the line in which text is typed, with the terminal's cursor in it.
fn prompt_line(painter: &mut Painter<'_>, area: Rect, prompt: &Prompt, hint: &str) {
    let theme = painter.theme;
    painter.text(area.x, area.y, 2, theme.glyphs().prompt, theme.accent());
    typed_line(painter, area, prompt, hint);
}

/// As `prompt_line`, behind a mark of two columns that is drawn already.
pub(crate) fn typed_line(painter: &mut Painter<'_>, area: Rect, prompt: &Prompt, hint: &str) {
    let theme = painter.theme;
    let x = area.x + 2;
    let room = area.width.saturating_sub(3);
    if prompt.text().is_empty() {
        painter.text(x, area.y, room, hint, theme.dim());
        painter.cursor = Some((x, area.y));
        return;
    }
    // What is typed is drawn through the same door as everything else; the end with the cursor stays in view.
    let before = Plain::line(prompt.before_cursor());
    let after = Plain::line(prompt.text().get(prompt.before_cursor().len()..).unwrap_or_default());
    let mut shown = before.as_str();
    while wrap::width(shown) > usize::from(room) {
        let mut rest = shown.chars();
        rest.next();
        shown = rest.as_str();
    }
    let at = painter.text(x, area.y, room, shown, theme.bold());
    painter.text(at, area.y, (x + room).saturating_sub(at), after.as_str(), theme.bold());
    painter.cursor = Some((at, area.y));
}

/// One entry of a picker.
struct Entry {
    left: Line<'static>,
    right: Line<'static>,
}

/// Draws the prompt and the entries of a picker around the chosen one into a panel over the body.
fn picker(
    painter: &mut Painter<'_>,
    (area, body): (Rect, Rect),
    (prompt, hint): (&Prompt, &str),
    entries: &[Entry],
    chosen: usize,
    none: &str,
) -> OverlayPane {
    let theme = painter.theme;
    prompt_line(painter, area, prompt, hint);
    let spaced = u16::from(area.height > 8);
    let list = Rect { y: area.y + 1 + spaced, height: area.height.saturating_sub(1 + spaced), ..area };
    let height = usize::from(list.height);
    let chosen = chosen.min(entries.len().saturating_sub(1));
    let first = (chosen + 1).saturating_sub(height.max(1)).max(chosen.saturating_sub(height / 2)).min(entries.len().saturating_sub(height));
    let mut drawn = 0;
    for (row, (index, entry)) in (list.y..list.bottom()).zip(entries.iter().enumerate().skip(first)) {
        let right = painter.line_to(list.right(), row, list.width / 2, &entry.right);
        let mut left = entry.left.clone();
        if index == chosen {
            painter.text(list.x, row, 1, theme.glyphs().selection, theme.accent());
            left.spans.iter_mut().take(1).for_each(|span| span.style = span.style.patch(theme.bold()));
        }
        let gap = if right < list.right() { 2 } else { 0 };
        painter.line(list.x + 2, row, right.saturating_sub(list.x + 2 + gap), &left);
        drawn += 1;
    }
    if entries.is_empty() && list.height > 0 {
        painter.text(list.x + 2, list.y, list.width.saturating_sub(2), none, theme.dim());
    }
    more(painter, area, body, cols(entries.len().saturating_sub(first + drawn)));
    OverlayPane { area: cells(list), first: (list.y, first), entries: drawn, most: cols(entries.len().saturating_sub(height)) }
}

fn words(text: impl Into<String>, style: ratatui::style::Style) -> Span<'static> {
    Span::styled(text.into(), style)
}
