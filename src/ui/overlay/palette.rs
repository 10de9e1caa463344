//! Commands by name; those that make no sense now are dim.

use super::{Entry, is_framed, panel, picker, words};
use crate::keymap::Sequence;
use crate::state::overlay::command_choices;
use crate::state::{OverlayPane, Prompt, State};
use crate::ui::line::cols;
use crate::ui::paint::Painter;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// Draws the palette.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, prompt: &Prompt, chosen: usize) -> OverlayPane {
    let theme = painter.theme;
    let rows = command_choices(prompt.text());
    // What it does is worth more than its further keys.
    let most_keys = if is_framed(body) { usize::MAX } else { 1 };
    let entries: Vec<Entry> = rows
        .iter()
        .map(|row| {
            let keys = state.settings.keymap.keys(row.command);
            let style = if state.can(row.command) { Style::new() } else { theme.dim() };
            let name = words(row.name.replace('-', " "), style);
            let keys = keys.iter().take(most_keys).map(Sequence::as_str).collect::<Vec<_>>().join(" ");
            let help = words(format!("  {}", row.help), theme.dim());
            Entry { left: Line::from(vec![name, help]), right: Line::from(words(keys, theme.dim())) }
        })
        .collect();
    let area = panel(painter, body, "Commands", (74, cols(command_choices("").len()) + 2));
    picker(painter, (area, body), (prompt, "type to find a command"), &entries, chosen, "no command matches")
}
