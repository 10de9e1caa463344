//! The status line: a message, keys that begin a sequence, or how the open stream stands; the keys that make sense now; how much comes.
//!
//! Keys are those of the keymap and are shown where `State::can` says so: there is no second list of them.

use crate::command::{COMMANDS, Command, Row};
use crate::keymap::Sequence;
use crate::model::{Carriage, Connection, Rung, Stream, Subscription, Withheld};
use crate::state::hashed::Keyed;
use crate::state::{Anchor, Completeness, Fill, Meter, Overlay, State, Tab, ThreadState, Timeline, Unproven};
use crate::text::wrap;
use crate::ui::finished::{Finished, Piece};
use crate::ui::line::{cols, line_width};
use crate::ui::paint::Painter;
use crate::ui::row::gap_span;
use crate::ui::tab_bar::spark;
use crate::ui::theme::Theme;
use crate::ui::timeline::{ROOMY, reason};
use crate::ui::times;
use ratatui::text::{Line, Span};
use std::hash::BuildHasher as _;
use std::sync::{Arc, LazyLock};

/// Draws the line. `told` says whether the tab bar had room for the connection in words.
pub(crate) fn draw(painter: &mut Painter<'_>, kept: &mut Option<Hints>, state: &State, y: u16, told: bool) {
    let theme = painter.theme;
    let width = painter.screen().width;
    let rate = rate(state, theme, width);
    let right = painter.line_to(width.saturating_sub(1), y, width / 3, &rate);
    let end = right.saturating_sub(1);
    // Where the tab bar has no room for it, the countdown stands here.
    let next = state.line.next_attempt.filter(|_| !told).map(|at| painter.clock.soon(at));
    let left = left(state, theme, told, next.as_deref());
    let room = end.saturating_sub(1);
    // A message that is too long gives way to one hint, but not where what is said is all there is room for.
    let spare = match state.line.state {
        _ if state.notices.shown().is_some() => HINT,
        // Signed out, the words say what to do.
        Connection::Live | Connection::Connecting | Connection::SignedOut { .. } => 0,
        Connection::Reconnecting { .. } | Connection::Offline { .. } | Connection::RateLimited { .. } | Connection::Failed { .. } => RETRY,
    };
    let room = if width >= SPARE { room.saturating_sub(spare) } else { room };
    let x = painter.line(1, y, room, &left);
    if state.pending.is_empty() {
        hints(painter, kept, state, (x, end), y);
    } else {
        continuations(painter, state, x, end, y);
    }
}

/// Draws what the line begins with, or how a sequence that was begun can go on, and nothing else.
pub(crate) fn alone(painter: &mut Painter<'_>, state: &State, y: u16) {
    let end = painter.screen().width.saturating_sub(1);
    let next = state.line.next_attempt.map(|at| painter.clock.soon(at));
    let left = left(state, painter.theme, false, next.as_deref());
    let x = painter.line(1, y, end.saturating_sub(1), &left);
    if !state.pending.is_empty() {
        continuations(painter, state, x, end, y);
    }
}

/// How the sequence that was begun can go on.
fn continuations(painter: &mut Painter<'_>, state: &State, from: u16, end: u16, y: u16) {
    let theme = painter.theme;
    let named = |command: Command| command.row().map_or("", |row| if row.hint.is_empty() { row.name } else { row.hint });
    let ways = state.settings.keymap.continuations(state.scopes(), &state.pending).into_iter();
    let ways = ways.filter(|(_, command)| state.can(*command)).map(|(rest, command)| (rest.to_string(), named(command)));
    let (mark, mut x) = separator(from, theme);
    painter.pieces(y, mark.as_slice());
    for (key, words) in [("esc".to_owned(), "gives up")].into_iter().chain(ways) {
        let line = Line::from(vec![Span::styled(key, theme.bold()), Span::styled(format!(" {words}"), theme.dim())]);
        if x + cols(line_width(&line)) > end {
            break;
        }
        x = painter.line(x, y, end.saturating_sub(x), &line) + 2;
    }
}

/// The mark between what is said and what follows, where something is said, and the column after it.
fn separator(from: u16, theme: &Theme) -> (Option<Piece>, u16) {
    if from <= 1 {
        return (None, from);
    }
    let mark = Finished::new(Line::from(Span::styled(theme.glyphs().vertical, theme.rule())));
    (Some((from + 2, 1, Arc::new(mark))), from + 5)
}

/// From this width on a message leaves room for a hint, in columns.
const SPARE: u16 = 60;
/// The columns of the hint with the mark before it.
const HINT: u16 = 12;
/// The columns of the hint at trying again.
const RETRY: u16 = 21;

