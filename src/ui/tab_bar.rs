//! The tab bar: the name, a tab for each stream with what is new in it, and the connection; a rule beneath that thickens
//! where the reader is.
//!
//! Where the screen is narrow it says less, step by step, and at last scrolls so that the open tab is always in view.

use crate::model::{Connection, Rung, Sources, Subscription, Withheld};
use crate::state::{Meter, State, Tab};
use crate::text::wrap;
use crate::ui::line::{cols, cut, line_width};
use crate::ui::paint::Painter;
use crate::ui::theme::Theme;
use crate::ui::times::{Clock, due};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// The longest title of a tab, in columns.
const LONGEST_TITLE: usize = 24;
/// The longest title where there is little room.
const SHORT_TITLE: usize = 9;

/// How much the bar says.
#[derive(Debug, Clone, Copy)]
struct Level {
    brand: bool,
    sparks: bool,
    titles: Titles,
    line: Words,
}

/// How long titles are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Titles {
    /// As they are, within [`LONGEST_TITLE`].
    Whole,
    /// Those that everybody knows by fewer letters by these.
    Known,
    /// Within [`SHORT_TITLE`].
    Short,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Words {
    Full,
    Short,
    Mark,
}

const LEVELS: [Level; 7] = [
    Level { brand: true, sparks: true, titles: Titles::Whole, line: Words::Full },
    Level { brand: true, sparks: false, titles: Titles::Whole, line: Words::Full },
    Level { brand: true, sparks: false, titles: Titles::Known, line: Words::Full },
    Level { brand: true, sparks: false, titles: Titles::Short, line: Words::Full },
    Level { brand: true, sparks: false, titles: Titles::Short, line: Words::Short },
    Level { brand: false, sparks: false, titles: Titles::Short, line: Words::Short },
    Level { brand: false, sparks: false, titles: Titles::Short, line: Words::Mark },
];

/// Where the open tab stands in the bar, for the rule beneath.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct OpenTab {
    pub(crate) from: u16,
    pub(crate) to: u16,
    /// Whether the bar tells the connection in words, and not by its mark alone.
    pub(crate) told: bool,
}

/// Draws the bar; gives back where tabs stand, and the open one.
pub(crate) fn draw(painter: &mut Painter<'_>, state: &State, y: u16) -> (Vec<(u16, u16, usize)>, OpenTab) {
    let width = painter.screen().width;
    let theme = painter.theme;
    let told = told(state, theme, &mut painter.clock);
    let mut labels: Vec<Label> = state.tabs.all().iter().enumerate().map(|(index, tab)| Label::of(state, theme, index, tab)).collect();
    let [.., mut level] = LEVELS;
    let mut titles = None;
    for next in LEVELS {
        level = next;
        // Several levels have the same ones.
        if titles.replace(level.titles) != Some(level.titles) {
            for (label, tab) in labels.iter_mut().zip(state.tabs.all()) {
                label.title = title(state, &tab.sources, level.titles, theme);
            }
        }
        let own = bar_width(level, &labels, &connection(state, theme, &told, level.line), theme);
        if own.max(later(state, theme, level, &labels, &told)) <= usize::from(width) {
            break;
        }
    }
    let tabs: Vec<Line<'static>> = labels.iter().map(|label| label.line(level, theme)).collect();
    let line = connection(state, theme, &told, level.line);
    let right = painter.line_to(width.saturating_sub(1), y, width.saturating_sub(1), &line);
    let x = if level.brand { painter.line(0, y, right, &brand(theme)) } else { 0 };
    let (areas, open) = tabs_between(painter, state, &tabs, (x, right.saturating_sub(1)), y);
    (areas, OpenTab { told: level.line != Words::Mark, ..open })
}

