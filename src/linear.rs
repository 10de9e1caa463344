//! `Narrator`: the state in lines, one fact a line, for screen readers and slow links. Nothing that was said is changed.
//!
//! It holds what was said last against the state and says what is different: what the reader moved to, what came, what
//! changed of what was said lately, and how the connection stands. Ages and countdowns are said once, as of then. What is
//! said counts as seen. Absent on purpose: words (`ui::words`), keys (`update`), and the terminal (`runtime`).

mod pace;

use crate::command::{Command, Group};
use crate::model::{Connection, Rung, Sources, StatusId, Stream, Subscription, Timestamp, by_age};
use crate::state::{
    Anchor, Area, Detail, Loading, Measured, Notice, Outcome, Overlay, Purpose, ReaderPane, Row, RowKey, State, Tab, ThreadState,
    TimelinePane, VisiblePost, VisibleRow,
};
use crate::ui::words::key;
use crate::ui::{Theme, words};
use jiff::tz::TimeZone;
use pace::Pace;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};
use std::sync::Arc;

/// Of how many posts that were said lately edits and deletions are said.
const LATELY: usize = 30;

/// Says the state in lines.
#[derive(Debug)]
pub struct Narrator {
    theme: Theme,
    said: Said,
    pace: Pace,
    /// Whether everything about where the reader is is to be said again.
    again: bool,
    out: Vec<String>,
    /// Rows that were said since the state last took that in, the newest first.
    rows: Vec<RowKey>,
}

/// What was said last.
#[derive(Debug, Default)]
struct Said {
    has_begun: bool,
    /// The connection's state, by what and why.
    connection: Option<(Discriminant<Connection>, Rung, String)>,
    /// The open tab.
    tab: Option<Sources>,
    /// How its stream stood.
    standing: Option<Discriminant<Subscription>>,
    gaps: usize,
    /// Why there was nothing in it.
    empty: Option<String>,
    held: bool,
    /// The row that keys are about, and whether it was folded.
    row: Option<(RowKey, bool)>,
    /// Place of the newest row that was said or counted.
    newest: Option<Arc<str>>,
    /// Place of the newest notification, for other tabs.
    notified: Option<Arc<str>>,
    /// Posts said lately, with when they had been edited.
    lately: VecDeque<(StatusId, Option<Timestamp>)>,
    notices: Vec<Notice>,
    /// How many layers there were, which was on top, and what it said.
    layers: usize,
    top: Option<Discriminant<Overlay>>,
    layer: Vec<String>,
    layer_at: Option<String>,
    layer_title: String,
    /// What a line was typed for.
    typing: Option<Discriminant<Purpose>>,
    choice: Option<(String, String)>,
    /// The open post, the one with the cursor, how its thread stood, and unread replies.
    thread: Option<(StatusId, StatusId, Discriminant<ThreadState>, usize)>,
    pending: String,
    heard: u64,
}

impl Narrator {
    /// One that tells times of day in this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            theme: Theme::new(false, false, zone),
            said: Said::default(),
            pace: Pace::default(),
            again: false,
            out: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Has the next lines say once more where the reader is.
    pub fn again(&mut self) {
        self.again = true;
    }

    /// What there is to say now, a line each, and what the state has to know of that.
    pub fn tell(&mut self, state: &State) -> (Vec<String>, Measured) {
        let acted = state.heard.count != self.said.heard;
        if acted || self.again {
            self.pace.interrupt(state.now);
        }
        self.begin(state);
        self.connection(state);
        self.notices(state);
        let again = std::mem::take(&mut self.again);
        self.tab(state, again);
        self.hold(state);
        self.layers(state, again);
        self.thread(state, again);
        self.row(state, acted, again);
        self.answer(state, acted);
        self.changed(state);
        self.arrivals(state);
        self.elsewhere(state);
        self.said.heard = state.heard.count;
        (std::mem::take(&mut self.out), self.measured(state))
    }

