//! `Timeline`: the ledger of one stream. Sorted unique rows, newest first, a cap, and gaps where rows may be missing.
//!
//! A gap knows the row after which nothing is proven; the walk that fills it is a `Refill`, and moves it up as answers come.
//! What else may have changed is looked for by a `Review`.

use crate::model::{
    ConversationId, Cursor, Failure, NotificationId, Rung, StatusId, Stream, Subscription, Timestamp, by_age, bytes_by_age,
};
use crate::state::meter::Meter;
use crate::state::refill::{Refill, Stopped};
use crate::state::review::{Polling, Review, Span};
use crate::state::rows::Rows;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

/// One row of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A status of the store.
    Status(StatusId),
    /// A notification of the store.
    Notification(NotificationId),
    /// A conversation of the store, placed by its last status: in a box, as rows are many and few of them have one.
    Conversation(ConversationId, Option<Box<StatusId>>),
    /// Where a deleted status was on screen.
    Tombstone(StatusId),
    /// Where rows may be missing.
    Gap(Box<Gap>),
}

/// What tells a row from all others of its timeline, and stays when the row changes: cursors and anchors hold it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RowKey {
    /// A status or its tombstone.
    Status(StatusId),
    /// A notification.
    Notification(NotificationId),
    /// A conversation.
    Conversation(ConversationId),
    /// The gap above the row with this id.
    Gap(Arc<str>),
}

/// A place where rows may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Id of the row right below; what is above it is not proven.
    pub after: Arc<str>,
    /// Since when rows may be missing.
    pub since: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
    /// Why.
    pub cause: Cause,
    /// How many are missing, where they were counted.
    pub lost: Option<u64>,
    /// The id from which upwards all is complete again, where it is known; else the gap ends where nothing is above it.
    pub before: Option<Arc<str>>,
    /// What becomes of it.
    pub fill: Fill,
    /// Why the last walk that was to fill it did not, until another one begins.
    pub stopped: Option<Stopped>,
}

/// What becomes of a gap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Fill {
    /// It stays until the reader asks for it.
    #[default]
    Left,
    /// It is filled as soon as it can be.
    Due,
    /// It is being filled.
    Filling,
}

impl Gap {
    /// A gap above a row, of which nothing else is known.
    pub(super) fn above(after: Arc<str>, cause: Cause) -> Self {
        Self { after, since: None, until: None, cause, lost: None, before: None, fill: Fill::Left, stopped: None }
    }
}

/// Why rows may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The connection was away.
    Disconnected,
    /// More came than could be taken.
    Shed,
    /// Rows were dropped to bound memory.
    Trimmed,
}

impl Row {
    /// What tells the row from others.
    pub fn key(&self) -> RowKey {
        match self {
            Self::Status(id) | Self::Tombstone(id) => RowKey::Status(id.clone()),
            Self::Notification(id) => RowKey::Notification(id.clone()),
            Self::Conversation(id, _) => RowKey::Conversation(id.clone()),
            Self::Gap(gap) => RowKey::Gap(Arc::clone(&gap.after)),
        }
    }

    /// Where it stands among others.
    #[inline]
    pub(super) fn place(&self) -> Place<'_> {
        match self {
            Self::Status(id) | Self::Tombstone(id) => Place(id.as_bytes(), false, &[]),
            Self::Notification(id) => Place(id.as_bytes(), false, &[]),
            Self::Conversation(id, last) => Place(last.as_deref().map_or(id.as_bytes(), StatusId::as_bytes), false, id.as_bytes()),
            Self::Gap(gap) => Place::of_gap(&gap.after),
        }
    }

    /// Newest first; ids by length, then bytes.
    #[inline]
    pub(super) fn newest_first(&self, other: &Self) -> Ordering {
        self.place().newest_first(other.place())
    }

    /// Whether this is its key.
    pub(super) fn is_of(&self, key: &RowKey) -> bool {
        match (self, key) {
            (Self::Status(own) | Self::Tombstone(own), RowKey::Status(id)) => own == id,
            (Self::Notification(own), RowKey::Notification(id)) => own == id,
            (Self::Conversation(own, _), RowKey::Conversation(id)) => own == id,
            (Self::Gap(gap), RowKey::Gap(after)) => gap.after == *after,
            (Self::Status(_) | Self::Tombstone(_) | Self::Notification(_) | Self::Conversation(..) | Self::Gap(_), _) => false,
        }
    }

    /// The id that places the row; opaque.
    pub fn place_id(&self) -> &str {
        match self {
            Self::Status(id) | Self::Tombstone(id) => id.as_str(),
            Self::Notification(id) => id.as_str(),
            Self::Conversation(id, last) => last.as_deref().map_or(id.as_str(), StatusId::as_str),
            Self::Gap(gap) => &gap.after,
        }
    }
}

