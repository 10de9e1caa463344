//! What a terminal is told beside the screen: its title, and what the desktop should know.
//!
//! A text in such a sequence ends at the first control character, and what follows would be obeyed. So none gets in,
//! whoever made the text. Absent on purpose: what is told, and when.

use crate::text::Plain;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Most characters of a title.
const LONGEST_TITLE: usize = 80;
/// Most characters of an alert.
const LONGEST_ALERT: usize = 200;

/// How a terminal is asked to tell the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OSC 9, a text: `iTerm2`, `WezTerm`, Ghostty; others skip it.
    Growl,
    /// OSC 99, a title and a text in Base64 (<https://sw.kovidgoyal.net/kitty/desktop-notifications/>): kitty.
    Kitty,
    /// OSC 777, a title and a text: rxvt, foot, VTE and Konsole.
    Rxvt,
    /// Not at all: it would print it.
    Mute,
}

impl Dialect {
    /// By what the environment says of the terminal: asking it could wait for an answer that never comes.
    pub(super) fn told(variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        if term == "linux" {
            Self::Mute
        } else if is_kitty(&variable) {
            Self::Kitty
        } else if term.starts_with("rxvt")
            || term.starts_with("foot")
            || ["VTE_VERSION", "KONSOLE_VERSION"].iter().any(|name| variable(name).is_some())
        {
            Self::Rxvt
        } else {
            Self::Growl
        }
    }
}

fn is_kitty(variable: impl Fn(&str) -> Option<String>) -> bool {
    variable("TERM").is_some_and(|term| term.starts_with("xterm-kitty"))
        || variable("KITTY_WINDOW_ID").is_some_and(|value| !value.is_empty())
}

/// Whether the environment names a terminal that tells the desktop; others take what asks them, and may skip it.
pub(super) fn surely_tells(variable: impl Fn(&str) -> Option<String>) -> bool {
    let of = |name: &str| variable(name).unwrap_or_default();
    is_kitty(&variable)
        || ["xterm-ghostty", "foot"].iter().any(|name| of("TERM").starts_with(name))
        || ["iTerm.app", "WezTerm", "ghostty"].contains(&of("TERM_PROGRAM").as_str())
}

/// What stands between us and the terminal, and takes sequences that it does not know only when they are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapping {
    /// Nothing.
    Bare,
    /// tmux; it passes on what is wrapped where its option `allow-passthrough` is set.
    Tmux,
    /// GNU screen.
    Screen,
}

impl Wrapping {
    /// By what the environment says.
    pub(super) fn told(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        if is_set("TMUX") {
            Self::Tmux
        } else if is_set("STY") {
            Self::Screen
        } else {
            Self::Bare
        }
    }

    /// Wraps a sequence for the terminal; a bell after it stays outside.
    pub(super) fn wrap(self, sequence: &[u8]) -> Vec<u8> {
        if sequence.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Bare => sequence.to_vec(),
            Self::Tmux => {
                let doubled = sequence.iter().flat_map(|byte| std::iter::repeat_n(*byte, if *byte == ESC { 2 } else { 1 }));
                b"\x1bPtmux;".iter().copied().chain(doubled).chain(*b"\x1b\\").collect()
            }
            // It takes no long strings, so it gets them in pieces.
            Self::Screen => sequence.chunks(SCREEN_TAKES).flat_map(|piece| [b"\x1bP", piece, b"\x1b\\"].concat()).collect(),
        }
    }

    /// As `wrap`, for OSC 52: tmux takes that itself where its option `set-clipboard` is `on`, so it gets both.
    pub(super) fn wrap_for_clipboard(self, sequence: &[u8]) -> Vec<u8> {
        match self {
            Self::Tmux => [sequence, &self.wrap(sequence)].concat(),
            Self::Bare | Self::Screen => self.wrap(sequence),
        }
    }
}

