//! The visible window of a timeline around its anchor.
//!
//! No total height is ever needed: rows are laid out from the anchor on until the pane is full, at most about a screenful
//! above and below. The chosen row is always whole in view, except while the view follows what is new.

use crate::command::Command;
use crate::model::{Connection, Rung, Stream, Subscription, Withheld, by_age};
use crate::state::{Anchor, Area, Flood, Loading, Meter, Row, Rows, State, Tab, Timeline, TimelinePane, VisibleRow};
use crate::ui::cards::{Cards, Setting, Shape};
use crate::ui::line::{Card, hang, plain};
use crate::ui::paint::Painter;
use crate::ui::row::dim_line;
use crate::ui::theme::Theme;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::cmp::Ordering;
use std::sync::Arc;

/// The widest that text is set, in columns: longer lines are hard to read.
pub(crate) const MEASURE: u16 = 98;
/// How many rows above the pane are counted at most.
const MOST_COUNTED: usize = 1_000;
/// From this height on a pane has a line for what is above it.
pub(crate) const ROOMY: u16 = 12;

/// Draws the timeline of the open tab.
pub(crate) fn draw(painter: &mut Painter<'_>, cards: &mut Cards, state: &State, area: Rect, focused: bool) -> Option<TimelinePane> {
    draw_tab(painter, cards, state, state.tabs.active()?, area, focused)
}

/// Draws the timeline of one tab; without focus it has no bar beside its chosen row unless a reader shows that.
pub(crate) fn draw_tab(
    painter: &mut Painter<'_>,
    cards: &mut Cards,
    state: &State,
    tab: &Tab,
    area: Rect,
    focused: bool,
) -> Option<TimelinePane> {
    let rows = state.rows(tab)?;
    let head = u16::from(area.height >= ROOMY);
    let body = Rect { y: area.y + head, height: area.height - head, ..area };
    let theme = painter.theme;
    let setting = Setting {
        state,
        theme,
        sources: Some(&tab.sources),
        in_profile: false,
        width: area.width.saturating_sub(3).clamp(1, MEASURE),
        shape: Shape::Brief(body.height.saturating_sub(2)),
    };
    let foot = foot(painter, state, tab, setting.width);
    let mut window = Window { setting, tab, rows, cards, height: i32::from(body.height), foot: i32::from(foot.height()) };
    let mut pane = TimelinePane {
        area: cells(area),
        sources: tab.sources.clone(),
        asked: tab.anchor.clone(),
        top: None,
        hold: None,
        visible: Vec::new(),
    };
    let Some(place) = window.settle() else {
        empty(painter, state, tab, area);
        return Some(pane);
    };
    pane.top = rows.row(place.index).map(|row| (row.key(), u16::try_from(place.above).unwrap_or(0)));
    pane.hold = rows.row(place.index).map(|row| (row.key(), place.above));
    let chosen = window.cursor();
    let end = window.draw(painter, body, place, (chosen, focused), &mut pane);
    if let Some(end) = end {
        let (y, from) = if end < 0 { (0, end.unsigned_abs()) } else { (end.unsigned_abs(), 0) };
        let y = u16::try_from(y).unwrap_or(u16::MAX);
        let from = u16::try_from(from).unwrap_or(u16::MAX);
        if y < body.height {
            painter.card(Rect { x: body.x + 2, y: body.y + y, width: setting.width, height: body.height - y }, &foot, from);
        }
    }
    if let Some(search) = &state.finding {
        for row in &pane.visible {
            painter.mark_found(Rect { x: body.x + 2, y: row.y, width: window.setting.width, height: row.height }, &search.pattern);
        }
    }
    if head == 1 {
        above(painter, state, tab, rows, place.index, area);
    }
    Some(pane)
}

/// A part of the screen as the state knows it.
pub(crate) fn cells(area: Rect) -> Area {
    Area { x: area.x, y: area.y, width: area.width, height: area.height }
}

/// A row and how many lines of it are above the pane.
#[derive(Debug, Clone, Copy)]
struct Place {
    index: usize,
    above: i32,
}

struct Window<'a> {
    setting: Setting<'a>,
    tab: &'a Tab,
    rows: &'a Rows,
    cards: &'a mut Cards,
    height: i32,
    foot: i32,
}

