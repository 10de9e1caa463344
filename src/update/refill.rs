//! Fills gaps: decides which walk goes on, asks its next page, and takes in what the answer proves.
//!
//! Walks go from the last point proven complete upwards until nothing is above, with some overlap for what came late. Absent on
//! purpose: the looks that come after them, once the subscription has surely taken effect, and deep passes (`review` has both).

use super::rows::{self, Came};
use super::{Effect, Question, reply, review, say};
use crate::model::{Connection, Failure, Item, Page, Stream, Timestamp, by_age};
use crate::state::refill::{CHECK_AFTER, MOST_PAGES, Seen, Stand, Stopped};
use crate::state::review::{DEEP_AFTER, DEEP_APART, MOST_SUSPECTS, Span};
use crate::state::{Cause, Fill, Measured, Refill, Row, State, Store, Timeline};
use crate::text::Plain;
use jiff::SignedDuration;
use std::cmp::Ordering;
use std::sync::Arc;

/// How far below the last proven point a walk starts: remote posts arrive late, with ids from when they were written.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);
/// How many rows that may be at most.
const OVERLAP_ROWS: usize = 20;

/// Asks what is to be asked now, for the tab on screen first. Called after every message.
pub(super) fn pump(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now;
    if state.line.state != Connection::Live {
        return;
    }
    let active: Vec<Stream> = state.tabs.active().map(|tab| tab.sources.all().to_vec()).unwrap_or_default();
    for stream in &active {
        review::hasten(state, stream);
    }
    let wants = |timeline: &Timeline| match (&timeline.refill, &timeline.review) {
        (Some(refill), _) => refill.is_due(now),
        (None, Some(review)) => review.is_due(now),
        (None, None) => timeline.due || timeline.look_at().is_some_and(|at| at <= now),
    };
    if state.timelines.values().any(wants) {
        let others = state.timelines.iter().filter(|(stream, timeline)| !active.contains(stream) && wants(timeline));
        let others: Vec<Stream> = others.map(|(stream, _)| stream.clone()).collect();
        for stream in active.into_iter().chain(others) {
            // Where one is stopped by the budget the next gap of the same tab is told so as well.
            while begin(state, &stream) && !ask(state, &stream, effects) {}
        }
    }
    review::ask_about_suspects(state, effects);
    review::go_deep(state, effects);
}

/// Begins the next walk or look of a stream where none is under way; says whether there is one now.
fn begin(state: &mut State, stream: &Stream) -> bool {
    let now = state.now;
    let Some(timeline) = state.timelines.get_mut(stream) else { return false };
    if timeline.refill.is_some() || timeline.review.is_some() {
        return true;
    }
    if let Some(after) = timeline.due_gap().map(|gap| Arc::clone(&gap.after)) {
        let from = overlap(&state.store, timeline, &after);
        timeline.set_fill(&after, Fill::Filling);
        timeline.refill = Some(Refill::new(Some(Arc::clone(&after)), after, from, now));
        state.revision += 1;
        return true;
    }
    timeline.due = false;
    review::begin(state, stream)
}

/// The id from which a walk starts whose ledger is proven up to `after`.
pub(super) fn overlap(store: &Store, timeline: &Timeline, after: &Arc<str>) -> Arc<str> {
    let mut start = Arc::clone(after);
    let mut newest: Option<Timestamp> = None;
    let below = timeline.rows_from(after).skip_while(|row| matches!(row, Row::Gap(gap) if gap.after == *after));
    for row in below.take_while(|row| !matches!(row, Row::Gap(_))).take(OVERLAP_ROWS + 1) {
        start = Arc::from(row.place_id());
        let at = match row {
            Row::Status(id) => store.status(id).and_then(|entry| entry.status().created_at),
            Row::Notification(id) => store.notification(id).and_then(|held| held.created_at),
            Row::Conversation(..) | Row::Tombstone(_) | Row::Gap(_) => None,
        };
        if let (Some(newest), Some(at)) = (newest, at)
            && newest.duration_since(at) >= OVERLAP
        {
            break;
        }
        newest = newest.max(at);
    }
    start
}

/// Asks the next page of the walk or look under way, if it is time; says whether that goes on.
fn ask(state: &mut State, stream: &Stream, effects: &mut Vec<Effect>) -> bool {
    let now = state.now;
    let Some(timeline) = state.timelines.get_mut(stream) else { return false };
    let Some(refill) = timeline.refill.as_mut() else { return review::ask(state, stream, effects) };
    if !refill.is_due(now) {
        return true;
    }
    if !state.budget.take(now) {
        let words = format!("{}: too many pages were asked for; enter on the gap fills it later", stream.title(&state.offer.lists));
        stop(state, stream, Stopped::Budget);
        say(state, Plain::line(&words), false);
        return false;
    }
    state.questions += 1;
    refill.asked = Some(state.questions);
    refill.retry_at = None;
    effects.push(Effect::Ask(Question::Newer { stream: stream.clone(), after: refill.from.to_string(), asked: state.questions }));
    true
}

