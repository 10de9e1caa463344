//! What keys do to the viewer of a post's media.

use crate::command::Command;
use crate::state::{Overlay, State, Viewer};

/// Opens the media of the post that is read, or closes them.
pub(super) fn toggle(state: &mut State) {
    if matches!(state.overlays.last(), Some(Overlay::Viewer(_))) {
        state.overlays.pop();
        return;
    }
    let (Some(status), Some(place)) = (state.viewable(), state.place()) else { return };
    let veiled = state.veils_media(place, &status) || state.is_folded(place, &status);
    state.overlays.push(Overlay::Viewer(Viewer { status, index: 0, words: true, veiled }));
}

/// Runs a command in the viewer; says whether it was one for it.
pub(super) fn run(state: &mut State, wanted: Command) -> bool {
    let Some(Overlay::Viewer(viewer)) = state.overlays.last() else { return false };
    let (viewer, count) = (viewer.clone(), state.viewed(viewer).map_or(1, |(_, _, count)| count));
    let last = count.saturating_sub(1);
    let at = viewer.index.min(last);
    let mut next = Viewer { index: at, ..viewer };
    if matches!(wanted, Command::Down | Command::NextTab | Command::PageDown | Command::HalfPageDown) {
        next.index = (at + 1).min(last);
    } else if matches!(wanted, Command::Up | Command::PreviousTab | Command::PageUp | Command::HalfPageUp) {
        next.index = at.saturating_sub(1);
    } else if wanted == Command::First {
        next.index = 0;
    } else if wanted == Command::Last {
        next.index = last;
    } else if wanted == Command::HoldOrUnfold && next.veiled {
        next.veiled = false;
    } else if wanted == Command::HoldOrUnfold {
        next.words = !next.words;
    } else {
        return false;
    }
    if let Some(Overlay::Viewer(viewer)) = state.overlays.last_mut() {
        *viewer = next;
    }
    true
}
