//! `ReaderPlace`: where the reader stands on wide screens.

use super::source::{Source, Value};
use toml::de::DeValue;

/// Where the reader stands on screens that are wide enough for two panes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReaderPlace {
    /// Beside the timeline, always there.
    #[default]
    Beside,
    /// Over the timeline, while a post is open.
    Over,
}

impl ReaderPlace {
    /// The word for it in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Beside => "beside",
            Self::Over => "over",
        }
    }

    /// The place of this word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Beside, Self::Over].into_iter().find(|place| place.as_str() == word)
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Beside => Self::Over,
            Self::Over => Self::Beside,
        }
    }
}

pub(super) fn take(source: &mut Source<'_>, value: &Value<'_>) -> Option<ReaderPlace> {
    let place = if let DeValue::String(word) = value.get_ref() { ReaderPlace::named(word) } else { None };
    if place.is_none() {
        source.misfit("reader", value, "be \"beside\" or \"over\"");
    }
    place
}
