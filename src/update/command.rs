//! What each command does in the present scope.

use super::{Effect, Mouse, Question, edits, finding, hold, links, profile, reply, rows, say, search, sieve, thread, viewer};
use crate::command::Command;
use crate::filter::Quiet;
use crate::model::{Sources, StatusId};
use crate::state::{
    Anchor, Answer, Edits, Fill, LinkList, Loading, Measured, Outcome, Overlay, Pick, Picker, Purpose, Row, RowKey, State, Tab, Tabs,
    Typed, overlay,
};
use crate::text::Plain;
use std::sync::Arc;

/// Rows that a page is where they are said.
const SAID_PAGE: usize = 10;
/// How many rows before the end older ones are asked for.
const NEAR_END: usize = 10;

/// Runs a command, if it makes sense now.
pub(super) fn run(state: &mut State, wanted: Command, measured: &Measured, effects: &mut Vec<Effect>) {
    if !state.can(wanted) {
        super::heard(state, Outcome::Refused(wanted));
        tell_why_not(state, wanted);
        return;
    }
    // Why another key did nothing is of no more interest.
    if state.notices.shown().is_some_and(|shown| WHY_NOT.iter().any(|(_, words)| shown.text.as_str() == *words)) {
        state.notices.dismiss();
    }
    state.revision += 1;
    state.heard.hear(Outcome::Ran(wanted));
    if viewer::run(state, wanted) {
        return;
    }
    match wanted {
        Command::Down => go(state, measured, Go::Rows(1), effects),
        Command::Up => go(state, measured, Go::Rows(-1), effects),
        Command::HalfPageDown => go(state, measured, Go::Halves(1), effects),
        Command::HalfPageUp => go(state, measured, Go::Halves(-1), effects),
        Command::PageDown => go(state, measured, Go::Halves(2), effects),
        Command::PageUp => go(state, measured, Go::Halves(-2), effects),
        Command::First => go(state, measured, Go::First, effects),
        Command::Last => go(state, measured, Go::Last, effects),
        Command::NextUnread | Command::PreviousUnread if is_reading(state) => {
            thread::go_unread(state, wanted == Command::NextUnread);
        }
        Command::NextUnread => go_unread(state, measured, true),
        Command::PreviousUnread => go_unread(state, measured, false),
        Command::Read => match links::shown(state).map(|list| list.chosen) {
            Some(chosen) => links::open(state, chosen, effects),
            None => read(state, measured, effects),
        },
        Command::OpenLinks => links::show(state, measured),
        Command::CopyUrl => links::copy_address(state, measured, effects),
        Command::CopyText => links::copy_text(state, measured, effects),
        Command::SelectTab(number) if links::shown(state).is_some() => links::open(state, usize::from(number).saturating_sub(1), effects),
        Command::Parent => thread::go_up(state, false),
        Command::Root => thread::go_up(state, true),
        Command::HoldOrUnfold => hold_or_unfold(state, measured),
        Command::Edits => edits::open(state),
        Command::Profile => profile::open(state, measured),
        Command::Step => hold::step(state, measured),
        Command::View => viewer::toggle(state),
        Command::SelectTab(number) => go_to_tab(state, |tabs| tabs.select(usize::from(number).saturating_sub(1))),
        Command::NextTab => go_to_tab(state, |tabs| tabs.step(1)),
        Command::PreviousTab => go_to_tab(state, |tabs| tabs.step(-1)),
        Command::Subscribe => open_picker(state),
        Command::CloseTab => close_tab(state),
        Command::RestoreTab => {
            state.overlays.clear();
            state.restore();
        }
        Command::Search => finding::open(state),
        Command::SearchNext => finding::walk(state, measured, true),
        Command::SearchPrevious => finding::walk(state, measured, false),
        Command::SearchAllTabs => finding::switch_tabs(state, measured),
        Command::Filter => sieve::open(state),
        Command::HideBoosts => sieve::toggle(state, Quiet::Boosts),
        Command::HideReplies => sieve::toggle(state, Quiet::Replies),
        Command::HideBots => sieve::toggle(state, Quiet::Bots),
        Command::Announcements => match state.overlays.last() {
            Some(Overlay::Announcements { .. }) => {
                state.overlays.pop();
            }
            Some(_) | None => state.overlays.push(Overlay::Announcements { scroll: 0 }),
        },
        Command::Health => match state.overlays.last() {
            Some(Overlay::Health { .. }) => {
                state.overlays.pop();
            }
            Some(_) | None => open_health(state, effects),
        },
        Command::SearchServer => search::open(state),
        Command::Accounts => state.overlays.push(Overlay::picker(Pick::Account, state.account.unwrap_or_default())),
        Command::RetryNow => retry_now(state, effects),
        Command::Help => match state.overlays.last() {
            Some(Overlay::Help { .. }) => {
                state.overlays.pop();
            }
            Some(_) | None => state.overlays.push(Overlay::Help { scroll: 0 }),
        },
        Command::Palette => state.overlays.push(Overlay::picker(Pick::Command, 0)),
        Command::Back => back(state),
        Command::Accept if state.typed().is_some() => keep_typed(state, measured),
        Command::Accept => accept(state, measured, effects),
        Command::NextChoice if state.is_seeking() => finding::walk(state, measured, true),
        Command::PreviousChoice if state.is_seeking() => finding::walk(state, measured, false),
        Command::NextChoice => choose(state, 1),
        Command::PreviousChoice => choose(state, -1),
        Command::Theme => open_themes(state),
        Command::Notify => super::alert::switch(state),
        Command::Zen => zen(state),
        Command::Avatars => state.settings.avatars = !state.settings.avatars,
        Command::Columns => next_columns(state),
        Command::ReaderPlace => move_reader(state),
        Command::Reload => effects.push(Effect::Reload),
        Command::Redraw => effects.push(Effect::Redraw),
        Command::Suspend => effects.push(Effect::Suspend),
        Command::Quit | Command::QuitNow => effects.push(Effect::Quit),
    }
}

