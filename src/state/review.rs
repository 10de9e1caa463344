//! `Review`: pages held against a ledger, to find what changed while nobody was told. `Suspects`: rows that such a page should
//! list and does not, to be asked about one by one. `Polling`: what stands in for a stream where nothing carries it.
//!
//! Pure: what to ask next and what an answer shows. Absent on purpose: rows (the ledger has them) and questions (`update` asks).

use crate::model::{Cursor, Failure, NotificationId, StatusId, Timestamp, by_age};
use crate::state::refill::{Budget, Seen};
use jiff::SignedDuration;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows that a look, or a page of a walk, has asked about one by one at most.
pub const MOST_SUSPECTS: usize = 8;
/// As many for a deep pass.
pub const MOST_SUSPECTS_DEEP: usize = 40;
/// The most that servers give at once; a page with less may be the last, though its length proves nothing.
pub const FULL_PAGE: usize = 40;
/// Questions about single rows under way at once.
pub const SUSPECTS_AT_ONCE: usize = 2;
/// Pages of a deep pass: servers keep 800 posts of home.
pub const DEEPEST: u32 = 20;
/// The shortest time between the beginnings of two deep passes of a tab.
pub const DEEP_APART: SignedDuration = SignedDuration::from_mins(15);
/// How long after a connection is back a deep pass begins: it is in nobody's way then.
pub const DEEP_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// Questions that a deep pass leaves in the budget for what is quick.
pub const DEEP_RESERVE: usize = 40;
/// Questions that polling leaves in the budget for what is quick.
pub const POLL_RESERVE: usize = 20;

/// Suspects that were answered for are remembered up to this number.
const CLEARED_KEPT: usize = 512;

/// A comparison under way. It belongs to one life of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// The page that is asked for now or next.
    pub step: Step,
    /// Up to where the ledger is proven; `None` for a deep pass, and where nothing is held.
    pub proven: Option<Arc<str>>,
    /// Down to where the newest page is to reach, to prove all that is above; `None` where any page does.
    pub from: Option<Arc<str>>,
    /// The newest row of those that were held while nobody told of deletions.
    pub held_to: Option<Arc<str>>,
    /// Whether it is a poll.
    pub polls: bool,
    /// How many rows may still be asked about one by one.
    pub may_suspect: usize,
    /// The newest id and the oldest of a newest page that did not reach far enough.
    pub apart: Option<(Arc<str>, Arc<str>)>,
    /// Number of the question under way.
    pub asked: Option<u64>,
    /// When a question that failed is asked again.
    pub retry_at: Option<Timestamp>,
    /// Questions that failed in a row.
    pub attempts: u32,
    /// Pages taken.
    pub pages: u32,
    /// When it began.
    pub begun: Timestamp,
}

/// Which page a review asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The newest one.
    Newest,
    /// The one with what is on screen, below this id.
    Visible(Arc<str>),
    /// One of a deep pass: the newest, then below the oldest id so far.
    Down(Option<Arc<str>>),
}

impl Step {
    /// Below which id the page starts; `None` for the newest page.
    pub fn below(&self) -> Option<&Arc<str>> {
        match self {
            Self::Newest | Self::Down(None) => None,
            Self::Visible(below) | Self::Down(Some(below)) => Some(below),
        }
    }
}

/// A stretch of ids about which a page tells everything there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its upper end; `None` for no bound.
    pub top: Option<Arc<str>>,
    /// Whether the upper end belongs to it.
    pub with_top: bool,
    /// Its lower end; `None` for no bound.
    pub bottom: Option<Arc<str>>,
    /// Whether the lower end belongs to it.
    pub with_bottom: bool,
}

impl Span {
    /// Whether an id lies in it.
    pub fn holds(&self, id: &str) -> bool {
        let is_down_to = self.bottom.as_ref().is_none_or(|bottom| match by_age(id, bottom) {
            Ordering::Greater => true,
            Ordering::Equal => self.with_bottom,
            Ordering::Less => false,
        });
        is_down_to && self.reaches_up_to(id)
    }