    fn line(&mut self, line: impl Into<String>) {
        self.out.push(line.into());
    }

    fn begin(&mut self, state: &State) {
        if std::mem::replace(&mut self.said.has_begun, true) {
            return;
        }
        let (help, quit) = (key(state, Command::Help), key(state, Command::Quit));
        self.line(format!("Trunkline, in lines. Press {help} for the keys, {quit} to leave."));
    }

    fn connection(&mut self, state: &State) {
        let line = &state.line;
        let now = (discriminant(&line.state), line.rung, words::reason(&line.state));
        if self.said.connection.as_ref() == Some(&now) {
            return;
        }
        self.said.connection = Some(now);
        let told = match (&line.state, line.rung) {
            (Connection::Live, Rung::Multiplexed) => "live".to_owned(),
            (Connection::Live, rung) => format!("live, {}", rung.words()),
            (
                Connection::Connecting
                | Connection::Reconnecting { .. }
                | Connection::RateLimited { .. }
                | Connection::Offline { .. }
                | Connection::SignedOut { .. }
                | Connection::Failed { .. },
                _,
            ) => words::standing(state, &self.theme),
        };
        self.line(sentence(&format!("Connection: {told}")));
    }

    fn notices(&mut self, state: &State) {
        let held = state.notices.all();
        for notice in held.iter().filter(|notice| !self.said.notices.contains(notice)) {
            let label = if notice.grave { "Error" } else { "Notice" };
            self.out.push(format!("{label}: {}.", notice.text));
        }
        self.said.notices = held.to_vec();
    }

    /// The open tab where it is another one, and what changed of how it stands.
    fn tab(&mut self, state: &State, again: bool) {
        let Some(tab) = state.tabs.active() else {
            if self.said.tab.take().is_some() || again {
                let told = words::nothing(state, &self.theme);
                self.line(sentence(&told));
            }
            return;
        };
        let standing = state.worst(&tab.sources).map(|(_, timeline)| discriminant(&timeline.standing));
        let gaps = state.ledgers(&tab.sources).map(|(_, timeline)| timeline.gaps().count()).sum();
        let is_other = self.said.tab.as_ref() != Some(&tab.sources);
        if is_other || again {
            let told = tab_words(state, tab);
            // The connection tells of itself.
            let is_live = state.line.state == Connection::Live;
            let stands = if is_live { format!(" {}", sentence(&words::standing(state, &self.theme))) } else { String::new() };
            self.line(format!("{told}.{stands}"));
        }
        if is_other {
            self.said.tab = Some(tab.sources.clone());
            (self.said.row, self.said.newest, self.said.empty) = (None, None, None);
            self.said.held = tab.held;
            self.pace.forget();
        } else if !again {
            if self.said.standing.is_some_and(|before| Some(before) != standing && !is_quiet(before, standing)) {
                let stands = words::standing(state, &self.theme);
                self.line(sentence(&format!("{}: {stands}", title(state, tab))));
            }
            self.gaps(state, tab, gaps);
        }
        (self.said.standing, self.said.gaps) = (standing, gaps);
    }

    fn gaps(&mut self, state: &State, tab: &Tab, gaps: usize) {
        if gaps < self.said.gaps {
            let left = if gaps == 0 { String::new() } else { format!(", {gaps} left") };
            self.line(format!("A gap in {} is closed{left}.", title(state, tab)));
        }
        let newest = state.rows(tab).and_then(|rows| rows.all().iter().find(|row| matches!(row, Row::Gap(_))));
        if let Some(row) = newest.filter(|_| gaps > self.said.gaps) {
            let told = words::row(words::setting(state, &self.theme), row);
            self.out.extend(told);
        }
    }