/// Goes to another tab, from whatever is open.
fn go_to_tab<T>(state: &mut State, go: impl FnOnce(&mut Tabs) -> T) {
    state.overlays.clear();
    go(&mut state.tabs);
}

fn open_themes(state: &mut State) {
    let worn = state.settings.themes.iter().position(|scheme| scheme.name == state.settings.theme);
    state.overlays.push(Overlay::picker(Pick::Theme, worn.unwrap_or(0)));
}

/// Why commands make no sense, for those of which it is not seen.
const WHY_NOT: [(Command, &str); 10] = [
    (Command::View, "no media here"),
    (Command::NextUnread, "nothing unread here"),
    (Command::PreviousUnread, "nothing unread here"),
    (Command::SearchNext, "nothing is searched for"),
    (Command::SearchPrevious, "nothing is searched for"),
    (Command::RestoreTab, "no tab to bring back"),
    (Command::Announcements, "the server announces nothing"),
    (Command::Accounts, "no other account is saved"),
    (Command::Columns, "columns need a wider screen and a second tab"),
    (Command::ReaderPlace, "the reader has a place beside the timeline on wider screens only"),
];

/// Says why a key does nothing, where that is not seen. In lines that is said of every command.
fn tell_why_not(state: &mut State, wanted: Command) {
    let is_bare = matches!(state.overlays.last(), None | Some(Overlay::Detail(_)));
    if !is_bare || state.settings.linear {
        return;
    }
    if let Some((_, words)) = WHY_NOT.iter().find(|(command, _)| *command == wanted) {
        say(state, Plain::line(words), false);
    }
}

/// Puts the reader beside the timeline, or over it.
fn move_reader(state: &mut State) {
    state.settings.reader = state.settings.reader.other();
    let place = state.settings.reader.as_str();
    let words = format!("to keep the reader {place} the timeline: reader = \"{place}\" in the file");
    say(state, Plain::line(&words), false);
}

/// Closes what is on top; where nothing is, a message, and then what is searched for.
fn back(state: &mut State) {
    match state.overlays.pop() {
        Some(Overlay::Typed(Typed { what: Purpose::Filter { before, .. }, .. })) => sieve::give_up(state, before),
        Some(Overlay::Typed(Typed { what: Purpose::Search(seeker), .. })) => finding::give_up(state, *seeker),
        Some(_) => {}
        None => {
            if !state.notices.dismiss() {
                state.finding = None;
            }
        }
    }
}

