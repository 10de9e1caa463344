//! Rows of tabs: putting them in, taking them out, and keeping cursor, anchor and unseen marks right while doing so.

use super::{folds, hold};
use crate::model::{StatusId, Stream, by_age};
use crate::state::refill::SETTLED_AFTER;
use crate::state::{Anchor, Cause, Entry, Fill, Measured, Row, RowKey, State};
use std::cmp::Ordering;
use std::sync::Arc;

/// How a row came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// By the stream, as it happened: it counts as unseen until it has been in view.
    Live,
    /// With a page that was asked for.
    Page,
    /// With a page that fills a gap: it is news as well.
    Refill,
}

/// Takes over what the last drawing found: where the view settled, what has been seen, which tombstones left the view.
pub(crate) fn adopt(state: &mut State, measured: &Measured) {
    let pane = measured.timeline.as_ref().filter(|pane| state.tabs.active().is_some_and(|tab| tab.stream == pane.stream));
    let looked_at = state.is_looked_at();
    if let (Some(pane), Some(tab)) = (pane, state.tabs.active_mut()) {
        if looked_at && !tab.unseen.is_empty() {
            let before = tab.unseen.len();
            for row in &pane.visible {
                tab.unseen.remove(&row.key);
                folds::seen(tab, &row.key);
            }
            state.revision += u64::from(before != tab.unseen.len());
        }
        let newest = pane.visible.iter().find_map(|row| match &row.key {
            RowKey::Status(id) => Some(id.as_str()),
            RowKey::Notification(id) => Some(id.as_str()),
            // Where a conversation stands says nothing about the others.
            RowKey::Conversation(_) | RowKey::Gap(_) => None,
        });
        if looked_at && let Some(newest) = newest {
            tab.has_read(newest);
        }
        if let Some((key, lines)) = &pane.hold
            && tab.anchor == pane.asked
            // What is held while it has no row stays with the first that comes.
            && (tab.anchor != Anchor::Top || tab.held)
            && state.timelines.get(&tab.stream).is_some_and(|timeline| timeline.index_of(key).is_some())
        {
            tab.anchor = Anchor::Row(key.clone(), *lines);
            if tab.held {
                tab.cursor.get_or_insert_with(|| key.clone());
            }
        }
    }
    folds::settle(state, measured);
    let active = state.tabs.active_index();
    let mut gone: Vec<(Stream, StatusId)> = Vec::new();
    for (index, tab) in state.tabs.all().iter().enumerate() {
        let in_view = |id: &StatusId| {
            let key = RowKey::Status(id.clone());
            // Before the first drawing of a tab nothing is known of what is in view, so nothing is taken away.
            index == active && pane.is_none_or(|pane| pane.visible.iter().any(|row| row.key == key))
        };
        gone.extend(tab.tombstones.iter().filter(|id| !in_view(id)).map(|id| (tab.stream.clone(), id.clone())));
    }
    for (stream, id) in gone {
        remove(state, &stream, &RowKey::Status(id.clone()));
        if let Some(tab) = state.tabs.of_mut(&stream) {
            tab.tombstones.retain(|held| *held != id);
        }
    }
}

/// Puts a row into the ledger of a stream; says whether it was not there before.
pub(crate) fn insert(state: &mut State, measured: &Measured, stream: &Stream, row: Row, came: Came) -> bool {
    let shown = state.tabs.of(stream).is_some_and(|tab| state.is_let_through(tab, &row));
    let looked_at = state.is_looked_at();
    let now = state.now;
    let active = state.tabs.active().is_some_and(|tab| tab.stream == *stream);
    let Some(timeline) = state.timelines.get_mut(stream) else { return false };
    if came != Came::Page && timeline.is_below_floor(&row) {
        return false;
    }
    let key = row.key();
    let inserted = timeline.insert(row);
    if let Some(tab) = state.tabs.of_mut(stream) {
        if shown {
            tab.hidden.remove(&key);
        } else {
            tab.hidden.insert(key.clone());
        }
    }
    let Some(index) = inserted else {
        folds::join(state, measured, stream, &key);
        return false;
    };
    timeline.brought |= came == Came::Live;
    // The newest of all, when the server has shown everything before it: whatever comes later comes live as well.
    if came == Came::Live
        && index == 0
        && timeline.witness.is_none()
        && matches!(timeline.shown_to, Some((_, true)))
        && timeline.subscribed.is_some_and(|at| now.duration_since(at) >= SETTLED_AFTER)
    {
        timeline.witness = timeline.row(0).map(|row| Arc::from(row.place_id()));
    }
    folds::join(state, measured, stream, &key);
    if came != Came::Page && shown {
        let drawn = state.tabs.of(stream).and_then(|tab| state.drawn_for(tab, &key)).cloned();
        if drawn.is_none() {
            hold::came(state, stream);
        }
        if let Some(tab) = state.tabs.of_mut(stream) {
            let pane = measured.timeline.as_ref();
            let in_view = pane.map_or(1, |pane| pane.visible.len().max(1));
            let sees = |drawn: &RowKey| pane.is_some_and(|pane| pane.stream == *stream && pane.visible.iter().any(|row| row.key == *drawn));
            let is_before = drawn.as_ref().map_or(tab.follows() && tab.flood.is_none() && index < in_view, sees);
            // Where rows are said one has been seen once it was said.
            if !(active && looked_at && is_before && !state.settings.linear) {
                tab.unseen.insert(drawn.unwrap_or(key));
            }
        }
    }
    trim(state, stream);
    state.revision += 1;
    true
}

