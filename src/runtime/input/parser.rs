//! `Parser`: bytes of a terminal to keys, pastes and the mouse.
//!
//! Whatever the bytes are and however they are cut up, the next key after a short silence is that key: a sequence or a
//! paste without an end is given up, not waited for. Nothing grows with what the terminal sends. Absent on purpose: clocks
//! (whoever reads the bytes tells of silence), and answers to what was not asked.

use crate::keymap::{Key, KeyCode};
use crate::model::TerminalFact;
use crate::text::Plain;
use crate::update::{Mouse, Msg};
use std::time::Duration;

/// Reads what a terminal sends, a byte at a time.
#[derive(Debug, Default)]
pub(super) struct Parser {
    state: State,
    /// Pastes begun so far.
    pastes: u32,
}

/// What the bytes so far are the beginning of.
#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    /// Nothing.
    #[default]
    Ground,
    /// A character of several bytes, of which so many have come.
    Char { bytes: [u8; 4], held: usize, alt: bool },
    /// Escape: the key, or the beginning of a sequence, or Alt with what follows.
    Escape,
    /// `ESC O`: one of a few keys follows.
    Single,
    /// `ESC [` and what has come of it.
    Control(Vec<u8>),
    /// A sequence longer than any that we know, up to its last byte.
    Endless,
    /// `ESC [ [`, as the Linux console sends for F1 to F5: one byte follows.
    Console,
    /// `ESC [ M`, a mouse that counts in bytes: three follow.
    Bytes { bytes: [u8; 3], held: usize },
    /// A string for a program (an answer nobody asked for), up to its end; what began it, where that is all so far.
    Text { only: Option<u8>, escaped: bool, said: Vec<u8> },
    /// Pasted text.
    Paste(Paste),
}

/// Pasted text up to the mark of its end.
#[derive(Debug, Default, PartialEq, Eq)]
struct Paste {
    text: Vec<u8>,
    /// How many bytes of the mark have come last.
    matched: usize,
}

const ESCAPE: u8 = 0x1b;
/// The bytes of Ctrl-C.
const INTERRUPT: u8 = 0x03;
/// Ends a paste.
const PASTE_END: &[u8] = b"\x1b[201~";
/// Bytes of a paste that are kept. Nothing here takes more than some words.
const LONGEST_PASTE: usize = 64 * 1024;
/// Bytes of a control sequence that are looked at; those of the keys and the mouse are far shorter.
const LONGEST_CONTROL: usize = 96;
/// Bytes of an answer that are looked at.
const LONGEST_ANSWER: usize = 64;

/// After so long a silence an escape was the key of that name. What belongs to a sequence comes with it, or, over a network,
/// soon after it.
const ALONE: Duration = Duration::from_millis(30);
/// After so long a silence the rest of a sequence will not come.
const CUT_SHORT: Duration = Duration::from_millis(100);
/// After so long a silence the rest of a paste will not come; long, as the rest would become keys if it did.
const PASTE_CUT_SHORT: Duration = Duration::from_millis(400);

impl Parser {
    /// Reads bytes and puts what they mean into `into`.
    pub(super) fn read(&mut self, bytes: &[u8], into: &mut impl Extend<Msg>) {
        // Nobody pastes a single Ctrl-C; somebody who presses it wants to be heard.
        if matches!(self.state, State::Paste(_)) && bytes == [INTERRUPT] {
            self.silence(into);
        }
        for &byte in bytes {
            self.byte(byte, into);
        }
    }

