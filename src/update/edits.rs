//! The history of a post's edits: asked for when it is opened, and again where the post is edited meanwhile.

use super::{Effect, Question};
use crate::model::{Failure, StatusEdit, StatusId, Timestamp};
use crate::state::edits::{self, Edits};
use crate::state::{Answer, Overlay, State};

/// Opens the history of the post that is read or under the cursor.
pub(super) fn open(state: &mut State) {
    if let Some(Overlay::Edits(_)) = state.overlays.last() {
        state.overlays.pop();
    } else if let Some(status) = state.reading() {
        state.overlays.push(Overlay::Edits(Edits::of(status)));
    }
}

/// Asks for the history that is open, where it has not been asked for since the post was last edited.
pub(super) fn pump(state: &mut State, effects: &mut Vec<Effect>) {
    let State { overlays, store, .. } = state;
    for overlay in overlays {
        let Overlay::Edits(edits) = overlay else { continue };
        if store.is_deleted(&edits.status) {
            // Its words leave with it.
            edits.history = Answer::Told(None);
            continue;
        }
        let edited: Option<Timestamp> = store.status(&edits.status).and_then(|entry| entry.status().edited_at);
        if edits.asked_for != Some(edited) {
            edits.asked_for = Some(edited);
            effects.push(Effect::Ask(Question::History(edits.status.clone())));
        }
    }
}

/// Takes in what came; versions that are shown already stay where a later question fails.
pub(super) fn answered(state: &mut State, id: &StatusId, result: Result<Vec<StatusEdit>, Failure>) {
    let answer = match result {
        Ok(history) => Answer::Told(Some(edits::versions(&history))),
        Err(failure) => Answer::Failed(failure),
    };
    for overlay in &mut state.overlays {
        if let Overlay::Edits(edits) = overlay
            && edits.status == *id
            && !(matches!(answer, Answer::Failed(_)) && matches!(edits.history, Answer::Told(_)))
        {
            edits.history = answer.clone();
            state.revision += 1;
        }
    }
}

/// Has a history that could not be had asked for again.
pub(super) fn retry(state: &mut State) {
    for overlay in &mut state.overlays {
        if let Overlay::Edits(edits) = overlay
            && matches!(edits.history, Answer::Failed(_))
        {
            (edits.history, edits.asked_for) = (Answer::Asked, None);
        }
    }
}
