//! Filters of tabs: what they hide, kept right as posts come and change.
//!
//! A row is looked at when it comes and when something about it changes. All rows are looked at when the filter changes: those
//! about the reader's place at once, the others a slice with each message, and `State::next_deadline` asks for the next.

use super::say;
use crate::filter::{Filter, Quiet};
use crate::model::{Sources, StatusId, Stream};
use crate::state::{Overlay, Prompt, Purpose, Row, RowKey, State, Typed};
use crate::text::Plain;

/// Rows that are looked at with one message.
const SLICE: usize = 1_000;
/// The same where posts have to be opened for it.
const SLICE_OPENED: usize = 200;
/// Rows above and beneath the reader's place that are looked at first.
const NEAR: usize = 100;

/// Changes the filter of a tab and looks at what the reader has before them.
pub(super) fn set(state: &mut State, sources: &Sources, filter: Filter) {
    let Some(tab) = state.tabs.named_mut(sources) else { return };
    if !tab.sieve.change(filter) {
        return;
    }
    state.revision += 1;
    let Some((tab, rows)) = state.tabs.named(sources).and_then(|tab| Some((tab, state.rows(tab)?))) else { return };
    let place = tab.cursor.as_ref().and_then(|key| rows.index_of(key)).unwrap_or(0);
    let from = place.saturating_sub(NEAR);
    look_at(state, sources, from, from + NEAR * 2);
    go_on(state, sources);
}

/// Opens the line in which the filter of the open tab is typed.
pub(super) fn open(state: &mut State) {
    let Some(tab) = state.tabs.active() else { return };
    let before = tab.sieve.filter().clone();
    let mut prompt = Prompt::default();
    prompt.insert(&before.to_string());
    super::thread::bare(state);
    state.overlays.push(Overlay::Typed(Typed { prompt, what: Purpose::Filter { before, wrong: None } }));
}

/// Takes in what is typed by now, and tries it where it is right.
pub(super) fn typed(state: &mut State) {
    let Some(Overlay::Typed(Typed { prompt, what: Purpose::Filter { wrong, .. } })) = state.overlays.last_mut() else { return };
    match prompt.text().parse::<Filter>() {
        Ok(filter) => {
            *wrong = None;
            if let Some(sources) = state.tabs.active().map(|tab| tab.sources.clone()) {
                set(state, &sources, filter);
            }
        }
        Err(error) => *wrong = Some(error),
    }
}

/// Keeps the filter that is typed, where it is right.
pub(super) fn keep(state: &mut State) {
    let Some(Typed { what: Purpose::Filter { wrong: None, .. }, .. }) = state.typed() else { return };
    state.overlays.pop();
    if let Some(sources) = state.tabs.active().map(|tab| tab.sources.clone()) {
        forget_hidden(state, &sources);
    }
}

/// Gives a filter that was tried up for the one before.
pub(super) fn give_up(state: &mut State, before: Filter) {
    if let Some(sources) = state.tabs.active().map(|tab| tab.sources.clone()) {
        set(state, &sources, before);
        forget_hidden(state, &sources);
    }
}

/// Leaves something out of the open tab, or lets it in again.
pub(super) fn toggle(state: &mut State, quiet: Quiet) {
    let Some(tab) = state.tabs.active() else { return };
    let sources = tab.sources.clone();
    let Some(filter) = tab.sieve.filter().toggled(quiet) else {
        say(state, Plain::line("the filter of this tab is too long for more"), true);
        return;
    };
    let words = if filter.leaves_out(quiet) { "left out of" } else { "let into" };
    let words = format!("{} {words} {}", quiet.word(), sources.title(&state.offer.lists));
    set(state, &sources, filter);
    forget_hidden(state, &sources);
    say(state, Plain::line(&words), false);
}

/// What the filter of a tab hides is not news.
pub(super) fn forget_hidden(state: &mut State, sources: &Sources) {
    let Some((tab, rows)) = state.tabs.named(sources).and_then(|tab| Some((tab, state.rows(tab)?))) else { return };
    let is_hidden = |row: &&Row| tab.unseen.contains(&row.key()) && !state.is_let_through(tab, row);
    let hidden: Vec<RowKey> = rows.all().iter().filter(is_hidden).map(Row::key).collect();
    state.revision += u64::from(!hidden.is_empty());
    if let Some(tab) = state.tabs.named_mut(sources) {
        for key in &hidden {
            tab.unseen.remove(key);
        }
    }
}

