//! The tab bar: the name, a tab for each stream with what is new in it, and the connection; a rule beneath that thickens
//! where the reader is.
//!
//! Where the screen is narrow it says less, step by step, and at last scrolls so that the open tab is always in view.

use crate::model::{Connection, Rung, Subscription, Withheld};
use crate::state::{Meter, State, Tab};
use crate::text::{Plain, wrap};
use crate::ui::finished::{Finished, Piece};
use crate::ui::line::{cut, line_width};
use crate::ui::paint::Painter;
use crate::ui::theme::Theme;
use crate::ui::times::{Clock, due};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::sync::Arc;
use std::time::Duration;

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

/// What the bar tells.
#[derive(Debug, PartialEq)]
struct Facts {
    width: u16,
    tabs: Vec<Label>,
    line: Told,
    is_live: bool,
    ping: Option<Duration>,
}

/// The bar as it was laid out: mostly it tells what it told before.
#[derive(Debug)]
pub(crate) struct Bar {
    facts: Facts,
    pieces: Vec<Piece>,
    /// Where tabs stand: from a column, to before another one, and which.
    areas: Vec<(u16, u16, usize)>,
    open: OpenTab,
}

/// Draws the bar; gives back where tabs stand, and the open one.
pub(crate) fn draw(painter: &mut Painter<'_>, kept: &mut Option<Bar>, state: &State, y: u16) -> (Vec<(u16, u16, usize)>, OpenTab) {
    let theme = painter.theme;
    let facts = Facts {
        width: painter.screen().width,
        tabs: state.tabs.all().iter().enumerate().map(|(index, tab)| Label::of(state, theme, index, tab)).collect(),
        line: told(state, theme, &mut painter.clock),
        is_live: state.line.state == Connection::Live,
        ping: state.line.ping,
    };
    let bar = match kept.take().filter(|bar| bar.facts == facts) {
        Some(bar) => kept.insert(bar),
        None => kept.insert(Bar::lay_out(facts, theme)),
    };
    painter.pieces(y, &bar.pieces);
    (bar.areas.clone(), bar.open)
}

impl Bar {
    fn lay_out(facts: Facts, theme: &Theme) -> Self {
        let width = facts.width;
        let ends = Ends::new(&facts, theme);
        let [.., mut level] = LEVELS;
        let mut titles: Vec<String> = Vec::new();
        let mut made_for = None;
        for next in LEVELS {
            level = next;
            // Several levels have the same ones.
            if made_for.replace(level.titles) != Some(level.titles) {
                titles = facts.tabs.iter().map(|label| label.title_at(level.titles, theme)).collect();
            }
            if facts.width_at(level, &titles, &ends).max(facts.later(level, &titles, &ends)) <= usize::from(width) {
                break;
            }
        }
        let line = ends.line(level.line);
        let own = line.columns().min(width.saturating_sub(1));
        let right = width.saturating_sub(1).saturating_sub(own);
        let mut bar = Self { pieces: vec![(right, own, Arc::clone(line))], areas: Vec::new(), open: OpenTab::default(), facts };
        let mut x = 0;
        if level.brand {
            x = ends.brand.columns().min(right);
            bar.pieces.push((0, right, ends.brand));
        }
        let tabs = bar.facts.tabs.iter().zip(&titles).map(|(label, title)| Finished::new(label.line(title, level, theme))).collect();
        bar.lay_tabs(tabs, (x, right.saturating_sub(1)), theme);
        bar.open.told = level.line != Words::Mark;
        bar
    }

