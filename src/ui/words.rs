//! What the screen says without its marks, colours and columns: lines for a front end that says one thing after the other.
//!
//! Rows and posts are told in labelled lines by `words/post.rs`; layers are told as they are drawn, so that none is left
//! out. Absent on purpose: when anything is said (`linear`).

mod layers;
mod post;

use crate::command::Command;
use crate::model::{Connection, Timestamp};
use crate::state::{Area, Measured, Overlay, OverlayPane, State};
use crate::ui::cards::{Cards, Setting, Shape};
use crate::ui::glyph::Glyph;
use crate::ui::paint::Painter;
use crate::ui::sheet::Sheet;
use crate::ui::theme::Theme;
use crate::ui::times::Clock;
use crate::ui::{overlay, status_bar, timeline};
pub(crate) use layers::{typed, typing};
pub(crate) use post::{post, row};
use ratatui::layout::Rect;

/// The screen on which a layer is drawn to be told, in columns and rows: one column of text, and room for all of it.
const SHEET: Rect = Rect { x: 0, y: 0, width: 96, height: 600 };

/// How rows of the open tab are told.
pub(crate) fn setting<'a>(state: &'a State, theme: &'a Theme) -> Setting<'a> {
    let sources = state.tabs.active().map(|tab| &tab.sources);
    Setting { state, theme, sources, in_profile: false, width: u16::MAX, shape: Shape::Whole }
}

/// How the connection and the open stream stand. What keeps moving in it is told as of now.
pub(crate) fn standing(state: &State, theme: &Theme) -> String {
    let mut clock = Clock::new(state.now, &theme.zone);
    let next = state.line.next_attempt.map(|at| clock.soon(at));
    said(&status_bar::words(state, theme, next.as_deref()))
}

/// Why there is no connection, in the words of whoever said so; empty where there is one.
pub(crate) fn reason(connection: &Connection) -> String {
    timeline::reason(connection)
}

/// Why there is nothing to read in the open tab.
pub(crate) fn nothing(state: &State, theme: &Theme) -> String {
    let mut sheet = Sheet::new(SHEET);
    let mut painter = Painter::new(&mut sheet, theme, Clock::new(state.now, &theme.zone));
    if let Some((stream, timeline)) = state.tabs.active().and_then(|tab| state.worst(&tab.sources)) {
        let (heading, words) = timeline::nothing(&mut painter, state, stream, timeline);
        let told: Vec<String> = [heading.2, words].iter().filter(|words| !words.is_empty()).map(|words| said(words)).collect();
        return told.join(". ");
    }
    timeline::no_tab(&mut painter, state, SHEET);
    drop(painter.end());
    lines(&sheet, SHEET).join(" ")
}

/// What the top layer says; nothing for an open post.
pub(crate) fn layer(state: &State, theme: &Theme) -> Option<Layer> {
    match state.overlays.last() {
        Some(Overlay::Viewer(viewer)) => return Some(layers::viewer(state, theme, viewer)),
        Some(Overlay::Links(list)) => return Some(layers::links(state, list)),
        Some(
            Overlay::Help { .. }
            | Overlay::Picker(_)
            | Overlay::Detail(_)
            | Overlay::Typed(_)
            | Overlay::Edits(_)
            | Overlay::Profile(_)
            | Overlay::Announcements { .. }
            | Overlay::Health { .. },
        )
        | None => {}
    }
    let (sheet, pane, cursor) = drawn(state, theme)?;
    let area = rect(&pane);
    let title = lines(&sheet, SHEET).into_iter().next().unwrap_or_default();
    let at = cursor.map(|(_, y)| lines(&sheet, Rect { y, height: 1, ..area }).concat()).filter(|line| !line.is_empty());
    Some(Layer { title, lines: lines(&sheet, area), at })
}

/// What lies on top, in words.
pub(crate) struct Layer {
    /// What it is called.
    pub(crate) title: String,
    /// Its lines.
    pub(crate) lines: Vec<String>,
    /// The line with the cursor, where there is one.
    pub(crate) at: Option<String>,
}

