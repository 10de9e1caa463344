//! Takes up where an earlier run left off: its rows are shown at once, and what came since is filled in. Keeps the server's
//! markers in step with what has been read.
//!
//! What was kept is not proven of anything that happened later, so a gap stands above it until it has been filled. Absent on
//! purpose: files, and what is worth keeping (`memory`).

use super::rows::Came;
use super::{Effect, Question, Remembered, reply, rows, say};
use crate::model::{Connection, Cursor, Failure, FailureKind, Markers, Page, Sources, Stream, Timestamp, by_age};
use crate::state::positions::PAUSE;
use crate::state::{Anchor, Cause, Fill, Loading, Measured, Row, RowKey, State, Tab, Timeline};
use crate::text::Plain;
use std::cmp::Ordering;
use std::sync::Arc;

/// Lines above the row that was read last: the mark that says so stands there, and something of what is new.
const ABOVE: i32 = -1;

/// Shows what was kept of a tab, unless something has come already.
pub(super) fn remembered(state: &mut State, remembered: Remembered) {
    let Remembered { sources, pages, read, at } = remembered;
    // A tab that has not been looked at has no place of its own yet.
    if state.tabs.named(&sources).is_none_or(|tab| tab.read.is_some()) {
        return;
    }
    if pages.iter().any(|(stream, _)| state.timelines.get(stream).is_none_or(|timeline| !timeline.rows().is_empty())) {
        return;
    }
    for (stream, page) in pages {
        ledger(state, &stream, page, at);
    }
    state.follow();
    let read: Option<Arc<str>> = read.map(Arc::from);
    let rows = state.tabs.named(&sources).and_then(|tab| state.rows(tab));
    let whole = |row: &&Row| !matches!(row, Row::Gap(_));
    let place = read.as_ref().zip(rows).and_then(|(read, rows)| rows.from(read).find(whole).map(Row::key));
    if let Some(tab) = state.tabs.named_mut(&sources) {
        tab.read.clone_from(&read);
        tab.bookmark = read;
        if let Some(key) = place {
            tab.cursor = Some(key.clone());
            tab.anchor = Anchor::Row(key, ABOVE);
            tab.returning = true;
        }
    }
    state.revision += 1;
}

/// Puts what was kept of a stream into its ledger.
fn ledger(state: &mut State, stream: &Stream, page: Page, at: Timestamp) {
    // Nothing of it is news.
    reply::take(state, &Measured::default(), stream, page, Came::Page);
    rows::trim(state, stream);
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let (Some(newest), Some(oldest)) = (timeline.row(0), timeline.rows().back()) else { return };
    let (newest, oldest): (Arc<str>, Arc<str>) = (newest.place_id().into(), oldest.place_id().into());
    if stream.is_paged_by_id() {
        timeline.older = Some(Cursor::Before(oldest.to_string()));
        timeline.mark_gap(Some(at), None, Cause::Disconnected, None);
        timeline.set_fill(&newest, Fill::Due);
        timeline.shown_to = Some((newest, false));
    }
}

/// Lets tabs follow again in which nothing came between two runs.
pub(super) fn settle(state: &mut State) {
    if state.line.state != Connection::Live || state.tabs.all().iter().all(|tab| !tab.returning) {
        return;
    }
    let waits = |timeline: &Timeline| timeline.first_page != Loading::Done || timeline.refill.is_some() || timeline.due_gap().is_some();
    let is_back = |tab: &&Tab| tab.returning && !state.ledgers(&tab.sources).any(|(_, timeline)| waits(timeline));
    let newest = |tab: &Tab| Some(state.rows(tab)?.row(0)?.key());
    let back: Vec<(Sources, Option<RowKey>)> =
        state.tabs.all().iter().filter(is_back).map(|tab| (tab.sources.clone(), newest(tab))).collect();
    for (sources, newest) in back {
        let Some(tab) = state.tabs.named_mut(&sources) else { continue };
        tab.returning = false;
        if newest.is_some() && newest == tab.cursor && matches!(&tab.anchor, Anchor::Row(key, ABOVE) if Some(key) == newest.as_ref()) {
            tab.anchor = Anchor::Top;
            tab.cursor = None;
        }
        state.revision += 1;
    }
}

/// Asks for the markers once there is a connection, and raises them now and then where more has been read.
pub(super) fn tell(state: &mut State, effects: &mut Vec<Effect>) {
    if state.line.state != Connection::Live || !state.positions.may_ask(state.now) {
        return;
    }
    let effect = match state.unsaid() {
        _ if state.positions.known.is_none() => Effect::Ask(Question::Markers),
        Some(read) => Effect::Ask(Question::RaiseMarkers(read)),
        None => return,
    };
    state.positions.asked = true;
    effects.push(effect);
}

/// Takes in where the markers stand. Another program may have read further: then it was read here as well.
pub(super) fn positions(state: &mut State, result: Result<Markers, Failure>) {
    let first = state.positions.known.is_none();
    state.positions.pause(state.now, PAUSE);
    let markers = match result {
        Ok(markers) => markers,
        Err(failure) => {
            match failure.kind {
                FailureKind::Retry | FailureKind::Offline | FailureKind::RateLimited(_) => state.positions.pause(state.now, PAUSE * 4),
                // The connection says what an unaccepted token means.
                FailureKind::Unauthorized => state.positions.local = true,
                FailureKind::Forbidden | FailureKind::NotFound | FailureKind::Unusable => {
                    state.positions.local = true;
                    say(state, Plain::line(&format!("read positions stay on this computer: {}", failure.reason)), false);
                }
            }
            return;
        }
    };
    for stream in [Stream::User, Stream::UserNotification] {
        if let (Some(marker), Some(tab)) = (markers.of(&stream), state.tabs.of_mut(&stream))
            && tab.has_read(marker)
        {
            let place = |bookmark: &Arc<str>| by_age(marker, bookmark) == Ordering::Greater;
            if first && tab.bookmark.as_ref().is_none_or(place) {
                tab.bookmark = Some(Arc::clone(marker));
                state.revision += 1;
            }
        }
    }
    state.positions.known = Some(markers);
}
