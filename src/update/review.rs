//! Looks for what changed while nobody told: holds pages against a ledger, asks about rows that a page should list and does
//! not, goes through everything that is held now and then, and polls what nothing carries.
//!
//! A page is contiguous. So one that reaches down to what is proven proves all above it, and a row within it that it does not
//! list is suspect: it may be gone, or the server only lists it no more. An answer about that very row decides. Absent on
//! purpose: walks upwards (`refill` has them).

use super::rows::{self, Came};
use super::{Effect, Question, event, folds, refill, reply, say};
use crate::model::{
    Bundle, Connection, Failure, FailureKind, Item, Notification, NotificationId, Page, Rung, StatusId, Stream, Subscription, Timestamp,
    by_age,
};
use crate::state::refill::{CHECK_AFTER, Seen, Stopped};
use crate::state::review::{DEEP_APART, DEEP_RESERVE, FULL_PAGE, MOST_SUSPECTS, POLL_RESERVE, Span, Step};
use crate::state::{Cause, Fill, Gap, Loading, Measured, Polling, Refill, Review, Row, RowKey, State, Store, Suspect, Timeline};
use crate::text::Plain;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

/// How often a question of a deep pass fails before the pass is given up.
const DEEP_ATTEMPTS: u32 = 3;

/// Begins a look at the newest page where one is due; says whether there is one now.
pub(super) fn begin(state: &mut State, stream: &Stream) -> bool {
    let now = state.now;
    let left = state.budget.left(now);
    let on_screen = is_on_screen(state, stream);
    let Some(timeline) = state.timelines.get_mut(stream) else { return false };
    if timeline.look_at().is_none_or(|at| at > now) {
        return false;
    }
    let checks = timeline.check_at.take_if(|at| *at <= now).is_some();
    let mut polls = false;
    if let Some(poll) = timeline.poll.as_mut().filter(|poll| poll.next <= now) {
        let next = now.checked_add(Polling::interval(on_screen, left)).unwrap_or(Timestamp::MAX);
        polls = left > POLL_RESERVE;
        poll.next = if polls { next } else { state.budget.free_at(POLL_RESERVE, now).map_or(next, |free| free.max(next)) };
    }
    if let Some(again) = timeline.subscribed.and_then(|at| at.checked_add(CHECK_AFTER).ok())
        && checks
        && !stream.is_paged_by_id()
        && now < again
    {
        timeline.check_at = Some(again);
    }
    if matches!(timeline.standing, Subscription::NotStreamed | Subscription::Refused(_) | Subscription::Interrupted(_))
        || !(checks || polls)
    {
        return false;
    }
    let place = |row: &Row| Arc::<str>::from(row.place_id());
    let (proven, from) = if timeline.rows().is_empty() || !stream.is_paged_by_id() {
        if timeline.first_page != Loading::Done {
            return false;
        }
        (None, None)
    } else {
        let shown = timeline.shown_to.as_ref().map(|(id, _)| Arc::clone(id));
        let Some(proven) = shown.or_else(|| timeline.rows().back().map(place)) else { return false };
        let from = refill::overlap(&state.store, timeline, &proven);
        (Some(proven), Some(from))
    };
    let held_to = if polls { timeline.rows().front().map(place) } else { timeline.held_to.clone() };
    timeline.review = Some(Review::look(proven, from, held_to, polls && !checks, now));
    true
}

/// Asks the page of the look under way, if it is time; says whether the look goes on.
pub(super) fn ask(state: &mut State, stream: &Stream, effects: &mut Vec<Effect>) -> bool {
    let now = state.now;
    let Some(review) = state.timelines.get_mut(stream).and_then(|timeline| timeline.review.as_mut()) else { return false };
    if !review.is_due(now) {
        return true;
    }
    if !state.budget.take(now) {
        let words = format!("{}: too many pages were asked for; what changed meanwhile may not show", stream.title(&state.offer.lists));
        give_up(state, stream, None);
        say(state, Plain::line(&words), false);
        return false;
    }
    state.questions += 1;
    review.asked = Some(state.questions);
    review.retry_at = None;
    effects.push(Effect::Ask(Question::Review { stream: stream.clone(), cursor: review.cursor(), asked: state.questions, deep: false }));
    if let Some(poll) = state.timelines.get_mut(stream).and_then(|timeline| timeline.poll.as_mut()) {
        poll.asked = Some(now);
    }
    true
}