    /// After how long a silence [`Self::silence`] is to be told; `None` where nothing has begun.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self.state {
            State::Ground => None,
            State::Escape => Some(ALONE),
            State::Char { .. }
            | State::Single
            | State::Control(_)
            | State::Endless
            | State::Console
            | State::Bytes { .. }
            | State::Text { .. } => Some(CUT_SHORT),
            State::Paste(_) => Some(PASTE_CUT_SHORT),
        }
    }

    /// The number of the paste under way, if one is.
    pub(super) fn paste(&self) -> Option<u32> {
        matches!(self.state, State::Paste(_)).then_some(self.pastes)
    }

    /// Gives up waiting for the rest of what has begun: it means what it means without.
    pub(super) fn silence(&mut self, into: &mut impl Extend<Msg>) {
        let msg = match std::mem::take(&mut self.state) {
            State::Escape => Some(press(KeyCode::Esc)),
            // Alt with the letter or sign that sequences begin with.
            State::Single => Some(alt('O')),
            State::Control(so_far) if so_far.is_empty() => Some(alt('[')),
            State::Text { only: Some(letter), .. } => Some(alt(char::from(letter))),
            State::Paste(paste) => Some(paste.end()),
            State::Ground
            | State::Char { .. }
            | State::Control(_)
            | State::Endless
            | State::Console
            | State::Bytes { .. }
            | State::Text { only: None, .. } => None,
        };
        into.extend(msg);
    }

    fn byte(&mut self, byte: u8, into: &mut impl Extend<Msg>) {
        let (next, msg) = match std::mem::take(&mut self.state) {
            State::Ground => ground(byte, false),
            State::Char { bytes, held, alt } => return self.character(bytes, held, alt, byte, into),
            State::Escape => escape(byte),
            State::Single => single(byte),
            State::Control(so_far) if so_far == b"200" && byte == b'~' => {
                self.pastes = self.pastes.wrapping_add(1);
                (State::Paste(Paste::default()), None)
            }
            State::Control(so_far) => control(so_far, byte),
            State::Endless => match byte {
                0x40..=0x7e => (State::Ground, None),
                0x20.. => (State::Endless, None),
                _ => ground(byte, false),
            },
            State::Console => match byte {
                b'A'..=b'E' => (State::Ground, Some(press(KeyCode::F(byte - b'A' + 1)))),
                0x20.. => (State::Ground, None),
                _ => ground(byte, false),
            },
            State::Bytes { bytes, held } => mouse_in_bytes(bytes, held, byte),
            State::Text { escaped, mut said, .. } => match byte {
                // Its end is BEL, or a backslash behind an escape; an escape before anything else begins anew.
                0x07 => (State::Ground, None),
                b'\\' if escaped => (State::Ground, answer(&said)),
                _ if escaped => escape(byte),
                ESCAPE => (State::Text { only: None, escaped: true, said }, None),
                0x20.. => {
                    if said.len() < LONGEST_ANSWER {
                        said.push(byte);
                    }
                    (State::Text { only: None, escaped: false, said }, None)
                }
                _ => ground(byte, false),
            },
            State::Paste(paste) => paste.byte(byte),
        };
        self.state = next;
        into.extend(msg);
    }

    fn character(&mut self, mut bytes: [u8; 4], held: usize, alt: bool, byte: u8, into: &mut impl Extend<Msg>) {
        let Some(place) = bytes.get_mut(held).filter(|_| byte & 0xc0 == 0x80) else {
            // What was begun is not finished by this, which may be something of its own.
            return self.byte(byte, into);
        };
        *place = byte;
        let so_far = bytes.get(..=held).unwrap_or_default();
        match std::str::from_utf8(so_far) {
            Ok(text) => {
                let typed = text.chars().filter(|ch| !ch.is_control());
                into.extend(typed.map(|ch| Msg::Key(Key { alt, ..Key::plain(KeyCode::Char(ch)) })));
            }
            Err(error) if error.error_len().is_none() => self.state = State::Char { bytes, held: held + 1, alt },
            Err(_) => {}
        }
    }
}

impl Paste {
    fn byte(mut self, byte: u8) -> (State, Option<Msg>) {
        if PASTE_END.get(self.matched) == Some(&byte) {
            self.matched += 1;
            if self.matched == PASTE_END.len() {
                return (State::Ground, Some(Msg::Paste(self.words())));
            }
        } else {
            self.keep_matched();
            // The mark begins with an escape and has no other.
            if byte == ESCAPE {
                self.matched = 1;
            } else {
                self.keep(&[byte]);
            }
        }
        (State::Paste(self), None)
    }

