//! Tabs side by side: each with its title, a rule between them. Only the open one has the bar beside its chosen row.
//!
//! Absent on purpose: which tabs and how many; the state says that.

use crate::state::{Measured, State};
use crate::ui::cards::Cards;
use crate::ui::line;
use crate::ui::paint::Painter;
use crate::ui::timeline;
use ratatui::layout::Rect;

/// Draws the columns into an area and notes where each stands.
pub(crate) fn draw(painter: &mut Painter<'_>, cards: &mut Cards, state: &State, area: Rect, measured: &mut Measured) {
    let columns = state.columns();
    let mut left = line::cols(columns.len());
    let mut x = area.x;
    for (index, tab) in state.tabs.all().iter().enumerate().filter(|(index, _)| columns.contains(index)) {
        let width = (area.right() - x).saturating_sub(left.saturating_sub(1)) / left.max(1);
        let is_open = index == state.tabs.active_index();
        let theme = painter.theme;
        let unseen = if tab.unseen.is_empty() { String::new() } else { format!(" {}", tab.unseen.len()) };
        let words = format!("{}{unseen}", tab.sources.title(&state.offer.lists).as_str());
        let style = if is_open { theme.accent() } else { theme.dim() };
        painter.text(x + 2, area.y, width.saturating_sub(3), &words, style);
        let body = Rect { x, y: area.y + 1, width, height: area.height - 1 };
        let pane = timeline::draw_tab(painter, cards, state, tab, body, is_open);
        if is_open {
            measured.timeline = pane;
        } else {
            measured.beside.extend(pane);
        }
        x += width;
        left = left.saturating_sub(1);
        if left > 0 {
            painter.column_of(x, area.y, area.height, theme.glyphs().vertical, theme.rule());
            x += 1;
        }
    }
}
