//! Searching: a walk over the rows of one tab or of all, a slice with each message, to the next one that has what is
//! searched for; where a thread is open, over its posts (`thread`). The words of a post are read when it is first looked at,
//! each post once.

mod thread;

use super::{command, say};
use crate::filter::Pattern;
use crate::model::Sources;
use crate::state::{Anchor, Finding, Measured, Overlay, Prompt, Purpose, RowKey, Seeker, State, Typed, Walk};
use crate::text::Plain;

/// Rows that are looked at with one message.
const SLICE: usize = 1_000;
/// The part of the pane above a row that is gone to from far away.
const ABOVE: u16 = 3;

/// Opens the line in which is typed what to search for: in the open thread, or else in the tab.
pub(super) fn open(state: &mut State) {
    let Some(tab) = state.tabs.active() else { return };
    let before = state.finding.clone();
    let seeker = Seeker {
        sources: tab.sources.clone(),
        cursor: tab.cursor.clone(),
        anchor: tab.anchor.clone(),
        page: thread::page(state),
        all_tabs: before.as_ref().is_some_and(|search| search.all_tabs),
        before,
        wrong: None,
    };
    super::thread::bare(state);
    state.overlays.push(Overlay::Typed(Typed { prompt: Prompt::default(), what: Purpose::Search(Box::new(seeker)) }));
}

/// Takes in what is typed by now: the walk begins anew where the reader was.
pub(super) fn typed(state: &mut State, measured: &Measured) {
    let Some(Overlay::Typed(Typed { prompt, what: Purpose::Search(seeker) })) = state.overlays.last_mut() else { return };
    let pattern = Pattern::typed(prompt.text());
    seeker.wrong = pattern.as_ref().err().map(ToString::to_string);
    let seeker = seeker.clone();
    match pattern {
        Ok(Some(pattern)) if seeker.page.is_some() => {
            thread::go_back(state, &seeker);
            state.finding = Some(Finding { pattern, all_tabs: seeker.all_tabs, walk: None, leafing: None, missed: false });
            thread::walk(state, measured, true, true);
        }
        Ok(Some(pattern)) => {
            let walk = Walk {
                older: true,
                from: seeker.sources.clone(),
                last: place(state, &seeker).map(|key| (key, true)),
                start: place(state, &seeker),
                sources: seeker.sources.clone(),
                around: false,
            };
            state.finding = Some(Finding { pattern, all_tabs: seeker.all_tabs, walk: Some(walk), leafing: None, missed: false });
            go_on(state, measured);
        }
        Ok(None) => {
            state.finding = None;
            go_back(state, &seeker);
        }
        // What was right last stays until this is.
        Err(_) => {}
    }
}

/// Searches in all tabs from now on, or in the open one alone.
pub(super) fn switch_tabs(state: &mut State, measured: &Measured) {
    if let Some(Overlay::Typed(Typed { what: Purpose::Search(seeker), .. })) = state.overlays.last_mut() {
        seeker.all_tabs = !seeker.all_tabs;
        typed(state, measured);
    }
}

/// Stays where the search has come to. Nothing typed goes on with what was searched for before.
pub(super) fn keep(state: &mut State, measured: &Measured) {
    let Some(Overlay::Typed(Typed { prompt, what: Purpose::Search(seeker) })) = state.overlays.last() else { return };
    if seeker.wrong.is_some() {
        return;
    }
    let again = prompt.text().trim().is_empty().then(|| seeker.before.clone());
    state.overlays.pop();
    if let Some(before) = again {
        state.finding = before;
        walk(state, measured, true);
    } else if let Some(search) = state.finding.as_ref().filter(|search| search.missed) {
        let words = nothing(&search.pattern, state.detail().is_some());
        say(state, words, false);
    }
}

/// Gives a search up: everything is as it was before.
pub(super) fn give_up(state: &mut State, seeker: Seeker) {
    go_back(state, &seeker);
    state.finding = seeker.before;
}

