//! `State`: everything the program knows, its invariants, and what derives from it.
//!
//! Only `update` changes it. The screen, the wanted streams, the active key scopes and the next deadline are derived, so
//! nothing has to be kept in step. Absent on purpose: sockets, files, clocks, terminals.

pub mod alerts;
pub mod checks;
pub mod edits;
pub mod finding;
pub mod flood;
pub mod folds;
pub mod hashed;
pub mod heard;
pub mod hold;
pub mod links;
pub mod marks;
pub mod measured;
pub mod meter;
pub mod notice;
pub mod overlay;
pub mod pictures;
pub mod place;
pub mod positions;
pub mod profile;
pub mod prompt;
pub mod refill;
pub mod review;
pub mod rows;
pub mod search;
pub mod sieve;
pub mod store;
pub mod tabs;
pub mod thread;
pub mod timeline;
mod together;
pub mod typed;
pub mod unfolded;
pub mod viewer;
pub mod views;

use crate::command::{Command, Scope};
use crate::config::{Config, MediaMode, Notify, NotifyBy, ReaderPlace, Scheme};
use crate::filter::{Filter, Post, Subject};
use crate::keymap::{Key, Keymap, Sequence};
use crate::model::{
    Account, AccountId, Announcement, Canvas, Carriage, Connection, FilterAction, Form, Markers, NotificationKind, Offer, Origin, Rung,
    Server, Sources, Spec, Status, StatusId, Stream, Subscription, Timestamp, Withheld,
};
use crate::text::Plain;
pub use alerts::Alerts;
pub use checks::{Answer, Checks};
pub use edits::Edits;
pub use finding::{Finding, Seeker, Walk};
pub use flood::Flood;
pub use folds::{FoldKey, Folds};
pub use heard::{Heard, Outcome};
pub use hold::SinceHold;
use jiff::SignedDuration;
pub use links::{LinkChoice, LinkList};
pub use measured::{Area, LinkSpan, Measured, OverlayPane, PicturePlace, ProfilePane, ReaderPane, TimelinePane, VisiblePost, VisibleRow};
pub use meter::Meter;
pub use notice::{Notice, Notices};
pub use overlay::{Overlay, Pick, Picker, StreamChoice};
pub use pictures::Pictures;
pub use place::Place;
pub use positions::Positions;
pub use profile::ProfileView;
pub use prompt::Prompt;
pub use refill::{Budget, Refill};
pub use review::{Polling, Review, Suspect, Suspects};
pub use rows::Rows;
pub use search::Search;
pub use sieve::Sieve;
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;
pub use store::{Entry, Keep, Put, Store};
pub use tabs::{Anchor, Tab, Tabs};
pub use thread::{Detail, ThreadState, Tree};
pub use timeline::{Cause, Completeness, Fill, Gap, Loading, Row, RowKey, Timeline, Unproven};
pub use together::Told;
pub use typed::{Purpose, Typed};
pub use unfolded::Unfolded;
pub use viewer::Viewer;
pub use views::Merged;

/// From this width on the reader stands beside the timeline, in columns.
pub const WIDE: u16 = 110;
/// The least width of a column, in cells.
const COLUMN: u16 = 60;
/// The most tabs that stand side by side.
const MOST_COLUMNS: usize = 3;

/// Silence that is worth saying on a stream that had something before.
const SILENCE: SignedDuration = SignedDuration::from_mins(5);

/// What the user set, as far as the state needs it.
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The filters that tabs of some streams begin with.
    pub filters: Vec<(Spec, Filter)>,
    /// Rows kept per tab.
    pub rows: usize,
    /// Glyphs of ASCII only.
    pub ascii: bool,
    /// The keys of commands.
    pub keymap: Keymap,
    /// All themes, the built-in ones first.
    pub themes: Vec<Scheme>,
    /// The name of the one that is worn.
    pub theme: String,
    /// Whether everything is said in lines, one after the other, instead of drawn.
    pub linear: bool,
    /// From how many rows a minute on a followed view goes on now and then only; 0 for never.
    pub flood: u32,
    /// Where the reader stands on wide screens.
    pub reader: ReaderPlace,
    /// How many tabs stand side by side at the start, where there is room.
    pub columns: usize,
    /// Whether the terminal's title says how much is unread.
    pub title: bool,
    /// Which notifications the desktop is told of.
    pub notify: Notify,
    /// By which way the desktop is told.
    pub notify_by: NotifyBy,
    /// Whether the terminal's bell rings with them.
    pub bell: bool,
    /// How images are drawn.
    pub media: MediaMode,
    /// Rows of an image in a timeline.
    pub media_rows: u16,
    /// Whether custom emoji are drawn as pictures where the terminal can.
    pub media_emoji: bool,
    /// Whether the pictures of people are drawn beside what they say.
    pub avatars: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from(&Config::default())
    }
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let themes = Scheme::built_in().into_iter().chain(config.themes.iter().cloned()).collect();
        Self {
            filters: config.filters.clone(),
            rows: config.rows,
            ascii: config.ascii,
            keymap: config.keymap.clone(),
            themes,
            theme: config.theme.clone(),
            linear: config.linear,
            flood: u32::try_from(config.flood).unwrap_or(u32::MAX),
            reader: config.reader,
            columns: config.columns,
            title: config.title,
            notify: config.notify.clone(),
            notify_by: config.notify_by,
            bell: config.bell,
            media: if cfg!(feature = "images") { config.media } else { MediaMode::Off },
            media_rows: config.media_rows,
            media_emoji: config.media_emoji,
            avatars: config.avatars,
        }
    }
}

/// The connection as the status line shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its state.
    pub state: Connection,
    /// Since when.
    pub since: Timestamp,
    /// When the next attempt starts, where one is due.
    pub next_attempt: Option<Timestamp>,
    /// The last round trip.
    pub ping: Option<Duration>,
    /// Which life of the connection.
    pub origin: Origin,
    /// How often it was lost since the start.
    pub losses: u32,
    /// When it was last live.
    pub last_live: Option<Timestamp>,
    /// Where the server's streams as a whole stand on the ladder of transports.
    pub rung: Rung,
    /// Why that is not a higher rung, and when a higher one is tried again.
    pub below: Option<(Plain, Option<Timestamp>)>,
    /// Bytes of messages received and sent over all links so far.
    pub traffic: (u64, u64),
}

