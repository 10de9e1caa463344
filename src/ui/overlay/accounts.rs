//! Saved accounts to go on with.

use super::{Entry, panel, picker, words};
use crate::state::overlay::account_choices;
use crate::state::{OverlayPane, Prompt, State};
use crate::ui::line::cols;
use crate::ui::paint::Painter;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// Draws the picker.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, prompt: &Prompt, chosen: usize) -> OverlayPane {
    let theme = painter.theme;
    let entries: Vec<Entry> = account_choices(prompt.text(), &state.accounts)
        .into_iter()
        .filter_map(|place| {
            let name = state.accounts.get(place)?;
            let mut right = Line::default();
            if state.account == Some(place) {
                right.push_span(words(theme.glyphs().live, theme.good()));
                right.push_span(words(" here", theme.dim()));
            }
            Some(Entry { left: Line::from(words(name.to_string(), Style::new())), right })
        })
        .collect();
    let area = panel(painter, body, "Go on with", (52, cols(state.accounts.len()) + 2));
    picker(painter, (area, body), (prompt, "type to find an account"), &entries, chosen, "no account matches")
}