    fn end(mut self) -> Msg {
        self.keep_matched();
        Msg::Paste(self.words())
    }

    fn words(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    /// What looked like the mark was text.
    fn keep_matched(&mut self) {
        let matched = std::mem::take(&mut self.matched);
        self.keep(PASTE_END.get(..matched).unwrap_or_default());
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LONGEST_PASTE.saturating_sub(self.text.len());
        self.text.extend(bytes.iter().take(room));
    }
}

/// A byte that no sequence has begun before; with Alt where an escape stood before it.
fn ground(byte: u8, alt: bool) -> (State, Option<Msg>) {
    let (code, ctrl) = match byte {
        ESCAPE => return (State::Escape, None),
        b'\r' => (KeyCode::Enter, false),
        b'\t' => (KeyCode::Tab, false),
        // Terminals send either for Backspace.
        0x08 | 0x7f => (KeyCode::Backspace, false),
        0x01..=0x1a => (KeyCode::Char(char::from(byte - 1 + b'a')), true),
        0x1c..=0x1f => (KeyCode::Char(char::from(byte - 0x1c + b'4')), true),
        0x20..=0x7e => (KeyCode::Char(char::from(byte)), false),
        0xc2..=0xf4 => return (State::Char { bytes: [byte, 0, 0, 0], held: 1, alt }, None),
        // No character begins so, and NUL is no key that we have a name for.
        0x00 | 0x80..=0xc1 | 0xf5..=0xff => return (State::Ground, None),
    };
    (State::Ground, Some(Msg::Key(Key { code, ctrl, alt, shift: false })))
}

fn escape(byte: u8) -> (State, Option<Msg>) {
    match byte {
        b'[' => (State::Control(Vec::new()), None),
        b'O' => (State::Single, None),
        b'P' | b']' | b'_' | b'^' | b'X' => (State::Text { only: Some(byte), escaped: false, said: vec![byte] }, None),
        // Two of them: one was the key, the other may begin something.
        ESCAPE => (State::Escape, Some(press(KeyCode::Esc))),
        _ => ground(byte, true),
    }
}

fn single(byte: u8) -> (State, Option<Msg>) {
    match byte {
        b'M' => (State::Ground, Some(press(KeyCode::Enter))),
        0x20.. => (State::Ground, lettered(byte).map(press)),
        _ => ground(byte, false),
    }
}

/// The key that a last letter stands for.
fn lettered(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        _ => return None,
    })
}

fn control(mut so_far: Vec<u8>, byte: u8) -> (State, Option<Msg>) {
    match byte {
        b'[' if so_far.is_empty() => (State::Console, None),
        b'M' if so_far.is_empty() => (State::Bytes { bytes: [0; 3], held: 0 }, None),
        0x40..=0x7e => (State::Ground, meaning(&so_far, byte)),
        0x20.. if so_far.len() < LONGEST_CONTROL => {
            so_far.push(byte);
            (State::Control(so_far), None)
        }
        0x20.. => (State::Endless, None),
        // Control characters belong to no sequence: it was cut short, and this is what came after it.
        _ => ground(byte, false),
    }
}

