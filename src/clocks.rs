//! `Clocks`: the wall's clock and the process's own, read together, for the loops in which time enters.
//!
//! Absent on purpose: what follows from a time. Rooms beneath the loops are told it.

use crate::model::Timestamp;
use std::time::{Duration, Instant};

/// The longest time without a look at the clocks: a sleep of the machine shows only in them.
pub const LOOK: Duration = Duration::from_secs(15);
/// How much more the wall clock may move than the process's own before the machine must have slept.
const SLEPT: Duration = Duration::from_secs(10);

/// The wall's clock and the process's own. The latter stands still while the machine sleeps.
#[derive(Debug, Clone, Copy)]
pub struct Clocks {
    /// The time of day.
    pub wall: Timestamp,
    /// The process's own.
    pub steady: Instant,
}

impl Clocks {
    /// Reads both.
    #[expect(clippy::disallowed_methods, reason = "this is where time enters the loops")]
    pub fn read() -> Self {
        Self { wall: Timestamp::now(), steady: Instant::now() }
    }

    /// Whether the machine slept since an earlier reading.
    pub fn slept_since(&self, earlier: &Self) -> bool {
        let wall = Duration::try_from(self.wall.duration_since(earlier.wall)).unwrap_or_default();
        wall.saturating_sub(self.steady.duration_since(earlier.steady)) > SLEPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_sleep_shows_in_the_difference_of_the_clocks_and_a_long_wait_does_not() {
        let before = Clocks::read();
        let after = |wall: i64, steady: u64| Clocks {
            wall: before.wall + SignedDuration::from_secs(wall),
            steady: before.steady + Duration::from_secs(steady),
        };
        assert!(after(3600, 5).slept_since(&before));
        assert!(!after(3600, 3600).slept_since(&before));
        assert!(!after(8, 0).slept_since(&before));
        assert!(!after(-3600, 5).slept_since(&before), "set back by hand");
    }
}
