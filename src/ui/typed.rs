//! The line that is typed at the foot of the screen, in the place of the status line, and above it what is wrong with it or
//! what may be written. Nothing above them moves.

use crate::command::Command;
use crate::filter::hint;
use crate::state::{Purpose, Seeker, State, Typed};
use crate::ui::line::{cols, line_width, plain};
use crate::ui::overlay::typed_line;
use crate::ui::paint::Painter;
use crate::ui::theme::Theme;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// How a regular expression is written.
const REGEX: &str = "/regex/";

/// Draws the line at `y`, and what is said of it right above.
pub(crate) fn draw(painter: &mut Painter<'_>, state: &State, typed: &Typed, y: u16) {
    let theme = painter.theme;
    let screen = painter.screen();
    painter.clear(Rect { x: 0, y, width: screen.width, height: 1 });
    let (mark, command) = match &typed.what {
        Purpose::Filter { .. } => ("&", Command::Filter),
        Purpose::Search(_) => ("/", Command::Search),
    };
    let so_far = so_far(state, typed, theme);
    let right = painter.line_to(screen.width.saturating_sub(1), y, screen.width / 2, &so_far);
    painter.text(1, y, 1, mark, theme.fresh());
    let name = command.row().map_or("", |row| row.name);
    let area = Rect { x: 1, y, width: right.saturating_sub(2), height: 1 };
    typed_line(painter, area, &typed.prompt, name);
    said(painter, state, typed, y.saturating_sub(1));
}

/// What the line has done so far.
fn so_far(state: &State, typed: &Typed, theme: &Theme) -> Line<'static> {
    let dim = |words: String| Line::from(Span::styled(words, theme.dim()));
    match &typed.what {
        Purpose::Filter { .. } => {
            let hidden = state.tabs.active().map_or(0, |tab| state.hidden(tab));
            if hidden > 0 { dim(format!("{hidden} hidden")) } else { Line::default() }
        }
        Purpose::Search(seeker) => {
            let scope = match &seeker.page {
                Some(_) => "this thread",
                None if seeker.all_tabs => "all tabs",
                None => "",
            };
            let search = state.finding.as_ref().filter(|_| seeker.wrong.is_none());
            let found = match search {
                Some(search) if search.goes_on() => theme.glyphs().ellipsis,
                Some(search) if search.missed => "not found",
                Some(_) | None => "",
            };
            let between = if scope.is_empty() || found.is_empty() { "" } else { "  " };
            Line::from(vec![Span::styled(found.to_owned(), theme.bold()), Span::styled(format!("{between}{scope}"), theme.dim())])
        }
    }
}

/// What is wrong with what is typed, or else what may be.
fn said(painter: &mut Painter<'_>, state: &State, typed: &Typed, y: u16) {
    let theme = painter.theme;
    let width = painter.screen().width.saturating_sub(2);
    let wrong = match &typed.what {
        Purpose::Filter { wrong, .. } => wrong.as_ref().map(ToString::to_string),
        Purpose::Search(seeker) => seeker.wrong.clone(),
    };
    if let Some(wrong) = wrong {
        let mut lines = plain(&wrong, width.saturating_sub(2), Style::new());
        // What is wrong is said whole, where the screen has the lines for it.
        let most = usize::from((painter.screen().height / 3).max(1));
        lines.truncate(most);
        let top = (y + 1).saturating_sub(cols(lines.len()));
        for (index, line) in lines.iter().enumerate() {
            let mark = if index == 0 { theme.glyphs().cross } else { " " };
            let at = top + cols(index);
            painter.clear(Rect { x: 0, y: at, width: painter.screen().width, height: 1 });
            painter.text(1, at, 1, mark, theme.bad());
            painter.line(3, at, width.saturating_sub(2), line);
        }
        return;
    }
    let words = match &typed.what {
        Purpose::Filter { .. } => Line::from(Span::styled(hint(typed.prompt.before_cursor()), theme.dim())),
        Purpose::Search(seeker) => keys(state, seeker, theme, usize::from(width)),
    };
    painter.clear(Rect { x: 0, y, width: painter.screen().width, height: 1 });
    painter.line(1, y, width.min(cols(line_width(&words)).max(1)), &words);
}

/// The keys that count while a search is typed, as many as there is room for.
fn keys(state: &State, seeker: &Seeker, theme: &Theme, width: usize) -> Line<'static> {
    let tabs = if seeker.all_tabs { "this tab" } else { "all tabs" };
    let mut line = Line::default();
    for (command, words) in [
        (Command::Accept, "keep"),
        (Command::Back, "back"),
        (Command::SearchAllTabs, tabs),
        (Command::NextChoice, "next"),
        (Command::PreviousChoice, "previous"),
    ] {
        if let Some(key) = state.first_key(command).filter(|_| state.can(command)) {
            let words = format!(" {words}  ");
            if line_width(&line) + key.len() + words.trim_end().len() > width {
                return line;
            }
            line.push_span(Span::styled(key.to_owned(), theme.bold()));
            line.push_span(Span::styled(words, theme.dim()));
        }
    }
    if line_width(&line) + REGEX.len() <= width {
        line.push_span(Span::styled(REGEX, theme.bold()));
    }
    line
}