/// What a whole control sequence means: `ESC [`, these bytes, and the last one.
fn meaning(between: &[u8], last: u8) -> Option<Msg> {
    match (between, last) {
        (b"", b'I') => return Some(Msg::Focused(true)),
        (b"", b'O') => return Some(Msg::Focused(false)),
        _ => {}
    }
    let text = std::str::from_utf8(between).ok()?;
    if let Some(answer) = told(text, last) {
        return Some(Msg::Answered(answer));
    }
    if let Some(report) = text.strip_prefix('<') {
        let [button, column, line] = numbers(report)?;
        return match last {
            b'M' => mouse(button, column, line),
            // Let go.
            _ => None,
        };
    }
    let mut parameters = text.split(';');
    let first = parameters.next().unwrap_or_default();
    let with = parameters.next().unwrap_or_default();
    if last == b'M' {
        // As the one with `<`, but its buttons count from 32.
        let [button, column, line] = numbers(text)?;
        return mouse(button.checked_sub(32)?, column, line);
    }
    let code = match last {
        b'~' => numbered(first.parse().ok()?)?,
        b'u' => coded(first.split(':').next()?.parse().ok()?)?,
        b'Z' => return Some(Msg::Key(Key { shift: true, ..Key::plain(KeyCode::Tab) })),
        // Other numbers are those of an answer (where the cursor is) that looks alike.
        _ if matches!(first, "" | "1") => lettered(last)?,
        _ => return None,
    };
    let (held, kind) = with.split_once(':').unwrap_or((with, "1"));
    let held = if held.is_empty() { 0 } else { held.parse::<u16>().ok()?.checked_sub(1)? };
    let (shift, alt, ctrl, more) = (held & 1 != 0, held & 2 != 0, held & 4 != 0, held & 0b11_1000 != 0);
    // A key that comes up, or one for the desktop.
    if kind == "3" || more {
        return None;
    }
    let code = if let KeyCode::Char(ch) = code
        && ctrl
    {
        KeyCode::Char(ch.to_ascii_lowercase())
    } else {
        code
    };
    let shift = shift && !matches!(code, KeyCode::Char(_));
    Some(Msg::Key(Key { code, ctrl, alt, shift }))
}

/// What a terminal that was asked says in a control sequence.
fn told(text: &str, last: u8) -> Option<TerminalFact> {
    match (text.strip_prefix('?'), last) {
        // The first attribute is which terminal it is like.
        (Some(attributes), b'c') => Some(TerminalFact::Attributes { sixel: attributes.split(';').skip(1).any(|number| number == "4") }),
        (Some(graphics), b'S') => {
            let [item, status, value] = numbers(graphics)?;
            ((item, status) == (1, 0)).then_some(TerminalFact::Colors(value))
        }
        (None, b't') => {
            let [kind, height, width] = numbers(text)?;
            match kind {
                4 => Some(TerminalFact::Room(width, height)),
                6 => Some(TerminalFact::Cell(width, height)),
                _ => None,
            }
        }
        (Some(_) | None, _) => None,
    }
}

/// What a terminal that was asked says in a string; the first byte is of what kind that is.
fn answer(said: &[u8]) -> Option<Msg> {
    let said = std::str::from_utf8(said).ok()?;
    if let Some(graphics) = said.strip_prefix("_Gi=1;") {
        return Some(Msg::Answered(TerminalFact::Kitty(graphics == "OK")));
    }
    let name = said.strip_prefix("P>|")?;
    Some(Msg::Answered(TerminalFact::Name(Plain::line(name))))
}

/// The key of a number before `~`.
fn numbered(number: u16) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => function(number - 10)?,
        17..=21 => function(number - 11)?,
        23..=26 => function(number - 12)?,
        28 | 29 => function(number - 13)?,
        31..=34 => function(number - 14)?,
        _ => return None,
    })
}

fn function(number: u16) -> Option<KeyCode> {
    u8::try_from(number).ok().map(KeyCode::F)
}

/// The key of a code point before `u`.
fn coded(point: u32) -> Option<KeyCode> {
    Some(match char::from_u32(point)? {
        '\r' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        '\u{1b}' => KeyCode::Esc,
        '\u{8}' | '\u{7f}' => KeyCode::Backspace,
        // Keys without a character stand in the private area.
        '\u{e000}'..='\u{f8ff}' => return None,
        ch if ch.is_control() => return None,
        ch => KeyCode::Char(ch),
    })
}