    fn lay_tabs(&mut self, tabs: Vec<Finished>, (from, to): (u16, u16), theme: &Theme) {
        let active = self.facts.tabs.iter().position(|label| label.is_active).unwrap_or_default();
        let widths: Vec<u16> = tabs.iter().map(Finished::columns).collect();
        let room = to.saturating_sub(from);
        let sum = |range: &[u16]| range.iter().fold(0_u16, |sum, width| sum.saturating_add(*width));
        let all_fit = sum(&widths) <= room;
        // Each side that hides tabs keeps a column for its mark.
        let room = if all_fit { room } else { room.saturating_sub(2) };
        let mut first = 0;
        while first < active && sum(widths.get(first..=active).unwrap_or_default()) > room {
            first += 1;
        }
        let more = |glyph: &'static str| Arc::new(Finished::new(Line::from(Span::styled(glyph, theme.dim()))));
        let mut x = from;
        if !all_fit {
            if first > 0 {
                self.pieces.push((x, 1, more(theme.glyphs().more_left)));
            }
            x += 1;
        }
        let end = x.saturating_add(room);
        let (count, mut last) = (tabs.len(), first);
        for (index, tab) in tabs.into_iter().enumerate().skip(first) {
            let left = end.saturating_sub(x);
            if tab.columns() > left && index != active {
                break;
            }
            let own = tab.columns().min(left);
            self.pieces.push((x, own, Arc::new(tab)));
            if index == active {
                self.open = OpenTab { from: x, to: x + own, ..OpenTab::default() };
            }
            self.areas.push((x, x + own, index));
            x += own;
            last = index + 1;
        }
        if last < count {
            self.pieces.push((end, 1, more(theme.glyphs().more_right)));
        }
    }
}

impl Facts {
    /// The columns that the bar takes.
    fn width_at(&self, level: Level, titles: &[String], ends: &Ends) -> usize {
        let brand = if level.brand { ends.brand.columns() } else { 0 };
        let tabs = self.tabs.iter().zip(titles).map(|(label, title)| label.width(title, level));
        usize::from(brand) + tabs.sum::<usize>() + usize::from(ends.line(level.line).columns()) + 2
    }

    /// The columns that the bar takes when each tab counts as many as two digits tell. Where there is room for them now, the name
    /// does not go, nor do titles get shorter and tabs jump, with the next post.
    fn later(&self, level: Level, titles: &[String], ends: &Ends) -> usize {
        if !level.brand || !self.is_live {
            return 0;
        }
        let line = if level.titles == Titles::Whole { level.line } else { Words::Short };
        let level = Level { sparks: false, line, ..level };
        // A space and two digits.
        let spare = |label: &Label| 3_usize.saturating_sub(label.count_words().len());
        let more: usize = self.tabs.iter().map(spare).sum();
        self.width_at(level, titles, ends) + more
    }

    fn connection(&self, words: Words, theme: &Theme) -> Line<'static> {
        let Told { mark: (mark, style), full, short } = &self.line;
        let mut line = Line::from(Span::styled(*mark, *style));
        match words {
            Words::Full => line.push_span(Span::raw(format!(" {full}"))),
            Words::Short => line.push_span(Span::raw(format!(" {short}"))),
            Words::Mark => {}
        }
        if words == Words::Full
            && self.is_live
            && let Some(ping) = self.ping
        {
            line.push_span(Span::styled(format!(" {} ms", ping.as_millis().min(99_999)), theme.dim()));
        }
        debug_assert!(wrap::width(mark) == 1);
        line
    }
}

/// What stands left and right of the tabs: the name, and the connection as each level tells it.
struct Ends {
    brand: Arc<Finished>,
    full: Arc<Finished>,
    short: Arc<Finished>,
    mark: Arc<Finished>,
}

impl Ends {
    fn new(facts: &Facts, theme: &Theme) -> Self {
        let connection = |words| Arc::new(Finished::new(facts.connection(words, theme)));
        let brand = vec![Span::raw(" "), Span::styled("trunkline", theme.fresh()), Span::raw("  ")];
        Self {
            brand: Arc::new(Finished::new(Line::from(brand))),
            full: connection(Words::Full),
            short: connection(Words::Short),
            mark: connection(Words::Mark),
        }
    }

    fn line(&self, words: Words) -> &Arc<Finished> {
        match words {
            Words::Full => &self.full,
            Words::Short => &self.short,
            Words::Mark => &self.mark,
        }
    }
}