/// Everything the program knows.
#[derive(Debug, PartialEq)]
pub struct State {
    /// What the user set.
    pub settings: Settings,
    /// The time of the last tick; the only clock.
    pub now: Timestamp,
    /// The terminal's size in columns and rows.
    pub size: (u16, u16),
    /// What became of the last key or command.
    pub heard: Heard,
    /// Whether nothing but the timeline or the open post is drawn, and what is amiss.
    pub zen: bool,
    /// How many tabs the reader wants side by side, 1 to 3; `columns` says which there is room for.
    pub wanted_columns: usize,
    /// Index of the tab in the first column when the window last moved.
    pub first_column: usize,
    /// Whether the terminal is the window that the reader works in; one that never tells counts as that.
    pub focused: bool,
    /// The reader's own account, once known.
    pub me: Option<Account>,
    /// The server, once known.
    pub server: Option<Server>,
    /// The saved accounts, where this run is with one of them.
    pub accounts: Vec<Plain>,
    /// The place among them of the one that this run is with.
    pub account: Option<usize>,
    /// The reader's lists and followed hashtags, once known.
    pub offer: Offer,
    /// How the question for `offer` stands.
    pub offer_loading: Loading,
    /// Whether the reader's own account has been asked for.
    pub me_asked: bool,
    /// Specs that wait for the lists, in order, each with what the tab shows that it is to stand before.
    pub unresolved: Vec<(Spec, Option<Sources>)>,
    /// The connection.
    pub line: Line,
    /// Everything that tabs show.
    pub store: Store,
    /// A ledger for each stream that a tab shows.
    pub timelines: BTreeMap<Stream, Timeline>,
    /// The tabs.
    pub tabs: Tabs,
    /// What lies above the tabs.
    pub overlays: Vec<Overlay>,
    /// Keys that begin a sequence which has not ended yet.
    pub pending: Vec<Key>,
    /// Messages to the user.
    pub notices: Notices,
    /// What the desktop is to be told of.
    pub alerts: Alerts,
    /// What is searched for.
    pub finding: Option<Finding>,
    /// The server's announcements, newest first.
    pub announcements: Vec<Announcement>,
    /// Posts whose warning the reader has unfolded.
    pub unfolded: Unfolded,
    /// How much comes on all streams.
    pub meter: Meter,
    /// Messages that were not what they should be.
    pub malformed: u64,
    /// Events of names that this program does not know.
    pub unknown: u64,
    /// What the server was last asked to find.
    pub search: Search,
    /// What was asked for stream health alone.
    pub checks: Checks,
    /// What was found out about the terminal at the start, in words; nothing where nobody looked.
    pub terminal: Vec<Plain>,
    /// What refills and reviews have asked lately.
    pub budget: Budget,
    /// Rows that a page should list and does not.
    pub suspects: Suspects,
    /// Rows that were dropped to bound memory since the store was last looked through for what they showed.
    pub(crate) released: Vec<RowKey>,
    /// Counts the questions of refills and reviews, so that an answer to one that nobody waits for any more is told from others.
    pub questions: u64,
    /// What the server knows of what was read.
    pub positions: Positions,
    /// How the terminal takes pictures.
    pub pictures: Pictures,
    /// Counts up with each wish to connect now.
    pub retries: u64,
    /// Counts up each time the process was stopped or the machine slept.
    pub wakes: u64,
    /// Counts up when the screen may read differently: where it stands still there is nothing to draw.
    pub revision: u64,
}

/// How a status is shown in a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// As it is.
    Open,
    /// Behind its content warning; unfolding is possible.
    Warned,
    /// Behind the title of a filter; unfolding is possible.
    Filtered(Plain),
    /// Not at all.
    Hidden,
}

impl State {
    /// A state with nothing but the tabs to open.
    pub fn new(settings: Settings, now: Timestamp, specs: Vec<Spec>) -> Self {
        let mut state = Self {
            now,
            size: (80, 24),
            heard: Heard::default(),
            zen: false,
            wanted_columns: settings.columns,
            first_column: 0,
            focused: true,
            me: None,
            server: None,
            accounts: Vec::new(),
            account: None,
            offer: Offer::default(),
            offer_loading: Loading::Idle,
            me_asked: false,
            unresolved: Vec::new(),
            line: Line {
                state: Connection::Connecting,
                since: now,
                next_attempt: None,
                ping: None,
                origin: Origin::default(),
                losses: 0,
                last_live: None,
                rung: Rung::default(),
                below: None,
                traffic: (0, 0),
            },
            store: Store::default(),
            timelines: BTreeMap::new(),
            tabs: Tabs::default(),
            overlays: Vec::new(),
            pending: Vec::new(),
            notices: Notices::default(),
            alerts: Alerts::new(settings.notify != Notify::Off),
            finding: None,
            announcements: Vec::new(),
            unfolded: Unfolded::default(),
            meter: Meter::default(),
            malformed: 0,
            unknown: 0,
            search: Search::default(),
            checks: Checks::default(),
            terminal: Vec::new(),
            budget: Budget::default(),
            suspects: Suspects::default(),
            released: Vec::new(),
            questions: 0,
            positions: Positions { local: true, ..Positions::default() },
            pictures: Pictures::default(),
            retries: 0,
            wakes: 0,
            revision: 0,
            settings,
        };
        for spec in specs {
            if spec.needs_lists() {
                state.unresolved.push((spec, None));
                continue;
            }
            match spec.resolve(&[]) {
                Ok(sources) => {
                    let waiting = state.unresolved.iter_mut().filter(|(_, before)| before.is_none());
                    if state.tabs.named(&sources).is_none() {
                        waiting.for_each(|(_, before)| *before = Some(sources.clone()));
                    }
                    state.open(sources);
                }
                Err(error) => state.notices.say(now, Plain::line(&error.to_string()), true),
            }
        }
        state
    }

    /// Opens a tab at the end of the bar, with the ledgers that it shows; equal ones are one.
    pub fn open(&mut self, sources: impl Into<Sources>) {
        self.open_before(sources, None);
    }

    /// As `open`, but in front of the tab of `next`, where that is open.
    pub fn open_before(&mut self, sources: impl Into<Sources>, next: Option<&Sources>) {
        let sources = sources.into();
        let filter = self.tabs.named(&sources).is_none().then(|| self.configured_filter(&sources));
        self.tabs.open_before(sources.clone(), next);
        self.arrange();
        if let Some(filter) = filter {
            self.begin_filter(&sources, filter);
            self.begin(&sources);
        }
    }

    /// The filter that the configuration has for the tab of these streams.
    pub fn configured_filter(&self, sources: &Sources) -> Filter {
        let is_its = |spec: &Spec| spec.resolve(&self.offer.lists).is_ok_and(|named| named == *sources);
        self.settings.filters.iter().find(|(spec, _)| is_its(spec)).map(|(_, filter)| filter.clone()).unwrap_or_default()
    }

    /// Gives a new tab its filter.
    pub fn begin_filter(&mut self, sources: &Sources, filter: Filter) {
        if let Some(tab) = self.tabs.named_mut(sources) {
            tab.sieve = Sieve::new(filter);
        }
    }

    /// Closes the tab on screen and gives it back; ledgers that no other tab shows go with it.
    pub fn close(&mut self) -> Option<Tab> {
        let tab = self.tabs.close_active();
        self.arrange();
        tab
    }

    /// Brings back the tab closed last, where it was, and goes to it.
    pub fn restore(&mut self) {
        self.tabs.restore();
        self.arrange();
        if let Some(sources) = self.tabs.active().map(|tab| tab.sources.clone()) {
            self.begin(&sources);
        }
    }

    /// The streams that the connection is to carry, each once, in the order of the tabs.
    pub fn subscriptions(&self) -> Vec<Stream> {
        self.subscribed().cloned().collect()
    }