impl Window<'_> {
    fn is_shown(&self, index: usize) -> bool {
        self.rows.row(index).is_some_and(|row| self.setting.state.is_shown(self.tab, row))
    }

    fn older(&self, index: usize) -> Option<usize> {
        (index + 1..self.rows.all().len()).find(|index| self.is_shown(*index))
    }

    fn newer(&self, index: usize) -> Option<usize> {
        (0..index).rev().find(|index| self.is_shown(*index))
    }

    /// The nearest shown row, older ones first.
    fn near(&self, index: usize) -> Option<usize> {
        self.setting.state.shown_near(self.tab, index)
    }

    fn card(&mut self, index: usize) -> Arc<Card> {
        self.rows.row(index).map_or_else(Arc::default, |row| self.cards.row(self.setting, row))
    }

    /// Height of a row with the blank line beneath it.
    fn step(&mut self, index: usize) -> i32 {
        i32::from(self.card(index).height()) + 1
    }

    /// The chosen row.
    fn cursor(&self) -> Option<usize> {
        self.setting.state.cursor_index(self.tab)
    }

    /// Where the view stands; `None` when there is no row to show.
    fn settle(&mut self) -> Option<Place> {
        let first = Place { index: self.near(0)?, above: 0 };
        let (key, lines) = match &self.tab.anchor {
            Anchor::Top => return Some(first),
            Anchor::Row(key, lines) => (key, *lines),
        };
        let index = self.rows.index_of(key).unwrap_or_else(|| self.rows.index_near(key));
        let far = self.height.saturating_mul(4);
        let place = self.normal(Place { index: self.near(index)?, above: lines.clamp(-far, far) });
        let place = self.with_cursor(place);
        Some(self.within_end(place))
    }

    /// Moves the place so that what is above the pane lies within one row.
    fn normal(&mut self, mut place: Place) -> Place {
        while place.above < 0 {
            let Some(newer) = self.newer(place.index) else {
                place.above = 0;
                break;
            };
            place.index = newer;
            place.above += self.step(newer);
        }
        loop {
            let step = self.step(place.index);
            if place.above < step {
                return place;
            }
            let Some(older) = self.older(place.index) else {
                place.above = step - 1;
                return place;
            };
            place.index = older;
            place.above -= step;
        }
    }

    /// Moves the view as little as brings the chosen row wholly into it.
    fn with_cursor(&mut self, place: Place) -> Place {
        let Some(cursor) = self.cursor() else { return place };
        let tall = self.step(cursor) - 1;
        let top = Place { index: cursor, above: 0 };
        if cursor < place.index || (cursor == place.index && place.above > 0 && (tall <= self.height || place.above >= tall)) {
            return top;
        }
        if cursor == place.index {
            return place;
        }
        let mut y = -place.above;
        let mut index = place.index;
        while index < cursor && y < self.height {
            y += self.step(index);
            match self.older(index) {
                Some(older) => index = older,
                None => break,
            }
        }
        if index == cursor && y + tall <= self.height {
            return place;
        }
        if tall >= self.height {
            return top;
        }
        self.normal(Place { index: cursor, above: tall - self.height })
    }

    /// Keeps the end of the timeline at the pane's bottom, unless everything fits.
    fn within_end(&mut self, place: Place) -> Place {
        let mut y = -place.above;
        let mut index = place.index;
        loop {
            y += self.step(index);
            if y >= self.height {
                return place;
            }
            match self.older(index) {
                Some(older) => index = older,
                None => break,
            }
        }
        let end = if self.foot == 0 { y - 1 } else { y + self.foot };
        if end >= self.height { place } else { self.normal(Place { index: place.index, above: place.above - (self.height - end) }) }
    }

    /// Draws rows from a place on; gives back the line after the last row, where that is in view.
    fn draw(
        &mut self,
        painter: &mut Painter<'_>,
        body: Rect,
        place: Place,
        (chosen, focused): (Option<usize>, bool),
        pane: &mut TimelinePane,
    ) -> Option<i32> {
        let mut y = -place.above;
        let mut index = place.index;
        while y < self.height {
            let card = self.card(index);
            let tall = i32::from(card.height());
            let (from, to) = (y.max(0), (y + tall).min(self.height));
            if let (Ok(shown), Ok(skip), Ok(line)) = (u16::try_from(to - from), u16::try_from(from - y), u16::try_from(from))
                && shown > 0
            {
                let part = Rect { x: body.x + 2, y: body.y + line, width: self.setting.width, height: shown };
                painter.card(part, &card, skip);
                if chosen == Some(index) && (focused || self.setting.state.is_wide()) {
                    select(painter, body.x, part.y, shown, (focused, self.setting.state.focused));
                }
                if let Some(row) = self.rows.row(index) {
                    if chosen == Some(index) && y >= 0 {
                        pane.hold = Some((row.key(), -y));
                    }
                    pane.visible.push(VisibleRow { key: row.key(), y: part.y, height: shown, whole: i32::from(shown) == tall });
                }
            }
            y += tall + 1;
            match self.older(index) {
                Some(older) => {
                    if let Ok(line) = u16::try_from(y - 1)
                        && line < body.height
                        && self.is_bookmarked(index, older)
                    {
                        bookmark(painter, Rect { x: body.x + 2, y: body.y + line, width: self.setting.width, height: 1 });
                    }
                    index = older;
                }
                None => return Some(y),
            }
        }
        None
    }

    /// Whether the place up to which it was read when the run began lies between two rows.
    fn is_bookmarked(&self, newer: usize, older: usize) -> bool {
        let Some(bookmark) = self.tab.bookmark.as_deref() else { return false };
        let is_read = |index| self.rows.row(index).is_some_and(|row| by_age(row.place_id(), bookmark) != Ordering::Greater);
        let is_gap = |index| matches!(self.rows.row(index), Some(Row::Gap(_)));
        // A gap stands right above its row and is of what is new.
        (is_gap(newer) || !is_read(newer)) && !is_gap(older) && is_read(older)
    }
}