/// Whether the environment names a terminal that knows links (OSC 8); many others would print them or worse.
pub(super) fn knows_links(variable: impl Fn(&str) -> Option<String>) -> bool {
    let of = |name: &str| variable(name).unwrap_or_default();
    let program = of("TERM_PROGRAM");
    if !of("TMUX").is_empty() {
        // It keeps links of its own since 3.4, and passes them on where the terminal knows them.
        let version = of("TERM_PROGRAM_VERSION");
        let mut parts =
            version.split('.').map(|part| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().ok());
        return program == "tmux" && (parts.next().flatten(), parts.next().flatten()) >= (Some(3), Some(4));
    }
    if !of("STY").is_empty() {
        return false;
    }
    let term = of("TERM");
    let is_new_vte = of("VTE_VERSION").parse::<u32>().is_ok_and(|version| version >= 5_000);
    let is_named =
        ["KITTY_WINDOW_ID", "WEZTERM_PANE", "WT_SESSION", "ALACRITTY_WINDOW_ID", "KONSOLE_VERSION"].iter().any(|name| !of(name).is_empty());
    is_new_vte
        || is_named
        || ["xterm-kitty", "foot", "alacritty", "wezterm", "xterm-ghostty"].iter().any(|name| term.starts_with(name))
        || ["iTerm.app", "WezTerm", "ghostty", "vscode"].contains(&program.as_str())
}

const ESC: u8 = 0x1b;
/// Bytes that GNU screen surely takes in one string.
const SCREEN_TAKES: usize = 240;
/// Bytes that terminals surely take for their clipboard: some take 100,000 of Base64.
const LONGEST_COPY: usize = 74_994;

/// Has the terminal's clipboard hold a text (OSC 52); `None` where that is more than terminals take. What is in it cannot end
/// the sequence, for it is in Base64.
pub(super) fn clipboard(text: &str) -> Option<Vec<u8>> {
    (text.len() <= LONGEST_COPY).then(|| format!("\x1b]52;c;{}\x07", STANDARD.encode(text)).into_bytes())
}

/// A text for the desktop. `ascii` where the terminal takes nothing else.
pub(super) fn alert(words: &Plain, dialect: Dialect, ascii: bool) -> Vec<u8> {
    // A semicolon would begin another field; a leading digit, a command of those terminals that number them.
    let legible = |ch: char| match ch {
        ';' => ',',
        ch if ch.is_control() || (ascii && !ch.is_ascii()) => '?',
        ch => ch,
    };
    let text: String = words.as_str().chars().map(legible).take(LONGEST_ALERT).collect();
    match dialect {
        Dialect::Growl => format!("\x1b]9;Trunkline: {text}\x07").into_bytes(),
        Dialect::Kitty => {
            let part =
                |done: u8, kind: &str, text: &str| format!("\x1b]99;i=trunkline:d={done}:p={kind}:e=1;{}\x1b\\", STANDARD.encode(text));
            format!("{}{}", part(0, "title", "Trunkline"), part(1, "body", &text)).into_bytes()
        }
        Dialect::Rxvt => format!("\x1b]777;notify;Trunkline;{text}\x07").into_bytes(),
        Dialect::Mute => Vec::new(),
    }
}