    /// The same, to be looked at.
    pub fn subscribed(&self) -> impl Iterator<Item = &Stream> {
        let all = || self.tabs.all().iter().flat_map(|tab| tab.sources.all());
        all().enumerate().filter(move |(place, stream)| !all().take(*place).any(|before| before == *stream)).map(|(_, stream)| stream)
    }

    /// The line that is typed at the foot of the screen, where one is.
    pub fn typed(&self) -> Option<&Typed> {
        if let Some(Overlay::Typed(typed)) = self.overlays.last() { Some(typed) } else { None }
    }

    /// Whether the line that is typed is what to search for.
    pub fn is_seeking(&self) -> bool {
        self.typed().is_some_and(|typed| matches!(typed.what, Purpose::Search(_)))
    }

    /// The top layer; beneath what is typed at the foot, which acts on it.
    pub fn top_layer(&self) -> Option<&Overlay> {
        self.overlays.iter().rev().find(|overlay| !matches!(overlay, Overlay::Typed(_)))
    }

    /// Whether an open thread is what keys and what is typed at the foot act on.
    pub fn is_in_thread(&self) -> bool {
        matches!(self.top_layer(), Some(Overlay::Detail(_)))
    }

    /// Whether a filter is being typed for the tab of these streams, and only tried so far.
    pub fn is_filtering(&self, sources: &Sources) -> bool {
        let is_filter = self.typed().is_some_and(|typed| matches!(typed.what, Purpose::Filter { .. }));
        is_filter && self.tabs.active().is_some_and(|tab| tab.sources == *sources)
    }