/// Takes in an answer; one to a question of a walk that is over is nothing.
pub(super) fn answered(state: &mut State, measured: &Measured, stream: &Stream, asked: u64, result: Result<Page, Failure>) {
    let now = state.now;
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let Some(refill) = timeline.refill.as_mut().filter(|refill| refill.asked == Some(asked)) else { return };
    refill.asked = None;
    let page = match result {
        Ok(page) => page,
        Err(failure) => {
            refill.attempts += 1;
            refill.retry_at = reply::retry_at(now, &failure, refill.attempts);
            let stops = refill.retry_at.is_none();
            if let Some(poll) = &mut timeline.poll {
                poll.failure = Some(failure.clone());
            }
            if stops {
                let title = stream.title(&state.offer.lists);
                stop(state, stream, Stopped::Failed(failure.reason.clone()));
                say(state, Plain::line(&format!("{title}: what may be missing could not be asked for: {}", failure.reason)), true);
            }
            state.revision += 1;
            return;
        }
    };
    let seen = seen(&page);
    let gap = refill.gap.clone();
    let before = gap.as_ref().and_then(|gap| timeline.gap_mut(gap)?.before.clone());
    let Some(refill) = timeline.refill.as_mut() else { return };
    let asked_from = Arc::clone(&refill.from);
    let met = refill.meets.as_ref().map(|(_, oldest)| Arc::clone(oldest));
    let joins = if gap.is_some() {
        before
    } else {
        [timeline.witness.clone(), met].into_iter().flatten().min_by(|left, right| by_age(left, right))
    };
    let stand = refill.take(&seen, joins.as_deref());
    let (proven, begun) = (Arc::clone(&refill.proven), refill.begun);
    // One that took its last page proves as much as the others.
    let why = if refill.pages > 0 && refill.pages.is_multiple_of(MOST_PAGES) { Stopped::Pages } else { Stopped::Unproven };
    let listed = review::listed(&page);
    reply::take(state, measured, stream, page, Came::Refill);
    if let Some((newest, oldest)) = seen.ends.clone()
        && by_age(&oldest, &asked_from) == Ordering::Greater
    {
        // What it goes over again may have changed as well.
        let span = Span { top: Some(newest), with_top: true, bottom: Some(asked_from), with_bottom: false };
        review::suspect(state, stream, &span, &listed, MOST_SUSPECTS);
    }
    if let Some(gap) = &gap {
        advance(state, measured, stream, gap, &proven);
    }
    match stand {
        // The next question is asked with all others.
        Stand::On => {}
        Stand::Stopped => stop(state, stream, why),
        Stand::Joined | Stand::Complete => finish(state, measured, stream, stand, (&proven, begun)),
    }
    rows::trim(state, stream);
    if seen.rejected > 0 {
        let title = stream.title(&state.offer.lists);
        say(state, Plain::line(&format!("{title}: {} of a page could not be read and are left out", seen.rejected)), true);
    }
    state.revision += u64::from(gap.is_some());
}

/// What a page was, as far as a walk or a look needs it.
pub(super) fn seen(page: &Page) -> Seen {
    Seen { ends: ends(page), rejected: page.rejected }
}

/// The newest id of a page.
pub(super) fn newest(page: &Page) -> Option<Arc<str>> {
    ends(page).map(|(newest, _)| newest)
}

/// The newest and the oldest id of a page, in whatever order it came.
fn ends(page: &Page) -> Option<(Arc<str>, Arc<str>)> {
    let ids = || {
        page.items.iter().filter_map(|item| match item {
            Item::Status(id) => Some(id.as_str()),
            Item::Notification(notification) => Some(notification.id.as_str()),
            Item::Conversation(_) => None,
        })
    };
    let newest = ids().max_by(|left, right| by_age(left, right))?;
    let oldest = ids().min_by(|left, right| by_age(left, right))?;
    Some((Arc::from(newest), Arc::from(oldest)))
}

/// Moves a gap up to what is proven by now; those that it passes are filled with it.
fn advance(state: &mut State, measured: &Measured, stream: &Stream, gap: &Arc<str>, proven: &Arc<str>) {
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    // It may have gone with rows over the cap.
    let walks = timeline.refill.as_ref().is_some_and(|refill| refill.gap.as_ref() == Some(gap));
    if gap == proven || !walks {
        return;
    }
    let reached = timeline.rows_from(proven).find_map(|row| match row {
        Row::Status(id) if id.as_str() == &**proven => state.store.status(id)?.status().created_at,
        Row::Notification(id) if id.as_str() == &**proven => state.store.notification(id)?.created_at,
        Row::Status(_) | Row::Notification(_) | Row::Conversation(..) | Row::Tombstone(_) | Row::Gap(_) => None,
    });
    let is_between = |after: &Arc<str>| by_age(after, gap) == Ordering::Greater && by_age(after, proven) != Ordering::Greater;
    let passed: Vec<(Arc<str>, Option<Timestamp>)> =
        timeline.gaps().filter(|other| is_between(&other.after)).map(|other| (Arc::clone(&other.after), other.until)).collect();
    for (after, _) in &passed {
        rows::move_gap(state, measured, stream, after, None);
    }
    rows::move_gap(state, measured, stream, gap, Some(proven));
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    if let Some(moved) = timeline.gap_mut(proven) {
        moved.until = passed.into_iter().map(|(_, until)| until).fold(moved.until, Option::max);
        moved.since = reached.filter(|reached| moved.until.is_none_or(|until| *reached <= until)).or(moved.since).max(moved.since);
        // How many are left of those that were counted is not known.
        moved.lost = None;
    }
    if let Some(refill) = &mut timeline.refill {
        refill.gap = Some(Arc::clone(proven));
    }
}