/// Takes in a page; one that nobody waits for any more is nothing.
pub(super) fn answered(state: &mut State, measured: &Measured, stream: &Stream, asked: u64, result: Result<Page, Failure>) {
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let is = |review: &Option<Review>| review.as_ref().is_some_and(|review| review.asked == Some(asked));
    let deep = is(&timeline.deep);
    let slot = if deep { &mut timeline.deep } else { &mut timeline.review };
    let Some(review) = slot.as_mut().filter(|review| review.asked == Some(asked)) else { return };
    review.asked = None;
    match result {
        Err(failure) => failed(state, stream, deep, failure),
        Ok(page) if deep => looked_deep(state, measured, stream, page),
        Ok(page) => looked(state, measured, stream, page),
    }
    rows::trim(state, stream);
}

fn failed(state: &mut State, stream: &Stream, deep: bool, failure: Failure) {
    let now = state.now;
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let slot = if deep { &mut timeline.deep } else { &mut timeline.review };
    let Some(review) = slot else { return };
    review.attempts += 1;
    review.retry_at = reply::retry_at(now, &failure, review.attempts);
    state.revision += 1;
    let title = stream.title(&state.offer.lists);
    if deep {
        if review.retry_at.is_none() || review.attempts >= DEEP_ATTEMPTS {
            timeline.deep = None;
            tracing::warn!("{title}: what came late and what changed further down could not be looked for: {}", failure.reason);
        }
    } else if review.polls || review.retry_at.is_none() || review.step != Step::Newest {
        // What is on screen is looked at again after the next loss; the walk that waits for it is not kept waiting.
        give_up(state, stream, Some(failure));
    }
}

/// Ends a look that cannot go on. What it was to prove is left as a gap; where it was a poll the next one may.
fn give_up(state: &mut State, stream: &Stream, failure: Option<Failure>) {
    let now = state.now;
    let title = stream.title(&state.offer.lists);
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let Some(review) = timeline.review.take() else { return };
    state.revision += 1;
    let mut words = None;
    if let Some(poll) = &mut timeline.poll {
        if let Some(failure) = &failure {
            let again = review.retry_at.unwrap_or(poll.next);
            poll.next = poll.next.max(again);
            words = poll.failure.is_none().then(|| format!("{title} could not be polled: {}", failure.reason));
            poll.failure = Some(failure.clone());
        }
    } else {
        let what = if review.step == Step::Newest { "what may be missing" } else { "what may have changed on screen" };
        words = failure.as_ref().map(|failure| format!("{title}: {what} could not be asked for: {}", failure.reason));
    }
    let polls = review.polls && timeline.poll.is_some();
    if !polls
        && review.step == Step::Newest
        && stream.is_paged_by_id()
        && let Some(proven) = &review.proven
    {
        timeline.check_at = None;
        timeline.open_gap(proven, timeline.subscribed, Some(now), Cause::Disconnected);
        if let Some(gap) = timeline.gap_mut(proven) {
            gap.stopped = Some(failure.map_or(Stopped::Budget, |failure| Stopped::Failed(failure.reason)));
        }
    } else if let Some(apart) = review.apart {
        walk_up(&state.store, timeline, review.proven, apart, now);
    }
    if let Some(words) = words {
        say(state, Plain::line(&words), true);
    }
}

/// Has what is between the proven part and a newest page that did not reach it walked through.
fn walk_up(store: &Store, timeline: &mut Timeline, proven: Option<Arc<str>>, apart: (Arc<str>, Arc<str>), now: Timestamp) {
    let Some(proven) = proven else { return };
    let from = refill::overlap(store, timeline, &proven);
    timeline.refill = Some(Refill { meets: Some(apart), ..Refill::new(None, proven, from, now) });
}

