//! The figures of a run: what came, and what it cost.

use crate::model::StreamEvent;
use serde::Serialize;
use std::time::Duration;

/// What came, and what it cost from the first event on.
#[derive(Debug, Default)]
pub struct Stats {
    events: u64,
    bytes: u64,
    duplicates: u64,
    start: Option<Spent>,
}

/// The line of figures.
#[derive(Debug, Serialize)]
struct Figures {
    events: u64,
    bytes: u64,
    duplicates: u64,
    user_s: Option<f64>,
    sys_s: Option<f64>,
    wall_s: f64,
    peak_rss_kb: Option<u64>,
    rss_kb: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Spent {
    wall: tokio::time::Instant,
    user: Option<Duration>,
    system: Option<Duration>,
}

impl Stats {
    /// Events of the server so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Counts an event; a duplicate is one about a post that was held already.
    pub(super) fn count(&mut self, event: &StreamEvent, is_duplicate: bool) {
        self.events += 1;
        self.weigh(event, is_duplicate);
    }

    /// Takes in what came of an event that counts no more, since it has been counted.
    pub(super) fn weigh(&mut self, event: &StreamEvent, is_duplicate: bool) {
        self.start.get_or_insert_with(Spent::so_far);
        self.bytes += event.raw.as_deref().map_or(0, str::len) as u64;
        self.duplicates += u64::from(is_duplicate);
    }

    /// The figures as one line of JSON; those of the process are null where the system does not tell them.
    pub fn line(&self) -> String {
        let now = Spent::so_far();
        let start = self.start.unwrap_or(now);
        let spent = |from: Option<Duration>, to: Option<Duration>| Some(to?.saturating_sub(from?).as_secs_f64());
        let (peak_rss_kb, rss_kb) = memory();
        let figures = Figures {
            events: self.events,
            bytes: self.bytes,
            duplicates: self.duplicates,
            user_s: spent(start.user, now.user),
            sys_s: spent(start.system, now.system),
            wall_s: now.wall.saturating_duration_since(start.wall).as_secs_f64(),
            peak_rss_kb,
            rss_kb,
        };
        serde_json::to_string(&figures).unwrap_or_default()
    }
}

impl Spent {
    fn so_far() -> Self {
        let (user, system) = processor().map_or((None, None), |(user, system)| (Some(user), Some(system)));
        Self { wall: tokio::time::Instant::now(), user, system }
    }
}

/// Processor time of this process in user and system mode, from `/proc/self/stat`; its unit is a hundredth of a second on
/// every Linux there is.
fn processor() -> Option<(Duration, Duration)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut ticks = fields.split_whitespace().skip(11).map_while(|field| field.parse::<u64>().ok());
    let (user, system) = (ticks.next()?, ticks.next()?);
    Some((Duration::from_millis(user * 10), Duration::from_millis(system * 10)))
}

/// The most memory that was resident and what is now, in KiB, from `/proc/self/status`.
fn memory() -> (Option<u64>, Option<u64>) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
    };
    (field("VmHWM"), field("VmRSS"))
}