/// Of the list on top, the chosen entry or why there is none, its place counted from one, and how many there are.
pub(crate) fn choice(state: &State, theme: &Theme) -> Option<(String, usize, usize)> {
    let chosen = state.picker()?.chosen;
    let (sheet, pane, _) = drawn(state, theme)?;
    let count = pane.entries + usize::from(pane.most);
    let chosen = chosen.min(count.saturating_sub(1));
    let y = pane.first.0 + crate::ui::line::cols(chosen.saturating_sub(pane.first.1));
    let entry = lines(&sheet, Rect { y, height: 1, ..rect(&pane) }).join(" ");
    Some((entry, if count == 0 { 0 } else { chosen + 1 }, count))
}

/// What was drawn, where its list or text is, and the cursor.
type Drawn = (Sheet, OverlayPane, Option<(u16, u16)>);

/// The top layer as it is drawn where there is room for all of it.
fn drawn(state: &State, theme: &Theme) -> Option<Drawn> {
    if matches!(state.overlays.last(), None | Some(Overlay::Detail(_))) {
        return None;
    }
    let mut sheet = Sheet::new(SHEET);
    let mut painter = Painter::new(&mut sheet, theme, Clock::new(state.now, &theme.zone));
    let mut measured = Measured::default();
    overlay::draw(&mut painter, &mut Cards::new(), state, SHEET, &mut measured);
    let cursor = painter.cursor;
    drop(painter.end());
    Some((sheet, measured.overlay?, cursor))
}

fn rect(pane: &OverlayPane) -> Rect {
    let Area { x, y, width, height } = pane.area;
    Rect { x, y, width, height }
}

/// The key of a command as it is said.
pub(crate) fn key(state: &State, command: Command) -> String {
    match state.first_key(command) {
        Some("?") => "question mark".to_owned(),
        Some(".") => "full stop".to_owned(),
        Some("[") => "left bracket".to_owned(),
        Some("]") => "right bracket".to_owned(),
        Some(":") => "colon".to_owned(),
        Some("esc") => "escape".to_owned(),
        Some(key) => key.to_owned(),
        None => format!("the command {}", command.row().map_or("", |row| row.name)),
    }
}

/// How long ago in whole words, as of now.
pub(crate) fn ago(at: Timestamp, state: &State, theme: &Theme) -> String {
    crate::ui::times::spoken(at, state.now, &theme.zone)
}

/// The lines of an area that say anything.
fn lines(sheet: &Sheet, area: Rect) -> Vec<String> {
    let row = |y: u16| {
        let (glyphs, mut row) = (sheet.row(y), String::new());
        let mut x = area.x;
        while x < area.right() {
            let glyph = glyphs.get(usize::from(x)).copied().unwrap_or(Glyph::BLANK);
            row.push_str(sheet.symbols().text(&glyph));
            x += crate::ui::line::cols(glyph.columns());
        }
        said(&row)
    };
    (area.y..area.bottom()).map(row).filter(|line| !line.is_empty()).collect()
}

/// Drawn words as they are said: without marks and bars, and with a comma where there is a column or a dot.
fn said(drawn: &str) -> String {
    let is_bar = |ch: char| ('\u{2500}'..='\u{259f}').contains(&ch);
    let is_mark = |ch: char| "●○◌↻✗✓▸▲‖┄⚑✎★↩▣▷♪❝·".contains(ch);
    let bare: String = drawn.chars().map(|ch| if is_bar(ch) { ' ' } else { ch }).collect();
    let unmarked = |part: &str| part.trim_start_matches(|ch| is_mark(ch) || ch == ' ').to_owned();
    let columns: Vec<String> = bare.split("  ").map(str::trim).map(unmarked).filter(|part| !part.is_empty()).collect();
    columns.join(", ").replace(" \u{b7} ", ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_words_lose_marks_and_columns() {
        assert_eq!(said("● Home        subscribed, complete since 14:19"), "Home, subscribed, complete since 14:19");
        assert_eq!(said("│ j down ctrl-n           next post │"), "j down ctrl-n, next post");
        assert_eq!(said("complete since 14:19 · silent for 5 min"), "complete since 14:19, silent for 5 min");
        assert_eq!(said("x marks the spot"), "x marks the spot");
        assert_eq!(said("──────"), "");
    }
}
