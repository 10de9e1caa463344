//! Ages and times of day in words. The only clock is `State::now`; a drawing notes when one of its ages will read
//! differently, so that the loop can sleep until then.

use crate::model::Timestamp;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// What a drawing knows of time.
#[derive(Debug)]
pub(crate) struct Clock<'a> {
    now: Timestamp,
    zone: &'a TimeZone,
    next_change: Option<Timestamp>,
}

impl<'a> Clock<'a> {
    /// A clock that stands at `now`.
    pub(crate) fn new(now: Timestamp, zone: &'a TimeZone) -> Self {
        Self { now, zone, next_change: None }
    }

    /// When something that was told reads differently.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        self.next_change
    }

    /// The moment at which it stands.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// How long ago: `now`, `3m`, `2h`, `4d`, then the day. Never negative.
    pub(crate) fn age(&mut self, at: Timestamp) -> String {
        let seconds = self.now.duration_since(at).as_secs().max(0);
        let (text, step) = match seconds {
            ..MINUTE => ("now".to_owned(), MINUTE),
            MINUTE..HOUR => (format!("{}m", seconds / MINUTE), MINUTE),
            HOUR..DAY => (format!("{}h", seconds / HOUR), HOUR),
            DAY..WEEK => (format!("{}d", seconds / DAY), DAY),
            _ => return day(at, self.now, self.zone),
        };
        self.note(at, (seconds / step + 1) * step);
        text
    }

    /// How long until then: `under a minute`, `3 min`, `2 h`, `4 d`; `None` once it has passed.
    pub(crate) fn left(&mut self, until: Timestamp) -> Option<String> {
        let seconds = until.duration_since(self.now).as_secs();
        let (text, step) = match seconds {
            ..1 => return None,
            1..MINUTE => ("under a minute".to_owned(), MINUTE),
            MINUTE..HOUR => (format!("{} min", seconds / MINUTE), MINUTE),
            HOUR..DAY => (format!("{} h", seconds / HOUR), HOUR),
            _ => (format!("{} d", seconds / DAY), DAY),
        };
        // Until the whole step has passed; the last one ends with the time itself.
        let whole = seconds / step * step;
        self.note(until, if whole == 0 { 0 } else { 1 - whole });
        Some(text)
    }

    /// When something is due: `in 4 s`, `in 3 min`, `now`.
    pub(crate) fn soon(&mut self, at: Timestamp) -> String {
        let seconds = at.duration_since(self.now).as_secs();
        if seconds <= 0 {
            return "now".to_owned();
        }
        self.note(self.now, 1);
        if seconds < 2 * MINUTE { format!("in {seconds} s") } else { format!("in {} min", seconds / MINUTE) }
    }

    /// How long ago, to the second at first: `12 s ago`, `3 min ago`. Never negative.
    pub(crate) fn lately(&mut self, at: Timestamp) -> String {
        let seconds = self.now.duration_since(at).as_secs().max(0);
        if seconds < 2 * MINUTE {
            self.note(self.now, 1);
            return format!("{seconds} s ago");
        }
        self.note(at, (seconds / MINUTE + 1) * MINUTE);
        format!("{} ago", length(SignedDuration::from_secs(seconds)))
    }

    fn note(&mut self, from: Timestamp, seconds: i64) {
        if let Ok(at) = from.checked_add(SignedDuration::from_secs(seconds)) {
            self.wake(at);
        }
    }

    /// Notes that something reads differently then; nothing where that has passed.
    pub(crate) fn wake(&mut self, at: Timestamp) {
        let at = Some(at).filter(|at| *at > self.now);
        self.next_change = match (self.next_change, at) {
            (Some(known), Some(at)) => Some(known.min(at)),
            (known, at) => known.or(at),
        };
    }
}

