//! What one account's run leaves to the next: which tabs were open, up to where each was read, and its last screenful.
//!
//! Kept as JSON in the state folder, entities spelled as the Mastodon API has them, so that they come back through the door.
//! The reader's configuration is never written. Absent on purpose: the file's modes and its writing (`private`), and what is
//! made of it at the start (`update`).

use crate::config::{COLUMNS, ReaderPlace};
use crate::filter::Filter;
use crate::mastodon::keep::{self, Holdings};
use crate::model::{Account, AccountId, ListId, Sources, Spec, Status, StatusId, Stream, Timestamp};
use crate::private;
use crate::state::{Row, State, Store, Tab, Timeline, Unfolded};
use crate::update::Remembered;
use jiff::SignedDuration;
use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Rows that are kept of a tab: the most that servers give in a page.
const ROWS: usize = 40;
/// The version of what is written.
const VERSION: u32 = 1;
/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// What is left to the next run: with rows still to be written, or read as far as the list that they are.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(deserialize = "Rows: Deserialize<'de>"))]
pub struct Memory<Rows = List> {
    version: u32,
    /// When it was kept.
    at: Timestamp,
    /// The streams that the configuration named then: where it names others now, those count.
    configured: Vec<String>,
    /// The theme that it named then, and the one that was worn, in the same way.
    #[serde(default)]
    configured_theme: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    theme: String,
    /// And the place of the reader.
    #[serde(default)]
    configured_reader: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reader: String,
    /// And how many tabs stood side by side; files of before that was kept have none.
    #[serde(default)]
    configured_columns: usize,
    #[serde(default)]
    columns: usize,
    /// The posts that were unfolded, those first that were first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unfolded: Vec<String>,
    /// The tabs in order.
    tabs: Vec<Kept<Rows>>,
    /// The streams that have no tab of their own, but are shown in one of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<Kept<Rows>>,
    /// What the one on screen shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<String>,
}

/// What is left of one tab, or of one stream.
#[derive(Debug, Serialize, Deserialize)]
struct Kept<Rows> {
    /// The spec; of several streams in one tab the rows are with those.
    stream: String,
    /// Its filter; files of before it could have one have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<String>,
    rows: Rows,
}

/// A list of entities that is looked into when its tab is wanted.
#[derive(Debug)]
pub struct List(Box<RawValue>);

impl<'de> Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list = Box::<RawValue>::deserialize(deserializer)?;
        if list.get().starts_with('[') { Ok(Self(list)) } else { Err(D::Error::custom("no list")) }
    }
}

/// What the configuration names, of that which keys change: what they changed is remembered until it names something else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Configured {
    /// The tabs.
    pub tabs: Vec<Spec>,
    /// The filters of some of them.
    pub filters: Vec<(Spec, Filter)>,
    /// The theme.
    pub theme: String,
    /// Where the reader stands.
    pub reader: ReaderPlace,
    /// How many tabs stand side by side.
    pub columns: usize,
}

/// Where one account's memory lies. While it is held, no other run of the same account writes there.
#[derive(Debug)]
pub struct Keeper {
    file: PathBuf,
    configured: Configured,
    /// Held until the run ends; `None` where another run holds it.
    lock: Option<File>,
    written: Option<(u64, Timestamp)>,
}

impl Keeper {
    /// Takes the memory of an account (`name@domain`) in `folder`, and gives what is in it. `configured` is what the
    /// configuration names. What the reader should be told is added to `notices`; a memory that cannot be used
    /// is begun anew, and one that another run holds is read alone.
    pub fn open(folder: &Path, account: &str, configured: Configured, notices: &mut Vec<String>) -> (Self, Option<Memory>) {
        let file = folder.join(format!("{}.json", file_name(account)));
        let lock = lock(folder, &file, notices);
        let memory = match private::read(&file, MOST_BYTES) {
            Ok(None) => None,
            Ok(Some((bytes, told))) => {
                notices.extend(told);
                let text = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
                Memory::parse(&text).map_err(|error| notices.push(format!("{}: {error}; places and tabs begin anew", file.display()))).ok()
            }
            Err(error) => {
                notices.push(format!("{}: {error}; places and tabs are not remembered", file.display()));
                return (Self { file, configured, lock: None, written: None }, None);
            }
        };
        (Self { file, configured, lock, written: None }, memory)
    }

