//! `Tabs` and `Tab`: order, cursor, anchor, unseen rows, hold. A tab is a view over the ledger of a stream, or of several.

use crate::filter::Filter;
use crate::model::{Sources, Stream, by_age};
use crate::state::flood::Flood;
use crate::state::folds::Folds;
use crate::state::hashed::IdSet;
use crate::state::hold::SinceHold;
use crate::state::marks::Marks;
use crate::state::sieve::Sieve;
use crate::state::timeline::RowKey;
use crate::state::views::Merged;
use std::cmp::Ordering;
use std::sync::Arc;

/// Where the view of a tab stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Anchor {
    /// At the newest row; it follows what is new.
    #[default]
    Top,
    /// So many lines of this row are above the pane; where negative, it begins so many lines beneath the pane's top. It
    /// stays put.
    Row(RowKey, i32),
}

/// A view over one stream or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// The streams it shows.
    pub sources: Sources,
    /// Its own rows, where it shows several streams.
    pub merged: Option<Merged>,
    /// The chosen row; it stays with its row when others come above it.
    pub cursor: Option<RowKey>,
    /// Where the view stands.
    pub anchor: Anchor,
    /// Whether the reader holds it still.
    pub held: bool,
    /// Whether it was at the newest row when the hold began, and goes back there when it ends.
    pub held_at_top: bool,
    /// What happened since the hold began; of the last one where it is not held.
    pub since_hold: SinceHold,
    /// How the view goes on where it follows and too much comes; it is anchored to a row then.
    pub flood: Option<Flood>,
    /// Rows that came and have not been in view yet.
    pub unseen: Marks,
    /// Rows that a filter of the reader's hid when they were last put in; `State::hidden` counts those that it still hides.
    pub hidden: IdSet<RowKey>,
    /// Its own filter, and which rows that hides.
    pub sieve: Sieve,
    /// Which rows tell the same of one post, and which of them is drawn for the others.
    pub folds: Folds,
    /// Place of the newest row that has been in view, in this run or an earlier one.
    pub read: Option<Arc<str>>,
    /// Up to where it was read when this run began: a line stands above that row.
    pub bookmark: Option<Arc<str>>,
    /// Whether the view stands at the bookmark and what came since is still being loaded: where nothing did, it follows again.
    pub returning: bool,
}

impl Tab {
    /// A tab at the newest row.
    pub fn new(sources: Sources) -> Self {
        Self {
            merged: sources.is_merged().then(Merged::default),
            sources,
            cursor: None,
            anchor: Anchor::Top,
            held: false,
            held_at_top: false,
            since_hold: SinceHold::default(),
            flood: None,
            unseen: Marks::default(),
            hidden: IdSet::default(),
            sieve: Sieve::default(),
            folds: Folds::default(),
            read: None,
            bookmark: None,
            returning: false,
        }
    }

    /// Takes in that the row at this place has been in view; says whether it is newer than all before.
    pub fn has_read(&mut self, place: &str) -> bool {
        let is_newer = self.read.as_ref().is_none_or(|read| by_age(place, read) == Ordering::Greater);
        if is_newer {
            self.read = Some(Arc::from(place));
        }
        is_newer
    }

    /// Whether new rows move the view, at once or after a while.
    pub fn follows(&self) -> bool {
        (self.anchor == Anchor::Top || self.flood.is_some()) && !self.held
    }
}

/// The open tabs in order, and those closed lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tabs {
    open: Vec<Tab>,
    active: usize,
    closed: Vec<(usize, Sources, Filter)>,
}

/// How many closed tabs can be brought back.
const CLOSED_KEPT: usize = 20;

impl Tabs {
    /// All open tabs.
    pub fn all(&self) -> &[Tab] {
        &self.open
    }

    /// The open tabs, to change them.
    pub fn all_mut(&mut self) -> &mut [Tab] {
        &mut self.open
    }

    /// Index of the tab on screen.
    pub fn active_index(&self) -> usize {
        self.active
    }

