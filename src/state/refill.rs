//! `Refill`: the walk that proves a stretch of a ledger complete, page by page upwards, and `Budget`, which bounds all of them.
//!
//! Pure: what to ask next and what an answer proves. Absent on purpose: rows (the ledger has them), questions (`update` asks),
//! and what changed in what was proven before (`Review` looks for that).

use crate::model::{Timestamp, by_age};
use crate::text::Plain;
use jiff::SignedDuration;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

/// Pages that a gap costs at most by itself; the reader may ask for as many again.
pub const MOST_PAGES: u32 = 10;
/// Questions of all refills together in a [`Budget::WINDOW`]: servers allow 300 to all programs of a user.
pub const MOST_QUESTIONS: usize = 120;
/// How long after a subscription was asked for what it missed before it took effect is looked for.
pub const CHECK_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// From how long after the subscription on what comes live is known to be carried by it.
pub const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(2);

/// A walk upwards under way. It belongs to one life of the connection and is begun anew with the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refill {
    /// The gap that it fills, by the id below it; `None` for what a newest page left open, which has no row.
    pub gap: Option<Arc<str>>,
    /// Up to where the ledger is proven; never moves up before an answer has shown it.
    pub proven: Arc<str>,
    /// The id above which the next page starts.
    pub from: Arc<str>,
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
    /// The newest id and the oldest of a newest page, from whose oldest on nothing is missing.
    pub meets: Option<(Arc<str>, Arc<str>)>,
}

/// What a page was, as far as a walk needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its newest id and its oldest; `None` where it had nothing that could be read.
    pub ends: Option<(Arc<str>, Arc<str>)>,
    /// Elements that could not be read.
    pub rejected: usize,
}

/// Where a walk stands after a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stand {
    /// There is more to ask.
    On,
    /// Nothing is above: everything up to now is there.
    Complete,
    /// What is known to be complete has been reached.
    Joined,
    /// It cannot go on by itself: too many pages, or an answer that proves nothing.
    Stopped,
}

/// Why a walk ended before it had filled its gap; the reader may send out another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Stopped {
    /// It had taken as many pages as one takes by itself.
    Pages,
    /// All refills together have asked as much as they may for now.
    Budget,
    /// An answer proved nothing: it did not begin where it was asked to, or could not be read.
    Unproven,
    /// It could not be asked, in the words of whoever said so.
    Failed(Plain),
}

impl Stopped {
    /// Why, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Pages => format!("stopped after {MOST_PAGES} pages"),
            Self::Budget => "stopped, much was asked for lately".to_owned(),
            Self::Unproven => "stopped, the server's answer proves nothing".to_owned(),
            Self::Failed(reason) => format!("stopped: {reason}"),
        }
    }
}

impl Refill {
    /// A walk for a gap, or for what a newest page left open, from `from` below what is `proven`.
    pub fn new(gap: Option<Arc<str>>, proven: Arc<str>, from: Arc<str>, begun: Timestamp) -> Self {
        Self { gap, proven, from, asked: None, retry_at: None, attempts: 0, pages: 0, begun, meets: None }
    }

    /// Whether a question is to be asked now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.asked.is_none() && self.retry_at.is_none_or(|at| at <= now)
    }

    /// Takes in what a page showed. `joins` is the id from which on all is known to be complete, if there is one.
    pub fn take(&mut self, seen: &Seen, joins: Option<&str>) -> Stand {
        self.attempts = 0;
        self.retry_at = None;
        let Some((newest, oldest)) = &seen.ends else {
            // A page's length proves nothing, but for one: an empty page is the end. One that could not be read is not empty.
            return if seen.rejected == 0 { Stand::Complete } else { Stand::Stopped };
        };
        if by_age(oldest, &self.from) != Ordering::Greater {
            // The server did not start where it was asked to, so what lies between is not known.
            return Stand::Stopped;
        }
        self.from = Arc::clone(newest);
        if by_age(newest, &self.proven) == Ordering::Greater {
            self.proven = Arc::clone(newest);
        }
        self.pages += 1;
        if joins.is_some_and(|joins| by_age(newest, joins) != Ordering::Less) {
            Stand::Joined
        } else if self.pages.is_multiple_of(MOST_PAGES) {
            Stand::Stopped
        } else {
            Stand::On
        }
    }
}

