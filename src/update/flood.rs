//! Lets the view of a tab in which too much comes go on now and then, instead of with every row.
//!
//! Driven by arrivals and ticks: a turn is due at a time, and the meter says when it is over.

use super::rows;
use crate::state::flood::TURN;
use crate::state::{Anchor, Flood, Measured, Meter, Row, RowKey, State};

/// Begins, goes on and ends where it is time.
pub(super) fn pace(state: &mut State, measured: &Measured) {
    let active = state.tabs.active_index();
    // What nobody sees needs no rest.
    let others = state.tabs.all_mut().iter_mut().enumerate().filter(|(index, _)| *index != active);
    others.for_each(|(_, tab)| {
        if tab.flood.take().is_some() {
            (tab.anchor, tab.cursor) = (Anchor::Top, None);
        }
    });
    let Some(tab) = state.tabs.active() else { return };
    let (most, rate) = (state.settings.flood, state.meter_of(tab).map_or(0, Meter::per_minute));
    match tab.flood {
        // Not at the same rate at which it begins, or it would begin and end again and again.
        Some(_) if most == 0 || rate < most - most / 4 => end(state),
        Some(flood) if state.now >= flood.next || tab.anchor == Anchor::Top => turn(state, measured, flood),
        // Where nothing is drawn nothing scrolls.
        None if most > 0 && rate >= most && tab.follows() && measured.timeline.is_some() && !state.settings.linear => {
            turn(state, measured, Flood { next: state.now, every: 1, passed: 0 });
        }
        Some(_) | None => {}
    }
}

/// The view follows again as it usually does.
fn end(state: &mut State) {
    if let Some(tab) = state.tabs.active_mut() {
        tab.flood = None;
        (tab.anchor, tab.cursor) = (Anchor::Top, None);
        state.revision += 1;
    }
}

/// Shows the newest rows and lets them rest.
fn turn(state: &mut State, measured: &Measured, flood: Flood) {
    let Some(tab) = state.tabs.active() else { return };
    let Some(held) = state.rows(tab) else { return };
    let Some(newest) = state.shown_near(tab, 0).and_then(|index| held.row(index)).map(Row::key) else { return };
    let shown = |row: &&Row| state.is_shown(tab, row);
    let came: Vec<RowKey> = match &tab.anchor {
        // The row by which the view is held may stand beneath others that were in view already.
        Anchor::Row(key, _) => {
            let seen = |row: &&Row| rows::is_in_view(measured, &tab.sources, &row.key()) || row.key() == *key;
            held.all().iter().take_while(|row| !seen(row)).filter(shown).map(Row::key).collect()
        }
        Anchor::Top => Vec::new(),
    };
    if tab.flood.is_some() && came.is_empty() && tab.anchor != Anchor::Top {
        return;
    }
    let room = measured.of(&tab.sources).map_or(1, |pane| pane.visible.len().max(1));
    let passed = came.get(room..).unwrap_or_default();
    let every = came.len().div_ceil(room).max(1);
    let next = state.now.checked_add(TURN).unwrap_or(state.now);
    let flood = Flood { next, every, passed: flood.passed + passed.len() };
    let passed: Vec<RowKey> = passed.to_vec();
    if let Some(tab) = state.tabs.active_mut() {
        // They went by as they do where the view follows every row.
        for key in &passed {
            tab.unseen.remove(key);
        }
        (tab.anchor, tab.cursor) = (Anchor::Row(newest.clone(), 0), Some(newest));
        tab.flood = Some(flood);
    }
    state.revision += 1;
}