/// What the line begins with where nothing else is on screen, in words.
pub(crate) fn words(state: &State, theme: &Theme, next: Option<&str>) -> String {
    stands(state, theme, false, next).spans.iter().map(|span| span.content.as_ref()).collect()
}

/// What the line begins with.
fn left(state: &State, theme: &Theme, told: bool, next: Option<&str>) -> Line<'static> {
    if let Some(begun) = Sequence::new(state.pending.clone()) {
        return said((theme.glyphs().prompt, theme.accent()), format!("{begun} {}", theme.glyphs().ellipsis));
    }
    if let Some(notice) = state.notices.shown() {
        let mark = if notice.grave { (theme.glyphs().cross, theme.bad()) } else { (theme.glyphs().dot, theme.accent()) };
        return said(mark, notice.text.to_string());
    }
    stands(state, theme, told, next)
}

/// How the connection and the open stream stand.
fn stands(state: &State, theme: &Theme, told: bool, next: Option<&str>) -> Line<'static> {
    let glyphs = theme.glyphs();
    if let Some(words) = away(state, theme, told, next) {
        return said(
            match &state.line.state {
                Connection::Connecting | Connection::Live => (glyphs.connecting, theme.dim()),
                Connection::Reconnecting { .. } | Connection::RateLimited { .. } => (glyphs.again, theme.mark()),
                Connection::Offline { .. } | Connection::SignedOut { .. } | Connection::Failed { .. } => (glyphs.cross, theme.bad()),
            },
            words,
        );
    }
    let Some(tab) = state.tabs.active() else { return Line::default() };
    let Some((stream, timeline)) = state.worst(&tab.sources) else { return Line::default() };
    let of = of(state, tab, stream);
    match &timeline.standing {
        Subscription::Refused(words) => said((glyphs.cross, theme.bad()), format!("{of}refused: {words}")),
        Subscription::Interrupted(words) => said((glyphs.again, theme.mark()), format!("{of}interrupted: {words}")),
        Subscription::NotStreamed => said((glyphs.absent, theme.mark()), format!("{of}not streamed by this server")),
        Subscription::Requested => said((glyphs.connecting, theme.dim()), format!("{of}subscribing{}", glyphs.ellipsis)),
        Subscription::Open if state.withheld(stream) == Some(Withheld::Everything) => {
            said((glyphs.absent, theme.mark()), format!("{of}{}", Withheld::Everything.words()))
        }
        Subscription::Open => open(state, theme, tab, (stream, timeline), told),
    }
}

/// Why there is no connection, `None` where there is one. The state and the countdown come first where the tab bar has no
/// room for them.
fn away(state: &State, theme: &Theme, told: bool, next: Option<&str>) -> Option<String> {
    let why = reason(&state.line.state);
    let named = |name: &str| if told { why.clone() } else { format!("{name}: {why}") };
    let next = |between: &str| next.map(|next| format!("{between} {next}")).unwrap_or_default();
    Some(match &state.line.state {
        Connection::Live => return None,
        Connection::Connecting => format!("connecting{}", theme.glyphs().ellipsis),
        Connection::Reconnecting { .. } => named(&format!("reconnecting{}", next(""))),
        Connection::Offline { .. } => named(&format!("offline{}", next(", again"))),
        Connection::RateLimited { .. } => {
            let until = state.line.next_attempt.map(|at| format!(" until {}", times::due(at, state.now, &theme.zone)));
            format!("rate limited{}: {why}", until.unwrap_or_default())
        }
        Connection::SignedOut { .. } => named("signed out"),
        Connection::Failed { .. } => named("not connected"),
    })
}