/// Keeps what is typed at the foot, where it is right.
fn keep_typed(state: &mut State, measured: &Measured) {
    sieve::keep(state);
    finding::keep(state, measured);
}

/// Has one tab more stand beside the open one, or the open one alone after as many as there is room for.
fn next_columns(state: &mut State) {
    let most = state.most_columns().min(state.tabs.all().len());
    state.wanted_columns = if state.wanted_columns >= most { 1 } else { state.wanted_columns + 1 };
    state.revision += 1;
}

/// Draws posts alone from now on, or everything again. Without a line of hints the way back is told once.
fn zen(state: &mut State) {
    state.zen = !state.zen;
    let key = state.first_key(Command::Zen).unwrap_or("the command zen");
    let words = Plain::line(&format!("{key} brings everything back"));
    if state.zen {
        say(state, words, false);
    } else {
        state.notices.withdraw(&words);
    }
}

/// Whether the open post has the keys.
fn is_reading(state: &State) -> bool {
    matches!(state.overlays.last(), Some(Overlay::Detail(_)))
}

/// How far to go.
#[derive(Debug, Clone, Copy)]
pub(super) enum Go {
    Rows(isize),
    Halves(isize),
    First,
    Last,
}

fn go(state: &mut State, measured: &Measured, how: Go, effects: &mut Vec<Effect>) {
    match state.overlays.last_mut() {
        Some(Overlay::Detail(_)) => {
            let half = measured.reader.as_ref().map_or(5, |pane| i32::from(pane.area.height / 2).max(1));
            let lines = |count: isize, of: i32| i32::try_from(count).unwrap_or_default().saturating_mul(of);
            let how = match how {
                Go::Rows(1) => thread::Go::Step(thread::Way::Down),
                Go::Rows(-1) => thread::Go::Step(thread::Way::Up),
                Go::Rows(rows) => thread::Go::Lines(lines(rows, 1)),
                Go::Halves(halves) => thread::Go::Lines(lines(halves, half)),
                Go::First => thread::Go::First,
                Go::Last => thread::Go::Last,
            };
            thread::go(state, measured, how);
        }
        Some(Overlay::Profile(view)) => profile::go(view, measured, how),
        Some(
            Overlay::Help { scroll }
            | Overlay::Edits(Edits { scroll, .. })
            | Overlay::Announcements { scroll }
            | Overlay::Health { scroll },
        ) => {
            let pane = measured.overlay.as_ref();
            *scroll = scrolled(*scroll, how, pane.map_or(10, |pane| pane.area.height), pane.map_or(0, |pane| pane.most));
        }
        Some(Overlay::Picker(_) | Overlay::Viewer(_)) => {}
        Some(Overlay::Links(list)) => go_among_links(list, measured, how),
        None | Some(Overlay::Typed(_)) => move_cursor(state, measured, how, effects),
    }
}

/// By rows goes to the next link, otherwise scrolls what is too long for the pane.
fn go_among_links(list: &mut LinkList, measured: &Measured, how: Go) {
    let pane = measured.overlay.as_ref();
    match how {
        Go::Rows(rows) => list.choose_by(rows),
        Go::First => list.choose_by(isize::MIN),
        Go::Last => list.choose_by(isize::MAX),
        Go::Halves(_) => {
            list.scroll = scrolled(list.scroll, how, pane.map_or(10, |pane| pane.area.height), pane.map_or(0, |pane| pane.most));
        }
    }
}

pub(super) fn scrolled(scroll: u16, how: Go, height: u16, most: u16) -> u16 {
    let half = i32::from(height / 2).max(1);
    let step = match how {
        Go::Rows(rows) => i32::try_from(rows).unwrap_or(0),
        Go::Halves(halves) => half.saturating_mul(i32::try_from(halves).unwrap_or(0)),
        Go::First => return 0,
        Go::Last => return most,
    };
    u16::try_from((i32::from(scroll) + step).clamp(0, i32::from(most))).unwrap_or(0)
}