    /// The active key scopes, the top layer first.
    pub fn scopes(&self) -> &'static [Scope] {
        if self.is_picking() || self.typed().is_some() { &[Scope::Pick, Scope::Always] } else { &[Scope::Browse, Scope::Always] }
    }

    /// Whether the top layer is a list to pick from.
    pub fn is_picking(&self) -> bool {
        self.picker().is_some()
    }

    /// The list on top to pick from.
    pub fn picker(&self) -> Option<&Picker> {
        self.overlays.last()?.as_picker()
    }

    /// Whether the reader stands beside the timeline.
    pub fn is_wide(&self) -> bool {
        self.size.0 >= WIDE && !self.zen && !self.settings.linear && self.settings.reader == ReaderPlace::Beside && self.columns().len() < 2
    }

    /// How many columns the screen has room for.
    pub fn most_columns(&self) -> usize {
        if self.zen || self.settings.linear { 1 } else { usize::from(self.size.0 / COLUMN).clamp(1, MOST_COLUMNS) }
    }

    /// Indices of the tabs that stand side by side, the open one among them: as many as are wanted and there is room for.
    pub fn columns(&self) -> std::ops::Range<usize> {
        let open = self.tabs.all().len();
        let count = self.wanted_columns.min(self.most_columns()).min(open).max(1);
        let active = self.tabs.active_index();
        let first = self.first_column.clamp((active + 1).saturating_sub(count), active).min(open.saturating_sub(count));
        first..first + count
    }

    /// Whether there is something to be said that is not in the rows: a message, keys that were begun, or that what is shown
    /// is not live, or not known to be complete though it should be.
    pub fn is_amiss(&self) -> bool {
        let holds = self.tabs.active().and_then(|tab| self.worst(&tab.sources)).is_none_or(|(stream, timeline)| {
            let is_filling = timeline.refill.as_ref().is_some_and(|walk| walk.gap.is_some());
            let is_failing = timeline.poll.as_ref().is_some_and(|poll| poll.failure.is_some());
            let is_complete = match timeline.completeness(stream) {
                Completeness::Since(_) | Completeness::Between(..) | Completeness::Unknown(Unproven::Unordered) => true,
                Completeness::Gaps(_) | Completeness::Unknown(Unproven::NotStreamed | Unproven::NotConnected | Unproven::NotPolled) => {
                    false
                }
            };
            is_complete && !is_filling && !is_failing && self.withheld(stream).is_none() && timeline.standing == Subscription::Open
        });
        !holds || self.line.state != Connection::Live || self.notices.shown().is_some() || !self.pending.is_empty()
    }

    /// Whether stream health is on top.
    pub fn is_health_open(&self) -> bool {
        matches!(self.overlays.last(), Some(Overlay::Health { .. }))
    }

    /// Whether older rows of the open tab have been asked for.
    pub fn is_loading_older(&self) -> bool {
        self.tabs.active().is_some_and(|tab| self.ledgers(&tab.sources).any(|(_, timeline)| timeline.older_page == Loading::Asked))
    }

    /// Whether something lies over the timeline, so that what comes there is not seen.
    pub fn is_covered(&self) -> bool {
        match self.top_layer() {
            None | Some(Overlay::Typed(_)) => false,
            Some(Overlay::Detail(_)) => !self.is_wide(),
            Some(
                Overlay::Help { .. }
                | Overlay::Picker(_)
                | Overlay::Viewer(_)
                | Overlay::Edits(_)
                | Overlay::Profile(_)
                | Overlay::Announcements { .. }
                | Overlay::Health { .. }
                | Overlay::Links(_),
            ) => true,
        }
    }

    /// Whether the reader can see what comes into the timeline: nothing lies over it, and they look at this terminal.
    pub fn is_looked_at(&self) -> bool {
        self.focused && !self.is_covered()
    }

    /// How many rows of all tabs have not been in view yet.
    pub fn unseen(&self) -> usize {
        self.tabs.all().iter().map(|tab| tab.unseen.len()).sum()
    }

    /// Whether the last drawing showed what still counts as unseen: the next update takes that over.
    fn has_just_seen(&self, measured: &Measured) -> bool {
        if let (Some(Overlay::Detail(detail)), Some(pane)) = (self.top_layer(), &measured.reader)
            && self.focused
            && pane.status.as_ref() == Some(&detail.cursor)
            && pane.visible.iter().any(|post| detail.unread.contains(&post.id))
        {
            return true;
        }
        let columns = self.tabs.all().get(self.columns()).unwrap_or_default();
        let seen = |tab: &Tab| measured.of(&tab.sources).is_some_and(|pane| pane.visible.iter().any(|row| tab.unseen.contains(&row.key)));
        self.is_looked_at() && columns.iter().any(|tab| !tab.unseen.is_empty() && seen(tab))
    }

    /// The streams that the picker offers for what is typed, best first.
    pub fn stream_choices(&self, typed: &str) -> Vec<StreamChoice> {
        let recent: Vec<Sources> = self.tabs.recent().cloned().collect();
        let open: Vec<Sources> = self.tabs.all().iter().map(|tab| tab.sources.clone()).collect();
        overlay::stream_choices(typed, &self.offer, &recent, &open)
    }

    /// The themes that match what is typed, best first.
    pub fn theme_choices(&self, typed: &str) -> Vec<&Scheme> {
        overlay::theme_choices(typed, &self.settings.themes)
    }

    /// The colours that the screen wears: while themes are picked the chosen ones, which come and go with the picker.
    pub fn scheme(&self) -> Option<&Scheme> {
        let picker = self.picker().filter(|picker| picker.kind == Pick::Theme);
        let previewed = picker.and_then(|picker| self.theme_choices(picker.prompt.text()).into_iter().nth(picker.chosen));
        previewed.or_else(|| self.settings.themes.iter().find(|scheme| scheme.name == self.settings.theme))
    }

    /// The rows of the tab on screen.
    pub fn active_rows(&self) -> Option<&Rows> {
        self.rows(self.tabs.active()?)
    }

    /// The row under the cursor: the newest where none was chosen.
    pub fn cursor_row(&self) -> Option<&Row> {
        let tab = self.tabs.active()?;
        self.rows(tab)?.row(self.cursor_index(tab)?)
    }

    /// The row that had the cursor when the screen was last drawn: a key that goes down means that one, and not what has come
    /// above it since.
    pub fn drawn_cursor_row(&self, measured: &Measured) -> Option<&Row> {
        let tab = self.tabs.active()?;
        let rows = self.rows(tab)?;
        let pane = measured.of(&tab.sources).filter(|_| tab.cursor.is_none());
        let drawn = pane.and_then(|pane| pane.visible.first()).and_then(|row| rows.get(&row.key));
        drawn.or_else(|| self.cursor_row())
    }

    /// Where a tab's cursor stands: at the newest shown row where none was chosen, and beside a chosen one that is hidden
    /// by now.
    pub fn cursor_index(&self, tab: &Tab) -> Option<usize> {
        match &tab.cursor {
            Some(key) => self.shown_near(tab, self.rows(tab)?.index_of(key)?),
            None => self.shown_near(tab, 0),
        }
    }

    /// The index of the nearest row that is drawn in a tab, older ones first.
    pub fn shown_near(&self, tab: &Tab, index: usize) -> Option<usize> {
        let rows = self.rows(tab)?.all();
        let is_shown = |index: &usize| rows.get(*index).is_some_and(|row| self.is_shown(tab, row));
        (index..rows.len()).find(is_shown).or_else(|| (0..index.min(rows.len())).rev().find(is_shown))
    }

    /// The status that a row is about: the boosted one for a boost, the last one for a conversation.
    pub fn status_of(&self, row: &Row) -> Option<StatusId> {
        match row {
            Row::Status(id) => self.store.shown(id).map(|entry| entry.id().clone()),
            Row::Notification(id) => {
                let status = self.store.notification(id)?.status.as_ref()?;
                self.store.shown(status).map(|entry| entry.id().clone())
            }
            Row::Conversation(id, _) => self.store.conversation(id)?.last_status.clone().filter(|id| self.store.status(id).is_some()),
            Row::Tombstone(_) | Row::Gap(_) => None,
        }
    }

    /// The post with the cursor in the thread that is open, or else the one under the cursor.
    pub fn reading(&self) -> Option<StatusId> {
        match self.detail() {
            Some(detail) => Some(detail.cursor.clone()),
            None => self.cursor_row().and_then(|row| self.status_of(row)),
        }
    }

    /// Whose profiles can be opened: of the open post, or else of a row; its author first, then who else it names.
    pub fn people(&self, row: Option<&Row>) -> impl Iterator<Item = &AccountId> {
        let mut seen = HashSet::new();
        self.named(row).filter(move |id| self.store.account(id).is_some() && seen.insert(*id))
    }

    /// The same, some more than once; who is told of together is only gone through where somebody asks further.
    fn named<'a>(&'a self, row: Option<&Row>) -> Box<dyn Iterator<Item = &'a AccountId> + 'a> {
        let author = |id: &StatusId| self.store.status(id).map(Entry::account);
        let together = |key: RowKey| {
            let tab = self.tabs.active();
            std::iter::once_with(move || tab.map(|tab| self.together(tab, &key)).unwrap_or_default()).flatten()
        };
        match (self.detail(), row) {
            (Some(detail), _) => Box::new(author(&detail.cursor).into_iter()),
            (None, Some(Row::Status(id))) => {
                let shown = self.store.shown(id).map(Entry::account);
                Box::new(shown.into_iter().chain(author(id)).chain(together(RowKey::Status(id.clone()))))
            }
            (None, Some(Row::Notification(id))) => {
                let Some(held) = self.store.notification(id) else { return Box::new(std::iter::empty()) };
                let others = together(RowKey::Notification(id.clone()));
                let about = held.kind.target().into_iter().chain(held.status.as_ref().and_then(author));
                Box::new(held.account.iter().chain(others).chain(about))
            }
            (None, Some(Row::Conversation(id, _))) => Box::new(self.store.conversation(id).into_iter().flat_map(|held| &held.accounts)),
            (None, Some(Row::Tombstone(id))) => Box::new(self.store.deleted_author(id).map(|account| &account.id).into_iter()),
            (None, Some(Row::Gap(_)) | None) => Box::new(std::iter::empty()),
        }
    }

    /// The profile on top, where one is.
    pub fn profile_view(&self) -> Option<&ProfileView> {
        if let Some(Overlay::Profile(view)) = self.overlays.last() { Some(view) } else { None }
    }

    /// The open post, where one is open.
    pub fn detail(&self) -> Option<&Detail> {
        self.overlays.iter().rev().find_map(|overlay| if let Overlay::Detail(detail) = overlay { Some(&**detail) } else { None })
    }

    /// Up to where home and notifications have been read here.
    pub fn read(&self) -> Markers {
        let read = |stream: &Stream| self.tabs.of(stream)?.read.clone();
        Markers { home: read(&Stream::User), notifications: read(&Stream::UserNotification) }
    }

    /// What the server does not know yet of what was read, if anything; nothing before it was heard.
    pub fn unsaid(&self) -> Option<Markers> {
        let known = self.positions.known.as_ref().filter(|_| !self.positions.local)?;
        let read = self.read();
        (known.clone().newer(read.clone()) != *known).then_some(read)
    }

    /// How a status is shown somewhere: the reader's server filters count where their context is that of the place.
    pub fn shown<'a>(&self, place: impl Into<Place<'a>>, id: &StatusId) -> Shown {
        let place = place.into();
        let Some(outer) = self.store.status(id) else { return Shown::Open };
        let inner = outer.reblog().and_then(|inner| self.store.status(inner)).unwrap_or(outer);
        let unfolded = self.unfolded.contains(inner.id());
        let mut shown = if inner.status().spoiler_text.is_blank() || unfolded { Shown::Open } else { Shown::Warned };
        let own = self.me.as_ref().is_some_and(|me| me.id == *inner.account());
        let mut matches = [outer, inner].into_iter().filter_map(|entry| entry.status().filtered.as_ref()).flatten();
        if own {
            return shown;
        }
        matches
            .find_map(|found| {
                if !found.context.iter().any(|context| place.filters_by(*context)) {
                    return None;
                }
                match found.action {
                    FilterAction::Hide => return Some(Shown::Hidden),
                    FilterAction::Warn if !unfolded => shown = Shown::Filtered(found.title.clone()),
                    FilterAction::Warn | FilterAction::Blur => {}
                }
                None
            })
            .unwrap_or(shown)
    }

    /// Whether the words of a status in a place stay shut until the reader unfolds them.
    pub fn is_folded<'a>(&self, place: impl Into<Place<'a>>, id: &StatusId) -> bool {
        matches!(self.shown(place, id), Shown::Warned | Shown::Filtered(_))
    }

    /// What pictures are made for; nothing where none are drawn.
    pub fn canvas(&self) -> Option<Canvas> {
        match self.settings.media {
            MediaMode::Off => None,
            _ if self.settings.ascii => None,
            MediaMode::Blocks => self.pictures.canvas(true),
            MediaMode::Auto => self.pictures.canvas(false),
        }
    }

    /// Whether custom emoji are drawn as pictures: not as half blocks, of which two columns show nothing.
    pub fn shows_emoji(&self) -> bool {
        self.settings.media_emoji && self.canvas().is_some_and(|canvas| canvas.form != Form::Blocks)
    }

    /// Whether the pictures of people are drawn.
    pub fn shows_avatars(&self) -> bool {
        self.settings.avatars && self.canvas().is_some()
    }

    /// Whether the pictures of a post (never of a boost as such) in a place are only hinted at until the reader unfolds them:
    /// sensitive ones, and those that a filter hides.
    pub fn veils_media<'a>(&self, place: impl Into<Place<'a>>, id: &StatusId) -> bool {
        let is_sensitive =
            |status: &Status| status.sensitive && !status.media_attachments.is_empty() && !self.unfolded.contains(&status.id);
        self.blurs_media(place, id) || (self.canvas().is_some() && self.store.shown(id).is_some_and(|entry| is_sensitive(entry.status())))
    }

    /// Whether a filter of the reader's hides the media of a post (never of a boost as such) in a place until the reader
    /// unfolds them.
    pub fn blurs_media<'a>(&self, place: impl Into<Place<'a>>, id: &StatusId) -> bool {
        let place = place.into();
        let Some(entry) = self.store.shown(id) else { return false };
        let status = entry.status();
        let own = self.me.as_ref().is_some_and(|me| me.id == status.account);
        let mut found = status.filtered.iter().flatten();
        !own && !status.media_attachments.is_empty()
            && !self.unfolded.contains(&status.id)
            && found.any(|found| found.action == FilterAction::Blur && found.context.iter().any(|context| place.filters_by(*context)))
    }

    /// Whether no filter hides a row in a tab: neither the reader's on the server nor the tab's own.
    pub fn is_let_through(&self, tab: &Tab, row: &Row) -> bool {
        self.is_allowed(tab, row) && !tab.sieve.hides(|| row.key())
    }

    /// Whether the reader's server filters let a row be drawn in a tab.
    pub fn is_allowed(&self, tab: &Tab, row: &Row) -> bool {
        let is_hidden = |id: &StatusId| self.store.may_hide(id) && self.shown(&tab.sources, id) == Shown::Hidden;
        match row {
            Row::Status(id) => !is_hidden(id),
            Row::Notification(id) => match self.store.notification(id).and_then(|notification| notification.status.as_ref()) {
                Some(status) => !is_hidden(status),
                None => true,
            },
            Row::Conversation(..) | Row::Tombstone(_) | Row::Gap(_) => true,
        }
    }

    /// When a poll of any stream last found everything; `None` where nothing is polled or none has yet.
    pub fn last_poll(&self) -> Option<Timestamp> {
        self.timelines.values().filter_map(|timeline| timeline.poll.as_ref()?.last).max()
    }

    /// Whether the filter of a tab lets a row through; where something is missing or was removed always does.
    pub fn admits(&self, tab: &Tab, row: &Row) -> bool {
        let filter = tab.sieve.filter();
        filter.is_empty() || self.subject(row).is_none_or(|subject| filter.admits(&subject))
    }

    /// What a row is about, to be told from others; `None` for gaps and what was removed.
    pub fn subject(&self, row: &Row) -> Option<Subject<'_>> {
        let mut subject = Subject { me: self.me.as_ref().map(|me| &me.id), ..Subject::default() };
        let post = |id: &StatusId| self.store.shown(id).map(|entry| entry as &dyn Post);
        match row {
            Row::Status(id) => {
                let outer = self.store.status(id)?.status();
                subject.post = post(id);
                subject.is_boost = outer.reblog.is_some();
                let author = subject.post.map(|post| &post.status().account);
                subject.people.extend(author.and_then(|id| self.store.account(id)));
                if subject.is_boost {
                    subject.people.extend(self.store.account(&outer.account));
                }
            }
            Row::Notification(id) => {
                let held = self.store.notification(id)?;
                subject.post = held.status.as_ref().and_then(post);
                subject.is_boost = held.kind == NotificationKind::Reblog;
                subject
                    .people
                    .extend([held.account.as_ref(), held.kind.target()].into_iter().flatten().filter_map(|id| self.store.account(id)));
            }
            Row::Conversation(id, _) => {
                let held = self.store.conversation(id)?;
                subject.post = held.last_status.as_ref().and_then(post);
                subject.people.extend(held.accounts.iter().filter_map(|id| self.store.account(id)));
            }
            Row::Tombstone(_) | Row::Gap(_) => return None,
        }
        Some(subject)
    }

    /// How many rows of a tab are hidden: by the reader's server filters, or by its own.
    pub fn hidden(&self, tab: &Tab) -> usize {
        let Some(rows) = self.rows(tab) else { return 0 };
        let by_server = tab.hidden.iter().filter_map(|key| rows.get(key));
        let by_server = by_server.filter(|row| !tab.sieve.hides(|| row.key()) && !self.is_allowed(tab, row));
        tab.sieve.count() + by_server.count()
    }

    /// How the server carries a stream; by frame until the server is known.
    pub fn carriage(&self, stream: &Stream) -> Carriage {
        self.server.as_ref().map_or(Carriage::Frame, |server| server.carriage(stream))
    }

    /// What of a stream the server has switched off; not where posts of it come all the same, as for roles that may.
    pub fn withheld(&self, stream: &Stream) -> Option<Withheld> {
        let withheld = self.server.as_ref()?.timelines_access.withheld(stream)?;
        let comes = self.timelines.get(stream).is_some_and(|timeline| timeline.brought);
        (withheld != Withheld::Everything || !comes).then_some(withheld)
    }

    /// For how long a stream that is open and had something before has been silent, if that is worth saying.
    pub fn silence(&self, stream: &Stream) -> Option<SignedDuration> {
        if self.line.state != Connection::Live {
            return None;
        }
        // What is polled has no stream that could fall silent.
        let timeline = self.timelines.get(stream).filter(|timeline| timeline.poll.is_none())?;
        let silent = self.now.duration_since(timeline.last_event?.max(self.line.since));
        (silent >= SILENCE).then_some(silent)
    }

    /// As `silence`, for a tab: of several streams all have to be silent.
    pub fn silence_of(&self, sources: &Sources) -> Option<SignedDuration> {
        sources.all().iter().map(|stream| self.silence(stream)).min().flatten()
    }

    /// For how many minutes the open tab has been silent, as far as that is worth saying.
    pub fn silent_minutes(&self) -> Option<i64> {
        self.silence_of(&self.tabs.active()?.sources).map(|silence| silence.as_mins())
    }

    /// The first key of a command as it is written, where it has one.
    pub fn first_key(&self, command: Command) -> Option<&str> {
        self.settings.keymap.keys(command).first().map(Sequence::as_str)
    }

    /// Whether a command makes sense now: the palette dims it, hints hide it and `update` ignores it by this answer.
    pub fn can(&self, command: Command) -> bool {
        let open = if let Some(Overlay::Detail(detail)) = self.overlays.last() { Some(detail) } else { None };
        let detail = open.is_some();
        let viewing = matches!(self.overlays.last(), Some(Overlay::Viewer(_)));
        let text = self.overlays.last().is_some_and(Overlay::is_text);
        let picking = self.is_picking();
        let links = if let Some(Overlay::Links(list)) = self.overlays.last() { Some(list) } else { None };
        let rows = self.active_rows().is_some_and(|rows| !rows.all().is_empty());
        match command {
            Command::Down
            | Command::Up
            | Command::HalfPageDown
            | Command::HalfPageUp
            | Command::PageDown
            | Command::PageUp
            | Command::First
            | Command::Last => rows || detail || text || links.is_some(),
            Command::NextUnread | Command::PreviousUnread => match open {
                Some(detail) => !detail.unread_places().is_empty(),
                None => !text && links.is_none() && self.tabs.active().is_some_and(|tab| !tab.unseen.is_empty()),
            },
            Command::Read | Command::CopyUrl if links.is_some() => true,
            Command::OpenLinks | Command::CopyUrl if self.profile_view().is_some() => true,
            Command::OpenLinks => {
                let has = |row: &Row| !matches!(row, Row::Gap(_) | Row::Tombstone(_));
                !text && (detail || links.is_some() || self.cursor_row().is_some_and(has))
            }
            Command::CopyText if self.profile_view().is_some() => self.profile_view().is_some_and(|view| view.chosen_post().is_some()),
            Command::CopyUrl | Command::CopyText => !text && links.is_none() && self.reading().is_some(),
            Command::Parent => open.is_some_and(|detail| detail.tree.parent(&detail.cursor).is_some()),
            Command::Root => open.is_some_and(|detail| detail.index() > 0),
            Command::Read | Command::HoldOrUnfold if self.profile_view().is_some() => {
                self.profile_view().is_some_and(|view| view.chosen_post().is_some())
            }
            Command::Read if detail => open.is_some_and(|open| open.cursor != open.status && self.store.status(&open.cursor).is_some()),
            Command::Read => !text && self.cursor_row().is_some_and(|row| self.status_of(row).is_some() || self.can_fill(row)),
            // Beneath a text that hides the tab, "close" would be taken to mean the text.
            Command::HoldOrUnfold if viewing => true,
            Command::View => viewing || (!text && !picking && self.viewable().is_some()),
            Command::HoldOrUnfold | Command::CloseTab => !text && links.is_none() && self.tabs.active().is_some(),
            Command::Edits => matches!(self.overlays.last(), Some(Overlay::Edits(_))) || (!text && self.reading().is_some()),
            Command::Profile => match self.overlays.last() {
                Some(Overlay::Profile(view)) => view.people.len() > 1,
                _ if text => false,
                _ => self.people(self.cursor_row()).next().is_some(),
            },
            Command::Step => self.overlays.is_empty() && self.tabs.active().is_some_and(|tab| tab.held && self.has_above(tab)),
            Command::ReaderPlace => self.size.0 >= WIDE && !self.zen && !self.settings.linear,
            Command::Zen => !self.settings.linear,
            Command::Avatars => self.canvas().is_some() && !self.settings.linear,
            Command::Columns => !text && self.most_columns() > 1 && self.tabs.all().len() > 1,
            Command::SelectTab(number) => usize::from(number) <= links.map_or(self.tabs.all().len(), |list| list.links.len()),
            Command::NextTab | Command::PreviousTab => self.tabs.all().len() > 1 || detail || viewing,
            Command::RestoreTab => self.tabs.can_restore(),
            Command::Announcements => !self.announcements.is_empty(),
            Command::Accounts => self.accounts.len() > 1,
            Command::RetryNow => {
                self.line.state != Connection::Live
                    || self.line.rung != Rung::Multiplexed
                    || self.timelines.values().any(|timeline| {
                        matches!(timeline.standing, Subscription::Refused(_) | Subscription::Interrupted(_))
                            || matches!(timeline.first_page, Loading::Failed(..))
                            || matches!(timeline.older_page, Loading::Failed(..))
                            || timeline.refill.as_ref().is_some_and(|refill| refill.retry_at.is_some())
                            || timeline.review.as_ref().is_some_and(|review| review.retry_at.is_some())
                            || timeline.poll.as_ref().is_some_and(|poll| poll.failure.is_some())
                    })
                    || self.overlays.iter().any(|overlay| match overlay {
                        Overlay::Detail(detail) => matches!(detail.thread, ThreadState::Failed(_)),
                        Overlay::Edits(edits) => matches!(edits.history, Answer::Failed(_)),
                        Overlay::Profile(view) => view.has_failed(),
                        Overlay::Help { .. }
                        | Overlay::Picker(_)
                        | Overlay::Typed(_)
                        | Overlay::Viewer(_)
                        | Overlay::Announcements { .. }
                        | Overlay::Health { .. }
                        | Overlay::Links(_) => false,
                    })
                    || open.is_some_and(|detail| !detail.is_asked())
                    || matches!(self.offer_loading, Loading::Failed(..))
            }
            Command::Back => !self.overlays.is_empty() || self.notices.shown().is_some() || self.finding.is_some(),
            Command::Accept => picking || self.typed().is_some(),
            Command::NextChoice | Command::PreviousChoice => picking || (self.finding.is_some() && self.is_seeking()),
            Command::SearchAllTabs => self.is_seeking() && !self.is_in_thread() && self.tabs.all().len() > 1,
            Command::Search => !text && (rows || detail),
            Command::SearchNext | Command::SearchPrevious => !text && (rows || detail) && self.finding.is_some(),
            Command::Filter | Command::HideBoosts | Command::HideReplies | Command::HideBots => !text && self.tabs.active().is_some(),
            Command::Subscribe
            | Command::SearchServer
            | Command::Health
            | Command::Help
            | Command::Palette
            | Command::Theme
            | Command::Notify
            | Command::Reload
            | Command::Redraw
            | Command::Suspend
            | Command::Quit
            | Command::QuitNow => true,
        }
    }

    /// Whether rows stand above the one by which the view of a tab is held.
    fn has_above(&self, tab: &Tab) -> bool {
        let Anchor::Row(key, _) = &tab.anchor else { return false };
        let rows = self.rows(tab);
        rows.is_some_and(|rows| rows.index_of(key).is_some_and(|index| index > 0))
    }

    /// Whether the row is a gap that the reader can have filled, or filled further.
    pub fn can_fill(&self, row: &Row) -> bool {
        let Row::Gap(gap) = row else { return false };
        let Some(tab) = self.tabs.active() else { return false };
        let can_be = |(stream, gap): &(&Stream, &Gap)| stream.is_paged_by_id() && gap.fill == Fill::Left;
        self.line.state == Connection::Live && self.gaps(&tab.sources, &gap.after).iter().any(can_be)
    }

    /// When something changes without any message: a countdown, a notice that expires, a meter that sinks, a page asked
    /// for again, or an age on screen; at once where a count falls because its rows have been drawn. `None` when nothing
    /// does: then the loop sleeps.
    pub fn next_deadline(&self, measured: &Measured) -> Option<Timestamp> {
        let second = SignedDuration::from_secs(1);
        let countdown = self.line.next_attempt.filter(|at| *at > self.now).and_then(|_| self.now.checked_add(second).ok());
        let pages = self
            .timelines
            .values()
            .flat_map(|timeline| [&timeline.first_page, &timeline.older_page])
            .chain([&self.offer_loading])
            .filter_map(|page| match page {
                Loading::Failed(_, at) => *at,
                Loading::Idle | Loading::Asked | Loading::Done => None,
            });
        let live = self.line.state == Connection::Live;
        let refills = self.timelines.values().filter(|_| live).filter_map(|timeline| match (&timeline.refill, &timeline.review) {
            (Some(refill), _) => refill.retry_at.filter(|_| refill.asked.is_none()),
            (None, Some(review)) => review.retry_at.filter(|_| review.asked.is_none()),
            (None, None) => timeline.look_at(),
        });
        let merged = self.tabs.all().iter().filter_map(|tab| Some(&tab.merged.as_ref()?.meter));
        let meters =
            self.timelines.values().map(|timeline| &timeline.meter).chain(merged).chain([&self.meter]).filter_map(Meter::next_change);
        let shown = self.tabs.active().into_iter().flat_map(|tab| self.ledgers(&tab.sources));
        let minutes = shown.filter_map(|(_, timeline)| {
            let timeline = Some(timeline).filter(|timeline| timeline.poll.is_none())?;
            let said = timeline.last_event?.max(self.line.since);
            let whole = self.now.duration_since(said).as_mins().max(SILENCE.as_mins() - 1) + 1;
            if self.line.state == Connection::Live { said.checked_add(SignedDuration::from_mins(whole)).ok() } else { None }
        });
        let seen = (self.has_just_seen(measured) || self.is_looking()).then_some(self.now);
        let positions = self.unsaid().filter(|_| live && !self.positions.asked).and(self.positions.not_before);
        pages
            .chain(refills)
            .chain(self.deep_at())
            .chain(meters)
            .chain(countdown)
            .chain(seen)
            .chain(positions)
            .chain(self.flood_at())
            .chain(minutes)
            .chain(self.notices.next_change())
            .chain(self.alerts.due_at())
            .chain(measured.next_change)
            .min()
    }

    /// Whether rows wait to be looked at, so that there is something to do at once.
    fn is_looking(&self) -> bool {
        self.tabs.all().iter().any(|tab| tab.sieve.looked().is_some()) || self.finding.as_ref().is_some_and(Finding::goes_on)
    }

    /// When the view of a tab in view goes on because too much comes; `None` where nothing waits above any. For one that is not
    /// in view nobody needs to wake up.
    fn flood_at(&self) -> Option<Timestamp> {
        let columns = self.tabs.all().get(self.columns()).unwrap_or_default();
        columns.iter().filter(|tab| self.has_above(tab)).filter_map(|tab| Some(tab.flood?.next)).min()
    }

    /// Whether a refill, a look or a question about a single row is under way or wanted now: deep passes wait for them.
    pub fn is_catching_up(&self) -> bool {
        let wants = |timeline: &Timeline| {
            timeline.refill.is_some() || timeline.review.is_some() || timeline.due || timeline.look_at().is_some_and(|at| at <= self.now)
        };
        !self.suspects.is_empty() || self.timelines.values().any(wants)
    }

    /// When a deep pass asks next; `None` where none does, or something else comes first.
    pub fn deep_at(&self) -> Option<Timestamp> {
        if self.line.state != Connection::Live || self.timelines.values().any(Timeline::is_deep_asked) {
            return None;
        }
        let at = self.timelines.values().filter_map(Timeline::deep_due).min()?;
        if self.is_catching_up() {
            return Some(at).filter(|at| *at > self.now);
        }
        Some(at.max(self.budget.free_at(review::DEEP_RESERVE, self.now)?))
    }

    /// Drops from the store what no row and no pane needs, once enough has come to make it worth the cost.
    pub fn sweep(&mut self) {
        let released = std::mem::take(&mut self.released);
        if !self.store.wants_sweep() {
            // What lies over the timeline may show what no row does.
            if self.overlays.is_empty() && !released.is_empty() {
                let timelines = &self.timelines;
                self.store.release(released, |key| timelines.values().any(|timeline| timeline.holds_old(key)));
            }
            return;
        }
        let held = self.timelines.values().map(|timeline| timeline.rows().len()).sum();
        let mut keep = Keep { statuses: Vec::with_capacity(held), ..Keep::default() };
        for timeline in self.timelines.values() {
            for row in timeline.rows() {
                match row {
                    Row::Status(id) => {
                        keep.statuses.push(id.clone());
                    }
                    Row::Notification(id) => {
                        keep.notifications.insert(id.clone());
                    }
                    Row::Conversation(id, _) => {
                        keep.conversations.insert(id.clone());
                    }
                    Row::Tombstone(id) => keep.authors.extend(self.store.deleted_author(id).map(|account| account.id.clone())),
                    Row::Gap(_) => {}
                }
            }
        }
        for overlay in &self.overlays {
            if let Overlay::Edits(edits) = overlay {
                keep.statuses.push(edits.status.clone());
            }
            if let Overlay::Profile(view) = overlay {
                keep.authors.extend(view.people.iter().cloned());
                keep.statuses.extend(view.shown_posts().iter().cloned());
            }
            if overlay.as_picker().is_some_and(|picker| picker.kind == Pick::Search)
                && let Answer::Told(Some(found)) = &self.search.answer
            {
                keep.authors.extend(found.accounts.iter().cloned());
                keep.statuses.extend(found.statuses.iter().cloned());
            }
            if let Overlay::Detail(detail) = overlay {
                keep.statuses.extend(detail.tree.known().cloned());
                keep.authors.extend(detail.tree.known().filter_map(|id| self.store.deleted_author(id)).map(|account| account.id.clone()));
            }
        }
        self.store.sweep(keep);
    }

    fn check_tab(&self, tab: &Tab) -> Result<(), String> {
        let Some(rows) = self.rows(tab) else { return Err(format!("no rows for {:?}", tab.sources)) };
        for key in tab.cursor.iter().chain(match &tab.anchor {
            Anchor::Row(key, _) => Some(key),
            Anchor::Top => None,
        }) {
            if rows.index_of(key).is_none() {
                return Err(format!("{:?}: cursor or anchor at {key:?}, which is no row", tab.sources));
            }
        }
        let keys: Vec<RowKey> = rows.all().iter().map(Row::key).collect();
        if !tab.unseen.are_of(&keys) {
            return Err(format!("{:?}: {} are unseen, and not all of them are rows", tab.sources, tab.unseen.len()));
        }
        let told = rows.all().iter().zip(&keys).filter(|(row, _)| !matches!(row, Row::Tombstone(_))).map(|(_, key)| key);
        tab.folds.check(told).map_err(|broken| format!("{:?}: {broken}", tab.sources))?;
        self.check_together(tab, rows)?;
        let hidden = rows.all().iter().filter(|row| !self.is_let_through(tab, row)).count();
        if self.hidden(tab) != hidden {
            return Err(format!("{:?}: {hidden} rows are hidden, but {} are counted", tab.sources, self.hidden(tab)));
        }
        if let Some(key) = tab.hidden.iter().find(|key| rows.index_of(key).is_none()) {
            return Err(format!("{:?}: {key:?} is hidden, but no row", tab.sources));
        }
        if let Some(key) = tab.sieve.hidden().find(|key| rows.index_of(key).is_none()) {
            return Err(format!("{:?}: {key:?} is filtered out, but no row", tab.sources));
        }
        let looked = tab.sieve.looked().unwrap_or(usize::MAX);
        let is_wrong = |row: &&Row| tab.sieve.hides(|| row.key()) == self.admits(tab, row);
        match rows.all().iter().take(looked).find(is_wrong) {
            // While names are looked at again some may be those of before.
            Some(row) if tab.sieve.looked().is_none() => {
                return Err(format!("{:?}: the filter is not right about {row:?}", tab.sources));
            }
            Some(_) | None => {}
        }
        self.check_merged(tab)
    }

    /// What must hold after every message; tests ask.
    ///
    /// # Errors
    /// Says in words what does not hold.
    pub fn check(&self) -> Result<(), String> {
        for (index, tab) in self.tabs.all().iter().enumerate() {
            if self.tabs.all().iter().take(index).any(|other| other.sources == tab.sources) {
                return Err(format!("two tabs show {:?}", tab.sources));
            }
            self.check_tab(tab)?;
        }
        if let Some(stream) = self.subscriptions().into_iter().find(|stream| !self.timelines.contains_key(stream)) {
            return Err(format!("no ledger for {stream:?}"));
        }
        if let Some(stream) = self.timelines.keys().find(|stream| self.tabs.showing(stream).next().is_none()) {
            return Err(format!("no tab shows the ledger of {stream:?}"));
        }
        if !self.tabs.all().is_empty() && self.tabs.active().is_none() {
            return Err("no tab is active".into());
        }
        for overlay in &self.overlays {
            if let Overlay::Detail(detail) = overlay {
                detail.check(&self.store)?;
            }
        }
        if self.line.state == Connection::Live && self.detail().is_some_and(|detail| detail.stale && !detail.is_asked()) {
            return Err("a thread may have missed something, and nothing is asked".into());
        }
        if self.budget.spent() > refill::MOST_QUESTIONS {
            return Err(format!("refills asked {} times", self.budget.spent()));
        }
        if self.timelines.values().filter(|timeline| timeline.is_deep_asked()).count() > 1 {
            return Err("more than one question of deep passes is under way".into());
        }
        let (waiting, asked) = self.suspects.counts();
        if asked > review::SUSPECTS_AT_ONCE || (waiting > 0 && asked == 0) {
            return Err(format!("{waiting} rows wait to be asked about, {asked} are"));
        }
        for (stream, timeline) in &self.timelines {
            let filling: Vec<&Gap> = timeline.gaps().filter(|gap| gap.fill == Fill::Filling).collect();
            let walked = timeline.refill.as_ref().and_then(|refill| refill.gap.as_ref());
            if filling.len() != usize::from(walked.is_some()) || filling.first().map(|gap| &gap.after) != walked {
                return Err(format!("{stream:?}: {walked:?} is filled, but the rows say {filling:?}"));
            }
            let goes_on = timeline.refill.is_some() || timeline.review.is_some() || timeline.deep.is_some();
            if goes_on && self.line.state != Connection::Live {
                return Err(format!("{stream:?}: a refill goes on without a connection"));
            }
            if timeline.refill.is_some() && timeline.review.is_some() {
                return Err(format!("{stream:?}: it is refilled and looked at at once"));
            }
            if timeline.review.as_ref().is_some_and(|review| review.asked.is_none() && review.retry_at.is_none()) {
                return Err(format!("{stream:?}: a look waits for nothing"));
            }
            if timeline.poll.is_some() && (timeline.rung != Rung::Polling || timeline.standing != Subscription::Open) {
                return Err(format!("{stream:?}: it is polled though {:?} by {:?}", timeline.standing, timeline.rung));
            }
            if !stream.is_paged_by_id() && timeline.deep.is_some() {
                return Err(format!("{stream:?}: cannot be gone through by id"));
            }
            let idle = timeline.refill.is_none() && timeline.review.is_none();
            if idle && self.line.state == Connection::Live && timeline.look_at().is_some_and(|at| at <= self.now) {
                return Err(format!("{stream:?}: a look is due and nothing is asked"));
            }
            if idle && self.line.state == Connection::Live && timeline.due_gap().is_some() {
                return Err(format!("{stream:?}: a gap waits for nothing"));
            }
            if timeline.refill.as_ref().is_some_and(|refill| refill.asked.is_none() && refill.retry_at.is_none()) {
                return Err(format!("{stream:?}: a refill waits for nothing"));
            }
            if !stream.is_paged_by_id() && timeline.gaps().any(|gap| gap.fill != Fill::Left) {
                return Err(format!("{stream:?}: cannot be filled by id"));
            }
            if !timeline.is_sorted() {
                return Err(format!("{stream:?}: rows are not sorted and unique"));
            }
            let tombstones = timeline.rows().iter().filter(|row| matches!(row, Row::Tombstone(_))).count();
            if timeline.tombstones.len() != tombstones {
                return Err(format!("{stream:?}: {tombstones} tombstones stand there, {:?} are known", timeline.tombstones));
            }
            if timeline.rows().len() > self.settings.rows * (2 + self.tabs.showing(stream).count()) {
                return Err(format!("{stream:?}: {} rows", timeline.rows().len()));
            }
            for row in timeline.rows() {
                let held = match row {
                    Row::Status(id) => {
                        self.store.status(id).is_some_and(|entry| entry.reblog().is_none_or(|inner| self.store.status(inner).is_some()))
                            && !self.store.is_deleted(id)
                    }
                    Row::Notification(id) => self.store.notification(id).is_some(),
                    Row::Conversation(id, last) => {
                        self.store.conversation(id).is_some_and(|held| held.last_status.as_ref() == last.as_deref())
                    }
                    Row::Tombstone(id) => self.store.is_deleted(id) && self.store.status(id).is_none(),
                    Row::Gap(_) => true,
                };
                if !held {
                    return Err(format!("{stream:?}: {row:?} is not what the store holds"));
                }
            }
        }
        Ok(())
    }
}
