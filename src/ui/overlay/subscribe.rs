//! Streams to subscribe to.

use super::{Entry, panel, picker, words};
use crate::state::{Loading, OverlayPane, Prompt, State};
use crate::ui::line::cols;
use crate::ui::paint::Painter;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// Draws the picker.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, prompt: &Prompt, chosen: usize) -> OverlayPane {
    let theme = painter.theme;
    let choices = state.stream_choices(prompt.text());
    let entries: Vec<Entry> = choices
        .iter()
        .map(|choice| {
            let title = words(choice.title.to_string(), Style::new());
            let mut right = Line::from(words(choice.origin, theme.dim()));
            if choice.open {
                let gap = if choice.origin.is_empty() { "" } else { "  " };
                right.push_span(words(gap, theme.dim()));
                right.push_span(words(theme.glyphs().live, theme.good()));
                right.push_span(words(" open", theme.dim()));
            }
            Entry { left: Line::from(title), right }
        })
        .collect();
    let all = state.stream_choices("").len();
    let title = match &state.offer_loading {
        Loading::Asked => format!("Add a stream {} loading lists", theme.glyphs().dot),
        Loading::Failed(..) => format!("Add a stream {} lists could not be loaded", theme.glyphs().dot),
        Loading::Idle | Loading::Done => "Add a stream".to_owned(),
    };
    let area = panel(painter, body, &title, (52, cols(all).max(10) + 2));
    picker(painter, area, (prompt, "type to find, #word for a hashtag"), &entries, chosen, "nothing matches; #word adds a hashtag")
}