/// What a filter hides by now is not news any more.
pub(crate) fn forget_hidden(state: &mut State, id: &StatusId) {
    let filtered = |entry: &Entry| entry.status().filtered.as_ref().is_some_and(|found| !found.is_empty());
    if !state.store.status(id).is_some_and(filtered) {
        return;
    }
    let mut hidden: Vec<(Stream, RowKey)> = Vec::new();
    for tab in state.tabs.all().iter().filter(|tab| !tab.unseen.is_empty()) {
        let Some(timeline) = state.timelines.get(&tab.stream) else { continue };
        let is_hidden = |key: &&RowKey| {
            let row = timeline.index_of(key).and_then(|index| timeline.row(index));
            row.is_some_and(|row| !state.is_let_through(tab, row))
        };
        hidden.extend(tab.unseen.iter().filter(is_hidden).map(|key| (tab.stream.clone(), key.clone())));
    }
    for (stream, key) in hidden {
        if let Some(tab) = state.tabs.of_mut(&stream) {
            tab.unseen.remove(&key);
            state.revision += 1;
        }
    }
}

/// Counts rows that a filter hides by now, whatever brought it: rows put in since are counted already.
pub(crate) fn count_hidden(state: &mut State) {
    let changed = state.store.take_hiding();
    if changed.is_empty() {
        return;
    }
    let mut keys: Vec<RowKey> = Vec::new();
    for (id, _) in &changed {
        keys.extend([id].into_iter().chain(state.store.showing(id)).map(|id| RowKey::Status(id.clone())));
    }
    // There is no way from a status to its notifications but through all of them; what comes anew has none yet.
    let held: Vec<&StatusId> = changed.iter().filter_map(|(id, was_held)| was_held.then_some(id)).collect();
    if !held.is_empty()
        && let Some(timeline) = state.timelines.get(&Stream::UserNotification)
    {
        let about = |row: &&Row| matches!(row, Row::Notification(id) if state.store.notification(id).and_then(|found| found.status.as_ref()).is_some_and(|status| held.contains(&status)));
        keys.extend(timeline.rows().iter().filter(about).map(Row::key));
    }
    let mut hidden: Vec<(Stream, RowKey)> = Vec::new();
    for tab in state.tabs.all() {
        let Some(timeline) = state.timelines.get(&tab.stream) else { continue };
        let is_hidden =
            |key: &&RowKey| timeline.index_of(key).and_then(|index| timeline.row(index)).is_some_and(|row| !state.is_let_through(tab, row));
        hidden.extend(keys.iter().filter(is_hidden).map(|key| (tab.stream.clone(), key.clone())));
    }
    for (stream, key) in hidden {
        if let Some(tab) = state.tabs.of_mut(&stream) {
            state.revision += u64::from(tab.hidden.insert(key));
        }
    }
}

/// Takes a row out; cursor and anchor go to the next older row, or to the next newer one at the end.
pub(crate) fn remove(state: &mut State, stream: &Stream, key: &RowKey) {
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let Some(index) = timeline.index_of(key) else { return };
    timeline.remove(key);
    let heir = timeline.row(index).or_else(|| timeline.row(index.checked_sub(1)?)).map(Row::key);
    if let Some(tab) = state.tabs.of_mut(stream) {
        folds::leave(tab, key);
        tab.unseen.remove(key);
        tab.hidden.remove(key);
        if tab.cursor.as_ref() == Some(key) {
            tab.cursor.clone_from(&heir);
        }
        if let Anchor::Row(at, lines) = &tab.anchor
            && at == key
        {
            let lines = (*lines).min(0);
            tab.anchor = heir.map_or(Anchor::Top, |heir| Anchor::Row(heir, lines));
        }
    }
    state.revision += 1;
}

/// Moves a gap above another row, or takes it away. What the reader looks at beneath it stays where it is; where the
/// cursor is on the gap, it is the gap that stays.
pub(crate) fn move_gap(state: &mut State, measured: &Measured, stream: &Stream, after: &Arc<str>, to: Option<&Arc<str>>) {
    let key = RowKey::Gap(Arc::clone(after));
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let Some(index) = timeline.index_of(&key) else { return };
    timeline.move_gap(after, to);
    let moved = to.map(|to| RowKey::Gap(Arc::clone(to)));
    let below = || timeline.row(index).or_else(|| timeline.row(index.checked_sub(1)?)).map(Row::key);
    // Where something else was put in its place meanwhile, that is what was beneath it.
    let beneath = timeline.rows_from(after).find(|row| !matches!(row, Row::Gap(_))).map(Row::key).or_else(below);
    if let Some(tab) = state.tabs.of_mut(stream) {
        let chosen = tab.cursor.as_ref() == Some(&key);
        let heir = if chosen { moved.or_else(|| beneath.clone()) } else { beneath };
        if let Anchor::Row(at, lines) = &tab.anchor
            && *at == key
        {
            let place = |key: &RowKey| {
                let pane = measured.timeline.as_ref().filter(|pane| pane.stream == *stream)?;
                pane.visible.iter().find(|row| row.key == *key).map(|row| i32::from(row.y))
            };
            // A gap mostly takes a line and a blank one.
            let apart = heir.as_ref().and_then(|heir| Some(place(heir)? - place(&key)?)).unwrap_or(2);
            let lines = if chosen { *lines } else { lines - apart };
            tab.anchor = heir.clone().map_or(Anchor::Top, |heir| Anchor::Row(heir, lines));
        }
        if chosen {
            tab.cursor = heir;
        }
    }
    state.revision += 1;
}

