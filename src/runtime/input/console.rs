//! Keys of a Windows console, by way of crossterm.
//!
//! Elsewhere only its tests are built.

use super::Keys;
use crate::keymap::{Key, KeyCode};
use crate::update::{Mouse, Msg};
use crossterm::event::{
    Event, EventStream, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use futures_util::StreamExt as _;
use std::io;

/// The terminal's keys.
#[derive(Debug)]
pub(crate) struct TerminalKeys {
    events: Option<EventStream>,
}

impl TerminalKeys {
    /// Begins to listen; only while the terminal is in raw mode.
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere listening can fail")]
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { events: Some(EventStream::new()) })
    }
}

impl Keys for TerminalKeys {
    async fn next(&mut self) -> Option<Msg> {
        let events = self.events.as_mut()?;
        loop {
            match events.next().await? {
                Ok(event) => {
                    if let Some(msg) = translate(event) {
                        return Some(msg);
                    }
                }
                Err(error) => {
                    // Unreadable once is unreadable for good: asking again would spin.
                    tracing::error!(%error, "the terminal cannot be read");
                    return None;
                }
            }
        }
    }

    fn pause(&mut self) {
        self.events = None;
    }

    fn resume(&mut self) {
        self.events = Some(EventStream::new());
    }
}

/// What an event of the terminal means to us, if anything.
fn translate(event: Event) -> Option<Msg> {
    match event {
        Event::Key(event) => key(event).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Mouse(event) => mouse(event),
        Event::Resize(columns, lines) => Some(Msg::Resized(columns, lines)),
        Event::FocusGained => Some(Msg::Focused(true)),
        Event::FocusLost => Some(Msg::Focused(false)),
    }
}

fn key(event: KeyEvent) -> Option<Key> {
    let KeyEvent { code, modifiers, kind, state: _ } = event;
    if kind == KeyEventKind::Release || modifiers.intersects(KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META) {
        return None;
    }
    let mut shift = modifiers.contains(KeyModifiers::SHIFT);
    let mut ctrl = modifiers.contains(KeyModifiers::CONTROL);
    let alt = modifiers.contains(KeyModifiers::ALT);
    let code = match code {
        // What many terminals send for Backspace.
        Code::Char('h' | 'H') if ctrl => {
            ctrl = false;
            KeyCode::Backspace
        }
        Code::Char(' ') if ctrl => return None,
        Code::Char(ch) if ctrl => KeyCode::Char(ch.to_ascii_lowercase()),
        Code::Char(ch) if !ch.is_control() => KeyCode::Char(ch),
        Code::BackTab => {
            shift = true;
            KeyCode::Tab
        }
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab => KeyCode::Tab,
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::F(number) => KeyCode::F(number),
        Code::Char(_)
        | Code::Insert
        | Code::Null
        | Code::CapsLock
        | Code::ScrollLock
        | Code::NumLock
        | Code::PrintScreen
        | Code::Pause
        | Code::Menu
        | Code::KeypadBegin
        | Code::Media(_)
        | Code::Modifier(_) => return None,
    };
    // Shift is part of a character, which comes in the case it was typed in.
    let shift = shift && !matches!(code, KeyCode::Char(_));
    Some(Key { code, ctrl, alt, shift })
}

fn mouse(event: MouseEvent) -> Option<Msg> {
    let mouse = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Mouse::Click,
        MouseEventKind::ScrollDown => Mouse::WheelDown,
        MouseEventKind::ScrollUp => Mouse::WheelUp,
        MouseEventKind::Down(MouseButton::Right | MouseButton::Middle)
        | MouseEventKind::Up(_)
        | MouseEventKind::Drag(_)
        | MouseEventKind::Moved
        | MouseEventKind::ScrollLeft
        | MouseEventKind::ScrollRight => return None,
    };
    Some(Msg::Mouse(mouse, event.column, event.row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: Code, modifiers: KeyModifiers) -> Option<String> {
        key(KeyEvent::new(code, modifiers)).map(|key| key.to_string())
    }

    #[test]
    fn keys_are_named_as_the_command_table_names_them() {
        let (none, shift, ctrl, alt) = (KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::CONTROL, KeyModifiers::ALT);
        for (code, modifiers, wanted) in [
            (Code::Char('j'), none, "j"),
            (Code::Char('G'), shift, "G"),
            (Code::Char('?'), shift, "?"),
            (Code::Char(' '), none, "space"),
            (Code::Char('D'), ctrl | shift, "ctrl-d"),
            (Code::Char('h'), ctrl, "backspace"),
            (Code::Char('x'), alt, "alt-x"),
            (Code::BackTab, shift, "shift-tab"),
            (Code::BackTab, none, "shift-tab"),
            (Code::Tab, none, "tab"),
            (Code::F(1), none, "f1"),
            (Code::PageDown, none, "pagedown"),
            (Code::Left, ctrl | alt, "ctrl-alt-left"),
        ] {
            assert_eq!(pressed(code, modifiers).as_deref(), Some(wanted), "{code:?} {modifiers:?}");
        }
        for (code, modifiers) in [
            (Code::Char(' '), ctrl),
            (Code::Null, none),
            (Code::Insert, none),
            (Code::Char('\u{1b}'), none),
            (Code::Char('q'), KeyModifiers::SUPER),
        ] {
            assert_eq!(pressed(code, modifiers), None, "{code:?}");
        }
    }

    #[test]
    fn a_key_counts_when_it_goes_down_or_repeats_and_not_when_it_comes_up() {
        for (kind, counts) in [(KeyEventKind::Press, true), (KeyEventKind::Repeat, true), (KeyEventKind::Release, false)] {
            assert_eq!(key(KeyEvent::new_with_kind(Code::Char('j'), KeyModifiers::NONE, kind)).is_some(), counts);
        }
    }

    #[test]
    fn the_main_button_and_the_wheel_count() {
        let at = |kind| translate(Event::Mouse(MouseEvent { kind, column: 3, row: 4, modifiers: KeyModifiers::NONE }));
        assert_eq!(at(MouseEventKind::Down(MouseButton::Left)), Some(Msg::Mouse(Mouse::Click, 3, 4)));
        assert_eq!(at(MouseEventKind::ScrollUp), Some(Msg::Mouse(Mouse::WheelUp, 3, 4)));
        assert_eq!(at(MouseEventKind::ScrollDown), Some(Msg::Mouse(Mouse::WheelDown, 3, 4)));
        assert_eq!(at(MouseEventKind::Down(MouseButton::Right)), None);
        assert_eq!(at(MouseEventKind::Moved), None);
        assert_eq!(translate(Event::FocusLost), Some(Msg::Focused(false)));
        assert_eq!(translate(Event::Paste("a\nb".into())), Some(Msg::Paste("a\nb".into())));
    }
}