    /// Whether an id is not above it.
    pub fn reaches_up_to(&self, id: &str) -> bool {
        self.top.as_ref().is_none_or(|top| match by_age(id, top) {
            Ordering::Less => true,
            Ordering::Equal => self.with_top,
            Ordering::Greater => false,
        })
    }
}

impl Review {
    /// A look at the newest page of a ledger that is `proven` up to an id; it is to reach down to `from`.
    pub fn look(proven: Option<Arc<str>>, from: Option<Arc<str>>, held_to: Option<Arc<str>>, polls: bool, begun: Timestamp) -> Self {
        let step = Step::Newest;
        let may_suspect = MOST_SUSPECTS;
        Self { step, proven, from, held_to, polls, may_suspect, apart: None, asked: None, retry_at: None, attempts: 0, pages: 0, begun }
    }

    /// A walk down through everything that a ledger holds.
    pub fn deep(begun: Timestamp) -> Self {
        Self { step: Step::Down(None), may_suspect: MOST_SUSPECTS_DEEP, ..Self::look(None, None, None, false, begun) }
    }

    /// Whether a question is to be asked now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.asked.is_none() && self.retry_at.is_none_or(|at| at <= now)
    }

    /// Where the page starts that is asked for now or next.
    pub fn cursor(&self) -> Option<Cursor> {
        self.step.below().map(|below| Cursor::Before(below.to_string()))
    }

    /// What a page tells everything about. `None` where it tells nothing: it did not start where it was asked to, or has
    /// nothing that could be read.
    pub fn span(&self, seen: &Seen, is_whole: bool) -> Option<Span> {
        let Some((newest, oldest)) = &seen.ends else {
            let span = Span {
                top: self.step.below().cloned().or_else(|| self.held_to.clone()),
                with_top: self.step.below().is_none(),
                bottom: None,
                with_bottom: true,
            };
            // What came since the question was asked is not judged by it.
            return (seen.rejected == 0 && span.top.is_some()).then_some(span);
        };
        let bottom = (!is_whole).then(|| Arc::clone(oldest));
        match self.step.below() {
            Some(below) if by_age(newest, below) != Ordering::Less => None,
            Some(below) => Some(Span { top: Some(Arc::clone(below)), with_top: false, bottom, with_bottom: true }),
            None => {
                let held = self.held_to.as_ref().filter(|held| by_age(held, newest) == Ordering::Greater);
                Some(Span { top: Some(Arc::clone(held.unwrap_or(newest))), with_top: true, bottom, with_bottom: true })
            }
        }
    }

    /// Whether the newest page proves everything down to what was proven: a page has no holes, whatever its length.
    pub fn reaches(&self, seen: &Seen) -> bool {
        match (&seen.ends, &self.from) {
            (None, _) => seen.rejected == 0,
            (Some(_), None) => true,
            (Some((_, oldest)), Some(from)) => by_age(oldest, from) != Ordering::Greater,
        }
    }

    /// Goes on to the next page of a deep pass, down to `floor` at most; says whether there is one.
    pub fn go_down(&mut self, seen: &Seen, floor: Option<&str>) -> bool {
        self.pages += 1;
        let Some((_, oldest)) = &seen.ends else { return false };
        let lower = self.step.below().is_none_or(|below| by_age(oldest, below) == Ordering::Less);
        let is_over = !lower || self.pages >= DEEPEST || floor.is_none_or(|floor| by_age(oldest, floor) != Ordering::Greater);
        self.step = Step::Down(Some(Arc::clone(oldest)));
        !is_over
    }
}

/// A row that a page should list and does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suspect {
    /// A status, or a boost by its own id.
    Status(StatusId),
    /// A notification.
    Notification(NotificationId),
}