    /// The filters that tabs had, as far as the configuration has not changed since.
    pub fn filters(&self, memory: &Memory) -> Vec<(Sources, Filter)> {
        memory.filters(&self.configured)
    }

    /// Takes a moment's memory to be written, if it is time: something changed, and a minute has passed.
    pub fn due(&mut self, state: &State) -> Option<Writing> {
        let (revision, at) = self.written.unwrap_or((state.revision, state.now));
        self.written.get_or_insert((revision, at));
        if revision == state.revision || state.now.duration_since(at) < BETWEEN {
            return None;
        }
        self.writing(state)
    }

    /// Takes the memory to be written now.
    pub fn writing(&mut self, state: &State) -> Option<Writing> {
        self.lock.as_ref()?;
        self.written = Some((state.revision, state.now));
        Some(Writing { file: self.file.clone(), memory: Memory::of(state, &self.configured) })
    }
}

/// What is to be written, and where.
#[derive(Debug)]
pub struct Writing {
    file: PathBuf,
    memory: Memory<Vec<Value>>,
}

impl Writing {
    /// Writes it; blocks on the disk. The error says what and where.
    pub fn write(self) -> Result<(), String> {
        let text = self.memory.text().map_err(io::Error::other);
        text.and_then(|text| private::write(&self.file, text.as_bytes()))
            .map_err(|error| format!("{}: {error}; your place is not kept", self.file.display()))
    }
}

/// The least time between two writings while the program runs.
const BETWEEN: SignedDuration = SignedDuration::from_secs(60);

fn lock(folder: &Path, file: &Path, notices: &mut Vec<String>) -> Option<File> {
    match private::folder(folder) {
        Ok(told) => notices.extend(told),
        Err(error) => {
            notices.push(format!("{}: {error}; places and tabs are not remembered", folder.display()));
            return None;
        }
    }
    let path = file.with_extension("lock");
    let lock = private::open_lock(&path)
        .map_err(|error| notices.push(format!("{}: {error}; places and tabs are not remembered", path.display())))
        .ok()?;
    match lock.try_lock() {
        Ok(()) => Some(lock),
        Err(TryLockError::WouldBlock) => {
            notices.push("Trunkline runs with this account already; tabs and places of this run are not remembered".to_owned());
            None
        }
        Err(TryLockError::Error(error)) => {
            notices.push(format!("{}: {error}; places and tabs are not remembered", path.display()));
            None
        }
    }
}

/// An account's name as a file's: what could mean something to a file system is written as its number.
fn file_name(account: &str) -> String {
    let mut name = String::new();
    for byte in account.to_lowercase().bytes() {
        if byte.is_ascii_alphanumeric() || b"@._-".contains(&byte) && !(name.is_empty() && byte == b'.') {
            name.push(char::from(byte));
        } else {
            // Writing into a string does not fail.
            let _ = write!(name, "%{byte:02x}");
        }
    }
    name
}

/// Why a memory cannot be used; the run begins without it.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// It is not what Trunkline writes.
    #[error("it is not what Trunkline writes (line {line}, column {column})")]
    Contents {
        /// Where.
        line: usize,
        /// Where in the line.
        column: usize,
    },
    /// Another version wrote it.
    #[error("it was written by another version of Trunkline ({0}, and this one knows {VERSION})")]
    Version(u32),
}