impl RowKey {
    /// Where its row stands; nobody can say that of a conversation, which only its last message tells.
    #[inline]
    pub(super) fn place(&self) -> Option<Place<'_>> {
        match self {
            Self::Status(id) => Some(Place(id.as_bytes(), false, &[])),
            Self::Notification(id) => Some(Place(id.as_bytes(), false, &[])),
            Self::Conversation(_) => None,
            Self::Gap(after) => Some(Place::of_gap(after)),
        }
    }
}

/// Where a row stands: the id that places it, whether it stands above a row of the same id, and what tells it from one at the
/// same place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a>(&'a [u8], bool, &'a [u8]);

impl<'a> Place<'a> {
    /// That of the gap above a row.
    pub(super) fn of_gap(after: &'a str) -> Self {
        Self(after.as_bytes(), true, &[])
    }
}

impl Place<'_> {
    /// Newest first; ids by length, then bytes.
    #[inline]
    pub(super) fn newest_first(self, Place(theirs, theirs_above, their_own): Place<'_>) -> Ordering {
        let Self(mine, above, own) = self;
        bytes_by_age(theirs, mine).then_with(|| (theirs_above, their_own).cmp(&(above, own)))
    }
}

/// How a page question stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loading {
    /// Not asked.
    Idle,
    /// Asked.
    Asked,
    /// Answered.
    Done,
    /// Failed; asked again at the time, if there is one.
    Failed(Failure, Option<Timestamp>),
}

/// The ledger of one stream.
#[derive(Debug, PartialEq)]
pub struct Timeline {
    rows: Rows,
    /// Deleted posts whose tombstones stand among the rows; they go when they leave the view.
    pub tombstones: Vec<StatusId>,
    /// Our standing with the stream.
    pub standing: Subscription,
    /// By which means its events come.
    pub rung: Rung,
    /// The first page.
    pub first_page: Loading,
    /// The next older page.
    pub older_page: Loading,
    /// Where the next older page starts; `None` when there is nothing older or nothing is known yet.
    pub older: Option<Cursor>,
    /// Since when everything that came has been taken without a hole.
    pub live_since: Option<Timestamp>,
    /// When the connection that carried it was lost, until it is back.
    pub broken_since: Option<Timestamp>,
    /// When something last came on the stream.
    pub last_event: Option<Timestamp>,
    /// How much comes.
    pub meter: Meter,
    /// Whether a row has come by the stream at all.
    pub brought: bool,
    /// How many times the first page failed in a row.
    pub attempts: u32,
    /// The walk under way.
    pub refill: Option<Refill>,
    /// Whether a gap may wait to be filled.
    pub due: bool,
    /// The id above which it was still to be looked for more when the connection was lost.
    pub doubt: Option<Arc<str>>,
    /// Since when nothing is missing but where gaps stand.
    pub complete_since: Option<Timestamp>,
    /// When the subscription was asked for on this connection.
    pub subscribed: Option<Timestamp>,
    /// When the newest page is looked at, for what came before the subscription took effect, and what changed before that.
    pub check_at: Option<Timestamp>,
    /// The look under way, or the poll.
    pub review: Option<Review>,
    /// The newest row of those that were held while nobody told of deletions, until that has been looked at.
    pub held_to: Option<Arc<str>>,
    /// When everything that is held is to be gone through.
    pub deep_at: Option<Timestamp>,
    /// The deep pass under way.
    pub deep: Option<Review>,
    /// When the last deep pass began.
    pub deep_begun: Option<Timestamp>,
    /// How polling goes, where nothing carries the stream.
    pub poll: Option<Polling>,
    /// The newest id up to which the server has shown everything, and whether it did on this connection.
    pub shown_to: Option<(Arc<str>, bool)>,
    /// The first id that came live, as the newest, after all that: from there on the subscription carries everything.
    pub witness: Option<Arc<str>>,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            rows: Rows::default(),
            tombstones: Vec::new(),
            standing: Subscription::Requested,
            rung: Rung::default(),
            first_page: Loading::Idle,
            older_page: Loading::Idle,
            older: None,
            live_since: None,
            broken_since: None,
            last_event: None,
            meter: Meter::default(),
            brought: false,
            attempts: 0,
            refill: None,
            due: false,
            doubt: None,
            complete_since: None,
            subscribed: None,
            check_at: None,
            review: None,
            held_to: None,
            deep_at: None,
            deep: None,
            deep_begun: None,
            poll: None,
            shown_to: None,
            witness: None,
        }
    }
}