/// Rows to be asked about one by one, each once, whichever tabs hold it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suspects {
    waiting: VecDeque<Suspect>,
    asked: Vec<(Suspect, u64)>,
    cleared: VecDeque<(Suspect, Timestamp)>,
}

impl Suspects {
    /// Takes one in; not one that is waited for, or was answered for lately: then the server only lists it no more. Says
    /// whether it will be asked for.
    pub fn add(&mut self, suspect: Suspect, now: Timestamp) -> bool {
        while self.cleared.front().is_some_and(|(_, at)| now.duration_since(*at) >= Budget::WINDOW) {
            self.cleared.pop_front();
        }
        let known = self.waiting.contains(&suspect)
            || self.asked.iter().any(|(asked, _)| *asked == suspect)
            || self.cleared.iter().any(|(cleared, _)| *cleared == suspect);
        if !known {
            self.waiting.push_back(suspect);
        }
        !known
    }

    /// The next one to be asked for, if there is one and few enough are under way.
    pub fn pop(&mut self) -> Option<Suspect> {
        if self.asked.len() >= SUSPECTS_AT_ONCE { None } else { self.waiting.pop_front() }
    }

    /// Notes the number of the question for one.
    pub fn ask(&mut self, suspect: Suspect, asked: u64) {
        self.asked.push((suspect, asked));
    }

    /// Takes in that a question was answered; says whether it was waited for.
    pub fn settle(&mut self, suspect: &Suspect, asked: u64) -> bool {
        let before = self.asked.len();
        self.asked.retain(|(held, number)| held != suspect || *number != asked);
        self.asked.len() < before
    }

    /// Takes in that one is there after all.
    pub fn clear(&mut self, suspect: Suspect, now: Timestamp) {
        self.cleared.push_back((suspect, now));
        if self.cleared.len() > CLEARED_KEPT {
            self.cleared.pop_front();
        }
    }

    /// Forgets those that wait; says how many they were.
    pub fn drop_waiting(&mut self) -> usize {
        std::mem::take(&mut self.waiting).len()
    }

    /// Whether none waits and none is under way.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.asked.is_empty()
    }

    /// How many wait, and how many are under way.
    pub fn counts(&self) -> (usize, usize) {
        (self.waiting.len(), self.asked.len())
    }
}

/// How polling goes where no stream carries a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polling {
    /// Up to when everything is known to be there; `None` before the first success.
    pub last: Option<Timestamp>,
    /// When it was last asked, whatever the answer; `None` where it has not been.
    pub asked: Option<Timestamp>,
    /// When it is asked next.
    pub next: Timestamp,
    /// Why the last poll failed; `None` where it did not.
    pub failure: Option<Failure>,
}

impl Polling {
    /// Polling that begins now.
    pub fn new(now: Timestamp) -> Self {
        Self { last: None, asked: None, next: now, failure: None }
    }