impl Memory<Vec<Value>> {
    /// What there is to keep of a state, where the configuration names this.
    pub fn of(state: &State, configured: &Configured) -> Self {
        let rows = |stream: &Stream, tab: &Tab| {
            state.timelines.get(stream).map(|timeline| rows(&state.store, tab.read.as_deref(), timeline)).unwrap_or_default()
        };
        let kept = |tab: &Tab| {
            let rows = tab.sources.only().map(|stream| rows(stream, tab)).unwrap_or_default();
            let filter = Some(tab.sieve.filter().to_string());
            Kept { stream: tab.sources.spec().to_string(), filter, read: tab.read.as_deref().map(str::to_owned), rows }
        };
        let mut others: Vec<Kept<_>> = Vec::new();
        for tab in state.tabs.all().iter().filter(|tab| tab.sources.is_merged()) {
            for stream in tab.sources.all().iter().filter(|stream| state.tabs.of(stream).is_none()) {
                let spec = stream.spec().to_string();
                if others.iter().all(|kept| kept.stream != spec) {
                    others.push(Kept { stream: spec, filter: None, read: None, rows: rows(stream, tab) });
                }
            }
        }
        Self {
            version: VERSION,
            at: state.now,
            configured: names(configured),
            configured_theme: configured.theme.clone(),
            theme: state.settings.theme.clone(),
            configured_reader: configured.reader.as_str().to_owned(),
            reader: state.settings.reader.as_str().to_owned(),
            configured_columns: configured.columns,
            columns: state.wanted_columns,
            unfolded: state.unfolded.all().map(ToString::to_string).collect(),
            tabs: state.tabs.all().iter().map(kept).collect(),
            others,
            active: state.tabs.active().map(|tab| tab.sources.spec().to_string()),
        }
    }

    /// The text to be written.
    pub fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

impl Memory {
    /// Reads what was written.
    pub fn parse(text: &str) -> Result<Self, MemoryError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let wrong = |error: serde_json::Error| MemoryError::Contents { line: error.line(), column: error.column() };
        let read = serde_json::from_str::<Self>(text);
        // What another version wrote may be anything beside its number.
        let version = match &read {
            Ok(memory) => memory.version,
            Err(_) => serde_json::from_str::<Version>(text).map_err(wrong)?.version,
        };
        if version != VERSION {
            return Err(MemoryError::Version(version));
        }
        // That something is no list is found behind it; looked into, it is found where it stands.
        read.map_err(|behind| wrong(serde_json::from_str::<Memory<Vec<IgnoredAny>>>(text).err().unwrap_or(behind)))
    }

    /// The tabs to open; `None` where the configuration names others than it did: then the reader has written what is
    /// wanted.
    pub fn tabs(&self, configured: &Configured) -> Option<Vec<Spec>> {
        (self.configured == names(configured))
            .then(|| self.tabs.iter().filter_map(|kept| sources(&kept.stream)).map(|sources| spec(&sources)).collect())
    }

    /// The filters that tabs had; none where the configuration names other tabs or filters than it did.
    pub fn filters(&self, configured: &Configured) -> Vec<(Sources, Filter)> {
        let filter = |kept: &Kept<_>| Some((sources(&kept.stream)?, kept.filter.as_ref()?.parse().ok()?));
        if self.configured == names(configured) { self.tabs.iter().filter_map(filter).collect() } else { Vec::new() }
    }

    /// The theme that was worn; `None` where the configuration names another than it did.
    pub fn theme(&self, configured: &Configured) -> Option<&str> {
        (self.configured_theme == configured.theme && !self.theme.is_empty()).then_some(self.theme.as_str())
    }

    /// Where the reader stood; `None` where the configuration names another place than it did.
    pub fn reader(&self, configured: &Configured) -> Option<ReaderPlace> {
        ReaderPlace::named(&self.reader).filter(|_| self.configured_reader == configured.reader.as_str())
    }

    /// How many tabs stood side by side; `None` where the configuration names another number than it did.
    pub fn columns(&self, configured: &Configured) -> Option<usize> {
        Some(self.columns).filter(|columns| COLUMNS.contains(columns) && self.configured_columns == configured.columns)
    }