/// The line above what was read before this run, in the place of the blank one.
fn bookmark(painter: &mut Painter<'_>, area: Rect) {
    let theme = painter.theme;
    let words = "read up to here";
    let rule = usize::from(area.width).saturating_sub(words.len() + 2);
    let left = (rule / 2).min(6);
    let dash = theme.glyphs().horizontal;
    let line = Line::from(vec![
        Span::styled(dash.repeat(left), theme.rule()),
        Span::styled(format!(" {words} "), theme.dim()),
        Span::styled(dash.repeat(rule - left), theme.rule()),
    ]);
    painter.line(area.x, area.y, area.width, &line);
}

/// The bar beside the chosen row; the terminal's own cursor stands on it. Bright where keys arrive: in this pane and, as far
/// as the terminal tells, in this window.
fn select(painter: &mut Painter<'_>, x: u16, y: u16, height: u16, (focused, is_here): (bool, bool)) {
    let theme = painter.theme;
    let style = if focused && is_here { theme.accent() } else { theme.rule() };
    painter.column_of(x, y, height, theme.glyphs().selection, style);
    if focused {
        painter.cursor = Some((x, y));
    }
}

/// The line above the rows: how many are above, and how many of them are new.
fn above(painter: &mut Painter<'_>, state: &State, tab: &Tab, rows: &Rows, top: usize, area: Rect) {
    let theme = painter.theme;
    let shown = state.are_shown(tab);
    // The nearest ones; how many there are beyond them nobody needs to know to a row, and where too much comes none is told.
    let is_told = tab.held || tab.flood.is_none();
    let from = if is_told { top.saturating_sub(MOST_COUNTED) } else { top };
    let plus = if from > 0 { "+" } else { "" };
    let (mut newer, mut new) = (0_usize, 0_usize);
    for row in rows.all().range(from..top).filter(|row| shown(row)) {
        newer += 1;
        new += usize::from(!tab.unseen.is_empty() && tab.unseen.contains(&row.key()));
    }
    let mut line = Line::default();
    let dot = theme.glyphs().dot;
    if tab.held {
        line = held(state, tab, theme, (newer, plus));
    } else if let Some(flood) = tab.flood {
        line = fast(state, tab, theme, flood);
    } else if new > 0 {
        let things = if new == 1 { "new post" } else { "new posts" };
        let things = if tab.sources == Stream::UserNotification { "new" } else { things };
        line.push_span(Span::styled(format!("{} {new}{plus} {things}", theme.glyphs().newer), theme.fresh()));
    } else if newer > 0 {
        line.push_span(Span::styled(format!("{} {newer}{plus} newer", theme.glyphs().newer), theme.dim()));
    }
    if newer > 0
        && !tab.held
        && tab.flood.is_none()
        && let Some(key) = state.first_key(Command::First)
    {
        line.push_span(Span::styled(format!(" {dot} {key} newest"), theme.dim()));
    }
    painter.line(area.x + 2, area.y, area.width.saturating_sub(3), &line);
}