    fn hold(&mut self, state: &State) {
        let Some(tab) = state.tabs.active() else { return };
        if std::mem::replace(&mut self.said.held, tab.held) == tab.held {
            return;
        }
        self.pace.forget();
        if tab.held {
            let (step, hold) = (key(state, Command::Step), key(state, Command::HoldOrUnfold));
            self.line(format!("Held. New posts wait: {step} tells the next one, {hold} lets go."));
        } else {
            let words = tab.since_hold.words().map(|words| format!(" While held: {words}.")).unwrap_or_default();
            self.line(format!("Let go.{words}"));
        }
    }

    /// What lies on top, where that is another or says more than it did.
    fn layers(&mut self, state: &State, again: bool) {
        let count = state.overlays.len();
        let top = state.overlays.last().map(discriminant);
        let is_other = std::mem::replace(&mut self.said.top, top) != top || count > self.said.layers;
        let is_back = count < self.said.layers;
        if self.typed(state, again) {
            (self.said.layers, self.said.layer, self.said.layer_at) = (count, Vec::new(), None);
            return;
        }
        let Some(layer) = words::layer(state, &self.theme) else {
            if is_back && count == 0 && self.said.thread.is_none() {
                self.back(state);
            }
            (self.said.layers, self.said.layer, self.said.layer_at, self.said.choice) = (count, Vec::new(), None, None);
            return;
        };
        // Another medium, or the profile of another.
        let is_turned = std::mem::replace(&mut self.said.layer_title, layer.title.clone()) != layer.title;
        let is_new = (is_other || is_turned) && !is_back;
        self.said.layers = count;
        if is_other && is_back {
            self.line(sentence(&layer.title));
            self.said.layer.clone_from(&layer.lines);
        }
        let back = key(state, Command::Back);
        if let Some(picker) = state.picker() {
            let Some((entry, place, entries)) = words::choice(state, &self.theme) else { return };
            if is_new || again {
                let take = key(state, Command::Accept);
                let (next, previous) = (key(state, Command::NextChoice), key(state, Command::PreviousChoice));
                self.line(format!("{}: type to search, {next} and {previous} choose, {take} takes, {back} leaves.", layer.title));
            }
            let choice = (picker.prompt.text().to_owned(), entry.clone());
            if self.said.choice.as_ref() != Some(&choice) || is_new || again {
                let typed = crate::text::Plain::line(picker.prompt.text());
                let typed = if typed.as_str().is_empty() { String::new() } else { format!("{typed}: ") };
                let place = if entries == 0 { String::new() } else { format!(", {place} of {entries}") };
                self.line(format!("{typed}{entry}{place}."));
            }
            (self.said.choice, self.said.layer, self.said.layer_at) = (Some(choice), Vec::new(), None);
            return;
        }
        if is_new || again {
            self.line(format!("{}.", layer.title));
            self.out.extend(layer.lines.iter().cloned());
            self.line(format!("End of {}. {back} closes it.", layer.title));
        } else if !state.is_health_open() {
            // What was loaded meanwhile, or another page of it. Stream health counts all the time.
            let fresh: Vec<String> = layer.lines.iter().filter(|line| !self.said.layer.contains(line)).cloned().collect();
            if fresh.is_empty() && layer.at != self.said.layer_at {
                self.out.extend(layer.at.clone());
            }
            self.out.extend(fresh);
        }
        (self.said.layer, self.said.layer_at, self.said.choice) = (layer.lines, layer.at, None);
    }

    /// The line that is typed at the foot, and what became of it; says whether that was all there is to say of layers.
    fn typed(&mut self, state: &State, again: bool) -> bool {
        let Some(typed) = state.typed() else {
            if self.said.typing.take().is_none() {
                return false;
            }
            self.said.choice = None;
            let told = self.kept(state);
            self.line(told);
            // What was opened in its place says so itself.
            return matches!(state.overlays.last(), None | Some(Overlay::Detail(_)));
        };
        let what = Some(discriminant(&typed.what));
        let is_new = std::mem::replace(&mut self.said.typing, what) != what;
        if is_new || again {
            self.out.extend(words::typing(state, typed));
        }
        let now = words::typed(state, typed);
        if !is_new && self.said.choice.as_ref() != Some(&now) {
            let text = if now.0.is_empty() { String::new() } else { format!("{}: ", now.0) };
            self.line(format!("{text}{}.", now.1.trim_end_matches('.')));
        }
        self.said.choice = Some(now);
        true
    }

