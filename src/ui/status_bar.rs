//! The status line: a message, keys that begin a sequence, or how the open stream stands; the keys that make sense now; how much comes.
//!
//! Keys are those of the keymap and are shown where `State::can` says so: there is no second list of them.

use crate::command::{COMMANDS, Command, Row};
use crate::keymap::Sequence;
use crate::model::{Connection, Subscription, Withheld};
use crate::state::{Anchor, Fill, State, Timeline};
use crate::ui::line::{cols, line_width};
use crate::ui::paint::Painter;
use crate::ui::tab_bar::spark;
use crate::ui::theme::Theme;
use crate::ui::timeline::reason;
use crate::ui::times;
use ratatui::text::{Line, Span};

/// Below this width the tab bar tells the connection by its mark alone.
const NARROW: u16 = 60;

/// The first key of a command, where it has one.
pub(crate) fn key_of(state: &State, command: Command) -> Option<&str> {
    state.settings.keymap.keys(command).first().map(Sequence::as_str)
}

/// Draws the line.
pub(crate) fn draw(painter: &mut Painter<'_>, state: &State, y: u16) {
    let theme = painter.theme;
    let width = painter.screen().width;
    let rate = rate(state, theme, width);
    let right = painter.line_to(width.saturating_sub(1), y, width / 3, &rate);
    let end = right.saturating_sub(1);
    // Where the tab bar has no room for it, the countdown stands here.
    let next = state.line.next_attempt.filter(|_| width < NARROW).map(|at| painter.clock.soon(at));
    let left = left(state, theme, next.as_deref());
    let x = painter.line(1, y, end.saturating_sub(1), &left);
    if state.pending.is_empty() {
        hints(painter, state, x, end, y);
    } else {
        continuations(painter, state, x, end, y);
    }
}

/// How the sequence that was begun can go on.
fn continuations(painter: &mut Painter<'_>, state: &State, from: u16, end: u16, y: u16) {
    let theme = painter.theme;
    let named = |command: Command| command.row().map_or("", |row| if row.hint.is_empty() { row.name } else { row.hint });
    let ways = state.settings.keymap.continuations(state.scopes(), &state.pending).into_iter();
    let ways = ways.filter(|(_, command)| state.can(*command)).map(|(rest, command)| (rest.to_string(), named(command)));
    let mut x = separator(painter, from, y);
    for (key, words) in [("esc".to_owned(), "gives up")].into_iter().chain(ways) {
        let line = Line::from(vec![Span::styled(key, theme.bold()), Span::styled(format!(" {words}"), theme.dim())]);
        if x + cols(line_width(&line)) > end {
            break;
        }
        x = painter.line(x, y, end.saturating_sub(x), &line) + 2;
    }
}

/// Draws the mark between what is said and the hints; gives the column after it.
fn separator(painter: &mut Painter<'_>, from: u16, y: u16) -> u16 {
    if from <= 1 {
        return from;
    }
    painter.text(from + 2, y, 1, painter.theme.glyphs().vertical, painter.theme.rule());
    from + 5
}

/// What the line begins with.
fn left(state: &State, theme: &Theme, next: Option<&str>) -> Line<'static> {
    if let Some(begun) = Sequence::new(state.pending.clone()) {
        return said((theme.glyphs().prompt, theme.accent()), format!("{begun} {}", theme.glyphs().ellipsis));
    }
    if let Some(notice) = state.notices.shown() {
        let mark = if notice.grave { (theme.glyphs().cross, theme.bad()) } else { (theme.glyphs().dot, theme.accent()) };
        return said(mark, notice.text.to_string());
    }
    let standing = state.active_timeline().map(|timeline| &timeline.standing);
    let withheld = state.tabs.active().and_then(|tab| state.withheld(&tab.stream));
    let glyphs = theme.glyphs();
    let why = reason(&state.line.state);
    let why = next.map_or_else(|| why.clone(), |next| format!("{next}: {why}"));
    match &state.line.state {
        Connection::Live => {}
        Connection::Connecting => return said((glyphs.connecting, theme.dim()), format!("connecting{}", glyphs.ellipsis)),
        Connection::Reconnecting { .. } | Connection::RateLimited { .. } => return said((glyphs.again, theme.mark()), why),
        Connection::Offline { .. } | Connection::SignedOut { .. } | Connection::Failed { .. } => {
            return said((glyphs.cross, theme.bad()), why);
        }
    }
    match standing {
        Some(Subscription::Refused(words)) => said((glyphs.cross, theme.bad()), format!("refused: {words}")),
        Some(Subscription::Interrupted(words)) => said((glyphs.again, theme.mark()), format!("interrupted: {words}")),
        Some(Subscription::NotStreamed) => said((glyphs.absent, theme.mark()), "not streamed by this server".to_owned()),
        Some(Subscription::Requested) => said((glyphs.connecting, theme.dim()), format!("subscribing{}", glyphs.ellipsis)),
        Some(Subscription::Open) if withheld == Some(Withheld::Everything) => {
            said((glyphs.absent, theme.mark()), Withheld::Everything.words().to_owned())
        }
        Some(Subscription::Open) => state.active_timeline().map(|timeline| open(state, theme, timeline)).unwrap_or_default(),
        None => Line::default(),
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
    let told = |since| times::moment(since, state.now, &theme.zone);
    let mut gaps = timeline.gaps();
    if timeline.refill.as_ref().is_some_and(|refill| refill.gap.is_some()) || gaps.any(|gap| gap.fill != Fill::Left) {
        line.push_span(Span::styled(format!("refilling{}", glyphs.ellipsis), theme.mark()));
    } else if let Some(gap) = timeline.gaps().next() {
        let since = gap.since.map(|since| format!(", since {}", told(since))).unwrap_or_default();
        line.push_span(Span::styled(format!("gap left{since}"), theme.mark()));
    } else if let Some(since) = timeline.complete_since {
        line.push_span(Span::styled(format!("complete since {}", told(since)), theme.good()));
    } else {
        line.push_span(Span::styled("live", theme.good()));
    }
    if let Some(withheld) = tab.and_then(|tab| state.withheld(&tab.stream)) {
        let which = if withheld == Withheld::Local { "local posts off" } else { "remote posts off" };
        line.push_span(Span::styled(format!(" {} {which}", glyphs.dot), theme.mark()));
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
        line.push_span(Span::styled(format!("{} ", spark(meter, theme, 6)), theme.rule()));
    }
    line.push_span(Span::styled(words, theme.dim()));
    line
}

