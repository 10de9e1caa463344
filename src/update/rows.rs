//! Rows of tabs: putting them in, taking them out, and keeping cursor, anchor and unseen marks right while doing so.

use super::{folds, hold};
use crate::model::{Sources, StatusId, Stream, by_age};
use crate::state::refill::SETTLED_AFTER;
use crate::state::views::heir;
use crate::state::{Anchor, Cause, Entry, Fill, Measured, Row, RowKey, State, Store, Tab, TimelinePane};
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
    for pane in measured.timelines() {
        adopt_pane(state, pane);
    }
    folds::settle(state, measured);
    let mut gone: Vec<(Stream, RowKey)> = Vec::new();
    for (stream, timeline) in state.timelines.iter().filter(|(_, timeline)| !timeline.tombstones.is_empty()) {
        // Before the first drawing of a tab nothing is known of what is in view, so nothing is taken away.
        let columns = state.columns();
        let mut open = state.tabs.all().get(columns).unwrap_or_default().iter().filter(|tab| tab.sources.contains(stream));
        if open.any(|tab| measured.of(&tab.sources).is_none()) {
            continue;
        }
        let in_view = |key: &RowKey| is_drawn(state, measured, stream, key);
        let keys = timeline.tombstones.iter().map(|id| RowKey::Status(id.clone()));
        gone.extend(keys.filter(|key| !in_view(key)).map(|key| (stream.clone(), key)));
    }
    for (stream, key) in gone {
        remove(state, &stream, &key);
    }
}

/// Takes over what was found of one tab.
fn adopt_pane(state: &mut State, pane: &TimelinePane) {
    let Some(index) = state.tabs.all().iter().position(|tab| tab.sources == pane.sources) else { return };
    // A pane of the last drawing that has no column any more is out of date.
    if !state.columns().contains(&index) {
        return;
    }
    let looked_at = state.is_looked_at();
    let is_held =
        |key: &RowKey| state.tabs.all().get(index).and_then(|tab| state.rows(tab)).is_some_and(|rows| rows.index_of(key).is_some());
    let hold = pane.hold.as_ref().filter(|(key, _)| is_held(key));
    if let Some(tab) = state.tabs.all_mut().get_mut(index) {
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
        if let Some((key, lines)) = hold
            && tab.anchor == pane.asked
            // What is held while it has no row stays with the first that comes.
            && (tab.anchor != Anchor::Top || tab.held)
        {
            tab.anchor = Anchor::Row(key.clone(), *lines);
            if tab.held {
                tab.cursor.get_or_insert_with(|| key.clone());
            }
        }
    }
}

/// Whether a row of a stream stands in one of the columns.
pub(crate) fn is_drawn(state: &State, measured: &Measured, stream: &Stream, key: &RowKey) -> bool {
    let open = state.tabs.all().get(state.columns()).unwrap_or_default();
    open.iter().filter_map(|tab| measured.of(&tab.sources)).any(|pane| pane.shows(stream, key))
}