/// What a ledger can say about being complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// Everything since then is there, and comes as it happens.
    Since(Timestamp),
    /// Everything is there from one moment to the other: what came later comes with the next poll, or with the connection.
    Between(Timestamp, Timestamp),
    /// Rows may be missing at so many places, which are marked.
    Gaps(usize),
    /// Nothing can be said.
    Unknown(Unproven),
}

/// Why nothing can be said about whether a ledger is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// Conversations have no order that could be asked for from a point on.
    Unordered,
    /// The server carries the stream in no way.
    NotStreamed,
    /// Its connection is away, was refused, or has brought nothing to count from yet.
    NotConnected,
    /// No poll has succeeded yet.
    NotPolled,
}

impl Unproven {
    /// Why, in words for the screen.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unordered => "conversations cannot be asked for from a point on",
            Self::NotStreamed => "the server does not stream it",
            Self::NotConnected => "it is not connected",
            Self::NotPolled => "no poll has succeeded yet",
        }
    }
}

impl Timeline {
    /// The rows, newest first.
    pub fn rows(&self) -> &VecDeque<Row> {
        self.rows.all()
    }

    /// The row at an index counted from the newest.
    pub fn row(&self, index: usize) -> Option<&Row> {
        self.rows.row(index)
    }

    /// The rows as what tabs show.
    pub fn ledger(&self) -> &Rows {
        &self.rows
    }

    /// Where a row stands, counted from the newest.
    pub fn index_of(&self, key: &RowKey) -> Option<usize> {
        self.rows.index_of(key)
    }

    /// How many rows stand above a key's place, whether it has a row or not.
    pub fn place_of(&self, key: &RowKey) -> usize {
        self.rows.place_of(key)
    }

    /// Puts a row where it belongs; says where that is, if it was not there before.
    pub fn insert(&mut self, row: Row) -> Option<usize> {
        self.rows.insert(row)
    }

    /// Whether there is a row of a key that is old if it is there at all.
    pub(super) fn holds_old(&self, key: &RowKey) -> bool {
        self.rows.holds_old(key)
    }

    /// Takes a row out.
    pub fn remove(&mut self, key: &RowKey) -> Option<Row> {
        self.rows.remove(key)
    }

    /// Has changes of rows noted from now on, or not any more.
    pub fn watch(&mut self, watched: bool) {
        self.rows.watch(watched);
    }

    /// Takes the keys of rows that came, went or changed their kind since the last time, where that is noted.
    pub fn take_touched(&mut self) -> Vec<RowKey> {
        self.rows.take_touched()
    }

    /// The place below which rows are still to be loaded, where there are any: nothing is known from there on.
    pub fn floor(&self) -> Option<&str> {
        match self.older.as_ref()? {
            Cursor::Before(id) => Some(id),
            // Nothing older is asked for so.
            Cursor::After(_) => None,
        }
    }

    /// Turns a status into its tombstone; says whether it was there.
    pub fn bury(&mut self, id: &StatusId) -> bool {
        let was_there = self.rows.replace(Row::Tombstone(id.clone()));
        if was_there {
            self.tombstones.push(id.clone());
        }
        was_there
    }

    /// Turns a tombstone back into its status.
    pub fn unbury(&mut self, id: &StatusId) {
        if matches!(self.rows.get(&RowKey::Status(id.clone())), Some(Row::Tombstone(_))) {
            self.rows.replace(Row::Status(id.clone()));
            self.tombstones.retain(|held| held != id);
        }
    }

    /// Marks that rows above the newest one may be missing; a gap that stands there already grows.
    pub fn mark_gap(&mut self, since: Option<Timestamp>, until: Option<Timestamp>, cause: Cause, lost: Option<u64>) {
        match self.rows.row(0).map(|row| Arc::from(row.place_id())) {
            None => {}
            Some(after) => match self.rows.gap_mut(0) {
                Some(gap) => {
                    gap.until = until.or(gap.until);
                    gap.lost = match (gap.lost, lost) {
                        (Some(before), Some(more)) => Some(before.saturating_add(more)),
                        (before, more) => {
                            if gap.cause == cause {
                                before.or(more)
                            } else {
                                None
                            }
                        }
                    };
                }
                None => {
                    self.rows.insert(Row::Gap(Box::new(Gap { since, until, lost, ..Gap::above(after, cause) })));
                }
            },
        }
    }