/// What the bar can say of a tab.
#[derive(Debug, PartialEq)]
struct Label {
    index: usize,
    is_active: bool,
    title: Plain,
    /// Where it shows several streams, the title of the first, and how many others there are.
    first: Option<(Plain, usize)>,
    /// How many posts are new.
    count: usize,
    is_filtered: bool,
    /// How its stream stands.
    mark: Option<(&'static str, Style)>,
    /// How much has come of late, as bars and as a number, where that is enough to be shown.
    pace: Option<(String, u32)>,
}

impl Label {
    fn of(state: &State, theme: &Theme, index: usize, tab: &Tab) -> Self {
        let meter = state.meter_of(tab).filter(|meter| meter.is_busy());
        let lists = &state.offer.lists;
        Self {
            index,
            is_active: index == state.tabs.active_index(),
            title: tab.sources.title(lists),
            first: tab
                .sources
                .all()
                .split_first()
                .filter(|(_, others)| !others.is_empty())
                .map(|(first, others)| (first.title(lists), others.len())),
            count: tab.unseen.len(),
            is_filtered: !tab.sieve.filter().is_empty(),
            mark: mark(state, theme, tab),
            pace: meter.map(|meter| (spark(meter, theme, 4), meter.per_minute())),
        }
    }

    fn title_at(&self, titles: Titles, theme: &Theme) -> String {
        let title = self.title.as_str();
        if let Some((first, others)) = &self.first
            && (titles == Titles::Short || wrap::width(title) > LONGEST_TITLE)
        {
            let room = if titles == Titles::Short { SHORT_TITLE } else { LONGEST_TITLE };
            let more = format!(" +{others}");
            return format!("{}{more}", cut(first.as_str(), room.saturating_sub(more.len()), theme));
        }
        let known = match title {
            "Notifications" => "Notif",
            "Federated" => "Fed",
            other => other,
        };
        let (title, room) = match titles {
            Titles::Whole => (title, LONGEST_TITLE),
            Titles::Known => (known, LONGEST_TITLE),
            Titles::Short => (known, SHORT_TITLE),
        };
        cut(title, room, theme).into_owned()
    }

    fn count_words(&self) -> String {
        match self.count {
            0 => String::new(),
            count @ 1..=999 => format!(" {count}"),
            _ => " 999+".to_owned(),
        }
    }

    /// The columns of [`Self::line`].
    fn width(&self, title: &str, level: Level) -> usize {
        let number = if self.index < 9 { 2 } else { 0 };
        let marks = usize::from(self.is_filtered) + usize::from(self.mark.is_some());
        let pace = self.pace.as_ref().filter(|_| level.sparks);
        let pace = pace.map_or(0, |(bars, per_minute)| wrap::width(bars) + per_minute.to_string().len() + 4);
        2 + number + wrap::width(title) + self.count_words().len() + 2 * marks + pace
    }

    fn line(&self, title: &str, level: Level, theme: &Theme) -> Line<'static> {
        let number = if self.index < 9 { format!("{} ", self.index + 1) } else { String::new() };
        let title_style = if self.is_active { theme.bold() } else { Style::new() };
        let mut words = vec![
            (" ".to_owned(), Style::new()),
            (number, theme.dim()),
            (title.to_owned(), title_style),
            (self.count_words(), theme.fresh()),
        ];
        let filtered = self.is_filtered.then(|| ("&", theme.dim()));
        words.extend(filtered.into_iter().chain(self.mark).map(|(mark, style)| (format!(" {mark}"), style)));
        if let Some((bars, per_minute)) = self.pace.as_ref().filter(|_| level.sparks) {
            words.extend([(format!(" {bars}"), theme.rule()), (format!(" {per_minute}/m"), theme.dim())]);
        }
        words.push((" ".to_owned(), Style::new()));
        let words = words.into_iter().filter(|(words, _)| !words.is_empty());
        let line: Line<'static> = words.map(|(words, style)| Span::styled(words, style)).collect();
        debug_assert_eq!(line_width(&line), self.width(title, level), "{line}");
        line
    }
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

/// How the connection is told: its mark, and in many words and in few.
#[derive(Debug, PartialEq)]
struct Told {
    mark: (&'static str, Style),
    full: String,
    short: String,
}

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
    Told { mark: (mark, style), full, short }
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
