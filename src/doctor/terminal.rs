//! What can be known of the terminal without asking it: a question may never be answered, or be answered to the shell.
//!
//! Absent on purpose: any byte written to it.

use super::Finding;
use std::io::{self, IsTerminal as _};

/// What is known of the terminal.
#[expect(clippy::struct_excessive_bools, reason = "facts that have nothing to do with each other")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Whether standard input and output are one.
    pub is_terminal: bool,
    /// Columns and rows, where it tells them.
    pub size: Option<(u16, u16)>,
    /// `TERM`.
    pub term: Option<String>,
    /// `COLORTERM`.
    pub colorterm: Option<String>,
    /// Whether `NO_COLOR` is set.
    pub no_color: bool,
    /// Whether only ASCII is drawn: by the settings, or because the locale is not one of UTF-8.
    pub ascii: bool,
    /// Whether the locale is one of UTF-8.
    pub utf8: bool,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// What stands between here and the terminal itself, where something does.
    pub inside: Option<&'static str>,
}

impl Terminal {
    /// The terminal that this program runs in, with what is set of it elsewhere.
    pub fn look(ascii: bool, mouse: bool) -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let is_terminal = io::stdout().is_terminal() && io::stdin().is_terminal();
        Self {
            is_terminal,
            size: if is_terminal { size() } else { None },
            term: variable("TERM"),
            colorterm: variable("COLORTERM"),
            no_color: variable("NO_COLOR").is_some(),
            ascii,
            utf8: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).is_none_or(|locale| is_utf8(&locale)),
            mouse,
            inside: [("TMUX", "tmux"), ("STY", "screen"), ("ZELLIJ", "zellij")]
                .into_iter()
                .find_map(|(name, words)| variable(name).map(|_| words)),
        }
    }

    /// What was found out but for its size, which changes, in words.
    pub fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        facts.push(self.term.as_ref().map_or_else(|| "TERM is not set".to_owned(), |term| format!("TERM={term}")));
        facts.extend(self.colorterm.as_ref().map(|colorterm| format!("COLORTERM={colorterm}")));
        facts.push(if self.no_color { "no colours (NO_COLOR)" } else { "colours" }.to_owned());
        facts.push(match (self.ascii, self.utf8) {
            (false, _) => "UTF-8".to_owned(),
            (true, true) => "ASCII only, as set".to_owned(),
            (true, false) => "ASCII only, as the locale is not UTF-8".to_owned(),
        });
        facts.extend(self.inside.map(|inside| format!("inside {inside}")));
        // By names alone: whoever does not know these sequences ignores them, so nothing depends on it.
        let is_console = self.term.as_deref().is_some_and(|term| term == "linux" || term == "vt100" || term == "vt220");
        facts.push(if is_console { "pastes come as keys" } else { "bracketed paste" }.to_owned());
        facts.push(
            match (is_console, self.inside) {
                (true, _) | (_, Some("screen")) => "no synchronized output, so frames may tear",
                (false, Some("tmux")) => "synchronized output from tmux 3.4 on",
                (false, _) => "synchronized output",
            }
            .to_owned(),
        );
        facts.push(
            match (self.mouse, is_console) {
                (true, true) => "no mouse on this terminal",
                (true, false) => "mouse taken",
                (false, _) => "mouse left to the terminal",
            }
            .to_owned(),
        );
        facts
    }

    pub(super) fn finding(&self) -> Finding {
        let check = "terminal";
        let mut facts = Vec::new();
        if !self.is_terminal {
            facts.push("none here (the screen needs one; `tail` and this do not)".to_owned());
        }
        if let Some((columns, rows)) = self.size {
            facts.push(format!("{columns}x{rows}"));
        }
        facts.extend(self.facts());
        let words = facts.join(", ");
        if self.is_terminal && self.term.as_deref() == Some("dumb") {
            return Finding::bad(check, &words, "TERM=dumb can show no screen: set what your terminal is, as in TERM=xterm-256color");
        }
        match self.size {
            Some((columns, rows)) if columns < LEAST.0 || rows < LEAST.1 => {
                Finding::bad(check, &words, &format!("make it at least {} by {}", LEAST.0, LEAST.1))
            }
            Some(_) | None => Finding::good(check, &words),
        }
    }
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The smallest screen that anything is drawn on.
const LEAST: (u16, u16) = (20, 6);

/// By a system call alone: other ways run programs.
#[cfg(unix)]
fn size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}

#[cfg(not(unix))]
fn size() -> Option<(u16, u16)> {
    crossterm::terminal::size().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal() -> Terminal {
        Terminal { is_terminal: true, size: Some((80, 24)), term: Some("xterm".to_owned()), mouse: true, ..Terminal::default() }
    }

    #[test]
    fn what_cannot_show_a_screen_is_wrong_and_what_is_none_is_not() {
        assert_eq!(
            terminal().finding(),
            Finding::good("terminal", "80x24, TERM=xterm, colours, UTF-8, bracketed paste, synchronized output, mouse taken")
        );
        let told = Terminal { ascii: true, inside: Some("tmux"), term: Some("linux".to_owned()), ..terminal() }.facts().join(", ");
        for words in ["as the locale is not UTF-8", "inside tmux", "pastes come as keys", "frames may tear", "no mouse"] {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert!(!Terminal { size: Some((19, 24)), ..terminal() }.finding().ok);
        let dumb = Terminal { term: Some("dumb".to_owned()), ..terminal() };
        assert!(!dumb.finding().ok);
        assert!(Terminal { is_terminal: false, size: None, ..dumb }.finding().ok, "its output goes to a file");
    }
}