/// When refills asked lately, to keep them within what a server allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    asked: VecDeque<Timestamp>,
}

impl Budget {
    /// The time over which questions count.
    pub const WINDOW: SignedDuration = SignedDuration::from_mins(15);

    /// Takes one question out of the budget; says whether there was one.
    pub fn take(&mut self, now: Timestamp) -> bool {
        while self.asked.front().is_some_and(|at| now.duration_since(*at) >= Self::WINDOW) {
            self.asked.pop_front();
        }
        let there = self.asked.len() < MOST_QUESTIONS;
        if there {
            self.asked.push_back(now);
        }
        there
    }

    /// Questions that count at present.
    pub fn spent(&self) -> usize {
        self.asked.len()
    }

    /// Questions that may be asked now.
    pub fn left(&self, now: Timestamp) -> usize {
        let over = self.asked.partition_point(|at| now.duration_since(*at) >= Self::WINDOW);
        MOST_QUESTIONS - (self.asked.len() - over)
    }

    /// When more than so many questions may be asked; `None` where that is never.
    pub fn free_at(&self, reserve: usize, now: Timestamp) -> Option<Timestamp> {
        let keep = MOST_QUESTIONS.checked_sub(reserve + 1)?;
        match self.asked.len().checked_sub(keep + 1) {
            None => Some(now),
            Some(last) => self.asked.get(last)?.checked_add(Self::WINDOW).ok().map(|at| at.max(now)),
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

    fn walk() -> Refill {
        Refill::new(Some("50".into()), "50".into(), "40".into(), at(0))
    }

    #[test]
    fn only_an_empty_page_or_what_is_known_to_be_complete_ends_a_walk() {
        let mut refill = walk();
        assert_eq!(refill.take(&page("45", "41"), None), Stand::On, "a short page proves nothing");
        assert_eq!((&*refill.from, &*refill.proven), ("45", "50"), "below the anchor nothing new is proven");
        assert_eq!(refill.take(&page("60", "50"), Some("61")), Stand::On);
        assert_eq!((&*refill.from, &*refill.proven), ("60", "60"));
        assert_eq!(refill.take(&page("100", "70"), Some("61")), Stand::Joined);
        assert_eq!(refill.take(&Seen::default(), None), Stand::Complete);
        assert_eq!(refill.take(&Seen { ends: None, rejected: 3 }, None), Stand::Stopped, "unreadable is not empty");
    }

    #[test]
    fn a_server_that_starts_elsewhere_proves_nothing() {
        let mut refill = walk();
        assert_eq!(refill.take(&page("90", "40"), Some("80")), Stand::Stopped);
        assert_eq!((&*refill.from, &*refill.proven), ("40", "50"));
    }

    #[test]
    fn a_walk_rests_after_ten_pages_and_may_go_on_for_ten_more() {
        let mut refill = walk();
        let stands: Vec<Stand> = (0..20).map(|n| refill.take(&page(&format!("{}", 60 + n), &format!("{}", 60 + n)), None)).collect();
        let rests: Vec<usize> = (0..20).filter(|n| stands[*n] == Stand::Stopped).collect();
        assert_eq!(rests, [9, 19]);
    }

    #[test]
    fn the_budget_is_spent_once_a_quarter_of_an_hour() {
        let mut budget = Budget::default();
        assert_eq!((0..200).filter(|n| budget.take(at(*n))).count(), MOST_QUESTIONS);
        assert!(!budget.take(at(899)));
        assert!(budget.take(at(900)) && !budget.take(at(900)), "the first one counts no more");
        assert_eq!((budget.left(at(900)), budget.left(at(901)), budget.left(at(905))), (0, 1, 5));
        assert_eq!(
            (budget.free_at(0, at(900)), budget.free_at(4, at(900)), budget.free_at(40, at(5000))),
            (Some(at(901)), Some(at(905)), Some(at(5000)))
        );
        assert_eq!(budget.free_at(MOST_QUESTIONS, at(900)), None);
        assert_eq!(Budget::default().free_at(40, at(1)), Some(at(1)));
    }
}