fn looked(state: &mut State, measured: &Measured, stream: &Stream, page: Page) {
    let now = state.now;
    let seen = refill::seen(&page);
    let below = below_visible(state, measured, stream);
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    if timeline.rows().is_empty() && timeline.older.is_none() {
        timeline.older.clone_from(&page.older);
    }
    let Some(review) = timeline.review.clone() else { return };
    compare(state, measured, stream, &review, page);
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let Some(review) = &mut timeline.review else { return };
    review.attempts = 0;
    review.retry_at = None;
    if review.step == Step::Newest {
        let reached = review.reaches(&seen);
        let begun = review.begun;
        let further = below.filter(|below| seen.ends.as_ref().is_some_and(|(_, oldest)| by_age(below, oldest) != Ordering::Greater));
        let is_over = further.is_none();
        if let Some(below) = further {
            review.step = Step::Visible(below);
        }
        if !reached {
            review.apart.clone_from(&seen.ends);
        }
        let unreadable = !reached && seen.ends.is_none() && stream.is_paged_by_id();
        timeline.held_to = None;
        if reached {
            if let Some((newest, _)) = &seen.ends {
                timeline.confirm(newest);
            }
            polled(timeline, begun);
        }
        if unreadable {
            let failure = Failure { kind: FailureKind::Unusable, reason: Plain::line("nothing of the page could be read") };
            give_up(state, stream, Some(failure));
            return;
        }
        if !is_over {
            return;
        }
    }
    if let Some(Review { apart: Some(apart), proven, .. }) = timeline.review.take() {
        walk_up(&state.store, timeline, proven, apart, now);
    }
    state.revision += 1;
}

/// Takes a page in and holds it against the rows that it should list: suspects are noted, and gaps closed that it covers.
fn compare(state: &mut State, measured: &Measured, stream: &Stream, review: &Review, page: Page) {
    let seen = refill::seen(&page);
    let rejected = page.rejected;
    let Some(timeline) = state.timelines.get(stream) else { return };
    let closed = if stream.is_paged_by_id() {
        // Where a server's list ends further down, an empty page only says how much it keeps.
        let shows = |span: &Span| seen.ends.is_some() || span.with_top;
        let gaps = review.span(&seen, false).map(|span| if shows(&span) { covered(timeline, &span, review) } else { Vec::new() });
        let is_whole = page.older.is_none() || is_nearly_all(timeline, review, &page, &seen);
        gaps.map(|gaps| (gaps, review.span(&seen, is_whole)))
    } else {
        Some((covered_conversations(state, timeline, &page), None))
    };
    let listed = listed(&page);
    reply::take(state, measured, stream, page, Came::Refill);
    if rejected > 0 {
        let title = stream.title(&state.offer.lists);
        say(state, Plain::line(&format!("{title}: {rejected} of a page could not be read and are left out")), true);
    }
    let Some((gaps, span)) = closed else { return };
    let Some(timeline) = state.timelines.get(stream) else { return };
    // Rows of the page that were dropped again, to keep the reader's place, leave the gap where it is.
    let is_there = |key: &RowKey| timeline.index_of(key).is_some() || !is_held(state, key);
    let gaps: Vec<Arc<str>> = gaps.into_iter().filter(|after| listed.iter().all(|key| !is_above(key, after) || is_there(key))).collect();
    let found = span.map_or(0, |span| suspect(state, stream, &span, &listed, review.may_suspect));
    if let Some(timeline) = state.timelines.get_mut(stream) {
        let running = [&mut timeline.review, &mut timeline.deep].into_iter().flatten();
        running.filter(|running| running.step == review.step).for_each(|running| running.may_suspect -= found);
    }
    for after in gaps {
        rows::move_gap(state, measured, stream, &after, None);
    }
}

/// Whether a page may well be the end of the list, and so little of what is held lies below it that it can be asked about.
fn is_nearly_all(timeline: &Timeline, review: &Review, page: &Page, seen: &Seen) -> bool {
    let below = |oldest: &Arc<str>| timeline.rows_from(oldest).filter(|row| row.place_id() != &**oldest).nth(MOST_SUSPECTS).is_none();
    let is_short = page.items.len() + page.rejected < FULL_PAGE;
    let may_end = match review.step {
        Step::Newest => review.reaches(seen),
        Step::Visible(_) => true,
        // It goes on until an empty page says so.
        Step::Down(_) => false,
    };
    is_short && may_end && seen.ends.as_ref().is_some_and(|(_, oldest)| below(oldest))
}

/// Notes the rows of a span that a page about it does not list, `most` at most; says how many will be asked about.
pub(super) fn suspect(state: &mut State, stream: &Stream, span: &Span, listed: &HashSet<RowKey>, most: usize) -> usize {
    let Some(timeline) = state.timelines.get(stream) else { return 0 };
    let rows = timeline.rows_in(span).filter_map(|row| match row {
        Row::Status(id) => Some(Suspect::Status(id.clone())),
        Row::Notification(id) => Some(Suspect::Notification(id.clone())),
        Row::Conversation(..) | Row::Tombstone(_) | Row::Gap(_) => None,
    });
    let unlisted = rows.take(listed.len() + MOST_SUSPECTS * 4).filter(|suspect| !listed.contains(&key_of(suspect)));
    let mut found = 0;
    for suspect in unlisted {
        if found < most && state.suspects.add(suspect, state.now) {
            found += 1;
        }
    }
    found
}

