//! The themes to choose from, each in its own colours; the chosen one is worn by the whole screen meanwhile.

use super::{Entry, is_framed, panel, picker, words};
use crate::state::{OverlayPane, Prompt, State};
use crate::text::{Plain, wrap};
use crate::ui::line::cols;
use crate::ui::paint::Painter;
use crate::ui::theme::Theme;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The longest name that is shown whole, in columns.
const LONGEST: usize = 20;

/// Draws the picker.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, prompt: &Prompt, chosen: usize) -> OverlayPane {
    let theme = painter.theme;
    let widest = state.settings.themes.iter().map(|scheme| wrap::width(&scheme.name)).max().unwrap_or(0).min(LONGEST);
    let entries: Vec<Entry> = state
        .theme_choices(prompt.text())
        .into_iter()
        .map(|scheme| {
            let name = Plain::line(&scheme.name).truncate(LONGEST).into_owned();
            let gap = " ".repeat(widest.saturating_sub(wrap::width(&name)) + 2);
            let name = words(name, Style::new());
            // Where there is room for a word or two, they say nothing that the colours do not.
            let about = if is_framed(body) { scheme.about.as_str() } else { "" };
            let about = words(format!("{gap}{about}"), theme.dim());
            Entry { left: Line::from(vec![name, about]), right: swatch(&theme.wearing(scheme)) }
        })
        .collect();
    let area = panel(painter, body, "Themes", (70, cols(state.settings.themes.len()) + 2));
    picker(painter, (area, body), (prompt, "choose, or type to find"), &entries, chosen, "no theme matches")
}

/// The colours of a theme, on its background.
fn swatch(theme: &Theme) -> Line<'static> {
    let glyph = theme.glyphs().live;
    let parts = [theme.accent(), theme.good(), theme.mark(), theme.bad(), theme.link_mark(), theme.tag(), theme.dim()];
    let dots = parts.into_iter().map(|style| Span::styled(format!("{glyph} "), theme.base().patch(style)));
    let mut line = Line::from(Span::styled(" ", theme.base()));
    line.extend(dots);
    line
}
