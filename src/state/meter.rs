//! `Meter`: how much has come lately, in buckets of five seconds over the last minute.

use crate::model::Timestamp;

/// Length of a bucket in seconds.
pub const BUCKET_SECONDS: i64 = 5;
const BUCKETS: usize = 12;
/// From so many arrivals a minute on much comes, and below so many not any more.
const BUSY: u32 = 20;
const NOT_BUSY: u32 = 10;

/// Counts arrivals of the last minute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meter {
    counts: [u32; BUCKETS],
    /// The running number of the newest bucket: seconds since the epoch by bucket length.
    newest: i64,
    busy: bool,
}

impl Meter {
    /// Counts one arrival at `now`.
    pub fn count(&mut self, now: Timestamp) {
        self.advance(now);
        if let Some(newest) = self.counts.first_mut() {
            *newest = newest.saturating_add(1);
        }
        self.judge();
    }

    /// Lets time pass: buckets older than a minute are emptied. Says whether the picture changes by that.
    pub fn advance(&mut self, now: Timestamp) -> bool {
        let number = now.as_second().div_euclid(BUCKET_SECONDS);
        let passed = number - self.newest;
        if passed == 0 {
            return false;
        }
        let changes = !self.is_still();
        self.newest = number;
        match usize::try_from(passed) {
            Ok(passed) if passed < BUCKETS => {
                self.counts.rotate_right(passed);
                self.counts.iter_mut().take(passed).for_each(|count| *count = 0);
            }
            // A minute or more has passed, or the clock was set back.
            Ok(_) | Err(_) => self.counts = [0; BUCKETS],
        }
        self.judge();
        changes
    }

    /// Arrivals in the last minute.
    pub fn per_minute(&self) -> u32 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether so much comes that it is worth telling. It takes less to stay busy than to become so: what is told of it does not
    /// come and go with each arrival.
    pub fn is_busy(&self) -> bool {
        self.busy
    }

    fn judge(&mut self) {
        self.busy = self.per_minute() >= if self.busy { NOT_BUSY } else { BUSY };
    }

    /// Arrivals per second over the last two buckets, in tenths.
    pub fn tenths_per_second(&self) -> u32 {
        let recent = self.counts.iter().take(2).fold(0_u32, |sum, count| sum.saturating_add(*count));
        recent.saturating_mul(10) / u32::try_from(BUCKET_SECONDS * 2).unwrap_or(10)
    }

    /// Heights from 0 to 7 of the last `n` pairs of buckets (ten seconds each), oldest first, for a sparkline.
    pub fn bars(&self, n: usize) -> Vec<u8> {
        let mut pairs: Vec<u32> = self.counts.chunks(2).take(n).map(|pair| pair.iter().sum()).collect();
        pairs.reverse();
        let most = pairs.iter().copied().max().unwrap_or(0).max(4);
        pairs.iter().map(|count| if *count == 0 { 0 } else { u8::try_from(1 + count * 6 / most).unwrap_or(7) }).collect()
    }

    /// Whether nothing has come for a minute; then no time needs to be kept for it.
    pub fn is_still(&self) -> bool {
        self.counts.iter().all(|count| *count == 0)
    }

    /// When the picture changes next without any arrival; `None` when it is still.
    pub fn next_change(&self) -> Option<Timestamp> {
        if self.is_still() {
            return None;
        }
        Timestamp::from_second((self.newest + 1) * BUCKET_SECONDS).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn it_takes_less_to_stay_busy_than_to_become_so() {
        let mut meter = Meter::default();
        (0..19).for_each(|_| meter.count(at(0)));
        assert!(!meter.is_busy());
        meter.count(at(5));
        (0..9).for_each(|_| meter.count(at(30)));
        assert!(meter.is_busy());
        meter.advance(at(60));
        assert_eq!(meter.per_minute(), 10);
        assert!(meter.is_busy(), "still");
        meter.advance(at(65));
        assert!(!meter.is_busy(), "no more");
    }

    #[test]
    fn arrivals_are_forgotten_after_a_minute() {
        let mut meter = Meter::default();
        for second in [0, 1, 7, 31] {
            meter.count(at(second));
        }
        assert_eq!(meter.per_minute(), 4);
        meter.advance(at(61));
        assert_eq!(meter.per_minute(), 2, "the first bucket has gone");
        meter.advance(at(95));
        assert!(meter.is_still());
        assert_eq!(meter.next_change(), None);
    }

    #[test]
    fn a_clock_set_back_empties_the_meter_and_does_not_stop_it() {
        let mut meter = Meter::default();
        meter.count(at(1_000));
        meter.count(at(10));
        assert_eq!(meter.per_minute(), 1);
    }

    #[test]
    fn bars_run_from_old_to_new_and_show_even_one_arrival() {
        let mut meter = Meter::default();
        meter.count(at(0));
        (0..8).for_each(|_| meter.count(at(50)));
        let bars = meter.bars(6);
        assert_eq!(bars.len(), 6);
        assert_eq!((bars[0], bars[5]), (1, 7));
    }
}