/// The stream that tells what stands beneath the oldest row: of several one from which more is to come, or has failed to.
fn oldest<'a>(state: &'a State, tab: &'a Tab) -> Option<(&'a Stream, &'a Timeline)> {
    let is_under_way = |timeline: &Timeline| matches!(timeline.older_page, Loading::Asked | Loading::Failed(..));
    let find = |wanted: &dyn Fn(&Timeline) -> bool| state.ledgers(&tab.sources).find(|(_, timeline)| wanted(timeline));
    let next = || state.next_older(&tab.sources).and_then(|next| Some((next, state.timelines.get(next)?)));
    find(&is_under_way).or_else(|| find(&|timeline| timeline.first_page != Loading::Done)).or_else(next).or_else(|| find(&|_| true))
}

/// The line above the rows of a tab that is held: what happened meanwhile, how much of it is still above, and the keys.
fn held(state: &State, tab: &Tab, theme: &Theme, (above, plus): (usize, &str)) -> Line<'static> {
    let dot = theme.glyphs().dot;
    let mut line = Line::from(Span::styled(format!("{} ", theme.glyphs().held), theme.mark()));
    match tab.since_hold.words() {
        Some(words) => {
            line.push_span(Span::styled("while held: ", theme.bold()));
            line.push_span(Span::styled(words, theme.fresh()));
        }
        None => line.push_span(Span::styled("held", theme.bold())),
    }
    if above > 0 && above != tab.since_hold.new {
        line.push_span(Span::styled(format!(" {dot} {above}{plus} above"), theme.dim()));
    }
    let keys = [(Command::Step, "next one", above > 0), (Command::HoldOrUnfold, "lets go", true)];
    for (command, words, fits) in keys {
        if let Some(key) = state.first_key(command).filter(|_| fits) {
            line.push_span(Span::styled(format!(" {dot} {key} {words}"), theme.dim()));
        }
    }
    line
}

/// The line above the rows of a tab in which too much comes: how much, what of it is shown, and the key that stops it.
fn fast(state: &State, tab: &Tab, theme: &Theme, flood: Flood) -> Line<'static> {
    let dot = theme.glyphs().dot;
    let mut line = Line::from(Span::styled(format!("{} ", theme.glyphs().newer), theme.mark()));
    line.push_span(Span::styled(format!("fast: {} a minute", state.meter_of(tab).map_or(0, Meter::per_minute)), theme.bold()));
    let passed = if flood.passed > 0 { format!(", {} passed over", flood.passed) } else { String::new() };
    line.push_span(Span::raw(format!(", {}{passed}", flood.words())));
    if let Some(key) = state.first_key(Command::HoldOrUnfold) {
        line.push_span(Span::styled(format!(" {dot} {key} holds"), theme.dim()));
    }
    line
}

/// What failed, behind its mark.
fn failed(theme: &Theme, words: &str, width: u16) -> Vec<Line<'static>> {
    let mark = Span::styled(format!("{} ", theme.glyphs().cross), theme.bad());
    hang(plain(words, width.saturating_sub(2), Style::new()), &mark, &Span::raw("  "))
}

