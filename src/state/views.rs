//! Tabs as views over ledgers: a tab of one stream shows its ledger as it is, one of several has their rows as one list.
//!
//! `Merged` follows its ledgers row by row, by what they note of themselves (`Rows`). It ends where the ledger does that has
//! been loaded least far down: below that a row of it may be missing, so that others there would only look complete. Absent on
//! purpose: what brings rows (`update`).

use crate::model::{Sources, Stream, Subscription, Timestamp, Withheld, by_age};
use crate::state::folds::{FoldKey, Handover, who};
use crate::state::rows::Rows;
use crate::state::tabs::Tab;
use crate::state::timeline::{Cause, Gap, Row, RowKey, Timeline};
use crate::state::{Anchor, Completeness, Loading, Meter, State};
use jiff::SignedDuration;
use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

/// From how many arrivals a minute on nobody can read each.
const TOO_FAST: u32 = 120;
/// How long a post has to stay on top to count as one that stays where so many come.
const REST: SignedDuration = SignedDuration::from_millis(500);

/// The rows of several ledgers as one list. A post that several have is one row; a gap row only marks the place, and what is
/// known of the gaps there is asked of the ledgers (`State::gaps`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merged {
    rows: Rows,
    /// The place below which one of the ledgers has not been loaded.
    floor: Option<Arc<str>>,
    /// How much comes, each row once.
    pub meter: Meter,
    /// Whether the rows that were there before have been taken in.
    is_begun: bool,
}

impl Merged {
    /// The rows, newest first.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    fn holds(&self, place: &str) -> bool {
        self.floor.as_deref().is_none_or(|floor| by_age(place, floor) != Ordering::Less)
    }
}

impl Tab {
    /// Takes in that a row is gone: cursor and anchor go to the heir.
    pub fn lose(&mut self, key: &RowKey, heir: Option<&RowKey>) {
        self.leave_fold(key);
        self.unseen.remove(key);
        self.hidden.remove(key);
        self.sieve.forget(key);
        if self.cursor.as_ref() == Some(key) {
            self.cursor = heir.cloned();
        }
        if let Anchor::Row(at, lines) = &self.anchor
            && at == key
        {
            let lines = (*lines).min(0);
            self.anchor = heir.map_or(Anchor::Top, |heir| Anchor::Row(heir.clone(), lines));
        }
    }
}

impl Tab {
    /// Takes a row out of those that are told together with it.
    pub fn leave_fold(&mut self, key: &RowKey) {
        let handover = self.folds.remove(key);
        self.hand_over(handover);
    }

    /// What was not seen of a group stays unseen in the row that carries it now.
    pub fn hand_over(&mut self, handover: Option<Handover>) {
        if let Some((from, to)) = handover
            && self.unseen.remove(&from)
        {
            self.unseen.insert(&to);
        }
    }
}

/// The row that takes over from one that stood at an index: the next older, or the next newer one at the end.
pub fn heir(rows: &Rows, index: usize) -> Option<RowKey> {
    rows.row(index).or_else(|| rows.row(index.checked_sub(1)?)).map(Row::key)
}

impl State {
    /// The rows that a tab shows.
    pub fn rows<'a>(&'a self, tab: &'a Tab) -> Option<&'a Rows> {
        match &tab.merged {
            Some(merged) => Some(merged.rows()),
            None => self.timelines.get(tab.sources.only()?).map(Timeline::ledger),
        }
    }

    /// How much comes in a tab.
    pub fn meter_of<'a>(&'a self, tab: &'a Tab) -> Option<&'a Meter> {
        match &tab.merged {
            Some(merged) => Some(&merged.meter),
            None => self.timelines.get(tab.sources.only()?).map(|timeline| &timeline.meter),
        }
    }

    /// When the open tab will have rested, where every post is shown as it comes and they come too fast for one to be read. What
    /// only makes sense for one that stays (the reader beside the timeline, pictures to be fetched) waits until then.
    pub fn rests_at(&self) -> Option<Timestamp> {
        let tab = self.tabs.active().filter(|_| self.overlays.is_empty())?;
        if tab.anchor != Anchor::Top || !tab.follows() || self.meter_of(tab)?.per_minute() < TOO_FAST {
            return None;
        }
        let last = self.ledgers(&tab.sources).filter_map(|(_, timeline)| timeline.last_event).max()?;
        last.checked_add(REST).ok().filter(|at| *at > self.now)
    }

