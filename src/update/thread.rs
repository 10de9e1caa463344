//! The open thread: what comes into it, what has been read of it, and moving through it.
//!
//! Without an open thread an event costs nothing here; with one, a reply costs a look-up. Absent on purpose: the tree itself
//! (`state::thread`), and words of posts, which the store keeps up to date for all panes.

use super::{Effect, Question, reply};
use crate::model::{Bundle, Connection, Failure, StatusId, Thread};
use crate::state::finding::Page;
use crate::state::review::MOST_SUSPECTS;
use crate::state::{Detail, Entry, Measured, Overlay, ReaderPane, State, Suspect, ThreadState, VisiblePost};
use std::collections::HashSet;

/// How many posts can be open one above the other.
const MOST_OPEN: usize = 16;
/// Farther than any pane is high: the screen then shows the end of a post.
const FAR: i32 = i32::MAX / 4;

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub(super) enum Go {
    /// To the end of the post that has the cursor, line by line, and then on to the next; or back.
    Step(Way),
    /// So many lines; the cursor goes on to what is in view then.
    Lines(i32),
    /// To the post on top.
    First,
    /// To the last post.
    Last,
}

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Towards the end.
    Down,
    /// Towards the beginning.
    Up,
}

fn details(state: &mut State) -> impl Iterator<Item = &mut Detail> {
    details_of(&mut state.overlays)
}

fn details_of(overlays: &mut [Overlay]) -> impl Iterator<Item = &mut Detail> {
    overlays.iter_mut().filter_map(|overlay| if let Overlay::Detail(detail) = overlay { Some(&mut **detail) } else { None })
}

/// The open post on top of which lies nothing else that is open.
fn top(state: &mut State) -> Option<&mut Detail> {
    details(state).last()
}

/// Opens a post for reading, from the thread that is open where it is part of that, and asks for its thread.
pub(super) fn open(state: &mut State, status: &StatusId, effects: &mut Vec<Effect>) {
    let from = match state.overlays.last() {
        Some(Overlay::Detail(detail)) if detail.tree.knows(status) => Some(detail),
        Some(_) | None => None,
    };
    let mut detail = from.map_or_else(|| Detail::new(status.clone(), &state.store), |from| from.further(status.clone()));
    let asked = state.store.moment();
    effects.push(ask(&mut detail, asked));
    if details(state).count() >= MOST_OPEN
        && let Some(lowest) = state.overlays.iter().position(|overlay| matches!(overlay, Overlay::Detail(_)))
    {
        state.overlays.remove(lowest);
    }
    state.overlays.push(Overlay::Detail(Box::new(detail)));
}

/// Asks again for the thread on top and for those that could not be loaded.
pub(super) fn ask_again(state: &mut State, effects: &mut Vec<Effect>) {
    let asked = state.store.moment();
    let top = state.detail().map(|detail| detail.status.clone());
    for detail in details(state) {
        let is_top = Some(&detail.status) == top.as_ref();
        if matches!(detail.thread, ThreadState::Failed(_)) || (is_top && !detail.is_asked()) {
            effects.push(ask(detail, asked));
        }
    }
}

/// The connection was lost: nobody tells from now on what becomes of the threads.
pub(super) fn lost(state: &mut State) {
    details(state).for_each(|detail| detail.stale = true);
}

/// After every message: takes in the replies that came, and asks again for a thread that may have missed some.
pub(super) fn settle(state: &mut State, effects: &mut Vec<Effect>) {
    let is_open = details(state).next().is_some();
    if is_open {
        let mut shows = false;
        for (id, parent) in state.store.take_replies() {
            let me = state.me.as_ref().map(|me| &me.id);
            // What is gone by now, or one's own, is no news.
            let author = state.store.status(&id).map(Entry::account);
            let is_news = author.is_some() && author != me;
            for detail in details(state) {
                shows |= detail.joins(&id, &parent, is_news);
            }
        }
        state.revision += u64::from(shows);
    }
    state.store.gather_replies(is_open);
    if state.line.state == Connection::Live && state.detail().is_some_and(|detail| detail.stale && !detail.is_asked()) {
        let asked = state.store.moment();
        effects.extend(top(state).map(|detail| ask(detail, asked)));
    }
}

fn ask(detail: &mut Detail, asked: u64) -> Effect {
    detail.ask();
    Effect::Ask(Question::Thread { id: detail.status.clone(), asked })
}