/// The columns that the bar takes.
fn bar_width(level: Level, labels: &[Label], line: &Line<'_>, theme: &Theme) -> usize {
    let brand = if level.brand { line_width(&brand(theme)) } else { 0 };
    brand + labels.iter().map(|label| label.width(level)).sum::<usize>() + line_width(line) + 2
}

/// The columns that the bar takes when each tab counts as many as two digits tell. Where there is room for them now, the name
/// does not go, nor do titles get shorter and tabs jump, with the next post.
fn later(state: &State, theme: &Theme, level: Level, labels: &[Label], told: &Told) -> usize {
    if !level.brand || state.line.state != Connection::Live {
        return 0;
    }
    let line = if level.titles == Titles::Whole { level.line } else { Words::Short };
    let level = Level { sparks: false, line, ..level };
    // A space and two digits.
    let spare = |label: &Label| 3_usize.saturating_sub(label.count.len());
    let more: usize = labels.iter().map(spare).sum();
    bar_width(level, labels, &connection(state, theme, told, line), theme) + more
}

fn brand(theme: &Theme) -> Line<'static> {
    Line::from(vec![Span::raw(" "), Span::styled("trunkline", theme.fresh()), Span::raw("  ")])
}

fn tabs_between(
    painter: &mut Painter<'_>,
    state: &State,
    tabs: &[Line<'static>],
    (from, to): (u16, u16),
    y: u16,
) -> (Vec<(u16, u16, usize)>, OpenTab) {
    let theme = painter.theme;
    let active = state.tabs.active_index();
    let widths: Vec<u16> = tabs.iter().map(|tab| cols(line_width(tab))).collect();
    let room = to.saturating_sub(from);
    let sum = |range: &[u16]| range.iter().fold(0_u16, |sum, width| sum.saturating_add(*width));
    let all_fit = sum(&widths) <= room;
    // Each side that hides tabs keeps a column for its mark.
    let room = if all_fit { room } else { room.saturating_sub(2) };
    let mut first = 0;
    while first < active && sum(widths.get(first..=active).unwrap_or_default()) > room {
        first += 1;
    }
    let mut x = from;
    if !all_fit {
        if first > 0 {
            painter.text(x, y, 1, theme.glyphs().more_left, theme.dim());
        }
        x += 1;
    }
    let mut areas = Vec::new();
    let mut open = OpenTab::default();
    let end = x.saturating_add(room);
    let mut last = first;
    for (index, tab) in tabs.iter().enumerate().skip(first) {
        let own = widths.get(index).copied().unwrap_or(0);
        let left = end.saturating_sub(x);
        if own > left && index != active {
            break;
        }
        let own = own.min(left);
        painter.line(x, y, own, tab);
        if index == active {
            open = OpenTab { from: x, to: x + own, ..OpenTab::default() };
        }
        areas.push((x, x + own, index));
        x += own;
        last = index + 1;
    }
    if last < tabs.len() {
        painter.text(end, y, 1, theme.glyphs().more_right, theme.dim());
    }
    (areas, open)
}

/// What the bar can say of a tab.
struct Label {
    is_active: bool,
    /// The number that opens it.
    number: String,
    title: String,
    /// How many posts are new.
    count: String,
    /// That it leaves something out, and how its stream stands.
    marks: Vec<(&'static str, Style)>,
    /// How much has come of late, as bars and as a number.
    pace: Option<[String; 2]>,
}

impl Label {
    /// What can be said of a tab, but for its title.
    fn of(state: &State, theme: &Theme, index: usize, tab: &Tab) -> Self {
        let filtered = (!tab.sieve.filter().is_empty()).then(|| ("&", theme.dim()));
        Self {
            is_active: index == state.tabs.active_index(),
            number: if index < 9 { format!("{} ", index + 1) } else { String::new() },
            title: String::new(),
            count: match tab.unseen.len() {
                0 => String::new(),
                count @ 1..=999 => format!(" {count}"),
                _ => " 999+".to_owned(),
            },
            marks: filtered.into_iter().chain(mark(state, theme, tab)).collect(),
            pace: pace(state, theme, tab),
        }
    }

    fn pace(&self, level: Level) -> impl Iterator<Item = &String> {
        self.pace.iter().flatten().filter(move |_| level.sparks)
    }

    fn width(&self, level: Level) -> usize {
        let marks = self.marks.iter().map(|(mark, _)| 1 + wrap::width(mark));
        let words = [&self.number, &self.title, &self.count].into_iter().chain(self.pace(level)).map(|words| wrap::width(words));
        words.chain(marks).sum::<usize>() + 2
    }

    fn line(&self, level: Level, theme: &Theme) -> Line<'static> {
        let mut line = Line::from(Span::raw(" "));
        let mut say = |words: &str, style| {
            if !words.is_empty() {
                line.push_span(Span::styled(words.to_owned(), style));
            }
        };
        say(&self.number, theme.dim());
        say(&self.title, if self.is_active { theme.bold() } else { Style::new() });
        say(&self.count, theme.fresh());
        self.marks.iter().for_each(|(mark, style)| say(&format!(" {mark}"), *style));
        self.pace(level).zip([theme.rule(), theme.dim()]).for_each(|(words, style)| say(words, style));
        say(" ", Style::new());
        line
    }
}

/// How much came for a tab of late, where that is enough to be shown.
fn pace(state: &State, theme: &Theme, tab: &Tab) -> Option<[String; 2]> {
    let meter = state.meter_of(tab).filter(|meter| meter.is_busy())?;
    Some([format!(" {}", spark(meter, theme, 4)), format!(" {}/m", meter.per_minute())])
}

fn title(state: &State, sources: &Sources, titles: Titles, theme: &Theme) -> String {
    let title = sources.title(&state.offer.lists);
    if let [first, others @ ..] = sources.all()
        && !others.is_empty()
        && (titles == Titles::Short || wrap::width(title.as_str()) > LONGEST_TITLE)
    {
        let room = if titles == Titles::Short { SHORT_TITLE } else { LONGEST_TITLE };
        let more = format!(" +{}", others.len());
        return format!("{}{more}", cut(first.title(&state.offer.lists).as_str(), room.saturating_sub(more.len()), theme));
    }
    let known = match title.as_str() {
        "Notifications" => "Notif",
        "Federated" => "Fed",
        other => other,
    };
    let (title, room) = match titles {
        Titles::Whole => (title.as_str(), LONGEST_TITLE),
        Titles::Known => (known, LONGEST_TITLE),
        Titles::Short => (known, SHORT_TITLE),
    };
    cut(title, room, theme).into_owned()
}

fn mark(state: &State, theme: &Theme, tab: &Tab) -> Option<(&'static str, Style)> {
    let glyphs = theme.glyphs();
    let (stream, timeline) = state.worst(&tab.sources)?;
    match &timeline.standing {
        Subscription::Refused(_) => Some((glyphs.cross, theme.bad())),
        Subscription::Interrupted(_) => Some((glyphs.again, theme.mark())),
        Subscription::NotStreamed => Some((glyphs.absent, theme.mark())),
        Subscription::Open if state.withheld(stream) == Some(Withheld::Everything) => Some((glyphs.absent, theme.mark())),
        Subscription::Requested | Subscription::Open => tab.held.then_some((glyphs.held, theme.mark())),
    }
}

/// How much has come of late, as bars of ten seconds each.
pub(crate) fn spark(meter: &Meter, theme: &Theme, count: usize) -> String {
    meter.bars(count).into_iter().filter_map(|height| theme.glyphs().bars.get(usize::from(height)).copied()).collect()
}

/// How the connection is told: its mark and style, and in many words and in few.
type Told = (&'static str, Style, String, String);

fn told(state: &State, theme: &Theme, clock: &mut Clock<'_>) -> Told {
    let glyphs = theme.glyphs();
    let line = &state.line;
    let next = line.next_attempt.map(|at| clock.soon(at));
    let both = |words: &str| (words.to_owned(), words.to_owned());
    let (mark, style, (full, short)) = match &line.state {
        Connection::Live => match line.rung {
            Rung::Multiplexed => (glyphs.live, theme.good(), both("live")),
            Rung::Socket => (glyphs.live, theme.good(), (format!("live {} a socket per stream", glyphs.dot), "live".to_owned())),
            Rung::ServerSentEvents => {
                let full = format!("live {} {}", glyphs.dot, line.rung.words());
                (glyphs.live, theme.good(), (full, format!("live {} SSE", glyphs.dot)))
            }
            Rung::Polling => {
                let last = state.last_poll().map(|at| clock.lately(at));
                let full = last.map_or_else(|| "polling".to_owned(), |last| format!("polling, last {last}"));
                (glyphs.connecting, theme.mark(), (full, "polling".to_owned()))
            }
        },
        Connection::Connecting => (glyphs.connecting, theme.dim(), both("connecting")),
        Connection::Reconnecting { attempt, .. } => {
            let next = next.unwrap_or_else(|| "now".to_owned());
            let failed = if *attempt == 0 { String::new() } else { format!(" ({attempt} failed)") };
            (glyphs.again, theme.mark(), (format!("reconnecting{failed}, next try {next}"), format!("retry {next}")))
        }
        Connection::RateLimited { .. } => {
            let until = line.next_attempt.map(|at| format!(" until {}", due(at, state.now, &theme.zone))).unwrap_or_default();
            (glyphs.again, theme.mark(), (format!("rate limited{until}"), format!("limited{until}")))
        }
        Connection::Offline { .. } => {
            let next = next.unwrap_or_else(|| "now".to_owned());
            (glyphs.cross, theme.bad(), (format!("offline, next try {next}"), format!("offline, again {next}")))
        }
        Connection::SignedOut { .. } => (glyphs.cross, theme.bad(), both("signed out")),
        Connection::Failed { .. } => (glyphs.cross, theme.bad(), ("not connected".to_owned(), "failed".to_owned())),
    };
    (mark, style, full, short)
}

fn connection(state: &State, theme: &Theme, (mark, style, full, short): &Told, words: Words) -> Line<'static> {
    let mut line = Line::from(Span::styled(*mark, *style));
    match words {
        Words::Full => line.push_span(Span::raw(format!(" {full}"))),
        Words::Short => line.push_span(Span::raw(format!(" {short}"))),
        Words::Mark => {}
    }
    if words == Words::Full
        && state.line.state == Connection::Live
        && let Some(ping) = state.line.ping
    {
        line.push_span(Span::styled(format!(" {} ms", ping.as_millis().min(99_999)), theme.dim()));
    }
    debug_assert!(wrap::width(mark) == 1);
    line
}

/// Draws the rule beneath the bar: thick under the open tab, with a joint where the panes part, and thick over the
/// reader where that has the keys.
pub(crate) fn rule(painter: &mut Painter<'_>, y: u16, open: OpenTab, joint: Option<u16>, reader: bool) {
    let theme = painter.theme;
    let glyphs = theme.glyphs();
    let width = painter.screen().width;
    painter.row_of(0, y, width, glyphs.horizontal, theme.rule());
    painter.row_of(open.from, y, open.to.saturating_sub(open.from), glyphs.thick, if reader { theme.rule() } else { theme.accent() });
    let Some(joint) = joint else { return };
    let under_open = (open.from..open.to).contains(&joint);
    let (glyph, style) = if under_open { (glyphs.thick_tee_down, theme.accent()) } else { (glyphs.tee_down, theme.rule()) };
    painter.text(joint, y, 1, glyph, style);
    if reader {
        painter.row_of(joint + 1, y, width.saturating_sub(joint + 1), glyphs.thick, theme.accent());
    }
}