    /// What holds after a line was typed.
    fn kept(&mut self, state: &State) -> String {
        let place = match (state.is_in_thread(), state.tabs.active()) {
            (true, _) => "The thread".to_owned(),
            (false, Some(tab)) => format!("{}{}", title(state, tab), filter(state, tab)),
            (false, None) => String::new(),
        };
        self.pace.forget();
        match &state.finding {
            Some(search) if !search.missed => {
                let (next, previous) = (key(state, Command::SearchNext), key(state, Command::SearchPrevious));
                format!("{place}. {next} and {previous} go on to what has {}.", search.pattern.source())
            }
            Some(_) | None => format!("{place}."),
        }
    }

    /// Nothing lies over the tab any more.
    fn back(&mut self, state: &State) {
        if let Some(tab) = state.tabs.active() {
            let (new, filter) = (unseen(tab), filter(state, tab));
            self.pace.forget();
            self.line(format!("{}{new}{filter}.", title(state, tab)));
        }
    }

    /// The open thread, post by post.
    fn thread(&mut self, state: &State, again: bool) {
        let Some(detail) = state.detail().filter(|_| words::layer(state, &self.theme).is_none()) else {
            if state.detail().is_none() && self.said.thread.take().is_some() && state.overlays.is_empty() {
                self.back(state);
            }
            return;
        };
        let now = (detail.status.clone(), detail.cursor.clone(), discriminant(&detail.thread), detail.unread.len());
        let before = self.said.thread.replace(now.clone());
        let is_other = before.as_ref().is_none_or(|before| before.0 != now.0);
        if is_other || again || before.as_ref().is_some_and(|before| before.1 != now.1) {
            let label = place_words(detail);
            let lines = words::post(words::setting(state, &self.theme), &detail.cursor, &label);
            self.pace.say(&lines, state.now);
            self.out.extend(lines);
            self.lately(state, &detail.cursor);
        }
        if is_other || again || before.as_ref().is_some_and(|before| before.2 != now.2) {
            self.line(thread_words(state, detail));
        }
        if let Some(before) = before.filter(|before| before.0 == now.0 && now.3 > before.3) {
            let new = now.3 - before.3;
            let replies = if new == 1 { "reply" } else { "replies" };
            self.line(format!("{new} new {replies} in this thread, {} goes there.", key(state, Command::NextUnread)));
        }
    }

    /// The row that the reader moved to.
    fn row(&mut self, state: &State, acted: bool, again: bool) {
        let Some((tab, rows)) = state.tabs.active().zip(state.active_rows()) else { return };
        if state.is_covered() {
            return;
        }
        let chosen = state.cursor_row().filter(|row| again || self.is_meant(tab, row, state, acted));
        let Some(row) = chosen else {
            let is_asked = state.ledgers(&tab.sources).any(|(_, timeline)| timeline.first_page == Loading::Asked);
            if self.said.row.is_none() && rows.all().is_empty() && state.line.state == Connection::Live && !is_asked {
                self.empty(state);
            }
            return;
        };
        let (key, folded) = (row.key(), is_folded(state, tab, row));
        let lines = words::row(words::setting(state, &self.theme), row);
        self.pace.say(&lines, state.now);
        self.out.extend(lines);
        if let Some(id) = state.status_of(row) {
            self.lately(state, &id);
        }
        if self.said.newest.is_none() {
            self.said.newest = rows.all().iter().find(|row| !matches!(row, Row::Gap(_))).map(|row| Arc::from(row.place_id()));
        }
        self.rows.insert(0, key.clone());
        self.said.row = Some((key, folded));
    }