    /// Whether a row of this id would stand below everything that has been loaded, while there is more to load: it
    /// will come with its page, and until then would pretend that nothing is missing above it.
    pub fn is_below_floor(&self, row: &Row) -> bool {
        self.older.is_some() && self.rows.all().back().is_some_and(|oldest| oldest.newest_first(row) == Ordering::Less)
    }

    /// Drops rows over the cap, oldest first, but none from where the farthest reader is on (what readers look at, by index, and
    /// what is right above it). Where one is that far down, rows above are dropped instead and a gap says so. Gives back the
    /// rows dropped.
    pub fn trim(&mut self, cap: usize, readers: &[usize]) -> Vec<Row> {
        let mut dropped = Vec::new();
        let margin = cap / 4;
        let keep = readers.iter().max().map_or(cap, |index| cap.max(index + margin + 1));
        while self.rows.all().len() > keep {
            dropped.extend(self.rows.pop_back());
        }
        if !dropped.is_empty() && matches!(self.rows.all().back(), Some(Row::Gap(_))) {
            // The row that it stood on has gone. The next older page starts above it and fills it.
            dropped.extend(self.rows.pop_back());
        }
        if !dropped.is_empty() {
            self.older = self.rows.all().back().map(|row| Cursor::Before(row.place_id().to_owned()));
            self.older_page = Loading::Idle;
        }
        // Some at a time, as each time rows move.
        if self.rows.all().len() > cap + cap / 8
            && let Some((start, end)) = unread(readers, cap)
        {
            dropped.extend(self.drop_between(start, end));
        }
        dropped
    }

    /// Drops the rows from an index to another and puts a gap there.
    fn drop_between(&mut self, start: usize, end: usize) -> Vec<Row> {
        let Some(below) = self.rows.row(end) else { return Vec::new() };
        let mut gap = Gap::above(Arc::from(below.place_id()), Cause::Trimmed);
        // Up to here it was complete, and what has been dropped does not change that above.
        gap.before = start.checked_sub(1).and_then(|above| self.rows.row(above)).and_then(|row| match row {
            Row::Gap(_) => None,
            other @ (Row::Status(_) | Row::Notification(_) | Row::Conversation(..) | Row::Tombstone(_)) => {
                Some(Arc::from(other.place_id()))
            }
        });
        let drained: Vec<Row> = self.rows.drain(start, end).collect();
        if drained.iter().any(|row| matches!(row, Row::Gap(gap) if gap.cause != Cause::Trimmed)) {
            // There was more missing among them.
            gap.before = None;
        }
        match self.rows.gap_mut(start) {
            Some(held) if held.cause != Cause::Trimmed => held.before = None,
            Some(held) => held.before = gap.before,
            None => {
                self.rows.insert(Row::Gap(Box::new(gap)));
            }
        }
        drained
    }

    /// The gaps, newest first.
    pub fn gaps(&self) -> impl Iterator<Item = &Gap> {
        self.rows.gaps()
    }

    /// The gap above a row.
    pub fn gap_mut(&mut self, after: &Arc<str>) -> Option<&mut Gap> {
        let index = self.index_of(&RowKey::Gap(Arc::clone(after)))?;
        self.rows.gap_mut(index)
    }

    /// Says what becomes of the gap above a row.
    pub fn set_fill(&mut self, after: &Arc<str>, fill: Fill) {
        if let Some(gap) = self.gap_mut(after) {
            gap.fill = fill;
            if fill != Fill::Left {
                gap.stopped = None;
            }
            self.due |= fill == Fill::Due;
        }
    }

    /// Marks that rows above an id may be missing, where a row stands to hang that on.
    pub fn open_gap(&mut self, after: &Arc<str>, since: Option<Timestamp>, until: Option<Timestamp>, cause: Cause) {
        if let Some(gap) = self.gap_mut(after) {
            gap.until = until.or(gap.until);
            // There is more to it than was thought.
            gap.before = None;
        } else if self.rows_from(after).next().is_some() {
            self.insert(Row::Gap(Box::new(Gap { since, until, ..Gap::above(Arc::clone(after), cause) })));
        }
    }