/// Has every filter look at all rows again.
pub(super) fn look_again(state: &mut State) {
    state.tabs.all_mut().iter_mut().for_each(|tab| tab.sieve.look_again());
}

/// Looks again at rows about which something changed, and goes on with what has not been looked at yet.
pub(super) fn follow(state: &mut State) {
    let changed = state.store.take_changed();
    let people_changed = state.store.take_people_changed();
    let filtered: Vec<Sources> =
        state.tabs.all().iter().filter(|tab| !tab.sieve.filter().is_empty()).map(|tab| tab.sources.clone()).collect();
    for sources in &filtered {
        for (key, hidden) in changed_rows(state, sources, &changed) {
            put(state, sources, key, hidden);
        }
        if people_changed && let Some(tab) = state.tabs.named_mut(sources) {
            // Who they are may be part of any row: all are looked at, in the time that is left for it.
            tab.sieve.look_again();
        }
    }
    let unlooked: Vec<Sources> =
        state.tabs.all().iter().filter(|tab| tab.sieve.looked().is_some()).map(|tab| tab.sources.clone()).collect();
    for sources in &unlooked {
        go_on(state, sources);
    }
}

/// The rows of a tab that tell of statuses, each with whether it is hidden.
fn changed_rows(state: &State, sources: &Sources, changed: &[(StatusId, bool)]) -> Vec<(RowKey, bool)> {
    let Some((tab, rows)) = state.tabs.named(sources).and_then(|tab| Some((tab, state.rows(tab)?))) else { return Vec::new() };
    let mut keys: Vec<RowKey> = Vec::new();
    // Of what comes anew no notification and no conversation has told yet.
    let held = || changed.iter().filter_map(|(id, was_held)| was_held.then_some(id));
    match sources.only() {
        Some(Stream::UserNotification) => {
            keys.extend(held().flat_map(|id| state.store.notifications_about(id)).map(RowKey::Notification));
        }
        // There is no way from a status to the conversations that it ends but through all of them.
        Some(Stream::Direct) if held().next().is_some() => {
            let is_changed = |row: &&Row| last_status(state, row).is_some_and(|id| held().any(|held| held == id));
            keys.extend(rows.all().iter().filter(is_changed).map(Row::key));
        }
        _ => {
            let shown = changed.iter().flat_map(|(id, _)| [id].into_iter().chain(state.store.showing(id)));
            keys.extend(shown.cloned().map(RowKey::Status));
        }
    }
    keys.into_iter().filter_map(|key| rows.get(&key).map(|row| !state.admits(tab, row)).map(|hidden| (key, hidden))).collect()
}

/// The status that a conversation ends with, whether it is held or not.
fn last_status<'a>(state: &'a State, row: &Row) -> Option<&'a StatusId> {
    if let Row::Conversation(id, _) = row { state.store.conversation(id)?.last_status.as_ref() } else { None }
}

/// Looks at the next slice of a tab.
fn go_on(state: &mut State, sources: &Sources) {
    let Some((tab, rows)) = state.tabs.named(sources).and_then(|tab| Some((tab, state.rows(tab)?))) else { return };
    let Some(from) = tab.sieve.looked() else { return };
    let to = from + if tab.sieve.filter().opens() { SLICE_OPENED } else { SLICE };
    let all = rows.all().len();
    look_at(state, sources, from, to);
    if let Some(tab) = state.tabs.named_mut(sources) {
        tab.sieve.has_looked(to, all);
    }
}

fn look_at(state: &mut State, sources: &Sources, from: usize, to: usize) {
    let Some((tab, rows)) = state.tabs.named(sources).and_then(|tab| Some((tab, state.rows(tab)?))) else { return };
    let rows = rows.all();
    let (from, to) = (from.min(rows.len()), to.min(rows.len()));
    let verdict = |row: &Row| (row.key(), !state.admits(tab, row));
    let verdicts: Vec<(RowKey, bool)> = rows.range(from..to).map(verdict).collect();
    for (key, hidden) in verdicts {
        put(state, sources, key, hidden);
    }
}

fn put(state: &mut State, sources: &Sources, key: RowKey, hidden: bool) {
    let is_tried = state.is_filtering(sources);
    let Some(tab) = state.tabs.named_mut(sources) else { return };
    if hidden && !is_tried {
        tab.unseen.remove(&key);
    }
    state.revision += u64::from(tab.sieve.set(key, hidden));
}