    /// Whether the row with the cursor is to be said: it is another one than before, or it was unfolded.
    fn is_meant(&self, tab: &Tab, row: &Row, state: &State, acted: bool) -> bool {
        let Some((key, folded)) = &self.said.row else { return true };
        if row.key() == *key {
            return acted && *folded != is_folded(state, tab, row);
        }
        // What came while the view follows is said as an arrival, unless the reader went there.
        tab.cursor.is_some() || (acted && is_move(state.heard.outcome)) || state.is_seeking()
    }

    /// Why there is nothing, once.
    fn empty(&mut self, state: &State) {
        let told = words::nothing(state, &self.theme);
        if self.said.empty.as_ref() != Some(&told) {
            self.line(sentence(&told));
            self.said.empty = Some(told);
        }
    }

    fn lately(&mut self, state: &State, id: &StatusId) {
        let edited = state.store.status(id).and_then(|entry| entry.status().edited_at);
        self.said.lately.retain(|(known, _)| known != id);
        self.said.lately.push_back((id.clone(), edited));
        if self.said.lately.len() > LATELY {
            self.said.lately.pop_front();
        }
    }

    /// What changed of posts that were said lately.
    fn changed(&mut self, state: &State) {
        let setting = words::setting(state, &self.theme);
        let mut told = Vec::new();
        self.said.lately.retain_mut(|(id, edited)| {
            let Some(entry) = state.store.status(id) else {
                if state.store.is_deleted(id) {
                    told.extend(words::post(setting, id, "Post"));
                }
                return false;
            };
            let now = entry.status().edited_at;
            if now > *edited {
                *edited = now;
                told.extend(words::post(setting, id, "Edited post"));
            }
            true
        });
        if !told.is_empty() {
            self.pace.say(&told, state.now);
        }
        self.out.extend(told);
    }

    /// Rows that came into the open tab: said while that can be followed, else counted.
    fn arrivals(&mut self, state: &State) {
        let Some((tab, rows)) = state.tabs.active().zip(state.active_rows()) else { return };
        let Some(newest) = self.said.newest.clone() else { return };
        let is_new = |row: &&Row| by_age(row.place_id(), &newest) == Ordering::Greater;
        let came: Vec<&Row> = rows.all().iter().take_while(is_new).collect();
        if let Some(first) = came.first() {
            self.said.newest = Some(Arc::from(first.place_id()));
        }
        let is_told = tab.anchor == Anchor::Top && !tab.held && !state.is_covered();
        let said = self.said.row.as_ref().map(|(key, _)| key.clone());
        let is_told_already = |row: &Row| said.as_ref().is_some_and(|said| *said == row.key());
        for row in came.into_iter().rev().filter(|row| !matches!(row, Row::Gap(_)) && state.is_shown(tab, row) && !is_told_already(row)) {
            if tab.held {
                continue;
            }
            if !is_told || !self.pace.may_say(state.now) {
                self.pace.count();
                continue;
            }
            let lines = words::row(words::setting(state, &self.theme), row);
            self.pace.say(&lines, state.now);
            self.out.extend(lines);
            if let Some(id) = state.status_of(row) {
                self.lately(state, &id);
            }
            self.rows.insert(0, row.key());
            self.said.row = Some((row.key(), is_folded(state, tab, row)));
        }
        // What nobody can go to now is told when they come back.
        if state.is_covered() || tab.held {
            return;
        }
        if let Some(count) = self.pace.due(state.now, is_told) {
            let things = match (tab.sources.only(), count) {
                (Some(Stream::UserNotification), 1) => "notification",
                (Some(Stream::UserNotification), _) => "notifications",
                (_, 1) => "post",
                (_, _) => "posts",
            };
            let (way, goes) = if is_told { (Command::PreviousUnread, "goes through them") } else { (Command::First, "goes to the newest") };
            let line = format!("{count} more {things} in {}, {} {goes}.", title(state, tab), key(state, way));
            self.pace.say(std::slice::from_ref(&line), state.now);
            self.line(line);
        }
    }

