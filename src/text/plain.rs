//! `Plain`: a string that has passed the door. The only outside text a view accepts.
//!
//! What the door does is in [`crate::text::clean`]; here is only the type that proves it was done. Absent on purpose: a way
//! to build one without cleaning.

use crate::text::stretch::Stretch;
use crate::text::{clean, wrap};
use std::borrow::Cow;
use std::fmt;

/// Clean text: no control characters, no bidi overrides, bounded clusters. Cheap to clone.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plain(Stretch);

impl Plain {
    /// Cleans a one-line field (name, title, account, error): line ends and tabs become spaces, spaces around it go, at
    /// most 200 columns are kept.
    pub fn line(raw: &str) -> Self {
        Self::of(&clean::line(raw))
    }

    /// Cleans a body (alt text, poll option, note): line ends of every kind become `\n`, at most 64 KiB are kept.
    pub fn lines(raw: &str) -> Self {
        Self::of(&clean::lines(raw))
    }

    /// Cleans a link target: one line of at most 64 KiB, however many columns that is.
    pub fn address(raw: &str) -> Self {
        Self::of(&clean::address(raw))
    }

    /// The clean text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether nothing of it is visible.
    pub fn is_blank(&self) -> bool {
        self.as_str().chars().all(clean::blank)
    }

    /// Its width in terminal columns, counted per grapheme as ratatui counts.
    pub fn width(&self) -> usize {
        wrap::width(self.as_str())
    }

    /// The text cut to at most `width` columns, ending in `…` where something was cut.
    pub fn truncate(&self, width: usize) -> Cow<'_, str> {
        wrap::truncate(self.as_str(), width)
    }

    /// The text, to be packed with others.
    pub(crate) fn stretch(&mut self) -> &mut Stretch {
        &mut self.0
    }

    fn of(clean: &str) -> Self {
        Self(Stretch::new(clean))
    }
}

impl AsRef<str> for Plain {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_bodies() {
        assert_eq!(Plain::line(" a\nb ").as_str(), "a b");
        assert_eq!(Plain::lines("a\r\nb").as_str(), "a\nb");
        assert_eq!(Plain::address(&"x".repeat(500)).as_str().len(), 500);
        assert_eq!(Plain::line("漢字").width(), 4);
        assert_eq!(Plain::line("a longer name").truncate(6), "a lon…");
    }

    #[test]
    fn blank_is_what_shows_nothing() {
        for raw in ["", "  ", "\u{200b}\u{202e}", "\u{3164}", "\u{a0}\u{2800}\u{3000}", "\u{301}", "\n\t"] {
            assert!(Plain::line(raw).is_blank(), "{raw:?}");
        }
        assert!(!Plain::line("\u{7}").is_blank());
        assert!(Plain::default().is_blank());
    }
}