/// What stands beneath the oldest row.
fn foot(painter: &mut Painter<'_>, state: &State, tab: &Tab, width: u16) -> Card {
    let theme = painter.theme;
    let mut card = Card::default();
    let Some((stream, timeline)) = oldest(state, tab) else { return card };
    let of = if tab.sources.is_merged() { format!("{}: ", stream.title(&state.offer.lists)) } else { String::new() };
    let line = match &timeline.older_page {
        Loading::Asked => dim_line(theme, format!("loading older posts{}", theme.glyphs().ellipsis)),
        Loading::Failed(failure, retry) => {
            let again = again(painter, state, *retry);
            card.extend(failed(theme, &format!("{of}older posts: {}{again}", failure.reason), width));
            return card;
        }
        Loading::Idle | Loading::Done if timeline.older.is_none() && timeline.first_page == Loading::Done => {
            dim_line(theme, format!("{} that is all {}", theme.glyphs().dot, theme.glyphs().dot))
        }
        Loading::Idle | Loading::Done => match &timeline.first_page {
            Loading::Failed(failure, retry) => {
                let again = again(painter, state, *retry);
                card.extend(failed(theme, &format!("{of}what came before: {}{again}", failure.reason), width));
                return card;
            }
            Loading::Asked | Loading::Idle if state.line.state == Connection::Live => {
                dim_line(theme, format!("loading what came before{}", theme.glyphs().ellipsis))
            }
            Loading::Asked | Loading::Idle | Loading::Done => return card,
        },
    };
    card.push(line);
    card
}

fn again(painter: &mut Painter<'_>, state: &State, retry: Option<crate::model::Timestamp>) -> String {
    let dot = painter.theme.glyphs().dot;
    match retry {
        Some(at) => format!(" {dot} asked again {}", painter.clock.soon(at)),
        None => state.first_key(Command::RetryNow).map(|key| format!(" {dot} {key} tries again")).unwrap_or_default(),
    }
}

/// Words where there is no row.
fn empty(painter: &mut Painter<'_>, state: &State, tab: &Tab, area: Rect) {
    let Some((stream, timeline)) = state.worst(&tab.sources) else { return };
    let (heading, words) = nothing(painter, state, stream, timeline);
    message(painter, area, heading, &words);
}

/// A heading and words in the upper third of an area.
pub(crate) fn message(painter: &mut Painter<'_>, area: Rect, (mark, style, heading): (&str, Style, String), words: &str) {
    let theme = painter.theme;
    let width = area.width.saturating_sub(4).clamp(1, 60);
    let mut card = Card::default();
    card.push(Line::from(vec![Span::styled(format!("{mark} "), style), Span::styled(heading, theme.bold())]));
    card.extend(plain(words, width, theme.dim()));
    let y = (area.height.saturating_sub(card.height()) / 3).min(8);
    let x = area.x + 2;
    painter.card(Rect { x, y: area.y + y, width, height: area.height - y }, &card, 0);
}

