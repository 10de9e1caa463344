//! `StatusEdit`: one version of a post, as its history of edits has it.

use crate::model::{Media, Timestamp};
use crate::text::{Html, Plain};

/// One version of a post.
///
/// Source: <https://docs.joinmastodon.org/entities/StatusEdit/>; GoToSocial answers alike. Lists are bounded by
/// `mastodon::ingest`; what was cut off is counted in `omitted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusEdit {
    /// When it was written; `None` where the date does not parse.
    pub created_at: Option<Timestamp>,
    /// Content warning; blank if there is none.
    pub spoiler_text: Plain,
    /// The words, still shut.
    pub content: Html,
    /// Whether its media are to be hidden at first.
    pub sensitive: bool,
    /// The options of its poll, in order; empty where it has none.
    pub poll_options: Vec<Plain>,
    /// Attached media.
    pub media_attachments: Vec<Media>,
    /// How many media or options were cut off by bounds.
    pub omitted: u32,
}
