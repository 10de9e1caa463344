//! `Pace`: how much may be said by itself, so that whoever listens is not left behind.
//!
//! What is said takes time to be read or heard. What comes by itself is said at once while little is left to be heard;
//! beyond that it is counted, and the count is said when there is silence again. Absent on purpose: what the reader asked
//! for, which is always said at once.

use crate::model::Timestamp;
use jiff::SignedDuration;

/// Characters that are read or heard in a second: some 200 words in a minute.
const CHARACTERS: usize = 18;
/// What comes by itself waits for at most this much that has not been heard yet.
const BEHIND: SignedDuration = SignedDuration::from_secs(15);
/// Time between two counts for a reader who is elsewhere in the tab.
const ELSEWHERE: SignedDuration = SignedDuration::from_secs(30);

/// What is still to be heard, and what was only counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    /// Until when what was said takes to be heard.
    busy: Option<Timestamp>,
    /// How many rows were counted and not told yet.
    counted: usize,
    /// When a count was told last.
    told: Option<Timestamp>,
}

impl Pace {
    /// The reader asked for something: what was being said is not listened to any longer.
    pub(super) fn interrupt(&mut self, now: Timestamp) {
        self.busy = Some(now);
    }

    /// Takes in that this is being said.
    pub(super) fn say(&mut self, lines: &[String], now: Timestamp) {
        let characters: usize = lines.iter().map(|line| line.chars().count() + 10).sum();
        let seconds = i64::try_from(characters / CHARACTERS).unwrap_or(i64::MAX).clamp(1, 120);
        let from = self.busy.map_or(now, |busy| busy.max(now));
        self.busy = from.checked_add(SignedDuration::from_secs(seconds)).ok();
    }

    /// Whether something that came by itself may be said.
    pub(super) fn may_say(&self, now: Timestamp) -> bool {
        self.counted == 0 && self.busy.is_none_or(|busy| busy.duration_since(now) <= BEHIND)
    }

    /// Counts a row instead of saying it.
    pub(super) fn count(&mut self) {
        self.counted += 1;
    }

    /// How many rows are to be told of as a count now, to a reader who follows what is new or is elsewhere in the tab.
    pub(super) fn due(&mut self, now: Timestamp, follows: bool) -> Option<usize> {
        if self.due_at(now, follows)? > now {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.counted))
    }

    /// When a count is told; `None` where there is none.
    pub(super) fn due_at(&self, now: Timestamp, follows: bool) -> Option<Timestamp> {
        let again = self.told.filter(|_| !follows).and_then(|told| told.checked_add(ELSEWHERE).ok());
        (self.counted > 0).then(|| [self.busy, again].into_iter().flatten().fold(now, Timestamp::max))
    }

    /// Forgets what was counted.
    pub(super) fn forget(&mut self) {
        self.counted = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_too_much_is_counted_and_told_in_the_next_silence() {
        let mut pace = Pace::default();
        let post = vec!["x".repeat(170)];
        let mut said = 0;
        for _ in 0..10 {
            if pace.may_say(at(0)) {
                pace.say(&post, at(0));
                said += 1;
            } else {
                pace.count();
            }
        }
        assert_eq!((said, pace.due(at(1), true)), (2, None), "ten seconds each");
        assert_eq!(pace.due_at(at(1), true), Some(at(20)));
        assert!(!pace.may_say(at(18)), "what comes now is counted as well, or it would be told out of order");
        assert_eq!((pace.due(at(20), true), pace.due(at(21), true)), (Some(8), None));
        assert!(pace.may_say(at(21)));
        assert_eq!(pace.due_at(at(21), true), None, "and nothing keeps the clock busy");
    }

    #[test]
    fn whoever_is_elsewhere_hears_a_count_now_and_then() {
        let mut pace = Pace::default();
        pace.count();
        assert_eq!(pace.due(at(0), false), Some(1));
        pace.count();
        assert_eq!((pace.due(at(29), false), pace.due_at(at(29), false)), (None, Some(at(30))));
        assert_eq!(pace.due(at(30), false), Some(1));
    }

    #[test]
    fn a_key_silences_what_was_being_said() {
        let mut pace = Pace::default();
        pace.say(&["x".repeat(1_000)], at(0));
        assert!(!pace.may_say(at(1)));
        pace.interrupt(at(1));
        assert!(pace.may_say(at(1)));
    }
}