/// Ends a walk that reached what it went for.
fn finish(state: &mut State, measured: &Measured, stream: &Stream, stand: Stand, (proven, begun): (&Arc<str>, Timestamp)) {
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let Some(refill) = timeline.refill.take() else { return };
    let mut filled: Vec<Arc<str>> = refill.gap.iter().cloned().collect();
    if let Some((newest, _)) = &refill.meets {
        timeline.confirm(newest);
    }
    if refill.gap.is_none() || stand == Stand::Complete {
        review::polled(timeline, begun);
    }
    if stand == Stand::Complete {
        // Nothing is above what is proven, so that nothing is missing above it either.
        let above = |after: &Arc<str>| by_age(after, proven) != Ordering::Less;
        filled.extend(timeline.gaps().map(|gap| Arc::clone(&gap.after)).filter(above));
        timeline.confirm(proven);
    }
    for after in filled {
        rows::move_gap(state, measured, stream, &after, None);
    }
}

/// Ends a walk that cannot go on by itself: what it did not reach is left as a gap.
pub(super) fn stop(state: &mut State, stream: &Stream, why: Stopped) {
    let now = state.now;
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let Some(refill) = timeline.refill.take() else { return };
    timeline.check_at = None;
    let after = refill.gap.clone().unwrap_or(refill.proven);
    match refill.gap {
        Some(gap) => timeline.set_fill(&gap, Fill::Left),
        None => timeline.open_gap(&after, timeline.subscribed, Some(now), Cause::Disconnected),
    }
    if let Some(gap) = timeline.gap_mut(&after) {
        gap.stopped = Some(why);
    }
    state.revision += 1;
}

/// The connection was lost: walks and looks end, and what was not proven by then is in doubt.
pub(super) fn lost(timeline: &mut Timeline) {
    let walked = timeline.refill.as_ref().filter(|refill| refill.gap.is_none()).map(|refill| Arc::clone(&refill.proven));
    let looking = walked.or_else(|| timeline.review.as_ref()?.proven.clone());
    let waiting = timeline.check_at.and(timeline.shown_to.as_ref()).map(|(id, _)| Arc::clone(id));
    timeline.interrupt();
    if timeline.due_gap().is_none() {
        timeline.doubt = looking.or(waiting).or(timeline.doubt.take());
    }
    timeline.check_at = None;
    timeline.deep_at = None;
    timeline.subscribed = None;
    timeline.witness = None;
}

/// The connection carries a stream from now on: what came while it did not is filled, and looked for once more later.
pub(super) fn carried(timeline: &mut Timeline, stream: &Stream, now: Timestamp, away: Option<Timestamp>) {
    timeline.check_at = now.checked_add(CHECK_AFTER).ok();
    if let Some(since) = away {
        // What was shed meanwhile may be asked for already, from a stream that did not come.
        timeline.interrupt();
        timeline.held_to = timeline.rows().front().map(|row| Arc::from(row.place_id()));
        if let Some(doubt) = timeline.doubt.take() {
            timeline.open_gap(&doubt, Some(since), Some(now), Cause::Disconnected);
            if stream.is_paged_by_id() {
                timeline.set_fill(&doubt, Fill::Due);
            }
        }
        timeline.mark_gap(Some(since), Some(now), Cause::Disconnected, None);
        fill_newest(timeline, stream);
        timeline.shown_to = timeline.rows().front().map(|row| (Arc::from(row.place_id()), false));
        if stream.is_paged_by_id() {
            let soonest = timeline.deep_begun.and_then(|begun| begun.checked_add(DEEP_APART).ok());
            timeline.deep_at = now.checked_add(DEEP_AFTER).ok().max(soonest);
        } else {
            // Nothing walks up to now; the newest page is all that can be asked for.
            timeline.check_at = Some(now);
        }
    }
    timeline.witness = None;
    timeline.subscribed = Some(now);
}

/// Has the gap above the newest row filled.
pub(super) fn fill_newest(timeline: &mut Timeline, stream: &Stream) {
    if let Some(Row::Gap(gap)) = timeline.rows().front()
        && stream.is_paged_by_id()
    {
        let after = Arc::clone(&gap.after);
        timeline.set_fill(&after, Fill::Due);
    }
}
