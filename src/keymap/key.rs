//! `Key` and `Sequence`: parse and print (`ctrl-d`, `G`, `f1`; `g g`).

use std::fmt;
use std::str::FromStr;

/// A key with its modifiers. Shift is part of a character and only said for named keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// With Control.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
    /// With Shift; never set for characters.
    pub shift: bool,
}

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyCode {
    /// A character as typed, in the case it was typed in.
    Char(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tabulator.
    Tab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// F1 to F24.
    F(u8),
}

/// Keys that are pressed one after the other; mostly only one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sequence {
    keys: Vec<Key>,
    text: String,
}

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key is written so.
    #[error(
        "`{0}` is not a key: write a character, or enter, esc, tab, space, up, pagedown, f1 and the like, with ctrl-, alt- or shift- before it"
    )]
    Unknown(String),
    /// Terminals send it as another one, so it would never come.
    #[error("`{0}` never comes from a terminal, which sends it as `{1}`: write that")]
    Other(String, String),
    /// Nothing is pressed.
    #[error("an empty text is not a key: leave it out, or write [] for no key at all")]
    Empty,
    /// It has more keys than anybody wants to press, or one that ends a sequence.
    #[error("`{0}` cannot be a sequence: at most {LONGEST} keys with blanks between, and esc alone, which gives a sequence up")]
    Sequence(String),
}

/// The most keys of a sequence.
const LONGEST: usize = 4;

const NAMED: &[(&str, KeyCode)] = &[
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
];

impl Key {
    /// What always ends the program.
    pub const QUIT: Self = Self { code: KeyCode::Char('c'), ctrl: true, alt: false, shift: false };
    /// What gives up a sequence.
    pub const GIVE_UP: Self = Self::plain(KeyCode::Esc);

    /// A key without modifiers.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// What terminals send for it, where that is another key.
    fn sent_as(self) -> Option<Self> {
        let KeyCode::Char(ch) = self.code else { return None };
        let other = |code| Some(Self { code, ctrl: false, ..self });
        match ch {
            _ if !self.ctrl => None,
            'i' => other(KeyCode::Tab),
            'm' => other(KeyCode::Enter),
            '[' => other(KeyCode::Esc),
            'h' => other(KeyCode::Backspace),
            ch if ch.is_ascii_uppercase() => Some(Self { code: KeyCode::Char(ch.to_ascii_lowercase()), ..self }),
            _ => None,
        }
    }

    /// The character that it types, if it types one.
    pub fn typed(self) -> Option<char> {
        if let KeyCode::Char(ch) = self.code
            && !self.ctrl
            && !self.alt
        {
            Some(ch)
        } else {
            None
        }
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut key = Self::plain(KeyCode::Esc);
        let mut rest = text;
        loop {
            let (flag, tail) = match rest.split_once('-') {
                Some(("ctrl", tail)) if !tail.is_empty() => (&mut key.ctrl, tail),
                Some(("alt", tail)) if !tail.is_empty() => (&mut key.alt, tail),
                Some(("shift", tail)) if !tail.is_empty() => (&mut key.shift, tail),
                _ => break,
            };
            if *flag {
                return Err(KeyError::Unknown(text.to_owned()));
            }
            *flag = true;
            rest = tail;
        }
        let mut chars = rest.chars();
        key.code = match (chars.next(), chars.next()) {
            (Some(ch), None) if !ch.is_control() && ch != ' ' => KeyCode::Char(ch),
            _ => NAMED
                .iter()
                .find(|(name, _)| *name == rest)
                .map(|(_, code)| *code)
                .or_else(|| rest.strip_prefix('f')?.parse().ok().filter(|n| (1..=24).contains(n)).map(KeyCode::F))
                .ok_or_else(|| KeyError::Unknown(text.to_owned()))?,
        };
        if key.shift && matches!(key.code, KeyCode::Char(_)) {
            return Err(KeyError::Unknown(text.to_owned()));
        }
        match key.sent_as() {
            Some(other) => Err(KeyError::Other(text.to_owned(), other.to_string())),
            None => Ok(key),
        }
    }
}

impl Sequence {
    /// A sequence of these keys; `None` where there are none.
    pub fn new(keys: Vec<Key>) -> Option<Self> {
        let text = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        (!keys.is_empty()).then_some(Self { keys, text })
    }

    /// The keys in the order in which they are pressed; at least one.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// How it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Sequence {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let keys = text.split_whitespace().map(str::parse).collect::<Result<Vec<Key>, _>>()?;
        if keys.len() > LONGEST || (keys.len() > 1 && keys.contains(&Key::GIVE_UP)) {
            return Err(KeyError::Sequence(text.to_owned()));
        }
        Self::new(keys).ok_or(KeyError::Empty)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (on, word) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if on {
                f.write_str(word)?;
            }
        }
        if let Some((name, _)) = NAMED.iter().find(|(_, code)| *code == self.code) {
            return f.write_str(name);
        }
        if let KeyCode::F(n) = self.code {
            return write!(f, "f{n}");
        }
        if let KeyCode::Char(ch) = self.code { write!(f, "{ch}") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_parses_to_the_same_key() {
        for text in ["j", "G", "?", "-", "ctrl--", "ctrl-d", "alt-x", "shift-tab", "space", "f1", "f24", "pagedown", "ctrl-alt-left"] {
            let key: Key = text.parse().unwrap();
            assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn sequences_are_keys_with_blanks_between() {
        let sequence: Sequence = "  g   ctrl-x".parse().unwrap();
        assert_eq!((sequence.as_str(), sequence.keys().len()), ("g ctrl-x", 2));
        assert_eq!(" ".parse::<Sequence>(), Err(KeyError::Empty));
        for text in ["a b c d e", "g esc", "esc g"] {
            assert_eq!(text.parse::<Sequence>(), Err(KeyError::Sequence(text.to_owned())));
        }
        assert!("g hh".parse::<Sequence>().unwrap_err().to_string().starts_with("`hh` is not a key"));
        assert_eq!("esc".parse::<Sequence>().unwrap().keys(), [Key::GIVE_UP]);
    }

    #[test]
    fn what_terminals_never_send_is_said_with_what_they_send() {
        for (text, other) in [("ctrl-i", "tab"), ("ctrl-m", "enter"), ("ctrl-[", "esc"), ("ctrl-h", "backspace"), ("ctrl-D", "ctrl-d")] {
            assert_eq!(text.parse::<Key>(), Err(KeyError::Other(text.to_owned(), other.to_owned())));
        }
        assert!("ctrl-d".parse::<Key>().is_ok() && "alt-i".parse::<Key>().is_ok());
    }

    #[test]
    fn what_is_not_a_key_is_said_so() {
        for text in ["", "ctrl-", "shift-x", "f0", "f25", "ctrl-ctrl-x", "enter2", "\u{1b}", " "] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }
}