    /// The posts that were unfolded.
    pub fn unfolded(&self) -> Unfolded {
        self.unfolded.iter().filter_map(|id| StatusId::new(id)).collect()
    }

    /// What the tab showed that was on screen.
    pub fn active(&self) -> Option<Sources> {
        sources(self.active.as_deref()?)
    }

    /// What there is of each tab, and of each stream with the first tab that shows it: first of all of what `first` shows.
    pub fn remembered(self, first: Option<&Sources>) -> Remembering {
        let is_first = |sources: &Sources| first.is_some_and(|first| sources.all().iter().all(|stream| first.contains(stream)));
        // A tab of several finds its place among the rows of all of them.
        let turn = |(sources, _): &(Sources, Kept<List>)| (!is_first(sources), sources.is_merged());
        let mut waiting: Vec<(Sources, Kept<_>)> = self.tabs.into_iter().filter_map(|kept| Some((sources(&kept.stream)?, kept))).collect();
        waiting.sort_by_key(turn);
        let others = self.others.into_iter().filter_map(|kept| Some((sources(&kept.stream)?.only()?.clone(), kept)));
        Remembering { waiting: waiting.into(), others: others.collect(), at: self.at }
    }
}

/// What is left of tabs, read one by one.
#[derive(Debug)]
pub struct Remembering {
    waiting: VecDeque<(Sources, Kept<List>)>,
    others: Vec<(Stream, Kept<List>)>,
    at: Timestamp,
}

impl Iterator for Remembering {
    type Item = Remembered;

    fn next(&mut self) -> Option<Remembered> {
        loop {
            let (sources, kept) = self.waiting.pop_front()?;
            let page = |stream: &Stream, kept: &Kept<List>| Some((stream.clone(), keep::page(stream, kept.rows.0.get())?));
            let pages = match sources.only() {
                None => {
                    let own = self.others.extract_if(.., |(stream, _)| sources.contains(stream));
                    own.filter_map(|(stream, kept)| page(&stream, &kept)).collect()
                }
                Some(stream) => match page(stream, &kept) {
                    None => continue,
                    Some(page) => vec![page],
                },
            };
            let read = kept.read.filter(|read| StatusId::new(read).is_some());
            return Some(Remembered { sources, pages, read, at: self.at });
        }
    }
}

fn sources(kept: &str) -> Option<Sources> {
    let streams: Option<Vec<Stream>> = match kept.parse::<Spec>().ok()? {
        Spec::Merged(parts) => parts.into_iter().map(stream).collect(),
        one @ (Spec::Stream(_) | Spec::List(_)) => stream(one).map(|stream| vec![stream]),
    };
    Sources::merged(streams?).ok()
}

fn stream(kept: Spec) -> Option<Stream> {
    match kept {
        Spec::Stream(stream) => Some(stream),
        // Lists are kept by their id.
        Spec::List(id) => ListId::new(id.as_str()).map(Stream::List),
        Spec::Merged(_) => None,
    }
}

/// The spec of streams that have been resolved already.
fn spec(sources: &Sources) -> Spec {
    match sources.only() {
        Some(only) => Spec::Stream(only.clone()),
        None => Spec::Merged(sources.all().iter().cloned().map(Spec::Stream).collect()),
    }
}

fn names(configured: &Configured) -> Vec<String> {
    let name = |spec: &Spec| match configured.filters.iter().find(|(filtered, _)| filtered == spec) {
        Some((_, filter)) => format!("{spec} & {filter}"),
        None => spec.to_string(),
    };
    configured.tabs.iter().map(name).collect()
}