/// What a page lists.
pub(super) fn listed(page: &Page) -> HashSet<RowKey> {
    page.items.iter().map(key).collect()
}

/// The gaps about whose whole extent a page tells.
fn covered(timeline: &Timeline, span: &Span, review: &Review) -> Vec<Arc<str>> {
    let newest = review.step.below().is_none();
    let gaps = timeline.rows_in(span).filter_map(|row| match row {
        Row::Gap(gap) => Some(&**gap),
        Row::Status(_) | Row::Notification(_) | Row::Conversation(..) | Row::Tombstone(_) => None,
    });
    // A page from further down tells of what is below where it begins, and no more: that may not be held any longer.
    let begins_above = |gap: &Gap| {
        let index = timeline.index_of(&RowKey::Gap(Arc::clone(&gap.after)));
        let above = || timeline.row(index?.checked_sub(1)?).map(Row::place_id);
        let end = gap.before.as_deref().or_else(above);
        span.top.as_deref().zip(end).is_some_and(|(top, end)| by_age(end, top) != Ordering::Greater)
    };
    let covers = |gap: &&Gap| {
        let is_within = match &gap.before {
            _ if !newest => begins_above(gap),
            Some(before) => span.reaches_up_to(before),
            // Above the newest page nothing is but what came since, unless rows were dropped there.
            None => gap.cause != Cause::Trimmed,
        };
        gap.fill != Fill::Filling && is_within
    };
    gaps.filter(covers).map(|gap| Arc::clone(&gap.after)).collect()
}

/// The gaps of conversations above which the newest page tells everything: it lists one that has not changed since from
/// beneath them, and the server lists them by their last message.
fn covered_conversations(state: &State, timeline: &Timeline, page: &Page) -> Vec<Arc<str>> {
    let unchanged = page.items.iter().filter_map(|item| match item {
        Item::Conversation(new) => {
            let held = state.store.conversation(&new.id)?;
            let index = timeline.index_of(&RowKey::Conversation(new.id.clone()))?;
            (held.last_status == new.last_status).then_some(timeline.row(index)?.place_id())
        }
        Item::Status(_) | Item::Notification(_) => None,
    });
    let Some(lowest) = unchanged.min_by(|left, right| by_age(left, right)) else { return Vec::new() };
    timeline.gaps().filter(|gap| by_age(lowest, &gap.after) != Ordering::Greater).map(|gap| Arc::clone(&gap.after)).collect()
}

fn key(item: &Item) -> RowKey {
    match item {
        Item::Status(id) => RowKey::Status(id.clone()),
        Item::Notification(notification) => RowKey::Notification(notification.id.clone()),
        Item::Conversation(conversation) => RowKey::Conversation(conversation.id.clone()),
    }
}

fn key_of(suspect: &Suspect) -> RowKey {
    match suspect {
        Suspect::Status(id) => RowKey::Status(id.clone()),
        Suspect::Notification(id) => RowKey::Notification(id.clone()),
    }
}

/// Whether a row of this key belongs above an id; conversations, which are placed by another one, do.
fn is_above(key: &RowKey, after: &str) -> bool {
    let id = match key {
        RowKey::Status(id) => id.as_str(),
        RowKey::Notification(id) => id.as_str(),
        RowKey::Conversation(_) => return true,
        RowKey::Gap(_) => return false,
    };
    by_age(id, after) == Ordering::Greater
}

fn is_held(state: &State, key: &RowKey) -> bool {
    match key {
        RowKey::Status(id) => state.store.shown(id).is_some(),
        RowKey::Notification(id) => state.store.notification(id).is_some(),
        RowKey::Conversation(id) => state.store.conversation(id).is_some(),
        RowKey::Gap(_) => false,
    }
}

/// The id right above the topmost row on screen, where the tab of the stream is on screen.
fn below_visible(state: &State, measured: &Measured, stream: &Stream) -> Option<Arc<str>> {
    let tab = state.tabs.active().filter(|tab| tab.sources.contains(stream) && stream.is_paged_by_id())?;
    let topmost = &measured.of(&tab.sources)?.visible.first()?.key;
    let top = state.rows(tab)?.get(topmost)?.place_id();
    let timeline = state.timelines.get(stream)?;
    // It may be the row of another stream.
    let index = timeline.place_of(topmost);
    // A gap above has the id of the row that it stands on.
    (0..index).rev().filter_map(|above| timeline.row(above)).map(Row::place_id).find(|id| *id != top).map(Arc::from)
}