/// Drops rows over the cap, but none that the reader looks at.
pub(crate) fn trim(state: &mut State, stream: &Stream) {
    let (cap, now) = (state.settings.rows, state.now);
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    if timeline.rows().len() <= cap {
        return;
    }
    let Some(tab) = state.tabs.of_mut(stream) else { return };
    let protected = match &tab.anchor {
        Anchor::Top => None,
        Anchor::Row(key, _) => [Some(key), tab.cursor.as_ref()].into_iter().flatten().filter_map(|key| timeline.index_of(key)).max(),
    };
    let dropped = timeline.trim(cap, protected);
    let oldest: Option<Arc<str>> = timeline.rows().back().map(|row| Arc::from(row.place_id()));
    let above = |row: &Row| oldest.as_ref().is_some_and(|oldest| by_age(row.place_id(), oldest) == Ordering::Greater);
    if dropped.iter().any(above)
        && let Some(refill) = timeline.refill.take()
    {
        // What it brings is dropped again to keep the reader's place: it goes on when the reader asks.
        match refill.gap {
            Some(gap) => timeline.set_fill(&gap, Fill::Left),
            None => timeline.open_gap(&refill.proven, timeline.subscribed, Some(now), Cause::Disconnected),
        }
    }
    for row in dropped {
        let key = row.key();
        if let Row::Gap(gap) = &row {
            if gap.cause != Cause::Trimmed {
                timeline.complete_since = timeline.complete_since.max(gap.until);
            }
            // A walk towards what is not kept has no end to reach.
            timeline.refill.take_if(|refill| refill.gap.as_ref() == Some(&gap.after));
        }
        folds::leave(tab, &key);
        tab.unseen.remove(&key);
        tab.hidden.remove(&key);
        if let Row::Tombstone(id) = &row {
            tab.tombstones.retain(|held| held != id);
        }
        if tab.cursor.as_ref() == Some(&key) {
            tab.cursor = None;
        }
        if matches!(&tab.anchor, Anchor::Row(at, _) if *at == key) {
            tab.anchor = Anchor::Top;
        }
    }
}

/// Whether a row of a stream's tab was in view when it was last drawn.
pub(crate) fn is_in_view(measured: &Measured, stream: &Stream, key: &RowKey) -> bool {
    let pane = measured.timeline.as_ref().filter(|pane| pane.stream == *stream);
    pane.is_some_and(|pane| pane.visible.iter().any(|row| row.key == *key))
}

/// The chosen row of the open tab where it is in view, else the first one in view: a view that stands still would go
/// after a cursor that is elsewhere, and one that was not chosen goes with what is new.
pub(crate) fn cursor_in_view(state: &State, measured: &Measured) -> Option<RowKey> {
    let tab = state.tabs.active()?;
    let timeline = state.timelines.get(&tab.stream)?;
    let pane = measured.timeline.as_ref().filter(|pane| pane.stream == tab.stream);
    let is_in_view = |key: &&RowKey| pane.is_none_or(|pane| pane.visible.iter().any(|row| row.key == **key));
    let first = || pane.and_then(|pane| pane.visible.iter().map(|row| &row.key).find(|key| timeline.index_of(key).is_some()));
    let chosen = tab.cursor.as_ref().filter(is_in_view).or_else(first).cloned();
    chosen.or_else(|| state.cursor_row().map(Row::key))
}

/// Stops following: what is in the pane stays there.
pub(crate) fn freeze(state: &mut State, measured: &Measured) {
    let Some(tab) = state.tabs.active_mut() else { return };
    tab.flood = None;
    let Some(tab) = state.tabs.active() else { return };
    if tab.anchor != Anchor::Top {
        return;
    }
    let Some(timeline) = state.timelines.get(&tab.stream) else { return };
    let drawn = measured.timeline.as_ref().filter(|pane| pane.stream == tab.stream).and_then(|pane| pane.hold.clone());
    let top = drawn
        .filter(|(key, _)| timeline.index_of(key).is_some())
        .or_else(|| timeline.rows().iter().find(|row| state.is_shown(tab, row)).map(|row| (row.key(), 0)));
    if let (Some((key, lines)), Some(tab)) = (top, state.tabs.active_mut()) {
        tab.anchor = Anchor::Row(key, lines);
    }
}
