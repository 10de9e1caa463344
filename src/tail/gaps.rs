//! Which gaps of the ledger have been told: each once that stays, none that is filled.

use super::line::Hole;
use crate::model::{Failure, Stream, Timestamp, by_age};
use crate::state::{Cause, Fill, Gap, Row, State};
use crate::text::Plain;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The gaps as they were when they were last looked at.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    open: BTreeMap<(Stream, Arc<str>), Open>,
    /// Why the last question about a stream had no answer.
    failed: BTreeMap<Stream, Plain>,
}

#[derive(Debug)]
struct Open {
    gap: Gap,
    told: bool,
}

impl Gaps {
    /// Remembers that a question about a stream had no answer.
    pub(super) fn failed(&mut self, stream: &Stream, failure: &Failure) {
        tracing::warn!(stream = %stream.spec(), reason = %failure.reason, "a page could not be had");
        self.failed.insert(stream.clone(), failure.reason.clone());
    }

    /// The gaps that stay and have not been told, now that something other than an event of a stream has happened: nothing
    /// else opens or closes one, but for rows over the cap, and those are noticed here as well.
    pub(super) fn news(&mut self, state: &State) -> Vec<Hole> {
        let mut before = std::mem::take(&mut self.open);
        let mut holes = Vec::new();
        for (stream, timeline) in &state.timelines {
            // No walk fills the gaps of conversations; a look at the newest page may show that nothing is missing.
            let waits = !stream.is_paged_by_id() && (timeline.review.is_some() || timeline.check_at.is_some());
            for gap in timeline.gaps().filter(|gap| gap.cause != Cause::Trimmed) {
                let key = (stream.clone(), Arc::clone(&gap.after));
                // One that has grown since is told again.
                let mut told = before.remove(&key).is_some_and(|held| held.told && held.gap.until == gap.until);
                if gap.fill == Fill::Left && !told && !waits {
                    told = true;
                    holes.push(self.hole(stream, gap, None));
                }
                self.open.insert(key, Open { gap: gap.clone(), told });
            }
        }
        for ((stream, after), held) in before {
            let oldest = state.timelines.get(&stream).and_then(|timeline| timeline.rows().back()).map(Row::place_id);
            // Where what it stood on is still there it was filled. Else more came meanwhile than is kept, and nobody fills it.
            let dropped = oldest.is_some_and(|oldest| by_age(&after, oldest) == Ordering::Less);
            if dropped && !held.told {
                holes.push(self.hole(&stream, &held.gap, oldest));
            }
        }
        self.failed.clear();
        holes
    }

    fn hole(&self, stream: &Stream, gap: &Gap, before: Option<&str>) -> Hole {
        Hole {
            stream: stream.clone(),
            after: Some(gap.after.to_string()),
            before: before.or(gap.before.as_deref()).map(str::to_owned),
            since: gap.since,
            until: gap.until,
            reason: match gap.cause {
                Cause::Disconnected => "disconnected",
                Cause::Shed => "shed",
                Cause::Trimmed => "trimmed",
            },
            lost: gap.lost,
            failure: self.failed.get(stream).cloned(),
        }
    }
}

/// A hole in a ledger that has no row yet on which a gap could stand.
pub(super) fn without_row(stream: &Stream, since: Option<Timestamp>, reason: &'static str, lost: Option<u64>) -> Hole {
    Hole { stream: stream.clone(), after: None, before: None, since, until: None, reason, lost, failure: None }
}