/// A post is gone: nobody has to read it any more.
pub(super) fn deleted(state: &mut State, id: &StatusId) {
    for detail in details(state) {
        detail.unread.remove(id);
    }
}

/// Takes in the server's answer about a thread. What it leaves out though it had come is asked about.
pub(super) fn answered(state: &mut State, id: &StatusId, asked: u64, result: Result<(Bundle, Thread), Failure>) {
    state.revision += 1;
    let mut thread = match result {
        Ok((bundle, thread)) => {
            reply::lift(state, id, asked, bundle);
            thread
        }
        Err(failure) => {
            details(state).filter(|detail| detail.status == *id).for_each(|detail| detail.fail(&failure));
            return;
        }
    };
    state.store.put(std::mem::take(&mut thread.bundle));
    let mut missing: Vec<StatusId> = Vec::new();
    let State { overlays, store, .. } = &mut *state;
    for detail in details_of(overlays).filter(|detail| detail.status == *id) {
        let is_again = detail.take(&thread, store);
        // Later answers of a server that was asked before are held against what is known.
        if is_again && missing.is_empty() {
            let told: HashSet<&StatusId> = thread.ancestors.iter().chain(&thread.descendants).chain([id]).collect();
            let order = detail.tree.order();
            let below = order.places().iter().skip(order.focus()).take(order.replies() + 1);
            let above = order.places().iter().take(order.focus()).filter(|place| place.level == 0);
            let doubtful = below.chain(above).map(|place| &place.id).filter(|id| !told.contains(id));
            let held = doubtful.filter(|id| store.status(id).is_some() && !store.was_heard_since(id, asked));
            missing = held.take(MOST_SUSPECTS).cloned().collect();
        }
    }
    if state.line.state == Connection::Live {
        for id in missing {
            state.suspects.add(Suspect::Status(id), state.now);
        }
    }
}

/// Takes over what the last drawing found: where the cursor's post stands, and what has been read.
pub(super) fn adopt(state: &mut State, measured: &Measured) {
    let Some(pane) = &measured.reader else { return };
    let looked_at = state.focused && state.is_in_thread();
    let Some(detail) = top(state).filter(|detail| pane.status.as_ref() == Some(&detail.cursor)) else { return };
    if detail.line == pane.line.0 {
        detail.line = pane.line.1;
    }
    if !looked_at {
        return;
    }
    let mut read = false;
    for detail in details(state).filter(|detail| !detail.unread.is_empty()) {
        for post in &pane.visible {
            read |= detail.unread.remove(&post.id);
        }
    }
    state.revision += u64::from(read);
}

/// Moves through the open thread.
pub(super) fn go(state: &mut State, measured: &Measured, how: Go) {
    let Some(detail) = top(state) else { return };
    let pane = measured.reader.as_ref().filter(|pane| pane.status.as_ref() == Some(&detail.cursor) && !pane.visible.is_empty());
    match (how, pane) {
        (Go::First, _) => place(detail, 0, 0),
        (Go::Last, _) => place(detail, usize::MAX, FAR),
        (Go::Step(way), None) => step(detail, way, None),
        (Go::Lines(lines), None) => step(detail, if lines < 0 { Way::Up } else { Way::Down }, None),
        (Go::Step(way), Some(pane)) => {
            let height = i32::from(pane.area.height);
            let post = pane.visible.iter().find(|post| post.id == detail.cursor);
            match (way, post) {
                (Way::Down, Some(post)) if post.line + post.height > height => detail.line = post.line - 1,
                (Way::Up, Some(post)) if post.line < 0 => detail.line = post.line + 1,
                (Way::Down | Way::Up, _) => step(detail, way, Some(pane)),
            }
        }
        (Go::Lines(lines), Some(pane)) => scroll(detail, pane, lines),
    }
}

/// Puts the cursor on the post at this place of the order, or the last one, to begin at this line.
fn place(detail: &mut Detail, index: usize, line: i32) {
    let places = detail.tree.order().places();
    if let Some(place) = places.get(index.min(places.len().saturating_sub(1))) {
        detail.cursor = place.id.clone();
        detail.line = line;
    }
}

/// Puts the cursor on the next post or the one before; what is in view already stays where it is.
fn step(detail: &mut Detail, way: Way, pane: Option<&ReaderPane>) {
    let index = detail.index();
    let Some(next) = (match way {
        Way::Down => Some(index + 1).filter(|next| *next < detail.tree.order().places().len()),
        Way::Up => index.checked_sub(1),
    }) else {
        return;
    };
    let id = detail.tree.order().places().get(next).map(|place| place.id.clone());
    let seen = pane.into_iter().flat_map(|pane| &pane.visible).find(|post| Some(&post.id) == id.as_ref());
    let line = match (seen, way) {
        (Some(post), _) => post.line,
        (None, Way::Down) => FAR,
        (None, Way::Up) => -FAR,
    };
    place(detail, next, line);
}