/// The screenful from the row on that was read last, as far as no gap interrupts it.
fn rows(store: &Store, read: Option<&str>, timeline: &Timeline) -> Vec<Value> {
    let whole = |row: &&Row| !matches!(row, Row::Gap(_));
    let from = read.unwrap_or_default();
    let read = || timeline.rows_from(from).skip_while(|row| !whole(row)).take_while(whole);
    let newest = || timeline.rows().iter().skip_while(|row| !whole(row)).take_while(whole);
    let rows: Vec<&Row> = if read().next().is_some() { read().take(ROWS).collect() } else { newest().take(ROWS).collect() };
    let entity = |row: &Row| match row {
        Row::Status(id) => keep::status(store, store.status(id)?.status()),
        Row::Notification(id) => Some(keep::notification(store, store.notification(id)?)),
        Row::Conversation(id, _) => Some(keep::conversation(store, store.conversation(id)?)),
        // What was deleted does not come back.
        Row::Tombstone(_) | Row::Gap(_) => None,
    };
    rows.into_iter().filter_map(entity).collect()
}

impl Holdings for Store {
    fn status(&self, id: &StatusId) -> Option<&Status> {
        Some(Self::status(self, id)?.status())
    }

    fn account(&self, id: &AccountId) -> Option<&Account> {
        Self::account(self, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Connection, Cursor, Event, Markers, Origin, Page};
    use crate::state::{Anchor, Fill, Measured, RowKey, Settings, TimelinePane, VisibleRow};
    use crate::update::{Effect, Msg, Question, Reply, update};

    /// A run with one tab for home, as far as a screen of `lines` rows shows it.
    struct Run {
        state: State,
        lines: usize,
        measured: Measured,
    }

    impl Run {
        fn start(memory: Option<Memory>) -> Self {
            let now = Timestamp::from_second(1_800_000_000).unwrap();
            let mut state = State::new(Settings::default(), now, vec![Spec::Stream(Stream::User)]);
            state.positions.local = false;
            let mut run = Self { state, lines: 5, measured: Measured::default() };
            for remembered in memory.into_iter().flat_map(|memory| memory.remembered(None)) {
                run.send(Msg::Remembered(remembered));
            }
            run
        }

        fn send(&mut self, msg: Msg) -> Vec<Effect> {
            let effects = update(&mut self.state, msg, &self.measured);
            self.state.check().unwrap();
            let tab = self.state.tabs.active().unwrap();
            let rows = self.state.rows(tab).unwrap().all();
            let top = match &tab.anchor {
                Anchor::Top => 0,
                Anchor::Row(key, above) => {
                    let index = rows.iter().position(|row| row.key() == *key).unwrap();
                    index.saturating_sub(usize::try_from(-above).unwrap_or(0))
                }
            };
            let visible = rows.iter().skip(top).take(self.lines).map(|row| VisibleRow { key: row.key(), y: 0, height: 1, whole: true });
            let pane = TimelinePane {
                area: crate::state::Area { x: 0, y: 0, width: 80, height: 5 },
                sources: tab.sources.clone(),
                asked: tab.anchor.clone(),
                top: None,
                hold: None,
                visible: visible.collect(),
            };
            self.measured.timeline = Some(pane);
            effects
        }

        fn live(&mut self) -> Vec<Effect> {
            self.send(Msg::Event(Origin { account: 0, epoch: 1 }, Event::Connection(Connection::Live)))
        }

        fn pass(&mut self, seconds: i64) -> Vec<Effect> {
            self.send(Msg::Tick(self.state.now + SignedDuration::from_secs(seconds)))
        }

        fn page(&mut self, ids: std::ops::RangeInclusive<u32>) {
            self.send(Msg::Reply(Reply::Page { stream: Stream::User, cursor: None, result: Ok(page(ids)) }));
        }

        fn rows(&self) -> Vec<String> {
            let rows = self.state.timelines[&Stream::User].rows().iter();
            rows.map(|row| if let Row::Gap(gap) = row { format!("gap>{}", gap.after) } else { row.place_id().to_owned() }).collect()
        }

        fn tab(&self) -> &Tab {
            self.state.tabs.active().unwrap()
        }
    }

    fn page(ids: std::ops::RangeInclusive<u32>) -> Page {
        let entity = |id: u32| format!(r#"{{"id":"{id}","account":{{"id":"1","acct":"ada"}},"content":"<p>number {id}</p>"}}"#);
        let text: Vec<String> = ids.rev().map(entity).collect();
        keep::page(&Stream::User, &format!("[{}]", text.join(","))).unwrap()
    }

    fn again(run: &Run) -> Memory {
        Memory::parse(&Memory::of(&run.state, &Configured::default()).text().unwrap()).unwrap()
    }

    #[test]
    fn the_next_run_shows_the_last_screenful_at_once_and_what_came_since_as_a_gap_to_fill() {
        let mut run = Run::start(None);
        run.live();
        run.page(100..=160);
        run.pass(1);
        assert_eq!(run.tab().read.as_deref(), Some("160"), "what is in view has been read");

        let mut next = Run::start(Some(again(&run)));
        assert_eq!((next.rows().len(), next.rows()[0].as_str(), next.rows()[1].as_str()), (ROWS + 1, "gap>160", "160"));
        assert_eq!(next.tab().bookmark.as_deref(), Some("160"));
        assert_eq!(next.state.timelines[&Stream::User].older, Some(Cursor::Before("121".into())), "older posts go on from there");
        let words = next.state.store.status(&StatusId::new("150").unwrap()).unwrap().rich().text();
        assert_eq!(words, "number 150");

        let effects = next.live();
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Ask(Question::Newer { after, .. }) if after == "140")), "{effects:?}");
        next.page(170..=175);
        assert_eq!(next.rows()[..8], ["175", "174", "173", "172", "171", "170", "gap>160", "160"], "the gap stands between");
        assert_eq!(next.state.timelines[&Stream::User].gaps().next().unwrap().fill, Fill::Filling);
        assert_eq!(next.tab().cursor, Some(RowKey::Status(StatusId::new("160").unwrap())), "the view stays where it was read");
    }

    #[test]
    fn where_nothing_came_since_the_view_follows_again() {
        let mut run = Run::start(None);
        run.live();
        run.page(100..=120);
        run.pass(1);
        let mut next = Run::start(Some(again(&run)));
        assert!(!next.tab().follows());
        let effects = next.live();
        next.page(100..=120);
        let asked =
            effects.iter().find_map(|effect| if let Effect::Ask(Question::Newer { asked, .. }) = effect { Some(*asked) } else { None });
        let newer = |asked| Msg::Reply(Reply::Newer { stream: Stream::User, asked, result: Ok(Page::default()) });
        next.send(newer(asked.unwrap()));
        assert_eq!(next.rows().len(), 21, "no gap is left: {:?}", next.rows());
        assert!(next.tab().follows());
    }

    #[test]
    fn what_was_unfolded_stays_so_in_the_next_run() {
        let mut run = Run::start(None);
        run.live();
        run.page(1..=3);
        let id = |number: u32| StatusId::new(&number.to_string()).unwrap();
        for number in [3, 2, 900] {
            run.state.unfolded.insert(id(number));
        }
        drop(run.state.store.delete(&id(2)));
        run.state.unfolded.remove(&id(2));
        let kept = again(&run);
        assert_eq!(kept.unfolded().all().cloned().collect::<Vec<_>>(), [id(3), id(900)], "also of posts that are not held now");
        let text = Memory::of(&run.state, &Configured::default()).text().unwrap();
        let broken = Memory::parse(&text.replace("\"900\"", "\"\"")).unwrap();
        assert_eq!(broken.unfolded().all().count(), 1);
        run.state.unfolded = Unfolded::default();
        assert_eq!(again(&run).unfolded(), Unfolded::default());
    }

    #[test]
    fn what_was_deleted_is_not_kept() {
        let mut run = Run::start(None);
        run.live();
        run.page(1..=3);
        run.pass(1);
        drop(run.state.store.delete(&StatusId::new("2").unwrap()));
        assert!(!Memory::of(&run.state, &Configured::default()).text().unwrap().contains("number 2"));
    }

    #[test]
    fn tabs_theme_reader_and_columns_are_remembered_until_the_configuration_names_others() {
        let tabs: Vec<Spec> = ["home", "local"].iter().map(|spec| spec.parse().unwrap()).collect();
        let configured = Configured { tabs, filters: Vec::new(), theme: "terminal".to_owned(), reader: ReaderPlace::Beside, columns: 1 };
        let mut run = Run::start(None);
        run.state.open(Stream::List(ListId::new("7").unwrap()));
        run.state.settings.theme = "tundra".to_owned();
        run.state.settings.reader = ReaderPlace::Over;
        run.state.wanted_columns = 3;
        let text = Memory::of(&run.state, &configured).text().unwrap();
        let memory = Memory::parse(&text).unwrap();
        assert_eq!(
            memory.tabs(&configured).map(|specs| specs.iter().map(ToString::to_string).collect()),
            Some(vec!["home".to_owned(), "list:7".to_owned()])
        );
        let other = Configured {
            tabs: configured.tabs[..1].to_vec(),
            theme: "ember".to_owned(),
            reader: ReaderPlace::Over,
            columns: 2,
            ..Configured::default()
        };
        assert_eq!((memory.active(), memory.tabs(&other)), (Some(Stream::User.into()), None));
        assert_eq!((memory.theme(&configured), memory.theme(&other)), (Some("tundra"), None));
        assert_eq!((memory.reader(&configured), memory.reader(&other)), (Some(ReaderPlace::Over), None));
        assert_eq!((memory.columns(&configured), memory.columns(&other)), (Some(3), None));
        let of_before = Memory::parse(&text.replace("\"columns\":3", "\"unknown\":3")).unwrap();
        assert_eq!(of_before.columns(&configured), None);
        let broken = Memory::parse(&text.replace("\"columns\":3", "\"columns\":99")).unwrap();
        assert_eq!(broken.columns(&configured), None);
    }

    #[test]
    fn filters_are_remembered_until_the_configuration_names_others_and_old_files_are_read() {
        let filter = |text: &str| text.parse::<Filter>().unwrap();
        let home = || Spec::Stream(Stream::User);
        let configured = Configured { tabs: vec![home()], filters: vec![(home(), filter("-is:boost"))], ..Configured::default() };
        let mut run = Run::start(None);
        run.state.begin_filter(&Stream::User.into(), filter("rust -is:bot"));
        let text = Memory::of(&run.state, &configured).text().unwrap();
        let memory = Memory::parse(&text).unwrap();
        assert_eq!(memory.filters(&configured), [(Stream::User.into(), filter("rust -is:bot"))]);
        let other = Configured { filters: vec![(home(), filter("-is:reply"))], ..configured.clone() };
        assert_eq!((memory.filters(&other), memory.tabs(&other)), (Vec::new(), None), "the file has been written since");
        run.state.begin_filter(&Stream::User.into(), Filter::default());
        let none = Memory::parse(&Memory::of(&run.state, &configured).text().unwrap()).unwrap();
        assert_eq!(none.filters(&configured), [(Stream::User.into(), Filter::default())], "one that was taken away stays away");
        let old = text.replace(r#""filter":"rust -is:bot","#, "");
        assert_ne!(old, text);
        assert_eq!(Memory::parse(&old).unwrap().filters(&configured), []);
    }

    #[test]
    fn markers_are_raised_now_and_then_and_never_lowered() {
        let marker = |id: &str| Markers { home: Some(id.into()), ..Markers::default() };
        let known = |run: &mut Run, id: &str| run.send(Msg::Reply(Reply::Markers(Ok(marker(id)))));
        let mut run = Run::start(None);
        assert!(run.live().contains(&Effect::Ask(Question::Markers)));
        run.page(100..=110);
        assert_eq!(known(&mut run, "300"), [], "another program has read further");
        run.pass(60);
        assert_eq!((run.tab().read.as_deref(), run.state.unsaid()), (Some("300"), None));
        run.page(301..=305);
        assert!(run.pass(1).contains(&Effect::Ask(Question::RaiseMarkers(marker("305")))));
        run.page(306..=306);
        assert_eq!(run.pass(1), [], "one question at a time");
        known(&mut run, "305");
        assert!(!run.pass(1).iter().any(|effect| matches!(effect, Effect::Ask(Question::RaiseMarkers(_)))), "not so soon again");
        assert!(run.pass(30).contains(&Effect::Ask(Question::RaiseMarkers(marker("306")))));
    }

    #[test]
    fn a_tab_of_several_comes_back_with_the_rows_of_each_stream_and_its_own_place() {
        let tag = Stream::from_wire("hashtag", Some("rust")).unwrap();
        let both = Sources::merged([Stream::User, tag.clone()]).unwrap();
        let mut run = Run::start(None);
        run.live();
        run.page(100..=110);
        run.state.open(both.clone());
        run.send(Msg::Reply(Reply::Page { stream: tag.clone(), cursor: None, result: Ok(page(105..=115)) }));
        run.state.open(Stream::from_wire("public:local", None).unwrap());
        run.state.tabs.go_to(&both);
        run.pass(1);
        run.pass(1);
        assert_eq!(run.tab().read.as_deref(), Some("115"));
        let configured = Configured { tabs: vec![Spec::Stream(Stream::User)], ..Configured::default() };
        let text = Memory::of(&run.state, &configured).text().unwrap();
        let memory = Memory::parse(&text).unwrap();
        assert_eq!(memory.active(), Some(both.clone()));
        let specs = memory.tabs(&configured).unwrap();
        assert_eq!(specs.iter().map(ToString::to_string).collect::<Vec<_>>(), ["home", "home + #rust", "local"]);
        let mut state = State::new(Settings::default(), run.state.now, specs);
        for remembered in memory.remembered(None) {
            update(&mut state, Msg::Remembered(remembered), &Measured::default());
            state.check().unwrap();
        }
        assert_eq!(state.timelines[&tag].older, Some(Cursor::Before("105".into())));
        let tab = state.tabs.named(&both).unwrap();
        assert_eq!((tab.bookmark.as_deref(), tab.returning), (Some("115"), true));
        let places: Vec<&str> = state.rows(tab).unwrap().all().iter().map(Row::place_id).collect();
        assert_eq!(places[..4], ["115", "115", "114", "113"], "the gap to what has come since stands above");
        assert_eq!(places.last(), Some(&"105"));
        let order = |first: &str| -> Vec<String> {
            let first = sources(first).unwrap();
            Memory::parse(&text).unwrap().remembered(Some(&first)).map(|remembered| remembered.sources.spec().to_string()).collect()
        };
        assert_eq!(order("home"), ["home", "local", "home + #rust"]);
        assert_eq!(order("local"), ["local", "home", "home + #rust"]);
        assert_eq!(order("home + #rust"), ["home", "home + #rust", "local"], "with the rows that it shares, before others");
        // What an earlier version wrote has no streams without a tab.
        let old = text.replace("\"others\"", "\"unknown\"");
        assert_eq!(Memory::parse(&old).unwrap().remembered(None).count(), 3);
    }

    #[test]
    fn a_broken_memory_says_where() {
        assert_eq!(Memory::parse("{").unwrap_err().to_string(), "it is not what Trunkline writes (line 1, column 1)");
        assert!(Memory::parse(r#"{"version":9}"#).unwrap_err().to_string().contains("another version"));
        let tab = |rows: &str| {
            format!(r#"{{"version":1,"at":"2026-11-26T12:00:00Z","configured":[],"tabs":[{{"stream":"home","rows":{rows}}}]}}"#)
        };
        assert!(Memory::parse(&tab("[]")).is_ok());
        let no_list = tab("7");
        let column = no_list.find(":7").unwrap() + ":7".len();
        let told = format!("it is not what Trunkline writes (line 1, column {column})");
        assert_eq!(Memory::parse(&no_list).unwrap_err().to_string(), told, "{no_list}");
    }
}
