//! Holding a tab still: what happens meanwhile is counted, and what is held back comes post by post where the reader steps.

use super::rows;
use crate::model::StatusId;
use crate::state::{Anchor, Measured, Row, RowKey, Rows, SinceHold, State, Tab};

/// Holds the open tab still, or lets it go.
pub(super) fn hold_or_let_go(state: &mut State, measured: &Measured) {
    let Some(tab) = state.tabs.active_mut() else { return };
    if tab.held {
        tab.held = false;
        if tab.held_at_top {
            (tab.anchor, tab.cursor) = (Anchor::Top, None);
        }
        return;
    }
    let at_top = tab.anchor == Anchor::Top || tab.flood.is_some();
    let cursor = rows::cursor_in_view(state, measured);
    rows::freeze(state, measured);
    if let Some(tab) = state.tabs.active_mut() {
        tab.held = true;
        tab.held_at_top = at_top;
        tab.cursor = cursor;
        tab.since_hold = SinceHold::default();
    }
}

/// Lets the oldest row that is held back come: the nearest one above the view.
pub(super) fn step(state: &mut State, measured: &Measured) {
    let Some(tab) = state.tabs.active() else { return };
    let Some(rows) = state.rows(tab) else { return };
    let pane = measured.of(&tab.sources).filter(|pane| pane.asked == tab.anchor);
    let top = pane.and_then(|pane| rows.index_of(&pane.visible.first()?.key));
    let Some(top) = top.or_else(|| state.cursor_index(tab)) else { return };
    let is_shown = |index: &usize| rows.row(*index).is_some_and(|row| state.is_shown(tab, row));
    let Some(key) = (0..top).rev().find(is_shown).and_then(|index| rows.row(index)).map(Row::key) else { return };
    if let Some(tab) = state.tabs.active_mut() {
        tab.anchor = Anchor::Row(key.clone(), 0);
        tab.cursor = Some(key);
    }
}

/// Takes in that a row came into a tab.
pub(super) fn came(tab: &mut Tab) {
    tab.since_hold.new += usize::from(tab.held);
}

/// Takes in that a post was edited.
pub(super) fn edited(state: &mut State, id: &StatusId) {
    let mut rows = vec![RowKey::Status(id.clone())];
    let boosts = |other: &&StatusId| state.store.status(other).is_some_and(|entry| entry.reblog() == Some(id));
    rows.extend(state.store.showing(id).filter(boosts).map(|boost| RowKey::Status(boost.clone())));
    for place in holding(state, |held| rows.iter().any(|key| held.index_of(key).is_some())) {
        if let Some(tab) = state.tabs.all_mut().get_mut(place) {
            tab.since_hold.edit(id);
        }
    }
}

/// Takes in that the post of a row is being deleted.
pub(super) fn deleted(state: &mut State, key: &RowKey) {
    for place in holding(state, |held| held.index_of(key).is_some()) {
        if let Some(tab) = state.tabs.all_mut().get_mut(place) {
            tab.since_hold.deleted += 1;
        }
    }
}

/// The places of tabs that are held and have such rows.
fn holding(state: &State, has: impl Fn(&Rows) -> bool) -> Vec<usize> {
    let is_touched = |tab: &Tab| tab.held && state.rows(tab).is_some_and(&has);
    (0..).zip(state.tabs.all()).filter(|(_, tab)| is_touched(tab)).map(|(place, _)| place).collect()
}
