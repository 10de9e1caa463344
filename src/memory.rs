//! What one account's run leaves to the next: which tabs were open, up to where each was read, and its last screenful.
//!
//! Kept as JSON in the state folder, entities spelled as the Mastodon API has them, so that they come back through the door.
//! The reader's configuration is never written. Absent on purpose: the file's modes and its writing (`private`), and what is
//! made of it at the start (`update`).

use crate::mastodon::keep::{self, Holdings};
use crate::model::{Account, AccountId, Spec, Status, StatusId, Stream, Timestamp};
use crate::state::{Row, State, Store, Tab, Timeline};
use crate::update::Remembered;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Rows that are kept of a tab: the most that servers give in a page.
const ROWS: usize = 40;
/// The version of what is written.
const VERSION: u32 = 1;
/// The largest file that is read, in bytes.
pub const MOST_BYTES: u64 = 32 * 1024 * 1024;

/// What is left to the next run.
#[derive(Debug, Serialize, Deserialize)]
pub struct Memory {
    version: u32,
    /// When it was kept.
    at: Timestamp,
    /// The streams that the configuration named then: where it names others now, those count.
    configured: Vec<String>,
    /// The tabs in order.
    tabs: Vec<Kept>,
    /// Which of them was on screen.
    active: usize,
}

/// What is left of one tab.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    stream: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<String>,
    rows: Vec<Box<RawValue>>,
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

impl Memory {
    /// What there is to keep of a state. `configured` are the streams that the configuration names.
    pub fn of(state: &State, configured: &[Spec]) -> Self {
        let kept = |tab: &Tab| {
            let rows = state.timelines.get(&tab.stream).map(|timeline| rows(&state.store, tab, timeline)).unwrap_or_default();
            Kept { stream: tab.stream.spec().to_string(), read: tab.read.as_deref().map(str::to_owned), rows }
        };
        Self {
            version: VERSION,
            at: state.now,
            configured: names(configured),
            tabs: state.tabs.all().iter().map(kept).collect(),
            active: state.tabs.active_index(),
        }
    }

    /// Reads what was written.
    pub fn parse(text: &str) -> Result<Self, MemoryError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let wrong = |error: serde_json::Error| MemoryError::Contents { line: error.line(), column: error.column() };
        let Version { version } = serde_json::from_str(text).map_err(wrong)?;
        if version != VERSION {
            return Err(MemoryError::Version(version));
        }
        serde_json::from_str(text).map_err(wrong)
    }

    /// The text to be written.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The tabs to open and which of them is on screen; `None` where the configuration names others than it did: then the
    /// reader has written what is wanted.
    pub fn tabs(&self, configured: &[Spec]) -> Option<(Vec<Spec>, usize)> {
        if self.configured != names(configured) {
            return None;
        }
        Some((self.tabs.iter().filter_map(|kept| kept.stream.parse().ok()).collect(), self.active))
    }

    /// What there is of each tab.
    pub fn remembered(&self) -> Vec<Remembered> {
        let remembered = |kept: &Kept| {
            let stream = match kept.stream.parse::<Spec>().ok()? {
                Spec::Stream(stream) => stream,
                // Lists are kept by their id.
                Spec::List(id) => Stream::List(crate::model::ListId::new(id.as_str())?),
            };
            let page = keep::page(&stream, &serde_json::to_string(&kept.rows).ok()?)?;
            let read = kept.read.clone().filter(|read| StatusId::new(read).is_some());
            Some(Remembered { stream, page, read, at: self.at })
        };
        self.tabs.iter().filter_map(remembered).collect()
    }
}

fn names(specs: &[Spec]) -> Vec<String> {
    specs.iter().map(Spec::to_string).collect()
}

/// The screenful from the row on that was read last, as far as no gap interrupts it.
fn rows(store: &Store, tab: &Tab, timeline: &Timeline) -> Vec<Box<RawValue>> {
    let whole = |row: &&Row| !matches!(row, Row::Gap(_));
    let from = tab.read.as_deref().unwrap_or_default();
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
    let entities = rows.into_iter().filter_map(entity);
    entities.filter_map(|entity| serde_json::value::to_raw_value(&entity).ok()).collect()
}

impl Holdings for Store {
    fn status(&self, id: &StatusId) -> Option<&Status> {
        Some(Self::status(self, id)?.status())
    }

    fn account(&self, id: &AccountId) -> Option<&Account> {
        Self::account(self, id)
    }
}