/// The window's title (OSC 2), of ASCII alone.
pub(super) fn title(text: &str) -> Vec<u8> {
    let text: String = text.chars().filter(|ch| ch.is_ascii_graphic() || *ch == ' ').take(LONGEST_TITLE).collect();
    format!("\x1b]2;{text}\x07").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_terminal_is_asked_in_the_way_that_it_knows() {
        let of = |name: &'static str, value: &'static str| Dialect::told(move |asked| (asked == name).then(|| value.to_owned()));
        assert_eq!(of("TERM", "xterm-kitty"), Dialect::Kitty);
        assert_eq!(of("KITTY_WINDOW_ID", "1"), Dialect::Kitty);
        assert_eq!(of("TERM", "xterm-256color"), Dialect::Growl);
        assert_eq!(of("TERM", "foot-extra"), Dialect::Rxvt);
        assert_eq!(of("VTE_VERSION", "7600"), Dialect::Rxvt);
        assert_eq!(of("TERM", "linux"), Dialect::Mute);
        let words = Plain::line("a;b\u{1b}]0;c\u{7}\u{9c}é");
        let told = |dialect, ascii| String::from_utf8(alert(&words, dialect, ascii)).unwrap();
        assert_eq!(told(Dialect::Growl, false), "\x1b]9;Trunkline: a,b▯]0,c▯▯é\x07");
        assert_eq!(told(Dialect::Rxvt, true), "\x1b]777;notify;Trunkline;a,b?]0,c???\x07");
        assert_eq!(told(Dialect::Mute, false), "");
        let (title, body) = (STANDARD.encode("Trunkline"), STANDARD.encode("a,b▯]0,c▯▯é"));
        let kitty = format!("\x1b]99;i=trunkline:d=0:p=title:e=1;{title}\x1b\\\x1b]99;i=trunkline:d=1:p=body:e=1;{body}\x1b\\");
        assert_eq!(told(Dialect::Kitty, false), kitty);
    }

    #[test]
    fn only_terminals_that_know_links_are_told_of_them() {
        let of = |set: &'static [(&'static str, &'static str)]| {
            knows_links(move |asked| set.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned()))
        };
        assert!(
            of(&[("VTE_VERSION", "7600")]) && of(&[("TERM", "xterm-kitty")]) && of(&[("TERM", "foot-extra")]) && of(&[("WT_SESSION", "x")])
        );
        assert!(of(&[("TMUX", "x"), ("TERM_PROGRAM", "tmux"), ("TERM_PROGRAM_VERSION", "3.5a")]));
        assert!(
            !of(&[("TMUX", "x"), ("VTE_VERSION", "7600")])
                && !of(&[("TMUX", "x"), ("TERM_PROGRAM", "tmux"), ("TERM_PROGRAM_VERSION", "3.3a")])
        );
        assert!(
            !of(&[("TERM", "xterm-256color")])
                && !of(&[("TERM", "linux")])
                && !of(&[("VTE_VERSION", "4999")])
                && !of(&[("STY", "x"), ("TERM", "foot")])
        );
    }

    #[test]
    fn what_stands_between_is_told_to_pass_it_on() {
        let of = |name: &'static str| Wrapping::told(move |asked| (asked == name).then(|| "x".to_owned()));
        assert_eq!((of("TMUX"), of("STY"), of("TERM")), (Wrapping::Tmux, Wrapping::Screen, Wrapping::Bare));
        let sequence = clipboard("one\ntwo\u{1b}").unwrap();
        assert_eq!(sequence, b"\x1b]52;c;b25lCnR3bxs=\x07");
        assert_eq!(Wrapping::Tmux.wrap(&sequence), b"\x1bPtmux;\x1b\x1b]52;c;b25lCnR3bxs=\x07\x1b\\");
        assert_eq!(Wrapping::Tmux.wrap_for_clipboard(&sequence), [&sequence[..], &Wrapping::Tmux.wrap(&sequence)].concat());
        assert_eq!(Wrapping::Screen.wrap(&sequence), b"\x1bP\x1b]52;c;b25lCnR3bxs=\x07\x1b\\");
        let long = Wrapping::Screen.wrap(&clipboard(&"x".repeat(600)).unwrap());
        assert!(String::from_utf8(long).unwrap().split("\x1b\\").all(|piece| piece.len() <= SCREEN_TAKES + 2));
        assert_eq!(clipboard(&"x".repeat(LONGEST_COPY + 1)), None);
        assert!(Wrapping::Tmux.wrap(b"").is_empty());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn an_alert_is_one_sequence_whatever_is_in_it(text in "\\PC*|[\\x00-\\x1f\\x7f-\\u{9f}a;]*", ascii in any::<bool>()) {
            let out = String::from_utf8(alert(&Plain::line(&text), Dialect::Rxvt, ascii)).unwrap();
            let inner = out.strip_prefix("\x1b]777;notify;Trunkline;").unwrap().strip_suffix('\x07').unwrap();
            prop_assert!(inner.chars().count() <= LONGEST_ALERT && !inner.contains(|ch: char| ch.is_control() || ch == ';'), "{inner:?}");
        }

        #[test]
        fn kitty_is_given_two_sequences_of_base64_whatever_is_in_it(text in "\\PC*|[\\x00-\\x1f\\x7f-\\u{9f}a;]*", ascii in any::<bool>()) {
            let out = String::from_utf8(alert(&Plain::line(&text), Dialect::Kitty, ascii)).unwrap();
            let parts: Vec<&str> = out.split_terminator("\x1b\\").collect();
            prop_assert_eq!(parts.len(), 2);
            for part in parts {
                let (head, payload) = part.strip_prefix("\x1b]99;i=trunkline:").unwrap().split_once(';').unwrap();
                prop_assert!(head.ends_with(":e=1") && payload.len() <= 4_096, "{part:?}");
                prop_assert!(STANDARD.decode(payload).is_ok(), "{part:?}");
            }
        }

        #[test]
        fn a_title_is_one_sequence_whatever_is_in_it(text in "\\PC*|[\\x00-\\x1f\\x7f-\\u{9f}a;]*") {
            let out = String::from_utf8(title(&text)).unwrap();
            let inner = out.strip_prefix("\x1b]2;").unwrap().strip_suffix('\x07').unwrap();
            prop_assert!(inner.len() <= LONGEST_TITLE && inner.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{inner:?}");
        }
    }
}
