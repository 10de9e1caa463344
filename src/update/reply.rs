//! What each REST answer does.

use super::rows::{self, Came};
use super::{Effect, Question, Reply, edits, event, memory, profile, refill, review, say, search, sieve, thread};
use crate::config::Notify;
use crate::filter::Filter;
use crate::model::{Bundle, Connection, Cursor, Failure, FailureKind, Item, Offer, Page, Sources, Spec, StatusId, Stream, Timestamp};
use crate::state::{Loading, Measured, Overlay, Pick, Row, Settings, State, Timeline};
use crate::text::Plain;
use jiff::SignedDuration;

/// The shortest and longest wait before a page that failed is asked for again, in seconds.
const RETRY_SECONDS: (i64, i64) = (5, 300);

pub(super) fn apply(state: &mut State, measured: &Measured, reply: Reply, effects: &mut Vec<Effect>) {
    match reply {
        Reply::Page { stream, cursor, result } => page(state, &stream, cursor.as_ref(), result),
        Reply::Newer { stream, asked, result } => refill::answered(state, measured, &stream, asked, result),
        Reply::Review { stream, asked, result } => review::answered(state, measured, &stream, asked, result),
        Reply::Status { id, asked, result, raw: _ } => review::about_status(state, measured, &id, asked, result),
        Reply::Notification { id, asked, result } => review::about_notification(state, &id, asked, result),
        Reply::Thread { id, asked, result } => thread::answered(state, &id, asked, result),
        Reply::History(id, result) => edits::answered(state, &id, result),
        Reply::Profile(id, result) => profile::told(state, &id, result),
        Reply::ProfilePosts(id, result) => profile::posts(state, &id, result),
        Reply::Relationship(id, result) => profile::related(state, &id, &result),
        Reply::Search { query, result } => search::answered(state, &query, result, effects),
        Reply::Offer(result) => offer(state, result),
        Reply::Account(Ok(account)) => {
            state.me = Some(account.clone());
            sieve::look_again(state);
            state.store.put_account(account);
            state.revision += 1;
        }
        Reply::Markers(result) => memory::positions(state, result),
        // The name of the reader is a nicety; what an unaccepted token means is said by the connection.
        Reply::Account(Err(_)) => {}
        Reply::Health(result) => {
            state.checks.health.take(result);
            state.revision += 1;
        }
        Reply::Scopes(result) => {
            state.checks.scopes.take(result);
            state.revision += 1;
        }
    }
}

/// Asks for the newest page.
pub(super) fn ask_first(stream: &Stream, timeline: &mut Timeline) -> Effect {
    timeline.first_page = Loading::Asked;
    Effect::Ask(Question::Page { stream: stream.clone(), cursor: None })
}

/// Asks for the next older page, if there is one.
pub(super) fn ask_older(stream: &Stream, timeline: &mut Timeline) -> Option<Effect> {
    let cursor = timeline.older.clone();
    timeline.older_page = if cursor.is_some() { Loading::Asked } else { Loading::Idle };
    cursor.map(|cursor| Effect::Ask(Question::Page { stream: stream.clone(), cursor: Some(cursor) }))
}

fn page(state: &mut State, stream: &Stream, cursor: Option<&Cursor>, result: Result<Page, Failure>) {
    let now = state.now;
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    if cursor.is_some() && timeline.older.as_ref() != cursor {
        // Asked by a tab that was closed since, or before rows were dropped: between it and what is held is a hole.
        return;
    }
    let page = match result {
        Ok(page) => page,
        Err(failure) => {
            timeline.attempts += 1;
            let at = retry_at(now, &failure, timeline.attempts);
            let loading = Loading::Failed(failure, at);
            if cursor.is_none() {
                timeline.first_page = loading;
            } else {
                timeline.older_page = loading;
            }
            state.revision += 1;
            return;
        }
    };
    timeline.attempts = 0;
    if cursor.is_none() {
        // Where the ledger reaches further down already (a reload), its own place to go on from stays.
        if timeline.first_page != Loading::Done && timeline.older.is_none() {
            timeline.older.clone_from(&page.older);
        }
        timeline.first_page = Loading::Done;
    } else {
        timeline.older = page.older.clone().filter(|older| Some(older) != cursor);
        timeline.older_page = Loading::Done;
    }
    let rejected = page.rejected;
    let newest = cursor.is_none().then(|| refill::newest(&page)).flatten();
    // Rows of a page are not news, so what is in view does not matter.
    take(state, &Measured::default(), stream, page, Came::Page);
    rows::trim(state, stream);
    if let (Some(newest), Some(timeline)) = (newest, state.timelines.get_mut(stream))
        && timeline.refill.is_none()
    {
        if state.line.state == Connection::Live {
            timeline.confirm(&newest);
        } else if timeline.shown_to.is_none() {
            timeline.shown_to = Some((newest, false));
        }
    }
    state.revision += 1;
    if rejected > 0 {
        let title = stream.title(&state.offer.lists);
        say(state, Plain::line(&format!("{title}: {rejected} of the page could not be read and are left out")), true);
    }
}