/// What is hinted at first where there is room for little.
const BY_WORTH: [Command; 12] = [
    Command::RetryNow,
    Command::Back,
    Command::Accept,
    Command::Help,
    Command::Read,
    Command::Down,
    Command::Subscribe,
    Command::NextUnread,
    Command::HoldOrUnfold,
    Command::First,
    Command::CloseTab,
    Command::Palette,
];

/// The commands that a hint makes sense for now, the most useful first.
fn hinted(state: &State, unfolds: bool) -> Vec<&'static Row> {
    let scopes = state.scopes();
    let bare = state.overlays.is_empty();
    let at_top = state.tabs.active().is_some_and(|tab| tab.anchor == Anchor::Top);
    let out_of_place = [
        // Without a layer there is only a message to close.
        (Command::Back, bare),
        (Command::First, at_top || !bare),
        (Command::RetryNow, state.line.state == Connection::Connecting),
        (Command::HoldOrUnfold, !bare && !unfolds),
    ];
    let fits = |row: &&Row| {
        !row.hint.is_empty()
            && scopes.contains(&row.scope)
            && state.can(row.command)
            && key_of(state, row.command).is_some()
            && !out_of_place.iter().any(|(command, out)| *out && *command == row.command)
    };
    let mut rows: Vec<&'static Row> = COMMANDS.iter().filter(fits).collect();
    rows.sort_by_key(|row| match BY_WORTH.iter().position(|command| *command == row.command) {
        Some(_) if unfolds && row.command == Command::HoldOrUnfold => 3,
        place => place.unwrap_or(BY_WORTH.len()),
    });
    rows
}

fn can_unfold(state: &State) -> bool {
    let stream = state.tabs.active().map(|tab| &tab.stream);
    stream.zip(state.reading()).is_some_and(|(stream, id)| state.is_folded(stream, &id) || state.blurs_media(stream, &id))
}

fn hints(painter: &mut Painter<'_>, state: &State, from: u16, end: u16, y: u16) {
    let theme = painter.theme;
    let room = usize::from(end.saturating_sub(from));
    // The mark between what is said and the hints takes five columns, and each hint but the last two.
    let mut used = if from > 1 { 5 } else { 0 };
    let mut taken: Vec<&Row> = Vec::new();
    let unfolds = can_unfold(state);
    for row in hinted(state, unfolds) {
        let own = line_width(&hint(state, row, theme, unfolds));
        if used + own <= room {
            used += own + 2;
            taken.push(row);
        }
    }
    if taken.is_empty() {
        return;
    }
    // What was chosen by worth is shown in the table's order.
    taken.sort_by_key(|row| COMMANDS.iter().position(|other| other.command == row.command));
    let mut x = separator(painter, from, y);
    for row in taken {
        let line = hint(state, row, theme, unfolds);
        if x + cols(line_width(&line)) > end {
            break;
        }
        x = painter.line(x, y, end.saturating_sub(x), &line) + 2;
    }
}

fn hint(state: &State, row: &Row, theme: &Theme, unfolds: bool) -> Line<'static> {
    let first = key_of(state, row.command).unwrap_or_default();
    let both = if row.command == Command::Down { key_of(state, Command::Up) } else { None };
    let keys = both.map_or_else(|| first.to_owned(), |second| format!("{first}/{second}"));
    let words = if row.command != Command::HoldOrUnfold {
        row.hint
    } else if unfolds {
        "unfold"
    } else if state.tabs.active().is_some_and(|tab| tab.held) {
        "let go"
    } else {
        row.hint
    };
    Line::from(vec![Span::styled(keys, theme.bold()), Span::styled(format!(" {words}"), theme.dim())])
}
