//! Searching on the server: what enter does, and what an answer opens.

use super::{Effect, Question, thread};
use crate::model::{AccountId, Failure, Found, Sources, Stream};
use crate::state::search::{FoundOne, is_address, own_post, wants_resolve};
use crate::state::{Answer, Overlay, Pick, Picker, ProfileView, Search, State};

/// Opens the prompt; what was found before is forgotten.
pub(super) fn open(state: &mut State) {
    state.search = Search::default();
    state.overlays.push(Overlay::picker(Pick::Search, 0));
}

/// Takes the chosen result, or asks for what is typed where that has not been answered.
pub(super) fn accept(state: &mut State, typed: &str, chosen: usize, effects: &mut Vec<Effect>) {
    let query = typed.trim();
    let is_failed = matches!(state.search.answer, Answer::Failed(_));
    if query.is_empty() {
        return;
    }
    if state.search.is_about(query) && !is_failed {
        if let Some(found) = state.search.results(query).into_iter().nth(chosen) {
            go_to(state, found, effects);
        }
        return;
    }
    state.search.ask(query);
    effects.push(Effect::Ask(Question::Search { query: query.to_owned(), resolve: wants_resolve(query) }));
}

/// Takes in what the server found. One thing at an address is opened at once; a post of this server also where its search
/// does not know addresses (GoToSocial).
pub(super) fn answered(state: &mut State, query: &str, result: Result<Found, Failure>, effects: &mut Vec<Effect>) {
    let result = result.map(|mut found| {
        state.store.put(std::mem::take(&mut found.bundle));
        found.statuses.retain(|id| state.store.shown(id).is_some());
        found
    });
    if !state.search.take(query, result) {
        return;
    }
    state.revision += 1;
    let is_waited_for =
        matches!(state.overlays.last(), Some(Overlay::Picker(Picker { kind: Pick::Search, prompt, .. })) if prompt.text().trim() == query);
    if !is_waited_for || !is_address(query) || !matches!(state.search.answer, Answer::Told(_)) {
        return;
    }
    let mut results = state.search.results(query).into_iter();
    let only = match (results.next(), results.next()) {
        (Some(only), None) => Some(only),
        (None, _) => {
            let own = state.server.as_ref().and_then(|server| own_post(query, server.domain.as_str()));
            own.map(FoundOne::Post)
        }
        (Some(_), Some(_)) => None,
    };
    if let Some(only) = only {
        go_to(state, only, effects);
    }
}

/// Opens what was found: esc goes back from a post or a profile to the results.
fn go_to(state: &mut State, found: FoundOne, effects: &mut Vec<Effect>) {
    match found {
        FoundOne::Account(id) => profile(state, id),
        FoundOne::Tag(tag) => {
            let sources = Sources::from(Stream::Hashtag { tag, local: false });
            state.overlays.clear();
            state.open(sources.clone());
            state.tabs.go_to(&sources);
        }
        FoundOne::Post(id) => {
            let id = state.store.shown(&id).map_or(id, |entry| entry.id().clone());
            thread::open(state, &id, effects);
        }
    }
}

fn profile(state: &mut State, id: AccountId) {
    state.overlays.push(Overlay::Profile(Box::new(ProfileView::of(vec![id]))));
}
