//! Rows that tell the same of one post: which of them is drawn, as rows come, go and leave the view.
//!
//! Nothing that the reader has before them moves for it: a row in view, under the cursor or at the anchor goes on carrying its
//! group, and a row takes over only where it does not appear among those in view.

use crate::model::Stream;
use crate::state::folds::who;
use crate::state::{Anchor, FoldKey, Measured, Merged, RowKey, Rows, State, Tab, Timeline, TimelinePane};

/// Takes in that a row came into the tab of a stream, or what it tells of changed. Tabs of several follow by themselves.
pub(super) fn join(state: &mut State, measured: &Measured, stream: &Stream, key: &RowKey) {
    let active = state.tabs.all().get(state.columns()).unwrap_or_default().iter().any(|tab| tab.sources == *stream);
    let Some(timeline) = state.timelines.get(stream) else { return };
    let Some(row) = timeline.index_of(key).and_then(|index| timeline.row(index)) else { return };
    let fold = FoldKey::of(&state.store, row);
    let pane = state.tabs.of(stream).and_then(|tab| measured.of(&tab.sources)).filter(|_| active);
    let State { tabs, store, .. } = state;
    let Some(tab) = tabs.of_mut(stream) else { return };
    let Some(fold) = fold else {
        tab.leave_fold(key);
        return;
    };
    let (anchor, cursor) = (tab.anchor.clone(), tab.cursor.clone());
    let teller = |row: &RowKey| who(store, row).cloned();
    let handover = tab.folds.insert(key.clone(), &fold, teller, |carrier| is_watched(&anchor, cursor.as_ref(), pane, carrier));
    tab.hand_over(handover);
}

/// Takes in that a row has been in view: what is told in it has been as well.
pub(super) fn seen(tab: &mut Tab, key: &RowKey) {
    if tab.unseen.is_empty() {
        return;
    }
    let Some((several, _)) = tab.folds.group(key) else { return };
    for row in several.rows() {
        tab.unseen.remove(row);
    }
}

/// Has the newest rows carry their groups again, where the reader does not have those before them that did meanwhile.
pub(super) fn settle(state: &mut State, measured: &Measured) {
    let columns = state.columns();
    let mut changed = false;
    for (index, tab) in state.tabs.all_mut().iter_mut().enumerate().filter(|(_, tab)| tab.folds.is_late()) {
        let ledger = tab.sources.only().and_then(|stream| state.timelines.get(stream)).map(Timeline::ledger);
        let Some(rows) = tab.merged.as_ref().map(Merged::rows).or(ledger) else { continue };
        let pane = measured.of(&tab.sources).filter(|_| columns.contains(&index));
        if columns.contains(&index) && pane.is_none() {
            // Nothing is known of what is in view.
            continue;
        }
        let (anchor, cursor, follows) = (tab.anchor.clone(), tab.cursor.clone(), tab.follows());
        let handovers = tab.folds.settle(
            |carrier| is_watched(&anchor, cursor.as_ref(), pane, carrier),
            |newest| pane.is_none_or(|pane| !is_within(rows, pane, follows, newest)),
        );
        changed |= !handovers.is_empty();
        for handover in handovers {
            tab.hand_over(Some(handover));
        }
    }
    state.revision += u64::from(changed);
}

/// Whether the reader has a row before them, or comes back to it.
fn is_watched(anchor: &Anchor, cursor: Option<&RowKey>, pane: Option<&TimelinePane>, key: &RowKey) -> bool {
    let anchored = matches!(anchor, Anchor::Row(at, _) if at == key);
    anchored || cursor == Some(key) || pane.is_some_and(|pane| pane.visible.iter().any(|row| row.key == *key))
}

/// Whether a row stands between those in view; where the view follows what is new, above them as well.
fn is_within(rows: &Rows, pane: &TimelinePane, follows: bool, key: &RowKey) -> bool {
    let places = || pane.visible.iter().filter_map(|row| rows.index_of(&row.key));
    let Some((index, last)) = rows.index_of(key).zip(places().max()) else { return false };
    let first = if follows { 0 } else { places().min().unwrap_or(last) };
    (first..=last).contains(&index)
}
