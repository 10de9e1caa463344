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
    /// Whether the mouse is taken.
    pub mouse: bool,
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
            mouse,
        }
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
        facts.push(self.term.as_ref().map_or_else(|| "TERM is not set".to_owned(), |term| format!("TERM={term}")));
        facts.extend(self.colorterm.as_ref().map(|colorterm| format!("COLORTERM={colorterm}")));
        facts.push(if self.no_color { "no colours (NO_COLOR)" } else { "colours" }.to_owned());
        facts.push(if self.ascii { "ASCII only" } else { "UTF-8" }.to_owned());
        facts.push(if self.mouse { "mouse taken" } else { "mouse left to the terminal" }.to_owned());
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
        assert_eq!(terminal().finding(), Finding::good("terminal", "80x24, TERM=xterm, colours, UTF-8, mouse taken"));
        assert!(!Terminal { size: Some((19, 24)), ..terminal() }.finding().ok);
        let dumb = Terminal { term: Some("dumb".to_owned()), ..terminal() };
        assert!(!dumb.finding().ok);
        assert!(Terminal { is_terminal: false, size: None, ..dumb }.finding().ok, "its output goes to a file");
    }
}
