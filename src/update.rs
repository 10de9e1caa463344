//! `update`: the only function that changes `State`.
//!
//! Synchronous and pure: it reads no clock, file, socket or random source; time arrives as `Msg::Tick`. What the world
//! should do goes out as effects. Nothing here costs more with longer timelines.

mod alert;
mod command;
mod edits;
pub mod effect;
mod event;
mod finding;
mod flood;
mod folds;
mod hold;
mod links;
mod memory;
pub mod msg;
mod profile;
pub mod question;
mod refill;
mod reply;
mod review;
mod rows;
mod search;
mod sieve;
mod thread;
mod viewer;

pub use effect::Effect;
pub use msg::{Mouse, Msg, Remembered, Reply};
pub use question::Question;

use crate::command::{Command, Scope};
use crate::keymap::{Key, KeyCode, Meaning, Sequence};
use crate::model::Timestamp;
use crate::state::{Loading, Measured, Outcome, Overlay, State};
use crate::text::Plain;

/// Changes the state by one message and says what the world should do.
pub fn update(state: &mut State, msg: Msg, measured: &Measured) -> Vec<Effect> {
    let mut batch = Batch::begin(state, measured);
    batch.take(state, msg, measured);
    batch.end(state, measured)
}

/// Messages that came together: each changes the state at once and in its turn, and what follows from all of them is done
/// once. Where much comes that is a third of the work.
#[derive(Debug)]
#[must_use = "only the end says what the world should do"]
pub struct Batch {
    effects: Vec<Effect>,
    /// That of the store before the first.
    version: u64,
}

impl Batch {
    /// Takes in what has been drawn meanwhile.
    pub fn begin(state: &mut State, measured: &Measured) -> Self {
        let version = state.store.version();
        rows::adopt(state, measured);
        thread::adopt(state, measured);
        Self { effects: Vec::new(), version }
    }

    /// Changes the state by the next message.
    pub fn take(&mut self, state: &mut State, msg: Msg, measured: &Measured) {
        let Self { effects, version: _ } = self;
        // What is done otherwise gives up a sequence of keys.
        if matches!(msg, Msg::Paste(_) | Msg::Mouse(..) | Msg::Command(_) | Msg::Reloaded(..))
            && !std::mem::take(&mut state.pending).is_empty()
        {
            state.revision += 1;
        }
        // Some terminals tell of one half alone; whoever does something here is here.
        if matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(..)) {
            focus(state, true);
        }
        match msg {
            Msg::Focused(here) => focus(state, here),
            Msg::Tick(now) => tick(state, now, effects),
            Msg::Event(origin, event) => event::apply(state, measured, origin, event, effects),
            Msg::Key(key) => press(state, key, measured, effects),
            Msg::Paste(text) => {
                if let Some(prompt) = state.overlays.last_mut().and_then(Overlay::prompt_mut) {
                    prompt.insert(&text);
                    written(state, measured);
                }
            }
            Msg::Mouse(mouse, x, y) => command::mouse(state, measured, mouse, (x, y), effects),
            Msg::Command(wanted) => command::run(state, wanted, measured, effects),
            Msg::Reply(reply) => reply::apply(state, measured, reply, effects),
            Msg::Resized(columns, lines) => {
                state.size = (columns, lines);
                state.revision += 1;
            }
            Msg::Resumed => {
                state.wakes += 1;
                state.revision += 1;
            }
            Msg::Answered(answer) => {
                let before = state.canvas();
                state.pictures.told(&answer, state.size);
                state.revision += u64::from(state.canvas() != before);
            }
            Msg::Remembered(remembered) => memory::remembered(state, remembered),
            Msg::Reloaded(settings, tabs) => reply::reloaded(state, settings, tabs),
            Msg::Failed(words) => say(state, words, true),
            Msg::Told(words) => say(state, words, false),
        }
    }

    /// Does what follows and says what the world should do.
    pub fn end(self, state: &mut State, measured: &Measured) -> Vec<Effect> {
        let Self { mut effects, version } = self;
        state.follow();
        rows::count_hidden(state);
        sieve::follow(state);
        finding::go_on(state, measured);
        thread::settle(state, &mut effects);
        refill::pump(state, &mut effects);
        edits::pump(state, &mut effects);
        profile::pump(state, &mut effects);
        state.follow();
        state.first_column = state.columns().start;
        memory::settle(state);
        flood::pace(state, measured);
        memory::tell(state, &mut effects);
        alert::tell(state, &mut effects);
        if state.store.version() != version {
            state.revision += 1;
        }
        state.sweep();
        effects
    }
}