/// Goes to the next row, older or newer, that has what is searched for; in an open thread to the next post down or up.
pub(super) fn walk(state: &mut State, measured: &Measured, older: bool) {
    if state.is_in_thread() {
        thread::walk(state, measured, older, false);
        return;
    }
    let Some(tab) = state.tabs.active() else { return };
    let sources = tab.sources.clone();
    let start = state.drawn_cursor_row(measured).map(crate::state::Row::key);
    let Some(search) = state.finding.as_mut() else { return };
    let last = start.clone().map(|key| (key, false));
    search.walk = Some(Walk { older, from: sources.clone(), start, last, sources, around: false });
    search.leafing = None;
    search.missed = false;
    if state.typed().is_none() {
        state.overlays.clear();
    }
    go_on(state, measured);
}

/// What one slice of a walk came to.
enum Step {
    /// A row that has it.
    Found(RowKey),
    /// The slice is used up; this row was the last.
    Paused(RowKey),
    /// The end of the tab, or of the part of it that was left.
    Ended,
}

/// Looks at the next slice of the walk under way.
pub(super) fn go_on(state: &mut State, measured: &Measured) {
    thread::go_on(state, measured);
    let Some(mut walk) = state.finding.as_mut().and_then(|search| search.walk.take()) else { return };
    let mut left = SLICE;
    loop {
        match step(state, &walk, &mut left) {
            Step::Found(key) => {
                if let Some(search) = &mut state.finding {
                    search.missed = false;
                }
                arrive(state, measured, &walk, key);
                return;
            }
            Step::Paused(key) => {
                walk.last = Some((key, false));
                if let Some(search) = &mut state.finding {
                    search.walk = Some(walk);
                }
                return;
            }
            Step::Ended if walk.around && walk.sources == walk.from => {
                miss(state);
                return;
            }
            Step::Ended => {
                walk.sources = next_tab(state, &walk);
                walk.around |= walk.sources == walk.from;
                walk.last = None;
            }
        }
    }
}

/// The tab in which a walk goes on; its first one again at last.
fn next_tab(state: &State, walk: &Walk) -> Sources {
    let tabs = state.tabs.all();
    let all = state.finding.as_ref().is_some_and(|search| search.all_tabs);
    let here = tabs.iter().position(|tab| tab.sources == walk.sources);
    let (Some(here), true) = (here, all) else { return walk.from.clone() };
    let next = if walk.older { (here + 1) % tabs.len() } else { (here + tabs.len() - 1) % tabs.len() };
    tabs.get(next).map_or_else(|| walk.from.clone(), |tab| tab.sources.clone())
}

fn step(state: &State, walk: &Walk, left: &mut usize) -> Step {
    let Some(tab) = state.tabs.named(&walk.sources) else { return Step::Ended };
    let Some(held) = state.rows(tab) else { return Step::Ended };
    let Some(pattern) = state.finding.as_ref().map(|search| &search.pattern) else { return Step::Ended };
    let rows = held.all();
    let index = |key: &RowKey| held.index_of(key).unwrap_or_else(|| held.index_near(key));
    let is_last_part = walk.around && walk.sources == walk.from;
    let has = |index: usize| {
        rows.get(index).is_some_and(|row| state.is_shown(tab, row) && state.subject(row).is_some_and(|subject| subject.contains(pattern)))
    };
    let (from, to) = if walk.older {
        let from = walk.last.as_ref().map_or(0, |(key, counts)| index(key) + usize::from(!counts));
        (from, if is_last_part { walk.start.as_ref().map_or(rows.len(), |key| index(key) + 1) } else { rows.len() })
    } else {
        let to = walk.last.as_ref().map_or(rows.len(), |(key, counts)| index(key) + usize::from(*counts));
        (if is_last_part { walk.start.as_ref().map_or(0, index) } else { 0 }, to)
    };
    let to = to.min(rows.len());
    if from >= to {
        return Step::Ended;
    }
    let slice = (*left).min(to - from);
    let (found, last) = if walk.older {
        ((from..from + slice).find(|index| has(*index)), from + slice - 1)
    } else {
        ((to - slice..to).rev().find(|index| has(*index)), to - slice)
    };
    let key = |index: usize| rows.get(index).map(crate::state::Row::key);
    *left -= slice;
    match (found.and_then(key), key(last)) {
        (Some(found), _) => Step::Found(found),
        (None, Some(last)) if slice < to - from => Step::Paused(last),
        (None, Some(_) | None) => Step::Ended,
    }
}