    /// The ledgers of streams, in their order.
    pub fn ledgers<'a>(&'a self, sources: &'a Sources) -> impl Iterator<Item = (&'a Stream, &'a Timeline)> {
        sources.all().iter().filter_map(|stream| Some((stream, self.timelines.get(stream)?)))
    }

    /// The streams among those of a tab that have a row.
    pub fn carriers<'a>(&'a self, sources: &'a Sources, key: &RowKey) -> impl Iterator<Item = &'a Stream> {
        self.ledgers(sources).filter(|(_, timeline)| timeline.index_of(key).is_some()).map(|(stream, _)| stream)
    }

    /// The gaps above an id, each with its stream.
    pub fn gaps<'a>(&'a self, sources: &'a Sources, after: &Arc<str>) -> Vec<(&'a Stream, &'a Gap)> {
        let key = RowKey::Gap(Arc::clone(after));
        let gap = |timeline: &'a Timeline| if let Some(Row::Gap(gap)) = timeline.ledger().get(&key) { Some(&**gap) } else { None };
        self.ledgers(sources).filter_map(|(stream, timeline)| Some((stream, gap(timeline)?))).collect()
    }

    /// The stream of a tab from which older rows are loaded next: the one whose loaded part ends first. `None` where there is
    /// nothing older, or nothing is known yet.
    pub fn next_older<'a>(&'a self, sources: &'a Sources) -> Option<&'a Stream> {
        let floors = self.ledgers(sources).filter_map(|(stream, timeline)| Some((stream, timeline.floor()?)));
        floors.max_by(|(_, left), (_, right)| by_age(left, right)).map(|(stream, _)| stream)
    }

    /// Of the streams of a tab the one that stands worst, with its ledger; where all are well, the one that is complete for the
    /// shortest time.
    pub fn worst<'a>(&'a self, sources: &'a Sources) -> Option<(&'a Stream, &'a Timeline)> {
        // The first of those that stand as badly.
        self.ledgers(sources)
            .enumerate()
            .max_by_key(|(place, (stream, timeline))| (self.trouble(stream, timeline), Reverse(*place)))
            .map(|(_, found)| found)
    }

    /// How badly a stream stands, and since when it is complete.
    fn trouble(&self, stream: &Stream, timeline: &Timeline) -> (u8, Option<Timestamp>) {
        let rank = match &timeline.standing {
            Subscription::Refused(_) => 9,
            Subscription::Interrupted(_) => 8,
            Subscription::NotStreamed => 7,
            Subscription::Open if self.withheld(stream) == Some(Withheld::Everything) => 6,
            Subscription::Requested => 5,
            Subscription::Open => match (&timeline.first_page, timeline.completeness(stream)) {
                (Loading::Failed(..), _) => 4,
                (_, _) if timeline.refill.as_ref().is_some_and(|walk| walk.gap.is_some()) => 3,
                (_, Completeness::Gaps(_)) => 3,
                (_, Completeness::Unknown(_)) => 2,
                (_, Completeness::Between(..)) => 1,
                (_, Completeness::Since(since)) => return (0, Some(since)),
            },
        };
        (rank, None)
    }

    /// Has a ledger for each stream that a tab shows, and none else; begins merged rows where a tab is new.
    pub(super) fn arrange(&mut self) {
        let Self { timelines, tabs, .. } = self;
        timelines.retain(|stream, _| tabs.showing(stream).next().is_some());
        for stream in tabs.all().iter().flat_map(|tab| tab.sources.all()) {
            timelines.entry(stream.clone()).or_default();
        }
        for (stream, timeline) in timelines {
            timeline.watch(tabs.showing(stream).any(|tab| tab.merged.is_some()));
        }
        for index in 0..self.tabs.all().len() {
            let Some(tab) = self.tabs.all().get(index) else { continue };
            if tab.merged.as_ref().is_none_or(|merged| merged.is_begun) {
                continue;
            }
            let keys: Vec<RowKey> = self.ledgers(&tab.sources).flat_map(|(_, timeline)| timeline.rows()).map(Row::key).collect();
            let floor = self.floor(&tab.sources).map(Arc::from);
            if let Some(merged) = self.merged_mut(index) {
                merged.floor = floor;
            }
            for key in keys {
                self.follow_row(index, &key);
            }
            if let Some(merged) = self.merged_mut(index) {
                merged.is_begun = true;
            }
        }
    }

    /// Has a new tab of one stream hide and fold the rows that another tab has had its ledger for.
    pub(super) fn begin(&mut self, sources: &Sources) {
        let Some((tab, rows)) = self.tabs.named(sources).and_then(|tab| Some((tab, self.rows(tab)?))) else { return };
        if tab.merged.is_some() || rows.all().is_empty() {
            return;
        }
        let hidden: Vec<RowKey> = rows.all().iter().filter(|row| !self.is_allowed(tab, row)).map(Row::key).collect();
        let fold = |row: &Row| Some((row.key(), FoldKey::of(&self.store, row)?));
        let folds: Vec<(RowKey, FoldKey)> = rows.all().iter().rev().filter_map(fold).collect();
        let Self { tabs, store, .. } = self;
        let Some(tab) = tabs.named_mut(sources) else { return };
        tab.hidden.extend(hidden);
        for (key, fold) in folds {
            let handover = tab.folds.insert(key, &fold, |row| who(store, row).cloned(), |_| false);
            tab.hand_over(handover);
        }
    }

    /// Brings merged rows in line with their ledgers: what came, went or changed there since, and how far they are loaded.
    pub fn follow(&mut self) {
        if self.tabs.all().iter().all(|tab| tab.merged.is_none()) {
            return;
        }
        let noted = self.timelines.iter_mut().map(|(stream, timeline)| (stream.clone(), timeline.take_touched()));
        let noted: Vec<(Stream, Vec<RowKey>)> = noted.filter(|(_, keys)| !keys.is_empty()).collect();
        for index in 0..self.tabs.all().len() {
            let Some(sources) = self.tabs.all().get(index).filter(|tab| tab.merged.is_some()).map(|tab| tab.sources.clone()) else {
                continue;
            };
            for key in noted.iter().filter(|(stream, _)| sources.contains(stream)).flat_map(|(_, keys)| keys) {
                self.follow_row(index, key);
            }
            self.follow_floor(index, &sources);
        }
    }

    /// Up to where all ledgers of a tab have been loaded; `None` where they have to the end.
    fn floor<'a>(&'a self, sources: &'a Sources) -> Option<&'a str> {
        self.ledgers(sources).filter_map(|(_, timeline)| timeline.floor()).max_by(|left, right| by_age(left, right))
    }

    fn merged_mut(&mut self, index: usize) -> Option<&mut Merged> {
        self.tabs.all_mut().get_mut(index)?.merged.as_mut()
    }

    /// What a merged tab should show for a key.
    fn wanted(&self, tab: &Tab, key: &RowKey) -> Option<Row> {
        let row = self.ledgers(&tab.sources).find_map(|(_, timeline)| timeline.ledger().get(key))?;
        if !tab.merged.as_ref()?.holds(row.place_id()) {
            return None;
        }
        Some(match row {
            Row::Gap(gap) => Row::Gap(Box::new(Gap::above(Arc::clone(&gap.after), Cause::Disconnected))),
            Row::Status(_) | Row::Notification(_) | Row::Conversation(..) | Row::Tombstone(_) => row.clone(),
        })
    }

    /// Brings one row of a merged tab in line.
    fn follow_row(&mut self, index: usize, key: &RowKey) {
        let Some(tab) = self.tabs.all().get(index) else { return };
        let wanted = self.wanted(tab, key);
        let fold = wanted.as_ref().and_then(|row| FoldKey::of(&self.store, row));
        let is_filled = tab.merged.as_ref().is_some_and(|merged| merged.is_begun);
        let is_hidden = wanted.as_ref().is_some_and(|row| !self.is_allowed(tab, row));
        let is_filtered = wanted.as_ref().is_some_and(|row| !self.admits(tab, row));
        let Self { tabs, store, .. } = self;
        let Some(tab) = tabs.all_mut().get_mut(index) else { return };
        let Some(rows) = tab.merged.as_mut().map(|merged| &mut merged.rows) else { return };
        let before = rows.index_of(key);
        match (wanted, before) {
            (Some(row), Some(before)) if rows.row(before) == Some(&row) => return,
            (Some(row), Some(_)) => {
                rows.replace(row);
            }
            (Some(row), None) => {
                rows.insert(row);
            }
            (None, Some(before)) => {
                rows.remove(key);
                let heir = heir(rows, before);
                tab.lose(key, heir.as_ref());
            }
            (None, None) => return,
        }
        match fold {
            // Whether the reader has the one before them that tells it so far is found out with the next drawing.
            Some(fold) => {
                let handover = tab.folds.insert(key.clone(), &fold, |row| who(store, row).cloned(), |_| is_filled);
                tab.hand_over(handover);
            }
            None => tab.leave_fold(key),
        }
        if tab.merged.as_ref().is_some_and(|merged| merged.rows.index_of(key).is_some()) {
            tab.sieve.set(key.clone(), is_filtered);
        }
        if is_hidden {
            tab.hidden.insert(key.clone());
        } else {
            tab.hidden.remove(key);
        }
        self.revision += 1;
    }

    /// Lets a merged tab end where the ledgers do: rows further down appear with a page, and go where a ledger was trimmed.
    fn follow_floor(&mut self, index: usize, sources: &Sources) {
        let Some(before) = self.tabs.all().get(index).and_then(|tab| tab.merged.as_ref()).map(|merged| merged.floor.clone()) else {
            return;
        };
        let floor = self.floor(sources);
        if floor == before.as_deref() {
            return;
        }
        let floor: Option<Arc<str>> = floor.map(Arc::from);
        let revealed: Vec<RowKey> = match &before {
            Some(before) => {
                let holds = |row: &&Row| floor.as_deref().is_none_or(|floor| by_age(row.place_id(), floor) != Ordering::Less);
                self.ledgers(sources).flat_map(|(_, timeline)| timeline.rows_from(before).take_while(holds)).map(Row::key).collect()
            }
            None => Vec::new(),
        };
        let Some(merged) = self.merged_mut(index) else { return };
        merged.floor = floor;
        for key in revealed {
            self.follow_row(index, &key);
        }
        let Some(tab) = self.tabs.all_mut().get_mut(index) else { return };
        while let Some(merged) = tab.merged.as_mut()
            && let Some(last) = merged.rows.all().back()
            && !merged.holds(last.place_id())
        {
            let key = last.key();
            merged.rows.pop_back();
            let heir = merged.rows.all().back().map(Row::key);
            tab.lose(&key, heir.as_ref());
        }
        self.revision += 1;
    }

    /// What must hold of a merged tab: it is the naive merge of its ledgers.
    pub(super) fn check_merged(&self, tab: &Tab) -> Result<(), String> {
        let Some(merged) = &tab.merged else {
            return if tab.sources.is_merged() { Err(format!("{:?} has no rows of its own", tab.sources)) } else { Ok(()) };
        };
        let floor = self.floor(&tab.sources);
        if merged.floor.as_deref() != floor {
            return Err(format!("{:?} ends at {:?}, its ledgers at {floor:?}", tab.sources, merged.floor));
        }
        let mut wanted: Vec<Row> = Vec::new();
        for row in self.ledgers(&tab.sources).flat_map(|(_, timeline)| timeline.rows()) {
            let row = match row {
                Row::Gap(gap) => Row::Gap(Box::new(Gap::above(Arc::clone(&gap.after), Cause::Disconnected))),
                Row::Status(_) | Row::Notification(_) | Row::Conversation(..) | Row::Tombstone(_) => row.clone(),
            };
            if floor.is_none_or(|floor| by_age(row.place_id(), floor) != Ordering::Less) && !wanted.contains(&row) {
                wanted.push(row);
            }
        }
        wanted.sort_by(Row::newest_first);
        if !merged.rows.is_sorted() || !merged.rows.all().iter().eq(&wanted) {
            return Err(format!("{:?} shows {:?}, its ledgers have {wanted:?}", tab.sources, merged.rows.all()));
        }
        Ok(())
    }
}
