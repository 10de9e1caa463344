//! `view`: the state as a screen. Pure but for what it measures.
//!
//! ```text
//!  trunkline   1 Home 3   2 Notifications 1   3 Local   4 Federated ▃▅▇ 128/m   5 #rust            ● live 42 ms   tab_bar
//! ────────────━━━━━━━━──────────────────────────────────────┬──────────────────────────────────────────────────
//!   ▲ 3 new posts                                           │
//! ▌ Ada Quill @ada@tide.example                          2m │ Ada Quill  @ada@tide.example
//! ▌ Shipping the new release tonight.                       │ 2026-11-23 15:04 · public · en                    reader
//!                                                           │
//!   ┄┄┄┄┄┄ posts missing, 14:02–14:19 — enter to fill ┄┄┄┄ │ Shipping the new release tonight.
//!                                                timeline   │
//! ──────────────────────────────────────────────────────────┴──────────────────────────────────────────────────
//!  live since 14:19  │  j/k move  enter read  a add stream  ? help                            ▁▂▁▃▅▇ 12/s  status_bar
//! ```
//!
//! Strings of strangers come as `Plain` or `RichText` and are wrapped by `text::wrap`, never by ratatui. Absent on
//! purpose: messages, clocks, the network; a view cannot ask for anything.

mod aside;
mod attached;
mod cards;
mod columns;
mod emojis;
mod finished;
mod found;
mod glyph;
mod grid;
mod halves;
mod line;
mod notification;
mod overlay;
mod paint;
mod pictures;
mod reader;
mod row;
mod sheet;
mod shift;
mod status;
mod status_bar;
mod tab_bar;
mod targets;
mod theme;
mod timeline;
mod times;
mod typed;
pub(crate) mod words;
mod zen;

use crate::state::{Measured, Overlay, State};
pub use cards::Cards;
pub(crate) use glyph::Look;
pub use glyph::{Glyph, Symbols};
#[cfg(test)]
pub(crate) use grid::Grid;
use paint::Painter;
use ratatui::layout::{Position, Rect};
pub(crate) use sheet::PARTS;
pub use sheet::{Changed, Sheet};
pub use shift::Shift;
pub use targets::Targets;
pub(crate) use theme::palette_number;
pub use theme::{Depth, Theme};
use times::Clock;

/// The least that can be used, in columns and rows.
const LEAST: (u16, u16) = (20, 6);
/// From this height on a rule stands above the status line.
const TALL: u16 = 16;
/// The widest timeline beside a reader, in columns.
const WIDEST_TIMELINE: u16 = 102;

/// Draws the state and says what was found while drawing. What is to lie over the cells is left in `cards`.
pub fn view(state: &State, theme: &Theme, cards: &mut Cards, sheet: &mut Sheet) -> Measured {
    let worn = state.scheme().filter(|scheme| !theme.wears(scheme)).map(|scheme| theme.wearing(scheme));
    let theme = worn.as_ref().unwrap_or(theme);
    cards.begin(theme, state);
    let mut painter = Painter::new(sheet, theme, Clock::new(state.now, &theme.zone));
    painter.gallery = std::mem::take(&mut cards.gallery);
    painter.lays = state.top_layer().is_none_or(Overlay::leaves_room);
    if let Some(at) = state.rests_at() {
        painter.is_rushed = true;
        painter.clock.wake(at);
    }
    let mut measured = draw(&mut painter, cards, state);
    if let (Some(line), Some(y)) = (state.typed(), painter.screen().height.checked_sub(1)) {
        typed::draw(&mut painter, state, line, y);
    }
    pictures::settle(&mut painter);
    measured.choices = std::mem::take(&mut painter.choices);
    measured.pictures = std::mem::take(&mut painter.places);
    cards.laid = std::mem::take(&mut painter.laid);
    cards.gallery = std::mem::take(&mut painter.gallery);
    cards.cursor = painter.cursor.map(Position::from);
    measured.links = painter.end();
    cards.end();
    measured
}