fn move_cursor(state: &mut State, measured: &Measured, how: Go, effects: &mut Vec<Effect>) {
    let Some(tab) = state.tabs.active() else { return };
    let sources = tab.sources.clone();
    let Some(held) = state.rows(tab) else { return };
    let pane = measured.of(&sources);
    // Where rows are said there is no screenful of them.
    let in_view = if state.settings.linear { SAID_PAGE } else { pane.map_or(2, |pane| pane.visible.len()).max(2) };
    let half = isize::try_from(in_view / 2).unwrap_or(1).max(1);
    let (from, steps) = match how {
        Go::First => (0, 0),
        Go::Last => (held.all().len().saturating_sub(1), 0),
        Go::Rows(rows) => (start(state, tab, pane), rows),
        Go::Halves(halves) => (start(state, tab, pane), halves * half),
    };
    let Some(target) = walk(state, tab, from, steps, matches!(how, Go::Last)) else {
        // Every row held is hidden by a filter.
        load_older(state, &sources, effects);
        return;
    };
    let Some(key) = held.row(target).map(Row::key) else { return };
    let first = walk(state, tab, 0, 0, false);
    let is_near_end = held.all().iter().skip(target).filter(|row| state.is_shown(tab, row)).nth(NEAR_END).is_none();
    let far = pane.is_none_or(|pane| {
        let beside = |row: &crate::state::VisibleRow| held.index_of(&row.key).is_some_and(|index| index.abs_diff(target) <= in_view);
        !pane.visible.iter().any(beside)
    });
    place_cursor(state, measured, key, Some(target) == first, far || matches!(how, Go::Last));
    if matches!(how, Go::First)
        && let Some(tab) = state.tabs.active_mut()
    {
        tab.unseen.clear();
    }
    if is_near_end {
        load_older(state, &sources, effects);
    }
}

/// Where a move starts: at the cursor, or at the top row in view where the cursor has left the view.
fn start(state: &State, tab: &Tab, pane: Option<&crate::state::TimelinePane>) -> usize {
    let Some(rows) = state.rows(tab) else { return 0 };
    let cursor = tab.cursor.as_ref().and_then(|_| state.cursor_index(tab));
    let top = pane.and_then(|pane| pane.visible.first()).and_then(|row| rows.index_of(&row.key)).unwrap_or(0);
    match (cursor, pane) {
        (Some(index), Some(pane)) => {
            let in_view = rows.row(index).map(Row::key).is_some_and(|key| pane.visible.iter().any(|row| row.key == key));
            // A cursor that was moved since the last drawing is not in that drawing.
            if in_view || tab.anchor != Anchor::Top { index } else { top }
        }
        (Some(index), None) => index,
        (None, _) => top,
    }
}

/// The index so many shown rows on from a start; the last shown one where there are fewer.
fn walk(state: &State, tab: &Tab, from: usize, steps: isize, backwards: bool) -> Option<usize> {
    let rows = state.rows(tab)?;
    let is_shown = |index: usize| rows.row(index).is_some_and(|row| state.is_shown(tab, row));
    let before = if backwards { (0..=from).rev().find(|index| is_shown(*index)) } else { None };
    let mut found = before.or_else(|| state.shown_near(tab, from))?;
    for _ in 0..steps.unsigned_abs() {
        let next = if steps > 0 {
            (found + 1..rows.all().len()).find(|index| is_shown(*index))
        } else {
            (0..found).rev().find(|index| is_shown(*index))
        };
        match next {
            Some(next) => found = next,
            None => break,
        }
    }
    Some(found)
}

/// Puts the cursor on a row. At the newest row the view follows again; anywhere else it stays where it is, or goes to
/// the row where that is far away.
pub(super) fn place_cursor(state: &mut State, measured: &Measured, key: RowKey, newest: bool, far: bool) {
    rows::freeze(state, measured);
    let Some(tab) = state.tabs.active_mut() else { return };
    if newest && !tab.held {
        tab.anchor = Anchor::Top;
        if state.settings.linear {
            // What was said last is what keys mean, and that goes on with what is new.
            tab.cursor = None;
            return;
        }
    } else if far {
        tab.anchor = Anchor::Row(key.clone(), 0);
    }
    tab.cursor = Some(key);
}

/// Asks for older rows, of several streams for those of the one whose loaded part ends first.
fn load_older(state: &mut State, sources: &Sources, effects: &mut Vec<Effect>) {
    let Some(stream) = state.next_older(sources).cloned() else { return };
    let Some(timeline) = state.timelines.get_mut(&stream) else { return };
    if !matches!(timeline.older_page, Loading::Asked | Loading::Failed(_, Some(_))) {
        effects.extend(reply::ask_older(&stream, timeline));
    }
}

