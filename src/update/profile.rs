//! Profiles: opened for the people of a row, asked for piece by piece, and walked through post by post.

use super::command::{Go, scrolled};
use super::{Effect, Question};
use crate::model::{AccountId, AccountMark, Bundle, Failure, Item, Page, Profile, Relationship};
use crate::state::{Answer, Measured, Overlay, Place, ProfileView, Shown, State};

/// Opens the profiles of the people of what is read or under the cursor; where one is open, the next of them.
pub(super) fn open(state: &mut State, measured: &Measured) {
    if let Some(Overlay::Profile(view)) = state.overlays.last_mut() {
        view.turn();
        return;
    }
    let people: Vec<AccountId> = state.people(state.drawn_cursor_row(measured)).cloned().collect();
    if !people.is_empty() {
        state.overlays.push(Overlay::Profile(Box::new(ProfileView::of(people))));
    }
}

/// Asks for what an open profile has not been asked for. How the reader stands with themselves nobody needs to know.
pub(super) fn pump(state: &mut State, effects: &mut Vec<Effect>) {
    let me = state.me.as_ref().map(|me| me.id.clone());
    for overlay in &mut state.overlays {
        let Overlay::Profile(view) = overlay else { continue };
        let Some(id) = view.who().cloned() else { continue };
        let is_me = me.as_ref() == Some(&id);
        if view.profile == Answer::Unasked {
            view.profile = Answer::Asked;
            effects.push(Effect::Ask(Question::Profile(id.clone())));
        }
        if view.posts == Answer::Unasked {
            view.posts = Answer::Asked;
            effects.push(Effect::Ask(Question::ProfilePosts(id.clone())));
        }
        if view.relationship == Answer::Unasked && !is_me {
            view.relationship = Answer::Asked;
            effects.push(Effect::Ask(Question::Relationship(id)));
        }
    }
}

/// The open profiles of an account.
fn views<'a>(state: &'a mut State, id: &AccountId) -> impl Iterator<Item = &'a mut ProfileView> {
    let views = state.overlays.iter_mut().filter_map(|overlay| if let Overlay::Profile(view) = overlay { Some(&mut **view) } else { None });
    views.filter(move |view| view.who() == Some(id))
}

/// Takes in what an account tells of itself; where it has moved, its new home can be turned to.
pub(super) fn told(state: &mut State, id: &AccountId, result: Result<(Box<Profile>, Bundle), Failure>) {
    let answer = result.map(|(profile, bundle)| {
        state.store.put(bundle);
        Some(profile)
    });
    let moved = answer.as_ref().ok().and_then(Option::as_ref).and_then(|profile| {
        profile.marks.iter().find_map(|mark| match mark {
            AccountMark::Moved(to) => Some(to.clone()),
            AccountMark::Group | AccountMark::Memorial | AccountMark::Suspended | AccountMark::Limited | AccountMark::Role(_) => None,
        })
    });
    for view in views(state, id) {
        view.profile.take(answer.clone());
        let place = (view.shown + 1).min(view.people.len());
        if let Some(moved) = moved.as_ref().filter(|moved| !view.people.contains(moved)) {
            view.people.insert(place, moved.clone());
        }
    }
    state.revision += 1;
}

/// Takes in recent posts. They are kept while the profile is open.
pub(super) fn posts(state: &mut State, id: &AccountId, result: Result<Page, Failure>) {
    if views(state, id).next().is_none() {
        return;
    }
    let answer = result.map(|page| {
        state.store.put(page.bundle);
        let held = page.items.into_iter().filter_map(|item| match item {
            Item::Status(id) => {
                let is_hidden = state.shown(Place::Profile, &id) == Shown::Hidden;
                (state.store.shown(&id).is_some() && !is_hidden).then_some(id)
            }
            Item::Notification(_) | Item::Conversation(_) => None,
        });
        Some(held.collect::<Vec<_>>())
    });
    views(state, id).for_each(|view| view.posts.take(answer.clone()));
    state.revision += 1;
}

/// Takes in how the reader and an account stand.
pub(super) fn related(state: &mut State, id: &AccountId, result: &Result<Option<Relationship>, Failure>) {
    views(state, id).for_each(|view| view.relationship.take(result.clone()));
    state.revision += 1;
}

/// Has what could not be had asked for again.
pub(super) fn retry(state: &mut State) {
    for overlay in &mut state.overlays {
        let Overlay::Profile(view) = overlay else { continue };
        if matches!(view.profile, Answer::Failed(_)) {
            view.profile = Answer::Unasked;
        }
        if matches!(view.posts, Answer::Failed(_)) {
            view.posts = Answer::Unasked;
        }
        if matches!(view.relationship, Answer::Failed(_)) {
            view.relationship = Answer::Unasked;
        }
    }
}

/// Goes through a profile: a line or a page of it, and from post to post as far as they are in view.
pub(super) fn go(view: &mut ProfileView, measured: &Measured, how: Go) {
    let Some(pane) = &measured.profile else { return };
    let (height, most) = (pane.height, pane.most);
    let last = pane.posts.len().checked_sub(1);
    let span = |place: usize| pane.posts.get(place).map(|(start, tall)| (*start, start.saturating_add(*tall)));
    let in_view =
        |scroll: u16, place: usize| span(place).is_some_and(|(start, _)| start >= scroll && start < scroll.saturating_add(height));
    view.scroll = view.scroll.min(most);
    match how {
        Go::First => (view.scroll, view.chosen) = (0, None),
        Go::Last => (view.scroll, view.chosen) = (most, last),
        Go::Halves(_) => {
            view.scroll = scrolled(view.scroll, how, height, most);
            if !view.chosen.is_some_and(|chosen| in_view(view.scroll, chosen)) {
                view.chosen = (0..pane.posts.len()).find(|place| in_view(view.scroll, *place));
            }
        }
        Go::Rows(rows) => {
            for _ in 0..rows.unsigned_abs() {
                step(view, rows > 0, (height, most), &span, last);
            }
        }
    }
}

/// One step: to the next post where that begins in view, else a line on.
fn step(view: &mut ProfileView, down: bool, (height, most): (u16, u16), span: &dyn Fn(usize) -> Option<(u16, u16)>, last: Option<usize>) {
    let next = if down {
        view.chosen.map_or(Some(0), |chosen| chosen.checked_add(1)).filter(|next| last.is_some_and(|last| *next <= last))
    } else {
        view.chosen.and_then(|chosen| chosen.checked_sub(1))
    };
    let line = |scroll: u16| if down { scroll.saturating_add(1).min(most) } else { scroll.saturating_sub(1) };
    // A chosen post that is taller than what is in view is read to its end first.
    let is_unread = view.chosen.and_then(span).is_some_and(|(_, end)| down && end > view.scroll.saturating_add(height));
    let Some((start, end)) = next.and_then(span).filter(|_| !is_unread) else {
        view.scroll = line(view.scroll);
        return;
    };
    let reaches = if down { start < view.scroll.saturating_add(height) } else { end.saturating_add(height) > view.scroll };
    if !reaches {
        view.scroll = line(view.scroll);
        return;
    }
    view.chosen = next;
    let tall = end.saturating_sub(start);
    if start < view.scroll || tall >= height {
        view.scroll = start.min(most);
    } else if end > view.scroll.saturating_add(height) {
        view.scroll = end.saturating_sub(height).min(most);
    }
}