/// Puts a row into the ledger of a stream, and so into each tab that shows it; says whether the ledger did not have it before.
pub(crate) fn insert(state: &mut State, measured: &Measured, stream: &Stream, row: Row, came: Came) -> bool {
    let now = state.now;
    let key = row.key();
    // Whether the server's filters let it into the tab of the stream alone, and that tab's own does.
    let verdict = state.tabs.of(stream).map(|tab| (state.is_allowed(tab, &row), state.admits(tab, &row)));
    // Another of its streams may have brought it.
    let has_it = |tab: &Tab| tab.merged.as_ref().is_some_and(|merged| merged.rows().index_of(&key).is_some());
    let held: Vec<usize> =
        (0..).zip(state.tabs.all()).filter(|(_, tab)| tab.sources.contains(stream) && has_it(tab)).map(|(at, _)| at).collect();
    let Some(timeline) = state.timelines.get_mut(stream) else { return false };
    if came != Came::Page && timeline.is_below_floor(&row) {
        return false;
    }
    let inserted = timeline.insert(row);
    if let (Some((allowed, admitted)), Some(tab)) = (verdict, state.tabs.of_mut(stream)) {
        tab.sieve.set(key.clone(), !admitted);
        if allowed {
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
    state.follow();
    if came != Came::Page {
        let is_new = |(place, tab): (usize, &Tab)| {
            let is_there = || state.rows(tab).is_some_and(|rows| rows.index_of(&key).is_some());
            // What a filter hides that is only tried stays news.
            let counts = !tab.hidden.contains(&key) && (!tab.sieve.hides(|| key.clone()) || state.is_filtering(&tab.sources));
            tab.sources.contains(stream) && counts && !held.contains(&place) && is_there()
        };
        // The row that is drawn for it, and whether the reader does not see that happen.
        let fresh: Vec<(usize, Option<RowKey>, bool)> = (0..)
            .zip(state.tabs.all())
            .filter(|found| is_new(*found))
            .map(|(place, tab)| {
                let drawn = state.drawn_for(tab, &key).cloned();
                let is_unseen = is_unseen(state, measured, tab, &key, drawn.as_ref());
                (place, drawn, is_unseen)
            })
            .collect();
        for (place, drawn, is_unseen) in fresh {
            let Some(tab) = state.tabs.all_mut().get_mut(place) else { continue };
            if drawn.is_none() && !tab.sieve.hides(|| key.clone()) {
                hold::came(tab);
            }
            if let Some(merged) = tab.merged.as_mut().filter(|_| came == Came::Live) {
                merged.meter.count(now);
            }
            if is_unseen {
                tab.unseen.insert(drawn.as_ref().unwrap_or(&key));
            }
        }
    }
    // Among the rows of a page, where gaps are is only known when it has been gone through.
    if came == Came::Live {
        trim(state, stream);
    }
    state.revision += 1;
    true
}

/// Whether a row that has just come into a tab is out of the reader's sight.
fn is_unseen(state: &State, measured: &Measured, tab: &Tab, key: &RowKey, drawn: Option<&RowKey>) -> bool {
    let Some(index) = state.rows(tab).and_then(|rows| rows.index_of(key)) else { return false };
    let is_active = state.tabs.all().get(state.columns()).unwrap_or_default().iter().any(|open| open.sources == tab.sources);
    let in_view = measured.of(&tab.sources).map_or(1, |pane| pane.visible.len().max(1));
    let sees = |drawn: &RowKey| is_in_view(measured, &tab.sources, drawn);
    let is_before = drawn.map_or(tab.follows() && tab.flood.is_none() && index < in_view, sees);
    // Where rows are said one has been seen once it was said.
    !(is_active && state.is_looked_at() && is_before && !state.settings.linear)
}

/// What a filter hides by now is not news any more.
pub(crate) fn forget_hidden(state: &mut State, id: &StatusId) {
    if !state.store.status(id).is_some_and(Entry::is_filtered) {
        return;
    }
    let rows: Vec<RowKey> = showing(&state.store, id).chain(notifications_about(&state.store, id)).collect();
    for (sources, key) in in_tabs_where(state, &rows, |tab, row| tab.unseen.contains(&row.key()) && !state.is_let_through(tab, row)) {
        if let Some(tab) = state.tabs.named_mut(&sources) {
            tab.unseen.remove(&key);
            state.revision += 1;
        }
    }
}

/// Counts rows that a filter hides by now, whatever brought it: rows put in since are counted already.
pub(crate) fn count_hidden(state: &mut State) {
    let changed = state.store.take_hiding();
    let shown = changed.iter().flat_map(|(id, _)| showing(&state.store, id));
    // What comes anew has no notification that stands yet.
    let before = changed.iter().filter(|(_, was_held)| *was_held);
    let rows: Vec<RowKey> = shown.chain(before.flat_map(|(id, _)| notifications_about(&state.store, id))).collect();
    for (sources, key) in in_tabs_where(state, &rows, |tab, row| !state.is_allowed(tab, row)) {
        if let Some(tab) = state.tabs.named_mut(&sources) {
            state.revision += u64::from(tab.hidden.insert(key));
        }
    }
}

/// Of some rows those of which something holds in a tab that has them, each with that tab.
fn in_tabs_where(state: &State, rows: &[RowKey], holds: impl Fn(&Tab, &Row) -> bool) -> Vec<(Sources, RowKey)> {
    if rows.is_empty() {
        return Vec::new();
    }
    let of_tab = |tab: &Tab| {
        let held = state.rows(tab)?;
        let found = rows.iter().filter(|key| held.get(key).is_some_and(|row| holds(tab, row)));
        Some(found.map(|key| (tab.sources.clone(), key.clone())).collect::<Vec<_>>())
    };
    state.tabs.all().iter().filter_map(of_tab).flatten().collect()
}

/// Rows that show a status: its own, and those of boosts and quotes of it.
fn showing<'a>(store: &'a Store, id: &'a StatusId) -> impl Iterator<Item = RowKey> + 'a {
    [id].into_iter().chain(store.showing(id)).map(|id| RowKey::Status(id.clone()))
}

/// Rows of notifications about a status.
fn notifications_about(store: &Store, id: &StatusId) -> impl Iterator<Item = RowKey> {
    store.notifications_about(id).into_iter().map(RowKey::Notification)
}

/// Takes a row out; cursors and anchors go to the next older row, or to the next newer one at the end.
pub(crate) fn remove(state: &mut State, stream: &Stream, key: &RowKey) {
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let Some(index) = timeline.index_of(key) else { return };
    timeline.remove(key);
    if let RowKey::Status(id) = key {
        timeline.tombstones.retain(|held| held != id);
    }
    let heir = heir(timeline.ledger(), index);
    if let Some(tab) = state.tabs.of_mut(stream) {
        tab.lose(key, heir.as_ref());
    }
    state.follow();
    state.revision += 1;
}

/// Moves a gap above another row, or takes it away. What the reader looks at beneath it stays where it is; where the
/// cursor is on the gap, it is the gap that stays.
pub(crate) fn move_gap(state: &mut State, measured: &Measured, stream: &Stream, after: &Arc<str>, to: Option<&Arc<str>>) {
    let key = RowKey::Gap(Arc::clone(after));
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    if timeline.index_of(&key).is_none() {
        return;
    }
    timeline.move_gap(after, to);
    let at_gap = |tab: &Tab| {
        let lines = if let Anchor::Row(at, lines) = &tab.anchor { Some(*lines).filter(|_| *at == key) } else { None };
        (tab.cursor.as_ref() == Some(&key), lines)
    };
    let before: Vec<(Sources, bool, Option<i32>)> = state
        .tabs
        .showing(stream)
        .map(|tab| (tab.sources.clone(), at_gap(tab)))
        .filter(|(_, (chosen, lines))| *chosen || lines.is_some())
        .map(|(sources, (chosen, lines))| (sources, chosen, lines))
        .collect();
    state.follow();
    let moved = to.map(|to| RowKey::Gap(Arc::clone(to)));
    for (sources, chosen, lines) in before {
        let Some(rows) = state.tabs.named(&sources).and_then(|tab| state.rows(tab)) else { continue };
        if rows.index_of(&key).is_some() {
            // Another stream has one at the same place.
            continue;
        }
        let below = || heir(rows, rows.place_of(&key));
        // Where something else was put in its place meanwhile, that is what was beneath it.
        let beneath = rows.from(after).find(|row| !matches!(row, Row::Gap(_))).map(Row::key).or_else(below);
        let heir = if chosen { moved.clone().or_else(|| beneath.clone()) } else { beneath };
        let anchor = lines.map(|lines| {
            let place = |key: &RowKey| {
                let pane = measured.of(&sources)?;
                pane.visible.iter().find(|row| row.key == *key).map(|row| i32::from(row.y))
            };
            // A gap mostly takes a line and a blank one.
            let apart = heir.as_ref().and_then(|heir| Some(place(heir)? - place(&key)?)).unwrap_or(2);
            let lines = if chosen { lines } else { lines - apart };
            heir.clone().map_or(Anchor::Top, |heir| Anchor::Row(heir, lines))
        });
        if let Some(tab) = state.tabs.named_mut(&sources) {
            tab.anchor = anchor.unwrap_or_else(|| tab.anchor.clone());
            if chosen {
                tab.cursor = heir;
            }
        }
    }
    state.revision += 1;
}

/// Drops rows over the cap, but none that a reader of a tab looks at.
pub(crate) fn trim(state: &mut State, stream: &Stream) {
    let (cap, now) = (state.settings.rows, state.now);
    let Some(timeline) = state.timelines.get(stream) else { return };
    if timeline.rows().len() <= cap {
        return;
    }
    let read_at = |tab: &Tab| match &tab.anchor {
        Anchor::Top => None,
        // Rows of other streams lie between its own.
        Anchor::Row(key, _) => [Some(key), tab.cursor.as_ref()].into_iter().flatten().map(|key| timeline.ledger().index_near(key)).max(),
    };
    let readers: Vec<usize> = state.tabs.showing(stream).filter_map(read_at).collect();
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    let dropped = timeline.trim(cap, &readers);
    if dropped.is_empty() {
        return;
    }
    let is_above = |oldest: &Row| dropped.iter().any(|row| by_age(row.place_id(), oldest.place_id()) == Ordering::Greater);
    if timeline.rows().back().is_some_and(is_above)
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
        if let Row::Tombstone(id) = &row {
            timeline.tombstones.retain(|held| held != id);
        }
        if let Some(tab) = state.tabs.of_mut(stream) {
            tab.leave_fold(&key);
            tab.unseen.remove(&key);
            tab.hidden.remove(&key);
            tab.sieve.forget(&key);
            if tab.cursor.as_ref() == Some(&key) {
                tab.cursor = None;
            }
            if matches!(&tab.anchor, Anchor::Row(at, _) if *at == key) {
                tab.anchor = Anchor::Top;
            }
        }
        state.released.push(key);
    }
    state.follow();
}

/// Whether a row of a tab was in view when it was last drawn.
pub(crate) fn is_in_view(measured: &Measured, sources: &Sources, key: &RowKey) -> bool {
    let pane = measured.of(sources);
    pane.is_some_and(|pane| pane.visible.iter().any(|row| row.key == *key))
}

/// The chosen row of the open tab where it is in view, else the first one in view: a view that stands still would go
/// after a cursor that is elsewhere, and one that was not chosen goes with what is new.
pub(crate) fn cursor_in_view(state: &State, measured: &Measured) -> Option<RowKey> {
    let tab = state.tabs.active()?;
    let rows = state.rows(tab)?;
    let pane = measured.of(&tab.sources);
    let is_in_view = |key: &&RowKey| pane.is_none_or(|pane| pane.visible.iter().any(|row| row.key == **key));
    let first = || pane.and_then(|pane| pane.visible.iter().map(|row| &row.key).find(|key| rows.index_of(key).is_some()));
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
    let Some(rows) = state.rows(tab) else { return };
    let drawn = measured.of(&tab.sources).and_then(|pane| pane.hold.clone());
    let top = drawn
        .filter(|(key, _)| rows.index_of(key).is_some())
        .or_else(|| rows.all().iter().find(|row| state.is_shown(tab, row)).map(|row| (row.key(), 0)));
    if let (Some((key, lines)), Some(tab)) = (top, state.tabs.active_mut()) {
        tab.anchor = Anchor::Row(key, lines);
    }
}