fn said((mark, style): (&'static str, ratatui::style::Style), words: String) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{mark} "), style), Span::raw(words)])
}

/// Of which of several streams something is said.
fn of(state: &State, tab: &Tab, stream: &Stream) -> String {
    if tab.sources.is_merged() { format!("{}: ", stream.title(&state.offer.lists)) } else { String::new() }
}

fn open(state: &State, theme: &Theme, tab: &Tab, (stream, timeline): (&Stream, &Timeline), is_told: bool) -> Line<'static> {
    let glyphs = theme.glyphs();
    let of = of(state, tab, stream);
    let mut line = Line::default();
    if tab.held {
        // Where the pane has no line for it, what happened meanwhile is told here.
        let words = tab.since_hold.words().filter(|_| state.size.1 < ROOMY + 3).map(|words| format!(": {words}"));
        line = said((glyphs.held, theme.mark()), format!("held{}  ", words.unwrap_or_default()));
    }
    let told = |since| times::moment(since, state.now, &theme.zone);
    let mut gaps = timeline.gaps();
    let (mark, words) = if let Some(walk) = timeline.refill.as_ref().filter(|walk| walk.gap.is_some()) {
        let pages = match walk.pages {
            0 => glyphs.ellipsis.to_owned(),
            1 => ", 1 page so far".to_owned(),
            pages => format!(", {pages} pages so far"),
        };
        (Some(glyphs.again), format!("{of}refilling{pages}"))
    } else if gaps.any(|gap| gap.fill != Fill::Left) {
        (Some(glyphs.again), format!("{of}refilling{}", glyphs.ellipsis))
    } else if let Some(gap) = timeline.gaps().next() {
        let span = gap_span(gap, state, theme);
        (Some(glyphs.gap), if span.is_empty() { format!("{of}gap left") } else { format!("{of}gap left, {span}") })
    } else {
        let words = match timeline.completeness(stream) {
            Completeness::Since(since) => format!("complete since {}", told(since)),
            Completeness::Between(since, until) => format!("{of}complete {}{}{}", told(since), glyphs.to, told(until)),
            Completeness::Gaps(_) => format!("{of}gap left"),
            Completeness::Unknown(Unproven::Unordered) => format!("{of}live, not known to be complete"),
            Completeness::Unknown(Unproven::NotPolled) => format!("{of}polled, not known to be complete"),
            Completeness::Unknown(Unproven::NotStreamed | Unproven::NotConnected) => format!("{of}live"),
        };
        (None, words)
    };
    match mark {
        Some(mark) => line.spans.extend(said((mark, theme.mark()), words).spans),
        // All is well, and there is no room to say so.
        None if tab.held && line_width(&line) + wrap::width(&words) + 2 > usize::from(state.size.0) => {}
        None => {
            // Only what is proven is well.
            let proven = matches!(timeline.completeness(stream), Completeness::Since(_) | Completeness::Between(..));
            line.push_span(Span::styled(words, if proven { theme.good() } else { theme.dim() }));
        }
    }
    let mut aside = |words: String, style| line.push_span(Span::styled(format!(" {} {words}", glyphs.dot), style));
    if let Some(flood) = tab.flood.filter(|_| state.size.1 < ROOMY + 3) {
        aside(format!("{} a minute, {}", state.meter_of(tab).map_or(0, Meter::per_minute), flood.words()), ratatui::style::Style::new());
    }
    if let Some(withheld) = state.withheld(stream) {
        aside(if withheld == Withheld::Local { "local posts off" } else { "remote posts off" }.to_owned(), ratatui::style::Style::new());
    }
    if let Some(silence) = state.silence_of(&tab.sources) {
        aside(format!("silent for {}", times::length(silence)), theme.dim());
    }
    let hidden = state.hidden(tab);
    if hidden > 0 {
        aside(format!("filtered ({hidden} hidden)"), theme.dim());
    }
    if let Some(failure) = timeline.poll.as_ref().and_then(|poll| poll.failure.as_ref()) {
        aside(format!("the last poll failed: {}", failure.reason), ratatui::style::Style::new());
    } else if timeline.rung != state.line.rung || (!is_told && timeline.rung != Rung::Multiplexed) {
        aside(format!("{of}{}", rung_words(state, stream, timeline.rung)), theme.dim());
    }
    line
}

/// By which other means than the rest a stream comes, and why where that is known.
fn rung_words(state: &State, stream: &Stream, rung: Rung) -> String {
    match rung {
        Rung::Multiplexed => "multiplexed".to_owned(),
        Rung::Socket => "on a socket of its own".to_owned(),
        Rung::ServerSentEvents => "by server-sent events".to_owned(),
        Rung::Polling => match state.carriage(stream) {
            Carriage::Polling | Carriage::Never => format!("polled: this server never streams {}", stream.kind()),
            Carriage::Frame | Carriage::Within(_) | Carriage::Socket => "polled".to_owned(),
        },
    }
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
fn hinted(state: &State, unfolds: bool) -> Vec<Hint<'_>> {
    let scopes = state.scopes();
    let bare = state.overlays.is_empty();
    let is_reading = matches!(state.overlays.last(), Some(Overlay::Detail(_)));
    let at_top = state.tabs.active().is_some_and(|tab| tab.anchor == Anchor::Top || tab.flood.is_some());
    let out_of_place = [
        // Without a layer there is only a message to close.
        (Command::Back, bare),
        (Command::First, at_top || !bare),
        (Command::Search, !bare),
        // What these are about lies beneath.
        (Command::Subscribe, !bare),
        (Command::Announcements, !bare),
        (Command::CloseTab, !bare),
        // Of a timeline there is more to say.
        (Command::OpenLinks, !is_reading),
        (Command::View, !is_reading),
        (Command::RetryNow, state.line.state == Connection::Connecting || is_read_well(state)),
        (Command::HoldOrUnfold, !bare && !unfolds),
        // It says itself what its keys do.
        (Command::Read, matches!(state.overlays.last(), Some(Overlay::Links(_)))),
    ];
    let fits = |row: &&&'static Row| {
        scopes.contains(&row.scope) && !out_of_place.iter().any(|(command, out)| *out && *command == row.command) && state.can(row.command)
    };
    let mut hints: Vec<Hint<'_>> = HINTED.iter().filter(fits).filter_map(|row| hint(state, row, unfolds)).collect();
    if unfolds {
        // What can be unfolded is worth more than to hold: as much as help, before it.
        hints.sort_by_key(|hint| if hint.command == Command::HoldOrUnfold { (worth(Command::Help), 0) } else { (worth(hint.command), 1) });
    }
    hints
}