/// Goes to the nearest unseen row on one side of the cursor, or else to the farthest one on the other.
fn go_unread(state: &mut State, measured: &Measured, older: bool) {
    let Some(tab) = state.tabs.active() else { return };
    let Some(rows) = state.rows(tab) else { return };
    let here = start(state, tab, measured.of(&tab.sources));
    let unseen = || rows.all().iter().map(Row::key).enumerate().filter(|(_, key)| tab.unseen.contains(key));
    let next = if older {
        unseen().find(|(index, _)| *index > here).or_else(|| unseen().next())
    } else {
        unseen().rfind(|(index, _)| *index < here).or_else(|| unseen().next_back())
    };
    let Some((index, key)) = next else { return };
    let newest = state.shown_near(tab, 0) == Some(index);
    if let Some(tab) = state.tabs.active_mut() {
        tab.unseen.remove(&key);
    }
    place_cursor(state, measured, key, newest, true);
}

fn read(state: &mut State, measured: &Measured, effects: &mut Vec<Effect>) {
    if let Some(view) = state.profile_view() {
        if let Some(status) = view.chosen_post().and_then(|id| state.store.shown(id)).map(|entry| entry.id().clone()) {
            thread::open(state, &status, effects);
        }
        return;
    }
    if is_reading(state) {
        let cursor = state.detail().map(|detail| detail.cursor.clone());
        if let Some(cursor) = cursor {
            thread::open(state, &cursor, effects);
        }
        return;
    }
    if let Some(row @ Row::Gap(gap)) = state.drawn_cursor_row(measured) {
        let after = Arc::clone(&gap.after);
        if !state.can_fill(row) {
            return;
        }
        let Some(sources) = state.tabs.active().map(|tab| tab.sources.clone()) else { return };
        for stream in sources.all().iter().filter(|stream| stream.is_paged_by_id()) {
            if let Some(timeline) = state.timelines.get_mut(stream)
                && timeline.gap_mut(&after).is_some_and(|gap| gap.fill == Fill::Left)
            {
                timeline.set_fill(&after, Fill::Due);
            }
        }
        return;
    }
    let Some((key, status)) = state.drawn_cursor_row(measured).and_then(|row| Some((row.key(), state.status_of(row)?))) else { return };
    // What is read stays: the timeline beneath stops following.
    rows::freeze(state, measured);
    if let Some(tab) = state.tabs.active_mut() {
        tab.cursor = Some(key);
    }
    thread::open(state, &status, effects);
}

fn hold_or_unfold(state: &mut State, measured: &Measured) {
    let open = match state.profile_view() {
        Some(view) => view.chosen_post().and_then(|id| state.store.shown(id)).map(|entry| entry.id().clone()),
        None => state.detail().map(|detail| detail.cursor.clone()),
    };
    if let Some(status) = open.or_else(|| state.status_of(state.drawn_cursor_row(measured)?)) {
        if state.place().is_some_and(|place| state.is_folded(place, &status) || state.veils_media(place, &status)) {
            state.unfolded.insert(status);
            return;
        }
        if state.unfolded.remove(&status) {
            return;
        }
    }
    if state.detail().is_some() || state.profile_view().is_some() {
        return;
    }
    hold::hold_or_let_go(state, measured);
}

/// Opens stream health, and asks what it tells and nothing else needs.
fn open_health(state: &mut State, effects: &mut Vec<Effect>) {
    state.overlays.push(Overlay::Health { scroll: 0 });
    if state.checks.wants_health(state.now) {
        (state.checks.health, state.checks.health_asked) = (Answer::Asked, Some(state.now));
        effects.push(Effect::Ask(Question::Health));
    }
    if state.checks.wants_scopes() {
        state.checks.scopes = Answer::Asked;
        effects.push(Effect::Ask(Question::Scopes));
    }
}

fn open_picker(state: &mut State) {
    state.overlays.push(Overlay::picker(Pick::Stream, 0));
}