/// Moves what is in view by so many lines, down where that is more than none. The cursor goes to the first post that begins
/// in view then.
fn scroll(detail: &mut Detail, pane: &ReaderPane, lines: i32) {
    let (Some(first), Some(last)) = (pane.visible.first(), pane.visible.last()) else { return };
    let height = i32::from(pane.area.height);
    let order = detail.tree.order();
    let at = |post: &VisiblePost| order.index(&post.id).unwrap_or_default();
    let (index, line) = if lines < 0 {
        let line = first.line - lines;
        match at(first) {
            0 if first.line >= 0 => (0, 0),
            // One that fills the pane and begins in it cannot go further down.
            index if first.line >= 0 && first.height >= height => (index.saturating_sub(1), -FAR),
            index => (index, line),
        }
    } else {
        let begins = pane.visible.iter().find(|post| (0..height).contains(&(post.line - lines)));
        let ends_in_view = last.line + last.height <= height;
        match begins {
            _ if ends_in_view && at(last) + 1 >= order.places().len() => (at(last), last.line),
            Some(post) => (at(post), post.line - lines),
            None if last.height > height && !ends_in_view => (at(last), last.line - lines),
            None => (at(last) + 1, (last.line + last.height + 1 - lines).max(0)),
        }
    };
    place(detail, index, line);
}

/// Goes to the next unread post of the open thread below the cursor, or to the first; or the same upwards.
pub(super) fn go_unread(state: &mut State, down: bool) {
    let Some(detail) = top(state) else { return };
    let (here, unread) = (detail.index(), detail.unread_places());
    let next = if down {
        unread.iter().find(|place| **place > here).or(unread.first())
    } else {
        unread.iter().rev().find(|place| **place < here).or(unread.last())
    };
    if let Some(next) = next {
        place(detail, *next, 0);
        let id = detail.cursor.clone();
        for detail in details(state) {
            detail.unread.remove(&id);
        }
    }
}

/// Goes to what the post with the cursor answers, or to the post on top of the thread.
pub(super) fn go_up(state: &mut State, to_root: bool) {
    let Some(detail) = top(state) else { return };
    let order = detail.tree.order();
    let above = if to_root { Some(0) } else { detail.tree.parent(&detail.cursor).and_then(|parent| order.index(parent)) };
    if let Some(index) = above {
        place(detail, index, 0);
    }
}

/// Takes away what lies over the post that is open on top, or over the tab.
pub(super) fn bare(state: &mut State) {
    let open = state.overlays.iter().rposition(|overlay| matches!(overlay, Overlay::Detail(_)));
    state.overlays.truncate(open.map_or(0, |open| open + 1));
}

/// Puts the cursor on a post of the open thread; what is in view already stays where it is.
pub(super) fn go_to(state: &mut State, measured: &Measured, id: &StatusId) {
    let Some(detail) = top(state) else { return };
    let pane = measured.reader.as_ref().filter(|pane| pane.status.as_ref() == Some(&detail.cursor));
    let seen = pane.into_iter().flat_map(|pane| &pane.visible).find(|post| post.id == *id);
    let line = seen.map_or(0, |post| post.line);
    if let Some(index) = detail.tree.order().index(id).filter(|_| detail.cursor != *id) {
        place(detail, index, line);
    }
}

/// Goes back to a place of the open thread.
pub(super) fn go_back_to(state: &mut State, page: &Page) {
    if let Some(detail) = top(state).filter(|detail| detail.status == page.status)
        && let Some(index) = detail.tree.order().index(&page.cursor)
    {
        place(detail, index, page.line);
    }
}

/// The mouse on a post of the open thread: it gets the cursor; says whether it had it already.
pub(super) fn click(state: &mut State, pane: &ReaderPane, y: u16) -> bool {
    let line = i32::from(y) - i32::from(pane.area.y);
    let Some(post) = pane.visible.iter().find(|post| (post.line..post.line + post.height).contains(&line)) else { return false };
    let Some(detail) = top(state) else { return false };
    let had = detail.cursor == post.id;
    if let Some(index) = detail.tree.order().index(&post.id) {
        place(detail, index, post.line);
    }
    had
}