    /// The tab on screen; `None` when none is open.
    pub fn active(&self) -> Option<&Tab> {
        self.open.get(self.active)
    }

    /// The tab on screen, to change it.
    pub fn active_mut(&mut self) -> Option<&mut Tab> {
        self.open.get_mut(self.active)
    }

    /// The tab that shows a stream and no other.
    pub fn of(&self, stream: &Stream) -> Option<&Tab> {
        self.open.iter().find(|tab| tab.sources == *stream)
    }

    /// The tab that shows a stream and no other, to change it.
    pub fn of_mut(&mut self, stream: &Stream) -> Option<&mut Tab> {
        self.open.iter_mut().find(|tab| tab.sources == *stream)
    }

    /// The tab that shows these streams and no others.
    pub fn named(&self, sources: &Sources) -> Option<&Tab> {
        self.open.iter().find(|tab| tab.sources == *sources)
    }

    /// The tab that shows these streams and no others, to change it.
    pub fn named_mut(&mut self, sources: &Sources) -> Option<&mut Tab> {
        self.open.iter_mut().find(|tab| tab.sources == *sources)
    }

    /// The tabs that show a stream, by itself or among others.
    pub fn showing(&self, stream: &Stream) -> impl Iterator<Item = &Tab> {
        self.open.iter().filter(|tab| tab.sources.contains(stream))
    }

    /// Opens a tab at the end, without going to it; says whether it was not open.
    pub(super) fn open(&mut self, sources: Sources) -> bool {
        if self.named(&sources).is_some() {
            return false;
        }
        self.closed.retain(|(_, closed, _)| *closed != sources);
        self.open.push(Tab::new(sources));
        true
    }

    /// Opens a tab in front of another one, or at the end where that is not open, without going to it.
    pub(super) fn open_before(&mut self, sources: Sources, next: Option<&Sources>) {
        let place = next.and_then(|next| self.open.iter().position(|tab| tab.sources == *next));
        if self.open(sources)
            && let Some(place) = place
            && let Some(tab) = self.open.pop()
        {
            self.open.insert(place, tab);
            self.active += usize::from(self.active >= place);
        }
    }

    /// Goes to the tab of these streams.
    pub fn go_to(&mut self, sources: &Sources) {
        if let Some(index) = self.open.iter().position(|tab| tab.sources == *sources) {
            self.active = index;
        }
    }

    /// Goes to a tab by index; says whether there is one.
    pub fn select(&mut self, index: usize) -> bool {
        let there = index < self.open.len();
        if there {
            self.active = index;
        }
        there
    }

    /// Goes `step` tabs to the right (left if negative), around the ends.
    pub fn step(&mut self, step: isize) {
        if let (Ok(count), Ok(active)) = (isize::try_from(self.open.len()), isize::try_from(self.active))
            && count > 0
        {
            self.active = usize::try_from((active + step).rem_euclid(count)).unwrap_or(0);
        }
    }

    /// Closes the tab on screen and gives it back.
    pub(super) fn close_active(&mut self) -> Option<Tab> {
        if self.active >= self.open.len() {
            return None;
        }
        let tab = self.open.remove(self.active);
        self.closed.push((self.active, tab.sources.clone(), tab.sieve.filter().clone()));
        if self.closed.len() > CLOSED_KEPT {
            self.closed.remove(0);
        }
        self.active = self.active.min(self.open.len().saturating_sub(1));
        Some(tab)
    }

    /// Brings back the tab closed last, where it was, and goes to it.
    pub(super) fn restore(&mut self) {
        let Some((index, sources, filter)) = self.closed.pop() else { return };
        let index = index.min(self.open.len());
        self.open.insert(index, Tab { sieve: Sieve::new(filter), ..Tab::new(sources) });
        self.active = index;
    }

    /// Whether a closed tab can be brought back.
    pub fn can_restore(&self) -> bool {
        !self.closed.is_empty()
    }

    /// What tabs closed lately showed, the last first.
    pub fn recent(&self) -> impl Iterator<Item = &Sources> {
        self.closed.iter().rev().map(|(_, sources, _)| sources)
    }
}