pub(crate) type Heading = (&'static str, Style, String);

/// A heading and words for a tab without rows.
pub(crate) fn nothing(painter: &mut Painter<'_>, state: &State, stream: &Stream, timeline: &Timeline) -> (Heading, String) {
    let theme = painter.theme;
    let glyphs = theme.glyphs();
    let heading = |mark, style, words: &str| (mark, style, words.to_owned());
    match &timeline.standing {
        Subscription::Refused(reason) => {
            return (heading(glyphs.cross, theme.bad(), "The server refused this stream"), format!("It says: {reason}"));
        }
        Subscription::NotStreamed if timeline.first_page != Loading::Asked => {
            return (heading(glyphs.absent, theme.mark(), "This server does not stream this"), no_rows(timeline));
        }
        Subscription::Interrupted(reason) if state.line.state == Connection::Live && timeline.first_page != Loading::Asked => {
            return (heading(glyphs.again, theme.mark(), "This stream was interrupted"), format!("{reason}. It is being opened again."));
        }
        Subscription::Requested | Subscription::Open | Subscription::Interrupted(_) | Subscription::NotStreamed => {}
    }
    match &timeline.first_page {
        Loading::Failed(failure, retry) => {
            let again = again(painter, state, *retry);
            return (heading(glyphs.cross, theme.bad(), "Loading failed"), format!("{}{again}", failure.reason));
        }
        Loading::Done => {}
        Loading::Asked => return (heading(glyphs.connecting, theme.dim(), &format!("Loading{}", glyphs.ellipsis)), String::new()),
        Loading::Idle => return (waiting(theme, &state.line.state), reason(&state.line.state)),
    }
    let withheld = state.withheld(stream);
    let hidden = state.tabs.active().map_or(0, |tab| state.hidden(tab));
    match &state.line.state {
        Connection::Live if withheld == Some(Withheld::Everything) => {
            let words = "It takes the subscription, but sends deletions only. Its admins can switch the feed on.";
            (heading(glyphs.absent, theme.mark(), "The server has switched this feed off"), words.to_owned())
        }
        Connection::Live if hidden > 0 => {
            let own = state.tabs.active().is_some_and(|tab| !tab.sieve.filter().is_empty());
            let words = match state.first_key(Command::Filter).filter(|_| own) {
                Some(key) => format!("The filter of this tab hides them; {key} changes it."),
                None => "The filters that you set on the server hide them here.".to_owned(),
            };
            (heading(glyphs.dot, theme.dim(), &format!("Every post here is filtered ({hidden} hidden)")), words)
        }
        Connection::Live => {
            let words = if timeline.rung == Rung::Polling {
                "It is asked for again and again; what is new appears by itself."
            } else {
                "What comes from now on appears by itself."
            };
            (heading(glyphs.dot, theme.dim(), "Nothing here yet"), words.to_owned())
        }
        other @ (Connection::Connecting
        | Connection::Reconnecting { .. }
        | Connection::RateLimited { .. }
        | Connection::Offline { .. }
        | Connection::SignedOut { .. }
        | Connection::Failed { .. }) => (waiting(theme, other), reason(other)),
    }
}

fn no_rows(timeline: &Timeline) -> String {
    let words = if timeline.first_page == Loading::Done { "And there is nothing to show." } else { "" };
    words.to_owned()
}

fn waiting(theme: &Theme, connection: &Connection) -> Heading {
    let glyphs = theme.glyphs();
    match connection {
        Connection::Connecting | Connection::Live => (glyphs.connecting, theme.dim(), format!("Connecting{}", glyphs.ellipsis)),
        Connection::Reconnecting { .. } => (glyphs.again, theme.mark(), "Reconnecting".to_owned()),
        Connection::RateLimited { .. } => (glyphs.again, theme.mark(), "The server asks to wait".to_owned()),
        Connection::Offline { .. } => (glyphs.cross, theme.bad(), "Offline".to_owned()),
        Connection::SignedOut { .. } => (glyphs.cross, theme.bad(), "Signed out".to_owned()),
        Connection::Failed { .. } => (glyphs.cross, theme.bad(), "Not connected".to_owned()),
    }
}

/// Why there is no connection, in the words of whoever said so.
pub(crate) fn reason(connection: &Connection) -> String {
    match connection {
        Connection::Connecting | Connection::Live => String::new(),
        Connection::Reconnecting { reason, .. }
        | Connection::RateLimited { reason, .. }
        | Connection::Offline { reason, .. }
        | Connection::SignedOut { reason }
        | Connection::Failed { reason } => reason.to_string(),
    }
}

/// Words where no tab is open.
pub(crate) fn no_tab(painter: &mut Painter<'_>, state: &State, area: Rect) {
    let theme = painter.theme;
    let glyphs = theme.glyphs();
    if state.unresolved.is_empty() {
        let key = |command| state.first_key(command).unwrap_or_default();
        let words = format!("{} adds one, {} brings back the last one closed.", key(Command::Subscribe), key(Command::RestoreTab));
        message(painter, area, (glyphs.dot, theme.dim(), "No stream is open".to_owned()), &words);
        return;
    }
    match &state.offer_loading {
        Loading::Failed(failure, retry) => {
            let words = format!("{}{}", failure.reason, again(painter, state, *retry));
            message(painter, area, (glyphs.cross, theme.bad(), "The lists could not be loaded".to_owned()), &words);
        }
        Loading::Idle | Loading::Asked | Loading::Done => {
            let heading = format!("Loading{}", glyphs.ellipsis);
            message(painter, area, (glyphs.dot, theme.dim(), heading), "The lists are being asked for.");
        }
    }
}