/// How long ago in whole words, for the ear: `just now`, `3 minutes ago`, `2 hours ago`, `4 days ago`, then the day.
pub(crate) fn spoken(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    let (count, unit) = match seconds {
        ..MINUTE => return "just now".to_owned(),
        MINUTE..HOUR => (seconds / MINUTE, "minute"),
        HOUR..DAY => (seconds / HOUR, "hour"),
        DAY..WEEK => (seconds / DAY, "day"),
        _ => return format!("on {}", day(at, now, zone)),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

/// The time of day, with the day where it is another than today.
pub(crate) fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (then, today) = (zone.to_datetime(at), zone.to_datetime(now));
    let format = if then.date() == today.date() {
        "%H:%M"
    } else if then.year() == today.year() {
        "%-d %b %H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    then.strftime(format).to_string()
}

/// As `moment`, with the seconds.
pub(crate) fn to_the_second(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    format!("{}{}", moment(at, now, zone), zone.to_datetime(at).strftime(":%S"))
}

/// When something is due: with the seconds where it is so soon that the minute alone would say nothing.
pub(crate) fn due(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    if at.duration_since(now).as_secs() < 2 * MINUTE { to_the_second(at, now, zone) } else { moment(at, now, zone) }
}

/// Day and time in full.
pub(crate) fn full(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

fn day(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (then, today) = (zone.to_datetime(at), zone.to_datetime(now));
    then.strftime(if then.year() == today.year() { "%-d %b" } else { "%Y-%m-%d" }).to_string()
}

/// A length of time in whole minutes or hours: `12 min`, `3 h`.
pub(crate) fn length(duration: SignedDuration) -> String {
    let minutes = duration.as_mins().max(0);
    if minutes < 120 { format!("{minutes} min") } else { format!("{} h", minutes / 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ZONE: TimeZone = TimeZone::UTC;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn an_age_notes_when_it_will_read_differently() {
        let now = at(1_000_000);
        for (ago, words, change) in [(0, "now", 60), (59, "now", 1), (60, "1m", 60), (3_599, "59m", 1), (7_200, "2h", 3_600)] {
            let mut clock = Clock::new(now, &ZONE);
            assert_eq!(clock.age(at(1_000_000 - ago)), words);
            assert_eq!(clock.next_change(), Some(at(1_000_000 + change)), "{ago}");
        }
    }

    #[test]
    fn an_age_from_the_future_is_now_and_an_old_one_is_a_day() {
        let mut clock = Clock::new("2026-11-23T12:00:00Z".parse().unwrap(), &ZONE);
        assert_eq!(clock.age("2026-11-23T13:00:00Z".parse().unwrap()), "now");
        let mut clock = Clock::new("2026-11-23T12:00:00Z".parse().unwrap(), &ZONE);
        assert_eq!(clock.age("2026-11-03T13:00:00Z".parse().unwrap()), "3 Nov");
        assert_eq!(clock.age("2024-01-03T13:00:00Z".parse().unwrap()), "2024-01-03");
        assert_eq!(clock.next_change(), None);
    }

    #[test]
    fn an_age_for_the_ear_is_in_whole_words() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let told = |ago: i64| spoken(now.checked_sub(SignedDuration::from_secs(ago)).unwrap(), now, &ZONE);
        assert_eq!([-5, 59, 60, 7_300, 200_000].map(told), ["just now", "just now", "1 minute ago", "2 hours ago", "2 days ago"]);
        assert_eq!(told(DAY * 20), "on 3 Nov");
    }

    #[test]
    fn what_was_lately_is_told_to_the_second_for_two_minutes() {
        let now = at(1_000_000);
        for (ago, words, change) in [(-5, "0 s ago", 1), (12, "12 s ago", 1), (119, "119 s ago", 1), (130, "2 min ago", 50)] {
            let mut clock = Clock::new(now, &ZONE);
            assert_eq!(clock.lately(at(1_000_000 - ago)), words);
            assert_eq!(clock.next_change(), Some(at(1_000_000 + change)), "{ago}");
        }
    }

    #[test]
    fn what_is_left_shrinks_at_the_noted_second() {
        let mut clock = Clock::new(at(0), &ZONE);
        assert_eq!(clock.left(at(3 * HOUR + 5)).as_deref(), Some("3 h"));
        let change = clock.next_change().unwrap();
        let mut before = Clock::new(at(change.as_second() - 1), &ZONE);
        assert_eq!(before.left(at(3 * HOUR + 5)).as_deref(), Some("3 h"));
        let mut after = Clock::new(change, &ZONE);
        assert_eq!(after.left(at(3 * HOUR + 5)).as_deref(), Some("2 h"));
        assert_eq!(after.left(at(0)), None);
    }

    #[test]
    fn times_of_day_name_the_day_where_it_is_another() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        assert_eq!(moment("2026-11-23T08:05:00Z".parse().unwrap(), now, &ZONE), "08:05");
        assert_eq!(moment("2026-11-22T08:05:00Z".parse().unwrap(), now, &ZONE), "22 Nov 08:05");
        assert_eq!(moment("2025-11-22T08:05:00Z".parse().unwrap(), now, &ZONE), "2025-11-22 08:05");
        assert_eq!(to_the_second("2026-11-22T08:05:07Z".parse().unwrap(), now, &ZONE), "22 Nov 08:05:07");
        let after = |seconds| due(now.checked_add(SignedDuration::from_secs(seconds)).unwrap(), now, &ZONE);
        assert_eq!((after(119).len(), after(120).len()), (8, 5), "{} {}", after(119), after(120));
    }
}