fn is_on_screen(state: &State, stream: &Stream) -> bool {
    state.tabs.active().is_some_and(|tab| tab.sources.contains(stream))
}

/// Asks about rows that a page did not list, few at a time.
pub(super) fn ask_about_suspects(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now;
    while let Some(suspect) = state.suspects.pop() {
        // It may have gone since with its tab, with rows over the cap, or with a deletion.
        if !is_held(state, &key_of(&suspect)) {
            continue;
        }
        if !state.budget.take(now) {
            let more = state.suspects.drop_waiting() + 1;
            tracing::warn!("{more} rows that a page does not list could not be asked about: too many questions");
            return;
        }
        let asked = state.store.moment();
        effects.push(match &suspect {
            Suspect::Status(id) => Effect::Ask(Question::Status { id: id.clone(), asked }),
            Suspect::Notification(id) => Effect::Ask(Question::Notification { id: id.clone(), asked }),
        });
        state.suspects.ask(suspect, asked);
    }
}

/// An answer about a post that a page did not list: gone everywhere, or there, and then in the version that the answer has.
pub(super) fn about_status(state: &mut State, measured: &Measured, id: &StatusId, asked: u64, result: Result<Bundle, Failure>) {
    let suspect = Suspect::Status(id.clone());
    if !state.suspects.settle(&suspect, asked) {
        return;
    }
    match result {
        Ok(bundle) => {
            state.suspects.clear(suspect, state.now);
            state.store.put(bundle);
            rows::forget_hidden(state, id);
        }
        // The stream told of it after the question.
        Err(Failure { kind: FailureKind::NotFound, .. }) if state.store.was_heard_since(id, asked) => {}
        Err(Failure { kind: FailureKind::NotFound, .. }) => event::deleted(state, measured, id),
        Err(failure) => tracing::warn!("post {id}, which a page does not list, could not be asked for: {}", failure.reason),
    }
}

/// As [`about_status`], for a notification.
pub(super) fn about_notification(state: &mut State, id: &NotificationId, asked: u64, result: Result<(Notification, Bundle), Failure>) {
    let suspect = Suspect::Notification(id.clone());
    if !state.suspects.settle(&suspect, asked) {
        return;
    }
    match result {
        Ok((notification, bundle)) => {
            state.suspects.clear(suspect, state.now);
            state.store.put(bundle);
            state.store.put_notification(notification);
            folds::join(state, &Measured::default(), &Stream::UserNotification, &RowKey::Notification(id.clone()));
        }
        Err(Failure { kind: FailureKind::NotFound, .. }) => {
            let post = state.store.notification(id).and_then(|held| held.status.clone()).filter(|post| state.store.is_deleted(post));
            let others = post.map(|post| notifications_about(state, &post)).unwrap_or_default();
            for gone in others.into_iter().chain([id.clone()]) {
                rows::remove(state, &Stream::UserNotification, &RowKey::Notification(gone));
            }
        }
        Err(failure) => tracing::warn!("notification {id}, which a page does not list, could not be asked for: {}", failure.reason),
    }
}

/// Servers delete the notifications about a post with it, which no event tells. One of them is asked about and stands for all:
/// a mute, too, is told as deletions, and leaves them where they are. Without a connection nothing is asked; pages show them later.
pub(super) fn doubt_notifications(state: &mut State, post: &StatusId) {
    if state.line.state == Connection::Live
        && let Some(newest) = notifications_about(state, post).into_iter().next()
    {
        state.suspects.add(Suspect::Notification(newest), state.now);
    }
}

/// The rows of notifications about a post, newest first.
fn notifications_about(state: &State, post: &StatusId) -> Vec<NotificationId> {
    let Some(timeline) = state.timelines.get(&Stream::UserNotification) else { return Vec::new() };
    let mut about = state.store.notifications_about(post);
    about.retain(|id| timeline.index_of(&RowKey::Notification(id.clone())).is_some());
    about
}