/// Goes to the row that was found, and says where that is where it may surprise.
fn arrive(state: &mut State, measured: &Measured, walk: &Walk, key: RowKey) {
    let is_elsewhere = state.tabs.active().is_none_or(|tab| tab.sources != walk.sources);
    if is_elsewhere {
        state.tabs.go_to(&walk.sources);
    }
    let Some((tab, rows)) = state.tabs.active().zip(state.active_rows()) else { return };
    let newest = rows.index_of(&key).is_some_and(|index| state.shown_near(tab, 0) == Some(index));
    let pane = measured.of(&walk.sources);
    let in_view = pane.is_some_and(|pane| pane.visible.iter().any(|row| row.key == key));
    let above = pane.or(measured.timeline.as_ref()).map_or(0, |pane| i32::from(pane.area.height / ABOVE));
    command::place_cursor(state, measured, key.clone(), newest, false);
    if !newest
        && !in_view
        && let Some(tab) = state.tabs.active_mut()
    {
        tab.anchor = Anchor::Row(key, -above);
    }
    state.revision += 1;
    if state.typed().is_some() {
        return;
    }
    if is_elsewhere {
        let title = walk.sources.title(&state.offer.lists);
        say(state, Plain::line(&format!("the search goes on in {title}")), false);
    } else if walk.around && walk.sources == walk.from {
        let end = if walk.older { "newest" } else { "oldest" };
        say(state, Plain::line(&format!("the search goes on from the {end} post")), false);
    }
}

/// Takes in that nothing was found: what was typed so far leads back to where the reader was.
fn miss(state: &mut State) {
    state.revision += 1;
    let Some(search) = &mut state.finding else { return };
    search.missed = true;
    let words = nothing(&search.pattern, false);
    if let Some(Typed { what: Purpose::Search(seeker), .. }) = state.typed() {
        let seeker = seeker.clone();
        go_back(state, &seeker);
    } else {
        say(state, words, false);
    }
}

/// That nothing has what is searched for.
fn nothing(pattern: &Pattern, in_thread: bool) -> Plain {
    let place = if in_thread { " in this thread" } else { "" };
    Plain::line(&format!("nothing{place} has \"{}\"", pattern.source()))
}

/// Goes back to where a search began.
fn go_back(state: &mut State, seeker: &Seeker) {
    state.revision += 1;
    if seeker.page.is_some() {
        thread::go_back(state, seeker);
        return;
    }
    state.tabs.go_to(&seeker.sources);
    let Some(rows) = state.active_rows() else { return };
    let is_there = |key: &RowKey| rows.index_of(key).is_some();
    let cursor = seeker.cursor.clone().filter(is_there);
    let anchor = match &seeker.anchor {
        Anchor::Row(key, lines) if is_there(key) => Anchor::Row(key.clone(), *lines),
        Anchor::Row(..) | Anchor::Top => Anchor::Top,
    };
    if let Some(tab) = state.tabs.named_mut(&seeker.sources) {
        tab.cursor = cursor;
        tab.anchor = anchor;
    }
}

/// The row from which a search begins: the chosen one, or else the newest that is shown.
fn place(state: &State, seeker: &Seeker) -> Option<RowKey> {
    let tab = state.tabs.named(&seeker.sources)?;
    let rows = state.rows(tab)?;
    let chosen = seeker.cursor.clone().filter(|key| rows.index_of(key).is_some());
    chosen.or_else(|| rows.row(state.shown_near(tab, 0)?).map(crate::state::Row::key))
}