/// Takes in whether the reader looks at this terminal: what is in view counts as seen only then.
fn focus(state: &mut State, here: bool) {
    state.revision += u64::from(state.focused != here);
    state.focused = here;
}

/// Takes in what became of a key or a command. What changes nothing is only said where things are said.
fn heard(state: &mut State, outcome: Outcome) {
    state.heard.hear(outcome);
    state.revision += u64::from(state.settings.linear);
}

/// Puts a message into the status line.
fn say(state: &mut State, words: Plain, grave: bool) {
    state.notices.say(state.now, words, grave);
    state.revision += 1;
}

fn tick(state: &mut State, now: Timestamp, effects: &mut Vec<Effect>) {
    let silence = state.silent_minutes();
    state.now = now;
    let mut changes = state.notices.advance(now);
    changes |= state.meter.advance(now);
    changes |= state.silent_minutes() != silence;
    let due = |loading: &Loading| matches!(loading, Loading::Failed(_, Some(at)) if *at <= now);
    for (stream, timeline) in &mut state.timelines {
        changes |= timeline.meter.advance(now);
        if due(&timeline.first_page) {
            changes = true;
            effects.push(reply::ask_first(stream, timeline));
        }
        if due(&timeline.older_page) {
            changes = true;
            effects.extend(reply::ask_older(stream, timeline));
        }
    }
    for merged in state.tabs.all_mut().iter_mut().filter_map(|tab| tab.merged.as_mut()) {
        changes |= merged.meter.advance(now);
    }
    if due(&state.offer_loading) {
        changes = true;
        state.offer_loading = Loading::Asked;
        effects.push(Effect::Ask(Question::Offer));
    }
    state.revision += u64::from(changes);
}

fn press(state: &mut State, key: Key, measured: &Measured, effects: &mut Vec<Effect>) {
    let mut pressed = std::mem::take(&mut state.pending);
    let goes_on = !pressed.is_empty();
    state.revision += u64::from(goes_on);
    if goes_on && key == Key::GIVE_UP {
        return;
    }
    pressed.push(key);
    match state.settings.keymap.meaning(state.scopes(), &pressed) {
        Meaning::Command(wanted) => command::run(state, wanted, measured, effects),
        Meaning::Begun => {
            state.pending = pressed;
            state.revision += 1;
        }
        Meaning::Nothing if goes_on && key == Key::QUIT => command::run(state, Command::QuitNow, measured, effects),
        Meaning::Nothing if goes_on => {
            let words = Sequence::new(pressed).map(|sequence| format!("{sequence} is bound to nothing")).unwrap_or_default();
            say(state, Plain::line(&words), false);
        }
        Meaning::Nothing if state.scopes().contains(&Scope::Pick) => write(state, measured, key),
        Meaning::Nothing => heard(state, Outcome::Unbound(key)),
    }
}

/// Takes a key as text or as a move in it, where text is typed.
fn write(state: &mut State, measured: &Measured, key: Key) {
    if !state.scopes().contains(&Scope::Pick) {
        return;
    }
    let Some(prompt) = state.overlays.last_mut().and_then(Overlay::prompt_mut) else { return };
    let before = prompt.text().to_owned();
    match key {
        Key { code: KeyCode::Char('w'), ctrl: true, .. } => prompt.delete_word(),
        Key { code: KeyCode::Char('u'), ctrl: true, .. } => prompt.delete_to_start(),
        Key { code: KeyCode::Char('a'), ctrl: true, .. } | Key { code: KeyCode::Home, .. } => prompt.home(),
        Key { code: KeyCode::Char('e'), ctrl: true, .. } | Key { code: KeyCode::End, .. } => prompt.end(),
        Key { code: KeyCode::Backspace, .. } => prompt.backspace(),
        Key { code: KeyCode::Delete, .. } => prompt.delete(),
        Key { code: KeyCode::Left, .. } => prompt.left(),
        Key { code: KeyCode::Right, .. } => prompt.right(),
        other => match other.typed() {
            Some(ch) => prompt.insert(ch.encode_utf8(&mut [0; 4])),
            None => return,
        },
    }
    if prompt.text() == before {
        state.revision += 1;
    } else {
        written(state, measured);
    }
}

/// Takes in that something else is typed by now.
fn written(state: &mut State, measured: &Measured) {
    if let Some(picker) = state.overlays.last_mut().and_then(Overlay::as_picker_mut) {
        picker.chosen = 0;
    }
    sieve::typed(state);
    finding::typed(state, measured);
    state.revision += 1;
}