    /// A notification that came while another tab is open, in a line.
    fn elsewhere(&mut self, state: &State) {
        let Some(timeline) = state.timelines.get(&Stream::UserNotification) else { return };
        let is_row = |row: &&Row| matches!(row, Row::Notification(_));
        let newest = timeline.rows().iter().find(is_row).map(|row| Arc::from(row.place_id()));
        let before = std::mem::replace(&mut self.said.notified, newest);
        let Some(before) = before.filter(|_| self.said.tab.as_ref().and_then(Sources::only) != Some(&Stream::UserNotification)) else {
            return;
        };
        let is_new = |row: &&&Row| by_age(row.place_id(), &before) == Ordering::Greater;
        let came: Vec<&Row> = timeline.rows().iter().filter(is_row).collect::<Vec<_>>().iter().take_while(is_new).copied().collect();
        match came.as_slice() {
            [] => {}
            [row] => {
                let told = words::row(words::setting(state, &self.theme), row);
                self.out.extend(told.into_iter().next());
            }
            rows => self.line(format!("{} new notifications.", rows.len())),
        }
    }

    /// What became of a key that changed nothing that could be said.
    fn answer(&mut self, state: &State, acted: bool) {
        let begun: Vec<String> = state.pending.iter().map(ToString::to_string).collect();
        let pending = begun.join(" ");
        if pending != self.said.pending {
            if !pending.is_empty() {
                self.out.push(format!("{pending}, and then? Escape gives up."));
            }
            self.said.pending = pending;
        }
        if !acted || !self.out.is_empty() {
            return;
        }
        let told = match state.heard.outcome {
            Outcome::Unbound(pressed) => format!("{pressed} does nothing here. {} lists the keys.", key(state, Command::Help)),
            Outcome::Refused(command) => format!("Not now: {}.", command.row().map_or("", |row| row.help)),
            Outcome::Ran(Command::Down | Command::HalfPageDown | Command::PageDown | Command::Last) if state.is_loading_older() => {
                "Loading older posts.".to_owned()
            }
            Outcome::Ran(Command::Down | Command::HalfPageDown | Command::PageDown | Command::Last) => "Nothing further down.".to_owned(),
            Outcome::Ran(Command::Up | Command::HalfPageUp | Command::PageUp | Command::First) => "Nothing further up.".to_owned(),
            Outcome::Ran(_) | Outcome::Nothing => return,
        };
        self.line(told);
    }

    /// What was said, as a screen would have measured it.
    fn measured(&mut self, state: &State) -> Measured {
        let said = std::mem::take(&mut self.rows);
        let timeline = state.tabs.active().map(|tab| {
            let current = self.said.row.as_ref().map(|(key, _)| key.clone());
            let mut keys: Vec<RowKey> = current.iter().cloned().collect();
            keys.extend(said.into_iter().filter(|key| Some(key) != current.as_ref()));
            TimelinePane {
                area: Area::default(),
                sources: tab.sources.clone(),
                asked: tab.anchor.clone(),
                top: None,
                hold: current.map(|key| (key, 0)),
                visible: keys.into_iter().map(|key| VisibleRow { key, y: 0, height: 1, whole: true }).collect(),
            }
        });
        let reader = state.detail().map(|detail| ReaderPane {
            area: Area { height: 10, ..Area::default() },
            status: Some(detail.cursor.clone()),
            line: (detail.line, detail.line),
            visible: vec![VisiblePost { id: detail.cursor.clone(), line: 0, height: 1 }],
            more: false,
        });
        let tab = state.tabs.active().filter(|tab| !tab.held && !state.is_covered());
        let next_change = tab.and_then(|tab| self.pace.due_at(state.now, tab.anchor == Anchor::Top));
        Measured { timeline, reader, next_change, ..Measured::default() }
    }
}