fn draw(painter: &mut Painter<'_>, cards: &mut Cards, state: &State) -> Measured {
    let screen = painter.screen();
    let mut measured = Measured::default();
    if screen.width < LEAST.0 || screen.height < LEAST.1 {
        too_small(painter, screen);
        return measured;
    }
    let ruled = u16::from(screen.height >= TALL);
    if state.zen {
        return zen::draw(painter, cards, state);
    }
    let body = Rect { y: 2, height: screen.height - 3 - ruled, ..screen };
    let panes = Panes::of(state, body);
    if let Some(joint) = panes.joint() {
        // The bar beside a chosen row, the rows, the reader.
        painter.part([2, joint]);
    }
    let (tabs, open) = tab_bar::draw(painter, &mut cards.tab_bar, state, 0);
    measured.tabs = tabs;
    let reading = state.detail().is_some();
    tab_bar::rule(painter, 1, open, panes.joint(), reading && panes.reader.is_some() && panes.timeline.is_some());
    if ruled == 1 {
        bottom_rule(painter, screen.height - 2, panes.joint());
    }
    if state.typed().is_none() {
        status_bar::draw(painter, &mut cards.hints, state, screen.height - 1, open.told);
    }
    if let Some(area) = panes.timeline {
        if state.tabs.active().is_none() {
            timeline::no_tab(painter, state, area);
        }
        if state.columns().len() > 1 {
            columns::draw(painter, cards, state, area, &mut measured);
        } else {
            measured.timeline = timeline::draw(painter, cards, state, area, !reading);
        }
    }
    if let Some(joint) = panes.joint() {
        painter.column_of(joint, body.y, body.height, painter.theme.glyphs().vertical, painter.theme.rule());
    }
    if let Some(area) = panes.reader {
        let pane = reader::draw(painter, cards, state, area);
        if ruled == 1 && pane.more && !reading {
            more_below(painter, screen.height - 2);
        }
        measured.reader = Some(pane);
    }
    overlay::draw(painter, cards, state, body, &mut measured);
    measured.next_change = painter.clock.next_change();
    measured
}

/// Which panes there are and where.
struct Panes {
    timeline: Option<Rect>,
    reader: Option<Rect>,
}

impl Panes {
    fn of(state: &State, body: Rect) -> Self {
        if state.is_wide() && body.width >= 60 {
            let width = (body.width * 57 / 100).min(WIDEST_TIMELINE);
            let x = body.x + width + 1;
            // With a post open that line tells of its thread.
            let top = u16::from(body.height >= 12 && state.detail().is_none());
            let reader = Rect { x, y: body.y + top, width: body.right() - x, height: body.height - top };
            return Self { timeline: Some(Rect { width, ..body }), reader: Some(reader) };
        }
        if state.detail().is_some() { Self { timeline: None, reader: Some(body) } } else { Self { timeline: Some(body), reader: None } }
    }

    /// The column between the panes.
    fn joint(&self) -> Option<u16> {
        self.timeline.filter(|_| self.reader.is_some()).map(Rect::right)
    }
}

fn bottom_rule(painter: &mut Painter<'_>, y: u16, joint: Option<u16>) {
    let (theme, glyphs) = (painter.theme, painter.theme.glyphs());
    painter.row_of(0, y, painter.screen().width, glyphs.horizontal, theme.rule());
    if let Some(joint) = joint {
        painter.text(joint, y, 1, glyphs.tee_up, theme.rule());
    }
}

/// Says on the bottom rule that the reader holds more than is in view.
fn more_below(painter: &mut Painter<'_>, y: u16) {
    let words = " more below ";
    let width = line::cols(words.len());
    let x = painter.screen().width.saturating_sub(width + 2);
    painter.text(x, y, width, words, painter.theme.dim());
}

fn too_small(painter: &mut Painter<'_>, screen: Rect) {
    let (columns, rows) = LEAST;
    let words = ["too small".to_owned(), format!("{columns} by {rows} at least")];
    for (y, words) in (0..screen.height).zip(&words) {
        painter.text(0, y, screen.width, words, painter.theme.bold());
    }
}