    /// Takes a gap out and puts it above another row, or nowhere.
    pub fn move_gap(&mut self, after: &Arc<str>, to: Option<&Arc<str>>) {
        if let Some(Row::Gap(gap)) = self.remove(&RowKey::Gap(Arc::clone(after)))
            && let Some(to) = to
        {
            self.insert(Row::Gap(Box::new(Gap { after: Arc::clone(to), ..*gap })));
        }
    }

    /// Ends the walks and looks under way; the gap of a walk waits for another one.
    pub fn interrupt(&mut self) {
        self.review = None;
        self.deep = None;
        if let Some(gap) = self.refill.take().and_then(|refill| refill.gap) {
            self.set_fill(&gap, Fill::Due);
        }
    }

    /// The oldest gap that waits to be filled: a walk up from there passes the others.
    pub fn due_gap(&self) -> Option<&Gap> {
        self.gaps().filter(|gap| gap.fill == Fill::Due).last()
    }

    /// The rows of a span, newest first.
    pub fn rows_in<'a>(&'a self, span: &'a Span) -> impl Iterator<Item = &'a Row> {
        let index = self.rows.all().partition_point(|row| !span.reaches_up_to(row.place_id()));
        self.rows.all().iter().skip(index).take_while(|row| span.holds(row.place_id()))
    }

    /// When the newest page is looked at next; not before the first page has come, or there would be nothing to hold it
    /// against.
    pub fn look_at(&self) -> Option<Timestamp> {
        let waits = match self.first_page {
            Loading::Idle | Loading::Asked | Loading::Failed(_, Some(_)) => self.shown_to.is_none(),
            Loading::Done | Loading::Failed(_, None) => false,
        };
        let polls = self.poll.as_ref().map(|poll| poll.next);
        [self.check_at, polls].into_iter().flatten().min().filter(|_| !waits)
    }

    /// Whether a question of its deep pass is under way.
    pub fn is_deep_asked(&self) -> bool {
        self.deep.as_ref().is_some_and(|deep| deep.asked.is_some())
    }

    /// When its deep pass asks next, where there is one: a moment that is over where only others are waited for.
    pub fn deep_due(&self) -> Option<Timestamp> {
        match &self.deep {
            Some(deep) => Some(deep.retry_at.unwrap_or(deep.begun)).filter(|_| deep.asked.is_none()),
            None => self.deep_at,
        }
    }

    /// What can be said about its being complete.
    pub fn completeness(&self, stream: &Stream) -> Completeness {
        let gaps = self.gaps().count();
        match (&self.standing, self.complete_since) {
            (Subscription::NotStreamed, _) => Completeness::Unknown(Unproven::NotStreamed),
            (Subscription::Refused(_) | Subscription::Interrupted(_), _) | (_, None) => Completeness::Unknown(Unproven::NotConnected),
            (Subscription::Requested | Subscription::Open, Some(_)) if !stream.is_paged_by_id() => {
                Completeness::Unknown(Unproven::Unordered)
            }
            (Subscription::Requested | Subscription::Open, Some(_)) if gaps > 0 => Completeness::Gaps(gaps),
            (Subscription::Requested | Subscription::Open, Some(since)) => match (&self.poll, self.broken_since) {
                (None, None) => Completeness::Since(since),
                (None, Some(lost)) => Completeness::Between(since.min(lost), lost),
                (Some(Polling { last: Some(last), .. }), _) => Completeness::Between(since.min(*last), *last),
                (Some(Polling { last: None, .. }), _) => Completeness::Unknown(Unproven::NotPolled),
            },
        }
    }

    /// Takes in that everything up to an id has been shown on this connection.
    pub fn confirm(&mut self, newest: &Arc<str>) {
        if self.shown_to.as_ref().is_none_or(|(held, here)| !here || by_age(newest, held) == Ordering::Greater) {
            self.shown_to = Some((Arc::clone(newest), true));
        }
    }

    /// The rows at and below an id, newest first.
    pub fn rows_from(&self, id: &str) -> impl Iterator<Item = &Row> {
        self.rows.from(id)
    }

    /// Forgets all rows.
    pub fn clear(&mut self) {
        self.rows.clear();
    }

    /// Whether the rows are sorted and unique: tests ask after every message.
    pub fn is_sorted(&self) -> bool {
        self.rows.is_sorted()
    }
}

