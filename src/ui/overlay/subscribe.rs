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
            let mut right = Line::default();
            if choice.open {
                right.push_span(words(theme.glyphs().live, theme.good()));
                right.push_span(words(if choice.origin.is_empty() { " open" } else { " open  " }, theme.dim()));
            }
            right.push_span(words(choice.origin, theme.dim()));
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
    picker(painter, (area, body), (prompt, "type to find, #word for a hashtag"), &entries, chosen, "nothing matches; #word adds a hashtag")
}