/// Asks the next page of a deep pass, for the tab on screen first: one question in all, when nothing else wants any, and
/// never the last ones of the budget.
pub(super) fn go_deep(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now;
    let due = |timeline: &Timeline| timeline.deep_due().is_some_and(|at| at <= now);
    while state.timelines.values().any(due) {
        if state.timelines.values().any(Timeline::is_deep_asked) || state.is_catching_up() || state.budget.left(now) <= DEEP_RESERVE {
            return;
        }
        let active = state.tabs.active().into_iter().flat_map(|tab| state.ledgers(&tab.sources));
        let active = active.filter(|(_, timeline)| due(timeline)).map(|(stream, _)| stream).next();
        let Some(stream) = active.or_else(|| Some(state.timelines.iter().find(|(_, timeline)| due(timeline))?.0)).cloned() else { return };
        let Some(timeline) = state.timelines.get_mut(&stream) else { return };
        if timeline.deep.is_none() {
            timeline.deep_at = None;
            if timeline.rows().is_empty() || !stream.is_paged_by_id() || timeline.standing == Subscription::NotStreamed {
                continue;
            }
            timeline.deep_begun = Some(now);
        }
        let deep = timeline.deep.get_or_insert_with(|| Review::deep(now));
        state.questions += 1;
        deep.asked = Some(state.questions);
        deep.retry_at = None;
        let effect = Effect::Ask(Question::Review { cursor: deep.cursor(), stream, asked: state.questions, deep: true });
        if state.budget.take(now) {
            effects.push(effect);
        }
    }
}

fn looked_deep(state: &mut State, measured: &Measured, stream: &Stream, page: Page) {
    let (seen, is_last) = (refill::seen(&page), page.older.is_none());
    let Some(review) = state.timelines.get(stream).and_then(|timeline| timeline.deep.clone()) else { return };
    compare(state, measured, stream, &review, page);
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let floor: Option<Arc<str>> = timeline.rows().back().map(|row| match &timeline.older {
        Some(_) => Arc::from(row.place_id()),
        // No page will bring what came late and is older than all that is held: down to the end.
        None => Arc::from(""),
    });
    if let Some(deep) = &mut timeline.deep {
        deep.attempts = 0;
        deep.retry_at = None;
        if !deep.go_down(&seen, floor.as_deref()) || is_last {
            timeline.deep = None;
        }
    }
}

/// Takes in whether a timeline is polled from now on.
pub(super) fn follow_rung(timeline: &mut Timeline, now: Timestamp) {
    let polls = timeline.rung == Rung::Polling && timeline.standing == Subscription::Open;
    if !polls {
        timeline.poll = None;
    } else if timeline.poll.is_none() {
        trust_live(timeline);
        timeline.poll = Some(Polling::new(now));
    }
}

/// Takes in that a poll which began then found everything.
pub(super) fn polled(timeline: &mut Timeline, begun: Timestamp) {
    if let Some(poll) = &mut timeline.poll {
        poll.last = poll.last.max(Some(begun));
        poll.failure = None;
        // Nothing tells of what changes below the newest page.
        if timeline.deep.is_none() && timeline.deep_at.is_none() {
            timeline.deep_at = timeline.deep_begun.unwrap_or(begun).checked_add(DEEP_APART).ok();
        }
    }
}

/// A tab that comes on screen is polled as often as one there.
pub(super) fn hasten(state: &mut State, stream: &Stream) {
    let Some(poll) = state.timelines.get_mut(stream).and_then(|timeline| timeline.poll.as_mut()) else { return };
    let left = state.budget.left(state.now);
    if left > POLL_RESERVE
        && poll.failure.is_none()
        && let Ok(soon) = state.now.checked_add(Polling::interval(true, left))
    {
        poll.next = poll.next.min(soon);
    }
}

/// Has all that is held looked through as soon as may be: rows may have come anywhere.
pub(super) fn doubt_all(timeline: &mut Timeline, now: Timestamp) {
    trust_live(timeline);
    timeline.check_at = Some(now);
    let soonest = timeline.deep_begun.and_then(|begun| begun.checked_add(DEEP_APART).ok());
    timeline.deep_at = Some(now).max(soonest);
}

/// Where the stream has carried everything for long enough, what it brought is proven as well.
pub(super) fn trust_live(timeline: &mut Timeline) {
    if timeline.witness.is_some()
        && timeline.check_at.is_none()
        && timeline.review.is_none()
        && timeline.refill.is_none()
        && let Some(newest) = timeline.rows().front().map(|row| Arc::from(row.place_id()))
    {
        timeline.confirm(&newest);
    }
}