/// The longest stretch, of `cap` rows at most, that is neither among the newest nor near what a reader looks at. None of
/// what lies below the farthest one: that is what was paged to.
fn unread(readers: &[usize], cap: usize) -> Option<(usize, usize)> {
    let margin = cap / 4;
    let mut readers = readers.to_vec();
    readers.sort_unstable();
    let mut from = cap / 2;
    let mut longest: Option<(usize, usize)> = None;
    for reader in readers {
        let end = reader.saturating_sub(margin);
        if end > from && longest.is_none_or(|(start, to)| end - from >= to - start) {
            longest = Some((from, end));
        }
        from = from.max(reader + margin + 1);
    }
    longest.map(|(start, end)| (start.max(end.saturating_sub(cap)), end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn status(raw: &str) -> Row {
        Row::Status(StatusId::new(raw).unwrap())
    }

    fn shown(timeline: &Timeline) -> Vec<String> {
        timeline
            .rows()
            .iter()
            .map(|row| match row {
                Row::Gap(gap) => format!("gap>{}", gap.after),
                Row::Tombstone(id) => format!("x{id}"),
                Row::Status(_) | Row::Notification(_) | Row::Conversation(..) => row.place_id().to_owned(),
            })
            .collect()
    }

    #[test]
    fn rows_stand_where_they_belong_and_once() {
        let mut timeline = Timeline::default();
        for raw in ["10", "9", "11", "10", "100"] {
            timeline.insert(status(raw));
        }
        assert_eq!(shown(&timeline), ["100", "11", "10", "9"]);
        assert_eq!(timeline.index_of(&status("10").key()), Some(2));
        assert_eq!(timeline.index_of(&status("12").key()), None);
    }

    #[test]
    fn a_gap_stands_above_the_row_it_follows_and_late_rows_go_to_their_side_of_it() {
        let mut timeline = Timeline::default();
        timeline.insert(status("5"));
        timeline.mark_gap(None, None, Cause::Disconnected, None);
        timeline.mark_gap(None, None, Cause::Disconnected, None);
        for raw in ["8", "4", "6"] {
            timeline.insert(status(raw));
        }
        assert_eq!(shown(&timeline), ["8", "6", "gap>5", "5", "4"]);
        assert_eq!(timeline.index_of(&RowKey::Gap("5".into())), Some(2));
    }

    #[test]
    fn trimming_spares_what_the_reader_looks_at_and_says_what_it_dropped_above() {
        let mut timeline = Timeline::default();
        for n in 1000..1100 {
            timeline.insert(status(&n.to_string()));
        }
        assert_eq!(timeline.trim(40, &[]).len(), 60);
        assert_eq!(timeline.older, Some(Cursor::Before("1060".into())));
        for n in 1100..1200 {
            timeline.insert(status(&n.to_string()));
            let reading = timeline.index_of(&status("1062").key()).unwrap();
            timeline.trim(40, &[reading]);
            assert!(timeline.index_of(&status("1062").key()).is_some(), "what is read stays");
            assert!(timeline.rows().len() <= 46 && timeline.is_sorted(), "{:?}", shown(&timeline));
        }
        assert_eq!(timeline.gaps().count(), 1, "{:?}", shown(&timeline));
        assert!(timeline.rows().iter().any(|row| matches!(row, Row::Gap(gap) if gap.cause == Cause::Trimmed)));
    }

    #[test]
    fn a_gap_goes_with_the_row_that_it_stands_on() {
        let mut timeline = Timeline::default();
        timeline.insert(status("5"));
        timeline.mark_gap(None, None, Cause::Disconnected, None);
        for raw in ["6", "7", "8"] {
            timeline.insert(status(raw));
        }
        timeline.trim(4, &[]);
        assert_eq!(shown(&timeline), ["8", "7", "6"]);
        assert_eq!(timeline.older, Some(Cursor::Before("6".into())), "`before 5` would leave out 5");
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_ends_in_the_same_rows(ids in proptest::collection::vec(0_u32..500, 0..80)) {
            let mut sorted = ids.clone();
            sorted.sort_unstable();
            sorted.dedup();
            sorted.reverse();
            let mut timeline = Timeline::default();
            for id in &ids {
                timeline.insert(status(&id.to_string()));
            }
            let expected: Vec<String> = sorted.iter().map(u32::to_string).collect();
            prop_assert_eq!(shown(&timeline), expected);
            prop_assert!(timeline.is_sorted());
        }
    }
}
