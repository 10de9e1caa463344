//! The links of a post: asked for, chosen, opened and copied.
//!
//! They are those of the post that was drawn under the cursor when the key went down, and stay those. Nothing is opened
//! before its address was shown. Absent on purpose: which links a post has (`State`), and how they are opened (`runtime`).

use super::{Effect, say};
use crate::model::StatusId;
use crate::state::{LinkList, Measured, Overlay, State};
use crate::text::{Plain, with_addresses, written};

/// Shows the links of the open profile or of the post chosen in it, of what is read, or of the row under the cursor; closes them where they are shown.
pub(super) fn show(state: &mut State, measured: &Measured) {
    if matches!(state.overlays.last(), Some(Overlay::Links(_))) {
        state.overlays.pop();
        return;
    }
    let list = match (state.profile_view(), state.detail()) {
        (Some(view), _) => Some(match view.chosen_post() {
            Some(post) => state.links_of(post),
            None => state.links_of_profile(view),
        }),
        (None, Some(detail)) => Some(state.links_of(&detail.cursor)),
        (None, None) => state.drawn_cursor_row(measured).map(|row| state.links_of_row(row)),
    };
    match list.filter(|list| !list.links.is_empty()) {
        Some(list) => state.overlays.push(Overlay::Links(list)),
        None => say(state, Plain::line("no links here"), false),
    }
}

/// Shows the links of the first of these posts in which this address stands, with it chosen; of the first where it is in none.
pub(super) fn show_at(state: &mut State, posts: &[StatusId], address: &str) {
    let mut lists = posts.iter().map(|post| state.links_of(post));
    let Some(mut list) = lists.clone().find(|list| list.has(address)).or_else(|| lists.next()) else { return };
    if !list.links.is_empty() {
        list.choose(address);
        state.overlays.push(Overlay::Links(list));
        state.revision += 1;
    }
}

/// A click in the reader: on a link it shows that, and says so.
pub(super) fn click_in_reader(state: &mut State, measured: &Measured, x: u16, y: u16) -> bool {
    let Some(pane) = measured.reader.as_ref().filter(|pane| pane.area.contains(x, y)) else { return false };
    let Some(link) = measured.link_at(x, y) else { return false };
    let mut posts: Vec<StatusId> = pane.post_at(y).or(pane.status.as_ref()).cloned().into_iter().collect();
    posts.extend(posts.clone().iter().filter_map(|post| quoted(state, post)));
    let is_one = !posts.is_empty();
    show_at(state, &posts, link.target.as_str());
    is_one
}

/// A click in the list of links: chooses, and opens what is chosen.
pub(super) fn click(state: &mut State, measured: &Measured, y: u16, effects: &mut Vec<Effect>) {
    let Some((_, _, place)) = measured.choices.iter().find(|(from, to, _)| (*from..*to).contains(&y)).copied() else { return };
    let Some(list) = shown(state).filter(|list| place < list.links.len()) else { return };
    if list.chosen == place {
        open(state, place, effects);
    } else {
        (list.chosen, list.scroll) = (place, 0);
    }
    state.revision += 1;
}

/// The post that a post quotes.
pub(super) fn quoted(state: &State, post: &StatusId) -> Option<StatusId> {
    state.store.status(post)?.status().quote.as_ref()?.status.clone()
}

/// The links that are shown.
pub(super) fn shown(state: &mut State) -> Option<&mut LinkList> {
    if let Some(Overlay::Links(list)) = state.overlays.last_mut() { Some(list) } else { None }
}

/// Opens the link at a place, where it is one that can be opened.
pub(super) fn open(state: &mut State, place: usize, effects: &mut Vec<Effect>) {
    let Some(list) = shown(state) else { return };
    let Some(link) = list.links.get(place) else { return };
    if let Some(web) = link.address.web() {
        let effect = Effect::Open(web.clone());
        state.overlays.pop();
        effects.push(effect);
    } else {
        list.chosen = place;
        say(state, Plain::line("not an address of the web: it can be copied, not opened"), false);
    }
}

/// Copies the chosen link, or else the address of the profile or the post.
pub(super) fn copy_address(state: &mut State, measured: &Measured, effects: &mut Vec<Effect>) {
    if let Some(list) = shown(state) {
        if let Some(link) = list.choice() {
            effects.push(Effect::Copy { what: "the link", text: link.address.shown().to_string() });
        }
        return;
    }
    if let Some(view) = state.profile_view().filter(|view| view.chosen_post().is_none()) {
        match view.who().and_then(|id| state.store.account(id)).and_then(|account| account.url.clone()) {
            Some(url) => effects.push(Effect::Copy { what: "the address of the profile", text: url.to_string() }),
            None => say(state, Plain::line("the server gave no address for this profile"), true),
        }
        return;
    }
    let Some(id) = post(state, measured) else { return };
    match state.store.shown(&id).and_then(|entry| entry.status().url.clone()) {
        Some(url) => effects.push(Effect::Copy { what: "the address", text: url.to_string() }),
        None => say(state, Plain::line("the server gave no address for this post"), true),
    }
}

/// Copies the words of the post as they are shown: of one that is folded, what it is folded behind.
pub(super) fn copy_text(state: &mut State, measured: &Measured, effects: &mut Vec<Effect>) {
    let Some((id, entry)) = post(state, measured).and_then(|id| Some((id.clone(), state.store.shown(&id)?))) else { return };
    let folded = state.place().is_some_and(|place| state.is_folded(place, &id));
    let warning = entry.status().spoiler_text.as_str();
    let words = if folded { String::new() } else { written(&with_addresses(entry.rich())) };
    let both = [warning, &words].into_iter().filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join("\n\n");
    let what = if folded { "the warning alone; the post is folded" } else { "the text" };
    if both.is_empty() {
        say(state, Plain::line("there are no words to copy"), false);
    } else {
        effects.push(Effect::Copy { what, text: both });
    }
}

/// The post that is chosen in a profile, that is read, or that was drawn under the cursor.
fn post(state: &State, measured: &Measured) -> Option<StatusId> {
    match (state.profile_view(), state.detail()) {
        (Some(view), _) => view.chosen_post().and_then(|id| state.store.shown(id)).map(|entry| entry.id().clone()),
        (None, Some(detail)) => Some(detail.cursor.clone()),
        (None, None) => state.status_of(state.drawn_cursor_row(measured)?),
    }
}
