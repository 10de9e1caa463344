//! The figures of a run: what came, and what it cost.

use crate::model::StreamEvent;
use serde::Serialize;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

/// How many events are remembered to tell repeats.
const REMEMBERED: usize = 100_000;

/// What came, and what it cost from the first event on.
#[derive(Debug, Default)]
pub struct Stats {
    events: u64,
    bytes: u64,
    duplicates: u64,
    seen: HashSet<u64>,
    order: VecDeque<u64>,
    start: Option<Spent>,
    /// Whether the connection has been live at all.
    pub(super) was_live: bool,
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

    pub(super) fn count(&mut self, event: &StreamEvent) {
        self.start.get_or_insert_with(Spent::so_far);
        self.events += 1;
        let raw = event.raw.as_deref().unwrap_or_default();
        self.bytes += raw.len() as u64;
        let mut hasher = DefaultHasher::new();
        (event.name.as_str(), super::id(event), if super::id(event).is_none() { raw } else { "" }).hash(&mut hasher);
        // Two edits of one post are two events; the same edit on two streams is one.
        if event.name.as_str() == "status.update" {
            raw.hash(&mut hasher);
        }
        let mark = hasher.finish();
        if !self.seen.insert(mark) {
            self.duplicates += 1;
            return;
        }
        self.order.push_back(mark);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
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
