//! What a terminal is told beside the screen: its title, and what the desktop should know.
//!
//! A text in such a sequence ends at the first control character, and what follows would be obeyed. So none gets in,
//! whoever made the text. Absent on purpose: what is told, and when.

use crate::text::Plain;

/// Most characters of a title.
const LONGEST_TITLE: usize = 80;
/// Most characters of an alert.
const LONGEST_ALERT: usize = 200;

/// How a terminal is asked to tell the desktop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// OSC 9, a text: `iTerm2`, kitty, `WezTerm`, Ghostty; others skip it.
    Growl,
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
        assert_eq!(of("TERM", "xterm-kitty"), Dialect::Growl);
        assert_eq!(of("TERM", "foot-extra"), Dialect::Rxvt);
        assert_eq!(of("VTE_VERSION", "7600"), Dialect::Rxvt);
        assert_eq!(of("TERM", "linux"), Dialect::Mute);
        let words = Plain::line("a;b\u{1b}]0;c\u{7}\u{9c}é");
        let told = |dialect, ascii| String::from_utf8(alert(&words, dialect, ascii)).unwrap();
        assert_eq!(told(Dialect::Growl, false), "\x1b]9;Trunkline: a,b▯]0,c▯▯é\x07");
        assert_eq!(told(Dialect::Rxvt, true), "\x1b]777;notify;Trunkline;a,b?]0,c???\x07");
        assert_eq!(told(Dialect::Mute, false), "");
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
        fn a_title_is_one_sequence_whatever_is_in_it(text in "\\PC*|[\\x00-\\x1f\\x7f-\\u{9f}a;]*") {
            let out = String::from_utf8(title(&text)).unwrap();
            let inner = out.strip_prefix("\x1b]2;").unwrap().strip_suffix('\x07').unwrap();
            prop_assert!(inner.len() <= LONGEST_TITLE && inner.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{inner:?}");
        }
    }
}