    /// The time between two polls: shorter on screen, and stretched where the budget gets short.
    pub fn interval(on_screen: bool, left: usize) -> SignedDuration {
        let usual = if on_screen { SignedDuration::from_secs(30) } else { SignedDuration::from_mins(1) };
        match left {
            80.. => usual,
            60..80 => usual * 2,
            40..60 => usual * 4,
            ..40 => usual * 8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn page(newest: &str, oldest: &str) -> Seen {
        Seen { ends: Some((newest.into(), oldest.into())), rejected: 0 }
    }

    fn look(held_to: Option<&str>) -> Review {
        Review::look(Some("50".into()), Some("40".into()), held_to.map(Arc::from), false, at(0))
    }

    #[test]
    fn a_newest_page_proves_what_is_above_where_it_reaches_down_far_enough() {
        let review = look(None);
        assert!(review.reaches(&page("90", "40")) && review.reaches(&page("90", "9")));
        assert!(!review.reaches(&page("90", "41")), "between 40 and 41 something may be missing");
        assert!(review.reaches(&Seen::default()), "there is nothing at all");
        assert!(!review.reaches(&Seen { ends: None, rejected: 2 }), "unreadable is not empty");
    }

    #[test]
    fn what_a_page_tells_about_ends_where_it_ends() {
        let span = look(None).span(&page("90", "40"), false).unwrap();
        assert!(span.holds("90") && span.holds("40") && span.holds("55"));
        assert!(!span.holds("91") && !span.holds("39") && !span.holds("100"));
        let span = look(Some("95")).span(&page("90", "40"), false).unwrap();
        assert!(span.holds("95") && !span.holds("96"), "what was held above it should have been there");
        let span = look(Some("95")).span(&page("90", "40"), true).unwrap();
        assert!(span.holds("1"), "nothing is older");
        let span = look(Some("95")).span(&Seen::default(), true).unwrap();
        assert!(span.holds("95") && span.holds("1") && !span.holds("96"));
        assert_eq!(look(None).span(&Seen { ends: None, rejected: 1 }, false), None);
        let below = Review { step: Step::Visible("60".into()), ..look(None) };
        let span = below.span(&page("55", "40"), false).unwrap();
        assert!(span.holds("59") && !span.holds("60"), "between its newest and where it was to start nothing is");
        assert_eq!(below.span(&page("90", "50"), false), None, "it started elsewhere");
    }

    #[test]
    fn a_deep_pass_ends_at_the_floor_at_the_end_and_after_twenty_pages() {
        let mut deep = Review::deep(at(0));
        assert_eq!(deep.cursor(), None);
        assert!(deep.go_down(&page("990", "950"), Some("900")));
        assert_eq!(deep.cursor(), Some(Cursor::Before("950".into())));
        assert!(!deep.clone().go_down(&page("949", "900"), Some("900")));
        assert!(!deep.clone().go_down(&Seen::default(), Some("900")));
        assert!(!deep.clone().go_down(&page("990", "950"), Some("900")), "no lower than before: it would never end");
        let mut deep = Review::deep(at(0));
        let pages = (0..30).take_while(|n| deep.go_down(&page(&format!("{}", 999 - n), &format!("{}", 999 - n)), Some("100"))).count();
        assert_eq!(pages, 19, "the twentieth is the last");
    }

    #[test]
    fn a_suspect_is_asked_for_once_and_not_again_for_a_while_when_it_is_there() {
        let mut suspects = Suspects::default();
        let suspect = |id: &str| Suspect::Status(StatusId::new(id).unwrap());
        assert!(suspects.add(suspect("1"), at(0)) && !suspects.add(suspect("1"), at(0)));
        assert!(suspects.add(suspect("2"), at(0)) && suspects.add(suspect("3"), at(0)));
        for number in 0..2 {
            let next = suspects.pop().unwrap();
            suspects.ask(next, number);
        }
        assert_eq!((suspects.pop(), suspects.counts()), (None, (1, 2)), "few at a time");
        assert!(!suspects.add(suspect("2"), at(1)), "under way");
        assert!(!suspects.settle(&suspect("1"), 7) && suspects.settle(&suspect("1"), 0) && !suspects.settle(&suspect("1"), 0));
        suspects.clear(suspect("1"), at(10));
        assert!(!suspects.add(suspect("1"), at(900)), "it is there");
        assert!(suspects.add(suspect("1"), at(911)), "or was");
        assert_eq!((suspects.drop_waiting(), suspects.is_empty()), (2, false));
    }

    #[test]
    fn polls_grow_rare_where_the_budget_gets_short() {
        let seconds: Vec<i64> = [120, 79, 59, 39, 0].map(|left| Polling::interval(true, left).as_secs()).to_vec();
        assert_eq!(seconds, [30, 60, 120, 240, 240]);
        assert_eq!(Polling::interval(false, 120).as_secs(), 60);
    }
}