fn close_tab(state: &mut State) {
    state.overlays.clear();
    let Some(tab) = state.close() else { return };
    let title = tab.sources.title(&state.offer.lists);
    // What another tab shows stays subscribed to.
    let kept = tab.sources.all().iter().filter(|stream| state.timelines.contains_key(stream)).count();
    let closed = if kept == 0 { "closed and unsubscribed" } else { "closed" };
    // Where the last one went the picker opens, and takes u as text.
    let is_last = state.tabs.all().is_empty();
    let back = if is_last { "esc, then u, brings" } else { "u brings" };
    say(state, Plain::line(&format!("{title} {closed}; {back} it back")), false);
    if is_last {
        open_picker(state);
    }
}

fn retry_now(state: &mut State, effects: &mut Vec<Effect>) {
    state.retries += 1;
    for (stream, timeline) in &mut state.timelines {
        if matches!(timeline.first_page, Loading::Failed(..)) {
            effects.push(reply::ask_first(stream, timeline));
        }
        if matches!(timeline.older_page, Loading::Failed(..)) {
            effects.extend(reply::ask_older(stream, timeline));
        }
        if let Some(refill) = &mut timeline.refill {
            refill.retry_at = None;
        }
        if let Some(review) = &mut timeline.review {
            review.retry_at = None;
        }
        if let Some(poll) = timeline.poll.as_mut().filter(|poll| poll.failure.is_some()) {
            poll.next = state.now;
        }
    }
    edits::retry(state);
    profile::retry(state);
    thread::ask_again(state, effects);
    if matches!(state.offer_loading, Loading::Failed(..)) {
        state.offer_loading = Loading::Asked;
        effects.push(Effect::Ask(Question::Offer));
    }
    say(state, Plain::line("trying again"), false);
}

/// How many entries the picker on top has.
fn entries(state: &State) -> usize {
    let Some(Picker { kind, prompt, .. }) = state.picker() else { return 0 };
    match kind {
        Pick::Command => overlay::command_choices(prompt.text()).len(),
        Pick::Stream => state.stream_choices(prompt.text()).len(),
        Pick::Theme => state.theme_choices(prompt.text()).len(),
        Pick::Account => overlay::account_choices(prompt.text(), &state.accounts).len(),
        Pick::Search => state.search.results(prompt.text()).len(),
    }
}

fn choose(state: &mut State, step: isize) {
    let count = entries(state);
    if let Some(picker) = state.overlays.last_mut().and_then(Overlay::as_picker_mut) {
        picker.chosen = picker.chosen.saturating_add_signed(step).min(count.saturating_sub(1));
    }
}

fn accept(state: &mut State, measured: &Measured, effects: &mut Vec<Effect>) {
    let Some(Picker { kind, prompt, chosen }) = state.picker() else { return };
    match kind {
        Pick::Command => {
            let wanted = overlay::command_choices(prompt.text()).get(*chosen).map(|row| row.command);
            if let Some(wanted) = wanted {
                state.overlays.pop();
                run(state, wanted, measured, effects);
            }
        }
        Pick::Stream => {
            let wanted = state.stream_choices(prompt.text()).into_iter().nth(*chosen).map(|choice| choice.sources);
            if let Some(sources) = wanted {
                state.overlays.clear();
                state.open(sources.clone());
                state.tabs.go_to(&sources);
            }
        }
        Pick::Theme => {
            let wanted = state.theme_choices(prompt.text()).get(*chosen).map(|scheme| scheme.name.clone());
            if let Some(name) = wanted {
                state.overlays.pop();
                say(state, Plain::line(&format!("to keep theme {name}: theme = \"{name}\" in the file")), false);
                state.settings.theme = name;
            }
        }
        Pick::Search => {
            let (typed, chosen) = (prompt.text().to_owned(), *chosen);
            search::accept(state, &typed, chosen, effects);
        }
        Pick::Account => {
            let wanted = overlay::account_choices(prompt.text(), &state.accounts).get(*chosen).copied();
            if let Some(place) = wanted {
                state.overlays.clear();
                if Some(place) != state.account {
                    effects.push(Effect::SwitchAccount(place));
                }
            }
        }
    }
}