/// Puts what a page has into store and ledger. Rows over the cap are still to be [dropped](rows::trim).
pub(super) fn take(state: &mut State, measured: &Measured, stream: &Stream, page: Page, came: Came) {
    state.store.put(page.bundle);
    for item in page.items {
        match item {
            Item::Status(id) => {
                if state.store.shown(&id).is_some() {
                    rows::insert(state, measured, stream, Row::Status(id.clone()), came);
                    rows::forget_hidden(state, &id);
                }
            }
            Item::Notification(notification) => {
                let row = Row::Notification(notification.id.clone());
                state.store.put_notification(notification);
                rows::insert(state, measured, stream, row, came);
            }
            Item::Conversation(conversation) => event::talked(state, measured, conversation, Bundle::default(), came),
        }
    }
}

/// When a page that failed is asked for again; `None` where asking again is of no use.
pub(super) fn retry_at(now: Timestamp, failure: &Failure, attempts: u32) -> Option<Timestamp> {
    let (shortest, longest) = RETRY_SECONDS;
    match failure.kind {
        FailureKind::Retry | FailureKind::Offline => {
            let wait = (shortest << attempts.saturating_sub(1).min(10)).min(longest);
            now.checked_add(SignedDuration::from_secs(wait)).ok()
        }
        // Not at once, whatever the server's clock says.
        FailureKind::RateLimited(until) => now.checked_add(SignedDuration::from_secs(shortest)).ok().map(|soonest| until.max(soonest)),
        FailureKind::Unauthorized | FailureKind::Forbidden | FailureKind::NotFound | FailureKind::Unusable => None,
    }
}

/// Takes in a post that the server was asked for by its id: a deletion from before the question is lifted.
pub(super) fn lift(state: &mut State, id: &StatusId, asked: u64, bundle: Bundle) {
    if !state.store.lift(id, asked) {
        return;
    }
    state.store.put(bundle);
    for timeline in state.timelines.values_mut() {
        timeline.unbury(id);
    }
}

fn offer(state: &mut State, result: Result<Offer, Failure>) {
    state.revision += 1;
    let picker = state.picker().filter(|picker| picker.kind == Pick::Stream);
    let chosen = picker.and_then(|picker| state.stream_choices(picker.prompt.text()).into_iter().nth(picker.chosen));
    match result {
        Ok(offer) => {
            state.offer = offer;
            state.offer_loading = Loading::Done;
            for (spec, before) in std::mem::take(&mut state.unresolved) {
                open_spec(state, &spec, before.as_ref());
            }
        }
        Err(failure) => {
            let at = retry_at(state.now, &failure, 2);
            if at.is_none() && !state.unresolved.is_empty() {
                let names: Vec<String> = state.unresolved.iter().map(|(spec, _)| spec.to_string()).collect();
                let words = format!("{} cannot be opened, the lists are not to be had: {}", names.join(", "), failure.reason);
                say(state, Plain::line(&words), true);
            }
            state.offer_loading = Loading::Failed(failure, at);
        }
    }
    if let Some(choice) = chosen {
        keep_chosen(state, &choice.sources);
    }
}

/// Keeps the bar of the picker on a choice, though others may stand above it now.
fn keep_chosen(state: &mut State, sources: &Sources) {
    let Some(picker) = state.picker().filter(|picker| picker.kind == Pick::Stream) else { return };
    let place = state.stream_choices(picker.prompt.text()).iter().position(|choice| choice.sources == *sources);
    if let (Some(place), Some(picker)) = (place, state.overlays.last_mut().and_then(Overlay::as_picker_mut)) {
        picker.chosen = place;
    }
}

/// Takes the settings of a file that was read again, and opens the tabs that are new in it.
pub(super) fn reloaded(state: &mut State, settings: Settings, tabs: Vec<Spec>) {
    state.alerts.on = settings.notify != Notify::Off;
    let before: Vec<(Sources, Filter)> =
        state.tabs.all().iter().map(|tab| (tab.sources.clone(), state.configured_filter(&tab.sources))).collect();
    if settings.columns != state.settings.columns {
        state.wanted_columns = settings.columns;
    }
    state.settings = settings;
    let streams: Vec<Stream> = state.timelines.keys().cloned().collect();
    for stream in &streams {
        rows::trim(state, stream);
    }
    // What a key changed stays, but where the file says something else by now.
    for (sources, before) in before {
        let now = state.configured_filter(&sources);
        if now != before {
            sieve::set(state, &sources, now);
            sieve::forget_hidden(state, &sources);
        }
    }
    say(state, Plain::line("settings read again"), false);
    for spec in tabs {
        if spec.needs_lists() && state.offer_loading != Loading::Done {
            state.unresolved.push((spec, None));
        } else {
            open_spec(state, &spec, None);
        }
    }
}

/// Opens the tab of a spec at its place among the tabs that were asked for; says what is wrong where there is none.
fn open_spec(state: &mut State, spec: &Spec, before: Option<&Sources>) {
    match spec.resolve(&state.offer.lists) {
        Ok(sources) => state.open_before(sources, before),
        Err(error) => say(state, Plain::line(&error.to_string()), true),
    }
}