/// The commands that are ever hinted at, the most useful first.
static HINTED: LazyLock<Vec<&'static Row>> = LazyLock::new(|| {
    let mut rows: Vec<&Row> = COMMANDS.iter().filter(|row| !row.hint.is_empty()).collect();
    rows.sort_by_key(|row| worth(row.command));
    rows
});

fn worth(command: Command) -> usize {
    BY_WORTH.iter().position(|worth| *worth == command).unwrap_or(BY_WORTH.len())
}

/// Whether a thread is open and here: asking for it again is possible, but nothing to advise.
fn is_read_well(state: &State) -> bool {
    matches!(state.overlays.last(), Some(Overlay::Detail(detail)) if detail.thread == ThreadState::Here)
        && state.line.state == Connection::Live
}

fn can_unfold(state: &State) -> bool {
    let sources = state.tabs.active().map(|tab| &tab.sources);
    sources.zip(state.reading()).is_some_and(|(sources, id)| state.is_folded(sources, &id) || state.veils_media(sources, &id))
}

/// A command, and how it is hinted at: its key, that of its counterpart, and in words.
#[derive(Debug, Clone, Copy, Hash)]
struct Hint<'s> {
    command: Command,
    key: &'s str,
    other_key: Option<&'s str>,
    words: &'static str,
}

/// The hints as they were laid out: mostly they are those of the frame before.
#[derive(Debug)]
pub(crate) struct Hints {
    /// A number for what they tell, and in which columns.
    stamp: u64,
    pieces: Vec<Piece>,
}

impl Hints {
    fn lay_out(stamp: u64, (from, end): (u16, u16), hints: &[Hint<'_>], theme: &Theme) -> Self {
        let room = usize::from(end.saturating_sub(from));
        let (mark, mut x) = separator(from, theme);
        // Between one and the next two columns stay empty.
        let mut used = usize::from(x - from);
        let mut taken: Vec<(Command, Finished)> = Vec::new();
        for hint in hints {
            let line = Finished::new(hint.line(theme));
            let own = usize::from(line.columns());
            if used + own <= room {
                used += own + 2;
                taken.push((hint.command, line));
            }
        }
        // What was chosen by worth is shown in the table's order.
        taken.sort_by_key(|(command, _)| COMMANDS.iter().position(|row| row.command == *command));
        let mut pieces: Vec<Piece> = mark.into_iter().filter(|_| !taken.is_empty()).collect();
        for (_, line) in taken {
            let own = line.columns();
            pieces.push((x, own, Arc::new(line)));
            x += own + 2;
        }
        Self { stamp, pieces }
    }
}

fn hints(painter: &mut Painter<'_>, kept: &mut Option<Hints>, state: &State, room: (u16, u16), y: u16) {
    let unfolds = can_unfold(state);
    let told = hinted(state, unfolds);
    let stamp = Keyed::default().hash_one((room, &told));
    let hints = match kept.take().filter(|kept| kept.stamp == stamp) {
        Some(hints) => kept.insert(hints),
        None => kept.insert(Hints::lay_out(stamp, room, &told, painter.theme)),
    };
    painter.pieces(y, &hints.pieces);
}

/// A command's hint, where it has a key.
fn hint<'s>(state: &'s State, row: &Row, unfolds: bool) -> Option<Hint<'s>> {
    let key = state.first_key(row.command)?;
    let other_key = if row.command == Command::Down { state.first_key(Command::Up) } else { None };
    let words = if row.command != Command::HoldOrUnfold {
        row.hint
    } else if unfolds {
        "unfold"
    } else if state.tabs.active().is_some_and(|tab| tab.held) {
        "let go"
    } else {
        row.hint
    };
    Some(Hint { command: row.command, key, other_key, words })
}

impl Hint<'_> {
    fn line(self, theme: &Theme) -> Line<'static> {
        let keys = self.other_key.map_or_else(|| self.key.to_owned(), |other| format!("{}/{other}", self.key));
        Line::from(vec![Span::styled(keys, theme.bold()), Span::styled(format!(" {}", self.words), theme.dim())])
    }
}
