//! The status line: a message, or how the open stream stands; the keys that make sense now; how much comes.
//!
//! Keys are those of the command table and are shown where `State::can` says so: there is no second list of them.

use crate::command::{COMMANDS, Command, Row};
use crate::model::{Connection, Subscription};
use crate::state::{State, Timeline};
use crate::text::wrap;
use crate::ui::line::{cols, line_width};
use crate::ui::paint::Painter;
use crate::ui::tab_bar::spark;
use crate::ui::theme::Theme;
use crate::ui::timeline::reason;
use crate::ui::times;
use ratatui::text::{Line, Span};

/// The first key of a command, as the table spells it.
pub(crate) fn key_of(command: Command) -> Option<&'static str> {
    command.row().and_then(|row| row.keys.first().copied())
}

/// Draws the line.
pub(crate) fn draw(painter: &mut Painter<'_>, state: &State, y: u16) {
    let theme = painter.theme;
    let width = painter.screen().width;
    let rate = rate(state, theme, width);
    let right = painter.line_to(width.saturating_sub(1), y, width / 3, &rate);
    let end = right.saturating_sub(1);
    let (left, urgent) = left(state, theme);
    let most = if urgent { end.saturating_sub(1) } else { (end / 2).max(24).min(end.saturating_sub(1)) };
    let x = painter.line(1, y, most, &left);
    hints(painter, state, x, end, y);
}

/// What the line begins with, and whether it may take all the room.
fn left(state: &State, theme: &Theme) -> (Line<'static>, bool) {
    if let Some(notice) = state.notices.shown() {
        let mark = if notice.grave { (theme.glyphs().cross, theme.bad()) } else { (theme.glyphs().dot, theme.accent()) };
        return (said(mark, notice.text.to_string()), true);
    }
    let standing = state.active_timeline().map(|timeline| &timeline.standing);
    let (glyphs, why) = (theme.glyphs(), reason(&state.line.state));
    match &state.line.state {
        Connection::Live => {}
        Connection::Connecting => return (said((glyphs.connecting, theme.dim()), format!("connecting{}", glyphs.ellipsis)), false),
        Connection::Reconnecting { .. } | Connection::RateLimited { .. } => return (said((glyphs.again, theme.mark()), why), true),
        Connection::Offline { .. } | Connection::SignedOut { .. } | Connection::Failed { .. } => {
            return (said((glyphs.cross, theme.bad()), why), true);
        }
    }
    match standing {
        Some(Subscription::Refused(words)) => (said((glyphs.cross, theme.bad()), format!("refused: {words}")), true),
        Some(Subscription::NotStreamed) => (said((glyphs.absent, theme.mark()), "not streamed by this server".to_owned()), false),
        Some(Subscription::Requested) => (said((glyphs.connecting, theme.dim()), format!("subscribing{}", glyphs.ellipsis)), false),
        Some(Subscription::Open) => (state.active_timeline().map(|timeline| open(state, theme, timeline)).unwrap_or_default(), false),
        None => (Line::default(), false),
    }
}

fn said((mark, style): (&'static str, ratatui::style::Style), words: String) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{mark} "), style), Span::raw(words)])
}

fn open(state: &State, theme: &Theme, timeline: &Timeline) -> Line<'static> {
    let glyphs = theme.glyphs();
    let tab = state.tabs.active();
    let mut line = Line::default();
    if tab.is_some_and(|tab| tab.held) {
        line = said((glyphs.held, theme.mark()), "held  ".to_owned());
    }
    match timeline.live_since {
        Some(since) => {
            let since = times::moment(since, state.now, &theme.zone);
            line.push_span(Span::styled(format!("live since {since}"), theme.good()));
        }
        None => line.push_span(Span::styled("live", theme.good())),
    }
    if let Some(silence) = tab.and_then(|tab| state.silence(&tab.stream)) {
        line.push_span(Span::styled(format!(" {} quiet {}", glyphs.dot, times::length(silence)), theme.dim()));
    }
    line
}

fn rate(state: &State, theme: &Theme, width: u16) -> Line<'static> {
    let meter = &state.meter;
    if meter.is_still() || width < 60 {
        return Line::default();
    }
    let tenths = meter.tenths_per_second();
    let words = if tenths >= 100 { format!("{}/s", tenths / 10) } else { format!("{}.{}/s", tenths / 10, tenths % 10) };
    let mut line = Line::default();
    if tenths >= 10 {
        line.push_span(Span::styled(format!("{} ", spark(meter, theme, 6)), theme.dim()));
    }
    line.push_span(Span::styled(words, theme.dim()));
    line
}

/// The commands worth a hint now, the most useful first; help stays to the last.
fn hinted(state: &State) -> Vec<&'static Row> {
    let scopes = state.scopes();
    let mut rows: Vec<&'static Row> =
        COMMANDS.iter().filter(|row| !row.hint.is_empty() && scopes.contains(&row.scope) && state.can(row.command)).collect();
    if state.overlays.is_empty() {
        // Without a layer there is only a message to close.
        rows.retain(|row| row.command != Command::Back);
    }
    rows.sort_by_key(|row| match row.command {
        Command::RetryNow => 0,
        Command::Back | Command::Accept => 1,
        Command::Help => 2,
        _ => 3,
    });
    rows
}

fn hints(painter: &mut Painter<'_>, state: &State, from: u16, end: u16, y: u16) {
    let theme = painter.theme;
    let room = usize::from(end.saturating_sub(from));
    let mut left = room.saturating_sub(4);
    let mut taken: Vec<&Row> = Vec::new();
    for row in hinted(state) {
        let own = line_width(&hint(row, theme)) + 2;
        if own <= left + 2 {
            left = left.saturating_sub(own);
            taken.push(row);
        }
    }
    if taken.is_empty() {
        return;
    }
    // What was chosen by worth is shown in the table's order.
    taken.sort_by_key(|row| COMMANDS.iter().position(|other| other.command == row.command));
    let mut x = from;
    if from > 1 {
        x += 2;
        painter.text(x.saturating_sub(1) + 1, y, 1, theme.glyphs().vertical, theme.rule());
        x += 3;
    }
    for row in taken {
        let line = hint(row, theme);
        if x + cols(line_width(&line)) > end {
            break;
        }
        x = painter.line(x, y, end.saturating_sub(x), &line) + 2;
    }
}

fn hint(row: &Row, theme: &Theme) -> Line<'static> {
    let first = row.keys.first().copied().unwrap_or_default();
    let both = if row.command == Command::Down { key_of(Command::Up) } else { None };
    let keys = both.map_or_else(|| first.to_owned(), |second| format!("{first}/{second}"));
    debug_assert!(wrap::width(&keys) > 0);
    Line::from(vec![Span::styled(keys, theme.bold()), Span::styled(format!(" {}", row.hint), theme.dim())])
}
