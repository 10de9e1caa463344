//! Searching an open thread: a walk over its posts in the order in which they stand, around its ends.
//!
//! Replies that come meanwhile take their places; the walk goes on from the post that it looked at last. Absent on purpose:
//! what is typed and what becomes of it (`update::finding`).

use super::super::{say, thread};
use super::nothing;
use crate::filter::{Pattern, Subject};
use crate::model::StatusId;
use crate::state::finding::{Leafing, Page};
use crate::state::{Detail, Measured, Purpose, Seeker, State, Typed};
use crate::text::Plain;

/// Posts that are looked at with one message.
const SLICE: usize = 200;

/// Where the reader is in the thread that is open and has the keys.
pub(super) fn page(state: &State) -> Option<Page> {
    let detail = state.detail().filter(|_| state.is_in_thread())?;
    Some(Page { status: detail.status.clone(), cursor: detail.cursor.clone(), line: detail.line })
}

/// Goes to the next post of the open thread, down or up, that has what is searched for; where `counts`, the one with the cursor
/// is looked at first.
pub(super) fn walk(state: &mut State, measured: &Measured, down: bool, counts: bool) {
    let Some(detail) = state.detail() else { return };
    let left = detail.tree.order().places().len();
    let leafing = Leafing { down, status: detail.status.clone(), at: detail.cursor.clone(), counts, left, around: false };
    let Some(search) = state.finding.as_mut() else { return };
    (search.walk, search.leafing, search.missed) = (None, Some(leafing), false);
    go_on(state, measured);
}

/// Looks at the next slice of the walk under way. A thread that was closed meanwhile ends it.
pub(super) fn go_on(state: &mut State, measured: &Measured) {
    let Some(search) = state.finding.as_mut() else { return };
    let (Some(mut leafing), pattern) = (search.leafing.take(), search.pattern.clone()) else { return };
    let Some(detail) = state.detail().filter(|detail| detail.status == leafing.status) else { return };
    let mut slice = SLICE;
    loop {
        if leafing.left == 0 {
            miss(state, &pattern);
            return;
        }
        if slice == 0 {
            if let Some(search) = &mut state.finding {
                search.leafing = Some(leafing);
            }
            return;
        }
        if !std::mem::take(&mut leafing.counts) {
            let Some((next, turns)) = next(detail, &leafing) else { return };
            (leafing.at, leafing.around) = (next, leafing.around || turns);
        }
        (leafing.left, slice) = (leafing.left - 1, slice - 1);
        if has(state, &leafing.at, &pattern) {
            arrive(state, measured, &leafing);
            return;
        }
    }
}

/// The post after the one that was looked at last, and whether an end of the thread lies between.
fn next(detail: &Detail, leafing: &Leafing) -> Option<(StatusId, bool)> {
    let places = detail.tree.order().places();
    let at = detail.tree.order().index(&leafing.at).unwrap_or_default();
    let last = places.len().checked_sub(1)?;
    let (next, turns) = match (leafing.down, at) {
        (true, at) if at >= last => (0, true),
        (true, at) => (at + 1, false),
        (false, 0) => (last, true),
        (false, at) => (at - 1, false),
    };
    Some((places.get(next)?.id.clone(), turns))
}

fn has(state: &State, id: &StatusId, pattern: &Pattern) -> bool {
    let Some(entry) = state.store.status(id) else { return false };
    let author = state.store.account(entry.account());
    Subject { post: Some(entry), people: author.into_iter().collect(), ..Subject::default() }.contains(pattern)
}

/// Puts the cursor on the post that was found.
fn arrive(state: &mut State, measured: &Measured, leafing: &Leafing) {
    state.revision += 1;
    thread::go_to(state, measured, &leafing.at);
    if leafing.around && state.typed().is_none() {
        let end = if leafing.down { "top" } else { "end" };
        say(state, Plain::line(&format!("the search goes on from the {end} of the thread")), false);
    }
}

fn miss(state: &mut State, pattern: &Pattern) {
    state.revision += 1;
    if let Some(search) = &mut state.finding {
        search.missed = true;
    }
    if let Some(Typed { what: Purpose::Search(seeker), .. }) = state.typed() {
        let seeker = seeker.clone();
        go_back(state, &seeker);
    } else {
        say(state, nothing(pattern, true), false);
    }
}

/// Goes back to where a search in the thread began.
pub(super) fn go_back(state: &mut State, seeker: &Seeker) {
    state.revision += 1;
    if let Some(page) = &seeker.page {
        thread::go_back_to(state, page);
    }
}