fn numbers(text: &str) -> Option<[u16; 3]> {
    let mut numbers = text.split(';').map(|number| number.parse().ok());
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

fn mouse_in_bytes(mut bytes: [u8; 3], held: usize, byte: u8) -> (State, Option<Msg>) {
    // Nothing of a report is below a space.
    if byte < 0x20 {
        return ground(byte, false);
    }
    if let Some(place) = bytes.get_mut(held) {
        *place = byte;
    }
    if held < 2 {
        return (State::Bytes { bytes, held: held + 1 }, None);
    }
    let [button, column, line] = bytes.map(|byte| u16::from(byte - 32));
    (State::Ground, mouse(button, column, line))
}

/// What the mouse did; columns and lines count from 1.
fn mouse(button: u16, column: u16, line: u16) -> Option<Msg> {
    // Shift, Alt and Control make no difference; motion (32) and buttons beyond the wheel do.
    let mouse = match button & !0b1_1100 {
        0 => Mouse::Click,
        64 => Mouse::WheelUp,
        65 => Mouse::WheelDown,
        _ => return None,
    };
    Some(Msg::Mouse(mouse, column.checked_sub(1)?, line.checked_sub(1)?))
}

fn press(code: KeyCode) -> Msg {
    Msg::Key(Key::plain(code))
}

fn alt(letter: char) -> Msg {
    Msg::Key(Key { alt: true, ..Key::plain(KeyCode::Char(letter)) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What bytes mean that came in these pieces, and then nothing more.
    fn read(pieces: &[&[u8]]) -> Vec<Msg> {
        let (mut parser, mut msgs) = (Parser::default(), Vec::new());
        for piece in pieces {
            parser.read(piece, &mut msgs);
        }
        while parser.patience().is_some() {
            parser.silence(&mut msgs);
        }
        msgs
    }

    fn in_words(msgs: &[Msg]) -> String {
        let words = msgs.iter().map(|msg| if let Msg::Key(key) = msg { key.to_string() } else { format!("{msg:?}") });
        words.collect::<Vec<_>>().join(" ")
    }

    fn told(bytes: &[u8]) -> String {
        in_words(&read(&[bytes]))
    }

    #[test]
    fn keys_are_named_as_the_command_table_names_them() {
        for (bytes, wanted) in [
            ("jG? é日", "j G ? space é 日"),
            ("\r\t\x7f\x08", "enter tab backspace backspace"),
            ("\x03\x04\x0a\x1a\x1f", "ctrl-c ctrl-d ctrl-j ctrl-z ctrl-7"),
            ("\0", ""),
            ("\x1bx\x1b\x7f\x1bé\x1b\x01", "alt-x alt-backspace alt-é ctrl-alt-a"),
            ("\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F", "up down right left home end"),
            ("\x1bOA\x1bOB\x1bOC\x1bOD\x1bOH\x1bOF\x1bOM", "up down right left home end enter"),
            ("\x1b[1~\x1b[7~\x1b[4~\x1b[8~\x1b[3~\x1b[5~\x1b[6~", "home home end end delete pageup pagedown"),
            ("\x1bOP\x1bOS\x1b[P\x1b[11~\x1b[15~\x1b[17~\x1b[24~\x1b[[A\x1b[34~", "f1 f4 f1 f1 f5 f6 f12 f1 f20"),
            ("\x1b[Z\x1b[1;2Z", "shift-tab shift-tab"),
            ("\x1b[1;5D\x1b[1;2A\x1b[5;3~\x1b[1;7D", "ctrl-left shift-up alt-pageup ctrl-alt-left"),
            ("\x1b[106u\x1b[100;5u\x1b[27u\x1b[13u\x1b[97:65;2u", "j ctrl-d esc enter a"),
            // Keys that come up, keys of the desktop, keys that are none of ours.
            ("\x1b[106;1:3u\x1b[106;9u\x1b[2~\x1b[57358u\x1b[1I\x1b[2;3O\x1b[12;40R", ""),
        ] {
            assert_eq!(told(bytes.as_bytes()), wanted, "{bytes:?}");
        }
    }

    #[test]
    fn an_escape_is_the_key_once_nothing_follows() {
        assert_eq!(told(b"\x1b"), "esc");
        assert_eq!(told(b"\x1b\x1b"), "esc esc");
        assert_eq!(told(b"\x1b\x1b[A"), "esc up");
        assert_eq!(told(b"\x1b["), "alt-[");
        assert_eq!(told(b"\x1bO"), "alt-O");
        assert_eq!(told(b"\x1b]"), "alt-]");
        let (mut parser, mut msgs) = (Parser::default(), Vec::new());
        parser.read(b"\x1b", &mut msgs);
        assert_eq!((parser.patience(), msgs.len()), (Some(ALONE), 0));
        parser.read(b"[", &mut msgs);
        parser.read(b"A", &mut msgs);
        assert_eq!((parser.patience(), msgs), (None, vec![press(KeyCode::Up)]));
    }

    #[test]
    fn the_focus_is_told_and_keys_beside_it_are_keys() {
        assert_eq!(read(&[b"\x1b[I"]), [Msg::Focused(true)]);
        assert_eq!(read(&[b"\x1b[", b"O"]), [Msg::Focused(false)]);
        assert_eq!(told(b"j\x1b[O\x1b[I\x1bOAk"), "j Focused(false) Focused(true) up k");
        assert_eq!(read(&[b"\x1b[200~\x1b[I\x1b[201~"]), [Msg::Paste("\x1b[I".into())]);
    }

    #[test]
    fn the_main_button_and_the_wheel_count() {
        let at = |bytes: &[u8]| read(&[bytes]);
        assert_eq!(at(b"\x1b[<0;4;5M"), [Msg::Mouse(Mouse::Click, 3, 4)]);
        assert_eq!(at(b"\x1b[<16;4;5M"), [Msg::Mouse(Mouse::Click, 3, 4)], "with Control");
        assert_eq!(at(b"\x1b[<64;1;1M"), [Msg::Mouse(Mouse::WheelUp, 0, 0)]);
        assert_eq!(at(b"\x1b[<65;1;1M"), [Msg::Mouse(Mouse::WheelDown, 0, 0)]);
        assert_eq!(at(b"\x1b[M !!"), [Msg::Mouse(Mouse::Click, 0, 0)]);
        assert_eq!(at(b"\x1b[32;4;5M"), [Msg::Mouse(Mouse::Click, 3, 4)]);
        for bytes in [
            &b"\x1b[<0;4;5m"[..],
            b"\x1b[<1;4;5M",
            b"\x1b[<32;4;5M",
            b"\x1b[<0;0;5M",
            b"\x1b[<0;99999999;5M",
            b"\x1b[<0;4M",
            b"\x1b[<0;4;5;6M",
            b"\x1b[<;;M",
            b"\x1b[M#!!",
            b"\x1b[4;5;6M",
        ] {
            assert_eq!(at(bytes), [], "{bytes:?}");
        }
    }

    #[test]
    fn pasted_text_is_one_thing_whatever_stands_in_it() {
        let paste = |text: &str| vec![Msg::Paste(text.to_owned())];
        assert_eq!(read(&[b"\x1b[200~a\nb\x1b[201~"]), paste("a\nb"));
        assert_eq!(read(&[b"\x1b[20", b"0~q\x1b[", b"201~"]), paste("q"));
        assert_eq!(read(&[b"\x1b[200~\x03\x1b[A\x1b[20\x1b[201~"]), paste("\x03\x1b[A\x1b[20"));
        assert_eq!(read(&[b"\x1b[200~a\xffb\x1b[201~"]), paste("a\u{fffd}b"));
        assert_eq!(told(b"\x1b[201~j"), "j", "an end without a beginning");
        let mut long = b"\x1b[200~".to_vec();
        long.resize(1 << 20, b'q');
        long.extend_from_slice(b"\x1b[201~j");
        assert_eq!(read(&[&long]), [Msg::Paste("q".repeat(LONGEST_PASTE)), press(KeyCode::Char('j'))]);
    }

    #[test]
    fn what_has_no_end_is_given_up_and_the_next_key_counts() {
        let endless = [b"\x1b[", "1".repeat(9_999).as_bytes()].concat();
        for (begun, meant) in [
            (&b"\x1b[200~abc"[..], r#"Paste("abc") q"#),
            (b"\x1b[200~abc\x1b[201", r#"Paste("abc\u{1b}[201") q"#),
            (b"\x1b[<0;12", "q"),
            (b"\x1b[<0;12;", "q"),
            (b"\x1b[M!", "q"),
            (b"\x1b[[", "q"),
            (b"\x1b]0;title", "q"),
            (b"\x1bP+r\x1b", "q"),
            (b"\xe6\x97", "q"),
            (&endless, "q"),
        ] {
            let (mut parser, mut msgs) = (Parser::default(), Vec::new());
            parser.read(begun, &mut msgs);
            assert!(parser.patience().is_some_and(|patience| patience <= PASTE_CUT_SHORT), "{begun:?}");
            parser.silence(&mut msgs);
            assert_eq!(parser.patience(), None, "{begun:?}");
            parser.read(b"q", &mut msgs);
            assert_eq!(in_words(&msgs), meant, "{begun:?}");
        }
    }

    #[test]
    fn ctrl_c_is_heard_in_the_middle_of_anything() {
        for begun in
            [&b"\x1b"[..], b"\x1b[", b"\x1b[<0;1", b"\x1bO", b"\x1b[M", b"\x1b[[", b"\x1b]0;x", b"\xe6", b"\x1b[200~some", b"\x1b[200~"]
        {
            let msgs = read(&[begun, b"\x03"]);
            let last = msgs.last();
            assert!(matches!(last, Some(Msg::Key(key)) if key.ctrl && key.code == KeyCode::Char('c')), "{begun:?}: {msgs:?}");
        }
    }

    /// Bytes as terminals send them, broken ones, and any.
    fn pieces() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let known = prop::sample::select(vec![
            &b"\x1b"[..],
            b"\x1b[",
            b"\x1bO",
            b"\x1b]",
            b"\x1bP",
            b"\x1b\\",
            b"\x1b[200~",
            b"\x1b[201~",
            b"\x1b[<0;1;2M",
            b"\x1b[<",
            b"\x1b[M",
            b"\x1b[[",
            b"\x1b[1;5A",
            b"0;",
            b";",
            b"M",
            b"~",
            b"u",
            b"A",
            b"\x03",
            b"\x18",
            b"\x07",
            b"q",
            b"\xc3",
            b"\xa9",
            b"\xf0\x9f\x98",
            b"\x80",
            b"\xff",
        ]);
        let piece = prop_oneof![
            4 => known.prop_map(<[u8]>::to_vec),
            1 => prop::collection::vec(any::<u8>(), 0..40),
            1 => prop::collection::vec(prop::sample::select(b"0123456789;:<?".to_vec()), 0..120),
        ];
        prop::collection::vec(piece, 0..24)
    }

    proptest! {
        #[test]
        fn after_a_silence_the_next_key_is_that_key(pieces in pieces()) {
            let (mut parser, mut msgs) = (Parser::default(), Vec::new());
            for piece in &pieces {
                parser.read(piece, &mut msgs);
            }
            if parser.patience().is_some() {
                parser.silence(&mut msgs);
            }
            prop_assert_eq!(parser.patience(), None);
            msgs.clear();
            parser.read(b"q", &mut msgs);
            prop_assert_eq!(msgs, [press(KeyCode::Char('q'))]);
        }

        #[test]
        fn how_the_bytes_are_cut_up_makes_no_difference(pieces in pieces()) {
            let whole = pieces.concat();
            // Alone, a Ctrl-C is the key even where a paste has no end.
            prop_assume!(!whole.contains(&INTERRUPT));
            let single: Vec<&[u8]> = whole.chunks(1).collect();
            let given: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(read(&[&whole]), read(&single));
            prop_assert_eq!(read(&[&whole]), read(&given));
        }
    }
}