fn title(state: &State, tab: &Tab) -> String {
    tab.sources.title(&state.offer.lists).to_string()
}

/// The open tab with its place and what is new in it.
fn tab_words(state: &State, tab: &Tab) -> String {
    let (place, count) = (state.tabs.active_index() + 1, state.tabs.all().len());
    let held = if tab.held { ", held" } else { "" };
    format!("{}, tab {place} of {count}{}{held}{}", title(state, tab), unseen(tab), filter(state, tab))
}

/// The filter of a tab and how much it hides, where it has one.
fn filter(state: &State, tab: &Tab) -> String {
    if tab.sieve.filter().is_empty() {
        return String::new();
    }
    format!(", filter {}, {} hidden", tab.sieve.filter(), state.hidden(tab))
}

fn unseen(tab: &Tab) -> String {
    if tab.unseen.is_empty() { String::new() } else { format!(", {} new", tab.unseen.len()) }
}

/// Words as a sentence: with a capital letter first and a full stop last.
fn sentence(words: &str) -> String {
    let words = words.trim_end_matches(['.', '…']);
    let mut rest = words.chars();
    let first = rest.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(rest.chain(['.'])).collect()
}

/// Whether nobody needs to be told that a stream that stood so stands otherwise now: it was asked for, and is carried.
fn is_quiet(before: Discriminant<Subscription>, now: Option<Discriminant<Subscription>>) -> bool {
    let usual = [discriminant(&Subscription::Requested), discriminant(&Subscription::Open)];
    usual.contains(&before) && now.is_none_or(|now| usual.contains(&now))
}

/// Whether what was done goes to a row.
fn is_move(outcome: Outcome) -> bool {
    let goes = |command: Command| {
        matches!(command, Command::SearchNext | Command::SearchPrevious) || command.row().is_some_and(|row| row.group == Group::Moving)
    };
    matches!(outcome, Outcome::Ran(command) if goes(command))
}

fn is_folded(state: &State, tab: &Tab, row: &Row) -> bool {
    state.status_of(row).is_some_and(|id| state.is_folded(&tab.sources, &id) || state.blurs_media(&tab.sources, &id))
}

/// What the post with the cursor is in the open thread.
fn place_words(detail: &Detail) -> String {
    let order = detail.tree.order();
    let (index, focus) = (detail.index(), order.focus());
    match index.cmp(&focus) {
        Ordering::Less => format!("Above, {} of {focus}, post", index + 1),
        Ordering::Equal => "Open post".to_owned(),
        Ordering::Greater => {
            let level = order.places().get(index).map_or(0, |place| place.level);
            let deep = if level > 1 { format!(", level {level}") } else { String::new() };
            format!("Reply {} of {}{deep},", index - focus, order.replies())
        }
    }
}

/// How the open thread stands.
fn thread_words(state: &State, detail: &Detail) -> String {
    let order = detail.tree.order();
    match &detail.thread {
        ThreadState::Asked => "Loading replies.".to_owned(),
        ThreadState::Failed(failure) => format!("Replies could not be loaded: {}.", failure.reason),
        ThreadState::Here | ThreadState::Again => {
            let above = match order.focus() {
                0 => String::new(),
                1 => "1 post above, ".to_owned(),
                count => format!("{count} posts above, "),
            };
            let replies = match order.replies() {
                0 => "no replies".to_owned(),
                1 => "1 reply".to_owned(),
                count => format!("{count} replies"),
            };
            let (down, up, back) = (key(state, Command::Down), key(state, Command::Up), key(state, Command::Back));
            format!("Thread: {above}{replies}. {down} and {up} go through it, {back} closes it.")
        }
    }
}