/// The mouse: tabs and rows are chosen, a chosen row is opened, the wheel moves what is under it.
pub(super) fn mouse(state: &mut State, measured: &Measured, mouse: Mouse, at: (u16, u16), effects: &mut Vec<Effect>) {
    let (x, y) = at;
    let step = match mouse {
        Mouse::WheelDown => 1,
        Mouse::WheelUp => -1,
        Mouse::Click => {
            click(state, measured, x, y, effects);
            return;
        }
    };
    state.revision += 1;
    match state.overlays.last() {
        Some(Overlay::Picker(_)) => choose(state, step),
        Some(Overlay::Links(_)) => go(state, measured, Go::Rows(step), effects),
        Some(Overlay::Detail(_)) if state.is_wide() && measured.timeline.as_ref().is_some_and(|pane| pane.area.contains(x, y)) => {
            move_cursor(state, measured, Go::Rows(step), effects);
        }
        Some(Overlay::Typed(_)) if state.is_in_thread() => {}
        None | Some(Overlay::Typed(_)) => move_cursor(state, measured, Go::Rows(step), effects),
        Some(_) => go(state, measured, Go::Rows(step * 3), effects),
    }
}

fn click(state: &mut State, measured: &Measured, x: u16, y: u16, effects: &mut Vec<Effect>) {
    // Whoever points elsewhere has typed enough; what is not right is given up.
    keep_typed(state, measured);
    if state.typed().is_some() {
        back(state);
    }
    if y == 0 && !state.zen {
        if let Some((_, _, index)) = measured.tabs.iter().find(|(from, to, _)| (*from..*to).contains(&x)) {
            state.overlays.clear();
            state.tabs.select(*index);
            state.revision += 1;
        }
        return;
    }
    let reads = matches!(state.overlays.last(), Some(Overlay::Detail(_)) | None);
    if reads && links::click_in_reader(state, measured, x, y) {
        return;
    }
    match state.overlays.last() {
        Some(overlay) if overlay.as_picker().is_some() => {
            let Some(pane) = measured.overlay.as_ref().filter(|pane| pane.area.contains(x, y)) else { return };
            let (first_y, first) = pane.first;
            let Some(entry) = y.checked_sub(first_y).map(usize::from).filter(|entry| *entry < pane.entries) else { return };
            if let Some(picker) = state.overlays.last_mut().and_then(Overlay::as_picker_mut) {
                picker.chosen = first + entry;
            }
            run(state, Command::Accept, measured, effects);
        }
        Some(Overlay::Links(_)) => links::click(state, measured, y, effects),
        Some(Overlay::Detail(_)) if measured.reader.as_ref().is_some_and(|pane| pane.area.contains(x, y)) => {
            let Some(pane) = measured.reader.as_ref() else { return };
            state.revision += 1;
            if thread::click(state, pane, y) {
                run(state, Command::Read, measured, effects);
            }
        }
        // What lies over the timeline takes the click.
        Some(_) if state.is_covered() => {}
        Some(_) | None => {
            let Some(pane) = measured.timelines().find(|pane| pane.area.contains(x, y)) else { return };
            if let Some(index) = state.tabs.all().iter().position(|tab| tab.sources == pane.sources)
                && index != state.tabs.active_index()
            {
                state.overlays.clear();
                state.tabs.select(index);
                state.revision += 1;
            }
            let Some(row) = pane.visible.iter().find(|row| y >= row.y && y - row.y < row.height) else { return };
            let Some(tab) = state.tabs.active().filter(|tab| tab.sources == pane.sources) else { return };
            let Some(index) = state.rows(tab).and_then(|rows| rows.index_of(&row.key)) else { return };
            let newest = state.shown_near(tab, 0) == Some(index);
            let again = tab.cursor.as_ref() == Some(&row.key);
            let link = measured.link_at(x, y).zip(state.rows(tab).and_then(|rows| state.status_of(rows.row(index)?)));
            state.overlays.clear();
            if let Some((link, post)) = link {
                place_cursor(state, measured, row.key.clone(), newest, false);
                let posts: Vec<StatusId> = links::quoted(state, &post).into_iter().fold(vec![post], |mut all, one| {
                    all.push(one);
                    all
                });
                links::show_at(state, &posts, link.target.as_str());
            } else if again {
                run(state, Command::Read, measured, effects);
            } else {
                place_cursor(state, measured, row.key.clone(), newest, false);
                state.revision += 1;
            }
        }
    }
}
