//! Lets the view of a tab in which too much comes go on now and then, instead of with every row.
//!
//! Driven by arrivals and ticks: a turn is due at a time, and the meter says when it is over. A tab that is not in view counts and
//! samples as well, and shows the newest as soon as it is; what nobody saw go by stays unseen.

use super::rows;
use crate::model::Sources;
use crate::state::flood::TURN;
use crate::state::{Anchor, Flood, Measured, Meter, Row, RowKey, State};

/// Begins, goes on and ends where it is time, in every tab.
pub(super) fn pace(state: &mut State, measured: &Measured) {
    let columns = state.columns();
    for place in 0..state.tabs.all().len() {
        pace_tab(state, measured, place, columns.contains(&place));
    }
}

fn pace_tab(state: &mut State, measured: &Measured, place: usize, has_column: bool) {
    let Some(tab) = state.tabs.all().get(place) else { return };
    let (most, rate) = (state.settings.flood, state.meter_of(tab).map_or(0, Meter::per_minute));
    if tab.flood.is_none() && (most == 0 || rate < most) {
        return;
    }
    let sources = tab.sources.clone();
    // One that has just got a column has not been drawn in it.
    let is_drawn = measured.of(&sources).is_some();
    match tab.flood {
        // Not at the same rate at which it begins, or it would begin and end again and again.
        Some(_) if most == 0 || rate < most - most / 4 => end(state, &sources),
        Some(flood) if state.now >= flood.next || tab.anchor == Anchor::Top || (has_column && !is_drawn) => {
            turn(state, measured, &sources, flood, has_column);
        }
        // Where the open tab is not drawn nothing scrolls.
        None if tab.follows() && measured.timeline.is_some() && !state.settings.linear => {
            turn(state, measured, &sources, Flood { next: state.now, every: 1, passed: 0 }, has_column);
        }
        Some(_) | None => {}
    }
}

/// The view follows again as it usually does.
fn end(state: &mut State, sources: &Sources) {
    if let Some(tab) = state.tabs.named_mut(sources) {
        tab.flood = None;
        (tab.anchor, tab.cursor) = (Anchor::Top, None);
        state.revision += 1;
    }
}

/// Shows the newest rows and lets them rest.
fn turn(state: &mut State, measured: &Measured, sources: &Sources, flood: Flood, has_column: bool) {
    let Some(tab) = state.tabs.named(sources) else { return };
    let Some(held) = state.rows(tab) else { return };
    let Some(newest) = state.shown_near(tab, 0).and_then(|index| held.row(index)).map(Row::key) else { return };
    let shown = |row: &&Row| state.is_shown(tab, row);
    let came: Vec<RowKey> = match &tab.anchor {
        // The row by which the view is held may stand beneath others that were in view already.
        Anchor::Row(key, _) => {
            let seen = |row: &&Row| (has_column && rows::is_in_view(measured, sources, &row.key())) || row.key() == *key;
            held.all().iter().take_while(|row| !seen(row)).filter(shown).map(Row::key).collect()
        }
        Anchor::Top => Vec::new(),
    };
    if tab.flood.is_some() && came.is_empty() && tab.anchor != Anchor::Top {
        return;
    }
    // Elsewhere there will be about as much room as there is here.
    let pane = measured.of(sources).filter(|_| has_column);
    let room = pane.or(measured.timeline.as_ref()).map_or(1, |pane| pane.visible.len().max(1));
    let passed = came.get(room..).unwrap_or_default();
    let every = came.len().div_ceil(room).max(1);
    let next = state.now.checked_add(TURN).unwrap_or(state.now);
    let flood = Flood { next, every, passed: flood.passed + passed.len() };
    // They went by as they do where the view follows every row, if anybody could see that.
    let passed: Vec<RowKey> = if pane.is_some() { passed.to_vec() } else { Vec::new() };
    if let Some(tab) = state.tabs.named_mut(sources) {
        for key in &passed {
            tab.unseen.remove(key);
        }
        (tab.anchor, tab.cursor) = (Anchor::Row(newest.clone(), 0), Some(newest));
        tab.flood = Some(flood);
    }
    state.revision += u64::from(has_column);
}
